/* attempt.h - one command while it is executed: what the files of this folder share.
 *
 *     step      what happens                                            next
 *     BEGIN     an Idempotency-Key is looked up                         IDENTIFIED
 *   IDENTIFIED  the request is read                                     DECIDE, or it is answered
 *     DECIDE    states are recalled (suspended while they are read),    APPEND; WAIT until the
 *               the command is decided, and the decision is handed      states that it is based on
 *               to the appender                                         are in the log
 *     APPEND    suspended; then the outcome is known                    answered, or DECIDE again
 *     WAIT      suspended; then a state that a refusal, or an answer    answered, WAIT for another
 *               without events, is based on is in the log, or not       state, or DECIDE again
 *     ANSWER    what the answer needs is read from the log              answered
 *
 * Before a command that has a key is refused, it goes through BEGIN and IDENTIFIED once more.
 *
 * The polling thread of the connection moves an attempt from step to step and must not wait for the
 * database. The loader reads for it; what the loader does not read, a worker with its own
 * connection does. The attempt lies in the request's arena. It belongs to the thread that handles
 * the request and, while it is suspended, to the thread that resumes it. */
#ifndef CAIRN_COMMAND_ATTEMPT_H
#define CAIRN_COMMAND_ATTEMPT_H

#include "command/decision.h"
#include "command/endpoint.h"
#include "command/state/cache.h"
#include "command/state/loader.h"
#include "telemetry/span.h"

enum cairn_attempt_step {
    CAIRN_ATTEMPT_BEGIN,
    CAIRN_ATTEMPT_IDENTIFIED,
    CAIRN_ATTEMPT_DECIDE,
    CAIRN_ATTEMPT_APPEND,
    CAIRN_ATTEMPT_WAIT,
    CAIRN_ATTEMPT_ANSWER,
};

/* Results of cairn_attempt_identify, _identified, _recall and _stand. */
enum cairn_attempt_outcome {
    CAIRN_ATTEMPT_DONE,
    CAIRN_ATTEMPT_FAILED,      /* the attempt's `error` says why */
    CAIRN_ATTEMPT_WAITS,       /* suspended, and resumed when the read or append ends */
    CAIRN_ATTEMPT_NEEDS_STORE, /* nothing was done: a worker has to do it */
    CAIRN_ATTEMPT_UNDONE,      /* the append of a recalled state has failed */
};

/* What is answered. */
enum cairn_verdict {
    CAIRN_VERDICT_ACCEPTED,
    CAIRN_VERDICT_REPLAYED, /* it was executed before, under the same key */
    CAIRN_VERDICT_FAILED,   /* refused, or it could not be executed: `error` */
};

/* A state that the command needs: its own stream's, or a fact's. */
struct cairn_recalled {
    struct cairn_cached *entry; /* pinned; NULL for a stream to be created */
    bool read;                  /* read from the log by this attempt, since its last (re)start */
    bool counted;               /* counted as a hit */
    int64_t branch;             /* the entry's branch when recalled, */
    int64_t turn;               /* and its newest append under way; 0: none */
};

/* A part of a boundary that the command names. */
struct cairn_attempt_part {
    const struct cairn_folding *folding;
    const char *tag;
    struct cairn_recalled recalled;
    int64_t branch, turn; /* of the append, in the part's entry */
};

struct attempt {
    enum cairn_attempt_step step;

    /* the endpoint and its request */
    const struct cairn_endpoint *endpoint;
    struct cairn_store *store; /* of the worker that handles it; NULL on a polling thread */
    struct cairn_http_request *request;
    bool by_service; /* signed by a service of the same store */

    /* the contents of the request */
    struct cairn_uuid command_id; /* new for each request, or derived from its Idempotency-Key */
    bool keyed;                   /* the request has an Idempotency-Key: */
    struct cairn_known_command known;
    struct cairn_uuid id;
    const char *stream;
    const char *correlation_id;
    const char *traceparent; /* of the events: that of the append's span, if there is one */
    const char *if_match;    /* lists of ETags, or NULL */
    const char *if_none_match;
    void *command; /* a struct of its record */

    /* the states it is decided on */
    struct cairn_recalled own;
    struct cairn_recalled facts[CAIRN_NEEDS_MAX];
    struct cairn_attempt_part
        *parts; /* of a boundary, each tag of a part once; NULL: not named yet */
    size_t part_count;
    size_t named[CAIRN_OVERS_MAX];  /* how many parts each row of the boundary names, */
    const size_t *part_of;          /* and which, row by row */
    struct cairn_expected expected; /* of the command's own stream */
    struct cairn_given given;
    struct cairn_expected checks[CAIRN_NEEDS_MAX];
    size_t check_count;
    int64_t seen;     /* the highest position of the recalled states */
    bool must_reread; /* cached states have to be read before a refusal */
    int64_t tries;
    int64_t since_us; /* monotonic: arrival, or the last conflict */
    struct cairn_waiter waiter;
    struct cairn_loading loading;
    struct cairn_recalled *loads; /* the state that the loader reads for this attempt */
    int64_t turns;                /* that entry's `turns` when the read began */
    bool load_failed;             /* the awaited read, by any attempt; `error` says why */

    /* the outcome */
    enum cairn_verdict verdict;
    struct cairn_error error;    /* code is 0 unless something has failed */
    struct cairn_error *refusal; /* the pending refusal, while the key is looked up again */
    struct cairn_decision decision;
    struct cairn_write write;
    struct cairn_new_command new_command;
    struct cairn_appending appending;
    struct cairn_span *span; /* from the append's submission to its outcome; NULL: not recorded */
    struct cairn_appended appended;
    struct cairn_boundary *boundaries; /* of the parts */
    struct cairn_timeline timeline;    /* that the answer is for; zeroed until known */
    int64_t branch;
    int64_t turn;
};

/* ---- identify.c ---- */

/* Reads the Idempotency-Key, looks the command up and derives its ids from the key; a request
 * without a key gets new ids. DONE (attempt->known.known tells whether the command was executed
 * before); WAITS, and the attempt resumes as IDENTIFIED; NEEDS_STORE; or FAILED: CAIRN_MALFORMED,
 * CAIRN_KEY_REUSED or an error that store.h lists. */
enum cairn_attempt_outcome cairn_attempt_identify(struct attempt *attempt) CAIRN_CHECKED;

/* Takes over the loader's result. Returns what cairn_attempt_identify() would have returned. */
enum cairn_attempt_outcome cairn_attempt_identified(struct attempt *attempt) CAIRN_CHECKED;

/* ---- recall.c ---- */

/* DONE, with the facts in `attempt->given` and the command's own entry (if it has one) locked and
 * current; WAITS; NEEDS_STORE; or FAILED with an error that store.h lists. */
enum cairn_attempt_outcome cairn_attempt_recall(struct attempt *attempt) CAIRN_CHECKED;

/* Returns whether any recalled state was not read from the log by this attempt itself. */
bool cairn_attempt_is_cached(const struct attempt *attempt);

/* Checks, before an answer without an append, that all recalled states are in the log. DONE, with
 * `attempt->seen` at or after all of them; WAITS, and the attempt resumes as WAIT; or UNDONE.
 * Called without locks. */
enum cairn_attempt_outcome cairn_attempt_stand(struct attempt *attempt) CAIRN_CHECKED;

/* Marks all recalled entries as stale, after a conflict. */
void cairn_attempt_mark_stale(struct attempt *attempt);

/* Unpins all recalled entries. */
void cairn_attempt_forget(struct attempt *attempt);

/* The `resume` of an attempt that waits for an entry. */
void cairn_attempt_resume(struct cairn_waiter *waiter);

/* DONE with the state of one entry locked and current; or, with it unlocked, what
 * cairn_attempt_recall() returns. `key` is its stream or tag. */
enum cairn_attempt_outcome cairn_attempt_recall_state(struct attempt *attempt,
                                                      struct cairn_recalled *recalled,
                                                      const struct cairn_folding *folding,
                                                      const char *key) CAIRN_CHECKED;
/* Returns whether the entry, which is locked, has to be read before a decision. */
bool cairn_attempt_has_to_read(const struct attempt *attempt,
                               const struct cairn_recalled *recalled);
/* Notes the position of a state that is decided on. */
void cairn_attempt_see(struct attempt *attempt, int64_t position);

/* ---- recall_parts.c ---- */

/* Recalls the parts of a boundary, after cairn_attempt_recall(), and returns what that does: DONE
 * with all of them locked, and the command's own entry. */
enum cairn_attempt_outcome cairn_attempt_recall_parts(struct attempt *attempt) CAIRN_CHECKED;

/* Returns the state to decide on: a struct with a pointer to each part's state. They are locked. */
const void *cairn_attempt_parts_state(const struct attempt *attempt);

/* Unlocks everything that cairn_attempt_recall() has locked. When the decision was handed over,
 * another thread may own the attempt before this returns. */
void cairn_attempt_unlock(const struct attempt *attempt);

/* Checks that the decision lets no part grow past its bounds, nor the state of a boundary's own
 * stream. Returns 0 or -CAIRN_BUG. */
int cairn_attempt_check_parts(const struct attempt *attempt,
                              struct cairn_error *error) CAIRN_CHECKED;

/* Sets the boundaries of the append; then, when it was submitted, applies its events to the parts.
 * They are locked. */
void cairn_attempt_set_boundaries(struct attempt *attempt);
void cairn_attempt_parts_ahead(struct attempt *attempt);

/* Records that the append has ended, and resumes the requests that waited for it. */
void cairn_attempt_parts_end(struct attempt *attempt);

/* ---- command_append.c ---- */

/* Hands the decision to the appender, with the lock of the command's own entry held. Returns 0, and
 * the request is resumed when the outcome is known; or an error of cairn_appender_submit() or
 * -CAIRN_BUG. */
int cairn_attempt_append(struct attempt *attempt, struct cairn_error *error) CAIRN_CHECKED;

/* Caches the state of the stream that the command has created, for later commands. */
void cairn_attempt_keep(struct attempt *attempt);

/* ---- command_spans.c ---- */

/* The span of a decision, in `room`; NULL: not recorded. Ended with its outcome. */
struct cairn_span *cairn_attempt_decides(const struct attempt *attempt, struct cairn_span *room);
void cairn_attempt_decided(const struct attempt *attempt, struct cairn_span *span, int failed);

/* Begins the span of an append, and sets the traceparent of its events; ends it, before the request
 * is resumed. */
void cairn_attempt_appends(struct attempt *attempt);
void cairn_attempt_has_appended(struct attempt *attempt, int outcome,
                                const struct cairn_error *error);

/* ---- command_answer.c ---- */

/* Writes the answer that the command got when it was carried out, now or before. */
int cairn_attempt_replay(struct attempt *attempt, struct cairn_http_response *response,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Writes the answer to a command that was carried out. Cannot fail: its append is committed. */
void cairn_attempt_answer(const struct attempt *attempt, struct cairn_http_response *response);

#endif
