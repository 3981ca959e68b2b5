/* event.c - decodes stored events for folds. */
#include "record/json.h"
#include "store/events/amend.h"
#include "store/events/events.h"
#include "store/store.h"

#include <string.h>

const struct cairn_event_type *cairn_events_find(const struct cairn_events *events,
                                                 const char *name)
{
    for (uint32_t i = 0; i < events->count; i++) {
        if (strcmp(events->types[i].name, name) == 0)
            return &events->types[i];
    }
    return NULL;
}

const struct cairn_event_type *cairn_events_of(const struct cairn_events *events,
                                               const struct cairn_record *record)
{
    for (uint32_t i = 0; i < events->count; i++) {
        if (cairn_record_same(events->types[i].record, record))
            return &events->types[i];
    }
    return NULL;
}

/* Fails for an event that cannot be read; the message names the first wrong field, if any. */
static int unreadable(const struct cairn_stored_event *event, const char *what,
                      const struct cairn_error *wrong, struct cairn_error *error)
{
    bool field = wrong->wrong_count > 0;
    return cairn_fail(error, CAIRN_UNREADABLE,
                      "event %" PRId64 ", %s of version %" PRId64 ", %s: %s%s%s", event->position,
                      event->type, event->schema_version, what,
                      field ? wrong->wrong[0].pointer : wrong->message, field ? " " : "",
                      field ? wrong->wrong[0].message : "");
}

/* Decodes an event, as amended, with the record that it was written with. */
static int decode_as(const struct cairn_record *record, const struct cairn_stored_event *event,
                     struct cairn_arena *arena, void *ret, struct cairn_error *error)
{
    struct cairn_error wrong = {0};
    const struct cairn_stored_event amended = cairn_amended(event);
    if (cairn_record_decode(record, amended.data, amended.data_bytes, CAIRN_LENIENT, arena, ret,
                            &wrong) == 0)
        return 0;
    return unreadable(event, "cannot be decoded", &wrong, error);
}

static int decode_and_lift(const struct cairn_event_type *type, const struct cairn_record *record,
                           const struct cairn_stored_event *event, struct cairn_arena *arena,
                           void *ret, struct cairn_error *error)
{
    struct cairn_error wrong = {0};
    void *old = cairn_arena_alloc(arena, record->size, record->align);
    int failed = decode_as(record, event, arena, old, error);
    if (failed)
        return failed;
    if (cairn_event_lift(type, event->schema_version, old, arena, ret, &wrong) == 0)
        return 0;
    return unreadable(event, "is lifted to what cannot be", &wrong, error);
}

int cairn_event_decode(const struct cairn_event_type *type, const struct cairn_stored_event *event,
                       struct cairn_arena *arena, void *ret, struct cairn_error *error)
{
    if (event->schema_version == type->schema_version)
        return decode_as(type->record, event, arena, ret, error);
    if (event->schema_version > type->schema_version)
        return cairn_fail(
            error, CAIRN_NEWER_EVENT,
            "event %" PRId64 ", %s, is of version %" PRId64 ", this binary knows version %d",
            event->position, event->type, event->schema_version, type->schema_version);
    const struct cairn_record *record = cairn_event_record(type, event->schema_version);
    if (record)
        return decode_and_lift(type, record, event, arena, ret, error);
    return cairn_fail(error, CAIRN_UNREADABLE,
                      "event %" PRId64 ", %s, is of version %" PRId64
                      ", and nothing lifts it to version %d",
                      event->position, event->type, event->schema_version, type->schema_version);
}

int cairn_event_meta(const struct cairn_stored_event *event, struct cairn_meta *ret,
                     struct cairn_error *error)
{
    struct cairn_uuid id = {{0}};
    if (cairn_stream_id(event->stream, &id) < 0)
        return cairn_fail(error, CAIRN_UNREADABLE,
                          "event %" PRId64 " is of stream %s, which has no id", event->position,
                          event->stream);
    *ret = (struct cairn_meta){
        .stream = event->stream,
        .id = id,
        .position = event->position,
        .version = event->version,
        .event_id = event->event_id,
        .recorded_at = event->recorded_at,
        .json = event->meta,
    };
    return 0;
}

const char *cairn_stream_name(struct cairn_arena *arena, const char *category, struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    return cairn_print(arena, "%s-%s", category, text);
}

const char *cairn_stream_id_text(const char *stream)
{
    const char *dash = strchr(stream, '-');
    return dash ? dash + 1 : "";
}

int cairn_stream_id(const char *stream, struct cairn_uuid *ret)
{
    return cairn_uuid_parse(cairn_stream_id_text(stream), ret);
}
