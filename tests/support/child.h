/* child.h - a process that a test starts, watches and ends.
 *
 *     struct child child;
 *     child_start(&child, argv, env, log_path);
 *     ...
 *     assert_int_equal(child_stop(&child, 10000), 0);
 *
 * A child is killed when the thread that started it ends, however that comes about: start children
 * from the thread that lives as long as the test. None is left behind as a zombie: each way of
 * seeing the end of a child also collects it. */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t pid;  /* 0 once it has ended */
    int status; /* then: its exit status, or minus the signal that ended it */
};

/* Starts argv[0], looked up in PATH if it has no slash, with the environment of the test and the
 * variables of `env` ("NAME=value", ended by NULL; NULL for none) on top. Its output goes to
 * `log_path`, which is emptied first; NULL leaves it with that of the test. Returns 0, or a
 * negative errno if there can be no process or no log. What cannot be executed exits with 127. */
int child_start(struct child *ret, const char *const argv[], const char *const env[],
                const char *log_path);

/* Whether it still runs. */
bool child_lives(struct child *child);

/* Sends a signal, if it still runs; after SIGKILL also waits for the end. */
void child_kill(struct child *child, int signal);

/* Waits until it ends; kills it when the time is over. Returns its exit status, or minus the signal
 * that ended it: -SIGKILL if it was late. */
int child_wait(struct child *child, int timeout_ms);

/* Asks it to end (SIGTERM), then as child_wait. */
int child_stop(struct child *child, int timeout_ms);

#endif
