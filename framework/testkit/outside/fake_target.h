/* fake_target.h - an HTTP server of a test, on the loopback, in place of a system that is called:
 * it answers by a script and records what it was asked.
 *
 * Threads: one thread accepts, and each connection has one; the test's own thread does all else.
 * Ownership: texts of a script are copied; recorded calls live until the target is closed. */
#ifndef CAIRN_TESTKIT_FAKE_TARGET_H
#define CAIRN_TESTKIT_FAKE_TARGET_H

#include <cairn/test.h>

struct cairn_fake_target;

/* A request that was received. */
struct cairn_fake_call {
    const char *method;
    const char *path;
    const char *headers; /* lines that end with CRLF, each after its CRLF: "\r\nHost: …\r\n" */
    const char *body;
    bool answered; /* by an answer of the script */
};

/* Starts to listen at a free port. Returns 0 or -CAIRN_CONFIG. */
int cairn_fake_target_open(struct cairn_fake_target **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Cuts all connections. */
void cairn_fake_target_close(struct cairn_fake_target *target);

/* Returns its URL: "http://127.0.0.1:34567". */
const char *cairn_fake_target_url(const struct cairn_fake_target *target);

/* Adds an answer to the script: each call takes the next. A call that finds none is answered with
 * 500. */
void cairn_fake_target_answer(struct cairn_fake_target *target,
                              const struct cairn_test_answer *answer);
/* Returns how many answers no call has taken. */
size_t cairn_fake_target_answers_left(struct cairn_fake_target *target);

/* Refuses connections, or accepts them again. Returns 0, or -CAIRN_CONFIG if the port was taken
 * meanwhile. */
int cairn_fake_target_away(struct cairn_fake_target *target, bool away,
                           struct cairn_error *error) CAIRN_CHECKED;

/* Returns call `number` (0, 1, 2…), for which it waits so long; or NULL if there were fewer. */
const struct cairn_fake_call *cairn_fake_target_call(struct cairn_fake_target *target,
                                                     size_t number, int64_t wait_us);

#endif
