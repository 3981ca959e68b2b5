/* switch.c - switches queries from one generation to another, forward or back. */
#include "projection/generations/switch.h"

#include "core/report/log.h"
#include "projection/tables/generation_lock.h"
#include "projection/tables/read_table.h"

#include <string.h>

enum { BACK_PATIENCE_MS = 10000 };

static struct cairn_pg_params params_of(const struct cairn_generation *generation,
                                        struct cairn_arena *arena)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, generation->projection->name);
    cairn_pg_add_integer(&params, generation->number);
    return params;
}

/* ---- the gate ---- */

/* The checkpoint k belongs to the log of store s. */
#define IS_OF_THIS_LOG                                                                             \
    " k.epoch = s.epoch and (k.position = 0 or exists (select from cairn.events e"                 \
    "     where e.shard = 0 and e.position = k.position and e.event_id = k.event_id))"

/* Compares with the generation that the same code version reads, or else with the live one; ignores
 * one of another history. */
static const struct cairn_statement gate_statement = {
    .name = "gate_generation",
    .sql = "select n.position, o.generation as other, o.position as other_position,"
           " cairn.count_parked_keys($1, $2) as parked,"
           " cairn.count_parked_keys($1, o.generation) as other_parked,"
           " coalesce(r.diff and r.differences is null, false) as uncompared,"
           " coalesce(r.differences > 0, false) as differs,"
           " coalesce(r.request = 'accept', false) as accepted,"
           " exists (select from cairn.rebuilds c where c.projection = $1 and c.generation = $2"
           "     and c.phase = 'cancelled') or r.request is not distinct from 'cancel' as cancelled"
           " from cairn.store s join cairn.checkpoints n"
           "     on n.projection = $1 and n.generation = $2 and n.shard = 0"
           " left join lateral (select g.generation, k.position from cairn.generations g"
           "     join cairn.checkpoints k using (projection, generation)"
           "     where g.projection = $1 and g.generation <> $2 and k.shard = 0"
           "         and (g.live or (g.serving and g.code_version = $3)) and" IS_OF_THIS_LOG
           "     order by g.code_version <> $3 limit 1) o on true"
           " left join cairn.rebuilds r"
           "     on r.projection = $1 and r.generation = $2 and r.ended_at is null",
};

static const struct cairn_statement hold_statement = {
    .name = "hold_rebuild",
    .sql = "update cairn.rebuilds set phase = 'held', note = $3, phase_at = clock_timestamp()"
           " where projection = $1 and generation = $2 and ended_at is null"
           "     and (phase, note) is distinct from ('held', $3)",
};

static int hold_back(struct cairn_pg *pg, const struct cairn_generation *generation,
                     const char *why, struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(generation, arena);
    cairn_pg_add_text(&params, why);
    int64_t done = cairn_pg_run(pg, &hold_statement, &params, error);
    return done < 0 ? (int)done : 0;
}

/* Returns 1 if the generation may be read, 0 if not. */
static int pass(struct cairn_pg *pg, const struct cairn_generation *generation,
                struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(generation, arena);
    cairn_pg_add_integer(&params, generation->projection->version);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &gate_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count == 0)
        return cairn_fail(error, CAIRN_CONFLICT, "generation %" PRId64 " is gone",
                          generation->number);
    if (cairn_pg_bool(rows, 0, cairn_pg_column(rows, "cancelled")))
        return 0; /* it is about to be dropped */
    if (cairn_pg_null(rows, 0, cairn_pg_column(rows, "other")))
        return 1; /* there is nothing to compare with */
    bool accepted = cairn_pg_bool(rows, 0, cairn_pg_column(rows, "accepted"));
    int64_t parked = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "parked"));
    int64_t usual = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "other_parked"));
    if (cairn_pg_integer(rows, 0, cairn_pg_column(rows, "position")) <
        cairn_pg_integer(rows, 0, cairn_pg_column(rows, "other_position")))
        return 0;
    if (accepted)
        return 1;
    if (parked > usual)
        return hold_back(
            pg, generation,
            cairn_print(arena, "%" PRId64 " keys are parked, of the one that is read %" PRId64,
                        parked, usual),
            arena, error);
    if (cairn_pg_bool(rows, 0, cairn_pg_column(rows, "uncompared")))
        return 0; /* it must be compared first */
    if (cairn_pg_bool(rows, 0, cairn_pg_column(rows, "differs")))
        return hold_back(pg, generation, "its rows differ from those that are read", arena, error);
    return 1;
}

/* Locks the checkpoint, so that no process takes it over before the transaction ends. */
static const struct cairn_statement own_statement = {
    .name = "own_generation",
    .sql = "select 1 from cairn.checkpoints"
           " where projection = $1 and generation = $2 and shard = 0 and fence = $3 for share",
};

static int own(struct cairn_pg *pg, const struct cairn_generation *generation, int64_t fence,
               struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(generation, arena);
    cairn_pg_add_integer(&params, fence);
    int64_t count = cairn_pg_run(pg, &own_statement, &params, error);
    if (count < 0)
        return (int)count;
    return count ? 0
                 : cairn_fail(error, CAIRN_CONFLICT, "generation %" PRId64 " was taken over",
                              generation->number);
}

/* ---- switching ---- */

/* In a rolling deploy an older code version may be built or catch up after a newer one: processes
 * of that version then read it, but the newer one stays live, except in a rollback ($5). Of each
 * version one generation is kept besides the one that is read. */
static const struct cairn_statement leave_statement = {
    .name = "leave_generation",
    .sql = "update cairn.generations set serving = serving and code_version <> $3,"
           "     live = live and code_version > $3 and not $5,"
           "     left_at = case when live or serving and code_version = $3 then now()"
           "         else left_at end,"
           "     kept_until = case when live or serving and code_version = $3"
           "         then now() + $4 * interval '1 millisecond'"
           "         when code_version = $3 then now()"
           "         else coalesce(kept_until, now() + $4 * interval '1 millisecond') end"
           " where projection = $1 and generation <> $2 and state = 'following'"
           "     and (code_version = $3 or code_version < $3 or (live and $5))",
};

/* A generation that is not live is kept for the window ($3), and as long as a projector of its code
 * version runs. */
static const struct cairn_statement enter_statement = {
    .name = "enter_generation",
    .sql = "update cairn.generations g set complete_at = coalesce(complete_at, now()),"
           "     serving = true, live = o.none,"
           "     kept_until = case when not o.none then now() + $3 * interval '1 millisecond' end"
           " from (select count(*) = 0 as none from cairn.generations other where other.live"
           "     and other.projection = $1 and other.generation <> $2) o"
           " where g.projection = $1 and g.generation = $2 and g.state = 'following'"
           " returning g.live",
};

static const struct cairn_statement before_statement = {
    .name = "generation_before",
    .sql = "select generation from cairn.generations where projection = $1 and live",
};

static const struct cairn_statement end_statement = {
    .name = "end_rebuild",
    .sql = "update cairn.rebuilds set phase = 'done', note = null, ended_at = clock_timestamp(),"
           "     phase_at = clock_timestamp()"
           " where projection = $1 and generation = $2 and ended_at is null",
};

static const struct cairn_statement note_statement = {
    .name = "note_switch",
    .sql = "insert into cairn.switches"
           "     (projection, code_version, generation, before, cause, done_at)"
           " values ($1, $3, $2, $4, 'rebuild', now())",
};

static const struct cairn_statement done_statement = {
    .name = "done_switch",
    .sql = "update cairn.switches set done_at = now(), before = $4"
           " where projection = $1 and generation = $2 and code_version = $3"
           "     and done_at is null and refused is null",
};

static const struct cairn_statement view_statement = {
    .name = NULL,
    .sql = "select cairn.show_view($1, $2)",
};

static int make_view(struct cairn_pg *pg, const struct cairn_generation *generation,
                     struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_buffer select = cairn_buffer(arena);
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_view_sql(generation->projection, generation->number, &select);
    cairn_pg_add_text(&params, generation->projection->name);
    cairn_pg_add_text(&params, select.text);
    int64_t count = cairn_pg_call(pg, &view_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    return cairn_pg_null(rows, 0, 0)
               ? 0
               : cairn_fail(
                     error, CAIRN_REFUSED,
                     "its columns change, and these depend on read.%s: %s; drop them, and create them "
                     "again afterwards",
                     generation->projection->name, cairn_pg_text(rows, 0, 0));
}

/* Switches the view, which is recreated if the columns change; -CAIRN_REFUSED names objects that
 * prevent that. The exclusive lock waits for readers and delays new ones, for at most half a
 * second. */
static int show(struct cairn_pg *pg, const struct cairn_generation *generation,
                struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_buffer sql = cairn_buffer(arena);
    int failed = cairn_pg_script(pg, "set local lock_timeout = '500ms'", error);
    if (!failed)
        failed = make_view(pg, generation, arena, error);
    if (failed == -CAIRN_REFUSED)
        return failed;
    cairn_view_rest_sql(generation->projection, &sql);
    if (!failed)
        failed = cairn_pg_script(pg, sql.text, error);
    if (failed)
        cairn_error_context(error, "view read.%s", generation->projection->name);
    return failed;
}

/* Returns the live generation, 0 if there is none. */
static int64_t find_before(struct cairn_pg *pg, const struct cairn_generation *generation,
                           struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, generation->projection->name);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &before_statement, &params, &rows, error);
    return count > 0 ? cairn_pg_integer(rows, 0, 0) : count;
}

static int64_t mark_serving(struct cairn_pg *pg, const struct cairn_generation *generation,
                            int64_t window_ms, struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(generation, arena);
    cairn_pg_add_integer(&params, window_ms);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &enter_statement, &params, &rows, error);
    if (count == 0)
        return cairn_fail(error, CAIRN_CONFLICT, "generation %" PRId64 " is gone",
                          generation->number);
    return count < 0 ? count : cairn_pg_bool(rows, 0, 0);
}

static int go(struct cairn_pg *pg, const struct cairn_generation *generation,
              const struct cairn_switch_terms *terms, bool back, struct cairn_arena *arena,
              struct cairn_error *error)
{
    struct cairn_pg_params both = params_of(generation, arena);
    int64_t before = find_before(pg, generation, arena, error);
    if (before < 0)
        return (int)before;
    struct cairn_pg_params params = both;
    cairn_pg_add_integer(&params, generation->projection->version);
    struct cairn_pg_params noted = params;
    if (before)
        cairn_pg_add_integer(&noted, before);
    else
        cairn_pg_add_null(&noted);
    cairn_pg_add_integer(&params, terms->window_ms);
    cairn_pg_add_bool(&params, back);
    int64_t done = cairn_pg_run(pg, &leave_statement, &params, error);
    int64_t live = done < 0 ? done : mark_serving(pg, generation, terms->window_ms, arena, error);
    if (live > 0)
        live = show(pg, generation, arena, error);
    done =
        live < 0 ? live : cairn_pg_run(pg, back ? &done_statement : &note_statement, &noted, error);
    if (done >= 0)
        done = cairn_pg_run(pg, &end_statement, &both, error);
    return done < 0 ? (int)done : 1;
}

static void log_switch(const struct cairn_generation *generation, const char *what)
{
    cairn_log(CAIRN_LOG_INFO, what, CAIRN_LOG_TEXT("projection", generation->projection->name),
              CAIRN_LOG_INTEGER("generation", generation->number));
}

/* ---- forward ---- */

struct switching {
    const struct cairn_generation *generation;
    const struct cairn_switch_terms *terms;
    const char *why; /* it has to wait, or is refused */
};

static int hold_refused(struct cairn_pg *pg, void *context, struct cairn_arena *arena,
                        struct cairn_error *error)
{
    const struct switching *switching = context;
    return hold_back(pg, switching->generation, switching->why, arena, error);
}

static int forward(struct cairn_pg *pg, void *context, struct cairn_arena *arena,
                   struct cairn_error *error)
{
    const struct switching *switching = context;
    int done = own(pg, switching->generation, switching->terms->fence, arena, error);
    if (!done)
        done = pass(pg, switching->generation, arena, error);
    if (done > 0)
        done = go(pg, switching->generation, switching->terms, false, arena, error);
    return done;
}

int cairn_switch_to(struct cairn_store *store, struct cairn_generation *generation,
                    const struct cairn_switch_terms *terms, struct cairn_arena *arena,
                    struct cairn_error *error)
{
    struct switching switching = {generation, terms, NULL};
    struct cairn_error wrong = {0};
    int done = cairn_generation_locked(cairn_store_pg(store), generation->projection, forward,
                                       &switching, arena, &wrong);
    if (done == -CAIRN_REFUSED) {
        switching.why = wrong.message;
        return cairn_generation_locked(cairn_store_pg(store), generation->projection, hold_refused,
                                       &switching, arena, error);
    }
    if (done < 0)
        return cairn_error_pass(error, &wrong);
    if (done > 0) {
        generation->complete = generation->serving = true;
        log_switch(generation, "queries read this generation");
    }
    return done;
}

/* ---- back ---- */

/* The generations that are read must not be ahead of it: no reader may see an older state. */
static const struct cairn_statement back_statement = {
    .name = "switch_back",
    .sql = "select w.generation, g.state = 'following' and g.complete_at is not null as followed,"
           " coalesce((select max(c.position) from cairn.checkpoints c"
           "     join cairn.generations o using (projection, generation)"
           "     where o.projection = $1 and o.generation <> w.generation"
           "         and (o.live or (o.serving and o.code_version = $2))), 0)"
           "     - coalesce(k.position, 0) as behind,"
           " clock_timestamp() - w.requested_at > $3 * interval '1 millisecond' as overdue,"
           " k.fence, coalesce((" IS_OF_THIS_LOG
           "), false) as is_of_this_log from cairn.store s cross join cairn.switches w"
           " join cairn.generations g using (projection, generation)"
           " left join cairn.checkpoints k using (projection, generation)"
           " where w.projection = $1 and w.code_version = $2 and w.done_at is null"
           "     and w.refused is null"
           " order by w.switch limit 1 for update of w", /* it may be withdrawn meanwhile */
};

static const struct cairn_statement refuse_statement = {
    .name = "refuse_switch",
    .sql = "update cairn.switches set refused = $3"
           " where projection = $1 and generation = $2 and done_at is null and refused is null",
};

static int refuse(struct cairn_pg *pg, const struct cairn_generation *generation, const char *why,
                  struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(generation, arena);
    cairn_pg_add_text(&params, why);
    int64_t done = cairn_pg_run(pg, &refuse_statement, &params, error);
    return done < 0 ? (int)done : 1;
}

static int backward(struct cairn_pg *pg, void *context, struct cairn_arena *arena,
                    struct cairn_error *error)
{
    const struct switching *switching = context;
    const struct cairn_projection *projection = switching->generation->projection;
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, projection->name);
    cairn_pg_add_integer(&params, projection->version);
    cairn_pg_add_integer(&params, BACK_PATIENCE_MS);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &back_statement, &params, &rows, error);
    if (count <= 0)
        return (int)count;
    const struct cairn_generation to = {
        .projection = projection,
        .number = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "generation"))};
    int64_t behind = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "behind"));
    if (!cairn_pg_bool(rows, 0, cairn_pg_column(rows, "followed")))
        return refuse(pg, &to, "it is not followed any more", arena, error);
    if (!cairn_pg_bool(rows, 0, cairn_pg_column(rows, "is_of_this_log")))
        return refuse(pg, &to, "it is of another history than the log", arena, error);
    if (behind > 0 && !cairn_pg_bool(rows, 0, cairn_pg_column(rows, "overdue")))
        return 2;
    if (behind > 0)
        return refuse(
            pg, &to,
            cairn_print(arena, "it is %" PRId64 " positions behind the one that is read", behind),
            arena, error);
    if (cairn_pg_integer(rows, 0, cairn_pg_column(rows, "fence")) != switching->terms->fence)
        return 2; /* its runner has not taken it over yet */
    int done = go(pg, &to, switching->terms, true, arena, error);
    if (done > 0)
        log_switch(&to, "queries were rolled back to this generation");
    return done;
}

/* Refuses the request that backward() has tried. */
static const struct cairn_statement refuse_next_statement = {
    .name = "refuse_next_switch",
    .sql = "update cairn.switches set refused = $3 where switch = (select min(w.switch)"
           "     from cairn.switches w where w.projection = $1 and w.code_version = $2"
           "         and w.done_at is null and w.refused is null)",
};

static int refuse_next(struct cairn_pg *pg, void *context, struct cairn_arena *arena,
                       struct cairn_error *error)
{
    const struct switching *switching = context;
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, switching->generation->projection->name);
    cairn_pg_add_integer(&params, switching->generation->projection->version);
    cairn_pg_add_text(&params, switching->why);
    int64_t done = cairn_pg_run(pg, &refuse_next_statement, &params, error);
    return done < 0 ? (int)done : 1;
}

int cairn_switch_back(struct cairn_store *store, const struct cairn_projection *projection,
                      const struct cairn_switch_terms *terms, struct cairn_arena *arena,
                      struct cairn_error *error)
{
    const struct cairn_generation generation = {.projection = projection};
    struct switching switching = {&generation, terms, NULL};
    struct cairn_error wrong = {0};
    int done = cairn_generation_locked(cairn_store_pg(store), projection, backward, &switching,
                                       arena, &wrong);
    if (done == -CAIRN_REFUSED) {
        switching.why = wrong.message;
        return cairn_generation_locked(cairn_store_pg(store), projection, refuse_next, &switching,
                                       arena, error);
    }
    return done < 0 ? cairn_error_pass(error, &wrong) : done;
}
