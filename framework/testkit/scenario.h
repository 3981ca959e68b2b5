/* scenario.h - a test in progress: what all kinds of tests share. */
#ifndef CAIRN_TESTKIT_SCENARIO_H
#define CAIRN_TESTKIT_SCENARIO_H

#include "core/containers/buffer.h"
#include "core/containers/map.h"

#include <cairn/test.h>

struct cairn_handled_outcome;
struct cairn_test_database;

/* One kind of tests: CAIRN_DECIDING and the like. */
struct cairn_scenario_kind {
    const char *name;                                              /* of the macro that begins it */
    void (*given)(struct cairn_here here, struct cairn_any event); /* NULL: nothing is given */
    void (*event)(struct cairn_here here, struct cairn_any event); /* NULL: no WHEN_EVENT */
    void (*settle)(struct cairn_here here);          /* fails unless every result was named */
    void (*forget)(struct cairn_scenario *scenario); /* the results of the last WHEN */
    void (*end)(struct cairn_scenario *scenario);    /* last checks, and frees; may be NULL */
    void (*advance)(struct cairn_here here, struct cairn_time to); /* NULL: only the clock moves */
    void (*retry)(struct cairn_here here); /* calls the handler again; NULL: no WHEN_RETRIED */
    /* Returns the idempotency key of the last event; NULL: there was none. */
    const char *(*key)(const struct cairn_scenario *scenario);
    bool runs_services; /* it starts services itself, when the settings of targets are known */
    struct cairn_test_database *(*database)(
        struct cairn_scenario *scenario); /* NULL: it has none */
    /* Returns the outcome of the handler that was called; NULL: none is. */
    struct cairn_handled_outcome *(*outcome)(struct cairn_scenario *scenario);
};

/* What any kind of test may have besides: the targets that are called. */
struct cairn_scenario_part {
    void *self;
    void (*start)(struct cairn_scenario *scenario, void *self); /* before services are started */
    void (*settle)(struct cairn_here here, void *self);
    void (*end)(struct cairn_scenario *scenario, void *self);
    struct cairn_scenario_part *next;
};

/* An event in the shape of an older version. */
struct cairn_old_event {
    const struct cairn_event_type *type; /* NULL: none */
    int version;
    const void *value;
};

struct cairn_scenario {
    struct cairn_arena arena;
    const struct cairn_scenario_kind *kind;
    void *self; /* of the kind: struct cairn_deciding and the like, in the arena */

    /* the events that may be given: those of a decider, or those that have handlers */
    const struct cairn_events *events;
    const struct cairn_handlers *handlers;

    struct cairn_old_event old; /* the last that was given, until one of the newest version is */

    /* current stream and time */
    struct cairn_uuid id;
    struct cairn_uuid acting; /* the process that reacted last; zero: none, or no process' test */
    struct cairn_time now;
    int64_t position;
    struct cairn_map versions; /* stream -> int64_t, its version */
    const char *cause;         /* the meta of events that are given, of CAUSED_BY; NULL: none */

    struct cairn_here when; /* the last WHEN; before it, where the test begins */
    struct cairn_here step; /* the last GIVEN or WHEN */
    int asks;               /* WHENs so far */
    bool fresh;             /* each WHEN makes ids of its own */
    bool asked;             /* there was a WHEN, and no GIVEN since */
    bool failed; /* after a failure, results that no THEN names are not reported any more */
    bool services_run;
    struct cairn_scenario_part *parts;
};

/* ---- scenario.c ---- */

/* Begins a test of this kind, with `bytes` of zeroed memory as its `self`. */
struct cairn_scenario *cairn_scenario_begin(const struct cairn_scenario_kind *kind, size_t bytes);

/* Fails at `here` unless every result of the last WHEN was named. */
void cairn_scenario_settle(struct cairn_here here);
/* Begins a WHEN: settles and forgets the results of the one before. */
void cairn_scenario_ask(struct cairn_here here);

/* ---- failing.c ---- */

/* Reports a failure. May not return. */
void cairn_test_fail(const char *file, int line, const char *message);

/* Reports a failure at `here`. May not return. */
void cairn_scenario_fail(struct cairn_here here, const char *format, ...) CAIRN_PRINTF(2, 3);

/* Returns a record as JSON text, in the scenario's arena. */
const char *cairn_scenario_json(struct cairn_scenario *scenario, const struct cairn_record *record,
                                const void *value);

/* Compares as JSON text; `what` names the compared thing in the failure. */
void cairn_scenario_compare(struct cairn_here here, const char *what,
                            const struct cairn_record *wanted_of, const void *wanted,
                            const struct cairn_record *seen_of, const void *seen);

/* These fail, and return false or NULL, if the test itself is wrong: a value that violates its
 * table; a macro of another kind of scenario than the one that the macro `kind` begins, else the
 * scenario's `self` is returned; a THEN without a WHEN. */
bool cairn_scenario_possible(struct cairn_here here, struct cairn_any value);
void *cairn_scenario_takes(struct cairn_here here, const char *kind, const char *word);
void *cairn_scenario_was_asked(struct cairn_here here, const char *kind, const char *word);

/* ---- scenario_state.c ---- */

/* Returns what a decision or a reaction is given; the ids that it makes depend on `id`. */
struct cairn_given cairn_scenario_given_now(const struct cairn_scenario *scenario,
                                            struct cairn_uuid id);

/* Adds an event of `category` to the stream, and returns its metadata. */
struct cairn_meta cairn_scenario_meta(struct cairn_scenario *scenario, const char *category);
/* Returns a pointer to the number of events of the current stream. */
int64_t *cairn_scenario_version(struct cairn_scenario *scenario);

/* Passes over an event that no handler is for, as the service does. Fails if it is of a noun of
 * which `name` handles no event: a struct that is no event would not be noticed. */
void cairn_scenario_ignore(struct cairn_here here, const char *name,
                           const struct cairn_record *event);

/* Returns a copy in the scenario's arena: the original lives only as long as its block. */
void *cairn_scenario_copy(struct cairn_scenario *scenario, struct cairn_any value);

/* Returns a pointer to what a map has for an id. */
void **cairn_scenario_at_id(struct cairn_map *map, struct cairn_uuid id);

/* ---- lifting.c ---- */

/* Converts an event that was given in the shape of an older version to the newest one. Fails, and
 * returns false, if the event is invalid before or after. */
bool cairn_scenario_lift(struct cairn_here here, struct cairn_any *event);

#endif
