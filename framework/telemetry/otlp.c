/* otlp.c - encodes spans as OTLP. The numbers are those of the fields in opentelemetry-proto's
 * trace_service.proto, trace.proto, common.proto and resource.proto. */
#include "telemetry/otlp.h"

#include "telemetry/protobuf.h"

#include <stdlib.h>
#include <string.h>

/* ExportTraceServiceRequest, ResourceSpans, Resource, ScopeSpans, InstrumentationScope */
enum { RESOURCE_SPANS = 1 };
enum { RESOURCE = 1, SCOPE_SPANS = 2 };
enum { RESOURCE_ATTRIBUTES = 1 };
enum { SCOPE = 1, SPANS = 2 };
enum { SCOPE_NAME = 1, SCOPE_VERSION = 2 };
enum {
    SPAN_TRACE_ID = 1,
    SPAN_ID = 2,
    SPAN_STATE = 3,
    SPAN_PARENT = 4,
    SPAN_NAME = 5,
    SPAN_KIND = 6,
    SPAN_START = 7,
    SPAN_END = 8,
    SPAN_ATTRIBUTES = 9,
    SPAN_ATTRIBUTES_DROPPED = 10,
    SPAN_LINKS = 13,
    SPAN_LINKS_DROPPED = 14,
    SPAN_STATUS = 15,
    SPAN_FLAGS = 16
};
enum { LINK_TRACE_ID = 1, LINK_SPAN_ID = 2, LINK_FLAGS = 6 };
enum { STATUS_MESSAGE = 2, STATUS_CODE = 3 };
enum { STATUS_ERROR = 2, FLAG_SAMPLED = 1 };
enum { KEY = 1, VALUE = 2 };
enum { TEXT_VALUE = 1, NUMBER_VALUE = 3 };
/* ExportTraceServiceResponse, ExportTracePartialSuccess */
enum { PARTIAL_SUCCESS = 1 };
enum { REJECTED_SPANS = 1 };

struct cairn_otlp {
    struct cairn_arena kept;  /* resource and scope, as they are sent */
    struct cairn_arena arena; /* of one request */
    struct cairn_buffer resource, scope;
    struct cairn_buffer spans;             /* fields SPANS of ScopeSpans */
    struct cairn_buffer span, part, value; /* messages that are being written, one in another */
    size_t count;
};

static void begin(struct cairn_otlp *otlp)
{
    otlp->spans = cairn_buffer(&otlp->arena);
    otlp->span = cairn_buffer(&otlp->arena);
    otlp->part = cairn_buffer(&otlp->arena);
    otlp->value = cairn_buffer(&otlp->arena);
    otlp->count = 0;
}

/* ---- attributes ---- */

static void add_text(struct cairn_otlp *otlp, struct cairn_buffer *out, uint32_t field,
                     const char *key, const char *text)
{
    cairn_protobuf_text(&otlp->part, KEY, key);
    cairn_protobuf_text(&otlp->value, TEXT_VALUE, text);
    cairn_protobuf_message(&otlp->part, VALUE, &otlp->value);
    cairn_protobuf_message(out, field, &otlp->part);
}

/* A value of zero is written too: it is the one that the union has. */
static void add_number(struct cairn_otlp *otlp, struct cairn_buffer *out, uint32_t field,
                       const char *key, int64_t number)
{
    static const char zero[] = {NUMBER_VALUE << 3, 0};
    cairn_protobuf_text(&otlp->part, KEY, key);
    cairn_protobuf_number(&otlp->value, NUMBER_VALUE, (uint64_t)number);
    if (number == 0)
        cairn_buffer_bytes(&otlp->value, zero, sizeof zero);
    cairn_protobuf_message(&otlp->part, VALUE, &otlp->value);
    cairn_protobuf_message(out, field, &otlp->part);
}

/* ---- a span ---- */

/* Returns one of its texts, ended by a NUL. */
static const char *text_of(const struct cairn_span *span, struct cairn_span_text text,
                           char room[static CAIRN_SPAN_TEXT_BYTES + 1])
{
    memcpy(room, span->text + text.at, text.bytes);
    room[text.bytes] = '\0';
    return room;
}

static void add_attributes(struct cairn_otlp *otlp, const struct cairn_span *span)
{
    char room[CAIRN_SPAN_TEXT_BYTES + 1];
    for (size_t i = 0; i < span->attribute_count; i++) {
        const struct cairn_span_attribute *at = &span->attributes[i];
        if (at->is_text)
            add_text(otlp, &otlp->span, SPAN_ATTRIBUTES, at->key,
                     text_of(span, at->value.text, room));
        else
            add_number(otlp, &otlp->span, SPAN_ATTRIBUTES, at->key, at->value.number);
    }
    cairn_protobuf_number(&otlp->span, SPAN_ATTRIBUTES_DROPPED, span->attributes_dropped);
}

static void add_links(struct cairn_otlp *otlp, const struct cairn_span *span)
{
    for (size_t i = 0; i < span->link_count; i++) {
        const struct cairn_span_link *link = &span->links[i];
        cairn_protobuf_bytes(&otlp->part, LINK_TRACE_ID, link->trace_id, sizeof link->trace_id);
        cairn_protobuf_bytes(&otlp->part, LINK_SPAN_ID, link->span_id, sizeof link->span_id);
        cairn_protobuf_fixed32(&otlp->part, LINK_FLAGS, FLAG_SAMPLED);
        cairn_protobuf_message(&otlp->span, SPAN_LINKS, &otlp->part);
    }
    cairn_protobuf_number(&otlp->span, SPAN_LINKS_DROPPED, span->links_dropped);
}

static void add_status(struct cairn_otlp *otlp, const struct cairn_span *span)
{
    char room[CAIRN_SPAN_TEXT_BYTES + 1];
    if (!span->failed)
        return;
    if (span->problem.bytes)
        cairn_protobuf_text(&otlp->part, STATUS_MESSAGE, text_of(span, span->problem, room));
    cairn_protobuf_number(&otlp->part, STATUS_CODE, STATUS_ERROR);
    cairn_protobuf_message(&otlp->span, SPAN_STATUS, &otlp->part);
}

static void add_ids(struct cairn_buffer *out, const struct cairn_span *span)
{
    static const uint8_t none[8];
    char room[CAIRN_SPAN_TEXT_BYTES + 1];
    const struct cairn_trace *trace = &span->trace;
    cairn_protobuf_bytes(out, SPAN_TRACE_ID, trace->trace_id, sizeof trace->trace_id);
    cairn_protobuf_bytes(out, SPAN_ID, trace->span_id, sizeof trace->span_id);
    if (span->state.bytes)
        cairn_protobuf_text(out, SPAN_STATE, text_of(span, span->state, room));
    if (memcmp(span->parent_id, none, sizeof none) != 0)
        cairn_protobuf_bytes(out, SPAN_PARENT, span->parent_id, sizeof span->parent_id);
    cairn_protobuf_text(out, SPAN_NAME, text_of(span, span->name, room));
}

void cairn_otlp_add(struct cairn_otlp *otlp, const struct cairn_span *span, int64_t unix_us)
{
    struct cairn_buffer *out = &otlp->span;
    int64_t end_us = span->end_us < span->begin_us ? span->begin_us : span->end_us;
    add_ids(out, span);
    cairn_protobuf_number(out, SPAN_KIND, span->kind);
    cairn_protobuf_fixed64(out, SPAN_START, (uint64_t)(span->begin_us + unix_us) * 1000);
    cairn_protobuf_fixed64(out, SPAN_END, (uint64_t)(end_us + unix_us) * 1000);
    add_attributes(otlp, span);
    add_links(otlp, span);
    add_status(otlp, span);
    cairn_protobuf_fixed32(out, SPAN_FLAGS, FLAG_SAMPLED);
    cairn_protobuf_message(&otlp->spans, SPANS, out);
    otlp->count++;
}

/* ---- the request ---- */

size_t cairn_otlp_count(const struct cairn_otlp *otlp)
{
    return otlp->count;
}

const char *cairn_otlp_request(struct cairn_otlp *otlp, size_t *ret_bytes)
{
    struct cairn_buffer scope_spans = cairn_buffer(&otlp->arena);
    struct cairn_buffer resource_spans = cairn_buffer(&otlp->arena);
    struct cairn_buffer request = cairn_buffer(&otlp->arena);
    cairn_protobuf_bytes(&scope_spans, SCOPE, otlp->scope.text, otlp->scope.length);
    cairn_buffer_bytes(&scope_spans, otlp->spans.text, otlp->spans.length);
    cairn_protobuf_bytes(&resource_spans, RESOURCE, otlp->resource.text, otlp->resource.length);
    cairn_protobuf_message(&resource_spans, SCOPE_SPANS, &scope_spans);
    cairn_protobuf_message(&request, RESOURCE_SPANS, &resource_spans);
    *ret_bytes = request.length;
    return request.text;
}

void cairn_otlp_empty(struct cairn_otlp *otlp)
{
    cairn_arena_reset(&otlp->arena);
    begin(otlp);
}

struct cairn_otlp *cairn_otlp_open(const struct cairn_resource_attribute *resource, size_t count,
                                   const char *version)
{
    struct cairn_otlp *otlp = cairn_allocate(sizeof *otlp);
    otlp->resource = cairn_buffer(&otlp->kept);
    otlp->scope = cairn_buffer(&otlp->kept);
    begin(otlp);
    for (size_t i = 0; i < count; i++)
        add_text(otlp, &otlp->resource, RESOURCE_ATTRIBUTES, resource[i].key, resource[i].value);
    cairn_protobuf_text(&otlp->scope, SCOPE_NAME, "cairn");
    cairn_protobuf_text(&otlp->scope, SCOPE_VERSION, version);
    return otlp;
}

void cairn_otlp_close(struct cairn_otlp *otlp)
{
    if (!otlp)
        return;
    cairn_arena_close(&otlp->kept);
    cairn_arena_close(&otlp->arena);
    free(otlp);
}

int64_t cairn_otlp_rejected(const char *bytes, size_t count)
{
    struct cairn_protobuf_field field, inner;
    const char *at = bytes;
    while (cairn_protobuf_next(&at, bytes + count, &field)) {
        const char *in = field.bytes;
        while (field.field == PARTIAL_SUCCESS && in &&
               cairn_protobuf_next(&in, field.bytes + field.count, &inner)) {
            if (inner.field == REJECTED_SPANS && !inner.bytes && inner.number <= INT64_MAX)
                return (int64_t)inner.number;
        }
    }
    return 0;
}
