/* fuzz_guard.c - arbitrary requests, with and without tokens, to routes that have policies.
 *
 * "CLERK" in an input stands for a token with the role clerk, and "OTHER" for one without a role. A
 * handler is called only for a caller that its policy admits, and with its own name. */
#include "exchange.h"

#include "../support/signer.h"
#include "cairn/policy.h"
#include "http/http.h"
#include "runtime/serve/guard.h"

#include <signal.h>
#include <string.h>

enum { SIZE_MAX_IN = 8192, WORD_BYTES = 5 };

static char *clerk, *other;

static bool is_clerk(const struct cairn_actor *actor)
{
    return strcmp(actor->sub, "clerk-of-the-shop") == 0 && actor->role_count == 1 &&
           strcmp(actor->roles[0], "clerk") == 0;
}

static enum cairn_http_outcome answer(struct cairn_http_response *response)
{
    response->status = 200;
    response->body = "{}";
    response->body_bytes = 2;
    return CAIRN_HTTP_DONE;
}

/* Open to anyone: a caller that is known has sent a good token. */
static enum cairn_http_outcome handle_open(const void *self, void *worker,
                                           struct cairn_http_request *request,
                                           struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    expect(!request->actor || cairn_http_header(request, "Authorization"));
    return answer(response);
}

static enum cairn_http_outcome handle_signed_in(const void *self, void *worker,
                                                struct cairn_http_request *request,
                                                struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    expect(request->actor &&
           (is_clerk(request->actor) || strcmp(request->actor->sub, "somebody-else") == 0));
    return answer(response);
}

static enum cairn_http_outcome handle_closed(const void *self, void *worker,
                                             struct cairn_http_request *request,
                                             struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    expect(request->actor && is_clerk(request->actor));
    return answer(response);
}

/* ---- the server ---- */

static const char *write_keys(const struct signer *signer)
{
    static char path[] = "/tmp/cairn-fuzz-keys.XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    char *jwk = signer_jwk(signer, "");
    expect(file && fprintf(file, "{\"keys\":[%s]}", jwk) > 0 && fclose(file) == 0);
    free(jwk);
    return path;
}

static void make_tokens(const struct signer *signer)
{
    static const char header[] = "{\"alg\":\"ES256\",\"kid\":\"k\"}";
    clerk = signer_token(signer, "ES256", header,
                         "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"clerk-of-the-shop\",\"exp\":"
                         "9999999999,\"roles\":[\"clerk\"]}");
    other = signer_token(signer, "ES256", header,
                         "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"somebody-else\",\"exp\":"
                         "9999999999}");
}

static struct cairn_http_guard make_guard(void)
{
    static struct cairn_callers callers;
    struct signer *signer = signer_ec("k", "P-256");
    const char *path = write_keys(signer);
    const struct cairn_identity_options options = {
        .rules = {.issuer = "i",
                  .audience = "a",
                  .roles_claim = "/roles",
                  .any_type = true,
                  .leeway_s = 30},
        .keys_file = path,
    };
    struct cairn_error error = {0};
    expect(cairn_identity_open(&options, &callers.identity, &error) == 0);
    while (cairn_identity_ready(callers.identity, NULL)) /* its thread reads the file */
        (void)usleep(1000);
    (void)unlink(path);
    make_tokens(signer);
    signer_free(signer);
    return cairn_guard(&callers);
}

static int start(void)
{
    static const struct cairn_allow anyone = CAIRN_ANYONE;
    static const struct cairn_allow signed_in = CAIRN_SIGNED_IN;
    static const struct cairn_allow clerks = CAIRN_ROLE("clerk");
    static const struct cairn_http_route routes[] = {
        {.method = "GET", .pattern = "/open", .handle = handle_open, .allow = &anyone},
        {.method = "GET", .pattern = "/mine", .handle = handle_signed_in, .allow = &signed_in},
        {.method = "GET",
         .pattern = "/closed/{id}",
         .handle = handle_closed,
         .allow = &clerks,
         .direct = true},
        {.method = "POST",
         .pattern = "/closed",
         .handle = handle_closed,
         .allow = &clerks,
         .takes_body = true},
    };
    const struct cairn_http_options options = {
        .workers = 2,
        .queue_max = 64,
        .body_max_bytes = 4096,
        .header_max_bytes = 4096,
        .deadline_us = 20000, /* most inputs are not a complete request */
        .connections_max = 256,
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .guard = make_guard(),
    };
    static struct cairn_http *http;
    struct cairn_error error = {0};
    (void)signal(SIGPIPE, SIG_IGN);
    expect(cairn_http_start(&options, &http, &error) == 0);
    return cairn_http_port(http);
}

/* ---- the input ---- */

static const char *token_for(const uint8_t *at, size_t left)
{
    if (left >= WORD_BYTES && memcmp(at, "CLERK", WORD_BYTES) == 0)
        return clerk;
    return left >= WORD_BYTES && memcmp(at, "OTHER", WORD_BYTES) == 0 ? other : NULL;
}

/* Puts the tokens in. Returns the number of bytes, at most `room`. */
static size_t expand(const uint8_t *data, size_t size, char *ret, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < size && used < room;) {
        const char *token = token_for(data + i, size - i);
        size_t bytes = token ? strlen(token) : 1;
        if (bytes > room - used)
            break;
        memcpy(ret + used, token ? token : (const char *)data + i, bytes);
        used += bytes;
        i += token ? WORD_BYTES : 1;
    }
    return used;
}

static void answer_to(int port, const char *input, char *ret, size_t ret_size)
{
    char request[4 * SIZE_MAX_IN];
    size_t bytes = expand((const uint8_t *)input, strlen(input), request, sizeof request);
    exchange(port, request, bytes, ret, ret_size);
}

/* The server lets in those that may come in, and no others: else no input would show anything. */
static void check_policies(int port)
{
    static const struct {
        const char *word, *answer;
    } cases[] = {{"CLERK", "HTTP/1.1 200"}, {"OTHER", "HTTP/1.1 403"}, {"wrong", "HTTP/1.1 401"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char input[200];
        char answered[4096];
        (void)snprintf(input, sizeof input,
                       "GET /closed/7 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                       "Connection: close\r\n\r\n",
                       cases[i].word);
        answer_to(port, input, answered, sizeof answered);
        expect(strncmp(answered, cases[i].answer, strlen(cases[i].answer)) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int port;
    char request[4 * SIZE_MAX_IN];
    char answered[4096];
    if (!port) {
        port = start();
        check_policies(port);
    }
    if (size > SIZE_MAX_IN)
        return 0;
    size_t bytes = expand(data, size, request, sizeof request);
    exchange(port, request, bytes, answered, sizeof answered);
    return 0;
}
