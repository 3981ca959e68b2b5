/* member.c - runs the rounds of a member of a consumer group. */
#include "bus/consume/member.h"

#include "bus/bus_names.h"
#include "core/threads/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_US CAIRN_SECONDS(1)
#define BLOCK_US CAIRN_MILLISECONDS(250)
#define BEHIND_US CAIRN_MILLISECONDS(2) /* pause after an earlier event of the stream */

/* Few at once, since events of one stream that two members hold wait for each other. */
enum { READ_MAX = 16 };

/* ---- acknowledging ---- */

static int acknowledge(struct cairn_member *member, const struct cairn_pending_entry *pending,
                       struct cairn_error *error)
{
    size_t i = member->ack_count++;
    member->acks[i].key = pending->entry.key;
    (void)snprintf(member->acks[i].id, sizeof member->acks[i].id, "%s", pending->entry.id);
    return member->ack_count == CAIRN_ACKS_MAX ? cairn_member_flush(member, error) : 0;
}

/* ---- time ---- */

static bool is_due(int64_t *at_us, int64_t every_us)
{
    int64_t now_us = cairn_monotonic_us();
    if (*at_us && now_us - *at_us < every_us)
        return false;
    *at_us = now_us;
    return true;
}

/* ---- delivering ---- */

/* Returns an earlier event of the same stream that is held here too; NULL if there is none. */
static const struct cairn_pending_entry *find_earlier(const struct cairn_member *member,
                                                      const struct cairn_pending_entry *pending)
{
    for (size_t i = 0; i < member->held_count && pending->stream; i++) {
        const struct cairn_pending_entry *at = member->pending[i];
        if (at->stream == pending->stream && at->entry.key == pending->entry.key &&
            at->position < pending->position)
            return at;
    }
    return NULL;
}

/* Returns whether the entry is due and first of its stream here. Other members may hold earlier
 * ones. */
static bool is_ready(const struct cairn_member *member, struct cairn_pending_entry *pending)
{
    int64_t now_us = cairn_monotonic_us();
    if (pending->due_us > now_us)
        return false;
    const struct cairn_pending_entry *earlier = find_earlier(member, pending);
    if (earlier)
        pending->due_us = (earlier->due_us > now_us ? earlier->due_us : now_us) + BEHIND_US;
    return !earlier;
}

/* Delivers the due entries one after the other. During a long round the held entries are kept in
 * between, so that other members do not claim them as stuck; the scan then restarts. */
static int deliver_due(struct cairn_member *member, bool (*stopping)(void *), void *context,
                       struct cairn_error *error)
{
    for (size_t i = 0; i < member->held_count && !stopping(context);) {
        struct cairn_pending_entry *pending = member->pending[i];
        if (is_due(&member->kept_us, member->consumer->stuck_us / 4)) {
            int failed = cairn_member_keep(member, error);
            if (failed)
                return failed;
            i = 0;
            continue;
        }
        int verdict =
            is_ready(member, pending) ? cairn_member_deliver(member, pending, error) : CAIRN_LATER;
        if (verdict < 0)
            return verdict;
        if (verdict == CAIRN_LATER) {
            i++;
            continue;
        }
        int failed = verdict == CAIRN_SETTLED ? acknowledge(member, pending, error) : 0;
        cairn_member_forget(member, i);
        if (failed)
            return failed;
        if (member->kick)
            (void)!cairn_queue_push(member->kick, member);
    }
    return cairn_member_flush(member, error);
}

static int64_t next_due_us(const struct cairn_member *member)
{
    int64_t due_us = cairn_monotonic_us() + BLOCK_US;
    for (size_t i = 0; i < member->held_count; i++) {
        if (member->pending[i]->due_us < due_us)
            due_us = member->pending[i]->due_us;
    }
    return due_us;
}

/* ---- reading ---- */

static int read_more(struct cairn_member *member, struct cairn_error *error)
{
    const struct cairn_group_entry *entries = NULL;
    int64_t room =
        (int64_t)(CAIRN_PENDING_MAX - member->held_count) / (int64_t)member->group.key_count;
    int64_t wait_ms = (next_due_us(member) - cairn_monotonic_us()) / 1000;
    if (room <= 0) { /* no room: only wait until an entry is due */
        const struct timespec pause = {.tv_nsec = (wait_ms > 0 ? wait_ms : 1) * 1000000};
        (void)nanosleep(&pause, NULL);
        return 0;
    }
    cairn_arena_reset(&member->delivery_arena);
    int64_t count = cairn_group_read(&member->group, (int)(room < READ_MAX ? room : READ_MAX),
                                     wait_ms, &member->delivery_arena, &entries, error);
    if (count < 0)
        return (int)count;
    cairn_member_add_pending(member, entries, count, true);
    return 0;
}

/* ---- the bus ---- */

static const struct cairn_statement store_statement = {
    .name = "consumer_store",
    .sql = "select store_id from cairn.store",
};

static int check_store(struct cairn_member *member, const char *store, struct cairn_error *error)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(member->pg, &store_statement, NULL, &rows, error);
    if (count < 0)
        return (int)count;
    cairn_uuid_format(cairn_pg_uuid(rows, 0, 0), text);
    return strcmp(text, store) == 0
               ? 0
               : cairn_fail(error, CAIRN_DIVERGED, "this Redis has the bus of another store");
}

static int enter_epoch(struct cairn_member *member, int64_t epoch, struct cairn_error *error)
{
    struct cairn_group *group = &member->group;
    cairn_member_drop(member);
    cairn_arena_reset(&member->names);
    group->key_count = 0;
    for (size_t i = 0; i < member->category_count; i++)
        group->keys[group->key_count++] =
            cairn_bus_stream_key(&member->names, member->categories[i], epoch);
    group->keys[group->key_count++] = cairn_bus_again_key(&member->names, group->name);
    int failed = cairn_group_ensure(group, &member->delivery_arena, error);
    if (!failed)
        member->epoch = epoch;
    return failed;
}

static int read_epoch(struct cairn_member *member, struct cairn_error *error)
{
    const struct cairn_redis_arg args[] = {CAIRN_ARG("HMGET"), CAIRN_ARG(CAIRN_BUS_KEY),
                                           CAIRN_ARG("store"), CAIRN_ARG("epoch")};
    struct cairn_redis_reply reply;
    cairn_arena_reset(&member->delivery_arena);
    int failed =
        cairn_redis_call(member->group.redis, args, 4, &member->delivery_arena, &reply, error);
    if (failed)
        return failed;
    if (reply.count != 2 || reply.items[0].kind != CAIRN_REDIS_TEXT ||
        reply.items[1].kind != CAIRN_REDIS_TEXT) {
        cairn_member_drop(member);
        member->epoch = 0;
        return cairn_fail(error, CAIRN_UNAVAILABLE, "nothing is published yet");
    }
    int64_t epoch = strtoll(reply.items[1].text, NULL, 10);
    if (epoch == member->epoch)
        return 0;
    failed = check_store(member, reply.items[0].text, error);
    return failed ? failed : enter_epoch(member, epoch, error);
}

/* ---- a round ---- */

static int round_of(struct cairn_member *member, bool (*stopping)(void *), void *context,
                    struct cairn_error *error)
{
    int failed = 0;
    if (is_due(&member->looked_us, LOOK_US) || !member->epoch)
        failed = read_epoch(member, error);
    if (!failed && is_due(&member->kept_us, member->consumer->stuck_us / 4))
        failed = cairn_member_keep(member, error);
    if (!failed && is_due(&member->claimed_us, member->consumer->stuck_us / 4))
        failed = cairn_member_claim(member, error);
    if (!failed)
        failed = deliver_due(member, stopping, context, error);
    if (!failed && !stopping(context))
        failed = read_more(member, error);
    return failed;
}

/* A missing group means that Redis has lost its data: held entries will be delivered again. */
int cairn_member_round(struct cairn_member *member, bool (*stopping)(void *context), void *context,
                       struct cairn_error *error)
{
    struct cairn_error why = {0};
    int failed = round_of(member, stopping, context, &why);
    if (failed == -CAIRN_CONFLICT) {
        cairn_member_drop(member);
        member->epoch = 0;
        return 0;
    }
    return failed ? cairn_error_pass(error, &why) : 0;
}

void cairn_member_leave(struct cairn_member *member)
{
    struct cairn_error error = {0};
    cairn_arena_reset(&member->delivery_arena);
    int failed = member->epoch ? cairn_member_flush(member, &error) : -CAIRN_UNAVAILABLE;
    if (!failed)
        failed = cairn_member_release(member, &error);
    if (!failed)
        (void)!cairn_group_leave(&member->group, &member->delivery_arena, &error);
    cairn_member_drop(member);
}
