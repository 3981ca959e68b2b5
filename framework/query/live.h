/* live.h - rows and pages that are followed, and those who follow them.
 *
 * A topic is a row that somebody follows, or a page of a list, with the message that shows its
 * newest state; a reader is one stream. Whoever changes a topic does no more than wake its readers:
 * each of them takes the newest message when his socket has room for it. So a slow reader skips
 * what lies between, and never the last state; and all that is kept for him is the message that he
 * is in the middle of.
 *
 * Changes come from the watch's thread: when a checkpoint has moved it reads the keys of the rows
 * that were changed since, by the index on their positions, and then those rows that are topics.
 * That is two queries for all readers of a read model, however many they are. Pages are read again
 * by a thread of their own whenever their read model has moved (pages.h).
 *
 * Invariants, under the lock
 *  (1) A topic shows a state at or past `followed` of its model, or is dirty: it will be read.
 *  (2) A topic has a reader; a message that it had no time to show is none that anybody misses.
 *
 * Threads: any; one lock. It is held while the http room's lock for streams is taken, never the
 * other way round. */
#ifndef CAIRN_QUERY_LIVE_H
#define CAIRN_QUERY_LIVE_H

#include "http/http.h"
#include "query/models.h"

struct cairn_query_live;
struct cairn_page; /* topics.h */

struct cairn_query_live *cairn_query_live_open(struct cairn_query_models *models,
                                               int64_t streams_max, int64_t pages_max,
                                               int64_t heartbeat_us);
/* All streams were closed. */
void cairn_query_live_close(struct cairn_query_live *live);
/* No more streams; those that there are end with the server. */
void cairn_query_live_stop(struct cairn_query_live *live);

/* What to call when there is work for cairn_query_live_follow(). Once, before anybody follows. */
void cairn_query_live_on_news(struct cairn_query_live *live, void (*news)(void *context),
                              void *context);

/* A row as it was read, or a page. */
struct cairn_query_state {
    const char *key;    /* of a page: cairn_query_ask_page() */
    const char *json;   /* NULL: it was deleted */
    const char *print;  /* of a page: what tells it from others; else NULL */
    int64_t generation; /* that it was read in */
    int64_t changed;    /* position of its last change; a page's is not known: where it was read */
    int64_t position;   /* of the checkpoint that it was read with */
    const struct cairn_timeline *timeline;
};

/* Makes the response a stream that begins with this state, unless the reader has seen it: `seen` is
 * the position of his Last-Event-ID, if it is of this timeline and generation, else -1. `page` is
 * NULL for a row; else it is taken, whatever comes of it. Returns 0, or -CAIRN_BUSY if there are
 * too many streams, or too many different pages are followed, or the server stops. */
int cairn_query_live_join(struct cairn_query_live *live, size_t model, struct cairn_page *page,
                          const struct cairn_query_state *state, int64_t seen,
                          struct cairn_http_request *request, struct cairn_http_response *response,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Reads what has changed and shows it. For the watch's thread, on its connection. */
int cairn_query_live_follow(struct cairn_query_live *live, struct cairn_pg *pg,
                            struct cairn_arena *scratch, struct cairn_error *error) CAIRN_CHECKED;

/* Gives those who have heard nothing for long a sign of life, and cuts those who do not read.
 * Returns when to do so next (monotonic). */
int64_t cairn_query_live_beat(struct cairn_query_live *live);

/* ---- Last-Event-ID ---- */

enum { CAIRN_EVENT_ID_SIZE = 128 };

/* "TOKEN.GENERATION" (token.h), of a page "TOKEN.GENERATION.PRINT". Reading gives the position;
 * false if it is none, or of another timeline, or of another generation than the one that is asked
 * for (0: of any), or has another print (NULL: whatever it has). */
void cairn_event_id_format(const struct cairn_timeline *timeline, int64_t position,
                           int64_t generation, const char *print,
                           char ret[static CAIRN_EVENT_ID_SIZE]);
bool cairn_event_id_parse(const char *text, const struct cairn_timeline *timeline,
                          int64_t generation, const char *print,
                          int64_t *ret_position) CAIRN_CHECKED;

#endif
