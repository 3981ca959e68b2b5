/* drain_look.h - looks how far what a process works on has come: its projections, process managers,
 * reactors, publisher, consumers. What is looked at are the tables and the bus, so work that
 * another process does counts, too. */
#ifndef CAIRN_RUNTIME_DRAIN_LOOK_H
#define CAIRN_RUNTIME_DRAIN_LOOK_H

#include "postgres/postgres.h"
#include "redis/redis.h"

#include <cairn/service.h>

struct cairn_drain_look {
    /* Set by the caller, and kept from look to look. */
    struct cairn_pg *pg;
    struct cairn_redis *redis; /* NULL where nothing is consumed from the bus */
    const struct cairn_service *const *services;
    bool publishes;
    bool patient; /* what has stopped may have been mended, and be tried again: it is waited for */
    /* The result: how many parts have work left, and how many cannot do it. */
    int64_t behind, failed;
};

/* Returns how many parts of these services there are to look at. */
size_t cairn_drain_parts(const struct cairn_service *const services[]);

/* Looks once. With `says` each part that is not at the head, or has parked something, is logged.
 * Returns 0, or an error of postgres.h or redis.h. */
int cairn_drain_look(struct cairn_drain_look *look, bool says,
                     struct cairn_error *error) CAIRN_CHECKED;

#endif
