/* trace.h - the tree of all that a request has caused, from the log and its tables.
 *
 *     command -> event -> row of a read model
 *                      -> publication on the bus, its consumers, rows of own tables (mail)
 *                      -> reactor -> command …
 *                      -> reaction of a process -> sent command -> command …
 *                                               -> timer
 *
 * What one request causes has its correlation in common. A command is below what has sent it, which
 * its id tells: it is a hash of an Idempotency-Key that names the sender's event. What is not in
 * the log is shown as the tables have it now: rows are those whose last change was made by an event
 * of the tree, and of a consumer only how far it has come is known.
 *
 * The role of the connection decides what is read: tables that it may not select from become notes.
 *
 * Ownership: the tree lies in the caller's arena.
 * Units: microseconds. */
#ifndef CAIRN_STORE_TRACE_H
#define CAIRN_STORE_TRACE_H

#include "postgres/postgres.h"

#include <cairn/value.h>

#include <stdbool.h>

/* Children are in this order, and then in that of the log. */
enum cairn_trace_kind {
    CAIRN_TRACE_COMMAND = 1,
    CAIRN_TRACE_EVENT,
    CAIRN_TRACE_ROW,
    CAIRN_TRACE_PARKED_ROW,
    CAIRN_TRACE_PUBLICATION,
    CAIRN_TRACE_CONSUMPTION,
    CAIRN_TRACE_WORK, /* a row of a service's own table */
    CAIRN_TRACE_REACTOR,
    CAIRN_TRACE_SENT, /* a command that a process sends, and its delivery */
    CAIRN_TRACE_TIMER,
    CAIRN_TRACE_REACTION,
};

/* A node; texts that do not apply are NULL, numbers 0. */
struct cairn_trace_node {
    enum cairn_trace_kind kind;
    const char *name;    /* OrderPlaced, place_order, fulfilment, order_summary, … */
    const char *id;      /* of a command or an event */
    const char *stream;  /* of an event; where a command went; whose timer it is */
    int64_t version;     /* in the stream */
    int64_t position;    /* in the log */
    const char *key;     /* of a row */
    const char *service; /* that decided the command */
    const char *actor;   /* the caller's subject, and its issuer */
    const char *issuer;
    const char *correlation_id;
    const char *traceparent;
    const char *input;    /* of a reaction: OrderPlaced, timer NAME, … */
    const char *state;    /* delivered, waiting, refused, parked, … */
    const char *note;     /* why */
    struct cairn_time at; /* zero: not known */
    int64_t after_us;     /* since the nearest node above it that has a time; -1: not known */
    struct cairn_trace_node *parent, *first, *last, *next;
};

struct cairn_trace_report {
    const char *id;
    struct cairn_trace_node *first, *last; /* what was not caused by anything in the tree */
    int64_t events;
    bool more;          /* there are more events than the limit */
    const char **notes; /* what is left out, and why */
    size_t note_count;
};

enum { CAIRN_TRACE_LIMIT = 1000, CAIRN_TRACE_LIMIT_MAX = 10000 };

/* Finds what `id` is and fills the tree with its first `limit` events (0: CAIRN_TRACE_LIMIT). `id`
 * is a correlation; the UUID of a command or an event; a trace id or a traceparent; a position; and
 * may begin with "correlation:", "command:", "event:", "trace:" or "position:". Returns 0, or
 *   -CAIRN_MALFORMED    it can be none of these
 *   -CAIRN_INVALID      it is several of these, in different trees: `error` says what to write
 *   -CAIRN_NOT_FOUND    the log has none
 *   -CAIRN_UNAVAILABLE  the database is away, or took longer than the connection's deadline
 *   -CAIRN_BUG          the role may not read the log */
int cairn_trace_load(struct cairn_pg *pg, const char *id, int64_t limit, struct cairn_arena *arena,
                     struct cairn_trace_report *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Returns the node after this one, in the order in which a tree is printed; NULL after the last. */
const struct cairn_trace_node *cairn_trace_next(const struct cairn_trace_node *node);
/* Returns the number of nodes above it. */
int cairn_trace_depth(const struct cairn_trace_node *node);
/* Returns "command", "event", … */
const char *cairn_trace_kind_name(enum cairn_trace_kind kind);

/* Append the tree as JSON: an object for each node, with its number, from 1, and that of its
 * parent, and `between` between two; and the sum, with what is left out. */
void cairn_trace_json_nodes(const struct cairn_trace_report *trace, const char *between,
                            struct cairn_buffer *out);
void cairn_trace_json_sum(const struct cairn_trace_report *trace, struct cairn_buffer *out);

#endif
