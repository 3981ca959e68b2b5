/* worker.h - the threads that call the handlers, and the queue of requests for them.
 *
 * Invariants
 *  (1) At most `queue_max` requests are open: reserved and not yet answered, whether they wait for
 *      a worker, are deferred, or are being handled; plus some more of vital routes.
 *  (2) Requests are handled in order of arrival; a deferred one is appended to the queue again when
 *      its time has come, a suspended one when it is resumed. (On an eager route a resumed request
 *      returns to its polling thread.)
 *
 * The queue of requests is not core/threads/queue.h: a worker waits for two things, the next
 * request in the queue and the next deferred one, and both count against one limit.
 *
 * Threads: one lock, in worker.c, which is never held while a handler runs. */
#ifndef CAIRN_HTTP_WORKER_H
#define CAIRN_HTTP_WORKER_H

#include "http/exchange.h"

struct cairn_workers;

/* Returns 0, or -CAIRN_CONFIG if the threads cannot be created. The options are borrowed. */
int cairn_workers_start(const struct cairn_http_options *options, struct cairn_workers **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Reserves a place for a request, from its handler's first call until its answer leaves or its
 * client disconnects. Returns false if all are taken: answer busy. */
bool cairn_workers_reserve(struct cairn_workers *workers, bool vital) CAIRN_CHECKED;

/* Releases the place. Called by the polling thread, so that a free place means that no other thread
 * has the request any more. */
void cairn_workers_release(struct cairn_workers *workers);

/* Passes a request that has a place and whose connection is suspended to the workers. It is resumed
 * when the answer is ready; the caller no longer owns the exchange. */
void cairn_workers_push(struct cairn_workers *workers, struct cairn_exchange *exchange);

/* The same, after the delay that its handler has set. */
void cairn_workers_defer(struct cairn_workers *workers, struct cairn_exchange *exchange);

/* Calls the handler; `worker` is NULL on a polling thread. */
enum cairn_http_outcome cairn_exchange_call(struct cairn_exchange *exchange, void *worker);

/* Suspends a request whose handler returned SUSPENDED and whose connection is suspended. The caller
 * no longer owns the exchange. */
void cairn_exchange_suspend(struct cairn_exchange *exchange);

/* Lets running handlers finish, answers waiting requests with 503, stops the threads. Afterwards no
 * connection is suspended and no place can be reserved. May be called again. */
void cairn_workers_stop(struct cairn_workers *workers);

/* Call after the workers and the polling threads were stopped. */
void cairn_workers_free(struct cairn_workers *workers);

#endif
