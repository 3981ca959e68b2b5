/* lead.c - carries an append out on its caller's thread. */
#include "store/commit/lead.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "store/append/append_batch.h"
#include "store/commit/batch_span.h"
#include "store/handle.h"

#include <sched.h>

enum {
    BYTES_MAX = 65536, /* of an append that is led: it is sent at once */
    AVERAGED_OVER = 8, /* appends */
};

void cairn_lead_init(struct cairn_lead *lead)
{
    cairn_lock_init(&lead->lock);
    cairn_cond_init(&lead->changed);
}

void cairn_lead_free(struct cairn_lead *lead)
{
    cairn_arena_close(&lead->arena);
    cairn_cond_destroy(&lead->changed);
    cairn_lock_destroy(&lead->lock);
}

/* Returns whether another processor is there for the server, or the network, while one watches. */
static bool has_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 1;
}

/* Both are called with the lock held. Where an answer takes longer than waking up by far, a
 * processor is not kept busy for it. */
static int64_t watch_us(const struct cairn_lead *lead)
{
    double twice_us = 2 * lead->usual_us;
    return twice_us <= (double)lead->watch_max_us ? (int64_t)twice_us : 0;
}

static void measure(struct cairn_lead *lead, int64_t us)
{
    if (lead->usual_us > 0)
        lead->usual_us += ((double)us - lead->usual_us) / (double)AVERAGED_OVER;
    else if (has_processors())
        lead->usual_us = (double)us;
}

int64_t cairn_lead_watch_us(struct cairn_lead *lead)
{
    cairn_lock(&lead->lock);
    int64_t us = watch_us(lead);
    cairn_unlock(&lead->lock);
    return us;
}

void cairn_lead_measure(struct cairn_lead *lead, int64_t us)
{
    cairn_lock(&lead->lock);
    measure(lead, us);
    cairn_unlock(&lead->lock);
}

/* ---- beginning ---- */

static bool is_idle(const struct cairn_lead *lead)
{
    if (lead->is_off || lead->state != CAIRN_LEAD_FREE || lead->waiting > 0)
        return false;
    struct cairn_flusher_state flusher = cairn_flusher_look(lead->flusher);
    return !flusher.is_busy && !flusher.is_undone;
}

/* Sends the append if no wait is necessary for that. */
static bool send_append(struct cairn_lead *lead, struct cairn_appending *appending)
{
    struct cairn_store *store = lead->store;
    if (store->timeline_of != cairn_pg_connection_number(store->pg) ||
        cairn_append_bytes(&appending->append) > BYTES_MAX)
        return false;
    cairn_arena_reset(&lead->arena);
    struct cairn_pg_params params = {.arena = &lead->arena};
    const struct cairn_statement *statement = cairn_append_one_prepare(&appending->append, &params);
    if (!statement || !cairn_pg_send(store->pg, statement, &params))
        return false;
    appending->timeline = store->timeline;
    lead->backend = cairn_pg_backend(store->pg);
    lead->sent_us = appending->submitted_us = cairn_monotonic_us();
    return true;
}

bool cairn_lead_begin(struct cairn_lead *lead, struct cairn_appending *appending,
                      const void *leader)
{
    cairn_lock(&lead->lock);
    bool leads = is_idle(lead) && send_append(lead, appending);
    if (leads) {
        lead->state = leader ? CAIRN_LEAD_LED : CAIRN_LEAD_HELD;
        lead->appending = appending;
        lead->leader = leader;
    } else {
        lead->waiting++;
    }
    cairn_unlock(&lead->lock);
    return leads;
}

void cairn_lead_wait_in_line(struct cairn_lead *lead)
{
    cairn_lock(&lead->lock);
    lead->waiting++;
    cairn_unlock(&lead->lock);
}

void cairn_lead_done(struct cairn_lead *lead, size_t count)
{
    cairn_lock(&lead->lock);
    lead->waiting -= count;
    cairn_unlock(&lead->lock);
}

/* ---- ending ---- */

static struct cairn_metric led =
    CAIRN_COUNTER("cairn_appends_led_total",
                  "Appends that were carried out by the thread that submitted them.", NULL);

/* Takes the answer. Returns 0 if the append was carried out, else 1 or an error. The caller has the
 * connection to itself. */
static int take_answer(struct cairn_lead *lead, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_take_answer(lead->store->pg, &rows, error);
    return count < 0 ? (int)count : cairn_append_one_read(rows, lead->appending->ret);
}

/* Answers the append that was carried out. No other thread uses `lead` meanwhile. */
static void answer(struct cairn_lead *lead, int64_t now_us)
{
    const struct cairn_batch_call call = {
        .function = "cairn.append_one", .events = 1, .begun_us = lead->sent_us, .ended_us = now_us};
    cairn_batch_span(&lead->appending, 1, &call);
    cairn_appending_answer(lead->appending, lead->notifier, 0, NULL, now_us);
}

/* Ends the append, with the lock held, which is released while the append is answered. */
static void end(struct cairn_lead *lead, int failed, const struct cairn_error *error)
{
    if (failed) {
        lead->state = CAIRN_LEAD_LEFT;
        lead->failed = failed;
        lead->error = *error;
        cairn_cond_broadcast(&lead->changed);
        lead->left_call(lead->context);
        return;
    }
    int64_t now_us = cairn_monotonic_us();
    measure(lead, now_us - lead->sent_us);
    cairn_metric_add(&led, "", 1);
    lead->state = CAIRN_LEAD_ENDING;
    cairn_unlock(&lead->lock);
    answer(lead, now_us);
    cairn_lock(&lead->lock);
    lead->state = CAIRN_LEAD_FREE;
    cairn_cond_broadcast(&lead->changed);
}

static bool is_led_by(const struct cairn_lead *lead, const void *leader)
{
    return lead->state == CAIRN_LEAD_LED && lead->leader == leader;
}

bool cairn_lead_look(struct cairn_lead *lead, const void *leader, struct pollfd *ret,
                     int64_t *ret_until_us)
{
    cairn_lock(&lead->lock);
    bool leads = is_led_by(lead, leader);
    if (leads) {
        bool watches = cairn_monotonic_us() < lead->sent_us + watch_us(lead);
        *ret = cairn_pg_awaited(lead->store->pg);
        *ret_until_us = watches ? CAIRN_LEADER_WATCH : cairn_pg_answer_by_us(lead->store->pg);
    }
    cairn_unlock(&lead->lock);
    return leads;
}

void cairn_lead_go_on(struct cairn_lead *lead, const void *leader)
{
    struct cairn_error error = {0};
    cairn_lock(&lead->lock);
    if (is_led_by(lead, leader) && cairn_pg_has_answered(lead->store->pg))
        end(lead, take_answer(lead, &error), &error);
    cairn_unlock(&lead->lock);
}

void cairn_lead_wait(struct cairn_lead *lead)
{
    struct cairn_error error = {0};
    cairn_pg_set_watch(lead->store->pg, cairn_lead_watch_us(lead));
    int failed = take_answer(lead, &error);
    cairn_lock(&lead->lock);
    end(lead, failed, &error);
    cairn_unlock(&lead->lock);
}

/* ---- the appender's thread ---- */

struct cairn_lead_left cairn_lead_acquire(struct cairn_lead *lead)
{
    struct cairn_lead_left ret = {0};
    cairn_lock(&lead->lock);
    while (lead->state == CAIRN_LEAD_HELD || lead->state == CAIRN_LEAD_ENDING)
        cairn_cond_wait(&lead->changed, &lead->lock);
    enum cairn_lead_state before = lead->state;
    lead->state = CAIRN_LEAD_WORKING;
    cairn_unlock(&lead->lock);
    if (before == CAIRN_LEAD_LED) {
        lead->failed = take_answer(lead, &lead->error);
        if (!lead->failed)
            answer(lead, cairn_monotonic_us());
    }
    if ((before == CAIRN_LEAD_LED && lead->failed) || before == CAIRN_LEAD_LEFT)
        ret = (struct cairn_lead_left){
            .appending = lead->appending,
            .is_lost = lead->failed == -CAIRN_UNAVAILABLE && cairn_pg_sent(lead->store->pg),
            .backend = lead->backend,
            .error = lead->error,
        };
    cairn_error_reset(&lead->error);
    return ret;
}

void cairn_lead_release(struct cairn_lead *lead)
{
    cairn_lock(&lead->lock);
    lead->state = CAIRN_LEAD_FREE;
    cairn_unlock(&lead->lock);
}
