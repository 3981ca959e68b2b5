/* health.c - reports the state of a process. */
#include "runtime/serve/health.h"

#include "core/containers/buffer.h"
#include "identity/policy.h"
#include "store/migrate.h"

#include <string.h>

static void answer(struct cairn_http_response *response, const struct cairn_buffer *body)
{
    response->status = 200;
    response->body = body->text;
    response->body_bytes = body->length;
}

void cairn_health_alive(const struct cairn_health *health, struct cairn_http_request *request,
                        struct cairn_http_response *response)
{
    struct cairn_buffer body = cairn_buffer(request->arena);
    cairn_buffer_print(&body, "{\"status\":\"alive\",\"service\":\"%s\"}", health->service);
    answer(response, &body);
}

/* ---- readiness ---- */

static int check_queries(const struct cairn_health *health, struct cairn_worker *worker,
                         struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; health->services[i] && !failed; i++) {
        if (health->services[i]->resources)
            failed = cairn_query_ready(health->services[i]->resources, worker->query, error);
    }
    return failed;
}

static bool decides(const struct cairn_health *health)
{
    for (size_t i = 0; health->services[i]; i++) {
        if (health->services[i]->deciders[0])
            return true;
    }
    return false;
}

enum { STATES_MAX = 64 };

static int check_projections(const struct cairn_health *health, struct cairn_error *error)
{
    struct cairn_projector_state states[STATES_MAX];
    size_t count =
        health->projector ? cairn_projector_states(health->projector, states, STATES_MAX) : 0;
    for (size_t i = 0; i < count && i < STATES_MAX; i++) {
        if (!states[i].following)
            return cairn_fail(error, CAIRN_UNAVAILABLE, "projection %s does not follow: %s",
                              states[i].name,
                              states[i].problem[0] ? states[i].shown : "it has just started");
    }
    return 0;
}

static void add_projection(const struct cairn_projector_state *state, struct cairn_buffer *body)
{
    cairn_buffer_print(
        body,
        "{\"name\":\"%s\",\"role\":\"%s\",\"generation\":%d,\"position\":%" PRId64
        ",\"head\":%" PRId64 ",\"copy_current\":%s,\"parked_keys\":%" PRId64 ",\"lease_owner\":",
        state->name, state->leading ? "leading" : "standing by", state->generation, state->position,
        state->head, state->copy_current ? "true" : "false", state->parked_keys);
    cairn_buffer_json(body, state->owner);
    if (state->phase)
        cairn_buffer_print(body,
                           ",\"building\":{\"generation\":%d,\"phase\":\"%s\",\"done\":%" PRId64
                           ",\"total\":%" PRId64 "}",
                           state->building, state->phase, state->done, state->total);
    if (state->parked_keys)
        cairn_buffer_print(body,
                           ",\"warning\":\"%" PRId64 " keys are parked: see cairn parked %s\"",
                           state->parked_keys, state->name);
    cairn_buffer_char(body, '}');
}

static void add_projections(const struct cairn_health *health, struct cairn_buffer *body)
{
    struct cairn_projector_state states[STATES_MAX];
    size_t count =
        health->projector ? cairn_projector_states(health->projector, states, STATES_MAX) : 0;
    cairn_buffer_text(body, ",\"projections\":[");
    for (size_t i = 0; i < count && i < STATES_MAX; i++) {
        if (i)
            cairn_buffer_char(body, ',');
        add_projection(&states[i], body);
    }
    cairn_buffer_char(body, ']');
}

/* Adds the state of the bus. One that is stuck delays its consumers only: it is reported, and the
 * process stays ready. */
static void add_bus(const struct cairn_health *health, struct cairn_buffer *body)
{
    struct cairn_publisher_state state;
    cairn_publisher_state(health->publisher, &state);
    cairn_buffer_print(
        body, ",\"bus\":{\"leads\":%s,\"position\":%" PRId64 ",\"head\":%" PRId64 ",\"problem\":",
        state.leads ? "true" : "false", state.position, state.head);
    cairn_buffer_json(body, state.shown);
    cairn_buffer_char(body, '}');
}

/* Adds the state of process managers and reactors, which does not affect readiness either. */
static void add_followers(const struct cairn_health *health, struct cairn_buffer *body)
{
    struct cairn_follower_state states[STATES_MAX];
    size_t count = cairn_engine_states(health->engine, states, STATES_MAX);
    cairn_buffer_text(body, ",\"followers\":[");
    for (size_t i = 0; i < count && i < STATES_MAX; i++) {
        cairn_buffer_print(body, "%s{\"name\":", i ? "," : "");
        cairn_buffer_json(body, states[i].name);
        cairn_buffer_print(body, ",\"leads\":%s,\"lag\":%" PRId64 ",\"problem\":",
                           states[i].leads ? "true" : "false", states[i].lag);
        cairn_buffer_json(body, states[i].shown);
        cairn_buffer_char(body, '}');
    }
    cairn_buffer_char(body, ']');
}

/* Returns whether the process can still answer from copies: one that only answers queries can
 * answer some without PostgreSQL. If it were not ready, no replica would be. */
static bool serves_copies(const struct cairn_health *health, const struct cairn_worker *worker)
{
    bool serves = !health->projector && !health->engine && !health->publisher && worker->query &&
                  !decides(health) && !atomic_load(&health->leaving);
    for (size_t i = 0; health->services[i] && serves; i++)
        serves = !health->services[i]->resources ||
                 cairn_query_serves_copies(health->services[i]->resources, worker->query);
    return serves;
}

static int check_all(const struct cairn_health *health, struct cairn_worker *worker,
                     struct cairn_error *error)
{
    int failed = 0;
    if (atomic_load(&health->leaving))
        failed = cairn_fail(error, CAIRN_UNAVAILABLE, "the process is about to stop");
    if (!failed && health->identity)
        failed = cairn_identity_ready(health->identity, error);
    if (!failed && worker->store)
        failed = cairn_migrate_check(cairn_store_pg(worker->store), error);
    if (!failed && worker->store && decides(health))
        failed = cairn_store_takes_writes(worker->store, error);
    if (!failed)
        failed = check_projections(health, error);
    return failed ? failed : check_queries(health, worker, error);
}

static void add_details(const struct cairn_health *health, bool copies_only,
                        struct cairn_buffer *body)
{
    if (copies_only)
        cairn_buffer_text(
            body, ",\"warning\":\"PostgreSQL is unavailable: only rows by key are answered, "
                  "from Redis, as they were\"");
    if (health->projector)
        add_projections(health, body);
    if (health->publisher)
        add_bus(health, body);
    if (health->engine)
        add_followers(health, body);
}

static void refuse(bool with_details, const struct cairn_error *why,
                   struct cairn_http_request *request, struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    (void)cairn_fail(&error, CAIRN_UNAVAILABLE, "the process is not ready: operators are told why");
    cairn_http_problem(request, response, with_details ? why : &error);
}

void cairn_health_ready(const struct cairn_health *health, struct cairn_worker *worker,
                        struct cairn_http_request *request, struct cairn_http_response *response)
{
    struct cairn_error error = {0}, refusal = {0};
    bool with_details =
        !health->details || cairn_policy_check(health->details, request->actor, &refusal) == 0;
    int failed = check_all(health, worker, &error);
    bool copies_only = failed == -CAIRN_UNAVAILABLE && serves_copies(health, worker);
    if (failed && !copies_only) {
        refuse(with_details, &error, request, response);
        return;
    }
    struct cairn_buffer body = cairn_buffer(request->arena);
    cairn_buffer_print(&body, "{\"status\":\"ready\",\"service\":\"%s\"", health->service);
    if (with_details)
        add_details(health, copies_only, &body);
    cairn_buffer_char(&body, '}');
    answer(response, &body);
}

void cairn_health_openapi(const struct cairn_health *health, struct cairn_http_request *request,
                          struct cairn_http_response *response)
{
    (void)request;
    response->status = 200;
    response->body = health->openapi;
    response->body_bytes = strlen(health->openapi);
}
