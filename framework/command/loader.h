/* loader.h - reads for commands, many by one call: states that are not cached, and
 * Idempotency-Keys.
 *
 *     a command that has to know something -> a bounded queue -> one thread: one call for all the
 *     states that are waited for, one for all the keys -> done
 *
 * While one call is under way the next ones collect, as at the appender: alone, a command waits for
 * nobody, and under load a state costs a fifth of what it costs by itself.
 *
 * What is long is not read here, or all others would wait for it: `outcome` says so, and a worker
 * reads it on a connection of its own.
 *
 * Invariants
 *  (1) What was accepted is answered exactly once.
 *  (2) A state that cannot be read or decoded fails by itself; a call that fails fails those that
 *      were in it.
 *
 * Threads: any thread may hand over. `done` is called on the loader's thread and must not wait.
 * Ownership: a struct cairn_loading, and all that it points to, is the loader's from the moment it
 * is handed over until `done` is called. */
#ifndef CAIRN_COMMAND_LOADER_H
#define CAIRN_COMMAND_LOADER_H

#include "command/aggregate.h"

struct cairn_loader;

enum { CAIRN_LOADING_LONG = 1 };

/* Something that is to be known: a state, if `folding` is there, else a command. */
struct cairn_loading {
    const struct cairn_folding *folding;
    struct cairn_aggregate
        aggregate; /* what is known of it; then what it is, until `done` returns */
    struct cairn_command_query command; /* its outcome and error are below */
    void (*done)(struct cairn_loading *loading);

    int outcome; /* 0, CAIRN_LOADING_LONG of a state, or what store.h says of reading and decoding
                  */
    struct cairn_error *error; /* the caller's, reset */
};

/* Connects lazily, as postgres.h says. At most `queue_max` are waiting. */
int cairn_loader_open(const char *url, const char *label, size_t queue_max,
                      struct cairn_loader **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Lets everything that was accepted finish. NULL is fine. */
void cairn_loader_close(struct cairn_loader *loader);

/* Hands over. Returns 0, and `done` will be called; or, without it, -CAIRN_BUSY. */
int cairn_loader_submit(struct cairn_loader *loader, struct cairn_loading *loading) CAIRN_CHECKED;

#endif
