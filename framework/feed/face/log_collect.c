/* log_collect.c - reads from the log for a request.
 *
 * A stream is read by its versions, in one go. The log is read by ranges of positions: where events
 * that were asked for are rare, a range has few of them or none, and the next one is read, for as
 * long as one request may take a thread. */
#include "feed/face/log_collect.h"

#include "core/threads/clock.h"
#include "store/events/amend.h"

#include <string.h>

enum { RANGE = 20000 };
#define PATIENCE_US CAIRN_MILLISECONDS(500)

/* ---- the beginning ---- */

static int not_here(const struct cairn_log_ask *ask, struct cairn_error *error)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(ask->last, id);
    return cairn_fail(
        error, CAIRN_TIMELINE,
        "the event %s is not %s: it is of another history, or of another store; begin "
        "anew, or after an event that is",
        id, ask->stream ? "in this stream" : "in this log");
}

static int resume(struct cairn_store *store, const struct cairn_log_ask *ask,
                  struct cairn_arena *arena, struct cairn_log_place *ret, struct cairn_error *error)
{
    struct cairn_stored_event last;
    struct cairn_error why = {0};
    int failed = cairn_store_read_event(store, ask->last, arena, &last, &why);
    if (failed == -CAIRN_NOT_FOUND)
        return not_here(ask, error);
    if (failed)
        return cairn_error_pass(error, &why);
    if (ask->stream && strcmp(last.stream, ask->stream) != 0)
        return not_here(ask, error);
    ret->at = ask->stream ? last.version : last.position;
    if (!ask->stream && ask->from > ret->at)
        ret->at = ask->from;
    return 0;
}

int cairn_log_begin(struct cairn_store *store, const struct cairn_log_ask *ask,
                    struct cairn_arena *arena, struct cairn_log_place *ret,
                    struct cairn_error *error)
{
    *ret = (struct cairn_log_place){.at = ask->from};
    if (ask->has_last)
        return resume(store, ask, arena, ret, error);
    if (ask->backwards)
        ret->at = ask->from < 0 ? INT64_MAX : ask->from;
    return 0;
}

/* ---- reading ---- */

/* Removes events that an amendment says are skipped. Returns how many are left. */
static int64_t leave_out(const struct cairn_stored_event **events, int64_t count,
                         struct cairn_arena *arena)
{
    int64_t left = 0;
    struct cairn_stored_event *kept = cairn_new(arena, struct cairn_stored_event, (size_t)count);
    for (int64_t i = 0; i < count; i++) {
        if (!cairn_is_passed_over(&(*events)[i]))
            kept[left++] = (*events)[i];
    }
    *events = kept;
    return left;
}

static struct cairn_page_query next_range(const struct cairn_log_ask *ask,
                                          const struct cairn_log_place *place)
{
    struct cairn_page_query query = {.stream = ask->stream,
                                     .filter = ask->filter,
                                     .limit = ask->limit,
                                     .backwards = ask->backwards};
    if (ask->stream)
        query.filter.categories = NULL;
    if (ask->backwards) {
        int64_t last = place->at == INT64_MAX ? INT64_MAX : place->at - 1;
        query.to = ask->stream || last <= place->head ? last : place->head;
        query.from = ask->stream || query.to < RANGE ? 0 : query.to - RANGE;
    } else {
        query.from = place->at;
        query.to = ask->stream                                ? INT64_MAX
                   : place->head - place->at > (int64_t)RANGE ? place->at + RANGE
                                                              : place->head;
    }
    return query;
}

/* Moves the place on to the end of what was read. */
static void move(const struct cairn_log_ask *ask, struct cairn_log_place *place,
                 const struct cairn_page_query *query, const struct cairn_stored_event *events,
                 int64_t count, bool more)
{
    int64_t last = 0;
    if (count > 0)
        last = ask->stream ? events[count - 1].version : events[count - 1].position;
    if (more)
        place->at = last;
    else if (ask->backwards)
        place->at = query->from + 1;
    else if (!ask->stream)
        place->at = query->to > place->at ? query->to : place->at;
    else if (count > 0)
        place->at = last;
    place->complete = !more && (ask->backwards ? place->at <= 1 || ask->stream
                                               : ask->stream || place->at >= place->head);
}

int64_t cairn_log_collect(struct cairn_store *store, const struct cairn_log_ask *ask,
                          struct cairn_log_place *place, struct cairn_arena *arena,
                          const struct cairn_stored_event **ret, struct cairn_error *error)
{
    int64_t until_us = cairn_monotonic_us() + PATIENCE_US;
    place->head = cairn_store_head(store, error);
    if (place->head < 0)
        return place->head;
    for (;;) {
        bool more = false;
        const struct cairn_page_query query = next_range(ask, place);
        int64_t count = 0;
        if (query.to > query.from)
            count = cairn_store_read_page(store, &query, arena, ret, &more, error);
        if (count < 0)
            return count;
        move(ask, place, &query, *ret, count, more);
        count = leave_out(ret, count, arena);
        if (count > 0 || place->complete || cairn_monotonic_us() >= until_us)
            return count;
    }
}
