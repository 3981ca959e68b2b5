/* trace_dot.c - writes the tree of a trace as a graph for Graphviz. */
#include "cli/trace/trace_print.h"

#include "core/containers/map.h"

/* Appends a text in quotes: backslashes and quotes are escaped, there are no control characters. */
static void quote(const char *text, struct cairn_buffer *out)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            cairn_buffer_char(out, '\\');
        cairn_buffer_char(out, *text);
    }
}

static const char *shape(enum cairn_trace_kind kind)
{
    switch (kind) {
    case CAIRN_TRACE_COMMAND:
        return "shape=box,style=filled,fillcolor=\"#cfe2ff\"";
    case CAIRN_TRACE_EVENT:
        return "shape=box,style=\"filled,rounded\",fillcolor=\"#ffe5b4\"";
    case CAIRN_TRACE_REACTION:
        return "shape=box,style=\"filled,rounded\",fillcolor=\"#e2d4f5\"";
    case CAIRN_TRACE_ROW:
    case CAIRN_TRACE_PARKED_ROW:
    case CAIRN_TRACE_WORK:
        return "shape=cylinder,style=filled,fillcolor=\"#d5f0d5\"";
    case CAIRN_TRACE_PUBLICATION:
    case CAIRN_TRACE_CONSUMPTION:
    case CAIRN_TRACE_REACTOR:
    case CAIRN_TRACE_SENT:
    case CAIRN_TRACE_TIMER:
        return "shape=box,style=dashed";
    }
    return "";
}

static void add_node(const struct cairn_trace_node *node, size_t number, struct cairn_buffer *out)
{
    struct cairn_trace_label label = cairn_trace_label(node, out->arena);
    const char *lines[] = {label.where, label.state};
    cairn_buffer_print(out, "  n%zu [%s", number, shape(node->kind));
    if (label.colour == CAIRN_RED || label.colour == CAIRN_YELLOW)
        cairn_buffer_print(out, ",color=\"%s\",penwidth=2",
                           label.colour == CAIRN_RED ? "red" : "orange");
    cairn_buffer_text(out, ",label=\"");
    quote(label.what, out);
    for (size_t i = 0; i < 2; i++) {
        if (*lines[i])
            cairn_buffer_text(out, "\\n");
        quote(lines[i], out);
    }
    cairn_buffer_text(out, "\"];\n");
}

static void add_edge(const struct cairn_trace_node *node, size_t from, size_t to,
                     struct cairn_buffer *out)
{
    cairn_buffer_print(out, "  n%zu -> n%zu", from, to);
    if (node->after_us > 0)
        cairn_buffer_print(out, " [label=\"%.1f ms\"]", (double)node->after_us / 1000);
    cairn_buffer_text(out, ";\n");
}

void cairn_trace_tree_dot(const struct cairn_trace_report *trace, struct cairn_buffer *out)
{
    size_t *above = NULL; /* the numbers of the nodes above the current one, by depth */
    size_t capacity = 0;
    size_t number = 0;
    cairn_buffer_text(
        out, "digraph trace {\n  rankdir=LR;\n  node [fontname=\"sans-serif\",fontsize=10];\n"
             "  edge [fontname=\"sans-serif\",fontsize=8];\n");
    for (const struct cairn_trace_node *at = trace->first; at; at = cairn_trace_next(at)) {
        size_t depth = (size_t)cairn_trace_depth(at);
        cairn_grow(out->arena, above, depth, &capacity);
        above[depth] = ++number;
        add_node(at, number, out);
        if (depth)
            add_edge(at, above[depth - 1], number, out);
    }
    for (size_t i = 0; i < trace->note_count; i++) {
        cairn_buffer_text(out, "  // left out: ");
        quote(trace->notes[i], out);
        cairn_buffer_char(out, '\n');
    }
    cairn_buffer_text(out, "}\n");
}
