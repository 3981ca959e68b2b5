/* recall.c - provides the states that a command is decided on, from the cache or the log. */
#include "command/attempt.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "record/json.h"

#include <string.h>

/* hit: the cached state was used; miss: the stream was read from its start, or a snapshot; delta:
 * the events after the cached state were read. */
static struct cairn_metric recalled_states = CAIRN_COUNTER(
    "cairn_aggregates_recalled_total", "States that commands needed, by how they were had.", "how");

static struct attempt *attempt_of(struct cairn_waiter *waiter)
{
    return (struct attempt *)((char *)waiter - offsetof(struct attempt, waiter));
}

void cairn_attempt_resume(struct cairn_waiter *waiter)
{
    cairn_http_resume(attempt_of(waiter)->request);
}

/* Counts a read, before its result is stored in the entry. */
static void count_read(const struct cairn_cached *entry)
{
    cairn_metric_add(&recalled_states, entry->loaded ? "delta" : "miss", 1);
}

/* Counts a hit: one for an attempt, even if it was suspended, and none if it has read the state
 * itself. */
static void count_hit(struct cairn_recalled *recalled)
{
    if (!recalled->read && !recalled->counted)
        cairn_metric_add(&recalled_states, "hit", 1);
    recalled->counted = true;
}

/* ---- reading alone, on a worker's connection ---- */

/* Returns a copy of the settled state to continue reading from. */
static struct cairn_aggregate copy_settled(const struct attempt *attempt,
                                           const struct cairn_cached *entry)
{
    const struct cairn_record *record = entry->folding->state;
    struct cairn_aggregate copy = {.at.stream = entry->stream};
    if (!entry->loaded)
        return copy;
    copy = entry->settled.aggregate;
    copy.state = cairn_arena_alloc(attempt->request->arena, record->size, record->align);
    cairn_record_copy(record, entry->settled.aggregate.state, copy.state, attempt->request->arena);
    return copy;
}

/* Reads the log for an entry, whose lock is released meanwhile. If an append to it was handed over
 * in between, the entry is newer than what was read, and is kept. */
static enum cairn_attempt_outcome read_entry(struct attempt *attempt,
                                             struct cairn_recalled *recalled)
{
    struct cairn_cached *entry = recalled->entry;
    struct cairn_aggregate aggregate = copy_settled(attempt, entry);
    int64_t turns = entry->turns;
    count_read(entry);
    entry->loading = true;
    cairn_unlock(&entry->lock);
    int failed = cairn_aggregate_catch_up(attempt->store, entry->folding, attempt->request->arena,
                                          &aggregate, &attempt->error);
    cairn_lock(&entry->lock);
    if (!failed && entry->turns == turns)
        cairn_cached_settle(entry, &aggregate);
    recalled->read = !failed;
    struct cairn_waiter *waiters = cairn_cached_loaded(entry);
    if (waiters) {
        cairn_unlock(&entry->lock);
        cairn_waiters_resume(waiters);
        cairn_lock(&entry->lock);
    }
    return failed ? CAIRN_ATTEMPT_FAILED : CAIRN_ATTEMPT_DONE;
}

/* ---- reading by the loader ---- */

static void fail_waiters(struct cairn_waiter *waiters, const struct attempt *failed)
{
    for (struct cairn_waiter *at = waiters; at; at = at->next) {
        struct attempt *attempt = attempt_of(at);
        attempt->load_failed = true;
        if (attempt != failed)
            attempt->error = failed->error;
    }
}

/* Runs on the loader's thread. The attempt is among the waiters: once resumed, it may have been
 * freed. */
static void on_loaded(struct cairn_loading *loading)
{
    struct attempt *attempt =
        (struct attempt *)((char *)loading - offsetof(struct attempt, loading));
    struct cairn_cached *entry = attempt->loads->entry;
    int outcome = loading->outcome;
    cairn_lock(&entry->lock);
    if (outcome == 0)
        count_read(entry);
    if (outcome == 0 && entry->turns == attempt->turns)
        cairn_cached_settle(entry, &loading->aggregate);
    entry->is_long = outcome == CAIRN_LOADING_LONG;
    attempt->loads->read = outcome == 0;
    struct cairn_waiter *waiters = cairn_cached_loaded(entry);
    cairn_unlock(&entry->lock);
    if (outcome < 0)
        fail_waiters(waiters, attempt);
    cairn_waiters_resume(waiters);
}

/* Asks the loader to read the entry, whose lock is held. */
static enum cairn_attempt_outcome ask_loader(struct attempt *attempt,
                                             struct cairn_recalled *recalled)
{
    struct cairn_cached *entry = recalled->entry;
    if (entry->is_long)
        return CAIRN_ATTEMPT_NEEDS_STORE;
    attempt->loads = recalled;
    attempt->turns = entry->turns;
    attempt->loading = (struct cairn_loading){
        .folding = entry->folding,
        .aggregate = copy_settled(attempt, entry),
        .done = on_loaded,
        .error = &attempt->error,
    };
    if (cairn_loader_submit(attempt->endpoint->side->loader, &attempt->loading) < 0)
        return CAIRN_ATTEMPT_NEEDS_STORE;
    entry->loading = true;
    attempt->waiter.resume = cairn_attempt_resume;
    cairn_cached_wait(entry, &attempt->waiter, 0);
    return CAIRN_ATTEMPT_WAITS;
}

/* ---- one state ---- */

bool cairn_attempt_has_to_read(const struct attempt *attempt, const struct cairn_recalled *recalled)
{
    const struct cairn_cached *entry = recalled->entry;
    if (entry->under_way) /* `ahead` is decided on; the append verifies it */
        return false;
    return !cairn_cached_is_current(entry) || (attempt->must_reread && !recalled->read);
}

enum cairn_attempt_outcome cairn_attempt_recall_state(struct attempt *attempt,
                                                      struct cairn_recalled *recalled,
                                                      const struct cairn_folding *folding,
                                                      const char *key)
{
    if (!recalled->entry)
        recalled->entry = cairn_cache_pin(attempt->endpoint->side->cache, folding, key);
    struct cairn_cached *entry = recalled->entry;
    enum cairn_attempt_outcome outcome = CAIRN_ATTEMPT_DONE;
    cairn_lock(&entry->lock);
    if (!cairn_attempt_has_to_read(attempt, recalled))
        count_hit(recalled);
    while (outcome == CAIRN_ATTEMPT_DONE && cairn_attempt_has_to_read(attempt, recalled)) {
        if (entry->loading) {
            attempt->waiter.resume = cairn_attempt_resume;
            cairn_cached_wait(entry, &attempt->waiter, 0);
            outcome = CAIRN_ATTEMPT_WAITS;
        } else if (!attempt->store) {
            outcome = ask_loader(attempt, recalled);
        } else {
            outcome = read_entry(attempt, recalled);
        }
    }
    recalled->branch = entry->branch;
    recalled->turn = entry->under_way ? entry->turns : 0;
    if (outcome != CAIRN_ATTEMPT_DONE)
        cairn_unlock(&entry->lock);
    return outcome;
}

void cairn_attempt_see(struct attempt *attempt, int64_t position)
{
    if (position > attempt->seen)
        attempt->seen = position;
}

/* Copies the fact's state, since its entry is unlocked while the command is decided. If the fact
 * changes meanwhile, the check that goes with the append fails. */
static enum cairn_attempt_outcome recall_fact(struct attempt *attempt, int i)
{
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    const struct cairn_need *need = &endpoint->decides->needs[i];
    struct cairn_arena *arena = attempt->request->arena;
    struct cairn_uuid id;
    memcpy(&id, (char *)attempt->command + need->id_offset, sizeof id);
    enum cairn_attempt_outcome outcome =
        cairn_attempt_recall_state(attempt, &attempt->facts[i], &endpoint->facts[i],
                                   cairn_stream_name(arena, need->fact->events->category, id));
    if (outcome != CAIRN_ATTEMPT_DONE)
        return outcome;
    struct cairn_cached *entry = attempt->facts[i].entry;
    const struct cairn_aggregate *known = cairn_cached_state(entry);
    const struct cairn_record *record = need->fact->state;
    void *state = cairn_arena_alloc(arena, record->size, record->align);
    cairn_record_copy(record, known->state, state, arena);
    attempt->checks[i] = known->at;
    cairn_attempt_see(attempt, known->position);
    cairn_unlock(&entry->lock);
    attempt->given.facts[i].fact = need->fact;
    attempt->given.facts[i].state = state;
    attempt->check_count = (size_t)i + 1;
    return CAIRN_ATTEMPT_DONE;
}

/* Recalls the command's own stream. One that creates needs none: its append requires that no such
 * stream exists. That of a boundary is recalled with its parts. */
static enum cairn_attempt_outcome recall_own(struct attempt *attempt)
{
    attempt->expected = (struct cairn_expected){.stream = attempt->stream};
    if (attempt->endpoint->creates || attempt->endpoint->part_count > 0)
        return CAIRN_ATTEMPT_DONE;
    enum cairn_attempt_outcome outcome = cairn_attempt_recall_state(
        attempt, &attempt->own, &attempt->endpoint->self, attempt->stream);
    if (outcome != CAIRN_ATTEMPT_DONE)
        return outcome;
    const struct cairn_aggregate *own = cairn_cached_state(attempt->own.entry);
    attempt->expected = own->at;
    cairn_attempt_see(attempt, own->position);
    return CAIRN_ATTEMPT_DONE;
}

enum cairn_attempt_outcome cairn_attempt_recall(struct attempt *attempt)
{
    const struct cairn_need *needs = attempt->endpoint->decides->needs;
    enum cairn_attempt_outcome outcome = CAIRN_ATTEMPT_DONE;
    attempt->given.id = attempt->id;
    attempt->given.now = cairn_now();
    attempt->given.seed = attempt->command_id;
    attempt->given.correlation_id = attempt->correlation_id;
    if (attempt->request->actor)
        attempt->given.actor = *attempt->request->actor;
    attempt->seen = 0;
    for (int i = 0; i < CAIRN_NEEDS_MAX && needs[i].fact && outcome == CAIRN_ATTEMPT_DONE; i++)
        outcome = recall_fact(attempt, i);
    return outcome == CAIRN_ATTEMPT_DONE ? recall_own(attempt) : outcome;
}

/* ---- all recalled states ---- */

/* Checks one recalled state. Its position is known when the append that was under way has ended. */
static enum cairn_attempt_outcome stand(struct attempt *attempt, struct cairn_recalled *recalled)
{
    struct cairn_cached *entry = recalled->entry;
    enum cairn_attempt_outcome outcome = CAIRN_ATTEMPT_DONE;
    if (!entry || !recalled->turn)
        return outcome;
    cairn_lock(&entry->lock);
    switch (cairn_cached_standing(entry, recalled->branch, recalled->turn)) {
    case CAIRN_STANDS:
        cairn_attempt_see(attempt, cairn_cached_state(entry)->position);
        recalled->read = true;
        recalled->turn = 0;
        break;
    case CAIRN_UNDER_WAY:
        attempt->step = CAIRN_ATTEMPT_WAIT;
        attempt->waiter.resume = cairn_attempt_resume;
        cairn_cached_wait(entry, &attempt->waiter, recalled->turn);
        outcome = CAIRN_ATTEMPT_WAITS;
        break;
    case CAIRN_UNDONE:
        outcome = CAIRN_ATTEMPT_UNDONE;
    }
    cairn_unlock(&entry->lock);
    return outcome;
}

enum cairn_attempt_outcome cairn_attempt_stand(struct attempt *attempt)
{
    enum cairn_attempt_outcome outcome = stand(attempt, &attempt->own);
    for (int i = 0; i < CAIRN_NEEDS_MAX && outcome == CAIRN_ATTEMPT_DONE; i++)
        outcome = stand(attempt, &attempt->facts[i]);
    for (size_t i = 0; i < attempt->part_count && outcome == CAIRN_ATTEMPT_DONE; i++)
        outcome = stand(attempt, &attempt->parts[i].recalled);
    return outcome;
}

static bool is_cached(const struct cairn_recalled *recalled)
{
    return recalled->entry && !recalled->read;
}

bool cairn_attempt_is_cached(const struct attempt *attempt)
{
    bool cached = is_cached(&attempt->own);
    for (int i = 0; i < CAIRN_NEEDS_MAX; i++)
        cached = cached || is_cached(&attempt->facts[i]);
    for (size_t i = 0; i < attempt->part_count; i++)
        cached = cached || is_cached(&attempt->parts[i].recalled);
    return cached;
}

static void mark_stale(struct cairn_recalled *recalled)
{
    recalled->read = recalled->counted = false;
    if (!recalled->entry)
        return;
    cairn_lock(&recalled->entry->lock);
    recalled->entry->stale = true;
    cairn_unlock(&recalled->entry->lock);
}

void cairn_attempt_mark_stale(struct attempt *attempt)
{
    mark_stale(&attempt->own);
    for (int i = 0; i < CAIRN_NEEDS_MAX; i++)
        mark_stale(&attempt->facts[i]);
    for (size_t i = 0; i < attempt->part_count; i++)
        mark_stale(&attempt->parts[i].recalled);
    attempt->must_reread = false;
}

static void forget(struct attempt *attempt, struct cairn_recalled *recalled)
{
    if (recalled->entry)
        cairn_cache_unpin(attempt->endpoint->side->cache, recalled->entry);
    recalled->entry = NULL;
}

void cairn_attempt_forget(struct attempt *attempt)
{
    forget(attempt, &attempt->own);
    for (int i = 0; i < CAIRN_NEEDS_MAX; i++)
        forget(attempt, &attempt->facts[i]);
    for (size_t i = 0; i < attempt->part_count; i++)
        forget(attempt, &attempt->parts[i].recalled);
}
