/* append.h - appends to the log: their contents, conditions and outcomes.
 *
 * An append writes to one or more streams and may check others: all of its conditions hold and all
 * of it is written, or nothing is. Its conditions are checked against the log alone, under the lock
 * that assigns positions; a condition that fails is a regular outcome and affects no other append.
 *
 * Services append through appender.h, which combines concurrent appends into one transaction. The
 * call here is for programs that have a thread and a connection to themselves. */
#ifndef CAIRN_STORE_APPEND_H
#define CAIRN_STORE_APPEND_H

#include "store/store.h"

enum { CAIRN_VERSION_ANY = -1, CAIRN_VERSION_NONE = 0 };

/* The required end of a stream: its version (or ANY, or NONE: it must not exist), and the id of the
 * event at that version, zero if it is not known. */
struct cairn_expected {
    const char *stream;
    int64_t version;
    struct cairn_uuid event_id;
};

struct cairn_new_event {
    struct cairn_uuid id;
    const char *type;
    int64_t schema_version;
    const char *data;        /* JSON */
    const char *meta;        /* JSON; has the tags, too */
    const char *const *tags; /* "course:42", each once; may be NULL */
    size_t tag_count;
};

/* A boundary: what a decision has looked at, in whichever streams. Among the events after position
 * `after` that have the tag and are of one of the types, the last one must still be `last_id`;
 * zero: there must be none. `after_id` is the id of the event at `after`, zero if it is not known:
 * if the log has another event there, it is of another history, and the boundary has failed. */
struct cairn_boundary {
    const char *tag;
    const char *const *types; /* ends with NULL; NULL for all */
    int64_t after;
    struct cairn_uuid after_id;
    struct cairn_uuid last_id;
};

/* The written stream claims (scope, key), or releases it. */
struct cairn_claim {
    bool taken; /* else released */
    const char *scope;
    const char *key;
    const char *message; /* for clients, if another stream holds it; NULL: a general one */
    bool is_range;       /* the key ends with a range: "KEY [FROM,TO)" */
};

/* A command with an Idempotency-Key that is carried out by this write, and recorded with it. */
struct cairn_new_command {
    struct cairn_command_key key;
    int64_t status;     /* of its answer */
    size_t events_to;   /* its events are events_to - event_count to events_to - 1 */
    size_t event_count; /* of the write's events; may be 0 */
};

/* What one append does to one stream. */
struct cairn_write {
    struct cairn_expected expected;
    const struct cairn_new_event *events; /* none: only commands are recorded */
    size_t event_count;
    const struct cairn_claim *claims;
    size_t claim_count;
    const struct cairn_new_command *commands;
    size_t command_count;
};

enum {
    CAIRN_APPEND_MAX_EVENTS = 1000, /* of one append */
    CAIRN_APPEND_MAX_STREAMS = 100, /* written or checked by one append, each once */
    CAIRN_APPEND_MAX_BOUNDARIES = 100,
    CAIRN_EVENT_MAX_TAGS = 100,
    CAIRN_TAG_MAX_BYTES = 200,
    CAIRN_APPEND_MAX_BYTES = 16 << 20, /* of data and meta */
};

struct cairn_append {
    const struct cairn_write *writes;
    size_t write_count;
    const struct cairn_expected *checks; /* streams that are only checked */
    size_t check_count;
    const struct cairn_boundary *boundaries;
    size_t boundary_count;
};

/* The result of one write. */
struct cairn_appended {
    int64_t version;  /* of its last event, or of the stream if there were none */
    int64_t position; /* of its last event, or the head of the log if there were none */
};

/* Appends all of it, or nothing. `ret` has room for one struct per write. Returns 0; 1 if one of
 * its commands was carried out before, and nothing was written; or
 *   -CAIRN_CONFLICT     a stream or a boundary is not as expected: load it again, decide again.
 *                       The message names every condition that failed, `ret` has the current
 *                       versions of the streams
 *   -CAIRN_EXISTS       the same, if all that failed are written streams that must not exist
 *   -CAIRN_CLAIMED      another stream holds a claim; the message is that of the claims
 *   -CAIRN_KEY_REUSED   a command's key belongs to another request
 *   -CAIRN_BUSY         the log's lock was held for too long; nothing was written
 *   -CAIRN_UNAVAILABLE  the database is not reachable; nothing was written
 *   -CAIRN_UNKNOWN      the connection was lost meanwhile: the events may be there or not
 *   -CAIRN_INVALID      the database cannot store a value, or the append has too many bytes
 *   -CAIRN_BUG          the append itself is wrong: a stream twice, too many streams or events
 * All arguments are borrowed for the call. */
int cairn_store_append(struct cairn_store *store, const struct cairn_append *append,
                       struct cairn_arena *arena, struct cairn_appended *ret,
                       struct cairn_error *error) CAIRN_CHECKED;

#endif
