/* worker.h - the threads that call the handlers, and the requests that wait for them.
 *
 * Invariants
 *  (1) At most `queue_max` requests are open: reserved and not yet answered, whether they wait for
 *      a worker, for their time, or are being worked on; and some more of vital routes.
 *  (2) Requests are taken in the order in which they came; a deferred one comes again, at the end
 *      of the line, when its time is up, a suspended one when it is resumed. (One of an eager route
 *      goes back to its polling thread then.)
 *
 * The list of requests is not core/queue.h: a worker waits for two things at once, the next in line
 * and the next whose time is up, and both count against one bound.
 *
 * Threads: one lock, in worker.c, which is never held while a handler runs. */
#ifndef CAIRN_HTTP_WORKER_H
#define CAIRN_HTTP_WORKER_H

#include "http/exchange.h"

struct cairn_workers;

/* Returns 0, or -CAIRN_CONFIG if there are no threads to be had. The options are borrowed. */
int cairn_workers_start(const struct cairn_http_options *options, struct cairn_workers **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Takes one of the places, for a request from its handler's first call until its answer leaves or
 * its client is gone. False if all are taken: answer busy. */
bool cairn_workers_reserve(struct cairn_workers *workers, bool vital) CAIRN_CHECKED;

/* Gives the place back. The polling thread does, so that a place that is free says that nobody else
 * has the request any more. */
void cairn_workers_release(struct cairn_workers *workers);

/* Hands over a request that has a place and whose connection is suspended. It is resumed when the
 * answer is ready; the exchange is not the caller's any more. */
void cairn_workers_push(struct cairn_workers *workers, struct cairn_exchange *exchange);

/* The same, when the time is up that its handler has named. */
void cairn_workers_defer(struct cairn_workers *workers, struct cairn_exchange *exchange);

/* Calls the handler; `worker` is NULL on a polling thread. */
enum cairn_http_outcome cairn_exchange_call(struct cairn_exchange *exchange, void *worker);

/* Its handler has said SUSPENDED, and its connection is suspended. The exchange is not the caller's
 * any more. */
void cairn_exchange_suspend(struct cairn_exchange *exchange);

/* Lets the handlers that run finish, answers what waits with 503, ends the threads. Afterwards no
 * connection is suspended and no place is free. May be called again. */
void cairn_workers_stop(struct cairn_workers *workers);

/* After they were stopped, and the polling threads. */
void cairn_workers_free(struct cairn_workers *workers);

#endif
