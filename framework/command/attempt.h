/* attempt.h - what the files of this folder share: one command on its way. */
#ifndef CAIRN_COMMAND_ATTEMPT_H
#define CAIRN_COMMAND_ATTEMPT_H

#include "command/aggregate.h"
#include "command/decision.h"
#include "command/endpoint.h"

struct attempt {
    /* what it is about */
    const struct cairn_endpoint *endpoint;
    struct cairn_store *store;
    struct cairn_http_request *request;

    /* what the request says */
    struct cairn_uuid command_id; /* new for each request, or made from its Idempotency-Key */
    bool keyed;                   /* it has an Idempotency-Key: */
    struct cairn_known_command known;
    struct cairn_uuid id;
    const char *stream;
    int64_t if_match; /* a version, or CAIRN_VERSION_ANY */
    void *command;    /* the tagged union */

    /* what it was decided on */
    struct cairn_timeline timeline;
    struct cairn_aggregate self;
    struct cairn_given given;
    struct cairn_expected checks[CAIRN_NEEDS_MAX];
    size_t check_count;
    int64_t seen; /* the highest position among what was loaded */

    /* what came out */
    struct cairn_decision decision;
    struct cairn_appended appended;
};

/* Appends what was decided; a decision without events and key appends nothing. Returns 0, or 1 if
 * somebody else carried the same command out, or what store.h says of appending, with a conflict on
 * a version that the client pinned as -CAIRN_PRECONDITION. */
int cairn_attempt_append(struct attempt *attempt, struct cairn_error *error) CAIRN_CHECKED;

/* Reads the Idempotency-Key, looks the command up and takes its ids from it; a request without a
 * key gets new ones. Returns 0 (attempt->known.known tells whether it was carried out before) or
 * -CAIRN_MALFORMED, -CAIRN_KEY_REUSED or what store.h says. */
int cairn_attempt_identify(struct attempt *attempt, struct cairn_error *error) CAIRN_CHECKED;

/* The answer that the command got when it was carried out, now or before. */
int cairn_attempt_replay(struct attempt *attempt, struct cairn_http_response *response,
                         struct cairn_error *error) CAIRN_CHECKED;

/* The answer to a command that was carried out. It cannot fail: what was written is written. */
void cairn_attempt_answer(const struct attempt *attempt, struct cairn_http_response *response);

#endif
