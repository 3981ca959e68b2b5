/* loader.h - reads for many commands by one call: states that are not cached, and Idempotency-Keys.
 *
 *     a command that needs a read -> a bounded queue -> one thread: one call for all the waiting
 *     states, one for all the keys -> done
 *
 * While one call is under way the next reads collect, as in the appender: a single command waits
 * for no other, and under load a state costs a fifth of what it costs by itself.
 *
 * Long streams are not read here, because all other reads would wait for them: `outcome` says so,
 * and a worker reads them on its own connection.
 *
 * Invariants
 *  (1) Every accepted read is answered exactly once.
 *  (2) A state that cannot be read or decoded fails alone; if a call fails, all of its reads fail.
 *
 * Threads: any thread may submit. `done` is called on the loader's thread and must not wait.
 * Ownership: a struct cairn_loading, and all that it points to, is the loader's from its submission
 * until `done` is called. */
#ifndef CAIRN_COMMAND_LOADER_H
#define CAIRN_COMMAND_LOADER_H

#include "command/state/aggregate.h"

struct cairn_loader;

enum { CAIRN_LOADING_LONG = 1 };

/* One read: of a state if `folding` is set, else of a command. */
struct cairn_loading {
    const struct cairn_folding *folding;
    struct cairn_aggregate
        aggregate; /* what is known so far; then the result, until `done` returns */
    struct cairn_command_query command; /* whose outcome and error are below */
    void (*done)(struct cairn_loading *loading);

    int outcome; /* 0, CAIRN_LOADING_LONG of a state, or an error that store.h lists for reading or
                  * decoding */
    struct cairn_error *error; /* the caller's, reset */
};

/* Connects lazily, as postgres.h says. At most `queue_max` reads wait. */
int cairn_loader_open(const char *url, const char *label, size_t queue_max,
                      struct cairn_loader **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Completes all accepted reads first. NULL is fine. */
void cairn_loader_close(struct cairn_loader *loader);

/* Submits a read. Returns 0, and `done` will be called; or, without calling it, -CAIRN_BUSY. */
int cairn_loader_submit(struct cairn_loader *loader, struct cairn_loading *loading) CAIRN_CHECKED;

#endif
