/* token_command.c - `cairn token`: gets a bearer token of the issuer and prints it, for curl. */
#include "cli/commands/commands.h"

#include "identity/credentials/token_request.h"
#include "identity/keys/discovery.h"
#include "runtime/config/auth_config.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* The grant and the client of deploy/identity, by which people get tokens without a password. */
#define PERSONA_GRANT "urn:cairn:grant-type:persona"
#define PERSONA_CLIENT "cairn-cli"

/* Finds which client asks for what: a service for itself, or the demo's client for a person. */
static int find_request(const struct cairn_config *config, const char *name,
                        struct cairn_token_request *ret, struct cairn_error *error)
{
    *ret = cairn_auth_own_token(config).request;
    if (name)
        *ret = (struct cairn_token_request){.issuer = config->auth_issuer,
                                            .grant_type = PERSONA_GRANT,
                                            .client_id = PERSONA_CLIENT,
                                            .username = name};
    if (!config->auth_issuer || !*config->auth_issuer)
        return cairn_fail(error, CAIRN_CONFIG,
                          "CAIRN_AUTH_ISSUER is not set: . .run/env sets it after make up");
    if (!cairn_issuer_url_is_safe(ret->issuer))
        return cairn_fail(error, CAIRN_CONFIG,
                          "CAIRN_AUTH_ISSUER is %s: tokens are asked for by https, or by http on "
                          "this machine",
                          ret->issuer);
    if (!ret->client_id)
        return cairn_fail(error, CAIRN_CONFIG,
                          "name a person, or set CAIRN_AUTH_CLIENT_ID and "
                          "CAIRN_AUTH_CLIENT_SECRET_FILE");
    return 0;
}

static int print_token(const struct cairn_token_request *request, struct cairn_error *error)
{
    struct cairn_issued_token token = {0};
    struct cairn_token_requester *requester = cairn_token_requester_open(request);
    int failed = cairn_token_requester_ask(requester, &token, error);
    if (!failed)
        (void)printf("%s\n", token.text);
    free(token.text);
    cairn_token_requester_close(requester);
    return failed;
}

/* A refusal of the issuer is an answer, not a defect. */
static int run_token(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    struct cairn_config config;
    struct cairn_error ignored = {0};
    struct cairn_error error = {0};
    struct cairn_token_request request;
    int status = cairn_cli_options(command, argc, argv, "", 1, &options);
    if (status >= 0)
        return status;
    (void)cairn_config_check(&config, NULL, &ignored); /* of a database it needs nothing */
    int failed =
        find_request(&config, options.word_count ? options.words[0] : NULL, &request, &error);
    if (!failed)
        failed = print_token(&request, &error);
    if (failed != -CAIRN_UNAUTHENTICATED)
        return cairn_cli_end(command, NULL, failed, &error);
    (void)fprintf(stderr, "cairn token: %s\n", error.message);
    return 1;
}

const struct cairn_cli_command cairn_cli_token = {
    .name = "token",
    .usage = "token [NAME]",
    .summary = "get a bearer token of the issuer, for curl",
    .details =
        "Without a NAME: a token of the service that CAIRN_AUTH_CLIENT_ID and\n"
        "CAIRN_AUTH_CLIENT_SECRET_FILE name, by client credentials (RFC 6749 section 4.4), of the\n"
        "issuer CAIRN_AUTH_ISSUER. CAIRN_AUTH_SCOPE and CAIRN_AUTH_RESOURCE are sent, if they are set.\n"
        "\n"
        "With a NAME: a token of a person of the demo, without a password: clerk, finance, support,\n"
        "registrar, operator; ada, bob and every other name are customers. Only the identity provider\n"
        "that `make up` starts has this grant; . .run/env says where it is.",
    .example = "curl -H \"Authorization: Bearer $(cairn token ada)\" localhost:8010/orders",
    .run = run_token,
};
