/* operate.c - carries out actions by cairn.operate, and those of the bus in Redis between two
 * records. */
#include "operations/operate.h"

#include "bus/consume/group.h"
#include "operations/bus_views.h"
#include "record/json.h"

#include <assert.h>
#include <string.h>

#define USUAL_US CAIRN_SECONDS(10)

static const struct cairn_statement operate_statement = {
    .name = "operate",
    .sql = "select coalesce(operation::text, ''), result::text, replayed, position"
           " from cairn.operate($1, $2, $3, $4)",
};
static const struct cairn_statement finish_statement = {
    .name = "finish_operation",
    .sql = "select cairn.finish_operation($1::text::uuid, $2, $3, $4, $5)",
};

/* ---- refusals ---- */

/* What the refusals of our own functions mean to a caller; their texts are for it. */
static const struct {
    char state[6];
    enum cairn_code code;
} refusals[] = {
    {"CA001", CAIRN_CONFLICT},  {"CA010", CAIRN_INVALID},   {"CA014", CAIRN_NOT_FOUND},
    {"CA015", CAIRN_NOT_FOUND}, {"CA016", CAIRN_NOT_FOUND}, {"CA017", CAIRN_KEY_REUSED},
    {"CA018", CAIRN_BUSY},      {"42501", CAIRN_FORBIDDEN},
};

/* Returns PostgreSQL's text without what the door to it has put around. */
static const char *own_text(const struct cairn_error *error, const char *state,
                            struct cairn_arena *arena)
{
    const char *from = strstr(error->message, ": ");
    from = from ? from + 2 : error->message;
    const char *to = strstr(from, cairn_print(arena, " (%s)", state));
    return to ? cairn_print(arena, "%.*s", (int)(to - from), from) : from;
}

static int translate(const struct cairn_place *place, int failed, const struct cairn_error *said,
                     struct cairn_error *error)
{
    const char *state = cairn_pg_state(place->pg);
    if (failed == -CAIRN_UNAVAILABLE && cairn_pg_sent(place->pg))
        return cairn_fail(error, CAIRN_UNKNOWN,
                          "the connection to PostgreSQL was lost: it may have been done; ask again"
                          " under the same Idempotency-Key, or look at `cairn operations`");
    if (failed == -CAIRN_INVALID) /* an argument that PostgreSQL cannot read, such as JSON */
        return cairn_fail(error, CAIRN_INVALID, "%s", own_text(said, state, place->arena));
    for (size_t i = 0; failed == -CAIRN_BUG && i < sizeof refusals / sizeof refusals[0]; i++) {
        if (strcmp(state, refusals[i].state) == 0)
            return cairn_fail(error, refusals[i].code, "%s", own_text(said, state, place->arena));
    }
    return cairn_error_pass(error, said);
}

/* ---- the record ---- */

/* Returns NULL where callers do not authenticate. */
static const char *actor_json(const struct cairn_operator *by, struct cairn_arena *arena)
{
    if (!by->sub)
        return NULL;
    struct cairn_buffer json = cairn_buffer(arena);
    cairn_buffer_text(&json, "{\"sub\":");
    cairn_buffer_json(&json, by->sub);
    cairn_buffer_text(&json, ",\"iss\":");
    cairn_buffer_json(&json, by->iss);
    cairn_buffer_text(&json, ",\"for\":");
    cairn_buffer_json(&json, by->on_behalf);
    cairn_buffer_char(&json, '}');
    return json.text;
}

static int call(const struct cairn_place *place, const struct cairn_action *action,
                const char *arguments, const char *actor, const char *key,
                struct cairn_operation *ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = place->arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, action->name);
    cairn_pg_add_json(&params, arguments);
    cairn_pg_add_json(&params, actor);
    cairn_pg_add_text(&params, key);
    int64_t count = cairn_pg_call(place->pg, &operate_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    const char *json = cairn_pg_text(rows, 0, 1);
    *ret = (struct cairn_operation){
        .id = cairn_copy_text(place->arena, cairn_pg_text(rows, 0, 0)),
        .json = json ? cairn_copy_text(place->arena, json) : NULL,
        .replayed = cairn_pg_bool(rows, 0, 2),
        .position = cairn_pg_integer(rows, 0, 3),
    };
    return 0;
}

static int finish(const struct cairn_place *place, const struct cairn_action *action,
                  const char *problem, const char *actor, struct cairn_operation *ret,
                  struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = place->arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, ret->id);
    cairn_pg_add_text(&params, action->name);
    cairn_pg_add_json(&params, ret->json);
    cairn_pg_add_text(&params, problem);
    cairn_pg_add_json(&params, actor);
    int64_t count = cairn_pg_call(place->pg, &finish_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    ret->position = cairn_pg_integer(rows, 0, 0);
    return 0;
}

/* ---- the bus ---- */

static int retry_dead_letters(const struct cairn_place *place,
                              const struct operate_on_dead_letters *arguments,
                              struct cairn_operation *ret, struct cairn_error *error)
{
    int64_t count =
        cairn_group_retry(place->redis, arguments->group, arguments->id, place->arena, error);
    if (count == 0)
        return cairn_fail(error, CAIRN_NOT_FOUND, "group %s has no such dead letter",
                          arguments->group);
    if (count > 0)
        ret->json = cairn_print(place->arena, "{\"handed_out\":%" PRId64 "}", count);
    return count < 0 ? (int)count : 0;
}

/* Carries out what is begun, and records its outcome. One that cannot be recorded stays begun. */
static int do_on_bus(const struct cairn_place *place, const struct cairn_action *action,
                     const void *arguments, const char *actor, struct cairn_operation *ret,
                     struct cairn_error *error)
{
    struct cairn_error unrecorded = {0};
    int failed = retry_dead_letters(place, arguments, ret, error);
    int lost = finish(place, action, failed ? error->message : NULL, actor, ret, &unrecorded);
    return failed ? failed : lost ? cairn_error_pass(error, &unrecorded) : 0;
}

/* ---- the whole ---- */

static int decode(const struct cairn_place *place, const struct cairn_action *action,
                  struct cairn_operation *ret, struct cairn_error *error)
{
    void *result = cairn_arena_alloc(place->arena, action->results->size, _Alignof(max_align_t));
    ret->result = result;
    assert(ret->json); /* of what did not fail */
    return cairn_record_decode(action->results, ret->json, strlen(ret->json), CAIRN_LENIENT,
                               place->arena, result, error);
}

int cairn_operate(const struct cairn_place *place, enum cairn_action_id id, const void *arguments,
                  const struct cairn_operator *by, const char *key, struct cairn_operation *ret,
                  struct cairn_error *error)
{
    const struct cairn_action *action = &cairn_actions[id];
    struct cairn_buffer json = cairn_buffer(place->arena);
    struct cairn_error said = {0};
    int failed = cairn_record_check(action->takes, arguments, error);
    if (!failed && action->on_bus)
        failed = cairn_bus_expect_ours(place, error);
    if (failed)
        return failed;
    const char *actor = actor_json(by, place->arena);
    if (action->deadline_us)
        cairn_pg_set_deadline(place->pg, action->deadline_us);
    cairn_record_encode(action->takes, arguments, &json);
    failed = call(place, action, json.text, actor, key, ret, &said);
    if (failed == -CAIRN_BUG && strcmp(cairn_pg_state(place->pg), "CA018") == 0) {
        cairn_error_reset(&said); /* the other one has done it by now */
        failed = call(place, action, json.text, actor, key, ret, &said);
    }
    if (action->deadline_us)
        cairn_pg_set_deadline(place->pg, USUAL_US);
    if (failed)
        return translate(place, failed, &said, error);
    if (!ret->json && action->takes_long)
        ret->json = "{}";
    else if (!ret->json)
        failed = do_on_bus(place, action, arguments, actor, ret, error);
    return failed ? failed : decode(place, action, ret, error);
}

int cairn_operation_finish(const struct cairn_place *place, enum cairn_action_id action,
                           const char *id, const char *json, const char *problem,
                           const struct cairn_operator *by, struct cairn_error *error)
{
    struct cairn_operation operation = {.id = id, .json = json};
    return finish(place, &cairn_actions[action], problem, actor_json(by, place->arena), &operation,
                  error);
}
