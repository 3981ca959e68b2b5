/* discovery.c - reads the configuration of an issuer, and checks whose it is. */
#include "identity/keys/discovery.h"

#include "core/containers/arena.h"
#include "core/text/this_machine.h"
#include "identity/token/json_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONFIGURATION_PATH "/.well-known/openid-configuration"

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

bool cairn_issuer_url_is_safe(const char *url)
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

/* ---- the configuration ---- */

int cairn_discovery_get(struct cairn_target *target, const char *path,
                        struct cairn_outbound_response *ret, struct cairn_error *error)
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

/* The configuration has to name its issuer, and the URL. */
static int read_configuration(const struct cairn_discovery *discovery, const char *member,
                              const struct cairn_outbound_response *response, char **ret,
                              struct cairn_error *error)
{
    CAIRN_JSON *root = cairn_json_object(response->body, response->body_bytes);
    const char *issuer = cairn_json_text(root, "issuer");
    const char *url = cairn_json_text(root, member);
    if (!issuer || strcmp(issuer, discovery->issuer) != 0)
        return cairn_fail(error, CAIRN_CONFIG,
                          "%s" CONFIGURATION_PATH " is of the issuer %.200s, not of %s: set "
                          "CAIRN_AUTH_ISSUER as it calls itself",
                          discovery->base, issuer ? issuer : "(none)", discovery->issuer);
    if (!url || !cairn_issuer_url_is_safe(url))
        return cairn_fail(error, CAIRN_CONFIG,
                          "%s" CONFIGURATION_PATH " has the %s %.200s: https, or http on this "
                          "machine, is required",
                          discovery->base, member, url ? url : "(none)");
    *ret = cairn_duplicate(url);
    return 0;
}

int cairn_discovery_find(struct cairn_discovery *discovery, const char *member, char **ret,
                         struct cairn_error *error)
{
    struct cairn_outbound_response response = {0};
    int failed = cairn_discovery_get(&discovery->target, CONFIGURATION_PATH, &response, error);
    if (!failed)
        failed = read_configuration(discovery, member, &response, ret, error);
    cairn_outbound_response_reset(&response);
    return failed;
}

/* ---- life ---- */

void cairn_discovery_init(struct cairn_discovery *ret, const char *issuer, size_t answer_max_bytes)
{
    size_t length = strlen(issuer);
    char *base = cairn_duplicate(issuer);
    if (length > 0 && base[length - 1] == '/')
        base[length - 1] = '\0';
    *ret = (struct cairn_discovery){.issuer = issuer,
                                    .base = base,
                                    .target = {.name = "issuer",
                                               .url = base,
                                               .deadline_us = CAIRN_SECONDS(3),
                                               .attempts = 2,
                                               .concurrency = 1,
                                               .answer_max_bytes = answer_max_bytes}};
}

void cairn_discovery_reset(struct cairn_discovery *discovery)
{
    cairn_target_close(&discovery->target);
    free(discovery->base);
}
