/* append.h - what is appended to the log, and what becomes of it.
 *
 * An append writes to one stream or to several, and may look at others: all of its conditions hold
 * and all of it is written, or nothing is. What decides about it is the log alone, under the lock
 * that gives positions; a condition that fails is an answer and disturbs no other append.
 *
 * Services append by appender.h, which puts what comes together into one transaction. The call
 * here is for programs that have a thread and a connection to themselves. */
#ifndef CAIRN_STORE_APPEND_H
#define CAIRN_STORE_APPEND_H

#include "store/store.h"

enum { CAIRN_VERSION_ANY = -1, CAIRN_VERSION_NONE = 0 };

/* What a stream must look like: the version (or ANY, or NONE: it must not exist), and the id of
 * the event that has it, zero where nobody knows. */
struct cairn_expected {
    const char *stream;
    int64_t version;
    struct cairn_uuid event_id;
};

struct cairn_new_event {
    struct cairn_uuid id;
    const char *type;
    int64_t schema_version;
    const char *data; /* JSON */
    const char *meta; /* JSON */
};

/* The stream that is written takes (scope, key), or gives it back. */
struct cairn_claim {
    bool taken; /* else given back */
    const char *scope;
    const char *key;
};

/* A command with an Idempotency-Key that is carried out by this write, and recorded with it. */
struct cairn_new_command {
    struct cairn_command_key key;
    int64_t status;     /* that it is answered with */
    size_t events_to;   /* its events are events_to - event_count up to events_to - 1 */
    size_t event_count; /* of the write's; may be none */
};

/* What happens to one stream. */
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
    CAIRN_APPEND_MAX_EVENTS = 1000,    /* of one append */
    CAIRN_APPEND_MAX_STREAMS = 100,    /* written and looked at by one append, each once */
    CAIRN_APPEND_MAX_BYTES = 16 << 20, /* of data and meta */
};

struct cairn_append {
    const struct cairn_write *writes;
    size_t write_count;
    const struct cairn_expected *checks; /* streams that are not written */
    size_t check_count;
};

/* What became of one write. */
struct cairn_appended {
    int64_t version;  /* of its last event, or of the stream if there were none */
    int64_t position; /* of its last event, or the head of the log if there were none */
};

/* Appends all of it, or nothing. `ret` has room for one struct a write. Returns 0; or 1 if one of
 * its commands is known already, and nothing was written; or
 *   -CAIRN_CONFLICT     a stream is not as expected: load it again, decide again. The message names
 *                       every condition that failed, `ret` has the versions that the streams are at
 *   -CAIRN_EXISTS       the same, where all that failed were expected not to exist
 *   -CAIRN_CLAIMED      another stream holds a claim; the message names the scopes
 *   -CAIRN_KEY_REUSED   a command's key belongs to another request
 *   -CAIRN_BUSY         the log's lock was held for too long; nothing was written
 *   -CAIRN_UNAVAILABLE  the database is away; nothing was written
 *   -CAIRN_UNKNOWN      it went away in between: the events may be there or not
 *   -CAIRN_INVALID      the database cannot hold a value
 *   -CAIRN_BUG          the append itself is wrong: a stream twice, too much of something
 * Everything is borrowed for the call. */
int cairn_store_append(struct cairn_store *store, const struct cairn_append *append,
                       struct cairn_arena *arena, struct cairn_appended *ret,
                       struct cairn_error *error) CAIRN_CHECKED;

#endif
