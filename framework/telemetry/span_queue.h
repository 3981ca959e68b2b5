/* span_queue.h - the bounded queue of spans between all threads that end one and the exporter.
 *
 * No thread waits: a push into a full queue fails, and the caller counts the span as dropped. The
 * slots are a ring (D. Vyukov's bounded queue): a number in each says whose turn it is, so that
 * pushes need no lock, only one step of a counter.
 *
 * Threads: any number may push; one takes. */
#ifndef CAIRN_TELEMETRY_SPAN_QUEUE_H
#define CAIRN_TELEMETRY_SPAN_QUEUE_H

#include "telemetry/span.h"

struct cairn_span_queue;

struct cairn_span_queue *cairn_span_queue_open(size_t capacity);
void cairn_span_queue_free(struct cairn_span_queue *queue); /* NULL is allowed */

/* Copies the span. Returns how many were pushed before it, or -1 if the queue is full. */
int64_t cairn_span_queue_push(struct cairn_span_queue *queue, const struct cairn_span *span);

/* Returns the oldest span, to be read before it is released; NULL if there is none. */
const struct cairn_span *cairn_span_queue_look(struct cairn_span_queue *queue);
void cairn_span_queue_release(struct cairn_span_queue *queue);

/* Returns about how many there are. */
size_t cairn_span_queue_count(const struct cairn_span_queue *queue);

#endif
