/* code_flow.c - builds the requests of a sign-in, and keeps what connects them: "STATE VERIFIER
 * UNTIL TO", sealed. */
#include "identity/session/code_flow.h"

#include "core/text/sha256.h"
#include "core/threads/clock.h"
#include "identity/credentials/token_request.h"
#include "identity/keys/discovery.h"
#include "identity/token/compact.h"
#include "identity/url_form.h"

#include <stdlib.h>
#include <string.h>

#define PURPOSE "sign-in"

enum { RANDOM_BYTES = 32, UNDER_WAY_S = 300, DISCOVERY_MAX_BYTES = 65536 };

static int64_t now_s(void)
{
    return cairn_time_to_unix(cairn_now()) / CAIRN_SECONDS(1);
}

static const char *random_text(struct cairn_arena *arena)
{
    uint8_t bytes[RANDOM_BYTES];
    cairn_random_bytes(bytes, sizeof bytes);
    return cairn_base64url_write(bytes, sizeof bytes, arena);
}

static const char *name_of(const struct cairn_sessions *sessions)
{
    return sessions->is_secure ? "__Secure-cairn-sign-in" : "cairn-sign-in";
}

static const char *redirect_uri(const struct cairn_sessions *sessions, struct cairn_arena *arena)
{
    return cairn_print(arena, "%s" CAIRN_CODE_FLOW_PATH, sessions->origin);
}

/* Finds an endpoint of the issuer, in the arena. */
static int find(const struct cairn_sessions *sessions, const char *member,
                struct cairn_arena *arena, const char **ret, struct cairn_error *error)
{
    struct cairn_discovery discovery;
    char *url = NULL;
    cairn_discovery_init(&discovery, sessions->issuer, DISCOVERY_MAX_BYTES);
    int failed = cairn_discovery_find(&discovery, member, &url, error);
    cairn_discovery_reset(&discovery);
    *ret = cairn_copy_text(arena, url);
    free(url);
    return failed;
}

/* A path of this origin: no other host, nothing that a browser takes for one. */
static bool is_own_path(const char *to)
{
    return to && to[0] == '/' && to[1] != '/' && !strpbrk(to, "\\ \t\r\n") && strlen(to) < 1000;
}

/* ---- the beginning ---- */

static const char *challenge_of(const char *verifier, struct cairn_arena *arena)
{
    uint8_t digest[CAIRN_DIGEST_BYTES];
    cairn_sha256(verifier, strlen(verifier), digest);
    return cairn_base64url_write(digest, sizeof digest, arena);
}

static const char *write_cookie(const struct cairn_sessions *sessions, const char *state,
                                const char *verifier, const char *to, struct cairn_arena *arena)
{
    const char *text =
        cairn_print(arena, "%s %s %" PRId64 " %s", state, verifier, now_s() + UNDER_WAY_S, to);
    return cairn_print(arena,
                       "%s=%s; Path=" CAIRN_CODE_FLOW_PATH "; HttpOnly; SameSite=Lax%s;"
                       " Max-Age=%d",
                       name_of(sessions), cairn_seal(sessions->key, PURPOSE, text, arena),
                       sessions->is_secure ? "; Secure" : "", UNDER_WAY_S);
}

int cairn_code_flow_begin(const struct cairn_sessions *sessions, const char *to,
                          struct cairn_arena *arena, const char **ret_url, const char **ret_cookie,
                          struct cairn_error *error)
{
    const char *endpoint = NULL;
    int failed = find(sessions, "authorization_endpoint", arena, &endpoint, error);
    if (failed)
        return failed;
    const char *state = random_text(arena);
    const char *verifier = random_text(arena);
    struct cairn_buffer query = cairn_buffer(arena);
    cairn_form_add(&query, "response_type", "code");
    cairn_form_add(&query, "client_id", sessions->client);
    cairn_form_add(&query, "redirect_uri", redirect_uri(sessions, arena));
    cairn_form_add(&query, "scope", "openid");
    cairn_form_add(&query, "resource", sessions->resource);
    cairn_form_add(&query, "state", state);
    cairn_form_add(&query, "code_challenge", challenge_of(verifier, arena));
    cairn_form_add(&query, "code_challenge_method", "S256");
    *ret_url =
        cairn_print(arena, "%s%c%s", endpoint, strchr(endpoint, '?') ? '&' : '?', query.text);
    *ret_cookie =
        write_cookie(sessions, state, verifier, is_own_path(to) ? to : sessions->page, arena);
    return 0;
}

/* ---- the end ---- */

/* Asks for tokens, and keeps them in the arena. A new refresh token replaces the old one. */
static int ask(const struct cairn_token_request *request, struct cairn_arena *arena,
               struct cairn_session *ret, struct cairn_error *error)
{
    struct cairn_issued_token issued = {0};
    int64_t asked_s = now_s();
    struct cairn_token_requester *requester = cairn_token_requester_open(request);
    int failed = cairn_token_requester_ask(requester, &issued, error);
    cairn_token_requester_close(requester);
    if (failed)
        return failed;
    const char *refresh = issued.refresh           ? issued.refresh
                          : request->refresh_token ? request->refresh_token
                                                   : "";
    *ret = (struct cairn_session){.token = cairn_copy_text(arena, issued.text),
                                  .refresh = cairn_copy_text(arena, refresh),
                                  .until_s = asked_s + issued.lifetime_s};
    free(issued.text);
    free(issued.refresh);
    return 0;
}

static struct cairn_token_request request_of(const struct cairn_sessions *sessions,
                                             const char *grant_type)
{
    return (struct cairn_token_request){.issuer = sessions->issuer,
                                        .grant_type = grant_type,
                                        .client_id = sessions->client,
                                        .client_secret = sessions->client_secret,
                                        .resource = sessions->resource};
}

/* What is under way in this browser. */
struct under_way {
    char *state, *verifier, *to;
    int64_t until_s;
};

static bool read_cookie(const struct cairn_sessions *sessions, const char *cookies,
                        struct cairn_arena *arena, struct under_way *ret)
{
    char *rest = NULL;
    const char *sealed = cairn_cookie_find(cookies, name_of(sessions), arena);
    const char *text = sealed ? cairn_unseal(sessions->key, PURPOSE, sealed, arena) : NULL;
    if (!text)
        return false;
    ret->state = strtok_r(cairn_copy_text(arena, text), " ", &rest);
    ret->verifier = strtok_r(NULL, " ", &rest);
    const char *until = strtok_r(NULL, " ", &rest);
    ret->to = strtok_r(NULL, " ", &rest);
    ret->until_s = until ? strtoll(until, NULL, 10) : 0;
    return ret->to != NULL;
}

static int check(const struct cairn_sessions *sessions, const struct under_way *known,
                 const struct cairn_code_answer *answer, struct cairn_error *error)
{
    if (!answer->state || strcmp(answer->state, known->state) != 0)
        return cairn_refuse(error, "sign-in-unknown", "this browser began no such sign-in");
    if (known->until_s < now_s())
        return cairn_refuse(error, "sign-in-too-late", "the sign-in took too long");
    if (answer->issuer && strcmp(answer->issuer, sessions->issuer) != 0)
        return cairn_refuse(error, "sign-in-unknown", "another issuer has answered");
    if (!answer->code)
        return cairn_refuse(error, "sign-in-refused", "the issuer has refused it: %.60s",
                            answer->error ? answer->error : "it says no reason");
    return 0;
}

int cairn_code_flow_end(const struct cairn_sessions *sessions, const char *cookies,
                        const struct cairn_code_answer *answer, struct cairn_arena *arena,
                        struct cairn_session *ret, const char **ret_to, struct cairn_error *error)
{
    struct under_way known;
    if (!read_cookie(sessions, cookies, arena, &known))
        return cairn_refuse(error, "sign-in-unknown", "this browser began no sign-in");
    int failed = check(sessions, &known, answer, error);
    if (failed)
        return failed;
    struct cairn_token_request request = request_of(sessions, "authorization_code");
    request.code = answer->code;
    request.code_verifier = known.verifier;
    request.redirect_uri = redirect_uri(sessions, arena);
    *ret_to = known.to;
    return ask(&request, arena, ret, error);
}

/* ---- afterwards ---- */

int cairn_session_renew(const struct cairn_sessions *sessions, const struct cairn_session *session,
                        struct cairn_arena *arena, struct cairn_session *ret,
                        struct cairn_error *error)
{
    if (!*session->refresh)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED, "the session cannot be renewed: sign in");
    struct cairn_token_request request = request_of(sessions, "refresh_token");
    request.refresh_token = session->refresh;
    return ask(&request, arena, ret, error);
}

const char *cairn_sign_out_url(const struct cairn_sessions *sessions, struct cairn_arena *arena)
{
    const char *endpoint = NULL;
    struct cairn_error error = {0};
    struct cairn_buffer query = cairn_buffer(arena);
    if (find(sessions, "end_session_endpoint", arena, &endpoint, &error) < 0)
        return sessions->page;
    cairn_form_add(&query, "client_id", sessions->client);
    cairn_form_add(&query, "post_logout_redirect_uri",
                   cairn_print(arena, "%s%s", sessions->origin, sessions->page));
    return cairn_print(arena, "%s?%s", endpoint, query.text);
}
