/* row_history.c - folds one row from the log, and notes what each event changed in it. */
#include "projection/history/row_history.h"

#include "projection/fold/decoded_event.h"
#include "projection/history/row_events.h"
#include "projection/history/row_steps.h"
#include "projection/verify/expected_rows.h"

#include <string.h>

struct reading {
    struct cairn_store *store;
    const struct cairn_row_question *question;
    struct cairn_expected_rows expected; /* of the one row */
    struct cairn_row_kept *kept;
    struct cairn_arena scratch; /* of one event */
    bool is_hidden;             /* the state before the next event is not to be seen */
};

/* ---- skipped events ---- */

static const struct cairn_statement skipped_statement = {
    .name = "row_skipped",
    .sql = "select position from cairn.skipped"
           " where projection = $1 and generation = $2 and key = $3",
};

static int load_skipped(struct reading *reading, struct cairn_error *error)
{
    const struct cairn_row_question *question = reading->question;
    struct cairn_pg_params params = {.arena = &reading->scratch};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, question->projection->name);
    cairn_pg_add_integer(&params, question->generation);
    cairn_pg_add_text(&params, question->key);
    int64_t count =
        cairn_pg_call(cairn_store_pg(reading->store), &skipped_statement, &params, &rows, error);
    for (int64_t i = 0; i < count; i++)
        cairn_skip_name(&reading->expected.skipped, cairn_pg_integer(rows, i, 0), question->key);
    return count < 0 ? (int)count : 0;
}

/* ---- folding ---- */

/* Returns 1 if the event concerns the row, 0 if not, or why that cannot be told. */
static int concerns(struct reading *reading, const struct cairn_stored_event *event,
                    struct cairn_error *error)
{
    struct cairn_decoded_event item;
    struct cairn_error wrong = {0};
    int taken = cairn_event_decode_for(reading->question->projection, event, &reading->scratch,
                                       &item, &wrong);
    if (taken < 0)
        return cairn_fail(error, (enum cairn_code) - taken, "event %" PRId64 ": %.400s",
                          event->position, wrong.message);
    for (size_t i = 0; taken && i < item.keys.count; i++) {
        if (strcmp(item.keys.keys[i], reading->question->key) == 0)
            return 1;
    }
    return 0;
}

static const char *row_now(const struct reading *reading)
{
    const struct cairn_expected_row *row =
        cairn_expected_row(&reading->expected, reading->question->key);
    return row && row->json ? row->json : "";
}

static bool is_parked(const struct reading *reading)
{
    const struct cairn_expected_row *row =
        cairn_expected_row(&reading->expected, reading->question->key);
    return row && row->parked;
}

static enum cairn_row_effect effect_of(const char *before, const char *after, bool was_parked,
                                       bool is_now)
{
    if (was_parked || is_now)
        return was_parked ? CAIRN_ROW_WAITS : CAIRN_ROW_PARKED;
    if (strcmp(before, after) == 0)
        return CAIRN_ROW_UNCHANGED;
    return !*before ? CAIRN_ROW_CREATED : !*after ? CAIRN_ROW_DELETED : CAIRN_ROW_CHANGED;
}

/* Keeps the step, unless the reader may not see the row after it: then nothing before it may be
 * seen either. */
static void keep(struct reading *reading, const struct cairn_stored_event *event,
                 enum cairn_row_effect effect, const char *before, const char *after)
{
    const struct cairn_row_question *question = reading->question;
    bool sees =
        !question->sees || !*after || question->sees(question->context, after, &reading->scratch);
    if (sees && !(reading->is_hidden && !*after)) {
        cairn_row_kept_add(reading->kept, event, effect, before, after, reading->is_hidden);
        reading->is_hidden = false;
        return;
    }
    cairn_row_kept_drop(reading->kept);
    reading->kept->dropped++;
    reading->is_hidden = !sees;
}

static int take(struct reading *reading, const struct cairn_stored_event *event,
                struct cairn_error *error)
{
    cairn_arena_reset(&reading->scratch);
    int wanted = concerns(reading, event, error);
    if (wanted <= 0)
        return wanted;
    const char *before = cairn_copy_text(&reading->scratch, row_now(reading));
    bool was_parked = is_parked(reading);
    if (cairn_skip_is_named(&reading->expected.skipped, event->position, reading->question->key)) {
        keep(reading, event, CAIRN_ROW_SKIPPED, before, before);
        return 0;
    }
    int failed = cairn_expected_rows_fold(&reading->expected, event, 1, event->position,
                                          &reading->scratch, error);
    if (!failed && reading->expected.problem[0])
        failed = cairn_fail(error, CAIRN_UNREADABLE, "%.500s", reading->expected.problem);
    if (failed)
        return failed;
    const char *after = row_now(reading);
    keep(reading, event, effect_of(before, after, was_parked, is_parked(reading)), before, after);
    return 0;
}

/* ---- commands and callers ---- */

static const struct cairn_statement metas_statement = {
    .name = "row_metas",
    .sql = "select e.position, e.meta ->> 'command_id', e.meta ->> 'command',"
           " e.meta ->> 'service', e.meta #>> '{actor,sub}', e.meta #>> '{actor,iss}',"
           " e.meta ->> 'correlation_id', e.meta ->> 'traceparent'"
           " from unnest($1::bigint[]) p join cairn.events e on e.shard = 0 and e.position = p"
           " order by e.position",
};

static int read_metas(struct reading *reading, struct cairn_row_step *steps, size_t count,
                      struct cairn_error *error)
{
    struct cairn_arena *arena = &reading->kept->arena;
    struct cairn_pg_params params = {.arena = &reading->scratch};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_integers(&params, &steps->position, sizeof *steps, count);
    int64_t found =
        cairn_pg_call(cairn_store_pg(reading->store), &metas_statement, &params, &rows, error);
    if (found < 0)
        return (int)found;
    if (found != (int64_t)count)
        return cairn_fail(error, CAIRN_BUG, "the log has %" PRId64 " of %zu events", found, count);
    for (int64_t i = 0; i < found; i++) {
        const char **into[] = {NULL,
                               &steps[i].command_id,
                               &steps[i].command,
                               &steps[i].service,
                               &steps[i].actor,
                               &steps[i].issuer,
                               &steps[i].correlation_id,
                               &steps[i].traceparent};
        for (int c = 1; c < (int)(sizeof into / sizeof *into); c++)
            *into[c] = cairn_copy_text(arena, cairn_pg_text(rows, i, c));
    }
    return 0;
}

/* ---- the whole ---- */

static int fold_all(struct reading *reading, struct cairn_row_history *ret,
                    struct cairn_error *error)
{
    const struct cairn_row_question *question = reading->question;
    struct cairn_row_events *events =
        cairn_row_events_open(reading->store, question->projection, question->key, question->to,
                              question->events_max, question->deadline_us);
    const struct cairn_stored_event *event = NULL;
    int got = question->generation ? load_skipped(reading, error) : 0;
    while (got >= 0 && (got = cairn_row_events_next(events, &event, error)) == 1) {
        int failed = take(reading, event, error);
        got = failed < 0 ? failed : got;
    }
    ret->read = cairn_row_events_read(events);
    cairn_row_events_close(events);
    return got;
}

static void show(const struct reading *reading, struct cairn_row_history *ret)
{
    const struct cairn_expected_row *row =
        cairn_expected_row(&reading->expected, reading->question->key);
    ret->row = cairn_copy_text(&reading->kept->arena, row_now(reading));
    ret->version = row ? row->version : 0;
    ret->position = row ? row->position : 0;
    ret->parked = row && row->parked;
    ret->left_out = reading->kept->dropped;
    ret->count = reading->kept->count;
}

int cairn_row_history_read(struct cairn_store *store, const struct cairn_row_question *question,
                           struct cairn_row_history *ret, struct cairn_error *error)
{
    struct reading reading = {
        .store = store, .question = question, .kept = cairn_row_kept_open(question->steps_max)};
    *ret = (struct cairn_row_history){.row = "", .kept = reading.kept};
    cairn_expected_rows_open(&reading.expected, question->projection, 0, 1);
    reading.expected.only = question->key;
    int failed = fold_all(&reading, ret, error);
    if (!failed) {
        show(&reading, ret);
        struct cairn_row_step *steps = cairn_row_kept_list(reading.kept);
        ret->steps = steps;
        failed = ret->count ? read_metas(&reading, steps, ret->count, error) : 0;
    }
    cairn_expected_rows_close(&reading.expected);
    cairn_arena_close(&reading.scratch);
    return failed;
}

void cairn_row_history_close(struct cairn_row_history *history)
{
    cairn_row_kept_close(history->kept);
    *history = (struct cairn_row_history){.row = ""};
}
