/* append.c - one append on the caller's own connection, as a batch of one. */
#include "store/append/append.h"

#include "store/append/append_batch.h"
#include "store/commit/resolve_outcome.h"
#include "store/handle.h"

/* Returns -CAIRN_UNKNOWN if the connection was lost after the statement was sent; before that,
 * nothing was written. */
static int fail_call(struct cairn_store *store, int code, struct cairn_error *error)
{
    if (code != -CAIRN_UNAVAILABLE || !cairn_pg_sent(store->pg))
        return code;
    if (error)
        error->code = CAIRN_UNKNOWN;
    return -CAIRN_UNKNOWN;
}

int cairn_store_append(struct cairn_store *store, const struct cairn_append *append,
                       struct cairn_arena *arena, struct cairn_appended *ret,
                       struct cairn_error *error)
{
    int failed = cairn_append_check(append, error);
    if (failed)
        return failed;
    failed = cairn_append_one(store, append, arena, ret, error);
    if (failed <= 0)
        return fail_call(store, failed, error);
    struct cairn_append_batch batch;
    cairn_append_batch_init(&batch, arena);
    cairn_append_batch_add(&batch, append);
    failed = cairn_append_batch_call(&batch, store, error);
    if (failed)
        return fail_call(store, failed, error);
    struct cairn_append_batch_cursor cursor = {0};
    int outcome = cairn_append_batch_next(&batch, &cursor, append, ret, error);
    int unconfirmed = outcome == 1 ? cairn_store_confirm(store, arena, error) : 0;
    return unconfirmed ? unconfirmed : outcome;
}
