/* guard.c - finds the caller of a request by its Authorization, and challenges where there is none.
 *
 * A token that was sent has to be good, also where none is required: a client that sends one is
 * told that it has expired, and not taken for a caller without one. */
#include "runtime/serve/guard.h"

#include "core/text/text.h"
#include "core/threads/clock.h"
#include "identity/policy.h"

#include <string.h>
#include <strings.h>

/* Sets WWW-Authenticate. Without a token the challenge names no error (section 3.1). */
static void challenge(const struct cairn_http_request *request,
                      struct cairn_http_response *response, const char *error_name,
                      const struct cairn_error *error)
{
    const char *value = "Bearer realm=\"cairn\"";
    if (error_name)
        value = cairn_print(request->arena, "%s, error=\"%s\", error_description=\"%s\"", value,
                            error_name, cairn_quotable(request->arena, error->message));
    cairn_http_set_header(response, "WWW-Authenticate", value);
}

/* Returns the token of a session; NULL if there is none, it has expired, or the request is a write
 * that none of the pages has sent: it is then what it is, a request without a caller. */
static const char *read_session(const struct cairn_sessions *sessions,
                                const struct cairn_http_request *request)
{
    struct cairn_session session;
    const char *cookies = sessions ? cairn_http_header_list(request, "Cookie") : NULL;
    int64_t now_s = cairn_time_to_unix(cairn_now()) / CAIRN_SECONDS(1);
    bool is_there =
        cookies &&
        cairn_session_may_act(sessions, request->method, cairn_http_header(request, "Origin")) &&
        cairn_session_read(sessions, cookies, request->arena, &session);
    return is_there && now_s < session.until_s ? session.token : NULL;
}

/* Returns the token; NULL if there is none. Fails if the header is of another form. */
static int read_token(const struct cairn_callers *callers, const struct cairn_http_request *request,
                      const char **ret, struct cairn_error *error)
{
    static const char scheme[] = "Bearer ";
    const char *text = cairn_http_header(request, "Authorization");
    *ret = text ? NULL : read_session(callers->sessions, request);
    if (!text)
        return 0;
    if (cairn_http_header_count(request, "Authorization") > 1)
        return cairn_fail(error, CAIRN_MALFORMED, "Authorization was sent twice");
    if (strncasecmp(text, scheme, sizeof scheme - 1) != 0)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                          "the Authorization is of another scheme: send Bearer, a space and the "
                          "token");
    *ret = text + sizeof scheme - 1;
    return 0;
}

static void on_keys(struct cairn_identity_wait *wait)
{
    cairn_http_resume(wait->context);
}

/* Finds the caller; request->actor stays NULL without a token. */
static int find_caller(const struct cairn_callers *callers, struct cairn_http_request *request,
                       bool may_wait, struct cairn_error *error)
{
    const char *token;
    int failed = read_token(callers, request, &token, error);
    if (failed || !token)
        return failed;
    struct cairn_identity_wait *wait = NULL;
    struct cairn_actor *actor = cairn_new(request->arena, struct cairn_actor, 1);
    if (may_wait) {
        wait = cairn_new(request->arena, struct cairn_identity_wait, 1);
        wait->done = on_keys;
        wait->context = request;
    }
    int outcome = cairn_identity_find(callers->identity, token, strlen(token), request->arena, wait,
                                      actor, error);
    if (outcome == 0) {
        request->actor = actor;
        request->token = token;
    }
    return outcome;
}

static int admit(void *self, const struct cairn_allow *allow, struct cairn_http_request *request,
                 bool may_wait, struct cairn_http_response *response, struct cairn_error *error)
{
    bool has_token = cairn_http_header(request, "Authorization") != NULL;
    int outcome = find_caller(self, request, may_wait, error);
    if (outcome == CAIRN_IDENTITY_WAITS) /* the request may have been resumed already */
        return CAIRN_HTTP_GUARD_WAITS;
    if (outcome == 0)
        outcome = cairn_policy_check(allow, request->actor, error);
    if (outcome == -CAIRN_UNAUTHENTICATED)
        challenge(request, response, has_token ? "invalid_token" : NULL, error);
    else if (outcome == -CAIRN_FORBIDDEN)
        challenge(request, response, "insufficient_scope", error);
    else if (outcome == -CAIRN_MALFORMED)
        challenge(request, response, "invalid_request", error);
    return outcome;
}

struct cairn_http_guard cairn_guard(const struct cairn_callers *callers)
{
    void *self = (void *)(uintptr_t)callers; /* which is passed on as not const */
    return callers->identity ? (struct cairn_http_guard){.admit = admit, .self = self}
                             : (struct cairn_http_guard){0};
}
