/* recall_parts.c - the parts that a boundary's command is decided on: recalled like states of
 * streams, locked together while it is decided, and ahead of the log while its append is under way.
 *
 * All locks are acquired in the order of the entries' addresses, and none is held during a read. */
#include "command/attempt.h"

#include "core/threads/lock.h"

#include <string.h>

/* ---- what the command names ---- */

/* Returns the index of the part with this tag; a new one, unless another row has named it. */
static size_t find_part(struct attempt *attempt, const struct cairn_folding *folding,
                        const char *tag)
{
    size_t i = 0;
    while (i < attempt->part_count && (attempt->parts[i].folding->part != folding->part ||
                                       strcmp(attempt->parts[i].tag, tag) != 0))
        i++;
    if (i == attempt->part_count)
        attempt->parts[attempt->part_count++] =
            (struct cairn_attempt_part){.folding = folding, .tag = tag};
    return i;
}

/* Names the parts. There are CAIRN_PARTS_MAX at most: over_check.c has checked it at the start. */
static void name_parts(struct attempt *attempt)
{
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    struct cairn_arena *arena = attempt->request->arena;
    const char **tags[CAIRN_OVERS_MAX];
    size_t most = 0;
    size_t named = 0;
    for (size_t i = 0; i < endpoint->part_count; i++) {
        attempt->named[i] = cairn_part_tags(&endpoint->decider->overs[i], endpoint->command->record,
                                            attempt->command, arena, &tags[i]);
        most += attempt->named[i];
    }
    size_t *part_of = cairn_new(arena, size_t, most);
    attempt->parts = cairn_new(arena, struct cairn_attempt_part, most);
    for (size_t i = 0; i < endpoint->part_count; i++) {
        for (size_t k = 0; k < attempt->named[i]; k++)
            part_of[named++] = find_part(attempt, &endpoint->parts[i], tags[i][k]);
    }
    attempt->part_of = part_of;
    attempt->boundaries = cairn_new(arena, struct cairn_boundary, attempt->part_count);
}

/* ---- locks ---- */

/* Copies the entries in the order of their addresses. */
static size_t sort_entries(const struct attempt *attempt,
                           struct cairn_cached *ret[static CAIRN_PARTS_MAX])
{
    for (size_t i = 0; i < attempt->part_count; i++) {
        struct cairn_cached *entry = attempt->parts[i].recalled.entry;
        size_t at = i;
        for (; at > 0 && (uintptr_t)ret[at - 1] > (uintptr_t)entry; at--)
            ret[at] = ret[at - 1];
        ret[at] = entry;
    }
    return attempt->part_count;
}

static void lock_all(const struct attempt *attempt)
{
    struct cairn_cached *entries[CAIRN_PARTS_MAX];
    size_t count = sort_entries(attempt, entries);
    for (size_t i = 0; i < count; i++)
        cairn_lock(&entries[i]->lock);
}

void cairn_attempt_unlock(const struct attempt *attempt)
{
    struct cairn_cached *own = attempt->own.entry;
    struct cairn_cached *entries[CAIRN_PARTS_MAX];
    size_t count = sort_entries(attempt, entries);
    if (own)
        cairn_unlock(&own->lock);
    for (size_t i = 0; i < count; i++)
        cairn_unlock(&entries[i]->lock);
}

/* ---- recalling ---- */

/* Takes note of what is decided on. Returns false if a part has to be read after all. */
static bool take_parts(struct attempt *attempt)
{
    bool current = true;
    for (size_t i = 0; i < attempt->part_count && current; i++) {
        struct cairn_recalled *part = &attempt->parts[i].recalled;
        const struct cairn_cached *entry = part->entry;
        current = !cairn_attempt_has_to_read(attempt, part);
        part->branch = entry->branch;
        part->turn = entry->under_way ? entry->turns : 0;
        if (current)
            cairn_attempt_see(attempt, cairn_cached_state(entry)->position);
    }
    return current;
}

enum cairn_attempt_outcome cairn_attempt_recall_parts(struct attempt *attempt)
{
    if (!attempt->parts)
        name_parts(attempt);
    for (;;) {
        for (size_t i = 0; i < attempt->part_count; i++) {
            struct cairn_attempt_part *part = &attempt->parts[i];
            enum cairn_attempt_outcome outcome =
                cairn_attempt_recall_state(attempt, &part->recalled, part->folding, part->tag);
            if (outcome != CAIRN_ATTEMPT_DONE)
                return outcome;
            cairn_unlock(&part->recalled.entry->lock);
        }
        lock_all(attempt);
        if (take_parts(attempt))
            return CAIRN_ATTEMPT_DONE;
        cairn_attempt_unlock(attempt);
    }
}

const void *cairn_attempt_parts_state(const struct attempt *attempt)
{
    const void *states[CAIRN_PARTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < attempt->endpoint->part_count; i++)
        count += attempt->named[i];
    for (size_t i = 0; i < count; i++)
        states[i] = cairn_cached_state(attempt->parts[attempt->part_of[i]].recalled.entry)->state;
    return cairn_part_compose(attempt->endpoint->decider, states, attempt->named,
                              attempt->request->arena);
}

/* ---- the append ---- */

int cairn_attempt_check_parts(const struct attempt *attempt, struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; i < attempt->part_count && !failed; i++) {
        const struct cairn_aggregate *known = cairn_cached_state(attempt->parts[i].recalled.entry);
        failed = cairn_part_check_growth(attempt->parts[i].folding->part, known->at.stream,
                                         known->state, &attempt->decision, error);
    }
    return failed;
}

void cairn_attempt_set_boundaries(struct attempt *attempt)
{
    for (size_t i = 0; i < attempt->part_count; i++)
        attempt->boundaries[i] = cairn_part_boundary(
            attempt->parts[i].folding, cairn_cached_state(attempt->parts[i].recalled.entry),
            attempt->request->arena);
}

void cairn_attempt_parts_ahead(struct attempt *attempt)
{
    struct cairn_arena *arena = attempt->request->arena;
    const struct cairn_decision *decision = &attempt->decision;
    struct cairn_emitted *events = cairn_new(arena, struct cairn_emitted, decision->event_count);
    for (size_t i = 0; i < attempt->part_count; i++) {
        struct cairn_cached *entry = attempt->parts[i].recalled.entry;
        const struct cairn_part *part = attempt->parts[i].folding->part;
        struct cairn_uuid last = {{0}};
        size_t count = 0;
        for (size_t k = 0; k < decision->event_count; k++) {
            const struct cairn_emitted *one = &decision->events[k];
            if (!cairn_part_learns(part, entry->stream, one->type->record, one->event, arena))
                continue;
            events[count++] = *one;
            last = attempt->write.events[k].id;
        }
        attempt->parts[i].turn =
            cairn_cached_begin(entry, events, count, last, &attempt->parts[i].branch);
    }
}

void cairn_attempt_parts_end(struct attempt *attempt)
{
    const struct cairn_write *write = &attempt->write;
    struct cairn_uuid last = {{0}};
    if (write->event_count > 0)
        last = write->events[write->event_count - 1].id;
    for (size_t i = 0; i < attempt->part_count; i++) {
        struct cairn_cached *entry = attempt->parts[i].recalled.entry;
        cairn_lock(&entry->lock);
        struct cairn_waiter *waiters =
            cairn_cached_end_part(entry, attempt->parts[i].branch, attempt->parts[i].turn,
                                  attempt->appending.outcome == 0, &attempt->appended, last);
        cairn_unlock(&entry->lock);
        cairn_waiters_resume(waiters);
    }
}
