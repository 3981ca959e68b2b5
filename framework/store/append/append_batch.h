/* append_batch.h - appends that go to PostgreSQL together: one call of cairn.append_batch and its
 * answers.
 *
 * Appends of one batch may build on each other: each is checked against the state that those before
 * it leave. An append is kept out of a batch only if one of its commands is in it already; it goes
 * with the next batch.
 *
 * Ownership: a batch lies in an arena; the appends are borrowed until their outcomes are read. */
#ifndef CAIRN_STORE_APPEND_BATCH_H
#define CAIRN_STORE_APPEND_BATCH_H

#include "core/containers/map.h"
#include "store/append/append.h"
#include "store/append/append_columns.h"

#include <stdint.h>

enum { CAIRN_BATCH_TAG_COLUMNS = 14 };

/* What a batch knows of a stream that it writes to or looks at. */
struct cairn_batch_stream {
    size_t number;   /* of the stream in the batch, from 1 */
    size_t events;   /* of the batch, in the stream */
    int64_t version; /* after them, and the last of them */
    struct cairn_uuid last_id;
};

struct cairn_append_batch {
    struct cairn_arena *arena;
    size_t count; /* appends */
    size_t event_count;
    size_t bytes; /* of data and meta */
    struct cairn_pg_array columns[CAIRN_APPEND_COLUMNS];
    struct cairn_map streams; /* -> struct cairn_batch_stream */
    struct cairn_map claims;  /* -> number, from 1 */
    struct cairn_map commands;
    struct cairn_map types;
    struct cairn_append_tags *tags; /* NULL: no append has tags or boundaries (append_tags.c) */
    struct cairn_append_all *all;   /* append_all.c */
    bool deferred;                  /* may commit before its flush; after the call: did */
    int64_t durable;                /* all events up to here are known to be on disk */

    /* the answer: all was appended, after the event at position `from` */
    bool is_whole;
    int64_t from;
    /* or one per append, condition or claim */
    const int64_t *outcomes;
    const int64_t *versions;
    const int64_t *fails;
    const int64_t *positions;
    const int64_t *claim_fails;
    const int64_t *boundary_fails;
    int64_t waited_us; /* for the lock */
    int64_t worked_us; /* under it */
};

/* Checks an append on its own. Returns 0, or -CAIRN_BUG or -CAIRN_INVALID if it can never be
 * carried out. */
int cairn_append_check(const struct cairn_append *append, struct cairn_error *error) CAIRN_CHECKED;

/* Returns condition `i` of an append: those of the writes come first, then the checks. */
const struct cairn_expected *cairn_append_condition(const struct cairn_append *append, size_t i);
/* Returns the number of its events, and their bytes of data and meta. */
size_t cairn_append_events(const struct cairn_append *append);
size_t cairn_append_bytes(const struct cairn_append *append);
/* Returns whether claim `i` is the last on its key: released and claimed again is claimed. */
bool cairn_claim_is_last_word(const struct cairn_write *write, size_t i);

void cairn_append_batch_init(struct cairn_append_batch *ret, struct cairn_arena *arena);

/* Returns whether the append, which has passed cairn_append_check(), can go with this batch. */
bool cairn_append_batch_takes(const struct cairn_append_batch *batch,
                              const struct cairn_append *append);
void cairn_append_batch_add(struct cairn_append_batch *batch, const struct cairn_append *append);

/* Carries the whole batch out. Returns 0, and each append has an outcome; or an error that
 * postgres.h lists, and unless cairn_pg_sent() nothing was written. */
int cairn_append_batch_call(struct cairn_append_batch *batch, struct cairn_store *store,
                            struct cairn_error *error) CAIRN_CHECKED;

/* Queues a batch behind those that are under way on this connection (cairn_pg_queue()), if it can
 * be carried out as a whole, as nearly always. Never waits. Returns false if it was not sent. */
bool cairn_append_batch_queue(struct cairn_append_batch *batch,
                              struct cairn_store *store) CAIRN_CHECKED;
/* Waits for the answer to the oldest batch that was queued. Returns 0; 1 if nothing was written,
 * and cairn_append_batch_call() has to decide about each append; or what that returns. */
int cairn_append_batch_take(struct cairn_append_batch *batch, struct cairn_store *store,
                            struct cairn_error *error) CAIRN_CHECKED;

/* The short path for an append that writes one event to one stream, checks at most one and claims
 * nothing. Returns 0; 1 if it is not such an append or its conditions do not hold (a batch of one
 * says which); or what cairn_append_batch_call() returns. */
int cairn_append_one(struct cairn_store *store, const struct cairn_append *append,
                     struct cairn_arena *arena, struct cairn_appended *ret,
                     struct cairn_error *error) CAIRN_CHECKED;

/* The same in two steps: returns the statement and adds its parameters, or NULL if it is not such
 * an append; and reads the answer. */
const struct cairn_statement *cairn_append_one_prepare(const struct cairn_append *append,
                                                       struct cairn_pg_params *params);
int cairn_append_one_read(const struct cairn_pg_result *rows,
                          struct cairn_appended *ret) CAIRN_CHECKED;

/* ---- append_tags.c ---- */

/* Collects the tags of a batch's events, and its boundaries. `batch` has the append in its columns
 * already, up to the write that has the condition `condition`. */
void cairn_append_tags_add_event(struct cairn_append_batch *batch, size_t condition, size_t number,
                                 const struct cairn_new_event *event);
void cairn_append_tags_add_boundaries(struct cairn_append_batch *batch,
                                      const struct cairn_append *append);
/* Ends the append that was added last. */
void cairn_append_tags_end(struct cairn_append_batch *batch);
/* Adds the columns to the parameters of cairn.append_batch. */
void cairn_append_tags_params(struct cairn_append_batch *batch, struct cairn_pg_params *params);

/* Where the entries of an append begin in the answer; zeroed for the first one. */
struct cairn_append_batch_cursor {
    size_t append;
    size_t event;
    size_t condition;
    size_t claim;
    size_t boundary;
};

/* Returns the outcome of the next append, as cairn_store_append() does. `append` is the one that
 * was added in its place. */
int cairn_append_batch_next(const struct cairn_append_batch *batch,
                            struct cairn_append_batch_cursor *cursor,
                            const struct cairn_append *append, struct cairn_appended *ret,
                            struct cairn_error *error);

#endif
