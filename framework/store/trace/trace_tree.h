/* trace_tree.h - puts nodes into the tree of a trace. */
#ifndef CAIRN_STORE_TRACE_TREE_H
#define CAIRN_STORE_TRACE_TREE_H

#include "core/containers/map.h"
#include "store/trace/trace.h"

/* A tree that is being filled, with its nodes by what refers to them. */
struct cairn_trace_tree {
    struct cairn_trace_report *trace;
    struct cairn_arena *arena;
    struct cairn_map commands;  /* by id */
    struct cairn_map events;    /* by id: events and reactions */
    struct cairn_map positions; /* the same by position, as text */
    size_t note_capacity;
};

struct cairn_trace_tree cairn_trace_tree(struct cairn_trace_report *trace,
                                         struct cairn_arena *arena);

/* Returns a new node, which is in no tree yet. */
struct cairn_trace_node *cairn_trace_node(struct cairn_trace_tree *tree,
                                          enum cairn_trace_kind kind);
/* Puts a node below another one; NULL: at the top. */
void cairn_trace_attach(struct cairn_trace_tree *tree, struct cairn_trace_node *parent,
                        struct cairn_trace_node *node);

/* Makes a node known as the one at its position and, if it has an id, by that. */
void cairn_trace_know_event(struct cairn_trace_tree *tree, struct cairn_trace_node *node);
struct cairn_trace_node *cairn_trace_event_at(const struct cairn_trace_tree *tree,
                                              int64_t position);
struct cairn_trace_node *cairn_trace_event_of(const struct cairn_trace_tree *tree, const char *id);
struct cairn_trace_node *cairn_trace_command_of(const struct cairn_trace_tree *tree,
                                                const char *id);
/* Returns the child of this kind and name, which is made if there is none. */
struct cairn_trace_node *cairn_trace_child(struct cairn_trace_tree *tree,
                                           struct cairn_trace_node *parent,
                                           enum cairn_trace_kind kind, const char *name);

void cairn_trace_note(struct cairn_trace_tree *tree, const char *note);

/* Puts commands whose sender is not in the tree at the top, and computes the durations. */
void cairn_trace_finish(struct cairn_trace_tree *tree);

#endif
