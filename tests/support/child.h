/* child.h - a process that a test starts, watches and stops.
 *
 *     struct child child;
 *     child_start(&child, argv, env, log_path);
 *     ...
 *     assert_int_equal(child_stop(&child, 10000), 0);
 *
 * A child is killed when the thread that started it exits, for whatever reason: start children from
 * a thread that lives as long as the test. No child is left as a zombie: each function that sees a
 * child's exit also reaps it. */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t pid;  /* 0 once it has exited */
    int status; /* then: its exit status, or minus the signal that killed it */
};

/* Starts argv[0], looked up in PATH if it has no slash, with the test's environment and the
 * variables of `env` ("NAME=value", ended by NULL; NULL for none) on top. Its output goes to
 * `log_path`, which is truncated first; NULL leaves the test's own output. Returns 0, or a negative
 * errno if the process or the log cannot be created. If exec fails, the child exits with 127. */
int child_start(struct child *ret, const char *const argv[], const char *const env[],
                const char *log_path);

/* Returns whether the child still runs. */
bool child_lives(struct child *child);

/* Sends a signal if the child still runs; after SIGKILL also waits for its exit. */
void child_kill(struct child *child, int signal);

/* Waits until the child exits; kills it at the timeout. Returns its exit status, or minus the
 * signal that killed it: -SIGKILL after the timeout. */
int child_wait(struct child *child, int timeout_ms);

/* Sends SIGTERM, then does as child_wait. */
int child_stop(struct child *child, int timeout_ms);

#endif
