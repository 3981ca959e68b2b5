/* live.h - followed rows and pages, and the streams that follow them.
 *
 * A topic is a followed row, or a followed page of a list, with the message that shows its newest
 * state; a reader is one stream. Readers that see different rows have topics of their own: to those
 * of an owner, a row that is no longer its own is shown as deleted, once, and as it is when it is
 * its own again. A change of a topic only wakes its readers: each of them copies
 * the newest message when its socket has room. A slow reader therefore skips intermediate states,
 * but never the last one; the only buffer per reader is the message being sent.
 *
 * Changes come from the watch's thread: when a checkpoint has moved it reads the keys of the rows
 * changed since, by the index on their positions, and then those rows that are topics: two queries
 * for all readers of a read model, however many there are. Pages are read again by threads of their
 * own whenever their read model has moved (follow_pages.h).
 *
 * Invariants, under the lock
 *  (1) A topic shows a state at or past `followed` of its model, or is dirty: it will be read.
 *  (2) A topic has a reader; it is removed with its last one, along with any unsent message.
 *
 * A stream ends when the token expires that it was opened with: nothing is sent after that, and the
 * next change or heartbeat ends it. The client comes again, with a new token and Last-Event-ID.
 *
 * Threads: any; one lock. It is held while the streams' lock of http/ is acquired, never the other
 * way round. */
#ifndef CAIRN_QUERY_LIVE_H
#define CAIRN_QUERY_LIVE_H

#include "http/http.h"
#include "query/models/known_models.h"
#include "query/request/row_owner.h"

struct cairn_query_live;
struct cairn_page; /* topics.h */

struct cairn_query_live *cairn_query_live_open(struct cairn_query_models *models,
                                               int64_t streams_max, int64_t client_streams_max,
                                               int64_t pages_max, int64_t heartbeat_us);
/* Requires that all streams are closed. */
void cairn_query_live_close(struct cairn_query_live *live);
/* Refuses new streams; open ones end with the server. */
void cairn_query_live_stop(struct cairn_query_live *live);

/* Sets the function to call when there is work for cairn_query_live_follow(). Called once, before
 * anything is followed. */
void cairn_query_live_on_news(struct cairn_query_live *live, void (*news)(void *context),
                              void *context);

/* The state of a row as it was read, or of a page. */
struct cairn_query_state {
    const char *key;                /* of a page: cairn_query_ask_page() */
    const char *json;               /* NULL: it was deleted */
    struct cairn_query_owner owner; /* of a row: for readers that see this owner's */
    const char *print;              /* of a page: its fingerprint; else NULL */
    int64_t until_s;    /* since 1970: when the reader's token expires; 0: it needs none */
    int64_t generation; /* in which it was read */
    int64_t changed;    /* position of the last change; of a page: where it was read */
    int64_t position;   /* of the checkpoint in the same snapshot */
    const struct cairn_timeline *timeline;
};

/* Makes the response a stream that begins with this state, unless the client has seen it: `seen` is
 * the position of its Last-Event-ID, if that is of this timeline and generation, else -1. `page` is
 * NULL for a row; otherwise its ownership passes to the callee in any case. Returns 0, or
 * -CAIRN_BUSY if there are too many streams or followed pages, or the server stops, or
 * -CAIRN_TOO_MANY if the client has too many. */
int cairn_query_live_join(struct cairn_query_live *live, size_t model, struct cairn_page *page,
                          const struct cairn_query_state *state, int64_t seen,
                          struct cairn_http_request *request, struct cairn_http_response *response,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Reads what has changed and shows it. Called by the watch's thread, on its connection. */
int cairn_query_live_follow(struct cairn_query_live *live, struct cairn_pg *pg,
                            struct cairn_arena *scratch, struct cairn_error *error) CAIRN_CHECKED;

/* Sends a heartbeat to streams that are due for one, and cuts those whose clients do not read.
 * Returns when to do so next (monotonic). */
int64_t cairn_query_live_heartbeat(struct cairn_query_live *live);

#endif
