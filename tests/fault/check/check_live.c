/* check_live.c - checks what the followers of a row, or of a page of a list, were shown: states
 * that it was in, in their order, and finally the last one. A hold is one row that one reader
 * follows, over as many connections as needed; on each the reader names the last state that it has
 * seen. */
#include "check.h"
#include "shop.h"

#include <stdlib.h>
#include <string.h>

/* One state that was shown. */
struct sight {
    const json_t *line;
    const char *path;
    int64_t position;
    json_t *row; /* NULL: not JSON */
};

struct hold {
    const char *name, *path;
    const struct sight *last; /* NULL: nothing was shown */
    bool ended;               /* the load had stopped: the last state shown must be the final one */
};

/* Returns the position in a message id: "TAG-EPOCH-POSITION.GENERATION", and more for a page. */
static int64_t position_of(struct evidence *evidence, const char *id)
{
    return token_position(cairn_copy_bytes(&evidence->arena, id, strcspn(id, ".")));
}

static struct hold *hold_of(struct evidence *evidence, struct cairn_map *holds, const json_t *line)
{
    const char *name = member_text(line, "hold");
    void **place = cairn_map_at(holds, name);
    if (!*place) {
        struct hold *made = cairn_new(&evidence->arena, struct hold, 1);
        *made = (struct hold){.name = name, .path = member_text(line, "path")};
        *place = made;
    }
    return *place;
}

static void take_sight(struct hold *hold, const struct sight *sight, struct verdict *verdict)
{
    const char *event = member_text(sight->line, "event");
    if (strcmp(sight->path, hold->path) != 0)
        verdict_add(verdict, "live", "%s follows %s and is told of %s", hold->name, hold->path,
                    sight->path);
    if (strcmp(event, "message") != 0)
        verdict_add(verdict, "live", "%s is told \"%s\" of %s", hold->name, event, hold->path);
    if (hold->last && sight->position < hold->last->position)
        verdict_add(verdict, "live",
                    "%s has seen %s at position %" PRId64 " and is shown it at %" PRId64,
                    hold->name, hold->path, hold->last->position, sight->position);
    hold->last = sight;
}

static size_t find_sights(struct evidence *evidence, struct cairn_map *holds, struct sight **ret,
                          struct verdict *verdict)
{
    size_t i;
    json_t *line;
    size_t count = 0;
    *ret = cairn_new(&evidence->arena, struct sight, json_array_size(evidence->history) + 1);
    json_array_foreach(evidence->history, i, line)
    {
        if (strcmp(member_text(line, "kind"), "live") != 0)
            continue;
        struct hold *hold = hold_of(evidence, holds, line);
        hold->ended |= json_is_true(json_object_get(line, "ends"));
        if (!json_object_get(line, "id"))
            continue;
        struct sight *sight = &(*ret)[count++];
        *sight = (struct sight){line, member_text(line, "path"),
                                position_of(evidence, member_text(line, "id")),
                                json_loads(member_text(line, "data"), 0, NULL)};
        take_sight(hold, sight, verdict);
    }
    return count;
}

static int by_position(const void *a, const void *b)
{
    const struct sight *const *left = a;
    const struct sight *const *right = b;
    return ((*left)->position > (*right)->position) - ((*left)->position < (*right)->position);
}

static bool is_shown(const struct shop *shop, const struct sight *sight)
{
    const struct request page = {.path = sight->path, .status = 200, .answer = sight->row};
    if (path_lists(sight->path))
        return sight->row && !check_list(shop, &page);
    const struct thing *thing = thing_at(shop, sight->path);
    return thing && sight->row && same_row(thing->row, sight->row);
}

/* Checks that each sight is the fold of the log at the position that it states. */
static void check_sights(struct evidence *evidence, struct shop *shop, struct sight *sights,
                         size_t count, struct verdict *verdict)
{
    size_t next = 0;
    struct sight **sorted = cairn_new(&evidence->arena, struct sight *, count + 1);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &sights[i];
    qsort(sorted, count, sizeof(struct sight *), by_position);
    for (size_t i = 0; i < count; i++) {
        const struct sight *sight = sorted[i];
        while (next < evidence->event_count && evidence->events[next].position <= sight->position)
            (void)shop_apply(shop, &evidence->events[next++]);
        if (sight->position < 0 || !is_shown(shop, sight))
            verdict_add(verdict, "live", "%s was shown %s at position %" PRId64 ": another state",
                        member_text(sight->line, "hold"), sight->path, sight->position);
    }
    while (next < evidence->event_count)
        (void)shop_apply(shop, &evidence->events[next++]);
}

void check_live(struct evidence *evidence, struct verdict *verdict)
{
    struct shop shop;
    struct sight *sights;
    struct cairn_map holds = cairn_map(&evidence->arena);
    size_t count = find_sights(evidence, &holds, &sights, verdict);
    shop_open(&shop, &evidence->arena);
    check_sights(evidence, &shop, sights, count, verdict);
    for (size_t i = 0; i < holds.count; i++) {
        const struct hold *hold = holds.entries[i].value;
        bool is_there = path_lists(hold->path) || thing_at(&shop, hold->path);
        if (hold->ended && is_there && !(hold->last && is_shown(&shop, hold->last)))
            verdict_add(verdict, "live", "%s has not seen the last state of %s", hold->name,
                        hold->path);
    }
    for (size_t i = 0; i < count; i++)
        json_decref(sights[i].row);
    shop_close(&shop);
}
