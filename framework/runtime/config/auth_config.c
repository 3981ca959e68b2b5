/* auth_config.c - decides whether services authenticate, and checks what they need for it. */
#include "runtime/config/auth_config.h"

#include "core/text/this_machine.h"
#include "identity/keys/discovery.h"
#include "identity/token/json_pointer.h"

#include <stdlib.h>
#include <string.h>

static bool is_word(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

static bool is_set(const char *text)
{
    return text && *text;
}

static const char *text_or_null(const char *text)
{
    return is_set(text) ? text : NULL;
}

/* Said twice: once that it is off, and once that it is meant for every address. */
#define OFF_ANYWHERE "off anywhere"

enum cairn_auth cairn_auth_of(const struct cairn_config *config)
{
    if (is_word(config->auth, "off") || is_word(config->auth, OFF_ANYWHERE))
        return CAIRN_AUTH_OFF;
    bool on = is_word(config->auth, "on") || is_set(config->auth_issuer) ||
              is_set(config->auth_keys_file);
    return on ? CAIRN_AUTH_ON : CAIRN_AUTH_OFF;
}

bool cairn_auth_suits(const struct cairn_config *config, const char *address)
{
    return (address && cairn_is_loopback(address)) || cairn_auth_of(config) == CAIRN_AUTH_ON ||
           is_word(config->auth, OFF_ANYWHERE);
}

static void check_off(const struct cairn_config *config, struct cairn_error *wrong)
{
    const char *bind = config->bind ? config->bind : "not set";
    if (!cairn_auth_suits(config, config->bind))
        (void)cairn_wrong(wrong, "CAIRN_AUTH",
                          "is %s, on %s, which others reach: set CAIRN_AUTH_ISSUER, or say twice "
                          "that it is off: \"" OFF_ANYWHERE "\"",
                          is_set(config->auth) ? config->auth : "not set", bind);
}

static void check_on(const struct cairn_config *config, struct cairn_error *wrong)
{
    if (!is_set(config->auth_issuer))
        (void)cairn_wrong(wrong, "CAIRN_AUTH_ISSUER",
                          "is not set: the issuer whose tokens are accepted, as their iss says it");
    else if (!is_set(config->auth_keys_file) && !cairn_issuer_url_is_safe(config->auth_issuer))
        (void)cairn_wrong(wrong, "CAIRN_AUTH_ISSUER",
                          "is %s: keys are fetched by https, or by http from this machine; or set "
                          "CAIRN_AUTH_JWKS_FILE",
                          config->auth_issuer);
    if (!is_set(config->auth_audience))
        (void)cairn_wrong(wrong, "CAIRN_AUTH_AUDIENCE",
                          "is not set: the name of these services, which aud of a token has to "
                          "have");
    if (!cairn_json_is_pointer(config->auth_roles_claim))
        (void)cairn_wrong(wrong, "CAIRN_AUTH_ROLES_CLAIM",
                          "is not a JSON pointer, such as /roles or /realm_access/roles: %s",
                          config->auth_roles_claim);
    if (!is_word(config->auth_type, "at+jwt") && !is_word(config->auth_type, "jwt"))
        (void)cairn_wrong(wrong, "CAIRN_AUTH_TYPE", "must be at+jwt or jwt, not %s",
                          config->auth_type);
}

/* A service gets its own token by a client or from a file. */
static void check_credentials(const struct cairn_config *config, struct cairn_error *wrong)
{
    const char *issuer = config->auth_issuer;
    if (!is_set(config->auth_client_id))
        return;
    if (is_set(config->auth_token_file))
        (void)cairn_wrong(wrong, "CAIRN_AUTH_TOKEN_FILE",
                          "is set together with CAIRN_AUTH_CLIENT_ID: choose one");
    if (!is_set(config->auth_client_secret))
        (void)cairn_wrong(wrong, "CAIRN_AUTH_CLIENT_SECRET", "is not set: the secret of %s",
                          config->auth_client_id);
    if (!is_set(issuer) || !cairn_issuer_url_is_safe(issuer))
        (void)cairn_wrong(wrong, "CAIRN_AUTH_ISSUER",
                          "is %s: the client's tokens are asked for by https, or by http on this "
                          "machine",
                          is_set(issuer) ? issuer : "not set");
}

void cairn_auth_check(const struct cairn_config *config, bool listens, struct cairn_error *wrong)
{
    const char *auth = config->auth;
    if (is_set(auth) && !is_word(auth, "on") && !is_word(auth, "off") &&
        !is_word(auth, OFF_ANYWHERE))
        (void)cairn_wrong(wrong, "CAIRN_AUTH", "must be on, off or \"" OFF_ANYWHERE "\", not %s",
                          auth);
    if (listens)
        check_off(config, wrong);
    if (cairn_auth_of(config) == CAIRN_AUTH_ON)
        check_on(config, wrong);
    check_credentials(config, wrong);
}

struct cairn_identity_options cairn_auth_options(const struct cairn_config *config)
{
    return (struct cairn_identity_options){
        .rules = {.issuer = config->auth_issuer,
                  .audience = config->auth_audience,
                  .roles_claim = config->auth_roles_claim,
                  .any_type = is_word(config->auth_type, "jwt"),
                  .leeway_s = config->auth_leeway_s},
        .keys_file = text_or_null(config->auth_keys_file),
    };
}

struct cairn_own_token_options cairn_auth_own_token(const struct cairn_config *config)
{
    return (struct cairn_own_token_options){
        .request = {.issuer = config->auth_issuer,
                    .grant_type = "client_credentials",
                    .client_id = text_or_null(config->auth_client_id),
                    .client_secret = text_or_null(config->auth_client_secret),
                    .client_secret_file = text_or_null(getenv("CAIRN_AUTH_CLIENT_SECRET_FILE")),
                    .scope = text_or_null(config->auth_scope),
                    .resource = text_or_null(config->auth_resource)},
        .token_file = text_or_null(config->auth_token_file),
    };
}
