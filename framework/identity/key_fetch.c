/* key_fetch.c - reads keys from a file, or asks the issuer: its configuration, then its keys. */
#include "identity/key_fetch.h"

#include "core/containers/arena.h"
#include "core/text/this_machine.h"
#include "identity/json_parts.h"

#include <cairn/outbound.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define DISCOVERY_PATH "/.well-known/openid-configuration"

struct cairn_key_fetch {
    const char *issuer;
    const char *file; /* NULL: the issuer is asked */
    struct stat seen; /* of the file, when it was read */
    char *base;       /* the issuer's URL without a slash at its end */
    char *keys_url;   /* as the issuer says; NULL: not known yet */
    struct cairn_target configuration, keys;
};

/* ---- URLs ---- */

/* Returns whether the host of a URL's authority, of so many bytes, is this machine. */
static bool is_local(const char *authority, size_t length)
{
    char host[64];
    const char *bracket = *authority == '[' ? memchr(authority, ']', length) : NULL;
    size_t bytes = bracket ? (size_t)(bracket - authority) + 1 : strcspn(authority, ":/?#");
    if (bytes >= sizeof host || (bytes < length && authority[bytes] != ':'))
        return false;
    (void)snprintf(host, sizeof host, "%.*s", (int)bytes, authority);
    return cairn_is_loopback(host);
}

bool cairn_key_url_is_safe(const char *url)
{
    static const char secure[] = "https://";
    static const char plain[] = "http://";
    bool is_plain = strncasecmp(url, plain, sizeof plain - 1) == 0;
    if (!is_plain && strncasecmp(url, secure, sizeof secure - 1) != 0)
        return false;
    const char *authority = url + (is_plain ? sizeof plain : sizeof secure) - 1;
    size_t length = strcspn(authority, "/?#");
    if (length == 0 || memchr(authority, '@', length) || strpbrk(url, " \t\r\n\\"))
        return false;
    return !is_plain || is_local(authority, length);
}

/* ---- the file ---- */

bool cairn_key_fetch_changed(const struct cairn_key_fetch *fetch)
{
    struct stat now;
    if (!fetch->file || stat(fetch->file, &now) != 0)
        return false;
    return now.st_ino != fetch->seen.st_ino || now.st_size != fetch->seen.st_size ||
           now.st_mtim.tv_sec != fetch->seen.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != fetch->seen.st_mtim.tv_nsec;
}

static int read_file(struct cairn_key_fetch *fetch, struct cairn_jwks **ret,
                     struct cairn_error *error)
{
    FILE *file = fopen(fetch->file, "re");
    if (!file || fstat(fileno(file), &fetch->seen) != 0) {
        int why = errno;
        if (file)
            (void)fclose(file);
        return cairn_fail(error, CAIRN_CONFIG, "the file of keys %s cannot be read: %s",
                          fetch->file, strerror(why));
    }
    char *text = cairn_allocate(CAIRN_JWKS_MAX_BYTES + 1);
    size_t bytes = fread(text, 1, CAIRN_JWKS_MAX_BYTES + 1, file); /* one more than is allowed */
    (void)fclose(file);
    int failed = cairn_jwks_parse(text, bytes, ret, error);
    if (failed)
        cairn_error_context(error, "the file of keys %s", fetch->file);
    free(text);
    return failed;
}

/* ---- the issuer ---- */

static int get(struct cairn_target *target, const char *path, struct cairn_outbound_response *ret,
               struct cairn_error *error)
{
    const struct cairn_outbound_request request = {
        .method = "GET", .path = path, .idempotent = true};
    int failed = cairn_outbound_call(target, &request, ret, error);
    if (failed)
        return failed == -CAIRN_CONFIG ? failed : -CAIRN_UNAVAILABLE;
    if (ret->status == 200)
        return 0;
    return cairn_fail(error, CAIRN_UNAVAILABLE, "%s%s answered %d", target->url, path ? path : "",
                      ret->status);
}

/* Checks the issuer's configuration: it has to name itself (OpenID Connect Discovery, section 4.3),
 * and where its keys are. */
static int read_configuration(struct cairn_key_fetch *fetch, const char *json, size_t bytes,
                              struct cairn_error *error)
{
    CAIRN_JSON *root = cairn_json_object(json, bytes);
    const char *issuer = cairn_json_text(root, "issuer");
    const char *keys_url = cairn_json_text(root, "jwks_uri");
    if (!issuer || strcmp(issuer, fetch->issuer) != 0)
        return cairn_fail(error, CAIRN_CONFIG,
                          "%s" DISCOVERY_PATH " is of the issuer %.200s, not of %s: set "
                          "CAIRN_AUTH_ISSUER as it calls itself",
                          fetch->base, issuer ? issuer : "(none)", fetch->issuer);
    if (!keys_url || !cairn_key_url_is_safe(keys_url))
        return cairn_fail(error, CAIRN_CONFIG,
                          "%s" DISCOVERY_PATH " has the jwks_uri %.200s: https, or http on this "
                          "machine, is required",
                          fetch->base, keys_url ? keys_url : "(none)");
    if (fetch->keys_url && strcmp(fetch->keys_url, keys_url) == 0)
        return 0;
    cairn_target_close(&fetch->keys);
    free(fetch->keys_url);
    fetch->keys_url = cairn_duplicate(keys_url);
    fetch->keys.url = fetch->keys_url;
    return 0;
}

static int ask_issuer(struct cairn_key_fetch *fetch, struct cairn_jwks **ret,
                      struct cairn_error *error)
{
    struct cairn_outbound_response response = {0};
    int failed = get(&fetch->configuration, DISCOVERY_PATH, &response, error);
    if (!failed)
        failed = read_configuration(fetch, response.body, response.body_bytes, error);
    cairn_outbound_response_reset(&response);
    if (failed)
        return failed;
    failed = get(&fetch->keys, NULL, &response, error);
    if (!failed) {
        failed = cairn_jwks_parse(response.body, response.body_bytes, ret, error);
        if (failed)
            cairn_error_context(error, "the keys at %.200s", fetch->keys_url);
    }
    cairn_outbound_response_reset(&response);
    return failed;
}

int cairn_key_fetch_read(struct cairn_key_fetch *fetch, struct cairn_jwks **ret,
                         struct cairn_error *error)
{
    return fetch->file ? read_file(fetch, ret, error) : ask_issuer(fetch, ret, error);
}

/* ---- life ---- */

struct cairn_key_fetch *cairn_key_fetch_open(const char *issuer, const char *file)
{
    struct cairn_key_fetch *fetch = cairn_allocate(sizeof *fetch);
    size_t length = strlen(issuer);
    fetch->issuer = issuer;
    fetch->file = file;
    fetch->base = cairn_duplicate(issuer);
    if (length > 0 && fetch->base[length - 1] == '/')
        fetch->base[length - 1] = '\0';
    const struct cairn_target target = {.deadline_us = CAIRN_SECONDS(3),
                                        .attempts = 2,
                                        .concurrency = 1,
                                        .answer_max_bytes = CAIRN_JWKS_MAX_BYTES};
    fetch->configuration = target;
    fetch->configuration.name = "issuer";
    fetch->configuration.url = fetch->base;
    fetch->keys = target;
    fetch->keys.name = "issuer-keys";
    return fetch;
}

void cairn_key_fetch_close(struct cairn_key_fetch *fetch)
{
    cairn_target_close(&fetch->configuration);
    cairn_target_close(&fetch->keys);
    free(fetch->base);
    free(fetch->keys_url);
    free(fetch);
}
