/* token_request.c - finds the issuer's token endpoint, sends it a form, and reads what it answers.
 */
#include "identity/credentials/token_request.h"

#include "core/containers/arena.h"
#include "core/containers/buffer.h"
#include "core/report/log.h"
#include "core/text/text.h"
#include "identity/keys/discovery.h"
#include "identity/token/json_parts.h"
#include "identity/url_form.h"
#include "identity/watched_file.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* LIFETIME_S is that of a token whose issuer does not say how long it is good. */
enum { LIFETIME_S = 300, LONGEST_S = 366 * 86400, SECRET_MAX_BYTES = 16384 };

struct cairn_token_requester {
    struct cairn_token_request request;
    struct cairn_watched_file secret_file;
    char *secret; /* what the file had; NULL: not read */
    struct cairn_discovery discovery;
    struct cairn_target endpoint;
    char *url; /* of the endpoint; NULL: not known */
};

/* ---- the request ---- */

static bool has_secret(const struct cairn_token_request *request)
{
    return request->client_secret && *request->client_secret;
}

static struct cairn_buffer write_form(const struct cairn_token_request *request,
                                      struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_form_add(&out, "grant_type", request->grant_type);
    if (!has_secret(request))
        cairn_form_add(&out, "client_id", request->client_id);
    cairn_form_add(&out, "scope", request->scope);
    cairn_form_add(&out, "resource", request->resource);
    cairn_form_add(&out, "username", request->username);
    cairn_form_add(&out, "code", request->code);
    cairn_form_add(&out, "code_verifier", request->code_verifier);
    cairn_form_add(&out, "redirect_uri", request->redirect_uri);
    cairn_form_add(&out, "refresh_token", request->refresh_token);
    return out;
}

/* Returns the client's name and password as HTTP Basic, each form-encoded first; NULL for a public
 * client. */
static const char *authorization(const struct cairn_token_request *request,
                                 struct cairn_arena *arena)
{
    if (!has_secret(request))
        return NULL;
    struct cairn_buffer pair = cairn_buffer(arena);
    cairn_form_encode(&pair, request->client_id);
    cairn_buffer_char(&pair, ':');
    cairn_form_encode(&pair, request->client_secret);
    char *base64 = cairn_new(arena, char, pair.length / 3 * 4 + 5);
    (void)EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)pair.text,
                          (int)pair.length);
    return cairn_print(arena, "Basic %s", base64);
}

/* ---- the answer ---- */

bool cairn_is_bearer_token(const char *text)
{
    size_t bytes = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~+/");
    size_t padding = strspn(text + bytes, "=");
    return bytes > 0 && text[bytes + padding] == '\0' && bytes + padding <= CAIRN_TOKEN_MAX_BYTES;
}

/* A refresh token is read where a person signs in: other grants have none to keep. */
static char *read_refresh(const json_t *root, const struct cairn_token_request *request)
{
    const char *refresh = cairn_json_text(root, "refresh_token");
    bool is_persons = request->code || request->refresh_token;
    return is_persons && refresh && cairn_is_bearer_token(refresh) ? cairn_duplicate(refresh)
                                                                   : NULL;
}

static int read_token(const json_t *root, const struct cairn_token_requester *requester,
                      struct cairn_issued_token *ret, struct cairn_error *error)
{
    const char *token = cairn_json_text(root, "access_token");
    const char *type = cairn_json_text(root, "token_type");
    const json_t *lifetime = json_object_get(root, "expires_in");
    if (!token || !cairn_is_bearer_token(token) || !type || strcasecmp(type, "Bearer") != 0)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "%s has answered without a bearer token",
                          requester->url);
    int64_t lifetime_s = json_integer_value(lifetime);
    *ret = (struct cairn_issued_token){
        .text = cairn_duplicate(token),
        .refresh = read_refresh(root, &requester->request),
        .lifetime_s = lifetime_s > 0 && lifetime_s < LONGEST_S ? lifetime_s : LIFETIME_S};
    return 0;
}

static int read_refusal(const json_t *root, const struct cairn_token_requester *requester,
                        int status, struct cairn_arena *arena, struct cairn_error *error)
{
    const char *code = cairn_json_text(root, "error");
    const char *description = cairn_json_text(root, "error_description");
    const char *url = requester->url;
    if (!code || status >= 500)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "%s answered %d", url, status);
    return cairn_fail(
        error, CAIRN_UNAUTHENTICATED, "%s gives the client %s no token: %.60s%s%.200s", url,
        requester->request.client_id, cairn_quotable(arena, code), description ? ", " : "",
        description ? cairn_quotable(arena, description) : "");
}

/* ---- asking ---- */

/* Reads the file of the secret, if it was replaced. One that is gone or empty changes nothing: the
 * issuer is asked with the secret of before. */
static void read_secret(struct cairn_token_requester *requester)
{
    struct cairn_error why = {0};
    char *text = NULL;
    size_t bytes = 0;
    if (!requester->secret_file.path || !cairn_watched_file_changed(&requester->secret_file))
        return;
    if (cairn_watched_file_read(&requester->secret_file, "the file of the client's secret",
                                SECRET_MAX_BYTES, &text, &bytes, &why) < 0) {
        cairn_log_error(CAIRN_LOG_WARN, "the client's secret stays as it was", &why);
        return;
    }
    text[strcspn(text, "\r\n")] = '\0';
    if (!*text || bytes > SECRET_MAX_BYTES) {
        free(text);
        return;
    }
    free(requester->secret);
    requester->secret = text;
    requester->request.client_secret = text;
}

/* Finds the endpoint once: a restart, or a failure, asks for it again. */
static int find_endpoint(struct cairn_token_requester *requester, struct cairn_error *error)
{
    if (requester->url)
        return 0;
    int failed =
        cairn_discovery_find(&requester->discovery, "token_endpoint", &requester->url, error);
    requester->endpoint.url = requester->url;
    return failed;
}

static void forget_endpoint(struct cairn_token_requester *requester)
{
    cairn_target_close(&requester->endpoint);
    free(requester->url);
    requester->url = NULL;
}

static int post(struct cairn_token_requester *requester, struct cairn_arena *arena,
                struct cairn_outbound_response *ret, struct cairn_error *error)
{
    const struct cairn_buffer form = write_form(&requester->request, arena);
    const char *basic = authorization(&requester->request, arena);
    const struct cairn_outbound_request request = {
        .method = "POST",
        .content_type = "application/x-www-form-urlencoded",
        .body = form.text,
        .body_bytes = form.length,
        .headers = {{"Accept", "application/json"}, {basic ? "Authorization" : NULL, basic}},
        .idempotent =
            !requester->request.code, /* a code is good once; a second token is harmless */
    };
    int failed = cairn_outbound_call(&requester->endpoint, &request, ret, error);
    return failed && failed != -CAIRN_CONFIG ? -CAIRN_UNAVAILABLE : failed;
}

int cairn_token_requester_ask(struct cairn_token_requester *requester,
                              struct cairn_issued_token *ret, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_outbound_response response = {0};
    read_secret(requester);
    int failed = find_endpoint(requester, error);
    if (!failed)
        failed = post(requester, &arena, &response, error);
    if (!failed) {
        CAIRN_JSON *root = cairn_json_object(response.body, response.body_bytes);
        failed = response.status == 200
                     ? read_token(root, requester, ret, error)
                     : read_refusal(root, requester, response.status, &arena, error);
    }
    if (failed)
        forget_endpoint(requester);
    cairn_outbound_response_reset(&response);
    cairn_arena_close(&arena);
    return failed;
}

/* ---- life ---- */

struct cairn_token_requester *cairn_token_requester_open(const struct cairn_token_request *request)
{
    struct cairn_token_requester *requester = cairn_allocate(sizeof *requester);
    requester->request = *request;
    requester->secret_file.path = request->client_secret_file;
    cairn_discovery_init(&requester->discovery, request->issuer, 65536);
    requester->endpoint = requester->discovery.target;
    requester->endpoint.name = "issuer-token";
    requester->endpoint.url = NULL;
    return requester;
}

void cairn_token_requester_close(struct cairn_token_requester *requester)
{
    if (!requester)
        return;
    forget_endpoint(requester);
    cairn_discovery_reset(&requester->discovery);
    free(requester->secret);
    free(requester);
}
