/* span.c - spans: filled in where the work is done, and passed on at their end. */
#include "telemetry/span.h"

#include "core/threads/clock.h"
#include "telemetry/sampler.h"

#include <stdatomic.h>
#include <string.h>

static _Atomic(cairn_span_sink *) sink;
static void *sink_context; /* set before `sink` */

void cairn_span_set_sink(cairn_span_sink *to, void *context)
{
    if (to)
        sink_context = context;
    atomic_store_explicit(&sink, to, memory_order_release);
}

/* Copies a text, or as many whole characters of it as there is room for. */
static struct cairn_span_text keep(struct cairn_span *span, const char *text, size_t bytes)
{
    size_t room = CAIRN_SPAN_TEXT_BYTES - span->text_bytes;
    if (bytes > room) {
        bytes = room;
        while (bytes > 0 && ((unsigned char)text[bytes] & 0xC0) == 0x80)
            bytes--;
    }
    struct cairn_span_text ret = {span->text_bytes, (uint16_t)bytes};
    memcpy(span->text + span->text_bytes, text, bytes);
    span->text_bytes = (uint16_t)(span->text_bytes + bytes);
    return ret;
}

struct cairn_span *cairn_span_begin(struct cairn_span *room, enum cairn_span_kind kind,
                                    const char *name, const struct cairn_trace *parent)
{
    if (!parent->sampled || !cairn_sampler_is_on() || !cairn_trace_exists(parent))
        return NULL;
    memset(room, 0, offsetof(struct cairn_span, attributes));
    room->trace = *parent;
    memcpy(room->parent_id, parent->span_id, sizeof room->parent_id);
    cairn_trace_new_span(&room->trace);
    room->kind = kind;
    room->begin_us = cairn_monotonic_us();
    if (name)
        room->name = keep(room, name, strlen(name));
    if (parent->state)
        room->state = keep(room, parent->state, strlen(parent->state));
    return room;
}

struct cairn_span *cairn_span_begin_in(struct cairn_arena *arena, enum cairn_span_kind kind,
                                       const char *verb, const char *noun,
                                       const struct cairn_trace *parent)
{
    if (!parent->sampled || !cairn_sampler_is_on())
        return NULL;
    struct cairn_span *span =
        cairn_span_begin(cairn_new(arena, struct cairn_span, 1), kind, NULL, parent);
    cairn_span_name(span, verb, noun);
    return span;
}

void cairn_span_name(struct cairn_span *span, const char *verb, const char *noun)
{
    if (!span)
        return;
    span->name = keep(span, verb, strlen(verb));
    if (!noun || span->text_bytes == CAIRN_SPAN_TEXT_BYTES)
        return;
    span->text[span->text_bytes++] = ' ';
    span->name.bytes = (uint16_t)(span->name.bytes + 1 + keep(span, noun, strlen(noun)).bytes);
}

void cairn_span_since(struct cairn_span *span, int64_t begin_us)
{
    if (span)
        span->begin_us = begin_us;
}

/* Returns the next attribute; NULL, and counts, if there is no room. */
static struct cairn_span_attribute *next_attribute(struct cairn_span *span, const char *key,
                                                   size_t bytes)
{
    if (span->attribute_count == CAIRN_SPAN_ATTRIBUTES ||
        bytes > (size_t)(CAIRN_SPAN_TEXT_BYTES - span->text_bytes)) {
        span->attributes_dropped++;
        return NULL;
    }
    struct cairn_span_attribute *attribute = &span->attributes[span->attribute_count++];
    attribute->key = key;
    return attribute;
}

void cairn_span_text(struct cairn_span *span, const char *key, const char *value)
{
    if (!span || !value)
        return;
    size_t bytes = strlen(value);
    struct cairn_span_attribute *attribute = next_attribute(span, key, bytes);
    if (!attribute)
        return;
    attribute->is_text = true;
    attribute->value.text = keep(span, value, bytes);
}

void cairn_span_number(struct cairn_span *span, const char *key, int64_t value)
{
    struct cairn_span_attribute *attribute = span ? next_attribute(span, key, 0) : NULL;
    if (!attribute)
        return;
    attribute->is_text = false;
    attribute->value.number = value;
}

void cairn_span_link(struct cairn_span *span, const struct cairn_trace *to)
{
    if (!span || !to->sampled || !cairn_trace_exists(to))
        return;
    if (span->link_count == CAIRN_SPAN_LINKS) {
        span->links_dropped++;
        return;
    }
    struct cairn_span_link *link = &span->links[span->link_count++];
    memcpy(link->trace_id, to->trace_id, sizeof link->trace_id);
    memcpy(link->span_id, to->span_id, sizeof link->span_id);
}

void cairn_span_fail(struct cairn_span *span, const char *type, const char *problem)
{
    if (!span)
        return;
    span->failed = true;
    cairn_span_text(span, "error.type", type);
    if (problem)
        span->problem = keep(span, problem, strlen(problem));
}

void cairn_span_end_at(struct cairn_span *span, int64_t end_us)
{
    if (!span)
        return;
    cairn_span_sink *to = atomic_load_explicit(&sink, memory_order_acquire);
    span->end_us = end_us;
    if (to)
        to(sink_context, span);
}

void cairn_span_end(struct cairn_span *span)
{
    if (span)
        cairn_span_end_at(span, cairn_monotonic_us());
}
