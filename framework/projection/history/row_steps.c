/* row_steps.c - keeps the newest steps of a row's history, each with what it changed. */
#include "projection/history/row_steps.h"

#include <stdlib.h>
#include <string.h>

/* Of all steps together; older ones are dropped beyond it. */
#define BYTES_MAX ((size_t)16 << 20)

struct cairn_row_kept *cairn_row_kept_open(int64_t steps_max)
{
    struct cairn_row_kept *kept = cairn_allocate(sizeof *kept);
    kept->room = steps_max <= 0                    ? CAIRN_ROW_STEPS
                 : steps_max > CAIRN_ROW_STEPS_MAX ? CAIRN_ROW_STEPS_MAX
                                                   : (size_t)steps_max;
    kept->places = cairn_allocate(kept->room * sizeof *kept->places);
    return kept;
}

void cairn_row_kept_close(struct cairn_row_kept *kept)
{
    if (!kept)
        return;
    for (size_t i = 0; i < kept->room; i++)
        cairn_arena_close(&kept->places[i].arena);
    cairn_arena_close(&kept->arena);
    free(kept->places);
    free(kept);
}

/* ---- the ring ---- */

static struct cairn_row_place *place_at(struct cairn_row_kept *kept, size_t i)
{
    return &kept->places[(kept->first + i) % kept->room];
}

static void drop_first(struct cairn_row_kept *kept)
{
    cairn_arena_reset(&place_at(kept, 0)->arena);
    kept->first = (kept->first + 1) % kept->room;
    kept->count--;
    kept->dropped++;
}

static size_t bytes_of(struct cairn_row_kept *kept)
{
    size_t bytes = 0;
    for (size_t i = 0; i < kept->count; i++)
        bytes += cairn_arena_bytes(&place_at(kept, i)->arena);
    return bytes;
}

void cairn_row_kept_drop(struct cairn_row_kept *kept)
{
    while (kept->count > 0)
        drop_first(kept);
}

void cairn_row_kept_add(struct cairn_row_kept *kept, const struct cairn_stored_event *event,
                        enum cairn_row_effect effect, const char *before, const char *after,
                        bool is_hidden)
{
    if (kept->count == kept->room)
        drop_first(kept);
    struct cairn_row_place *place = place_at(kept, kept->count++);
    cairn_arena_reset(&place->arena);
    place->step = (struct cairn_row_step){.position = event->position,
                                          .version = event->version,
                                          .stream = cairn_copy_text(&place->arena, event->stream),
                                          .type = cairn_copy_text(&place->arena, event->type),
                                          .event_id = event->event_id,
                                          .recorded_at = event->recorded_at,
                                          .effect = effect};
    place->step.change_count =
        cairn_json_changes(is_hidden ? "" : before, after, &place->arena, &place->step.changes);
    if (strlen(before) + strlen(after) > BYTES_MAX / CAIRN_ROW_STEPS_MAX) {
        while (kept->count > 1 && bytes_of(kept) > BYTES_MAX)
            drop_first(kept);
    }
}

struct cairn_row_step *cairn_row_kept_list(struct cairn_row_kept *kept)
{
    struct cairn_row_step *steps = cairn_new(&kept->arena, struct cairn_row_step, kept->count + 1);
    for (size_t i = 0; i < kept->count; i++)
        steps[i] = place_at(kept, i)->step;
    return steps;
}
