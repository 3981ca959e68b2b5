/* recall_parts.c - the parts that a boundary's command is decided on: recalled like states of
 * streams, locked together while it is decided, and ahead of the log while its append is under way.
 *
 * All locks are acquired in the order of the entries' addresses, and none is held during a read. */
#include "command/attempt.h"

#include "core/lock.h"

#include <string.h>

static const char *tag_of(const struct attempt *attempt, size_t i)
{
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    return cairn_part_tag(&endpoint->decider->overs[i], endpoint->command->record, attempt->command,
                          attempt->request->arena);
}

/* ---- locks ---- */

/* Copies the entries in the order of their addresses. */
static size_t sort_entries(const struct attempt *attempt,
                           struct cairn_cached *ret[static CAIRN_OVERS_MAX])
{
    size_t count = attempt->endpoint->part_count;
    for (size_t i = 0; i < count; i++) {
        struct cairn_cached *entry = attempt->parts[i].entry;
        size_t at = i;
        for (; at > 0 && (uintptr_t)ret[at - 1] > (uintptr_t)entry; at--)
            ret[at] = ret[at - 1];
        ret[at] = entry;
    }
    return count;
}

static void lock_all(const struct attempt *attempt)
{
    struct cairn_cached *entries[CAIRN_OVERS_MAX];
    size_t count = sort_entries(attempt, entries);
    for (size_t i = 0; i < count; i++)
        cairn_lock(&entries[i]->lock);
}

void cairn_attempt_unlock(const struct attempt *attempt)
{
    struct cairn_cached *own = attempt->own.entry;
    struct cairn_cached *entries[CAIRN_OVERS_MAX];
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
    for (size_t i = 0; i < attempt->endpoint->part_count && current; i++) {
        struct cairn_recalled *part = &attempt->parts[i];
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
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    for (;;) {
        for (size_t i = 0; i < endpoint->part_count; i++) {
            struct cairn_recalled *part = &attempt->parts[i];
            enum cairn_attempt_outcome outcome =
                cairn_attempt_recall_state(attempt, part, &endpoint->parts[i], tag_of(attempt, i));
            if (outcome != CAIRN_ATTEMPT_DONE)
                return outcome;
            cairn_unlock(&part->entry->lock);
        }
        lock_all(attempt);
        if (take_parts(attempt))
            return CAIRN_ATTEMPT_DONE;
        cairn_attempt_unlock(attempt);
    }
}

const void *cairn_attempt_parts_state(const struct attempt *attempt)
{
    const struct cairn_record *record = attempt->endpoint->decider->state;
    char *state = cairn_arena_alloc(attempt->request->arena, record->size, record->align);
    for (size_t i = 0; i < attempt->endpoint->part_count; i++) {
        const void *part = cairn_cached_state(attempt->parts[i].entry)->state;
        memcpy(state + record->fields[i].offset, &part, sizeof part);
    }
    return state;
}

/* ---- the append ---- */

int cairn_attempt_check_parts(const struct attempt *attempt, struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; i < attempt->endpoint->part_count && !failed; i++) {
        const struct cairn_aggregate *known = cairn_cached_state(attempt->parts[i].entry);
        failed = cairn_part_check_growth(attempt->endpoint->parts[i].part, known->at.stream,
                                         known->state, &attempt->decision, error);
    }
    return failed;
}

void cairn_attempt_set_boundaries(struct attempt *attempt)
{
    for (size_t i = 0; i < attempt->endpoint->part_count; i++)
        attempt->boundaries[i] = cairn_part_boundary(&attempt->endpoint->parts[i],
                                                     cairn_cached_state(attempt->parts[i].entry),
                                                     attempt->request->arena);
}

void cairn_attempt_parts_ahead(struct attempt *attempt)
{
    struct cairn_arena *arena = attempt->request->arena;
    const struct cairn_decision *decision = &attempt->decision;
    struct cairn_emitted *events = cairn_new(arena, struct cairn_emitted, decision->event_count);
    for (size_t i = 0; i < attempt->endpoint->part_count; i++) {
        struct cairn_cached *entry = attempt->parts[i].entry;
        const struct cairn_part *part = attempt->endpoint->parts[i].part;
        struct cairn_uuid last = {{0}};
        size_t count = 0;
        for (size_t k = 0; k < decision->event_count; k++) {
            const struct cairn_emitted *one = &decision->events[k];
            if (!cairn_part_learns(part, entry->stream, one->type->record, one->event, arena))
                continue;
            events[count++] = *one;
            last = attempt->write.events[k].id;
        }
        attempt->part_turns[i].turn =
            cairn_cached_begin(entry, events, count, last, &attempt->part_turns[i].branch);
    }
}

void cairn_attempt_parts_end(struct attempt *attempt)
{
    const struct cairn_write *write = &attempt->write;
    struct cairn_uuid last = {{0}};
    if (write->event_count > 0)
        last = write->events[write->event_count - 1].id;
    for (size_t i = 0; i < attempt->endpoint->part_count; i++) {
        struct cairn_cached *entry = attempt->parts[i].entry;
        cairn_lock(&entry->lock);
        struct cairn_waiter *waiters =
            cairn_cached_end_part(entry, attempt->part_turns[i].branch, attempt->part_turns[i].turn,
                                  attempt->appending.outcome == 0, &attempt->appended, last);
        cairn_unlock(&entry->lock);
        cairn_waiters_resume(waiters);
    }
}
