/* dev_follower.c - reads new events and changed rows from the database, and shows them.
 *
 * A row that was changed has the position of the event in _position, and a row that was deleted
 * stays as a mark with _deleted, so both are found by the index on _position. */
#include "cli/dev/output/dev_follower.h"

#include "core/threads/clock.h"

#include <string.h>

enum { PAGE = 200 };

#define LOOK_US CAIRN_SECONDS(1)
#define GLANCE_US 200 /* long enough to see what has arrived */

/* An event of a process manager is shown as what it waits for and sends, not as its data: the
 * timers are all that are set after it, also those that an earlier event has set. */
static const char events_sql[] =
    "select e.position, e.stream, e.version, e.type, e.type = 'ProcessAdvanced',"
    " case when e.type <> 'ProcessAdvanced' then e.data::text else"
    "     concat_ws('; ', case when d.data #>> '{input,kind}' = 'event'"
    "             then 'got ' || (d.data #>> '{input,type}')"
    "             else 'got ' || concat_ws(' ', d.data #>> '{input,kind}', d.data #>> '{input,name}',"
    "                 d.data #>> '{input,command}') end,"
    "         (select string_agg('sends ' || (s ->> 'command') || ' to ' || (s ->> 'to'), '; ')"
    "             from jsonb_array_elements(case when jsonb_typeof(d.data -> 'sent') = 'array'"
    "                 then d.data -> 'sent' else '[]' end) s),"
    "         (select string_agg('timer \"' || (t ->> 'name') || '\" is due at ' || (t ->> 'at'), '; ')"
    "             from jsonb_array_elements(case when jsonb_typeof(d.data -> 'timers') = 'array'"
    "                 then d.data -> 'timers' else '[]' end) t)) end"
    " from cairn.events e, lateral (select e.data::jsonb as data) d"
    " where e.shard = 0 and e.position > $1 order by e.position limit $2";

static const char tables_sql[] =
    "select projection, generation from cairn.generations where live and state = 'following'";

/* The columns that the projector adds come first, so that the row itself is what follows them. */
static const char rows_sql[] =
    "select r._position, r._key, r._parked, r._deleted,"
    " regexp_replace(row_to_json(r)::text, '^.*?\"_deleted\":(?:true|false),', '{')"
    " from read.%s r where r._position > $1 order by r._position, r._key limit $2";

/* ---- opening ---- */

int cairn_dev_follower_open(struct cairn_arena *arena, const char *url,
                            struct cairn_dev_follower *ret, struct cairn_error *error)
{
    static const struct cairn_statement head = {.name = NULL, .sql = "select cairn.head()"};
    *ret = (struct cairn_dev_follower){.arena = arena, .rows = cairn_map(arena)};
    int failed = cairn_pg_open(url, "cairn dev", &ret->pg, error);
    if (failed)
        return failed;
    cairn_pg_on_connect(ret->pg, "listen cairn; listen cairn_read");
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(ret->pg, &head, NULL, &rows, error);
    if (count < 0) {
        cairn_dev_follower_close(ret);
        return (int)count;
    }
    ret->begun_at = ret->shown = cairn_pg_integer(rows, 0, 0);
    return 0;
}

void cairn_dev_follower_close(struct cairn_dev_follower *follower)
{
    cairn_pg_close(follower->pg);
    follower->pg = NULL;
}

/* ---- events ---- */

static int64_t call(struct cairn_dev_follower *follower, struct cairn_arena *scratch,
                    const char *sql, int64_t after, struct cairn_pg_result **ret)
{
    const struct cairn_statement statement = {.name = NULL, .sql = sql};
    struct cairn_pg_params params = {.arena = scratch};
    cairn_pg_add_integer(&params, after);
    cairn_pg_add_integer(&params, PAGE);
    return cairn_pg_call(follower->pg, &statement, &params, ret, NULL);
}

static void show_event(const struct cairn_dev_output *output, struct cairn_arena *scratch,
                       const struct cairn_pg_result *rows, int64_t row)
{
    bool is_process = cairn_pg_bool(rows, row, 4);
    const char *type = is_process ? "" : cairn_print(scratch, "%s ", cairn_pg_text(rows, row, 3));
    cairn_dev_show(output, is_process ? CAIRN_BLUE : CAIRN_CYAN, is_process ? "process" : "event",
                   cairn_print(scratch, "#%" PRId64 " %s v%" PRId64 " %s%s",
                               cairn_pg_integer(rows, row, 0), cairn_pg_text(rows, row, 1),
                               cairn_pg_integer(rows, row, 2), type, cairn_pg_text(rows, row, 5)));
}

/* Returns whether there may be more. */
static bool show_events(struct cairn_dev_follower *follower, const struct cairn_dev_output *output,
                        struct cairn_arena *scratch)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = call(follower, scratch, events_sql, follower->shown, &rows);
    for (int64_t i = 0; i < count; i++) {
        show_event(output, scratch, rows, i);
        follower->shown = cairn_pg_integer(rows, i, 0);
    }
    return count == PAGE;
}

/* ---- rows ---- */

static void show_row(const struct cairn_dev_output *output, struct cairn_arena *scratch,
                     const char *projection, const struct cairn_pg_result *rows, int64_t row)
{
    const char *text = cairn_pg_bool(rows, row, 3)   ? "deleted"
                       : cairn_pg_bool(rows, row, 2) ? "parked: see `cairn parked`"
                                                     : cairn_pg_text(rows, row, 4);
    cairn_dev_show(output, CAIRN_PLAIN, "row",
                   cairn_print(scratch, "%s %s %s", projection, cairn_pg_text(rows, row, 1), text));
}

/* A new generation has the same rows, so the position of the one before is continued. */
static int64_t *shown_of(struct cairn_dev_follower *follower, const char *projection)
{
    void **at = cairn_map_at(&follower->rows, projection);
    if (!*at) {
        int64_t *shown = cairn_new(follower->arena, int64_t, 1);
        *shown = follower->begun_at;
        *at = shown;
    }
    return *at;
}

static void show_rows(struct cairn_dev_follower *follower, const struct cairn_dev_output *output,
                      struct cairn_arena *scratch, const char *projection, int64_t generation)
{
    struct cairn_buffer table = cairn_buffer(scratch);
    int64_t *shown = shown_of(follower, projection);
    cairn_pg_quote(&table, cairn_print(scratch, "%s_g%" PRId64, projection, generation));
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count =
        call(follower, scratch, cairn_print(scratch, rows_sql, table.text), *shown, &rows);
    for (int64_t i = 0; i < count; i++) {
        show_row(output, scratch, projection, rows, i);
        *shown = cairn_pg_integer(rows, i, 0);
    }
}

static void show_tables(struct cairn_dev_follower *follower, const struct cairn_dev_output *output,
                        struct cairn_arena *scratch)
{
    static const struct cairn_statement statement = {.name = NULL, .sql = tables_sql};
    CAIRN_PG_RESULT *tables = NULL;
    int64_t count = cairn_pg_call(follower->pg, &statement, NULL, &tables, NULL);
    for (int64_t i = 0; i < count; i++)
        show_rows(follower, output, scratch, cairn_pg_text(tables, i, 0),
                  cairn_pg_integer(tables, i, 1));
}

/* ---- following ---- */

/* Takes the notifications that have come. Returns whether there were any. */
static bool was_notified(struct cairn_dev_follower *follower)
{
    char payload[80];
    bool any = false;
    while (cairn_pg_wait(follower->pg, GLANCE_US, -1, payload, sizeof payload, NULL) > 0)
        any = true;
    return any;
}

void cairn_dev_follower_follow(struct cairn_dev_follower *follower,
                               const struct cairn_dev_output *output)
{
    struct cairn_arena scratch = {0};
    int64_t now_us = cairn_monotonic_us();
    if (!was_notified(follower) && now_us - follower->looked_us < LOOK_US)
        return;
    follower->looked_us = now_us;
    while (show_events(follower, output, &scratch))
        cairn_arena_reset(&scratch);
    show_tables(follower, output, &scratch);
    cairn_arena_close(&scratch);
}
