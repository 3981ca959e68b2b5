/* row_when.c - finds up to where the history of a row is read. */
#include "projection/history/row_when.h"

#include "projection/tables/generation.h"
#include "record/json.h"

static const struct cairn_statement until_statement = {
    .name = "until",
    .sql = "select cairn.last_position_until($1)",
};

int cairn_position_when(struct cairn_store *store, const char *when, struct cairn_arena *arena,
                        int64_t *ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    struct cairn_time time;
    CAIRN_PG_RESULT *rows = NULL;
    if (cairn_integer_parse(when, ret) == 0 && *ret >= 0)
        return 0;
    if (cairn_time_parse(when, &time) < 0)
        return cairn_fail(error, CAIRN_MALFORMED,
                          "%s is neither a position nor a time such as 2026-11-30T12:00:00Z", when);
    cairn_pg_add_time(&params, time);
    int64_t count = cairn_pg_call(cairn_store_pg(store), &until_statement, &params, &rows, error);
    if (count > 0)
        *ret = cairn_pg_integer(rows, 0, 0);
    return count < 0 ? (int)count : 0;
}

/* Sets the generation, and `to` to what it has; without a generation, to the head of the log. */
static int find_newest(struct cairn_store *store, struct cairn_arena *arena,
                       struct cairn_row_question *question, struct cairn_error *error)
{
    struct cairn_generation generation;
    struct cairn_checkpoint at = {0};
    int found = cairn_generation_look(store, question->projection, arena, &generation, error);
    if (found < 0)
        return found;
    if (!found) {
        question->to = cairn_store_head(store, error);
        return question->to < 0 ? (int)question->to : 0;
    }
    question->generation = generation.number;
    int failed = cairn_generation_checkpoint(store, &generation, arena, &at, error);
    question->to = at.position;
    return failed;
}

int cairn_row_when(struct cairn_store *store, const char *when, struct cairn_arena *arena,
                   struct cairn_row_question *question, struct cairn_error *error)
{
    int failed = find_newest(store, arena, question, error);
    if (failed || !when)
        return failed;
    int64_t most = question->to;
    failed = cairn_position_when(store, when, arena, &question->to, error);
    if (!failed && question->to > most)
        return cairn_fail(error, CAIRN_MALFORMED,
                          "%s has come to position %" PRId64 ": there is nothing at %" PRId64
                          " yet",
                          question->projection->name, most, question->to);
    return failed;
}
