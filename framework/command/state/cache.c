/* cache.c - a hash table of aggregates with LRU eviction, and the operations on an entry. */
#include "command/state/cache.h"

#include "command/state/snapshots.h"
#include "core/report/metrics.h"
#include "core/text/hash.h"
#include "core/threads/lock.h"
#include "record/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* TEXT_BYTES is the space reserved for the texts of a state, a first guess. */
enum { SLOTS = 1 << 16, TEXT_BYTES = 64 };

struct cairn_cache {
    pthread_mutex_t lock;
    size_t max_entries;
    size_t max_bytes;
    size_t count;
    size_t bytes;
    struct cairn_cached **slots;
    struct cairn_cached *newest;
    struct cairn_cached *oldest;
};

static struct cairn_metric entries =
    CAIRN_GAUGE("cairn_aggregates_cached", "Aggregates in the cache.", NULL);
static struct cairn_metric cached_bytes =
    CAIRN_GAUGE("cairn_aggregates_cached_bytes", "Memory of the aggregates in the cache.", NULL);
static struct cairn_metric evictions =
    CAIRN_COUNTER("cairn_aggregates_evicted_total", "Aggregates evicted from the cache.", NULL);

/* ---- the table, under the cache's lock ---- */

static void unlink_age(struct cairn_cache *cache, struct cairn_cached *entry)
{
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void link_newest(struct cairn_cache *cache, struct cairn_cached *entry)
{
    entry->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static void unlink_slot(struct cairn_cache *cache, struct cairn_cached *entry)
{
    struct cairn_cached **at = &cache->slots[entry->hash % SLOTS];
    while (*at != entry)
        at = &(*at)->next_in_slot;
    *at = entry->next_in_slot;
}

static void free_entry(struct cairn_cached *entry)
{
    cairn_snapshots_drop(entry->offer);
    cairn_arena_close(&entry->settled.arena);
    cairn_arena_close(&entry->ahead.arena);
    cairn_lock_destroy(&entry->lock);
    free(entry->key);
    free(entry);
}

static void evict(struct cairn_cache *cache, struct cairn_cached *entry)
{
    unlink_age(cache, entry);
    unlink_slot(cache, entry);
    cache->count--;
    cache->bytes -= entry->bytes;
    cairn_metric_add(&evictions, "", 1);
    free_entry(entry);
}

static void make_room(struct cairn_cache *cache)
{
    struct cairn_cached *entry = cache->oldest;
    while (entry && (cache->count > cache->max_entries || cache->bytes > cache->max_bytes)) {
        struct cairn_cached *newer = entry->newer;
        if (entry->pins == 0)
            evict(cache, entry);
        entry = newer;
    }
    cairn_metric_set(&entries, "", (int64_t)cache->count);
    cairn_metric_set(&cached_bytes, "", (int64_t)cache->bytes);
}

static struct cairn_cached *find(const struct cairn_cache *cache, const char *key, uint32_t hash)
{
    struct cairn_cached *entry = cache->slots[hash % SLOTS];
    while (entry && (entry->hash != hash || strcmp(entry->key, key) != 0))
        entry = entry->next_in_slot;
    return entry;
}

static struct cairn_cached *make(struct cairn_cache *cache, const struct cairn_folding *folding,
                                 const char *key, size_t stream_at, uint32_t hash)
{
    struct cairn_cached *entry = cairn_allocate(sizeof *entry);
    cairn_lock_init(&entry->lock);
    entry->folding = folding;
    entry->key = cairn_duplicate(key);
    entry->stream = entry->key + stream_at;
    entry->hash = hash;
    entry->next_in_slot = cache->slots[hash % SLOTS];
    cache->slots[hash % SLOTS] = entry;
    link_newest(cache, entry);
    cache->count++;
    return entry;
}

struct cairn_cached *cairn_cache_pin(struct cairn_cache *cache, const struct cairn_folding *folding,
                                     const char *stream)
{
    char key[2 * CAIRN_STREAM_MAX_BYTES];
    size_t kind_bytes = strlen(folding->kind);
    assert(kind_bytes + strlen(stream) + 2 < sizeof key);
    memcpy(key, folding->kind, kind_bytes);
    key[kind_bytes] = ' ';
    memcpy(key + kind_bytes + 1, stream, strlen(stream) + 1);
    uint32_t hash = (uint32_t)cairn_hash(key);
    cairn_lock(&cache->lock);
    struct cairn_cached *entry = find(cache, key, hash);
    if (entry) {
        unlink_age(cache, entry);
        link_newest(cache, entry);
    } else {
        entry = make(cache, folding, key, kind_bytes + 1, hash);
    }
    entry->pins++;
    cairn_unlock(&cache->lock);
    return entry;
}

/* Returns whether the entry's stream does not exist. Clients that guess ids ask for such streams,
 * so the entry is not kept once its last pin is released. */
static bool is_of_nothing(const struct cairn_cached *entry)
{
    return entry->loaded && !entry->under_way && !entry->loading &&
           entry->settled.aggregate.at.version == 0;
}

void cairn_cache_unpin(struct cairn_cache *cache, struct cairn_cached *entry)
{
    cairn_lock(&entry->lock);
    size_t bytes = sizeof *entry + strlen(entry->key) + cairn_arena_bytes(&entry->settled.arena) +
                   cairn_arena_bytes(&entry->ahead.arena);
    cairn_unlock(&entry->lock);
    cairn_lock(&cache->lock);
    cache->bytes += bytes - entry->bytes;
    entry->bytes = bytes;
    entry->pins--;
    if (entry->pins == 0 && is_of_nothing(entry))
        evict(cache, entry);
    make_room(cache);
    cairn_unlock(&cache->lock);
}

struct cairn_cache *cairn_cache_open(size_t max_entries, size_t max_bytes)
{
    struct cairn_cache *cache = cairn_allocate(sizeof *cache);
    cairn_lock_init(&cache->lock);
    cache->slots = cairn_allocate(SLOTS * sizeof *cache->slots);
    cache->max_entries = max_entries;
    cache->max_bytes = max_bytes;
    return cache;
}

void cairn_cache_close(struct cairn_cache *cache)
{
    if (!cache)
        return;
    while (cache->oldest) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): evict() unlinks before it frees */
        evict(cache, cache->oldest);
    }
    cairn_lock_destroy(&cache->lock);
    free(cache->slots);
    free(cache);
}

/* ---- an entry, under its lock ---- */

const struct cairn_aggregate *cairn_cached_state(const struct cairn_cached *entry)
{
    return entry->under_way ? &entry->ahead.aggregate : &entry->settled.aggregate;
}

bool cairn_cached_is_current(const struct cairn_cached *entry)
{
    return entry->under_way || (entry->loaded && !entry->stale);
}

/* Replaces `ret` with a copy of `aggregate`, which may lie in the arena that is replaced. */
static void replace_state(const struct cairn_cached *entry, const struct cairn_aggregate *aggregate,
                          struct cairn_state *ret)
{
    const struct cairn_record *record = entry->folding->state;
    struct cairn_state fresh = {.aggregate = *aggregate};
    cairn_arena_reserve(&fresh.arena, record->size + TEXT_BYTES);
    void *state = cairn_arena_alloc(&fresh.arena, record->size, record->align);
    cairn_record_copy(record, aggregate->state, state, &fresh.arena);
    fresh.aggregate.state = state;
    fresh.aggregate.at.stream = entry->stream;
    cairn_arena_close(&ret->arena);
    *ret = fresh;
}

void cairn_cached_settle(struct cairn_cached *entry, const struct cairn_aggregate *aggregate)
{
    replace_state(entry, aggregate, &entry->settled);
    entry->loaded = true;
    entry->stale = false;
    entry->is_long = false;
}

/* Prepares a snapshot of the state that the append of this turn leads to; it is submitted when that
 * append has succeeded. A hot stream is never loaded again, so its snapshots come from here. */
static void prepare_offer(struct cairn_cached *entry, int64_t turn)
{
    if (entry->offer)
        return;
    entry->offer = cairn_snapshots_prepare(entry->folding, &entry->ahead.aggregate, false);
    entry->offer_turn = turn;
}

static void submit_offer(struct cairn_cached *entry, int64_t turn)
{
    if (!entry->offer || turn < entry->offer_turn)
        return;
    cairn_snapshots_submit(entry->folding, entry->offer);
    entry->offer = NULL;
}

/* Discards `ahead` and begins a new branch, so that the ends of appends still under way are
 * ignored. */
static void drop_ahead(struct cairn_cached *entry)
{
    cairn_arena_close(&entry->ahead.arena);
    entry->ahead = (struct cairn_state){0};
    cairn_snapshots_drop(entry->offer);
    entry->offer = NULL;
    entry->under_way = 0;
    entry->branch++;
}

int64_t cairn_cached_begin(struct cairn_cached *entry, const struct cairn_emitted *events,
                           size_t count, struct cairn_uuid last_id, int64_t *ret_branch)
{
    const struct cairn_folding *folding = entry->folding;
    struct cairn_aggregate next = *cairn_cached_state(entry);
    struct cairn_arena scratch = {0};
    cairn_arena_reserve(&scratch, folding->state->size + TEXT_BYTES);
    void *state = cairn_arena_alloc(&scratch, folding->state->size, folding->state->align);
    memcpy(state, next.state, folding->state->size);
    for (size_t i = 0; i < count; i++)
        cairn_folding_apply(folding, events[i].type, events[i].event, &scratch, state);
    next.state = state;
    if (count > 0) {
        next.at.version += (int64_t)count;
        next.at.event_id = last_id;
    }
    replace_state(entry, &next, &entry->ahead);
    cairn_arena_close(&scratch);
    entry->under_way++;
    *ret_branch = entry->branch;
    prepare_offer(entry, ++entry->turns);
    return entry->turns;
}

/* Unlinks and returns the waiters for turns up to `turn` or, if `all`, for any turn. */
static struct cairn_waiter *take_waiters(struct cairn_cached *entry, int64_t turn, bool all)
{
    struct cairn_waiter *taken = NULL;
    struct cairn_waiter **at = &entry->waiters;
    while (*at) {
        struct cairn_waiter *waiter = *at;
        if (waiter->turn > 0 && (all || waiter->turn <= turn)) {
            *at = waiter->next;
            waiter->next = taken;
            taken = waiter;
        } else {
            at = &waiter->next;
        }
    }
    return taken;
}

struct cairn_waiter *cairn_cached_end(struct cairn_cached *entry, int64_t branch, int64_t turn,
                                      bool appended, const struct cairn_appended *at)
{
    if (branch != entry->branch)
        return NULL;
    if (!appended) {
        drop_ahead(entry);
        entry->stale = true;
        return take_waiters(entry, turn, true);
    }
    entry->ahead.aggregate.position = at->position;
    submit_offer(entry, turn);
    if (--entry->under_way == 0) { /* all of `ahead` is in the log now */
        cairn_arena_close(&entry->settled.arena);
        entry->settled = entry->ahead;
        entry->ahead = (struct cairn_state){0};
        entry->loaded = true;
        entry->stale = false;
    }
    return take_waiters(entry, turn, false);
}

struct cairn_waiter *cairn_cached_end_part(struct cairn_cached *entry, int64_t branch, int64_t turn,
                                           bool appended, const struct cairn_appended *at,
                                           struct cairn_uuid last_id)
{
    struct cairn_aggregate *ahead = &entry->ahead.aggregate;
    if (branch == entry->branch && appended && entry->under_way == 1 &&
        !cairn_uuid_is_zero(last_id)) {
        ahead->head = at->position;
        ahead->head_id = last_id;
        ahead->at.event_id = (struct cairn_uuid){0};
    }
    return cairn_cached_end(entry, branch, turn, appended, at);
}

void cairn_cached_wait(struct cairn_cached *entry, struct cairn_waiter *waiter, int64_t turn)
{
    waiter->turn = turn;
    waiter->next = entry->waiters;
    entry->waiters = waiter;
}

enum cairn_standing cairn_cached_standing(const struct cairn_cached *entry, int64_t branch,
                                          int64_t turn)
{
    if (turn == 0)
        return CAIRN_STANDS;
    if (entry->branch != branch)
        return CAIRN_UNDONE;
    /* Appends of a branch end in the order in which they were handed over. */
    return entry->turns - entry->under_way >= turn ? CAIRN_STANDS : CAIRN_UNDER_WAY;
}

struct cairn_waiter *cairn_cached_loaded(struct cairn_cached *entry)
{
    struct cairn_waiter *taken = NULL;
    struct cairn_waiter **at = &entry->waiters;
    entry->loading = false;
    while (*at) {
        struct cairn_waiter *waiter = *at;
        if (waiter->turn == 0) {
            *at = waiter->next;
            waiter->next = taken;
            taken = waiter;
        } else {
            at = &waiter->next;
        }
    }
    return taken;
}

void cairn_waiters_resume(struct cairn_waiter *waiters)
{
    while (waiters) {
        struct cairn_waiter *next = waiters->next; /* a resumed waiter may be freed */
        waiters->resume(waiters);
        waiters = next;
    }
}
