/* load_steady.c - appends as services do, by an appender, one event after the other and without
 * pause. Half of the actors go through the proxy, the others have the addresses of all nodes.
 *
 * An append whose outcome is unknown ends a round: the next one uses other streams. */
#include "load_steady.h"

#include "load.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "store/commit/appender.h"

#include <string.h>

enum { STREAMS = 4, PAUSE_US = 5000 };

struct writer {
    struct actor *actor;
    struct cairn_appender *appender;
    int way;
    int round;                           /* part of the names of its streams */
    struct cairn_expected ends[STREAMS]; /* as the writer knows them */
};

void steady_reset(struct steady *steady)
{
    cairn_lock(&steady->lock);
    for (int i = 0; i < STEADY_WAYS; i++)
        steady->ways[i].longest_us = 0;
    cairn_unlock(&steady->lock);
}

struct steady_way steady_look(struct steady *steady, int way)
{
    cairn_lock(&steady->lock);
    struct steady_way ret = steady->ways[way];
    cairn_unlock(&steady->lock);
    return ret;
}

static void acknowledge(struct steady *steady, int number)
{
    int64_t now_us = history_now_us();
    cairn_lock(&steady->lock);
    struct steady_way *way = &steady->ways[number];
    if (way->last_us && now_us - way->last_us > way->longest_us)
        way->longest_us = now_us - way->last_us;
    way->last_us = now_us;
    way->acknowledged++;
    cairn_unlock(&steady->lock);
}

static void begin_round(struct writer *writer)
{
    writer->round++;
    for (int i = 0; i < STREAMS; i++)
        writer->ends[i] = (struct cairn_expected){.version = CAIRN_VERSION_NONE};
}

/* Makes the history's line of an append (load_ledger.c says what it has). */
static json_t *line_of(const struct writer *writer, const struct cairn_expected *end,
                       const char *event_id)
{
    char before[CAIRN_UUID_TEXT_SIZE] = "";
    if (!cairn_uuid_is_zero(end->event_id))
        cairn_uuid_format(end->event_id, before);
    return json_pack("{ss ss sI s[{ss sI ss s[s]}]}", "kind", "append", "actor",
                     writer->actor->name, "sent", (json_int_t)history_now_us(), "writes", "stream",
                     end->stream, "version", (json_int_t)end->version, "event_id", before, "ids",
                     event_id);
}

static void write_down(const struct writer *writer, json_t *line, int outcome,
                       const struct cairn_appended *where)
{
    const char *word = outcome == 0  ? "appended"
                       : outcome > 0 ? "replayed"
                                     : cairn_code_info(outcome)->name;
    json_t *write = json_array_get(json_object_get(line, "writes"), 0);
    (void)json_object_set_new(line, "done", json_integer(history_now_us()));
    (void)json_object_set_new(line, "outcome", json_string(word));
    if (outcome == 0) {
        (void)json_object_set_new(write, "answered", json_integer(where->version));
        (void)json_object_set_new(write, "position", json_integer(where->position));
    }
    history_add(writer->actor->stage->history, line);
}

static void append_one(struct writer *writer)
{
    struct actor *actor = writer->actor;
    int number = dice(&actor->random, STREAMS);
    struct cairn_expected *end = &writer->ends[number];
    const struct cairn_new_event event = {.id = cairn_uuid_make(),
                                          .type = "Happened",
                                          .schema_version = 1,
                                          .data = "{\"a\":1}",
                                          .meta = "{}"};
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(event.id, id);
    struct cairn_write write = {.expected = *end, .events = &event, .event_count = 1};
    write.expected.stream =
        cairn_print(&actor->arena, "steady-%s-%d-%d", actor->name, writer->round, number);
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    json_t *line = line_of(writer, &write.expected, id);
    struct cairn_appended where = {0};
    int outcome = cairn_appender_append(writer->appender, &append, &where, NULL);
    write_down(writer, line, outcome, &where);
    if (outcome == 0) {
        *end = (struct cairn_expected){.version = where.version, .event_id = event.id};
        acknowledge(actor->stage->steady, writer->way);
    } else if (outcome != -CAIRN_UNAVAILABLE && outcome != -CAIRN_BUSY) {
        begin_round(writer);
    }
}

void load_steady(struct actor *actor)
{
    const char *number = strrchr(actor->name, '-') + 1;
    struct writer writer = {.actor = actor, .way = number[strlen(number) - 1] % STEADY_WAYS};
    const char *url = actor->stage->steady->ways[writer.way].url;
    if (cairn_appender_open(url, "steady", NULL, &writer.appender, NULL) < 0)
        return;
    begin_round(&writer);
    while (!actor->stage->over) {
        cairn_arena_reset(&actor->arena);
        append_one(&writer);
        rest_us(dice(&actor->random, PAUSE_US));
    }
    cairn_appender_close(writer.appender);
}
