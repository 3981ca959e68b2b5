/* snapshots.c - a queue of states, and the thread that writes them as snapshots. */
#include "command/state/snapshots.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/queue.h"
#include "core/threads/thread.h"
#include "record/json.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING_MAX = 64 };
#define DEADLINE_US CAIRN_SECONDS(2)

struct cairn_snapshots {
    int64_t every;
    struct cairn_queue *queue;
    struct cairn_store *store; /* used by the thread only */
    pthread_t thread;
    bool started;
    atomic_bool stopping;
    bool failing; /* the thread's: the last write failed, which was logged */
};

/* A state to be written. Owns the key's texts and the snapshot's state. */
struct cairn_snapshot_offer {
    struct cairn_snapshot_key key;
    struct cairn_snapshot snapshot;
    struct cairn_arena arena;
};

static struct cairn_metric snapshots_total =
    CAIRN_COUNTER("cairn_snapshots_total", "Snapshots, by what became of them.", "outcome");

static void count(const char *outcome)
{
    cairn_metric_add(&snapshots_total, outcome, 1);
}

/* ---- finding ---- */

bool cairn_snapshots_found(const struct cairn_snapshot_key *key, enum cairn_snapshot_found found)
{
    static const char *const outcomes[] = {
        [CAIRN_SNAPSHOT_NONE] = "none",
        [CAIRN_SNAPSHOT_USABLE] = "used",
        [CAIRN_SNAPSHOT_OTHER_CODE] = "other-code",
        [CAIRN_SNAPSHOT_OTHER_EVENT] = "other-event",
        [CAIRN_SNAPSHOT_UNREADABLE] = "unreadable",
    };
    bool broken = found == CAIRN_SNAPSHOT_OTHER_EVENT || found == CAIRN_SNAPSHOT_UNREADABLE;
    count(outcomes[found]);
    if (broken)
        cairn_log(CAIRN_LOG_WARN, "a snapshot cannot be used: all events of the stream are folded",
                  CAIRN_LOG_TEXT("stream", key->stream), CAIRN_LOG_TEXT("kind", key->kind),
                  CAIRN_LOG_TEXT("outcome", outcomes[found]));
    return broken;
}

/* ---- offering ---- */

static struct cairn_snapshot_offer *make_offer(const struct cairn_folding *folding,
                                               const struct cairn_aggregate *aggregate)
{
    struct cairn_snapshot_offer *offer = cairn_allocate(sizeof *offer);
    struct cairn_buffer state = cairn_buffer(&offer->arena);
    cairn_record_encode(folding->state, aggregate->state, &state);
    offer->key = (struct cairn_snapshot_key){
        .stream = cairn_copy_text(&offer->arena, aggregate->at.stream),
        .kind = cairn_copy_text(&offer->arena, folding->kind),
        .code_version = folding->state_version,
    };
    offer->snapshot = (struct cairn_snapshot){
        .version = aggregate->at.version,
        .event_id = aggregate->at.event_id,
        .state = state.text,
        .state_bytes = state.length,
    };
    return offer;
}

void cairn_snapshots_drop(struct cairn_snapshot_offer *offer)
{
    if (!offer)
        return;
    cairn_arena_close(&offer->arena);
    free(offer);
}

static bool is_due(const struct cairn_folding *folding, const struct cairn_aggregate *aggregate,
                   bool mends)
{
    if (!folding->snapshots || !folding->state_version || aggregate->at.version == 0)
        return false;
    return mends || aggregate->at.version - aggregate->snapshot_version > folding->snapshots->every;
}

struct cairn_snapshot_offer *cairn_snapshots_prepare(const struct cairn_folding *folding,
                                                     struct cairn_aggregate *aggregate, bool mends)
{
    struct cairn_error wrong = {0};
    if (!is_due(folding, aggregate, mends))
        return NULL;
    aggregate->snapshot_version = aggregate->at.version;
    if (cairn_record_check(folding->state, aggregate->state, &wrong) < 0) {
        count("unfit");
        return NULL;
    }
    struct cairn_snapshot_offer *offer = make_offer(folding, aggregate);
    if (offer->snapshot.state_bytes <= CAIRN_EVENT_MAX_BYTES)
        return offer;
    count("unfit");
    cairn_snapshots_drop(offer);
    return NULL;
}

void cairn_snapshots_submit(const struct cairn_folding *folding, struct cairn_snapshot_offer *offer)
{
    if (cairn_queue_push(folding->snapshots->queue, offer) == 0)
        return;
    count("dropped");
    cairn_snapshots_drop(offer);
}

void cairn_snapshots_offer(const struct cairn_folding *folding, struct cairn_aggregate *aggregate,
                           bool mends)
{
    struct cairn_snapshot_offer *offer = cairn_snapshots_prepare(folding, aggregate, mends);
    if (offer)
        cairn_snapshots_submit(folding, offer);
}

/* ---- writing ---- */

/* Counts the outcome. An outage is logged once. */
static void note(struct cairn_snapshots *snapshots, int outcome, const struct cairn_error *error)
{
    count(outcome < 0 ? "failed" : outcome ? "kept" : "outrun");
    if (outcome < 0 && !snapshots->failing)
        cairn_log_error(CAIRN_LOG_WARN, "a snapshot cannot be stored", error);
    snapshots->failing = outcome < 0;
}

static void write_offer(struct cairn_snapshots *snapshots, struct cairn_snapshot_offer *offer)
{
    struct cairn_error error = {0};
    int outcome =
        cairn_store_keep(snapshots->store, &offer->key, &offer->snapshot, &offer->arena, &error);
    note(snapshots, outcome, &error);
}

static void *write_all(void *context)
{
    struct cairn_snapshots *snapshots = context;
    struct cairn_snapshot_offer *offer;
    while ((offer = cairn_queue_pop(snapshots->queue, 0))) {
        if (!atomic_load(&snapshots->stopping))
            write_offer(snapshots, offer);
        cairn_snapshots_drop(offer);
    }
    return NULL;
}

/* ---- opening and closing ---- */

static int start(struct cairn_snapshots *snapshots, const char *database_url, const char *label,
                 struct cairn_error *error)
{
    int failed = cairn_store_open(database_url, label, &snapshots->store, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(cairn_store_pg(snapshots->store), DEADLINE_US);
    failed =
        cairn_thread_start(&snapshots->thread, write_all, snapshots, "stores snapshots", error);
    snapshots->started = !failed;
    return failed;
}

int cairn_snapshots_open(const char *database_url, const char *label, int64_t every,
                         struct cairn_snapshots **ret, struct cairn_error *error)
{
    struct cairn_snapshots *snapshots = cairn_allocate(sizeof *snapshots);
    snapshots->every = every;
    snapshots->queue = cairn_queue_open(WAITING_MAX);
    int failed = start(snapshots, database_url, label, error);
    if (failed)
        cairn_snapshots_close(snapshots);
    else
        *ret = snapshots;
    return failed;
}

void cairn_snapshots_close(struct cairn_snapshots *snapshots)
{
    if (!snapshots)
        return;
    atomic_store(&snapshots->stopping, true);
    cairn_queue_close(snapshots->queue);
    if (snapshots->started)
        cairn_thread_join(snapshots->thread);
    cairn_store_close(snapshots->store);
    cairn_queue_free(snapshots->queue);
    free(snapshots);
}
