/* trace_print.h - shows the tree of a trace to a person. */
#ifndef CAIRN_CLI_TRACE_PRINT_H
#define CAIRN_CLI_TRACE_PRINT_H

#include "cli/terminal.h"
#include "core/containers/buffer.h"
#include "store/trace/trace.h"

/* What a line says of a node: what it is, then where and how it ended. */
struct cairn_trace_label {
    const char *what;  /* "event OrderPlaced" */
    const char *where; /* "#17 order-0199… v1"; "" */
    const char *state; /* "refused: …"; "" */
    enum cairn_colour colour;
};

struct cairn_trace_label cairn_trace_label(const struct cairn_trace_node *node,
                                           struct cairn_arena *arena);

/* Appends the tree as lines, each with the time since the beginning, cut to the terminal's width
 * (0: not cut). */
void cairn_trace_tree_text(const struct cairn_trace_report *trace, bool colours, int width,
                           struct cairn_buffer *out);

/* Appends the tree as a graph for Graphviz (https://graphviz.org/doc/info/lang.html). */
void cairn_trace_tree_dot(const struct cairn_trace_report *trace, struct cairn_buffer *out);

#endif
