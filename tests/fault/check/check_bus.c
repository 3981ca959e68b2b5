/* check_bus.c - checks that the bus carried the log: both for a reader that read it all along, and
 * at the end.
 *
 * Redis may be killed or lose all data: the entries come back under the same ids, so a reader that
 * resumes after the last entry that it has read misses nothing and sees nothing twice. The newest
 * part of the log stays on the bus; entries at or below the `floor` that an entry was read with may
 * have been trimmed before. */
#include "check.h"
#include "shop.h"

#include <stdlib.h>
#include <string.h>

/* One reader's progress in one category. */
struct reading {
    const char *reader, *category;
    const struct event *next; /* the first event that may come next */
    bool ended;
};

static bool is_of(const struct event *event, const char *category)
{
    size_t bytes = strlen(category);
    return strncmp(event->stream, category, bytes) == 0 && event->stream[bytes] == '-';
}

/* Reports each event of the category before `to` that was left out although it lies above the
 * floor. */
static void expect_none(const struct reading *reading, const struct event *to, int64_t floor,
                        struct verdict *verdict)
{
    for (const struct event *at = reading->next; at < to; at++) {
        if (at->position > floor && is_of(at, reading->category))
            verdict_add(verdict, "bus", "%s: position %" PRId64 " of %s was left out",
                        reading->reader, at->position, reading->category);
    }
}

static struct reading *reading_of(struct evidence *evidence, struct cairn_map *readings,
                                  const json_t *line)
{
    const char *reader = member_text(line, "reader");
    const char *category = member_text(line, "category");
    void **place =
        cairn_map_at(readings, cairn_print(&evidence->arena, "%s of %s", reader, category));
    if (!*place) {
        struct reading *made = cairn_new(&evidence->arena, struct reading, 1);
        *made = (struct reading){reader, category, evidence->events, false};
        *place = made;
    }
    return *place;
}

static bool is_event(const struct event *event, const json_t *line)
{
    return event && strcmp(event->id, member_text(line, "event_id")) == 0 &&
           strcmp(event->type, member_text(line, "type")) == 0 &&
           strcmp(event->stream, member_text(line, "stream")) == 0 &&
           event->version == member_number(line, "version", 0);
}

static void take_entry(struct evidence *evidence, struct reading *reading, const json_t *line,
                       struct verdict *verdict)
{
    int64_t position = member_number(line, "position", 0);
    bool there = position > 0 && position <= (int64_t)evidence->event_count;
    const struct event *event = there ? &evidence->events[position - 1] : NULL;
    if (!is_event(event, line) || !is_of(event, reading->category)) {
        verdict_add(verdict, "bus", "%s: entry %" PRId64 " of %s is not what the log has there",
                    reading->reader, position, reading->category);
        return;
    }
    if (reading->next > event)
        verdict_add(verdict, "bus",
                    "%s: position %" PRId64 " of %s came again, or after a later one",
                    reading->reader, position, reading->category);
    else
        expect_none(reading, event, member_number(line, "floor", 0), verdict);
    reading->next = event + 1;
}

void check_bus(struct evidence *evidence, struct verdict *verdict)
{
    size_t i;
    json_t *line;
    const struct event *end = evidence->events + evidence->event_count;
    struct cairn_map readings = cairn_map(&evidence->arena);
    json_array_foreach(evidence->bus, i, line)
    {
        struct reading *reading = reading_of(evidence, &readings, line);
        const char *what = member_text(line, "what");
        if (strcmp(what, "entry") == 0)
            take_entry(evidence, reading, line, verdict);
        else if (strcmp(what, "ends") == 0)
            expect_none(reading, end, member_number(line, "floor", 0), verdict);
        reading->ended |= strcmp(what, "ends") == 0;
    }
    for (i = 0; i < readings.count; i++) {
        const struct reading *reading = readings.entries[i].value;
        if (!reading->ended)
            expect_none(reading, end, 0, verdict);
    }
}

/* ---- contents of entries ---- */

static int by_position(const void *a, const void *b)
{
    int64_t left = member_number(*(json_t *const *)a, "position", 0);
    int64_t right = member_number(*(json_t *const *)b, "position", 0);
    return (left > right) - (left < right);
}

static size_t sort_entries(struct evidence *evidence, json_t ***ret)
{
    size_t i;
    json_t *line;
    size_t count = 0;
    *ret = cairn_new(&evidence->arena, json_t *, json_array_size(evidence->bus) + 1);
    json_array_foreach(evidence->bus, i, line)
    {
        if (strcmp(member_text(line, "what"), "entry") == 0)
            (*ret)[count++] = line;
    }
    qsort(*ret, count, sizeof(json_t *), by_position);
    return count;
}

/* Checks what the entries carry: with style "state" the state at exactly this event's version, else
 * the event's own data. */
void check_carried(struct evidence *evidence, struct verdict *verdict)
{
    struct shop shop;
    json_t **entries;
    size_t count = sort_entries(evidence, &entries);
    size_t next = 0;
    shop_open(&shop, &evidence->arena);
    for (size_t i = 0; i < count; i++) {
        int64_t position = member_number(entries[i], "position", 0);
        while (next < evidence->event_count && evidence->events[next].position <= position)
            (void)shop_apply(&shop, &evidence->events[next++]);
        if (next == 0 || evidence->events[next - 1].position != position)
            continue; /* check_bus reports this */
        const struct event *event = &evidence->events[next - 1];
        const struct thing *thing = cairn_map_get(&shop.things, event->stream);
        bool state = strcmp(member_text(entries[i], "style"), "state") == 0;
        const json_t *wanted = !state ? event->data : thing ? thing->row : NULL;
        const json_t *data = json_object_get(entries[i], "data");
        if (event->spoiled && state && !json_is_object(data))
            continue; /* there is no state */
        if (!wanted || !same_row(wanted, data))
            verdict_add(verdict, "carried", "entry %" PRId64 " of %s carries something else",
                        position, event->stream);
    }
    shop_close(&shop);
}
