/* log_text.h - events as CloudEvents: a batch, or messages of a stream. */
#ifndef CAIRN_FEED_LOG_TEXT_H
#define CAIRN_FEED_LOG_TEXT_H

#include "core/containers/buffer.h"
#include "store/store.h"

#define CAIRN_CLOUDEVENT "application/cloudevents+json"
#define CAIRN_CLOUDEVENTS "application/cloudevents-batch+json"

void cairn_log_write_event(const struct cairn_timeline *timeline,
                           const struct cairn_stored_event *event, struct cairn_buffer *out);
/* Writes a JSON array. */
void cairn_log_write_batch(const struct cairn_timeline *timeline,
                           const struct cairn_stored_event *events, int64_t count,
                           struct cairn_buffer *out);
/* Writes server-sent events, each with the event's id as its id. */
void cairn_log_write_messages(const struct cairn_timeline *timeline,
                              const struct cairn_stored_event *events, int64_t count,
                              struct cairn_buffer *out);

#endif
