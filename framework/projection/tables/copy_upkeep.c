/* copy_upkeep.c - writes batches to a copy, checks that it still matches the rows, and has it
 * repaired and patrolled. */
#include "core/threads/clock.h"
#include "projection/tables/redis_copy.h"

#include <stdio.h>
#include <string.h>

#define LOOK_US CAIRN_SECONDS(1)        /* between two checks of a copy that matches */
#define AGAIN_US CAIRN_MILLISECONDS(20) /* after another process has written in between */

/* ---- a batch ---- */

static void mark_current(struct cairn_copy *copy)
{
    copy->current = true;
    copy->due_us = cairn_monotonic_us() + LOOK_US;
}

void cairn_copy_write(struct cairn_copy *copy, const struct cairn_stored_row *changed, size_t count,
                      const struct cairn_checkpoint *before, const struct cairn_checkpoint *after,
                      struct cairn_arena *arena)
{
    int64_t now_us = cairn_monotonic_us();
    if (!copy->redis || copy->repair.running || (copy->problem[0] && now_us < copy->due_us))
        return;
    copy->due_us = now_us;
    copy->current = cairn_copy_put(copy, cairn_checkpoint_text(arena, before),
                                   cairn_checkpoint_text(arena, after), after->epoch, changed,
                                   count, arena) == 1;
    if (copy->current)
        mark_current(copy);
}

/* ---- checking ---- */

/* Returns whether the rows are those of this checkpoint, though written under another fence. */
static bool is_the_same_rows(const char *text, const struct cairn_checkpoint *committed)
{
    struct cairn_checkpoint at = {0};
    int end = 0;
    int read = sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 "%n", &at.epoch,
                      &at.position, &at.fence, &at.revision, &end);
    return read == 4 && text[end] == '\0' && at.epoch == committed->epoch &&
           at.position == committed->position && at.revision == committed->revision;
}

static void compare_checkpoint(struct cairn_copy *copy, const struct cairn_checkpoint *committed,
                               struct cairn_arena *arena)
{
    const char *text = "";
    const char *ours = cairn_checkpoint_text(arena, committed);
    copy->current = false;
    if (cairn_copy_get(copy, arena, &text) < 0)
        return;
    copy->due_us = cairn_monotonic_us() + AGAIN_US;
    if (strcmp(text, ours) == 0)
        mark_current(copy);
    else if (!is_the_same_rows(text, committed))
        (void)!cairn_repair_begin(copy, text, committed, arena);
    else if (cairn_copy_put(copy, text, ours, committed->epoch, NULL, 0, arena) == 1)
        mark_current(copy);
}

int cairn_copy_tend(struct cairn_copy *copy, const struct cairn_rows *rows,
                    struct cairn_store *store, const struct cairn_checkpoint *committed,
                    struct cairn_arena *arena, struct cairn_error *error)
{
    int failed = 0;
    if (copy->redis && copy->current && !copy->repair.running)
        failed = cairn_copy_patrol(copy, rows, cairn_store_pg(store), committed, arena, error);
    if (failed || !copy->redis || cairn_monotonic_us() < copy->due_us)
        return failed;
    if (!copy->repair.running) {
        compare_checkpoint(copy, committed, arena);
        return 0;
    }
    struct cairn_error away = {0};
    int done = cairn_repair_page(copy, rows, cairn_store_pg(store), arena, &away);
    if (away.code)
        return cairn_error_pass(error, &away);
    if (done == 1 && strcmp(copy->repair.text, cairn_checkpoint_text(arena, committed)) == 0)
        mark_current(copy);
    return 0;
}
