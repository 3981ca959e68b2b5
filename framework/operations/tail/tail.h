/* tail.h - the newest events of the log as they are recorded, as streams of server-sent events.
 *
 * GET /admin/tail?type=&category=&from= is answered by an endless stream: for each event that fits
 *
 *     id: 4711
 *     data: {"position":4711,"recorded_at":"…","stream":"…","version":1,"type":"…","meta":{…}}
 *
 * without its data, which may be large. It begins after the newest event, or after `from`, or after
 * the Last-Event-ID of a client that comes again; at most 10,000 positions back. What a slow client
 * has missed beyond that is told it, as `event: missed`.
 *
 * One thread reads the log for all streams, over a connection of its own, when a follower of the
 * log (store/read/log_follower.h) says that there is something new; without streams it reads
 * nothing. */
#ifndef CAIRN_OPERATIONS_TAIL_H
#define CAIRN_OPERATIONS_TAIL_H

#include "http/http.h"
#include "postgres/postgres.h"

#include <cairn/record.h>

struct cairn_tail;

/* What it asks for, for its description. */
extern const struct cairn_record *const cairn_tail_question;

/* Starts the thread. Returns 0, or -CAIRN_CONFIG: the URL is invalid, or no thread can be made. */
int cairn_tail_open(const char *database_url, struct cairn_tail **ret,
                    struct cairn_error *error) CAIRN_CHECKED;
/* Refuses new streams, and ends those that are open. NULL is fine here and below. */
void cairn_tail_stop(struct cairn_tail *tail);
/* Requires that all streams are closed. */
void cairn_tail_close(struct cairn_tail *tail);

/* Begins a stream, or refuses it: there are too many. `pg` is the caller's connection. */
enum cairn_http_outcome cairn_http_tail(struct cairn_tail *tail, struct cairn_pg *pg,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response);

#endif
