/* trace_tree.c - puts nodes into the tree of a trace, and walks it. */
#include "store/trace/trace_tree.h"

#include <stdio.h>
#include <string.h>

enum { NUMBER_SIZE = 24 };

struct cairn_trace_tree cairn_trace_tree(struct cairn_trace_report *trace,
                                         struct cairn_arena *arena)
{
    return (struct cairn_trace_tree){.trace = trace,
                                     .arena = arena,
                                     .commands = cairn_map(arena),
                                     .events = cairn_map(arena),
                                     .positions = cairn_map(arena)};
}

struct cairn_trace_node *cairn_trace_node(struct cairn_trace_tree *tree, enum cairn_trace_kind kind)
{
    struct cairn_trace_node *node = cairn_new(tree->arena, struct cairn_trace_node, 1);
    node->kind = kind;
    node->after_us = -1;
    return node;
}

/* Returns the link at which a node of the kind is put: behind those of its kind. */
static struct cairn_trace_node **place(struct cairn_trace_node **first,
                                       struct cairn_trace_node *last, enum cairn_trace_kind kind)
{
    if (last && last->kind <= kind)
        return &last->next;
    struct cairn_trace_node **at = first;
    while (*at && (*at)->kind <= kind)
        at = &(*at)->next;
    return at;
}

void cairn_trace_attach(struct cairn_trace_tree *tree, struct cairn_trace_node *parent,
                        struct cairn_trace_node *node)
{
    struct cairn_trace_node **first = parent ? &parent->first : &tree->trace->first;
    struct cairn_trace_node **last = parent ? &parent->last : &tree->trace->last;
    struct cairn_trace_node **at = place(first, *last, node->kind);
    node->next = *at;
    *at = node;
    node->parent = parent;
    if (!node->next)
        *last = node;
}

/* ---- what is known ---- */

void cairn_trace_know_event(struct cairn_trace_tree *tree, struct cairn_trace_node *node)
{
    char number[NUMBER_SIZE];
    (void)snprintf(number, sizeof number, "%" PRId64, node->position);
    *cairn_map_at(&tree->positions, number) = node;
    if (node->id)
        *cairn_map_at(&tree->events, node->id) = node;
}

struct cairn_trace_node *cairn_trace_event_at(const struct cairn_trace_tree *tree, int64_t position)
{
    char number[NUMBER_SIZE];
    (void)snprintf(number, sizeof number, "%" PRId64, position);
    return cairn_map_get(&tree->positions, number);
}

struct cairn_trace_node *cairn_trace_event_of(const struct cairn_trace_tree *tree, const char *id)
{
    return id ? cairn_map_get(&tree->events, id) : NULL;
}

struct cairn_trace_node *cairn_trace_command_of(const struct cairn_trace_tree *tree, const char *id)
{
    return id ? cairn_map_get(&tree->commands, id) : NULL;
}

struct cairn_trace_node *cairn_trace_child(struct cairn_trace_tree *tree,
                                           struct cairn_trace_node *parent,
                                           enum cairn_trace_kind kind, const char *name)
{
    for (struct cairn_trace_node *at = parent->first; at; at = at->next) {
        if (at->kind == kind && strcmp(at->name, name) == 0)
            return at;
    }
    struct cairn_trace_node *node = cairn_trace_node(tree, kind);
    node->name = cairn_copy_text(tree->arena, name);
    cairn_trace_attach(tree, parent, node);
    return node;
}

void cairn_trace_note(struct cairn_trace_tree *tree, const char *note)
{
    struct cairn_trace_report *trace = tree->trace;
    cairn_grow(tree->arena, trace->notes, trace->note_count, &tree->note_capacity);
    trace->notes[trace->note_count++] = cairn_copy_text(tree->arena, note);
}

/* ---- the whole tree ---- */

static bool is_attached(const struct cairn_trace_tree *tree, const struct cairn_trace_node *node)
{
    return node->parent || node->next || tree->trace->last == node;
}

static void measure(struct cairn_trace_node *node)
{
    const struct cairn_trace_node *above = node->parent;
    while (above && !above->at.us)
        above = above->parent;
    if (node->at.us && above)
        node->after_us = node->at.us - above->at.us;
}

void cairn_trace_finish(struct cairn_trace_tree *tree)
{
    for (size_t i = 0; i < tree->commands.count; i++) {
        struct cairn_trace_node *command = tree->commands.entries[i].value;
        if (!is_attached(tree, command))
            cairn_trace_attach(tree, NULL, command);
    }
    for (const struct cairn_trace_node *at = tree->trace->first; at; at = cairn_trace_next(at))
        measure((struct cairn_trace_node *)(uintptr_t)at);
}

/* ---- walking ---- */

const struct cairn_trace_node *cairn_trace_next(const struct cairn_trace_node *node)
{
    if (node->first)
        return node->first;
    while (node && !node->next)
        node = node->parent;
    return node ? node->next : NULL;
}

int cairn_trace_depth(const struct cairn_trace_node *node)
{
    int depth = 0;
    for (const struct cairn_trace_node *at = node->parent; at; at = at->parent)
        depth++;
    return depth;
}

const char *cairn_trace_kind_name(enum cairn_trace_kind kind)
{
    static const char *const names[] = {
        [CAIRN_TRACE_COMMAND] = "command",
        [CAIRN_TRACE_EVENT] = "event",
        [CAIRN_TRACE_ROW] = "row",
        [CAIRN_TRACE_PARKED_ROW] = "parked row",
        [CAIRN_TRACE_PUBLICATION] = "publication",
        [CAIRN_TRACE_CONSUMPTION] = "consumption",
        [CAIRN_TRACE_WORK] = "work",
        [CAIRN_TRACE_REACTOR] = "reactor",
        [CAIRN_TRACE_SENT] = "sent",
        [CAIRN_TRACE_TIMER] = "timer",
        [CAIRN_TRACE_REACTION] = "reaction",
    };
    return names[kind];
}
