/* sessions.c - signs people in and out of a service's pages. */
#include "runtime/serve/sessions.h"

#include "core/containers/buffer.h"
#include "identity/session/code_flow.h"
#include "runtime/config/auth_config.h"

#include <string.h>

/* ---- which sessions there are ---- */

int cairn_sessions_of(const struct cairn_config *config,
                      const struct cairn_service *const services[], struct cairn_arena *arena,
                      struct cairn_sessions *ret, struct cairn_error *error)
{
    const char *page = NULL;
    for (size_t i = 0; services[i] && !page; i++)
        page = services[i]->sign_in;
    if (!page)
        return 0;
    ret->page = page;
    if (cairn_auth_of(config) != CAIRN_AUTH_ON)
        return 0;
    ret->issuer = config->auth_issuer;
    ret->client = config->sign_in_client;
    ret->client_secret = config->sign_in_secret;
    ret->resource = config->auth_resource;
    ret->origin = *config->sign_in_origin
                      ? config->sign_in_origin
                      : cairn_print(arena, "http://localhost:%" PRId64, config->port);
    return cairn_sessions_init(ret, config->session_secret, error);
}

/* ---- routes ---- */

static enum cairn_http_outcome redirect(struct cairn_http_response *response, const char *to,
                                        const char *cookie)
{
    response->status = 303;
    cairn_http_set_header(response, "Location", to);
    cairn_http_set_header(response, "Set-Cookie", cookie);
    cairn_http_set_header(response, "Referrer-Policy", "no-referrer");
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome fail(const struct cairn_http_request *request,
                                    struct cairn_http_response *response,
                                    const struct cairn_error *error)
{
    cairn_http_problem(request, response, error);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome on_begin(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    (void)worker;
    struct cairn_error error = {0};
    const char *url = NULL;
    const char *cookie = NULL;
    if (cairn_code_flow_begin(self, cairn_http_query(request, "to"), request->arena, &url, &cookie,
                              &error) < 0)
        return fail(request, response, &error);
    return redirect(response, url, cookie);
}

static enum cairn_http_outcome on_callback(const void *self, void *worker,
                                           struct cairn_http_request *request,
                                           struct cairn_http_response *response)
{
    (void)worker;
    const struct cairn_sessions *sessions = self;
    struct cairn_error error = {0};
    struct cairn_session session;
    const char *to = NULL;
    const struct cairn_code_answer answer = {.code = cairn_http_query(request, "code"),
                                             .state = cairn_http_query(request, "state"),
                                             .issuer = cairn_http_query(request, "iss"),
                                             .error = cairn_http_query(request, "error")};
    if (cairn_code_flow_end(sessions, cairn_http_header(request, "Cookie"), &answer, request->arena,
                            &session, &to, &error) < 0)
        return fail(request, response, &error);
    return redirect(response, to, cairn_session_write(sessions, &session, request->arena));
}

static void print_actor(const struct cairn_actor *actor, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "{\"state\":\"in\",\"sub\":");
    cairn_buffer_json(out, actor->sub);
    cairn_buffer_text(out, ",\"roles\":[");
    for (size_t i = 0; i < actor->role_count; i++) {
        cairn_buffer_text(out, i ? "," : "");
        cairn_buffer_json(out, actor->roles[i]);
    }
    cairn_buffer_print(out, "],\"until\":%" PRId64 "}", actor->until_s);
}

/* Without a caller: a session whose token has expired may be renewed. */
static const char *state_of(const struct cairn_sessions *sessions,
                            const struct cairn_http_request *request)
{
    struct cairn_session session;
    if (!sessions->issuer)
        return "open";
    bool is_there = cairn_session_read(sessions, cairn_http_header(request, "Cookie"),
                                       request->arena, &session);
    return is_there ? "expired" : "out";
}

static enum cairn_http_outcome on_look(const void *self, void *worker,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response)
{
    (void)worker;
    const struct cairn_sessions *sessions = self;
    struct cairn_buffer out = cairn_buffer(request->arena);
    if (request->actor)
        print_actor(request->actor, &out);
    else
        cairn_buffer_print(&out, "{\"state\":\"%s\"}", state_of(sessions, request));
    response->status = 200;
    response->body = out.text;
    response->body_bytes = out.length;
    return CAIRN_HTTP_DONE;
}

/* Refuses a write that is not one of the pages' own. */
static bool is_forged(const struct cairn_sessions *sessions,
                      const struct cairn_http_request *request, struct cairn_error *error)
{
    bool may =
        cairn_session_may_act(sessions, request->method, cairn_http_header(request, "Origin"));
    if (!may)
        (void)cairn_fail(error, CAIRN_FORBIDDEN, "the request is not of a page of this service");
    return !may;
}

static enum cairn_http_outcome on_renew(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    (void)worker;
    const struct cairn_sessions *sessions = self;
    struct cairn_session before;
    struct cairn_session after;
    struct cairn_error error = {0};
    if (is_forged(sessions, request, &error))
        return fail(request, response, &error);
    if (!cairn_session_read(sessions, cairn_http_header(request, "Cookie"), request->arena,
                            &before))
        (void)cairn_fail(&error, CAIRN_UNAUTHENTICATED, "there is no session: sign in");
    else if (cairn_session_renew(sessions, &before, request->arena, &after, &error) < 0)
        cairn_error_context(&error, "the session was not renewed");
    if (error.code)
        return fail(request, response, &error);
    response->status = 204;
    cairn_http_set_header(response, "Set-Cookie",
                          cairn_session_write(sessions, &after, request->arena));
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome on_end(const void *self, void *worker,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    (void)worker;
    const struct cairn_sessions *sessions = self;
    struct cairn_error error = {0};
    struct cairn_buffer out = cairn_buffer(request->arena);
    if (is_forged(sessions, request, &error))
        return fail(request, response, &error);
    cairn_buffer_text(&out, "{\"to\":");
    cairn_buffer_json(&out, cairn_sign_out_url(sessions, request->arena));
    cairn_buffer_char(&out, '}');
    response->status = 200;
    response->body = out.text;
    response->body_bytes = out.length;
    cairn_http_set_header(response, "Set-Cookie",
                          cairn_session_write(sessions, NULL, request->arena));
    return CAIRN_HTTP_DONE;
}

void cairn_sessions_routes(const struct cairn_sessions *sessions, cairn_files_add *add,
                           void *context)
{
    static const struct cairn_allow anyone = CAIRN_ANYONE;
    const struct cairn_http_route all[] = {
        {.method = "GET", .pattern = "/session", .handle = on_look, .direct = true},
        {.method = "GET", .pattern = "/session/begin", .handle = on_begin},
        {.method = "GET", .pattern = CAIRN_CODE_FLOW_PATH, .handle = on_callback},
        {.method = "POST", .pattern = "/session/renew", .handle = on_renew},
        {.method = "POST", .pattern = "/session/end", .handle = on_end},
    };
    size_t count = sessions->issuer ? sizeof all / sizeof all[0] : 1;
    for (size_t i = 0; i < count; i++) {
        struct cairn_http_route route = all[i];
        route.self = sessions;
        route.allow = i == 0 ? &anyone : NULL; /* only this one looks for the caller */
        add(context, &route);
    }
}
