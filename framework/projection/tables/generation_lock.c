/* generation_lock.c - runs a transaction under the lock of a projection. */
#include "projection/tables/generation_lock.h"

static const struct cairn_statement lock_statement = {
    .name = "lock_projection",
    .sql = "select pg_advisory_xact_lock(1128352084, hashtext($1))",
};

static int lock(struct cairn_pg *pg, const struct cairn_projection *projection,
                struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, projection->name);
    int64_t done = cairn_pg_run(pg, &lock_statement, &params, error);
    return done < 0 ? (int)done : 0;
}

int cairn_generation_locked(struct cairn_pg *pg, const struct cairn_projection *projection,
                            int (*work)(struct cairn_pg *pg, void *context,
                                        struct cairn_arena *arena, struct cairn_error *error),
                            void *context, struct cairn_arena *arena, struct cairn_error *error)
{
    int done = cairn_pg_script(pg, "begin", error);
    if (!done)
        done = lock(pg, projection, arena, error);
    if (!done)
        done = work(pg, context, arena, error);
    if (done >= 0) {
        int failed = cairn_pg_script(pg, "commit", error);
        return failed ? failed : done;
    }
    if (cairn_pg_connected(pg))
        (void)!cairn_pg_script(pg, "rollback", NULL);
    return done;
}
