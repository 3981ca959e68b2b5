/* bus.c - a test's view of the bus in Redis. */
#include "bus.h"

#include "fixture.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 60000 };

void bus_view_open(struct bus_view *view, const char *database_url, const char *redis_url)
{
    *view = (struct bus_view){0};
    assert_int_equal(cairn_store_open(database_url, "bus view", &view->store, NULL), 0);
    assert_int_equal(cairn_redis_open(redis_url, CAIRN_SECONDS(20), &view->redis, NULL), 0);
}

void bus_view_close(struct bus_view *view)
{
    cairn_store_close(view->store);
    cairn_redis_close(view->redis);
    cairn_arena_close(&view->arena);
}

struct cairn_redis_reply bus_redis(struct bus_view *view, const char *words)
{
    struct cairn_redis_arg args[32];
    struct cairn_redis_reply reply = {0};
    struct cairn_error error = {0};
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(cairn_copy_text(&view->arena, words), " ", &rest); word;
         word = strtok_r(NULL, " ", &rest))
        args[count++] = CAIRN_ARG(word);
    if (cairn_redis_call(view->redis, args, count, &view->arena, &reply, &error) < 0)
        fail_msg("%s: %s", words, error.message);
    return reply;
}

int64_t bus_position(struct bus_view *view)
{
    struct cairn_redis_reply reply = bus_redis(view, "HGET cairn:bus position");
    return reply.kind == CAIRN_REDIS_TEXT ? strtoll(reply.text, NULL, 10) : -1;
}

static int64_t head_of(struct bus_view *view)
{
    int64_t head = cairn_store_head(view->store, NULL);
    assert_true(head >= 0);
    return head;
}

static bool has_come_to_the_head(void *context)
{
    struct bus_view *view = context;
    cairn_arena_reset(&view->arena);
    return bus_position(view) == head_of(view);
}

void bus_wait(struct bus_view *view)
{
    fixture_wait(has_come_to_the_head, view, LONG_MS, "the bus has come to the head of the log");
}

struct cairn_redis_reply bus_entries(struct bus_view *view, const char *category)
{
    struct cairn_redis_reply epoch = bus_redis(view, "HGET cairn:bus epoch");
    assert_int_equal(epoch.kind, CAIRN_REDIS_TEXT);
    return bus_redis(view,
                     cairn_print(&view->arena, "XRANGE cairn:bus:%s:%s - +", category, epoch.text));
}

int64_t bus_entry_position(const struct cairn_redis_reply *entry)
{
    char *end = NULL;
    int64_t position = strtoll(entry->items[0].text, &end, 10);
    assert_string_equal(end, "-0");
    return position;
}

const char *bus_entry_json(const struct cairn_redis_reply *entry)
{
    assert_int_equal(entry->items[1].count, 2);
    assert_string_equal(entry->items[1].items[0].text, "event");
    return entry->items[1].items[1].text;
}

static void expect_entry(const struct cairn_redis_reply *entry,
                         const struct cairn_stored_event *event)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    const char *json = bus_entry_json(entry);
    cairn_uuid_format(event->event_id, id);
    if (bus_entry_position(entry) != event->position)
        fail_msg("the bus has %s where the log has %" PRId64, entry->items[0].text,
                 event->position);
    if (!strstr(json, id) || !strstr(json, event->stream))
        fail_msg("entry %s is not event %s of %s: %s", entry->items[0].text, id, event->stream,
                 json);
}

void bus_expect_log(struct bus_view *view, const char *category, int64_t floor)
{
    const char *const categories[] = {category, NULL};
    const struct cairn_event_filter filter = {.categories = categories};
    const struct cairn_stored_event *events = NULL;
    cairn_arena_reset(&view->arena);
    int64_t count = cairn_store_read_filtered(view->store, floor, head_of(view), &filter,
                                              &view->arena, &events, NULL);
    struct cairn_redis_reply entries = bus_entries(view, category);
    size_t first = 0;
    while (first < entries.count && bus_entry_position(&entries.items[first]) <= floor)
        first++;
    if (count < 0 || (int64_t)(entries.count - first) != count)
        fail_msg("%s: the bus has %zu entries above %" PRId64 ", the log %" PRId64 " events",
                 category, entries.count - first, floor, count);
    for (int64_t i = 0; i < count; i++)
        expect_entry(&entries.items[first + (size_t)i], &events[i]);
}
