/* feed_round.c - handles the events of a feed, each once, in order.
 *
 * The place of the consumer moves in the transaction of the handler. Whatever is lost - the
 * process, the connection, the answer to a commit - the place says what was handled: it is read
 * again, and the feed is asked for what comes after it. */
#include "feed/follow/feed_round.h"

#include "bus/consume/arrival.h"
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/text/text.h"
#include "core/threads/backoff.h"

#include <assert.h>
#include <string.h>

/* What an event that cannot be read has at least. */
CAIRN_STRUCT(feed_named, UUID(id));

#define NEWER_US CAIRN_SECONDS(5) /* pause before an event of a newer release */

static struct cairn_metric failures =
    CAIRN_COUNTER("cairn_feed_failures_total", "Failed attempts at events of feeds.", "consumer");
static struct cairn_metric buried = CAIRN_COUNTER(
    "cairn_feed_dead_letters_total", "Events of feeds that were given up.", "consumer");
static struct cairn_metric repeated = CAIRN_COUNTER(
    "cairn_feed_repeated_total", "Events of feeds that came again and were skipped.", "consumer");
static struct cairn_metric positions =
    CAIRN_GAUGE("cairn_feed_position", "Position in the other store, by consumer.", "consumer");

static struct cairn_pg *pg_of(struct cairn_feed_follower *follower)
{
    return follower->place.pg;
}

static void roll_back(struct cairn_feed_follower *follower)
{
    if (cairn_pg_connected(pg_of(follower)))
        (void)!cairn_pg_script(pg_of(follower), "rollback", NULL);
}

static int stopped(struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_BUSY, "the follower stops");
}

static struct cairn_arrival arrival_of(struct cairn_feed_follower *follower, const char *json)
{
    return (struct cairn_arrival){
        .consumer = follower->consumer,
        .teller = follower->teller,
        .pg = pg_of(follower),
        .arena = &follower->delivery,
        .json = json,
        .bytes = strlen(json),
        .system = "http",
        .destination = follower->place.feed,
    };
}

/* ---- giving up ---- */

/* PostgreSQL's text is UTF-8: what is not is kept as a JSON string, with U+FFFD where it is not. */
static const char *storable(const char *json, struct cairn_arena *arena)
{
    struct cairn_buffer text = cairn_buffer(arena);
    if (cairn_is_utf8(json))
        return json;
    cairn_buffer_json(&text, json);
    return text.text;
}

/* Goes on behind an event that is given up, and says so. */
static int give_up(struct cairn_feed_follower *follower, const struct cairn_arrival *arrival,
                   const char *why, struct cairn_error *error)
{
    const struct cairn_meta *meta = &arrival->event.meta;
    struct cairn_arena *arena = &follower->delivery;
    struct cairn_feed_place *place = &follower->place;
    int64_t position = meta->position > place->position ? meta->position : place->position;
    int buries = 0;
    int failed = cairn_pg_script(pg_of(follower), "begin", error);
    if (!failed)
        buries = cairn_feed_bury(place, storable(arrival->json, arena), meta->position, why, arena,
                                 error);
    failed = buries < 0 ? buries : failed;
    if (!failed && buries == 0 && meta->position == 0)
        return cairn_pg_script(pg_of(follower), "rollback", error); /* it came again */
    if (!failed)
        failed = cairn_feed_advance(place, position, meta->event_id, arena, error);
    if (!failed)
        failed = cairn_pg_script(pg_of(follower), "commit", error);
    if (failed) {
        roll_back(follower);
        return failed;
    }
    follower->first = false;
    cairn_metric_add(&buried, follower->consumer->name, 1);
    cairn_log(CAIRN_LOG_ERROR, "an event of a feed was given up: it is a dead letter",
              CAIRN_LOG_TEXT("consumer", follower->consumer->name),
              CAIRN_LOG_TEXT("feed", place->feed), CAIRN_LOG_INTEGER("position", meta->position),
              CAIRN_LOG_TEXT("error", why));
    return 0;
}

/* ---- an attempt ---- */

enum step { HANDLED = 1, FAILED, GIVEN_UP };

/* Calls the handler and moves the place, in one transaction. Returns a step, with `why` if it did
 * not succeed, or an error that the event did not cause. */
static int attempt(struct cairn_feed_follower *follower, struct cairn_arrival *arrival,
                   const void *data, struct cairn_error *why, struct cairn_error *error)
{
    const struct cairn_meta *meta = &arrival->event.meta;
    int failed = cairn_pg_script(pg_of(follower), "begin", error);
    if (failed)
        return failed;
    enum cairn_outcome outcome = cairn_arrival_hand_over(arrival, data, why);
    if (!cairn_pg_connected(pg_of(follower)))
        return cairn_fail(error, CAIRN_UNAVAILABLE, "the connection to the database was lost: %s",
                          why->message);
    if (outcome != CAIRN_DONE) {
        roll_back(follower);
        return outcome == CAIRN_GIVE_UP ? GIVEN_UP : FAILED;
    }
    failed = cairn_feed_advance(&follower->place, meta->position, meta->event_id,
                                &follower->delivery, error);
    if (!failed)
        failed = cairn_pg_script(pg_of(follower), "commit", error);
    if (failed) {
        roll_back(follower);
        return failed;
    }
    cairn_arrival_count(arrival);
    return HANDLED;
}

/* Decides what becomes of an attempt. Returns 0 when the event is settled, 1 to try again. */
static int conclude(struct cairn_feed_follower *follower, const struct cairn_arrival *arrival,
                    int step, const struct cairn_error *why, struct cairn_error *error)
{
    const struct cairn_consumer *consumer = follower->consumer;
    const char *message = why->message[0] ? why->message : "no reason was given";
    if (step == HANDLED)
        return 0;
    cairn_metric_add(&failures, consumer->name, 1);
    if (step == GIVEN_UP || arrival->attempt >= consumer->attempts)
        return give_up(follower, arrival, message, error);
    if (arrival->attempt == 1)
        cairn_log(CAIRN_LOG_WARN, "handling an event of a feed failed; it will be retried",
                  CAIRN_LOG_TEXT("consumer", consumer->name),
                  CAIRN_LOG_TEXT("stream", arrival->event.meta.stream),
                  CAIRN_LOG_INTEGER("position", arrival->event.meta.position),
                  CAIRN_LOG_TEXT("error", message));
    int64_t pause_us =
        cairn_backoff_us(arrival->attempt, consumer->backoff_us, consumer->backoff_max_us);
    return follower->pause(follower->context, pause_us) ? 1 : stopped(error);
}

/* Makes one attempt. An attempt that may be one of many is recorded before it begins, since it may
 * crash this process: the first one after this process has taken over, and each further one. */
static int try_once(struct cairn_feed_follower *follower, struct cairn_arrival *arrival,
                    struct cairn_error *error)
{
    struct cairn_error why = {0};
    void *data = NULL;
    if (follower->first || arrival->attempt > 1) {
        int failed =
            cairn_feed_begin(&follower->place, arrival->attempt, &follower->delivery, error);
        if (failed)
            return failed;
    }
    int failed = cairn_arrival_decode(arrival, &data, &why);
    if (failed == -CAIRN_NEWER_EVENT) {
        arrival->attempt--;
        return follower->pause(follower->context, NEWER_US) ? 1 : stopped(error);
    }
    int step = failed ? GIVEN_UP : attempt(follower, arrival, data, &why, error);
    if (step < 0)
        return step;
    follower->first = false;
    return conclude(follower, arrival, step, &why, error);
}

/* ---- an event ---- */

static int handle(struct cairn_feed_follower *follower, struct cairn_arrival *arrival,
                  struct cairn_error *error)
{
    int again = 1;
    arrival->attempt = follower->first ? follower->place.attempts : 0;
    if (arrival->attempt >= follower->consumer->attempts)
        return give_up(follower, arrival,
                       "all attempts were used up, the last one by a crash of the process", error);
    while (again > 0) {
        arrival->attempt++;
        again = try_once(follower, arrival, error);
    }
    return again;
}

/* What is no event of a store is given up; without an id it cannot be told from what comes after
 * it, so the feed stays where it is. */
static int give_up_unreadable(struct cairn_feed_follower *follower, struct cairn_arrival *arrival,
                              const struct cairn_error *why, struct cairn_error *error)
{
    struct feed_named named = {0};
    struct cairn_error nameless = {0};
    if (cairn_record_decode(&feed_named_record, arrival->json, arrival->bytes, CAIRN_LENIENT,
                            &follower->delivery, &named, &nameless) < 0)
        return cairn_fail(error, CAIRN_MALFORMED, "an event of the feed has no id: %s",
                          why->message);
    arrival->event.meta = (struct cairn_meta){.event_id = named.id, .stream = ""};
    return give_up(follower, arrival, why->message, error);
}

/* Handles one event, if it was not handled before and something handles it. `ret_seen` is set if
 * nothing does: the place is to be moved behind it some time. */
static int take_event(struct cairn_feed_follower *follower, const struct cairn_json_item *item,
                      struct cairn_meta *ret_seen, struct cairn_error *error)
{
    struct cairn_error why = {0};
    cairn_arena_reset(&follower->delivery);
    struct cairn_arrival arrival =
        arrival_of(follower, cairn_copy_bytes(&follower->delivery, item->text, item->bytes));
    if (cairn_cloudevent_read(arrival.json, arrival.bytes, &follower->delivery, &arrival.event,
                              &why) < 0)
        return give_up_unreadable(follower, &arrival, &why, error);
    const struct cairn_meta *meta = &arrival.event.meta;
    if (meta->position <= follower->place.position) {
        cairn_metric_add(&repeated, follower->consumer->name, 1);
        return 0;
    }
    if (cairn_arrival_find(&arrival)) {
        ret_seen->position = 0;
        return handle(follower, &arrival, error);
    }
    ret_seen->position = meta->position;
    ret_seen->event_id = meta->event_id;
    return 0;
}

/* ---- dead letters ---- */

static int handle_dead(struct cairn_feed_follower *follower, const struct cairn_feed_dead *dead,
                       struct cairn_error *error)
{
    struct cairn_error why = {0};
    void *data = NULL;
    assert(dead->event); /* of one that was found */
    struct cairn_arrival arrival = arrival_of(follower, dead->event);
    arrival.attempt = 1;
    arrival.is_revived = true;
    int failed = cairn_cloudevent_read(arrival.json, arrival.bytes, &follower->delivery,
                                       &arrival.event, &why);
    if (!failed && !cairn_arrival_find(&arrival))
        return cairn_feed_settle(&follower->place, dead->number, NULL, &follower->delivery, error);
    if (!failed)
        failed = cairn_arrival_decode(&arrival, &data, &why);
    bool good = !failed && cairn_arrival_hand_over(&arrival, data, &why) == CAIRN_DONE;
    if (good) {
        cairn_arrival_count(&arrival);
        return cairn_feed_settle(&follower->place, dead->number, NULL, &follower->delivery, error);
    }
    roll_back(follower);
    return cairn_feed_settle(&follower->place, dead->number,
                             why.message[0] ? why.message : "no reason was given",
                             &follower->delivery, error);
}

/* Handles the dead letters that are wanted again. */
static int revive(struct cairn_feed_follower *follower, struct cairn_error *error)
{
    int found = 1;
    while (found > 0) {
        struct cairn_feed_dead dead = {0};
        cairn_arena_reset(&follower->delivery);
        int failed = cairn_pg_script(pg_of(follower), "begin", error);
        found = failed ? failed
                       : cairn_feed_revive(&follower->place, &follower->delivery, &dead, error);
        if (found > 0) {
            failed = handle_dead(follower, &dead, error);
            found = failed ? failed : 1;
        }
        /* after a failed handler nothing is open, and this does nothing */
        failed = found < 0 ? 0 : cairn_pg_script(pg_of(follower), "commit", error);
        if (found < 0)
            roll_back(follower);
        found = failed ? failed : found;
    }
    return found;
}

/* ---- a round ---- */

/* A feed whose history is another one than before still has the event that was handled last, or it
 * would have refused the request. */
static int look_at_history(struct cairn_feed_follower *follower,
                           const struct cairn_feed_batch *batch, struct cairn_error *error)
{
    struct cairn_feed_place *place = &follower->place;
    if (!*batch->history || strcmp(batch->history, place->history) == 0)
        return 0;
    if (*place->history)
        cairn_log(CAIRN_LOG_WARN,
                  "the store behind a feed was restored; it still has all that was handled",
                  CAIRN_LOG_TEXT("consumer", follower->consumer->name),
                  CAIRN_LOG_TEXT("feed", place->feed), CAIRN_LOG_TEXT("history", batch->history),
                  CAIRN_LOG_TEXT("before", place->history));
    return cairn_feed_enter_history(place, batch->history, &follower->delivery, error);
}

static int take_batch(struct cairn_feed_follower *follower, const struct cairn_feed_batch *batch,
                      struct cairn_error *error)
{
    struct cairn_meta seen = {.position = 0};
    const struct cairn_uuid before = follower->place.event_id;
    int failed = look_at_history(follower, batch, error);
    for (int64_t i = 0; i < batch->count && !failed; i++) {
        failed = take_event(follower, &batch->items[i], &seen, error);
        if (!failed && !follower->pause(follower->context, 0))
            failed = stopped(error);
    }
    struct cairn_error later = {0};
    if (seen.position > follower->place.position &&
        cairn_feed_advance(&follower->place, seen.position, seen.event_id, &follower->delivery,
                           &later) < 0 &&
        !failed)
        failed = cairn_error_pass(error, &later);
    cairn_metric_set(&positions, follower->consumer->name, follower->place.position);
    if (!failed && batch->count > 0 && cairn_uuid_equal(before, follower->place.event_id))
        failed = cairn_fail(error, CAIRN_MALFORMED,
                            "the feed sends what was handled, not what comes after it");
    return failed;
}

int64_t cairn_feed_round(struct cairn_feed_follower *follower, struct cairn_error *error)
{
    struct cairn_feed_batch batch = {.count = 0};
    cairn_arena_reset(&follower->batch);
    int failed = 0;
    if (!follower->placed) {
        failed = cairn_feed_take_over(&follower->place, &follower->batch, error);
        follower->placed = !failed;
        follower->first = true;
    }
    if (!failed)
        failed = revive(follower, error);
    if (!failed)
        failed =
            cairn_feed_fetch(&follower->source, &follower->place, &follower->batch, &batch, error);
    if (!failed)
        failed = take_batch(follower, &batch, error);
    cairn_outbound_response_reset(&batch.response);
    return failed ? failed : batch.count;
}
