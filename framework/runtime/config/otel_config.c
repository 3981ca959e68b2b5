/* otel_config.c - checks the settings of telemetry, and passes them on. */
#include "runtime/config/otel_config.h"

#include "core/text/text.h"
#include "core/threads/clock.h"

#include <cairn/version.h>

#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- lists ---- */

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, " \t");
}

/* Returns the length without the spaces at its end. */
static size_t trimmed(const char *text, size_t length)
{
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    return length;
}

static bool read_pair(const char *at, size_t length, struct cairn_arena *arena,
                      struct cairn_resource_attribute *ret)
{
    const char *equals = memchr(at, '=', length);
    if (!equals)
        return false;
    const char *value = skip_spaces(equals + 1);
    size_t key_bytes = trimmed(at, (size_t)(equals - at));
    size_t value_bytes = value > at + length ? 0 : trimmed(value, (size_t)(at + length - value));
    ret->key = cairn_copy_bytes(arena, at, key_bytes);
    ret->value = cairn_percent_decode(arena, value, value_bytes);
    return key_bytes > 0 && ret->value && cairn_is_utf8(ret->key) && cairn_is_utf8(ret->value);
}

static void add_pair(struct cairn_otel_pairs *pairs, struct cairn_arena *arena, const char *key,
                     const char *value)
{
    struct cairn_resource_attribute *items =
        cairn_new(arena, struct cairn_resource_attribute, pairs->count + 1);
    for (size_t i = 0; i < pairs->count; i++)
        items[i] = pairs->items[i];
    items[pairs->count] = (struct cairn_resource_attribute){key, value};
    pairs->items = items;
    pairs->count++;
}

bool cairn_otel_pairs_read(const char *text, struct cairn_arena *arena,
                           struct cairn_otel_pairs *ret)
{
    *ret = (struct cairn_otel_pairs){.items = NULL};
    for (const char *at = skip_spaces(text); *at;) {
        struct cairn_resource_attribute pair;
        size_t length = strcspn(at, ",");
        if (!read_pair(at, length, arena, &pair))
            return false;
        add_pair(ret, arena, pair.key, pair.value);
        at += length;
        at = skip_spaces(at + (*at == ','));
    }
    return true;
}

static const char *find_pair(const struct cairn_otel_pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->items[i].key, key) == 0)
            return pairs->items[i].value;
    }
    return NULL;
}

/* ---- checks ---- */

static void check_list(const char *name, const char *text, const char *example,
                       struct cairn_error *wrong)
{
    struct cairn_arena arena = {0};
    struct cairn_otel_pairs pairs;
    if (text && !cairn_otel_pairs_read(text, &arena, &pairs))
        (void)cairn_wrong(wrong, name, "has to be a list such as %s, values percent-encoded",
                          example);
    cairn_arena_close(&arena);
}

static void check_sampler(const struct cairn_config *config, struct cairn_error *wrong)
{
    struct cairn_sampler sampler;
    double ratio;
    if (config->otel_sampler && !cairn_sampler_parse(config->otel_sampler, &sampler))
        (void)cairn_wrong(wrong, "OTEL_TRACES_SAMPLER",
                          "must be always_on, always_off, traceidratio, parentbased_always_on, "
                          "parentbased_always_off or parentbased_traceidratio, not %s",
                          config->otel_sampler);
    if (config->otel_sampler_arg && *config->otel_sampler_arg &&
        !cairn_sampler_parse_ratio(config->otel_sampler_arg, &ratio))
        (void)cairn_wrong(wrong, "OTEL_TRACES_SAMPLER_ARG", "must be from 0 to 1, not %s",
                          config->otel_sampler_arg);
}

static void check_url(const char *name, const char *url, struct cairn_error *wrong)
{
    bool is_url = url && (!*url || strncasecmp(url, "http://", 7) == 0 ||
                          strncasecmp(url, "https://", 8) == 0);
    if (url && !is_url)
        (void)cairn_wrong(wrong, name, "has to be a URL such as http://collector:4318");
}

void cairn_otel_check(const struct cairn_config *config, struct cairn_error *wrong)
{
    const char *disabled = config->otel_disabled;
    if (disabled && strcasecmp(disabled, "true") != 0 && strcasecmp(disabled, "false") != 0)
        (void)cairn_wrong(wrong, "OTEL_SDK_DISABLED", "must be true or false, not %s", disabled);
    if (disabled && strcasecmp(disabled, "true") == 0)
        return;
    check_url("OTEL_EXPORTER_OTLP_ENDPOINT", config->otel_endpoint, wrong);
    check_url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", config->otel_traces_endpoint, wrong);
    if (config->otel_protocol && strcmp(config->otel_protocol, "http/protobuf") != 0)
        (void)cairn_wrong(wrong, "OTEL_EXPORTER_OTLP_PROTOCOL",
                          "must be http/protobuf: Cairn does not speak %s", config->otel_protocol);
    check_list("OTEL_EXPORTER_OTLP_HEADERS", config->otel_headers, "api-key=secret", wrong);
    check_list("OTEL_RESOURCE_ATTRIBUTES", config->otel_resource, "service.version=1.2", wrong);
    check_sampler(config, wrong);
    if (config->otel_batch_max > config->otel_queue_max)
        (void)cairn_wrong(wrong, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
                          "must not be larger than OTEL_BSP_MAX_QUEUE_SIZE, %" PRId64,
                          config->otel_queue_max);
}

/* ---- what they say ---- */

/* A setting that the caller of cairn_host_open() leaves out is as one that is empty. */
static const char *given(const char *text)
{
    return text ? text : "";
}

bool cairn_otel_is_on(const struct cairn_config *config)
{
    bool has_url = *given(config->otel_endpoint) || *given(config->otel_traces_endpoint);
    return has_url && strcasecmp(given(config->otel_disabled), "true") != 0 &&
           strcmp(given(config->otel_sampler), "always_off") != 0;
}

const char *cairn_otel_traces_url(const struct cairn_config *config, struct cairn_arena *arena)
{
    const char *base = given(config->otel_endpoint);
    size_t length = strlen(base);
    if (*given(config->otel_traces_endpoint))
        return given(config->otel_traces_endpoint);
    while (length > 0 && base[length - 1] == '/')
        length--;
    return cairn_print(arena, "%.*s/v1/traces", (int)length, base);
}

struct cairn_otel_pairs cairn_otel_resource(const struct cairn_config *config, const char *service,
                                            struct cairn_arena *arena)
{
    char host[256] = "";
    char *id = cairn_new(arena, char, CAIRN_UUID_TEXT_SIZE);
    struct cairn_otel_pairs ret;
    if (!cairn_otel_pairs_read(given(config->otel_resource), arena, &ret))
        ret = (struct cairn_otel_pairs){.items = NULL};
    (void)gethostname(host, sizeof host - 1);
    cairn_uuid_format(cairn_uuid_make(), id);
    const struct cairn_resource_attribute own[] = {
        {"service.name", service},
        {"service.instance.id", id},
        {"host.name", cairn_copy_text(arena, host)},
        {"process.pid", cairn_print(arena, "%d", (int)getpid())},
        {"telemetry.sdk.name", "cairn"},
        {"telemetry.sdk.language", "c"},
        {"telemetry.sdk.version", CAIRN_VERSION},
    };
    for (size_t i = 0; *given(config->otel_service_name) && i < ret.count; i++) {
        if (strcmp(ret.items[i].key, "service.name") == 0)
            ret.items[i].value = given(config->otel_service_name);
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        bool is_name = i == 0 && *given(config->otel_service_name);
        if (!find_pair(&ret, own[i].key))
            add_pair(&ret, arena, own[i].key,
                     is_name ? given(config->otel_service_name) : own[i].value);
    }
    return ret;
}

struct cairn_sampler cairn_otel_sampler(const struct cairn_config *config)
{
    struct cairn_sampler sampler = {0};
    double ratio = 1;
    (void)cairn_sampler_parse(given(config->otel_sampler), &sampler);
    if (*given(config->otel_sampler_arg))
        (void)cairn_sampler_parse_ratio(given(config->otel_sampler_arg), &ratio);
    if (cairn_sampler_uses_ratio(given(config->otel_sampler)))
        cairn_sampler_set_ratio(&sampler, ratio);
    return sampler;
}
