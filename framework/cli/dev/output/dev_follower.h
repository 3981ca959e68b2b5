/* dev_follower.h - shows events and changed rows as they are committed. */
#ifndef CAIRN_CLI_DEV_DEV_FOLLOWER_H
#define CAIRN_CLI_DEV_DEV_FOLLOWER_H

#include "cli/dev/output/dev_output.h"
#include "core/containers/map.h"
#include "postgres/postgres.h"

struct cairn_dev_follower {
    struct cairn_pg *pg;
    struct cairn_arena *arena; /* for as long as the follower */
    int64_t begun_at;          /* the head of the log at the start: what was before is not shown */
    int64_t shown;             /* the newest event that was shown */
    struct cairn_map rows;     /* by projection: int64_t *, the position of the newest row shown */
    int64_t looked_us;         /* monotonic: when the database was asked last */
};

/* Begins after the newest event. Returns 0, or what cairn_pg_call() returns. */
int cairn_dev_follower_open(struct cairn_arena *arena, const char *url,
                            struct cairn_dev_follower *ret,
                            struct cairn_error *error) CAIRN_CHECKED;

/* Shows what is new, without waiting: the database is asked when it has notified of a change, and
 * otherwise once a second. A failure is left to the next call. */
void cairn_dev_follower_follow(struct cairn_dev_follower *follower,
                               const struct cairn_dev_output *output);

void cairn_dev_follower_close(struct cairn_dev_follower *follower);

#endif
