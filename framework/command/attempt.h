/* attempt.h - what the files of this folder share: one command on its way.
 *
 *     step      what happens                                            next
 *     BEGIN     an Idempotency-Key is looked up                         IDENTIFIED
 *   IDENTIFIED  the request is read                                     DECIDE, or it is answered
 *     DECIDE    states are recalled (suspended while they are read),    APPEND; WAIT for what the
 *               the command is decided, and what came out is handed     decision stands on;
 *               to the appender
 *     APPEND    suspended; then the outcome is there                    answered, or DECIDE again
 *     WAIT      suspended; then what a refusal, or an answer without    answered, WAIT for another,
 *               events, stands on is in the log, or not                 or DECIDE again
 *     ANSWER    what the answer needs is read from the log              answered
 *
 * Before a command that has a key is refused it goes through BEGIN and IDENTIFIED once more.
 *
 * It is taken from step to step by the polling thread of its connection, which must not wait for
 * the database: the loader reads for it, and what the loader leaves to others a worker does, who
 * has a connection of its own. It lies in the request's arena, and belongs to the thread that
 * handles the request; while it is suspended, to whoever resumes it. */
#ifndef CAIRN_COMMAND_ATTEMPT_H
#define CAIRN_COMMAND_ATTEMPT_H

#include "command/cache.h"
#include "command/decision.h"
#include "command/endpoint.h"
#include "command/loader.h"

enum cairn_attempt_step {
    CAIRN_ATTEMPT_BEGIN,
    CAIRN_ATTEMPT_IDENTIFIED,
    CAIRN_ATTEMPT_DECIDE,
    CAIRN_ATTEMPT_APPEND,
    CAIRN_ATTEMPT_WAIT,
    CAIRN_ATTEMPT_ANSWER,
};

/* What identify and recall return that did not come to an end. */
enum {
    CAIRN_ATTEMPT_WAITS = 1,   /* suspended: somebody reads, and it is resumed then */
    CAIRN_ATTEMPT_NEEDS_STORE, /* nothing has been done, and a worker has to do it */
    CAIRN_ATTEMPT_UNDONE,      /* what was recalled did not come to be */
};

/* A state that the command needs: its own stream's, or a fact's. */
struct cairn_recalled {
    struct cairn_cached *entry; /* pinned; NULL for a stream that is to be made */
    bool read;                  /* from the log, by this attempt, since it began or began again */
    bool counted;               /* as a hit */
    int64_t branch;             /* it ends with this turn of this branch, */
    int64_t turn;               /* which was under way; 0: nothing was */
};

struct attempt {
    enum cairn_attempt_step step;

    /* what it is about */
    const struct cairn_endpoint *endpoint;
    struct cairn_store *store; /* of the worker that has it now; NULL on a polling thread */
    struct cairn_http_request *request;

    /* what the request says */
    struct cairn_uuid command_id; /* new for each request, or made from its Idempotency-Key */
    bool keyed;                   /* it has an Idempotency-Key: */
    struct cairn_known_command known;
    struct cairn_uuid id;
    const char *stream;
    const char *if_match; /* lists of ETags, or NULL */
    const char *if_none_match;
    void *command; /* the tagged union */

    /* what it is decided on */
    struct cairn_recalled own;
    struct cairn_recalled facts[CAIRN_NEEDS_MAX];
    struct cairn_expected expected; /* of its own stream */
    struct cairn_given given;
    struct cairn_expected checks[CAIRN_NEEDS_MAX];
    size_t check_count;
    int64_t seen;   /* the highest position among what was recalled */
    bool distrusts; /* what is cached: a refusal is about to be given */
    int64_t tries;
    struct cairn_waiter waiter;
    struct cairn_loading loading;
    struct cairn_recalled *loads; /* which of the states the loader reads for it */
    int64_t turns;                /* of that one, when it began */
    bool load_failed; /* that it has waited for, its own or another's; why is in `error` */

    /* what came out */
    int decided; /* 0; 1 if it was carried out before; or why not */
    struct cairn_error error;
    struct cairn_error *refusal; /* while the key is looked up again before it is given */
    struct cairn_decision decision;
    struct cairn_write write;
    struct cairn_new_command new_command;
    struct cairn_appending appending;
    struct cairn_appended appended;
    struct cairn_timeline timeline; /* that it is answered for; zeroed until somebody knows */
    int64_t branch;
    int64_t turn;
};

/* ---- identify.c ---- */

/* Reads the Idempotency-Key, looks the command up and takes its ids from it; a request without a
 * key gets new ones. Returns 0 (attempt->known.known tells whether it was carried out before);
 * CAIRN_ATTEMPT_WAITS, and it goes on as IDENTIFIED; CAIRN_ATTEMPT_NEEDS_STORE; or
 * -CAIRN_MALFORMED, -CAIRN_KEY_REUSED or what store.h says. */
int cairn_attempt_identify(struct attempt *attempt, struct cairn_error *error) CAIRN_CHECKED;

/* After the loader has looked it up: what identify would have returned. */
int cairn_attempt_identified(struct attempt *attempt);

/* ---- recall.c ---- */

/* Returns 0, and the facts are in `attempt->given`, and its own entry (where it has one) is locked
 * and current; CAIRN_ATTEMPT_WAITS; CAIRN_ATTEMPT_NEEDS_STORE; or what store.h says. */
int cairn_attempt_recall(struct attempt *attempt, struct cairn_error *error) CAIRN_CHECKED;

/* Is there anything among what was recalled that this attempt has not read from the log itself? */
bool cairn_attempt_trusts(const struct attempt *attempt);

/* Before an answer that nothing is appended for: all that was recalled has to be in the log.
 * Returns 0, and `attempt->seen` is not before any of it; CAIRN_ATTEMPT_WAITS, and it goes on as
 * WAIT; CAIRN_ATTEMPT_UNDONE. Without locks. */
int cairn_attempt_stand(struct attempt *attempt);

/* After a conflict: what was recalled is not the log's any more. */
void cairn_attempt_distrust(struct attempt *attempt);

/* Lets go of what was recalled. */
void cairn_attempt_forget(struct attempt *attempt);

/* Whoever waits for an entry is resumed by this. */
void cairn_attempt_resume(struct cairn_waiter *waiter);

/* ---- append.c ---- */

/* Hands what was decided to the appender, under the lock of its own entry. Returns 0, and the
 * request is resumed when there is an outcome; or -CAIRN_BUSY or -CAIRN_BUG. */
int cairn_attempt_append(struct attempt *attempt, struct cairn_error *error) CAIRN_CHECKED;

/* The stream was made: its state is kept for the commands to come. */
void cairn_attempt_keep(struct attempt *attempt);

/* ---- answer.c ---- */

/* The answer that the command got when it was carried out, now or before. */
int cairn_attempt_replay(struct attempt *attempt, struct cairn_http_response *response,
                         struct cairn_error *error) CAIRN_CHECKED;

/* The answer to a command that was carried out. It cannot fail: what was written is written. */
void cairn_attempt_answer(const struct attempt *attempt, struct cairn_http_response *response);

#endif
