/* trace_label.c - what is said of a node of a trace, in words. */
#include "cli/trace/trace_print.h"

#include "cli/cli.h"

#include <string.h>

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static const char *command_words(const struct cairn_trace_node *node, struct cairn_arena *arena)
{
    return cairn_print(arena, "%s%s%s", or_empty(node->stream), node->actor ? ", by " : "",
                       or_empty(node->actor));
}

/* The stream of an event is said only where it is not that of its command. */
static const char *event_words(const struct cairn_trace_node *node, struct cairn_arena *arena)
{
    const struct cairn_trace_node *above = node->parent;
    bool same = above && above->kind == CAIRN_TRACE_COMMAND && above->stream &&
                strcmp(above->stream, or_empty(node->stream)) == 0;
    return cairn_print(arena, "#%" PRId64 " %s%sv%" PRId64, node->position,
                       same ? "" : or_empty(node->stream), same ? "" : " ", node->version);
}

static const char *what(const struct cairn_trace_node *node, struct cairn_arena *arena)
{
    const char *name = or_empty(node->name);
    switch (node->kind) {
    case CAIRN_TRACE_COMMAND:
        return cairn_print(arena, "command %s", *name ? name : or_empty(node->id));
    case CAIRN_TRACE_EVENT:
        return cairn_print(arena, "event %s", name);
    case CAIRN_TRACE_ROW:
    case CAIRN_TRACE_PARKED_ROW:
        return cairn_print(arena, "row %s %s", name, or_empty(node->key));
    case CAIRN_TRACE_PUBLICATION:
        return cairn_print(arena, "bus %s", name);
    case CAIRN_TRACE_CONSUMPTION:
        return cairn_print(arena, "consumer %s", name);
    case CAIRN_TRACE_WORK:
        return cairn_print(arena, "row of %s", name);
    case CAIRN_TRACE_REACTOR:
        return cairn_print(arena, "reactor %s", name);
    case CAIRN_TRACE_SENT:
        return cairn_print(arena, "sends %s to %s", name, or_empty(node->stream));
    case CAIRN_TRACE_TIMER:
        return cairn_print(arena, "timer %s", name);
    case CAIRN_TRACE_REACTION:
        return cairn_print(arena, "process %s, at %s", name, or_empty(node->input));
    }
    return name;
}

static const char *where(const struct cairn_trace_node *node, struct cairn_arena *arena)
{
    if (node->kind == CAIRN_TRACE_COMMAND)
        return command_words(node, arena);
    if (node->kind == CAIRN_TRACE_EVENT || node->kind == CAIRN_TRACE_REACTION)
        return event_words(node, arena);
    return "";
}

static const char *state(const struct cairn_trace_node *node, struct cairn_arena *arena)
{
    const char *between = node->state && node->note ? ": " : "";
    return cairn_print(arena, "%s%s%s", or_empty(node->state), between, or_empty(node->note));
}

static enum cairn_colour colour_of(const struct cairn_trace_node *node)
{
    const char *words = or_empty(node->state);
    if (strncmp(words, "parked", 6) == 0 || strcmp(words, "dead letter") == 0 ||
        strcmp(words, "retried") == 0)
        return CAIRN_RED;
    if (strcmp(words, "refused") == 0 || strcmp(words, "waiting") == 0)
        return CAIRN_YELLOW;
    if (node->kind == CAIRN_TRACE_COMMAND)
        return CAIRN_BLUE;
    return node->kind == CAIRN_TRACE_EVENT      ? CAIRN_GREEN
           : node->kind == CAIRN_TRACE_REACTION ? CAIRN_CYAN
                                                : CAIRN_PLAIN;
}

struct cairn_trace_label cairn_trace_label(const struct cairn_trace_node *node,
                                           struct cairn_arena *arena)
{
    return (struct cairn_trace_label){.what = cairn_cli_visible(arena, what(node, arena)),
                                      .where = cairn_cli_visible(arena, where(node, arena)),
                                      .state = cairn_cli_visible(arena, state(node, arena)),
                                      .colour = colour_of(node)};
}
