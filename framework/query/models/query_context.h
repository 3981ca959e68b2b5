/* query_context.h - per-thread state of the query side: a connection to PostgreSQL, and for each
 * read model the statements for the generation that is read. */
#ifndef CAIRN_QUERY_QUERY_CONTEXT_H
#define CAIRN_QUERY_QUERY_CONTEXT_H

#include "core/containers/map.h"
#include "query/models/known_models.h"

struct cairn_query_model {
    size_t number;                  /* index among the models of the process */
    struct cairn_query_known known; /* as of the beginning of this look */
    int64_t made_for;               /* generation of the members below */
    struct cairn_arena arena;       /* of the members below; reset for another generation */
    struct cairn_map statements;    /* of struct cairn_statement, by what they read */
    struct cairn_query_model *next;
};

struct cairn_query_context {
    struct cairn_query_engine *engine;
    struct cairn_pg *pg;
    struct cairn_store *store;  /* to fold past states from; it connects when that is asked for */
    struct cairn_arena scratch; /* of one handler call */
    struct cairn_query_model *models;
    int64_t statement_count; /* statements created so far; names them */
};

/* Looks up a read model's known state and its statements; with `again` PostgreSQL is asked first.
 * Returns 0, or
 *   -CAIRN_UNAVAILABLE  PostgreSQL is unavailable, or the read model is being built: no generation
 *                       of it is complete
 * The model lives as long as the context; what it points to is valid until the next call. */
int cairn_query_model(struct cairn_query_context *context,
                      const struct cairn_projection *projection, bool again,
                      struct cairn_query_model **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Returns whether the rows are keyed by the stream ids of one category. Keys are then UUIDs, and
 * the stream's version identifies the state of a row. */
bool cairn_query_by_stream(const struct cairn_projection *projection);

/* Returns the place of a statement for the model's generation, under a name that says what it
 * reads; NULL in it: cairn_query_statement() makes one. */
void **cairn_query_statement_at(struct cairn_query_model *model, const char *what);
/* Returns a statement in the model's memory, whose name is unique within this context. */
struct cairn_statement *cairn_query_statement(struct cairn_query_context *context,
                                              struct cairn_query_model *model, const char *sql);

/* Read-only, and always by index: a statement planned while a table was small would otherwise keep
 * scanning the whole table after it has grown. */
#define CAIRN_QUERY_GREETING                                                                       \
    "set default_transaction_read_only = on;"                                                      \
    "set enable_seqscan = off; set enable_bitmapscan = off;"                                       \
    "set enable_sort = off"

/* Opens a connection with the query side's settings: read-only, always by index. `also` replaces
 * the SQL that is run on each connect; NULL for the default. */
int cairn_query_connect(const char *database_url, const char *also, struct cairn_pg **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

#endif
