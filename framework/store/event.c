/* event.c - from what is stored to what a fold takes. */
#include "record/json.h"
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
        if (events->types[i].record == record)
            return &events->types[i];
    }
    return NULL;
}

int cairn_event_decode(const struct cairn_event_type *type, const struct cairn_stored_event *event,
                       struct cairn_arena *arena, void *ret, struct cairn_error *error)
{
    if (event->schema_version > type->schema_version)
        return cairn_fail(
            error, CAIRN_NEWER_EVENT,
            "event %" PRId64 ", %s, is of version %" PRId64 ", this binary knows version %d",
            event->position, event->type, event->schema_version, type->schema_version);
    if (event->schema_version < type->schema_version)
        return cairn_fail(
            error, CAIRN_UNREADABLE,
            "event %" PRId64 ", %s, is of version %" PRId64 ", and nothing lifts it to version %d",
            event->position, event->type, event->schema_version, type->schema_version);

    struct cairn_error wrong = {0};
    if (cairn_record_decode(type->record, event->data, event->data_bytes, CAIRN_LENIENT, arena, ret,
                            &wrong) == 0)
        return 0;
    return cairn_fail(
        error, CAIRN_UNREADABLE, "event %" PRId64 ", %s, cannot be decoded: %s%s%s",
        event->position, event->type, wrong.wrong_count ? wrong.wrong[0].pointer : wrong.message,
        wrong.wrong_count ? " " : "", wrong.wrong_count ? wrong.wrong[0].message : "");
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
