/* trace_text.c - draws the tree of a trace as lines of text. */
#include "cli/trace/trace_print.h"

#include <string.h>

enum { DEPTH_MAX = 40 /* deeper nodes are drawn at this depth */ };

/* A sent command that was delivered is not drawn: what it became stands in its place. */
static bool is_hidden(const struct cairn_trace_node *node)
{
    return node->kind == CAIRN_TRACE_SENT && node->first;
}

/* Returns the node in whose place among its siblings this one is drawn. */
static const struct cairn_trace_node *place_of(const struct cairn_trace_node *node)
{
    return node->parent && is_hidden(node->parent) ? node->parent : node;
}

/* Appends the lines that lead to a node: "│  " below a node that has younger siblings. */
static void draw_lines(const struct cairn_trace_node *node, struct cairn_buffer *out)
{
    const struct cairn_trace_node *above[DEPTH_MAX];
    int depth = 0;
    node = place_of(node);
    for (const struct cairn_trace_node *at = node->parent; at && at->parent && depth < DEPTH_MAX;
         at = place_of(at)->parent)
        above[depth++] = place_of(at);
    while (depth > 0)
        cairn_buffer_text(out, above[--depth]->next ? "│  " : "   ");
    if (node->parent)
        cairn_buffer_text(out, node->next ? "├─ " : "└─ ");
}

static void add_offset(const struct cairn_trace_node *node, struct cairn_time begin,
                       struct cairn_buffer *out)
{
    if (node->at.us)
        cairn_buffer_print(out, "%12.1f ms  ", (double)(node->at.us - begin.us) / 1000);
    else
        cairn_buffer_print(out, "%15s  ", "");
}

/* ---- lines ---- */

struct drawing {
    struct cairn_time begin;
    int width; /* of the terminal; 0: without limit */
    bool colours;
};

/* Returns the text without so many characters at its end, which "…" stands for; reduces `excess`
 * by what was saved. */
static const char *cut(const char *text, int *excess, struct cairn_arena *arena)
{
    enum { LEAST = 8 };
    int width = cairn_text_width(text);
    int kept = width - *excess - 1 > LEAST ? width - *excess - 1 : LEAST;
    if (*excess <= 0 || kept + 1 >= width)
        return text;
    size_t bytes = 0;
    for (int seen = 0; text[bytes]; bytes++) {
        if (cairn_begins_character(text[bytes]) && seen++ == kept)
            break;
    }
    *excess -= width - kept - 1;
    return cairn_print(arena, "%.*s…", (int)bytes, text);
}

static void add_line(const struct cairn_trace_node *node, const struct drawing *drawing,
                     struct cairn_buffer *out)
{
    struct cairn_trace_label label = cairn_trace_label(node, out->arena);
    const char *state = *label.state ? cairn_print(out->arena, ": %s", label.state) : "";
    const char *where = *label.where ? cairn_print(out->arena, "  %s", label.where) : "";
    const char *after = node->after_us > 0 && node->parent
                            ? cairn_print(out->arena, "  +%.1f ms", (double)node->after_us / 1000)
                            : "";
    struct cairn_buffer head = cairn_buffer(out->arena);
    add_offset(node, drawing->begin, &head);
    draw_lines(node, &head);
    int excess = cairn_text_width(head.text) + cairn_text_width(label.what) +
                 cairn_text_width(state) + cairn_text_width(where) + cairn_text_width(after) -
                 drawing->width;
    if (drawing->width <= 0)
        excess = 0;
    where = cut(where, &excess, out->arena);
    state = cut(state, &excess, out->arena);
    cairn_buffer_print(out, "%s%s%s%s%s%s%s%s%s\n", head.text,
                       cairn_colour_on(label.colour, drawing->colours),
                       cut(label.what, &excess, out->arena), cairn_colour_off(drawing->colours),
                       state, cairn_colour_on(CAIRN_DIM, drawing->colours), where, after,
                       cairn_colour_off(drawing->colours));
}

static void add_head(const struct cairn_trace_node *first, struct cairn_buffer *out)
{
    char at[CAIRN_TIME_TEXT_SIZE];
    cairn_time_format(first->at, at);
    cairn_buffer_print(out, "correlation %s", first->correlation_id ? first->correlation_id : "-");
    if (first->traceparent && strlen(first->traceparent) > 35)
        cairn_buffer_print(out, ", trace %.32s", first->traceparent + 3);
    cairn_buffer_print(out, ", from %s\n", at);
}

void cairn_trace_tree_text(const struct cairn_trace_report *trace, bool colours, int width,
                           struct cairn_buffer *out)
{
    const struct cairn_trace_node *first = trace->first;
    struct drawing drawing = {.width = width, .colours = colours};
    size_t count = 0;
    if (first) {
        add_head(first, out);
        drawing.begin = first->at;
    }
    for (const struct cairn_trace_node *at = first; at; at = cairn_trace_next(at)) {
        if (!is_hidden(at))
            add_line(at, &drawing, out);
        count++;
    }
    cairn_buffer_print(out, "%" PRId64 " events, %zu nodes\n", trace->events, count);
    for (size_t i = 0; i < trace->note_count; i++)
        cairn_buffer_print(out, "left out: %s\n", trace->notes[i]);
}
