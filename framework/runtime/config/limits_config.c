/* limits_config.c - checks the settings of limits, and passes them on. */
#include "runtime/config/limits_config.h"

#include "http/limits/client_key.h"

#include <string.h>

static void check_burst(const char *name, int64_t rate, int64_t burst, const char *rate_name,
                        struct cairn_error *wrong)
{
    if (burst > 0 && rate == 0)
        (void)cairn_wrong(wrong, name, "is set without %s: nothing would be limited", rate_name);
}

/* An origin is a scheme, a host and perhaps a port (RFC 6454): a path would never match. */
static bool are_origins(const char *list)
{
    for (const char *at = list; *at;) {
        size_t bytes = strcspn(at, ",");
        const char *host = memmem(at, bytes, "://", 3);
        bool is_all = bytes == 1 && *at == '*';
        if (!is_all && (!host || memchr(host + 3, '/', (size_t)(at + bytes - host) - 3)))
            return false;
        at += bytes;
        at += strspn(at, ", ");
    }
    return true;
}

static bool are_proxies(const char *list)
{
    struct cairn_proxies *proxies = cairn_proxies_open(list);
    cairn_proxies_close(proxies);
    return proxies != NULL;
}

void cairn_limits_check(const struct cairn_config *config, struct cairn_error *wrong)
{
    check_burst("CAIRN_ADDRESS_BURST", config->address_rate, config->address_burst,
                "CAIRN_ADDRESS_RATE", wrong);
    check_burst("CAIRN_CALLER_BURST", config->caller_rate, config->caller_burst,
                "CAIRN_CALLER_RATE", wrong);
    if (!are_proxies(config->proxies))
        (void)cairn_wrong(wrong, "CAIRN_TRUSTED_PROXIES",
                          "has to be addresses or networks, such as 10.0.0.7,10.1.0.0/16, not %s",
                          config->proxies);
    if (config->cors_origins && !are_origins(config->cors_origins))
        (void)cairn_wrong(wrong, "CAIRN_CORS_ORIGINS",
                          "has to be origins, such as https://shop.example.com, or *, not %s",
                          config->cors_origins);
}

struct cairn_http_limits cairn_limits_of(const struct cairn_config *config)
{
    return (struct cairn_http_limits){.numbers = config->client_streams_max > 0 ||
                                                 config->client_waiting_max > 0,
                                      .address_rate = config->address_rate,
                                      .address_burst = config->address_burst,
                                      .caller_rate = config->caller_rate,
                                      .caller_burst = config->caller_burst,
                                      .address_connections = config->address_connections,
                                      .proxies = config->proxies,
                                      .hosts = config->hosts,
                                      .origins = config->cors_origins};
}
