/* config.c - reads a process' configuration from its environment. */
#include "runtime/config/config.h"

#include "core/containers/arena.h"
#include "core/text/text.h"
#include "runtime/check/peer_names.h"
#include "runtime/config/admin_config.h"
#include "runtime/config/auth_config.h"
#include "runtime/config/limits_config.h"
#include "runtime/config/log_config.h"
#include "runtime/config/otel_config.h"
#include "runtime/config/setting_rows.h"
#include "runtime/config/tls_config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns the first line of the file that NAME_FILE names; NULL if it cannot be read, or is larger
 * than any secret. */
static char *read_file(const char *path)
{
    char text[16384];
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    size_t length = fread(text, 1, sizeof text, file);
    bool whole = length < sizeof text && !ferror(file);
    (void)fclose(file);
    if (!whole)
        return NULL;
    text[length] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    return cairn_duplicate(text);
}

static int wrong_setting(struct cairn_error *error, const char *name, const char *what)
{
    return cairn_wrong(error, name, "%s", what);
}

/* Returns a variable of the environment; an empty one counts as not set. */
static const char *find_variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* Finds the text of a setting: from the environment, from the file it names, or its default. */
static int find_text(const struct cairn_setting_row *setting, const char **ret,
                     struct cairn_error *error)
{
    char file_name[80];
    (void)snprintf(file_name, sizeof file_name, "%s_FILE", setting->name);
    const char *value = find_variable(setting->name);
    const char *path = setting->kind == CAIRN_SETTING_SECRET ? find_variable(file_name) : NULL;
    if (value && path)
        return wrong_setting(error, setting->name, "is set together with its _FILE: choose one");
    if (path)
        value = read_file(path);
    if (path && !value)
        return wrong_setting(error, file_name,
                             "names a file that cannot be read, or is larger than 16 KiB");
    if (!value || !*value)
        value = setting->fallback;
    if (!value && setting->kind == CAIRN_SETTING_SECRET)
        return wrong_setting(error, setting->name, "is not set");
    *ret = value;
    return 0;
}

static int parse_number(const struct cairn_setting_row *setting, const char *text, int64_t *ret,
                        struct cairn_error *error)
{
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end || number < setting->min || number > setting->max)
        return cairn_wrong(error, setting->name, "must be from %" PRId64 " to %" PRId64 ", not %s",
                           setting->min, setting->max, text);
    *ret = number;
    return 0;
}

static int read_setting(const struct cairn_setting_row *setting, struct cairn_config *ret,
                        struct cairn_error *error)
{
    const char *text = NULL;
    int failed = find_text(setting, &text, error);
    if (failed || !text)
        return failed;
    char *at = (char *)ret + setting->offset;
    if (setting->kind != CAIRN_SETTING_NUMBER) {
        memcpy(at, &text, sizeof text);
        return 0;
    }
    int64_t number = 0;
    failed = parse_number(setting, text, &number, error);
    memcpy(at, &number, sizeof number);
    return failed;
}

/* ---- the services' own ---- */

static struct cairn_setting_row as_setting(const struct cairn_setting *own)
{
    return (struct cairn_setting_row){.name = own->name,
                                      .fallback = own->fallback,
                                      .unit = own->unit,
                                      .help = own->help,
                                      .kind = own->secret   ? CAIRN_SETTING_SECRET
                                              : own->number ? CAIRN_SETTING_NUMBER
                                                            : CAIRN_SETTING_TEXT,
                                      .min = own->min,
                                      .max = own->max};
}

static void read_own(const struct cairn_setting *own, struct cairn_error *error)
{
    const struct cairn_setting_row setting = as_setting(own);
    const char *text = NULL;
    if (find_text(&setting, &text, error) < 0)
        return;
    if (!text)
        (void)wrong_setting(error, own->name, "is not set");
    else if (own->number)
        (void)!parse_number(&setting, text, own->number, error);
    else
        *own->text = text;
}

/* ---- typing errors ---- */

/* They are compared without it: CAIRN_BUILD is another word than CAIRN_BIND. */
#define PREFIX "CAIRN_"

/* Compares the name of a variable with that of a setting. Returns 1 if it is the setting's, or that
 * of its _FILE; -1 if it is probably a typing error for it; else 0. */
static int compare_name(const char *variable, const struct cairn_setting_row *setting)
{
    char file_name[80];
    if (strcmp(variable, setting->name) == 0)
        return 1;
    bool is_ours = strncmp(setting->name, PREFIX, strlen(PREFIX)) == 0;
    if (is_ours && cairn_is_mistyped(variable + strlen(PREFIX), setting->name + strlen(PREFIX)))
        return -1;
    (void)snprintf(file_name, sizeof file_name, "%s_FILE", setting->name);
    return setting->kind == CAIRN_SETTING_SECRET && strcmp(variable, file_name) == 0;
}

/* The URLs of peers depend on the services that there are. */
static void check_url_name(const char *variable, const struct cairn_service *const services[],
                           struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    const char *meant = cairn_peer_meant(services, variable, &arena);
    if (meant)
        (void)cairn_wrong(error, variable, "names no service: did you mean %s?", meant);
    cairn_arena_close(&arena);
}

/* Reports a variable that is not a setting and probably a typing error for one. Other variables may
 * belong to other programs: an orchestrator sets CAIRN_ORDER_PORT for a service named cairn-order.
 */
static void check_name(const char *variable, const struct cairn_service *const services[],
                       struct cairn_error *error)
{
    const char *meant = NULL;
    size_t length = strlen(variable);
    if (length > 4 && strcmp(variable + length - 4, "_URL") == 0) {
        check_url_name(variable, services, error);
        return;
    }
    for (size_t i = 0; i < cairn_setting_row_count; i++) {
        int is_like = compare_name(variable, &cairn_setting_rows[i]);
        if (is_like > 0)
            return;
        meant = is_like < 0 ? cairn_setting_rows[i].name : meant;
    }
    for (size_t i = 0; services && services[i]; i++) {
        for (const struct cairn_setting *at = services[i]->settings; at && at->name; at++) {
            const struct cairn_setting_row setting = as_setting(at);
            int is_like = compare_name(variable, &setting);
            if (is_like > 0)
                return;
            meant = is_like < 0 ? at->name : meant;
        }
    }
    if (meant)
        (void)cairn_wrong(error, variable, "is not a setting: did you mean %s?", meant);
}

static void check_names(const struct cairn_service *const services[], struct cairn_error *error)
{
    for (char **at = environ; *at; at++) {
        char name[80];
        size_t length = strcspn(*at, "=");
        if (strncmp(*at, PREFIX, strlen(PREFIX)) != 0 || length >= sizeof name)
            continue;
        memcpy(name, *at, length);
        name[length] = '\0';
        check_name(name, services, error);
    }
}

/* ---- reading ---- */

/* Returns whether a service needs the database: one that has only routes of its own does not. */
static bool needs_database(const struct cairn_service *service)
{
    return !service->routes || service->deciders[0] || service->processes[0] ||
           service->reactors[0] || service->projections[0] || service->consumers[0] ||
           service->resources || service->publishes || service->operators || service->log ||
           (service->duties && service->duties->name);
}

static bool one_needs_database(const struct cairn_service *const services[])
{
    bool needed = !services;
    for (size_t i = 0; services && services[i]; i++)
        needed = needed || needs_database(services[i]);
    return needed;
}

unsigned cairn_config_check(struct cairn_config *ret, const struct cairn_service *const services[],
                            struct cairn_error *ret_wrong)
{
    bool without_database = !one_needs_database(services);
    *ret = (struct cairn_config){.port = services ? services[0]->port : 0};
    for (size_t i = 0; i < cairn_setting_row_count; i++) {
        if (!without_database || strcmp(cairn_setting_rows[i].name, "DATABASE_URL") != 0)
            (void)read_setting(&cairn_setting_rows[i], ret, ret_wrong);
    }
    for (size_t i = 0; services && services[i]; i++) {
        for (const struct cairn_setting *at = services[i]->settings; at && at->name; at++)
            read_own(at, ret_wrong);
    }
    cairn_auth_check(ret, services != NULL, ret_wrong);
    cairn_tls_check(ret, ret_wrong);
    cairn_admin_check(ret, ret_wrong);
    cairn_limits_check(ret, ret_wrong);
    cairn_otel_check(ret, ret_wrong);
    check_names(services, ret_wrong);
    cairn_log_check(ret, ret_wrong);
    return ret_wrong->wrong_count;
}

int cairn_config_read(struct cairn_config *ret, const struct cairn_service *const services[],
                      struct cairn_error *error)
{
    struct cairn_error wrong = {0};
    if (cairn_config_check(ret, services, &wrong) == 0)
        return 0;

    struct cairn_arena arena = {0};
    const char *list = "";
    for (unsigned i = 0; i < wrong.wrong_count && i < CAIRN_WRONG_MAX; i++)
        list = cairn_print(&arena, "%s%s%s %s", list, i ? "; " : "", wrong.wrong[i].pointer,
                           wrong.wrong[i].message);
    int failed = cairn_fail(error, CAIRN_CONFIG, "%s (--help lists every variable)", list);
    cairn_arena_close(&arena);
    return failed;
}

bool cairn_config_knows(const char *variable)
{
    for (size_t i = 0; i < cairn_setting_row_count; i++) {
        if (compare_name(variable, &cairn_setting_rows[i]) > 0)
            return true;
    }
    return false;
}

static void print_setting(FILE *out, const struct cairn_setting_row *setting)
{
    const char *fallback = setting->fallback ? setting->fallback : "required";
    (void)fprintf(out, "  %-28s %-12s %-12s %s\n", setting->name, setting->unit,
                  *fallback ? fallback : "empty", setting->help);
}

void cairn_config_help(FILE *out, const struct cairn_service *const services[])
{
    char port[12];
    bool without_database = !one_needs_database(services);
    (void)snprintf(port, sizeof port, "%d", services[0]->port);
    (void)fprintf(out, "Environment:\n");
    for (size_t i = 0; i < cairn_setting_row_count; i++) {
        struct cairn_setting_row setting = cairn_setting_rows[i];
        if (strcmp(setting.name, "PORT") == 0)
            setting.fallback = port;
        if (!without_database || strcmp(setting.name, "DATABASE_URL") != 0)
            print_setting(out, &setting);
    }
    for (size_t i = 0; services[i]; i++) {
        for (const struct cairn_setting *at = services[i]->settings; at && at->name; at++) {
            const struct cairn_setting_row setting = as_setting(at);
            print_setting(out, &setting);
        }
    }
    (void)fprintf(out, "\nThe columns are name, unit, default and meaning. NAME_FILE names a "
                       "file that holds the value\ninstead, for DATABASE_URL, REDIS_URL, "
                       "CAIRN_CURSOR_SECRET, CAIRN_EGRESS_URL,\nCAIRN_AUTH_CLIENT_SECRET and "
                       "OTEL_EXPORTER_OTLP_HEADERS.\n");
}
