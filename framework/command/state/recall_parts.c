/* recall_parts.c - the parts that a boundary's command is decided on, and the state of its own
 * stream: recalled one by one, locked together while it is decided, and ahead of the log while its
 * append is under way.
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
        const struct cairn_over *over = &endpoint->decider->overs[i];
        if (!cairn_over_is_stream(over))
            attempt->named[i] =
                cairn_part_tags(over, endpoint->command->record, attempt->command, arena, &tags[i]);
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

/* What is locked while a command is decided: its own entry, if it has one, and those of parts. */
struct locked {
    struct cairn_cached *entries[CAIRN_PARTS_MAX + 1];
    size_t count;
};

/* Adds an entry, in the order of addresses. */
static void add_entry(struct locked *locked, struct cairn_cached *entry)
{
    size_t at = locked->count++;
    for (; at > 0 && (uintptr_t)locked->entries[at - 1] > (uintptr_t)entry; at--)
        locked->entries[at] = locked->entries[at - 1];
    locked->entries[at] = entry;
}

static struct locked list_entries(const struct attempt *attempt)
{
    struct locked ret = {.count = 0};
    if (attempt->own.entry)
        add_entry(&ret, attempt->own.entry);
    for (size_t i = 0; i < attempt->part_count; i++)
        add_entry(&ret, attempt->parts[i].recalled.entry);
    return ret;
}

static void lock_all(const struct attempt *attempt)
{
    const struct locked locked = list_entries(attempt);
    for (size_t i = 0; i < locked.count; i++)
        cairn_lock(&locked.entries[i]->lock);
}

void cairn_attempt_unlock(const struct attempt *attempt)
{
    const struct locked locked = list_entries(attempt);
    for (size_t i = 0; i < locked.count; i++)
        cairn_unlock(&locked.entries[i]->lock);
}

/* ---- recalling ---- */

/* Takes note of a state that is decided on. Returns false if it has to be read after all. */
static bool take_state(struct attempt *attempt, struct cairn_recalled *recalled)
{
    const struct cairn_cached *entry = recalled->entry;
    if (cairn_attempt_has_to_read(attempt, recalled))
        return false;
    recalled->branch = entry->branch;
    recalled->turn = entry->under_way ? entry->turns : 0;
    cairn_attempt_see(attempt, cairn_cached_state(entry)->position);
    return true;
}

static bool take_all(struct attempt *attempt)
{
    bool current = true;
    if (attempt->own.entry) {
        current = take_state(attempt, &attempt->own);
        attempt->expected = cairn_cached_state(attempt->own.entry)->at;
    }
    for (size_t i = 0; i < attempt->part_count && current; i++)
        current = take_state(attempt, &attempt->parts[i].recalled);
    return current;
}

/* Recalls the states one by one; those that are not locked any more may change meanwhile. */
static enum cairn_attempt_outcome recall_each(struct attempt *attempt)
{
    enum cairn_attempt_outcome outcome = CAIRN_ATTEMPT_DONE;
    if (!attempt->endpoint->creates) {
        outcome = cairn_attempt_recall_state(attempt, &attempt->own, &attempt->endpoint->self,
                                             attempt->stream);
        if (outcome == CAIRN_ATTEMPT_DONE)
            cairn_unlock(&attempt->own.entry->lock);
    }
    for (size_t i = 0; i < attempt->part_count && outcome == CAIRN_ATTEMPT_DONE; i++) {
        struct cairn_attempt_part *part = &attempt->parts[i];
        outcome = cairn_attempt_recall_state(attempt, &part->recalled, part->folding, part->tag);
        if (outcome == CAIRN_ATTEMPT_DONE)
            cairn_unlock(&part->recalled.entry->lock);
    }
    return outcome;
}

enum cairn_attempt_outcome cairn_attempt_recall_parts(struct attempt *attempt)
{
    enum cairn_attempt_outcome outcome;
    if (!attempt->parts)
        name_parts(attempt);
    while ((outcome = recall_each(attempt)) == CAIRN_ATTEMPT_DONE) {
        lock_all(attempt);
        if (take_all(attempt))
            return CAIRN_ATTEMPT_DONE;
        cairn_attempt_unlock(attempt);
    }
    return outcome;
}

/* Returns the state of the command's own stream: zeroed if the command begins it. */
static const void *own_state(const struct attempt *attempt)
{
    const struct cairn_record *record = attempt->endpoint->self.state;
    if (attempt->own.entry)
        return cairn_cached_state(attempt->own.entry)->state;
    return cairn_arena_alloc(attempt->request->arena, record->size, record->align);
}

const void *cairn_attempt_parts_state(const struct attempt *attempt)
{
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    const void *states[CAIRN_PARTS_MAX + 1];
    size_t counts[CAIRN_OVERS_MAX];
    const size_t *part_of = attempt->part_of;
    size_t count = 0;
    for (size_t i = 0; i < endpoint->part_count; i++) {
        counts[i] = attempt->named[i];
        if (cairn_over_is_stream(&endpoint->decider->overs[i])) {
            counts[i] = 1;
            states[count++] = own_state(attempt);
        }
        for (size_t k = 0; k < attempt->named[i]; k++)
            states[count++] = cairn_cached_state(attempt->parts[*part_of++].recalled.entry)->state;
    }
    return cairn_part_compose(endpoint->decider, states, counts, attempt->request->arena);
}

/* ---- the append ---- */

int cairn_attempt_check_parts(const struct attempt *attempt, struct cairn_error *error)
{
    const struct cairn_part *own = cairn_part_of_stream(attempt->endpoint->decider);
    int failed = 0;
    if (own)
        failed = cairn_part_check_growth(own, attempt->stream, own_state(attempt),
                                         &attempt->decision, error);
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
