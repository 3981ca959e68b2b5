/* store.h - the append-only log of events, kept in PostgreSQL.
 *
 * Invariants
 *  (1) A stream's versions are 1, 2, 3, ... without gaps.
 *  (2) A shard's positions are 1, 2, 3, ... without gaps, and position order is commit order.
 *  (3) A reader that has seen position P never later sees a new event at or below P.
 *  (4) An acknowledged append is durable, all or nothing, and is in the log exactly once.
 *  (5) Events are never updated, deleted or truncated.
 *  (6) An append is accepted only if its stream still ends with the event that the decision was
 *      based on: (version, id of that event).
 *
 * The SQL functions in migrations/ enforce them; this file is their C interface.
 *
 * Ownership: a store belongs to one thread. What is read lies in the caller's arena.
 * Units: positions and versions are counts, from 1; times are microseconds, UTC. */
#ifndef CAIRN_STORE_STORE_H
#define CAIRN_STORE_STORE_H

#include "core/containers/arena.h"
#include "postgres/postgres.h"

#include <cairn/decider.h>

#include <stdbool.h>

struct cairn_store;

/* Connects lazily, as postgres.h says. */
int cairn_store_open(const char *url, const char *label, struct cairn_store **ret,
                     struct cairn_error *error) CAIRN_CHECKED;
void cairn_store_close(struct cairn_store *store);
/* Returns the store's connection, for the caller's own reads on the same thread. */
struct cairn_pg *cairn_store_pg(struct cairn_store *store);

/* ---- the timeline ---- */

/* Identifies a history of a store. The id never changes; the epoch is incremented when the store is
 * restored to an older state. */
struct cairn_timeline {
    struct cairn_uuid store_id;
    int64_t epoch;
};
int cairn_store_timeline(struct cairn_store *store, struct cairn_timeline *ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Checks that this session may write. Returns 0, or -CAIRN_UNAVAILABLE, and the session is
 * abandoned: the server is a standby, or transactions are read-only by a setting. */
int cairn_store_takes_writes(struct cairn_store *store, struct cairn_error *error) CAIRN_CHECKED;

/* Returns the position of the newest event, 0 for an empty log. */
int64_t cairn_store_head(struct cairn_store *store, struct cairn_error *error) CAIRN_CHECKED;

/* ---- commands ---- */

/* Identifies a command with an Idempotency-Key. */
struct cairn_command_key {
    struct cairn_uuid id;
    int64_t request_hash; /* the first 8 bytes of its SHA-256, most significant first */
};

/* Returns the key of the command. Its id is a UUID of version 8 (RFC 9562 section 5.8) from the
 * first bits of the SHA-256 of service and key: the same key makes the same id, even after its row
 * has expired. cairn.command_id returns the same. `request` is what makes two requests the same:
 * method, path, preconditions and body. */
struct cairn_command_key cairn_command_key(struct cairn_arena *arena, const char *service,
                                           const char *key, const void *request,
                                           size_t request_bytes);

/* The answer to a command with an Idempotency-Key. */
struct cairn_known_command {
    struct cairn_command_key key; /* filled in even if it is not known */
    bool known;
    int64_t status;
    const char *stream;
    int64_t version;
    int64_t position;    /* of its last event */
    int64_t event_count; /* its events end at `position` */
};

/* Looks the command up. Returns 0, or -CAIRN_KEY_REUSED if the key belongs to another request. */
int cairn_store_find_command(struct cairn_store *store, const char *service, const char *key,
                             const void *request, size_t request_bytes, struct cairn_arena *arena,
                             struct cairn_known_command *ret,
                             struct cairn_error *error) CAIRN_CHECKED;

/* One command of many that are looked up together. */
struct cairn_command_query {
    const char *service;
    const char *key;
    const void *request;
    size_t request_bytes;
    struct cairn_arena *arena; /* for what is found */
    struct cairn_known_command *ret;
    int outcome; /* what cairn_store_find_command() would return */
    struct cairn_error *error;
};

/* The same for many commands by one call. Returns 0, or the error that all of them failed with. */
int cairn_store_find_commands(struct cairn_store *store, struct cairn_command_query *queries,
                              size_t count, struct cairn_arena *arena,
                              struct cairn_error *error) CAIRN_CHECKED;

/* ---- reading ---- */

struct cairn_stored_event {
    const char *stream;
    int64_t version;
    int64_t position;
    const char *type;
    int64_t schema_version;
    struct cairn_uuid event_id;
    struct cairn_time recorded_at;
    const char *data;
    size_t data_bytes;
    const char *meta; /* NULL from cairn_store_read_stream() */
};

/* Reads the events of a stream after `version`, in order, at most `limit` or some 8 MiB. Returns
 * how many, and whether there may be more (unless `ret_more` is NULL). */
int64_t cairn_store_read_stream(struct cairn_store *store, const char *stream, int64_t version,
                                int64_t limit, struct cairn_arena *arena,
                                const struct cairn_stored_event **ret, bool *ret_more,
                                struct cairn_error *error) CAIRN_CHECKED;

/* The same with the events' meta, for those that fold rows. */
int64_t cairn_store_read_stream_whole(struct cairn_store *store, const char *stream,
                                      int64_t version, int64_t limit, struct cairn_arena *arena,
                                      const struct cairn_stored_event **ret, bool *ret_more,
                                      struct cairn_error *error) CAIRN_CHECKED;

/* Reads the events at positions from + 1 to `to` whose type is among `types` (NULL-terminated; NULL
 * for all), in order. Returns how many. Only the range bounds the work: keep it short. */
int64_t cairn_store_read_range(struct cairn_store *store, int64_t from, int64_t to,
                               const char *const *types, struct cairn_arena *arena,
                               const struct cairn_stored_event **ret,
                               struct cairn_error *error) CAIRN_CHECKED;

/* Selects events whose type is among `types`, in streams whose category is among `categories`. Both
 * lists end with NULL; NULL for all. */
struct cairn_event_filter {
    const char *const *types;
    const char *const *categories;
};

/* The same, with a filter; NULL for all. bulk_read.h reads long ranges. */
int64_t cairn_store_read_filtered(struct cairn_store *store, int64_t from, int64_t to,
                                  const struct cairn_event_filter *filter,
                                  struct cairn_arena *arena, const struct cairn_stored_event **ret,
                                  struct cairn_error *error) CAIRN_CHECKED;

/* ---- decoding ---- */

/* Returns the event type with this name, or record, or NULL. */
const struct cairn_event_type *cairn_events_find(const struct cairn_events *events,
                                                 const char *name);
const struct cairn_event_type *cairn_events_of(const struct cairn_events *events,
                                               const struct cairn_record *record);

/* Decodes an event into `ret`, a struct of the type's record; an older version is lifted. Returns
 * 0, or
 *   -CAIRN_NEWER_EVENT  its schema_version is higher than this binary knows
 *   -CAIRN_UNREADABLE   it cannot be decoded, or its lifted value is not allowed by its table */
int cairn_event_decode(const struct cairn_event_type *type, const struct cairn_stored_event *event,
                       struct cairn_arena *arena, void *ret,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Returns what has to be kept of an event's meta for cairn_caused_by(): all of it, or "{}" if it
 * names no actor, as where services do not authenticate. */
const char *cairn_event_kept_meta(const char *meta);

/* Fills in what projections and processes are told of an event. Points into the event. */
int cairn_event_meta(const struct cairn_stored_event *event, struct cairn_meta *ret,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Makes "order-0193…" from "order" and an id; and back: the id of a stream, or -CAIRN_INVALID. */
enum { CAIRN_STREAM_MAX_BYTES = 200 };
const char *cairn_stream_name(struct cairn_arena *arena, const char *category,
                              struct cairn_uuid id);
int cairn_stream_id(const char *stream, struct cairn_uuid *ret) CAIRN_CHECKED;
/* Returns what follows the category: "0193…". */
const char *cairn_stream_id_text(const char *stream);

#endif
