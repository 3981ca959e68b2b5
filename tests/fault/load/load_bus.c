/* load_bus.c - a reader that reads the bus as other programs may: by XREAD, from the last entry
 * that it has read, which it remembers itself. Redis may be killed or lose all data meanwhile. At
 * the end it reads once more from the start whatever is there then.
 *
 * Lines in bus.jsonl, each with reader and category: what = "begins"; "entry" with position,
 * stream, version, type, event_id, style, data, floor; "ends" with floor. Entries at or below the
 * floor may have been trimmed when it was read: the bus keeps the newest stage->bus_keep
 * positions. */
#include "load.h"

#include "../../support/fixture.h"

#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CATEGORIES = 3, PATIENCE_MS = 120000 };
static const char *const categories[CATEGORIES] = {"user", "order", "payment"};

struct reader {
    struct actor *actor;
    const char *name;
    redisContext *redis;
    PGconn *log;
    int64_t last[CATEGORIES]; /* position of the last entry read */
};

/* ---- connections ---- */

static void forget(struct reader *reader)
{
    if (reader->redis)
        redisFree(reader->redis);
    reader->redis = NULL;
    rest_us(50000);
}

static bool is_connected(struct reader *reader)
{
    const struct stage *stage = reader->actor->stage;
    const struct timeval patience = {.tv_sec = 5};
    if (reader->redis)
        return true;
    reader->redis = redisConnectWithTimeout("127.0.0.1", stage->redis_port, patience);
    if (reader->redis && !reader->redis->err) {
        (void)redisSetTimeout(reader->redis, patience);
        freeReplyObject(redisCommand(reader->redis, "auth %s", stage->redis_password));
    }
    if (reader->redis && !reader->redis->err)
        return true;
    forget(reader);
    return false;
}

/* Returns the head of the log, as soon as PostgreSQL answers; 0 if it does not. */
static int64_t head_now(struct reader *reader)
{
    int64_t until_ms = fixture_now_ms() + PATIENCE_MS;
    while (fixture_now_ms() < until_ms) {
        if (!reader->log)
            reader->log = fixture_connect(reader->actor->stage->superuser_url);
        PGresult *result = PQexec(reader->log, "select cairn.head()");
        bool done = PQresultStatus(result) == PGRES_TUPLES_OK;
        int64_t head = done ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
        PQclear(result);
        if (done)
            return head;
        PQfinish(reader->log);
        reader->log = NULL;
        rest_us(50000);
    }
    return 0; /* then nothing may have been trimmed, and the checker reports what is missing */
}

static json_int_t floor_now(struct reader *reader)
{
    int64_t floor = head_now(reader) - reader->actor->stage->bus_keep;
    return floor > 0 ? floor : 0;
}

/* ---- entries ---- */

static void write_entry(struct reader *reader, const char *category, int64_t position,
                        const char *text, json_int_t floor)
{
    json_t *event = json_loads(text, 0, NULL);
    json_t *line = json_pack(
        "{ss ss ss sI sI sI ss? ss? ss? ss? sO?}", "what", "entry", "reader", reader->name,
        "category", category, "position", (json_int_t)position, "floor", floor, "version",
        (json_int_t)atoll(event ? json_string_value(json_object_get(event, "version")) : "0"),
        "stream", json_string_value(json_object_get(event, "subject")), "type",
        json_string_value(json_object_get(event, "type")), "event_id",
        json_string_value(json_object_get(event, "id")), "style",
        json_string_value(json_object_get(event, "style")), "data", json_object_get(event, "data"));
    if (!line)
        abort();
    history_add(reader->actor->stage->bus, line);
    json_decref(event);
}

static void write_mark(struct reader *reader, const char *what, json_int_t floor)
{
    for (int i = 0; i < CATEGORIES; i++)
        history_add(reader->actor->stage->bus,
                    json_pack("{ss ss ss sI}", "what", what, "reader", reader->name, "category",
                              categories[i], "floor", floor));
}

/* Each entry is [id, [field, value]]. */
static void take_entries(struct reader *reader, int of, const redisReply *entries, json_int_t floor)
{
    for (size_t i = 0; i < entries->elements; i++) {
        const redisReply *entry = entries->element[i];
        reader->last[of] = strtoll(entry->element[0]->str, NULL, 10);
        write_entry(reader, categories[of], reader->last[of], entry->element[1]->element[1]->str,
                    floor);
    }
}

/* The key is "cairn:bus:order:1", say. */
static int category_of(const char *key)
{
    for (int i = 0; i < CATEGORIES; i++) {
        if (strstr(key, categories[i]))
            return i;
    }
    return 0;
}

/* Returns how many streams had new entries, -1 if Redis did not answer. */
static int read_on(struct reader *reader)
{
    if (!is_connected(reader))
        return -1;
    redisReply *reply = redisCommand(
        reader->redis,
        "xread count 300 block 200 streams cairn:bus:user:1 cairn:bus:order:1 cairn:bus:payment:1"
        " %lld %lld %lld",
        (long long)reader->last[0], (long long)reader->last[1], (long long)reader->last[2]);
    int found = !reply || reply->type == REDIS_REPLY_ERROR ? -1 : 0;
    if (reply && reply->type == REDIS_REPLY_ARRAY) {
        json_int_t floor = floor_now(reader);
        found = (int)reply->elements;
        for (size_t i = 0; i < reply->elements; i++)
            take_entries(reader, category_of(reply->element[i]->element[0]->str),
                         reply->element[i]->element[1], floor);
    }
    if (reply)
        freeReplyObject(reply);
    if (found < 0)
        forget(reader);
    return found;
}

/* ---- reading to the end ---- */

static int64_t bus_position(struct reader *reader)
{
    redisReply *reply =
        is_connected(reader) ? redisCommand(reader->redis, "hget cairn:bus position") : NULL;
    int64_t position =
        reply && reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, NULL, 10) : -1;
    if (reply)
        freeReplyObject(reply);
    else
        forget(reader);
    return position;
}

/* Reads until the bus is at the head, and there is nothing new. */
static void read_to_the_end(struct reader *reader)
{
    int64_t head = head_now(reader);
    int64_t until_ms = fixture_now_ms() + PATIENCE_MS;
    bool complete = false;
    while (!complete && fixture_now_ms() < until_ms) {
        complete = bus_position(reader) >= head;
        int found = read_on(reader);
        complete = complete && found == 0;
    }
    write_mark(reader, "ends", head > 0 ? floor_now(reader) : 0);
}

void load_bus_reader(struct actor *actor)
{
    struct reader reader = {.actor = actor, .name = "follower"};
    write_mark(&reader, "begins", 0);
    while (!actor->stage->settled)
        (void)read_on(&reader);
    read_to_the_end(&reader);
    reader.name = "afterwards";
    memset(reader.last, 0, sizeof reader.last);
    write_mark(&reader, "begins", 0);
    read_to_the_end(&reader);
    forget(&reader);
    PQfinish(reader.log);
}
