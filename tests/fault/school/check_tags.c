/* check_tags.c - checks the table of tags against the log: each row belongs to an event that has
 * the tag, and each tagged field of an event has its row. */
#include "../check/check.h"

#include <string.h>

/* The fields that have tags, in each type of the school. */
static const struct {
    const char *member, *tag;
} fields[] = {{"course_id", "course"}, {"student_id", "student"}};

static const char *key_of(struct evidence *evidence, int64_t position, const char *tag)
{
    return cairn_print(&evidence->arena, "%" PRId64 " %s", position, tag);
}

/* Removes the rows of the event from the map, and complains of those that are not there. */
static void take_rows(struct evidence *evidence, const struct event *event, struct cairn_map *rows,
                      struct verdict *verdict)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *value = member_text(event->data, fields[i].member);
        if (!*value)
            continue;
        const char *tag = cairn_print(&evidence->arena, "%s:%s", fields[i].tag, value);
        void **place = cairn_map_at(rows, key_of(evidence, event->position, tag));
        if (!*place)
            verdict_add(verdict, "tags", "%s at position %" PRId64 " has no row for %s",
                        event->type, event->position, tag);
        else if (strcmp(member_text(*place, "type"), event->type) != 0)
            verdict_add(verdict, "tags", "the row for %s says that position %" PRId64 " is a %s",
                        tag, event->position, member_text(*place, "type"));
        *place = NULL;
    }
}

void check_tags(struct evidence *evidence, struct verdict *verdict)
{
    size_t i;
    json_t *row;
    struct cairn_map rows = cairn_map(&evidence->arena);
    json_array_foreach(evidence->tags, i, row)
    {
        void **place = cairn_map_at(
            &rows, key_of(evidence, member_number(row, "position", 0), member_text(row, "tag")));
        if (*place)
            verdict_add(verdict, "tags", "the row %s is there twice", member_text(row, "tag"));
        *place = row;
    }
    for (i = 0; i < evidence->event_count; i++)
        take_rows(evidence, &evidence->events[i], &rows, verdict);
    for (i = 0; i < rows.count; i++) {
        if (rows.entries[i].value)
            verdict_add(verdict, "tags", "no event has the position and tag of the row %s",
                        rows.entries[i].key);
    }
}
