/* trace_json.c - writes the tree of a trace as JSON. */
#include "core/containers/buffer.h"
#include "core/containers/map.h"
#include "store/trace/trace.h"

#include <stdio.h>

static void add_number(struct cairn_buffer *out, const char *name, int64_t value)
{
    if (value > 0)
        cairn_buffer_print(out, ",\"%s\":%" PRId64, name, value);
}

static void add_times(const struct cairn_trace_node *node, struct cairn_buffer *out)
{
    char at[CAIRN_TIME_TEXT_SIZE];
    if (node->at.us) {
        cairn_time_format(node->at, at);
        cairn_buffer_member(out, "at", at);
    }
    if (node->after_us >= 0)
        cairn_buffer_print(out, ",\"after_us\":%" PRId64, node->after_us);
}

static void add_node(const struct cairn_trace_node *node, size_t number, size_t parent,
                     struct cairn_buffer *out)
{
    cairn_buffer_print(out, "{\"node\":%zu,\"parent\":", number);
    if (parent)
        cairn_buffer_print(out, "%zu", parent);
    else
        cairn_buffer_text(out, "null");
    cairn_buffer_member(out, "kind", cairn_trace_kind_name(node->kind));
    cairn_buffer_member(out, "name", node->name);
    cairn_buffer_member(out, "id", node->id);
    cairn_buffer_member(out, "stream", node->stream);
    add_number(out, node->kind == CAIRN_TRACE_SENT ? "number" : "version", node->version);
    add_number(out, "position", node->position);
    cairn_buffer_member(out, "key", node->key);
    cairn_buffer_member(out, "service", node->service);
    cairn_buffer_member(out, "actor", node->actor);
    cairn_buffer_member(out, "issuer", node->issuer);
    cairn_buffer_member(out, "correlation_id", node->correlation_id);
    cairn_buffer_member(out, "traceparent", node->traceparent);
    cairn_buffer_member(out, "input", node->input);
    cairn_buffer_member(out, "state", node->state);
    cairn_buffer_member(out, "note", node->note);
    add_times(node, out);
    cairn_buffer_char(out, '}');
}

/* Nodes above the current one, by depth, with their numbers. */
struct above {
    size_t *numbers;
    size_t capacity;
};

void cairn_trace_json_nodes(const struct cairn_trace_report *trace, const char *between,
                            struct cairn_buffer *out)
{
    struct above above = {0};
    size_t number = 0;
    for (const struct cairn_trace_node *at = trace->first; at; at = cairn_trace_next(at)) {
        size_t depth = (size_t)cairn_trace_depth(at);
        cairn_grow(out->arena, above.numbers, depth, &above.capacity);
        cairn_buffer_text(out, number ? between : "");
        above.numbers[depth] = ++number;
        add_node(at, number, depth ? above.numbers[depth - 1] : 0, out);
    }
}

void cairn_trace_json_sum(const struct cairn_trace_report *trace, struct cairn_buffer *out)
{
    size_t nodes = 0;
    for (const struct cairn_trace_node *at = trace->first; at; at = cairn_trace_next(at))
        nodes++;
    cairn_buffer_print(out, "{\"events\":%" PRId64 ",\"nodes\":%zu,\"more\":%s,\"notes\":[",
                       trace->events, nodes, trace->more ? "true" : "false");
    for (size_t i = 0; i < trace->note_count; i++) {
        cairn_buffer_text(out, i ? "," : "");
        cairn_buffer_json(out, trace->notes[i]);
    }
    cairn_buffer_text(out, "]}");
}
