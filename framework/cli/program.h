/* program.h - runs other programs: to their end, or beside this one.
 *
 * Every child of this process is started here and reaped here. Ownership: the caller owns the
 * structs; a child that was started has to be waited for or stopped.
 * Threads: one, as a child may end with the thread that has started it. */
#ifndef CAIRN_CLI_PROGRAM_H
#define CAIRN_CLI_PROGRAM_H

#include "core/containers/arena.h"

#include <stdbool.h>
#include <sys/types.h>

/* What is run, and how; zeroed members are defaults. */
struct cairn_program {
    const char *const *words;     /* ended by NULL; the first one is looked up in PATH */
    const char *const *variables; /* "NAME=value" on top of the environment, ended by NULL */
    const char *directory;        /* where it runs; NULL: here */
    const char *user;             /* whom it runs as; NULL: the same as this process */
    int output;                   /* its standard output and error; 0: those of this process */
    bool apart;                   /* no terminal sends it signals, and its input is empty */
    int last_signal;              /* what it gets if this process ends without stopping it */
};

struct cairn_child {
    pid_t pid;  /* 0 once it has ended */
    int status; /* then: its exit status, or minus the signal that killed it */
};

/* Starts a program. Returns 0, or -CAIRN_UNAVAILABLE if it cannot be executed: `error` names it and
 * the reason. */
int cairn_program_start(const struct cairn_program *program, struct cairn_child *ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Returns whether the child still runs. */
bool cairn_child_lives(struct cairn_child *child);

/* Waits until the child has ended, for at most so many microseconds (negative: without limit).
 * Returns whether it has. */
bool cairn_child_wait(struct cairn_child *child, int64_t us);

/* Sends a signal to the child, and to its process group if it is `apart`. A child that has
 * ended is ignored. */
void cairn_child_signal(struct cairn_child *child, int signal);

/* Sends the signal and waits; kills the child if it still runs after so many microseconds. */
void cairn_child_stop(struct cairn_child *child, int signal, int64_t us);

/* Runs a program to its end, for at most `us`, and keeps the last 64 KiB of its output. Returns its
 * exit status, or
 *   -CAIRN_UNAVAILABLE  it cannot be executed, was killed, or took too long */
int cairn_program_read(struct cairn_arena *arena, const struct cairn_program *program, int64_t us,
                       const char **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Returns whether a program of that name is in PATH. */
bool cairn_program_exists(const char *name);

#endif
