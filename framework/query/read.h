/* read.h - one request on its way, one look at a read model for it, and what that showed.
 *
 *     handle.c     the request, the model, the look, the answer
 *     copy.c       looks for one row in Redis
 *     fresh.c      is it fresh enough, and how long is that waited for
 *     resource.c   looks for one row in PostgreSQL
 *     list.c       looks for a page of rows
 *     answer.c     what the client is told
 *     stream.c     the answer that goes on
 *     pages.c      looks at pages again, for streams */
#ifndef CAIRN_QUERY_READ_H
#define CAIRN_QUERY_READ_H

#include "query/ask.h"
#include "query/context.h"
#include "query/side.h"
#include "redis/pipe.h"

/* What is kept of a request from call to call, in request->memo. */
struct cairn_query_visit {
    struct cairn_query_side *side;
    const struct cairn_resource *resource;
    struct cairn_http_request *request;
    struct cairn_http_response *response;
    struct cairn_query_ask ask;
    size_t model;
    struct cairn_query_wait wait;

    /* While Redis is asked: */
    struct cairn_query_known known;
    int64_t at_least;
    struct cairn_redis_pipe *redis; /* the polling thread's */
    struct cairn_redis_question question;
    bool passed; /* it has been asked in vain: PostgreSQL's turn */
};

struct cairn_query_read {
    struct cairn_query_visit *visit;
    struct cairn_query_context *context; /* NULL where Redis answers */
    const struct cairn_resource *resource;
    const struct cairn_query_ask *ask;
    struct cairn_arena *arena; /* what is read lies here: the context's scratch, or the request's */
    struct cairn_query_model *model; /* PostgreSQL's */
    const struct cairn_query_known *known;
    int64_t at_least; /* position that the client wants to see; 0 if any will do */
    int64_t token;    /* the one that its token names; 0: none */

    bool outdated;      /* what is known of the model was not so: look at it again */
    int64_t position;   /* that was shown; -1 while none was */
    const char *source; /* the store that answered: "redis", "postgres" */
    const char *body;   /* JSON */
    size_t body_bytes;
    const char *etag;
    int64_t changed; /* by key: position of the row's last change; 0 if it was never there */
    int64_t parked;  /* of a list: rows that it may lack, or show as they were before an event */
};

/* Asks Redis, if that may help, on a polling thread. True: the request will be answered or handed
 * over. */
bool cairn_query_ask_copy(struct cairn_query_visit *visit) CAIRN_CHECKED;

/* Each returns 0 with a body and an ETag, or
 *   -CAIRN_NOT_FOUND    there is no such row, as of `position`
 *   -CAIRN_INVALID      the cursor is not one of ours
 *   -CAIRN_STALE        the read model is behind `at_least`
 *   -CAIRN_PARKED       the row is behind, and will be until somebody acts
 *   -CAIRN_DIVERGED     the read model is of another timeline than the log
 *   -CAIRN_UNAVAILABLE  no store could be asked, or the model was outdated */
int cairn_query_read_row(struct cairn_query_read *read, struct cairn_error *error) CAIRN_CHECKED;
int cairn_query_read_list(struct cairn_query_read *read, struct cairn_error *error) CAIRN_CHECKED;

/* What tells this page from every other that its list might show, in the read's arena. */
const char *cairn_query_page_print(const struct cairn_query_read *read);

/* Looks in PostgreSQL, at the generation that is known, and where that was outdated once more at
 * the one that it says. Returns as the two above. */
int cairn_query_look(struct cairn_query_read *read, struct cairn_error *error) CAIRN_CHECKED;

/* Asks PostgreSQL; a table that is gone means that the model is outdated. */
int64_t cairn_query_ask_postgres(struct cairn_query_read *read,
                                 const struct cairn_statement *statement,
                                 const struct cairn_pg_params *params, struct cairn_pg_result **ret,
                                 struct cairn_error *error) CAIRN_CHECKED;

/* The row that PostgreSQL wrote as JSON, read into a struct of the row's type. */
int cairn_query_decode_row(struct cairn_query_read *read, const struct cairn_pg_result *rows,
                           int64_t row, void **ret, struct cairn_error *error) CAIRN_CHECKED;

/* The ETag of the row or page in `read->body`, which a command does not take; and of a row, by the
 * version of its stream, which it does, where it is the fold of one. */
const char *cairn_query_body_etag(const struct cairn_query_read *read);
const char *cairn_query_row_etag(const struct cairn_query_read *read, int64_t version);

/* Fills in what was read; `failed` is what the look returned. */
void cairn_query_answer(const struct cairn_query_read *read, int failed,
                        const struct cairn_error *error);

/* After a look that found the row or page, or that it was deleted: makes the answer a stream.
 * Returns 0, or -CAIRN_NOT_FOUND if there is nothing to follow, or -CAIRN_BUSY. */
int cairn_query_begin_stream(const struct cairn_query_read *read, int looked,
                             struct cairn_error *error) CAIRN_CHECKED;

#endif
