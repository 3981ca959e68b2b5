/* context.h - what a worker thread of the query side holds: a connection to PostgreSQL, and for
 * each read model the statements for the generation that is read. */
#ifndef CAIRN_QUERY_CONTEXT_H
#define CAIRN_QUERY_CONTEXT_H

#include "core/map.h"
#include "query/models.h"

struct cairn_query_model {
    size_t number;                  /* among the models of the process */
    struct cairn_query_known known; /* at the beginning of this look */
    int64_t made_for;               /* generation of what follows */
    struct cairn_arena arena;       /* of what follows; emptied for another generation */
    struct cairn_statement by_key;
    struct cairn_map lists; /* of struct cairn_statement, see list.c */
    struct cairn_query_model *next;
};

struct cairn_query_context {
    struct cairn_query_side *side;
    struct cairn_pg *pg;
    struct cairn_arena scratch; /* of one call of the handler */
    struct cairn_query_model *models;
    int64_t statement_count; /* made so far: their names */
};

/* What is known of a read model, with `again` as PostgreSQL says now, and its statements. Returns
 * 0, or
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

/* Opens a connection as the query side uses it: reads only, and always by index. `also` is said at
 * its beginning, too; NULL for nothing. */
int cairn_query_connect(const char *database_url, const char *also, struct cairn_pg **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

#endif
