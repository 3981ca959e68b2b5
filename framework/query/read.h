/* read.h - one look at a read model for one request, and what it showed.
 *
 *     handle.c     the request, the model, the look, the answer
 *     fresh.c      is it fresh enough, and how long is that waited for
 *     resource.c   looks for one row, in Redis, then in PostgreSQL
 *     list.c       looks for a page of rows
 *     answer.c     what the client is told */
#ifndef CAIRN_QUERY_READ_H
#define CAIRN_QUERY_READ_H

#include "query/ask.h"
#include "query/context.h"

struct cairn_query_read {
    struct cairn_query_context *context;
    const struct cairn_resource *resource;
    const struct cairn_query_ask *ask;
    struct cairn_arena *arena; /* the context's scratch: what is read lies here */
    struct cairn_query_model *model;
    int64_t at_least; /* position that the client wants to see; 0 if any will do */

    bool outdated;      /* the model was not as it was known: look at it again */
    int64_t position;   /* that was shown; -1 while none was */
    const char *source; /* the store that answered: "redis", "postgres" */
    const char *body;   /* JSON */
    size_t body_bytes;
    const char *etag;
};

/* Each returns 0 with a body and an ETag, or
 *   -CAIRN_NOT_FOUND    there is no such row, as of `position`
 *   -CAIRN_STALE        the read model is behind `at_least`
 *   -CAIRN_PARKED       the row is behind, and will be until somebody acts
 *   -CAIRN_DIVERGED     the read model is of another timeline than the log
 *   -CAIRN_UNAVAILABLE  no store could be asked, or the model was outdated */
int cairn_query_read_row(struct cairn_query_read *read, struct cairn_error *error) CAIRN_CHECKED;
int cairn_query_read_list(struct cairn_query_read *read, struct cairn_error *error) CAIRN_CHECKED;

/* Asks PostgreSQL; a table that is gone means that the model is outdated. */
int64_t cairn_query_ask_postgres(struct cairn_query_read *read,
                                 const struct cairn_statement *statement,
                                 const struct cairn_pg_params *params, struct cairn_pg_result **ret,
                                 struct cairn_error *error) CAIRN_CHECKED;

/* The row that PostgreSQL wrote as JSON, read into a struct of the row's type. */
int cairn_query_decode_row(struct cairn_query_read *read, const struct cairn_pg_result *rows,
                           int64_t row, void **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Does an If-None-Match header name this ETag, by the weak comparison of RFC 9110? */
bool cairn_query_etag_named(const char *if_none_match, const char *etag);

/* Fills in what was read; `failed` is what the look returned. */
void cairn_query_answer(const struct cairn_query_read *read,
                        const struct cairn_http_request *request, int failed,
                        const struct cairn_error *error, struct cairn_http_response *response);

#endif
