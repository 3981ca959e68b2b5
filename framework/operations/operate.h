/* operate.h - carries out what operators want, and records it in the log with its subject.
 *
 *     struct operate_on_parked arguments = {.read_model = "order_summary"};
 *     struct cairn_operation done;
 *     failed = cairn_operate(&place, CAIRN_RETRY_PARKED, &arguments, &by, NULL, &done, error);
 *     const struct operated_keys *result = done.result;
 *
 * A change in PostgreSQL and its record are one transaction. A change in Redis is recorded before,
 * as begun; its outcome follows. A crash in between leaves the record, which says so. What takes
 * long is recorded in the same way, and carried out by the caller. */
#ifndef CAIRN_OPERATIONS_OPERATE_H
#define CAIRN_OPERATIONS_OPERATE_H

#include "operations/actions.h"
#include "postgres/postgres.h"
#include "redis/redis.h"

/* Where an action happens. */
struct cairn_place {
    struct cairn_pg *pg;
    struct cairn_redis *redis; /* NULL where there is no bus */
    struct cairn_arena *arena;
};

/* The operator: `sub` at `iss`, as in the meta of events; `on_behalf` is what the caller says about
 * itself, unproven. Each may be NULL. */
struct cairn_operator {
    const char *sub;
    const char *iss;
    const char *on_behalf;
};

/* What was done. */
struct cairn_operation {
    const char *id;     /* of its stream, cairn_operation-ID; "": the event is its own record */
    const char *json;   /* the result; of what takes long {} */
    const void *result; /* the same, a struct of the action's `results` */
    int64_t position;   /* of its event */
    bool replayed;      /* it was done before, under the same key */
};

/* Carries out an action. `arguments` is a struct of the action's `takes`; `key` an Idempotency-Key,
 * or NULL. `ret` is in the place's arena. Returns 0, or
 *   -CAIRN_INVALID      arguments are wrong
 *   -CAIRN_NOT_FOUND    nothing matches them: nothing was changed and nothing recorded
 *   -CAIRN_CONFLICT     a stream or the epoch has changed meanwhile: nothing was changed
 *   -CAIRN_KEY_REUSED   the key belongs to another request
 *   -CAIRN_FORBIDDEN    the database's role may not do this
 *   -CAIRN_UNKNOWN      the connection was lost: ask again under the same key
 *   -CAIRN_CONFIG       the bus is meant, and there is no Redis
 *   or what cairn_pg_call() or cairn_redis_call() return. */
int cairn_operate(const struct cairn_place *place, enum cairn_action_id action,
                  const void *arguments, const struct cairn_operator *by, const char *key,
                  struct cairn_operation *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Records the outcome of an action that takes long: `json` is its result, or `problem` why there is
 * none. `by` is the operator that began it, or ended it. Returns 0, also if it has an outcome
 * already, or what cairn_pg_call() returns. */
int cairn_operation_finish(const struct cairn_place *place, enum cairn_action_id action,
                           const char *id, const char *json, const char *problem,
                           const struct cairn_operator *by,
                           struct cairn_error *error) CAIRN_CHECKED;

#endif
