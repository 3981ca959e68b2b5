/* cloudevent.c - writes and reads CloudEvents. */
#include "bus/cloudevent.h"

#include "record/json.h"
#include "store/events/amend.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static void add_text(struct cairn_buffer *out, const char *name, const char *text)
{
    cairn_buffer_text(out, name);
    cairn_buffer_json(out, text);
}

static void add_number(struct cairn_buffer *out, const char *name, int64_t number)
{
    cairn_buffer_text(out, name);
    cairn_buffer_char(out, '"');
    cairn_buffer_integer(out, number);
    cairn_buffer_char(out, '"');
}

static void add_data(const struct cairn_publication *publication,
                     const struct cairn_stored_event *event, const void *row,
                     struct cairn_buffer *out)
{
    cairn_buffer_text(out, ",\"datacontenttype\":\"application/json\",\"data\":");
    const struct cairn_stored_event amended = cairn_amended(event);
    if (publication->style == CAIRN_BUS_EVENT)
        cairn_buffer_bytes(out, amended.data, amended.data_bytes);
    else if (row)
        cairn_record_encode(publication->state->row, row, out);
    else
        cairn_buffer_text(out, "null");
}

static void add_actor(const struct cairn_stored_event *event, struct cairn_buffer *out)
{
    const struct cairn_meta meta = {.json = event->meta};
    const struct cairn_actor actor = cairn_caused_by(&meta, out->arena);
    if (!actor.sub)
        return;
    add_text(out, ",\"actor\":", actor.sub);
    add_text(out, ",\"actorissuer\":", actor.iss);
}

void cairn_cloudevent_write(const struct cairn_publication *publication,
                            const struct cairn_timeline *timeline,
                            const struct cairn_stored_event *event, const void *row,
                            const char *problem, const struct cairn_trace *trace,
                            struct cairn_buffer *out)
{
    static const char *const styles[] = {
        [CAIRN_BUS_EVENT] = "event", [CAIRN_BUS_THIN] = "thin", [CAIRN_BUS_STATE] = "state"};
    char traceparent[CAIRN_TRACEPARENT_SIZE];
    char id[CAIRN_UUID_TEXT_SIZE];
    char store[CAIRN_UUID_TEXT_SIZE];
    char time[CAIRN_TIME_TEXT_SIZE];
    cairn_uuid_format(event->event_id, id);
    cairn_uuid_format(timeline->store_id, store);
    cairn_time_format(event->recorded_at, time);
    cairn_buffer_text(out, "{\"specversion\":\"1.0\"");
    add_text(out, ",\"id\":", id);
    cairn_buffer_text(out, ",\"source\":\"urn:uuid:");
    cairn_buffer_text(out, store);
    add_text(out, "\",\"type\":", event->type);
    add_text(out, ",\"subject\":", event->stream);
    add_text(out, ",\"time\":", time);
    add_number(out, ",\"position\":", event->position);
    add_number(out, ",\"version\":", event->version);
    add_number(out, ",\"schemaversion\":", event->schema_version);
    add_text(out, ",\"style\":", styles[publication->style]);
    if (publication->shows_actor)
        add_actor(event, out);
    if (cairn_trace_exists(trace)) {
        cairn_trace_format(trace, traceparent);
        add_text(out, ",\"traceparent\":", traceparent);
        if (trace->state)
            add_text(out, ",\"tracestate\":", trace->state);
    }
    if (problem)
        add_text(out, ",\"problem\":", problem);
    else if (publication->style != CAIRN_BUS_THIN)
        add_data(publication, event, row, out);
    cairn_buffer_char(out, '}');
}

/* ---- reading ---- */

CAIRN_STRUCT(bus_envelope, TEXT(specversion), UUID(id), TEXT(type), TEXT(subject), TIME(time),
             TEXT(position), TEXT(version), TEXT(schemaversion), TEXT(style),
             TEXT(actor, .optional = true), TEXT(actorissuer, .optional = true),
             TEXT(traceparent, .optional = true), TEXT(tracestate, .optional = true),
             TEXT(problem, .optional = true));

/* Returns the positive integer that `text` is, or 0. */
static int64_t number_of(const char *text)
{
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    return *end == '\0' && end != text && number > 0 ? number : 0;
}

static int unreadable(const struct cairn_error *wrong, struct cairn_error *error)
{
    bool field = wrong->wrong_count > 0;
    return cairn_fail(error, CAIRN_UNREADABLE, "%s%s%s",
                      field ? wrong->wrong[0].pointer : wrong->message, field ? " " : "",
                      field ? wrong->wrong[0].message : "");
}

/* Returns the meta from which cairn_caused_by() reads the actor; NULL if the bus does not show
 * it. */
static const char *meta_of(const struct bus_envelope *envelope, struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    if (!envelope->actor || !envelope->actorissuer)
        return NULL;
    add_text(&out, "{\"actor\":{\"sub\":", envelope->actor);
    add_text(&out, ",\"iss\":", envelope->actorissuer);
    cairn_buffer_text(&out, "}}");
    return out.text;
}

/* Relies on the writer, which puts the data last. */
static bool ends_with_null(const char *json, size_t bytes)
{
    static const char null[] = ",\"data\":null}";
    size_t length = sizeof null - 1;
    return bytes > length && memcmp(json + bytes - length, null, length) == 0;
}

int cairn_cloudevent_read(const char *json, size_t bytes, struct cairn_arena *arena,
                          struct cairn_cloudevent *ret, struct cairn_error *error)
{
    struct bus_envelope envelope = {0};
    struct cairn_error wrong = {0};
    if (cairn_record_decode(&bus_envelope_record, json, bytes, CAIRN_LENIENT, arena, &envelope,
                            &wrong))
        return unreadable(&wrong, error);
    *ret = (struct cairn_cloudevent){
        .meta = {.stream = envelope.subject,
                 .position = number_of(envelope.position),
                 .version = number_of(envelope.version),
                 .event_id = envelope.id,
                 .recorded_at = envelope.time,
                 .json = meta_of(&envelope, arena)},
        .type = envelope.type,
        .category = cairn_copy_bytes(arena, envelope.subject, strcspn(envelope.subject, "-")),
        .traceparent = envelope.traceparent,
        .tracestate = cairn_tracestate_check(envelope.tracestate),
        .schema_version = number_of(envelope.schemaversion),
        .problem = envelope.problem,
        .has_data = !envelope.problem && strcmp(envelope.style, "thin") != 0 &&
                    !ends_with_null(json, bytes),
    };
    if (strcmp(envelope.specversion, "1.0") != 0 || !ret->meta.position || !ret->meta.version ||
        !ret->schema_version)
        return cairn_fail(error, CAIRN_UNREADABLE, "not a CloudEvent of this bus");
    /* a stream whose name has no UUID was appended to by hand */
    (void)!cairn_stream_id(envelope.subject, &ret->meta.id);
    return 0;
}

int cairn_cloudevent_data(const char *json, size_t bytes, const struct cairn_record *record,
                          struct cairn_arena *arena, void *ret, struct cairn_error *error)
{
    const struct cairn_field data = {
        .name = "data", .kind = CAIRN_KIND_NESTED, .size = record->size, .record = record};
    const struct cairn_record wrapper = {.name = "cloudevent",
                                         .size = record->size,
                                         .align = record->align,
                                         .fields = &data,
                                         .count = 1};
    struct cairn_error wrong = {0};
    if (cairn_record_decode(&wrapper, json, bytes, CAIRN_LENIENT, arena, ret, &wrong) == 0)
        return 0;
    return unreadable(&wrong, error);
}
