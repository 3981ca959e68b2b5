/* context.h - what a worker thread of the query side holds: connections, and for each read model
 * which generation of it is read, with the names and statements that follow from that.
 *
 * The generation and the timeline are looked up together, at most once a second, so a read by key
 * that Redis answers asks PostgreSQL nothing. While PostgreSQL is away, what was known is good for
 * another minute. Whoever finds that it is out of date (a token, a checkpoint or a table says so)
 * asks for another look. */
#ifndef CAIRN_QUERY_CONTEXT_H
#define CAIRN_QUERY_CONTEXT_H

#include "core/map.h"
#include "postgres/postgres.h"
#include "redis/redis.h"
#include "store/store.h"

#include <cairn/projection.h>

struct cairn_query_model {
    const struct cairn_projection *projection;
    struct cairn_timeline timeline;
    int64_t generation;       /* the newest complete one of this code's version; 0: there is none */
    int64_t looked_us;        /* monotonic: when PostgreSQL said so */
    int64_t look_us;          /* monotonic: when to ask it again */
    struct cairn_arena arena; /* of what follows; emptied when generation or timeline change */
    const char *row_prefix;   /* in Redis: what comes before the row's key */
    const char *checkpoint_key;
    struct cairn_statement by_key;
    struct cairn_map lists; /* of struct cairn_statement, see list.c */
    struct cairn_query_model *next;
};

struct cairn_query_context {
    struct cairn_pg *pg;
    struct cairn_redis *redis;  /* NULL: there is none */
    struct cairn_arena scratch; /* of one call of the handler */
    struct cairn_query_model *models;
    int64_t statement_count; /* made so far: their names */
};

/* What is known of a read model; with `again`, as PostgreSQL says now. Returns 0, or
 *   -CAIRN_UNAVAILABLE  PostgreSQL is away, or the read model is being built: no generation of it
 *                       is complete
 * The model lives as long as the context; what it points to until the next call. */
int cairn_query_model(struct cairn_query_context *context,
                      const struct cairn_projection *projection, bool again,
                      struct cairn_query_model **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Are its rows keyed by the ids of one category's streams? Then keys are UUIDs, and the version of
 * the stream says all about a row. */
bool cairn_query_by_stream(const struct cairn_projection *projection);

/* A statement with a name that no other one of this context has. */
struct cairn_statement cairn_query_statement(struct cairn_query_context *context,
                                             struct cairn_arena *arena, const char *sql);

#endif
