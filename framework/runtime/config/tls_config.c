/* tls_config.c - checks the settings of TLS, and passes them on. */
#include "runtime/config/tls_config.h"

#include "core/text/this_machine.h"
#include "outbound/target/outbound_tls.h"
#include "postgres/postgres.h"
#include "redis/redis.h"

#include <string.h>

static const char *file_of(const char *setting)
{
    return setting && *setting ? setting : NULL;
}

static void check_pair(const char *cert, const char *cert_name, const char *key,
                       const char *key_name, struct cairn_error *wrong)
{
    if (cert && !key)
        (void)cairn_wrong(wrong, key_name, "is not set: the key of the certificate in %s",
                          cert_name);
    if (key && !cert)
        (void)cairn_wrong(wrong, cert_name, "is not set: the certificate of the key in %s",
                          key_name);
}

/* Copies the message of a check that failed to the setting that it is about. */
static void pass_wrong(const char *name, int failed, const struct cairn_error *error,
                       struct cairn_error *wrong)
{
    if (failed == -CAIRN_CONFIG)
        (void)cairn_wrong(wrong, name, "%s", error->message);
}

static void check_required(const struct cairn_config *config, struct cairn_error *wrong)
{
    struct cairn_error database = {0};
    struct cairn_error redis = {0};
    if (config->bind && !cairn_is_loopback(config->bind) && !file_of(config->tls_cert_file))
        (void)cairn_wrong(wrong, "CAIRN_TLS_CERT_FILE",
                          "is not set, and CAIRN_REQUIRE_TLS is: others reach %s", config->bind);
    if (config->database_url)
        pass_wrong("DATABASE_URL", cairn_pg_check_encrypted(config->database_url, &database),
                   &database, wrong);
    if (file_of(config->redis_url))
        pass_wrong("REDIS_URL", cairn_redis_check_encrypted(config->redis_url, &redis), &redis,
                   wrong);
}

void cairn_tls_check(const struct cairn_config *config, struct cairn_error *wrong)
{
    check_pair(file_of(config->tls_cert_file), "CAIRN_TLS_CERT_FILE", file_of(config->tls_key_file),
               "CAIRN_TLS_KEY_FILE", wrong);
    check_pair(file_of(config->outbound_cert_file), "CAIRN_OUTBOUND_CERT_FILE",
               file_of(config->outbound_key_file), "CAIRN_OUTBOUND_KEY_FILE", wrong);
    if (file_of(config->tls_client_ca_file) && !file_of(config->tls_cert_file))
        (void)cairn_wrong(wrong, "CAIRN_TLS_CLIENT_CA_FILE",
                          "is set without CAIRN_TLS_CERT_FILE: the listener would be plain");
    if (file_of(config->redis_url) && strncmp(config->redis_url, "rediss:", 7) == 0 &&
        !cairn_redis_has_tls())
        (void)cairn_wrong(wrong, "REDIS_URL",
                          "is rediss://, which needs hiredis 1.0 or newer, with its TLS");
    if (config->require_tls)
        check_required(config, wrong);
}

struct cairn_http_tls cairn_tls_files(const struct cairn_config *config)
{
    return (struct cairn_http_tls){.cert_file = file_of(config->tls_cert_file),
                                   .key_file = file_of(config->tls_key_file),
                                   .client_ca_file = file_of(config->tls_client_ca_file)};
}

void cairn_tls_apply(const struct cairn_config *config)
{
    const struct cairn_outbound_tls tls = {.ca_file = file_of(config->outbound_ca_file),
                                           .cert_file = file_of(config->outbound_cert_file),
                                           .key_file = file_of(config->outbound_key_file),
                                           .required = config->require_tls != 0};
    cairn_outbound_tls_set(&tls);
}
