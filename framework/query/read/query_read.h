/* query_read.h - the state of one request, and of one read of a read model on its behalf.
 *
 *     query_handler.c     the request, the model, the read, the answer
 *     read_copy.c       reads one row from Redis
 *     fresh.c      whether the result is fresh enough, and how long to wait for that
 *     read_row.c   reads one row from PostgreSQL
 *     read_list.c       reads a page of rows
 *     query_answer.c     fills in the response
 *     event_stream.c     begins an event stream
 *     follow_pages.c      re-reads pages, for streams */
#ifndef CAIRN_QUERY_QUERY_READ_H
#define CAIRN_QUERY_QUERY_READ_H

#include "query/models/query_context.h"
#include "query/models/watch.h"
#include "query/query_engine.h"
#include "query/request/ask.h"
#include "redis/pipe.h"

/* The state of a request between handler calls, in request->memo. */
struct cairn_query_visit {
    struct cairn_query_engine *engine;
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
    bool passed; /* Redis could not answer: ask PostgreSQL */

    bool why; /* the events that made the row are wanted */
};

/* A past state of a row (history/past.h). */
struct cairn_query_past {
    bool is_past;
    int64_t position;     /* up to which it was folded */
    struct cairn_time at; /* of the last event that is in it */
    bool lasts;           /* the request names the position: the answer is the same for ever */
};

struct cairn_query_read {
    struct cairn_query_visit *visit;
    struct cairn_query_context *context; /* NULL if Redis answers */
    const struct cairn_resource *resource;
    const struct cairn_query_ask *ask;
    struct cairn_arena *arena;       /* for results: the context's scratch, or the request's */
    struct cairn_query_model *model; /* only with PostgreSQL */
    const struct cairn_query_known *known;
    int64_t at_least; /* position required by the client; 0: any */
    int64_t token;    /* the position named by its token; 0: none */

    bool outdated;      /* the known model state is outdated: look it up again */
    int64_t position;   /* that was shown; -1: none yet */
    const char *source; /* the store that answered: "redis", "postgres" */
    const char *body;   /* JSON */
    size_t body_bytes;
    const char *etag;
    int64_t changed; /* by key: position of the row's last change; 0 if it never existed */
    int64_t parked;  /* of a list: parked rows, which it may lack or show in an old state */
    struct cairn_query_past past; /* zeroed: the row as it is */
};

/* Asks Redis, if that may help, on a polling thread. Returns true if the request will be answered
 * or handed over. */
bool cairn_query_ask_copy(struct cairn_query_visit *visit) CAIRN_CHECKED;

/* Each returns 0 with a body and an ETag, or
 *   -CAIRN_NOT_FOUND    there is no such row, as of `position`
 *   -CAIRN_INVALID      the cursor was not issued for this list
 *   -CAIRN_STALE        the read model is behind `at_least`
 *   -CAIRN_PARKED       the row is behind until its parked event is retried or skipped
 *   -CAIRN_DIVERGED     the read model is of another timeline than the log
 *   -CAIRN_UNAVAILABLE  no store could be asked, or the model was outdated */
int cairn_query_read_row(struct cairn_query_read *read, struct cairn_error *error) CAIRN_CHECKED;
int cairn_query_read_list(struct cairn_query_read *read, struct cairn_error *error) CAIRN_CHECKED;

/* Returns a fingerprint of the page's content, in the read's arena. */
const char *cairn_query_page_print(const struct cairn_query_read *read);

/* Reads from PostgreSQL at the known generation; if that was outdated, once more at the one that
 * PostgreSQL names. Returns the same as the two above. */
int cairn_query_look(struct cairn_query_read *read, struct cairn_error *error) CAIRN_CHECKED;

/* Asks PostgreSQL; a missing table means that the model is outdated. */
int64_t cairn_query_ask_postgres(struct cairn_query_read *read,
                                 const struct cairn_statement *statement,
                                 const struct cairn_pg_params *params, struct cairn_pg_result **ret,
                                 struct cairn_error *error) CAIRN_CHECKED;

/* Decodes the row's JSON from PostgreSQL into a struct of the row's type. */
int cairn_query_decode_row(struct cairn_query_read *read, const struct cairn_pg_result *rows,
                           int64_t row, void **ret, struct cairn_error *error) CAIRN_CHECKED;

/* The first returns the ETag of the row or page in `read->body`, which commands do not accept;
 * the second a row's ETag by its stream's version, which they do, if the row is the fold of
 * one stream. */
const char *cairn_query_body_etag(const struct cairn_query_read *read);
const char *cairn_query_row_etag(const struct cairn_query_read *read, int64_t version);

/* Fills in the response; `failed` is the result of the read. */
void cairn_query_answer(const struct cairn_query_read *read, int failed,
                        const struct cairn_error *error);

/* Makes the answer a stream, after a read that found the row or page, or that it was deleted.
 * Returns 0, or -CAIRN_NOT_FOUND if there is nothing to follow, or -CAIRN_BUSY. */
int cairn_query_begin_stream(const struct cairn_query_read *read, int looked,
                             struct cairn_error *error) CAIRN_CHECKED;

#endif
