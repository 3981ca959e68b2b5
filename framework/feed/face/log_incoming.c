/* log_incoming.c - reads events that are to be appended: CloudEvents in structured mode, in batches
 * and in binary mode, each checked against the table of its type, strictly. */
#include "feed/face/log_incoming.h"

#include "command/state/part.h"
#include "feed/face/log_text.h"
#include "http/request/conditional.h"
#include "http/request/media_type.h"
#include "record/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CAIRN_STRUCT(log_envelope, TEXT(specversion), TEXT(type), TEXT(subject, .optional = true),
             TEXT(id, .optional = true), TEXT(source, .optional = true),
             TEXT(schemaversion, .optional = true));

CAIRN_STRUCT(log_condition, TEXT(stream, .max_bytes = CAIRN_STREAM_MAX_BYTES),
             INT(version, CAIRN_RANGE(0, CAIRN_INTEGER_MAX)));
CAIRN_STRUCT(log_conditions, LIST(conditions, log_condition, .optional = true,
                                  .max_count = CAIRN_APPEND_MAX_STREAMS));

enum { POINTER_SIZE = 120 };

/* A request that is read. */
struct reading {
    const struct cairn_log_side *side;
    const char *stream; /* of the path, or NULL */
    const struct cairn_http_request *request;
    struct cairn_log_request *ret;
    struct cairn_error *error;
};

/* ---- one event ---- */

static int find_type(const struct reading *reading, const char *pointer,
                     const struct log_envelope *envelope, struct cairn_log_incoming *ret)
{
    struct cairn_arena *arena = reading->request->arena;
    const char *category = cairn_log_category_of(ret->stream, arena);
    const struct cairn_log_face *face = cairn_log_face_find(reading->side, category);
    struct cairn_uuid id;
    char version[24];
    if (!face)
        return cairn_fail(reading->error, CAIRN_NOT_FOUND,
                          "there is no category of the stream %.200s", ret->stream);
    if (!face->append.kind)
        return cairn_fail(reading->error, CAIRN_FORBIDDEN, "nothing can be appended to %s here",
                          category);
    if (cairn_log_allows(reading->side, &face->append, reading->request->actor, reading->error) < 0)
        return -(int)reading->error->code;
    if (cairn_stream_id(ret->stream, &id) < 0)
        return cairn_wrong(reading->error, pointer, "is about a stream that has no UUID");
    ret->type = cairn_events_find(face->events, envelope->type);
    if (!ret->type)
        return cairn_wrong(reading->error, pointer, "is of a type that %s does not have", category);
    (void)snprintf(version, sizeof version, "%d", ret->type->schema_version);
    if (envelope->schemaversion && strcmp(envelope->schemaversion, version) != 0)
        return cairn_wrong(reading->error, pointer, "has a schemaversion other than %s", version);
    return 0;
}

/* Decodes the data strictly, and encodes it as the log has it. */
static int take_data(const struct reading *reading, const char *pointer,
                     const struct cairn_json_item *data, struct cairn_log_incoming *ret)
{
    struct cairn_arena *arena = reading->request->arena;
    const struct cairn_record *record = ret->type->record;
    struct cairn_error wrong = {0};
    struct cairn_buffer text = cairn_buffer(arena);
    void *value = cairn_arena_alloc(arena, record->size, record->align);
    if (cairn_record_decode(record, data->text, data->bytes, CAIRN_STRICT, arena, value, &wrong) <
        0) {
        char where[2 * POINTER_SIZE];
        for (unsigned i = 0; i < wrong.wrong_count && i < CAIRN_WRONG_MAX; i++) {
            (void)snprintf(where, sizeof where, "%s/data%s", pointer, wrong.wrong[i].pointer);
            (void)cairn_wrong(reading->error, where, "%s", wrong.wrong[i].message);
        }
        return wrong.wrong_count ? -CAIRN_INVALID : cairn_error_pass(reading->error, &wrong);
    }
    cairn_record_encode(record, value, &text);
    if (text.length > CAIRN_EVENT_MAX_BYTES)
        return cairn_wrong(reading->error, pointer, "is larger than %d bytes",
                           CAIRN_EVENT_MAX_BYTES);
    ret->data = text.text;
    ret->tag_count = cairn_event_tags(record, value, arena, &ret->tags);
    return 0;
}

static int take_event(struct reading *reading, const char *pointer,
                      const struct log_envelope *envelope, const struct cairn_json_item *data)
{
    struct cairn_log_incoming *event = &reading->ret->events[reading->ret->event_count];
    *event =
        (struct cairn_log_incoming){.stream = reading->stream ? reading->stream : envelope->subject,
                                    .source = envelope->source,
                                    .id = envelope->id};
    if (strcmp(envelope->specversion, "1.0") != 0)
        return cairn_wrong(reading->error, pointer, "is no CloudEvent 1.0");
    if (!event->stream)
        return cairn_wrong(reading->error, pointer, "has no subject, which names its stream");
    if (envelope->subject && strcmp(envelope->subject, event->stream) != 0)
        return cairn_wrong(reading->error, pointer, "has another subject than the stream");
    int failed = find_type(reading, pointer, envelope, event);
    if (!failed)
        failed = take_data(reading, pointer, data, event);
    if (!failed)
        reading->ret->event_count++;
    return failed;
}

static int take_structured(struct reading *reading, const char *pointer,
                           const struct cairn_json_item *item)
{
    struct log_envelope envelope = {0};
    struct cairn_error wrong = {0};
    struct cairn_json_item data = {"{}", 2};
    if (cairn_record_decode(&log_envelope_record, item->text, item->bytes, CAIRN_LENIENT,
                            reading->request->arena, &envelope, &wrong) < 0) {
        char where[2 * POINTER_SIZE];
        (void)snprintf(where, sizeof where, "%s%s", pointer,
                       wrong.wrong_count ? wrong.wrong[0].pointer : "");
        return cairn_wrong(reading->error, where, "%s",
                           wrong.wrong_count ? wrong.wrong[0].message : "is no JSON object");
    }
    (void)cairn_json_member_text(item->text, item->bytes, "data", &data);
    return take_event(reading, pointer, &envelope, &data);
}

/* ---- bodies ---- */

static int take_batch(struct reading *reading, const char *prefix, const char *json, size_t bytes)
{
    struct cairn_json_item *items = NULL;
    struct cairn_arena *arena = reading->request->arena;
    int failed = 0;
    int64_t count = cairn_json_items(json, bytes, arena, &items, reading->error);
    if (count < 0)
        return (int)count;
    if (count == 0 || count > CAIRN_APPEND_MAX_EVENTS)
        return cairn_wrong(reading->error, *prefix ? prefix : "/", "has to have 1 to %d events",
                           (int)CAIRN_APPEND_MAX_EVENTS);
    reading->ret->events = cairn_new(arena, struct cairn_log_incoming, (size_t)count);
    for (int64_t i = 0; i < count; i++) {
        char pointer[POINTER_SIZE];
        (void)snprintf(pointer, sizeof pointer, "%s/%" PRId64, prefix, i);
        int wrong = take_structured(reading, pointer, &items[i]);
        if (wrong && wrong != -CAIRN_INVALID)
            return wrong;
        failed = wrong ? wrong : failed;
    }
    return failed;
}

/* {"conditions": [{"stream", "version"}], "events": [CloudEvent]} */
static int take_several(struct reading *reading)
{
    const struct cairn_http_request *request = reading->request;
    struct log_conditions asked = {0};
    struct cairn_json_item events;
    int failed = cairn_record_decode(&log_conditions_record, request->body, request->body_bytes,
                                     CAIRN_LENIENT, request->arena, &asked, reading->error);
    if (failed)
        return failed;
    size_t count = asked.conditions.count;
    reading->ret->expected = cairn_new(request->arena, struct cairn_expected, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct log_condition *one = &asked.conditions.items[i];
        for (size_t k = 0; k < i; k++) {
            if (strcmp(asked.conditions.items[k].stream, one->stream) == 0)
                return cairn_wrong(reading->error, "/conditions", "names a stream twice: %.60s",
                                   one->stream);
        }
        reading->ret->expected[reading->ret->expected_count++] =
            (struct cairn_expected){.stream = one->stream, .version = one->version};
    }
    if (!cairn_json_member_text(request->body, request->body_bytes, "events", &events))
        return cairn_wrong(reading->error, "/events", "is missing");
    return take_batch(reading, "/events", events.text, events.bytes);
}

static int take_binary(struct reading *reading)
{
    const struct cairn_http_request *request = reading->request;
    const struct log_envelope envelope = {
        .specversion = cairn_http_header(request, "ce-specversion"),
        .type = cairn_http_header(request, "ce-type"),
        .subject = cairn_http_header(request, "ce-subject"),
        .id = cairn_http_header(request, "ce-id"),
        .source = cairn_http_header(request, "ce-source"),
        .schemaversion = cairn_http_header(request, "ce-schemaversion"),
    };
    const struct cairn_json_item data = {request->body, request->body_bytes};
    if (!envelope.specversion || !envelope.type)
        return cairn_fail(
            reading->error, CAIRN_MALFORMED,
            "a body of application/json needs the headers ce-specversion and ce-type");
    reading->ret->events = cairn_new(request->arena, struct cairn_log_incoming, 1);
    return take_event(reading, "", &envelope, &data);
}

static int take_body(struct reading *reading)
{
    const struct cairn_http_request *request = reading->request;
    const char *type = cairn_http_header(request, "Content-Type");
    const struct cairn_json_item whole = {request->body, request->body_bytes};
    if (cairn_media_type_is(type, CAIRN_CLOUDEVENTS))
        return take_batch(reading, "", request->body, request->body_bytes);
    if (cairn_media_type_is(type, CAIRN_CLOUDEVENT)) {
        reading->ret->events = cairn_new(request->arena, struct cairn_log_incoming, 1);
        return take_structured(reading, "", &whole);
    }
    if (cairn_media_type_is(type, "application/json"))
        return reading->stream ? take_binary(reading) : take_several(reading);
    return cairn_fail(reading->error, CAIRN_MEDIA_TYPE,
                      "the body has to be " CAIRN_CLOUDEVENT ", " CAIRN_CLOUDEVENTS
                      " or application/json, not %.100s",
                      type ? type : "of no stated type");
}

/* ---- conditions of one stream ---- */

/* If-Match: "7", as ETag has it; If-None-Match: *, for a stream that must not exist. */
static int take_preconditions(struct reading *reading)
{
    const struct cairn_http_request *request = reading->request;
    const char *match = cairn_http_header_list(request, "If-Match");
    const char *none = cairn_http_header_list(request, "If-None-Match");
    struct cairn_expected expected = {.stream = reading->stream, .version = CAIRN_VERSION_NONE};
    struct cairn_etag tag;
    if (!match && !none)
        return 0;
    if (match && none)
        return cairn_fail(reading->error, CAIRN_MALFORMED,
                          "If-Match and If-None-Match exclude each other");
    if (none && !cairn_etags_any(none))
        return cairn_fail(reading->error, CAIRN_MALFORMED, "If-None-Match can only be * here");
    if (match) {
        char digits[24] = "";
        const char *at = match;
        int read = cairn_etag_next(&at, &tag);
        if (read == 1 && !tag.weak && tag.bytes < sizeof digits)
            memcpy(digits, tag.text, tag.bytes);
        if (cairn_integer_parse(digits, &expected.version) < 0 || expected.version < 1 ||
            cairn_etag_next(&at, &tag) != 0)
            return cairn_fail(reading->error, CAIRN_MALFORMED,
                              "If-Match has to be one version of the stream, as \"7\"");
    }
    reading->ret->expected = cairn_new(request->arena, struct cairn_expected, 1);
    reading->ret->expected[0] = expected;
    reading->ret->expected_count = 1;
    return 0;
}

int cairn_log_incoming_read(const struct cairn_log_side *side, const char *stream,
                            const struct cairn_http_request *request, struct cairn_log_request *ret,
                            struct cairn_error *error)
{
    struct reading reading = {side, stream, request, ret, error};
    *ret = (struct cairn_log_request){.event_count = 0};
    int failed = take_body(&reading);
    if (!failed && stream)
        failed = take_preconditions(&reading);
    return failed;
}
