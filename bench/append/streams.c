/* streams.c - reads the last version and event of each stream of the load, in one query. */
#include "append/streams.h"

#include "core/containers/arena.h"
#include "postgres/postgres.h"

#include <stdio.h>
#include <stdlib.h>

/* The stream names must match those that fill.sql creates. */
static const struct cairn_statement tails_statement = {
    .name = "bench_tails",
    .sql = "select s.name, coalesce(t.version, 0), t.event_id"
           "    from (select 'account-00000000-0000-4000-8000-'"
           "                     || lpad(($1 + k * $2)::text, 12, '0') as name, k"
           "              from generate_series(0, $3 - 1) as k) s"
           "    left join lateral ("
           "        select e.version, e.event_id"
           "            from cairn.events e"
           "            where e.shard = 0 and e.stream = s.name"
           "            order by e.version desc"
           "            limit 1) t on true"
           "    order by s.k",
};

static void fail(const struct cairn_error *error)
{
    (void)fprintf(stderr, "cairn_append: the streams cannot be read: %s\n", error->message);
    exit(1);
}

static void copy_stream(const struct cairn_pg_result *rows, int64_t i, struct stream *ret)
{
    (void)snprintf(ret->name, sizeof ret->name, "%s", cairn_pg_text(rows, i, 0));
    ret->version = cairn_pg_integer(rows, i, 1);
    if (!cairn_pg_null(rows, i, 2))
        ret->event_id = cairn_pg_uuid(rows, i, 2);
}

struct stream *streams_load(const char *url, const struct streams_range *range)
{
    struct cairn_error error = {0};
    struct cairn_arena arena = {0};
    struct cairn_pg *pg = NULL;
    if (cairn_pg_open(url, "bench", &pg, &error) < 0)
        fail(&error);
    cairn_pg_set_deadline(pg, CAIRN_MINUTES(5));

    struct cairn_pg_params params = {.arena = &arena};
    cairn_pg_add_integer(&params, range->first);
    cairn_pg_add_integer(&params, range->stride);
    cairn_pg_add_integer(&params, range->count);
    struct cairn_pg_result *rows = NULL;
    if (cairn_pg_call(pg, &tails_statement, &params, &rows, &error) != range->count)
        fail(&error);
    struct stream *streams = cairn_allocate((size_t)range->count * sizeof *streams);
    for (int64_t i = 0; i < range->count; i++)
        copy_stream(rows, i, &streams[i]);

    cairn_pg_clear(rows);
    cairn_pg_close(pg);
    cairn_arena_close(&arena);
    return streams;
}
