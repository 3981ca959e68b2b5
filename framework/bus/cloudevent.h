/* cloudevent.h - an event as a CloudEvent 1.0 in JSON: written by the publisher, read by
 * consumers. cairn/publication.h lists the attributes. */
#ifndef CAIRN_BUS_CLOUDEVENT_H
#define CAIRN_BUS_CLOUDEVENT_H

#include "core/containers/buffer.h"
#include "store/store.h"
#include "telemetry/trace_context.h"

#include <cairn/publication.h>

/* Appends the event to `out`. `row` is its state, NULL for none; used in style CAIRN_BUS_STATE
 * only. `problem` is the reason why there is no state, or NULL; with it the event has no data, and
 * a consumer that needs data makes the event a dead letter. `trace` is what it is a part of;
 * zeroed: none. */
void cairn_cloudevent_write(const struct cairn_publication *publication,
                            const struct cairn_timeline *timeline,
                            const struct cairn_stored_event *event, const void *row,
                            const char *problem, const struct cairn_trace *trace,
                            struct cairn_buffer *out);

/* A decoded event without its data. Its texts are in the arena. */
struct cairn_cloudevent {
    struct cairn_meta meta;
    const char *type;
    const char *category;                 /* of the stream */
    const char *traceparent, *tracestate; /* or NULL */
    int64_t schema_version;
    const char *problem; /* why expected data is missing, or NULL */
    bool has_data;       /* `data` is present and not null */
};

/* Decodes all but the data. Returns 0, or -CAIRN_UNREADABLE if it is no CloudEvent of this bus. */
int cairn_cloudevent_read(const char *json, size_t bytes, struct cairn_arena *arena,
                          struct cairn_cloudevent *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Decodes `data` into a struct of the record, leniently. Returns 0 or -CAIRN_UNREADABLE. */
int cairn_cloudevent_data(const char *json, size_t bytes, const struct cairn_record *record,
                          struct cairn_arena *arena, void *ret,
                          struct cairn_error *error) CAIRN_CHECKED;

#endif
