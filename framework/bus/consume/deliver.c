/* deliver.c - delivers one entry to its handler, if it has not been handled and its turn has come.
 *
 * The entry point, cairn_member_deliver(), is at the end. One transaction records which version of
 * the stream is consumed and has what the handler writes: both or neither. An event whose attempts
 * are used up is *given up*: it becomes a *dead letter*, in PostgreSQL and then in a list in Redis,
 * from which an operator may retry it.
 *
 * Functions return a verdict of member.h or a negative error that the entry did not cause. A step
 * that finds no reason to end the delivery returns PROCEED. */
#include "bus/consume/arrival.h"
#include "bus/consume/member.h"
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/backoff.h"
#include "core/threads/clock.h"
#include "store/commit/resolve_outcome.h"

#include <stdlib.h>
#include <string.h>

/* Pause of an entry before its turn, doubled each time up to the longest one. */
#define EARLY_US CAIRN_MILLISECONDS(10)
#define EARLY_MAX_US CAIRN_MILLISECONDS(250)
#define NEWER_US CAIRN_SECONDS(5) /* pause of an event of a newer release: its members may come */
/* lock_not_available, by which cairn.consume() fails at once if the row of the stream is locked:
 * another member handles an event of it. */
#define LOCKED "55P03"

enum { PROCEED = 0 };

/* The failure that is logged: the first one may be transient, and the next ones say the same. */
enum { LOGGED_ATTEMPT = 2 };

static struct cairn_metric repeated = CAIRN_COUNTER(
    "cairn_consumer_repeated_total", "Events delivered again and skipped.", "consumer");
static struct cairn_metric failures =
    CAIRN_COUNTER("cairn_consumer_failures_total", "Failed attempts.", "consumer");
static struct cairn_metric dead_letters =
    CAIRN_COUNTER("cairn_consumer_dead_letters_total", "Events given up.", "consumer");
struct delivery {
    struct cairn_member *member;
    struct cairn_pending_entry *pending;
    struct cairn_arrival arrival; /* without a type: nothing handles it */
    bool is_revived; /* a dead letter that an operator retries: it has no turn to wait for */
    bool ended;      /* nothing is left to roll back: that, or a commit, was or is tried */
    bool exhausted;  /* no attempts are left */
};

static void roll_back(struct cairn_member *member)
{
    if (cairn_pg_connected(member->pg))
        (void)!cairn_pg_script(member->pg, "rollback", NULL);
}

/* ---- outcomes ---- */

static int later(struct cairn_pending_entry *pending, int64_t us)
{
    pending->due_us = cairn_monotonic_us() + us;
    return CAIRN_LATER;
}

static int too_early(struct cairn_pending_entry *pending)
{
    int64_t wait_us = pending->wait_us ? pending->wait_us : EARLY_US;
    pending->wait_us = wait_us * 2 < EARLY_MAX_US ? wait_us * 2 : EARLY_MAX_US;
    return later(pending, wait_us);
}

static int add_dead_letter(struct cairn_member *member, const struct cairn_pending_entry *pending,
                           const char *why, struct cairn_error *error)
{
    int failed = cairn_group_dead_letter(&member->group, &pending->entry, pending->attempt, why,
                                         &member->delivery_arena, error);
    if (failed)
        return failed;
    cairn_metric_add(&dead_letters, member->consumer->name, 1);
    cairn_log(CAIRN_LOG_ERROR, "an event was given up: it is a dead letter",
              CAIRN_LOG_TEXT("consumer", member->consumer->name),
              CAIRN_LOG_TEXT("entry", pending->entry.id), CAIRN_LOG_TEXT("error", why));
    return CAIRN_GONE;
}

/* ---- dead letters in PostgreSQL ---- */

static const struct cairn_statement dead_statement = {
    .name = "consumed_dead",
    .sql = "insert into cairn.consumed_dead (consumer, event_id, stream, version, position, reason)"
           " values ($1, $2, $3, $4, $5, $6) on conflict (consumer, event_id) do update"
           " set reason = excluded.reason, buried_at = clock_timestamp()",
};
static const struct cairn_statement why_dead_statement = {
    .name = "why_dead",
    .sql = "select d.reason from cairn.consumed_dead d"
           " where d.consumer = $1 and d.event_id = $2 and not exists ("
           "     select from cairn.consumed_again a"
           "         where a.consumer = d.consumer and a.event_id = d.event_id)",
};
static const struct cairn_statement not_dead_statement = {
    .name = "not_dead",
    .sql = "delete from cairn.consumed_dead where consumer = $1 and event_id = $2",
};

static struct cairn_pg_params name_event(const struct delivery *delivery)
{
    struct cairn_pg_params params = {.arena = &delivery->member->delivery_arena};
    cairn_pg_add_text(&params, delivery->member->consumer->name);
    cairn_pg_add_uuid(&params, delivery->arrival.event.meta.event_id);
    return params;
}

/* Records the dead letter in PostgreSQL first: Redis may lose its copy, and the next event of the
 * stream is handled once no earlier entry is pending, which skips this one. No transaction is
 * open. */
static int give_up(const struct delivery *delivery, const char *why, struct cairn_error *error)
{
    const struct cairn_meta *meta = &delivery->arrival.event.meta;
    struct cairn_pg_params params = name_event(delivery);
    cairn_pg_add_text(&params, meta->stream);
    cairn_pg_add_integer(&params, meta->version);
    cairn_pg_add_integer(&params, meta->position);
    cairn_pg_add_text(&params, why);
    delivery->pending->given_up = true;
    int64_t done = cairn_pg_run(delivery->member->pg, &dead_statement, &params, error);
    return done < 0 ? (int)done : add_dead_letter(delivery->member, delivery->pending, why, error);
}

/* Gives up an event whose last attempt ended with the process. If the process crashed between the
 * two records of a dead letter, that in PostgreSQL has the true reason. A transaction is open. */
static int give_up_exhausted(struct delivery *delivery, struct cairn_error *error)
{
    struct cairn_pg_params params = name_event(delivery);
    struct cairn_member *member = delivery->member;
    const char *why = "all attempts were used up, the last one by a crash of the process";
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = delivery->is_revived
                        ? 0
                        : cairn_pg_call(member->pg, &why_dead_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count > 0)
        why = cairn_copy_text(&member->delivery_arena, cairn_pg_text(rows, 0, 0));
    delivery->ended = true;
    roll_back(member);
    return give_up(delivery, why, error);
}

/* Settles an event that is not newer than the consumed version: it was handled, or given up. That
 * version was read only, and may not be on a synchronous standby yet: a statement that writes makes
 * the commit wait for the standby before the entry is acknowledged. Ends the transaction. */
static int settle_handled(struct delivery *delivery, struct cairn_error *error)
{
    struct cairn_pg_params params = name_event(delivery);
    struct cairn_pg *pg = delivery->member->pg;
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count =
        delivery->is_revived ? 0 : cairn_pg_call(pg, &why_dead_statement, &params, &rows, error);
    int64_t done = count < 0 ? count : cairn_pg_run(pg, &cairn_confirm_statement, NULL, error);
    if (done < 0)
        return (int)done;
    delivery->ended = true;
    int failed = cairn_pg_script(pg, "commit", error);
    if (failed)
        return failed;
    if (count > 0)
        return add_dead_letter(delivery->member, delivery->pending, cairn_pg_text(rows, 0, 0),
                               error);
    cairn_metric_add(&repeated, delivery->member->consumer->name, 1);
    return CAIRN_SETTLED;
}

static int fail_attempt(struct delivery *delivery, enum cairn_outcome outcome,
                        const struct cairn_error *why, struct cairn_error *error)
{
    struct cairn_member *member = delivery->member;
    struct cairn_pending_entry *pending = delivery->pending;
    const char *message = why->message[0] ? why->message : "no reason was given";
    cairn_metric_add(&failures, member->consumer->name, 1);
    if (outcome == CAIRN_GIVE_UP || pending->attempt >= member->consumer->attempts)
        return give_up(delivery, message, error);
    pending->begun = false;
    const struct cairn_consumer *consumer = member->consumer;
    int64_t pause_us =
        cairn_backoff_us(pending->attempt, consumer->backoff_us, consumer->backoff_max_us);
    if (pending->attempt == LOGGED_ATTEMPT)
        cairn_log(CAIRN_LOG_WARN, "handling an event failed; it will be retried",
                  CAIRN_LOG_TEXT("consumer", member->consumer->name),
                  CAIRN_LOG_TEXT("stream", delivery->arrival.event.meta.stream),
                  CAIRN_LOG_INTEGER("position", delivery->arrival.event.meta.position),
                  CAIRN_LOG_INTEGER("attempt", pending->attempt),
                  CAIRN_LOG_INTEGER("next_ms", pause_us / 1000), CAIRN_LOG_TEXT("error", message));
    return later(pending, pause_us);
}

/* ---- before the handler ---- */

static const struct cairn_statement consume_statement = {
    .name = "consume",
    .sql = "select cairn.consume($1, $2, $3, $4)",
};

static const struct cairn_statement retried_statement = {
    .name = "consume_again",
    .sql = "insert into cairn.consumed_again (consumer, event_id) values ($1, $2)"
           " on conflict do nothing",
};

/* Records the event as consumed, in the open transaction. Returns the version up to which the
 * stream was consumed before. A revived dead letter is out of that order: 0, or the version of the
 * event if it was handled already. */
static int64_t record_consumed(const struct delivery *delivery, struct cairn_error *error)
{
    struct cairn_member *member = delivery->member;
    const struct cairn_meta *meta = &delivery->arrival.event.meta;
    struct cairn_pg_params params = {.arena = &member->delivery_arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, member->consumer->name);
    if (delivery->is_revived) {
        cairn_pg_add_uuid(&params, meta->event_id);
        int64_t added = cairn_pg_run(member->pg, &retried_statement, &params, error);
        return added < 0 ? added : added ? 0 : meta->version;
    }
    cairn_pg_add_text(&params, meta->stream);
    cairn_pg_add_integer(&params, meta->version);
    cairn_pg_add_integer(&params, meta->position);
    int64_t count = cairn_pg_call(member->pg, &consume_statement, &params, &rows, error);
    return count < 0 ? count : cairn_pg_integer(rows, 0, 0);
}

/* Decides whether an event may be handled although versions before it were not. They may be of
 * types that are not consumed, or be trimmed from the bus; or another member still holds them. So
 * it is handled once the group has no earlier entry of its stream pending. Sends this member's own
 * outstanding acknowledgements first, since they would count as pending. */
static int check_turn(const struct delivery *delivery, struct cairn_error *error)
{
    struct cairn_member *member = delivery->member;
    const struct cairn_group_entry *entry = &delivery->pending->entry;
    struct cairn_buffer subject = cairn_buffer(&member->delivery_arena);
    cairn_buffer_text(&subject, "\"subject\":");
    cairn_buffer_json(&subject, delivery->arrival.event.meta.stream);
    struct cairn_error why = {0};
    int clear = cairn_member_flush(member, &why); /* 1: no earlier entry is pending; 0; an error */
    if (!clear)
        clear = cairn_group_clear(&member->group, entry->key, entry->id, subject.text,
                                  &member->delivery_arena, &why);
    if (clear == -CAIRN_CONFLICT) /* another member has claimed it */
        return CAIRN_GONE;
    if (clear < 0)
        return cairn_error_pass(error, &why);
    return clear ? PROCEED : too_early(delivery->pending);
}

/* ---- the handler ---- */

/* Calls the handler, and commits or gives back what it did. If the connection is lost before the
 * commit is confirmed, the next delivery reads whether it was done. An earlier attempt may have
 * recorded the event as dead before it ended: that is removed with the success. */
static int handle(struct delivery *delivery, struct cairn_error *error)
{
    struct cairn_member *member = delivery->member;
    struct cairn_error why = {0};
    void *data = NULL;
    delivery->arrival.attempt = delivery->pending->attempt;
    int failed = cairn_arrival_decode(&delivery->arrival, &data, &why);
    if (failed == -CAIRN_NEWER_EVENT)
        return later(delivery->pending, NEWER_US);
    enum cairn_outcome outcome =
        failed ? CAIRN_GIVE_UP : cairn_arrival_hand_over(&delivery->arrival, data, &why);
    if (outcome == CAIRN_DONE && (delivery->pending->attempt > 1 || delivery->pending->given_up)) {
        struct cairn_pg_params params = name_event(delivery);
        int64_t done = cairn_pg_run(member->pg, &not_dead_statement, &params, error);
        if (done < 0)
            return (int)done;
    }
    if (outcome == CAIRN_DONE) {
        delivery->ended = true;
        failed = cairn_pg_script(member->pg, "commit", error);
        if (!failed)
            cairn_arrival_count(&delivery->arrival);
        return failed ? failed : CAIRN_SETTLED;
    }
    if (!cairn_pg_connected(member->pg))
        return cairn_fail(error, CAIRN_UNAVAILABLE, "the connection to the database was lost: %s",
                          why.message);
    delivery->ended = true;
    roll_back(member);
    const struct cairn_trace before = cairn_trace_enter(&delivery->arrival.trace); /* for the log */
    int verdict = fail_attempt(delivery, outcome, &why, error);
    (void)cairn_trace_enter(&before);
    return verdict;
}

/* Finds out whether the event is still to be handled and has its turn, and handles it. Members that
 * handle events of the same stream are serialised by the lock on its row. */
static int handle_in_turn(struct delivery *delivery, struct cairn_error *error)
{
    int64_t version = delivery->arrival.event.meta.version;
    struct cairn_error refused = {0};
    int64_t before = record_consumed(delivery, &refused);
    if (before < 0 && strcmp(cairn_pg_state(delivery->member->pg), LOCKED) == 0)
        return too_early(delivery->pending);
    if (before < 0)
        return cairn_error_pass(error, &refused);
    if (before >= version)
        return settle_handled(delivery, error);
    if (delivery->exhausted)
        return give_up_exhausted(delivery, error);
    int verdict = PROCEED;
    if (!delivery->is_revived && before < version - 1)
        verdict = check_turn(delivery, error);
    return verdict == PROCEED ? handle(delivery, error) : verdict;
}

static int run_transaction(struct delivery *delivery, struct cairn_error *error)
{
    struct cairn_member *member = delivery->member;
    int failed = cairn_pg_script(member->pg, "begin", error);
    if (failed)
        return failed;
    int verdict = handle_in_turn(delivery, error);
    if (!delivery->ended)
        roll_back(member);
    return verdict;
}

/* Counts a further attempt before it begins, since the attempt may crash this process. Outstanding
 * acknowledgements are sent first, so that the crash is not counted against handled entries.
 * CAIRN_GONE: another member has claimed the entry. */
static int begin_attempt(struct cairn_member *member, struct cairn_pending_entry *pending,
                         struct cairn_error *error)
{
    if (pending->begun)
        return PROCEED;
    int failed = cairn_member_flush(member, error);
    if (failed)
        return failed;
    int64_t attempt = cairn_group_begin(&member->group, pending->entry.key, pending->entry.id,
                                        &member->delivery_arena, error);
    if (attempt < 0)
        return (int)attempt;
    pending->attempt = attempt;
    pending->begun = true;
    return attempt == 0 ? CAIRN_GONE : PROCEED;
}

int cairn_member_deliver(struct cairn_member *member, struct cairn_pending_entry *pending,
                         struct cairn_error *error)
{
    struct delivery delivery = {.member = member,
                                .pending = pending,
                                .is_revived = pending->entry.key == member->category_count};
    delivery.arrival = (struct cairn_arrival){
        .consumer = member->consumer,
        .teller = member->teller,
        .pg = member->pg,
        .arena = &member->delivery_arena,
        .json = pending->entry.json,
        .bytes = pending->entry.bytes,
        .system = "redis",
        .destination = delivery.is_revived ? NULL : member->group.keys[pending->entry.key],
        .is_revived = delivery.is_revived,
    };
    struct cairn_error why = {0};
    cairn_arena_reset(&member->delivery_arena);
    int verdict = begin_attempt(member, pending, error);
    if (verdict != PROCEED)
        return verdict;
    if (cairn_cloudevent_read(pending->entry.json, pending->entry.bytes, &member->delivery_arena,
                              &delivery.arrival.event, &why))
        return add_dead_letter(member, pending, why.message, error);
    delivery.exhausted = pending->attempt > member->consumer->attempts;
    if (!cairn_arrival_find(&delivery.arrival))
        return CAIRN_SETTLED;
    return run_transaction(&delivery, error);
}
