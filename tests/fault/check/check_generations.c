/* check_generations.c - checks that exactly one generation of each read model is live at the end,
 * and that nothing is left of dropped generations, in either store. */
#include "check.h"

#include <string.h>

static bool is_kind(const json_t *line, const char *kind)
{
    return strcmp(member_text(line, "kind"), kind) == 0;
}

/* Returns "users:g3", say: the key under which a generation, its table or its Redis keys are
 * found. */
static const char *name_of(struct evidence *evidence, const json_t *line)
{
    return cairn_print(&evidence->arena, "%s:g%" PRId64, member_text(line, "model"),
                       member_number(line, "generation", -1));
}

static void check_one_is_live(const struct evidence *evidence, const char *model,
                              struct verdict *verdict)
{
    size_t i;
    json_t *line;
    int live = 0;
    json_array_foreach(evidence->generations, i, line)
    {
        live += is_kind(line, "generation") && strcmp(member_text(line, "model"), model) == 0 &&
                json_is_true(json_object_get(line, "live")) &&
                strcmp(member_text(line, "state"), "following") == 0;
    }
    if (live != 1)
        verdict_add(verdict, "generations", "%s: %d generations are live", model, live);
}

/* Checks that a table or key that exists belongs to a generation that is followed. */
static void check_remains(struct evidence *evidence, const struct cairn_map *followed,
                          const json_t *line, struct verdict *verdict)
{
    const char *name = name_of(evidence, line);
    if (!cairn_map_get(followed, name))
        verdict_add(verdict, "generations", "%s is not followed, and there is %s %s", name,
                    member_text(line, "kind"), member_text(line, "name"));
}

static void check_models(struct evidence *evidence, const char *const models[],
                         struct verdict *verdict)
{
    size_t i;
    json_t *line;
    struct cairn_map followed = cairn_map(&evidence->arena);
    struct cairn_map tables = cairn_map(&evidence->arena);
    if (json_array_size(evidence->generations) == 0)
        return; /* a run without a projector */
    for (i = 0; models[i]; i++)
        check_one_is_live(evidence, models[i], verdict);
    json_array_foreach(evidence->generations, i, line)
    {
        if (is_kind(line, "generation") && strcmp(member_text(line, "state"), "following") == 0)
            *cairn_map_at(&followed, name_of(evidence, line)) = line;
        else if (is_kind(line, "table"))
            *cairn_map_at(&tables, name_of(evidence, line)) = line;
    }
    json_array_foreach(evidence->generations, i, line)
    {
        if (!is_kind(line, "generation"))
            check_remains(evidence, &followed, line, verdict);
    }
    for (i = 0; i < followed.count; i++) {
        if (!cairn_map_get(&tables, followed.entries[i].key))
            verdict_add(verdict, "generations", "%s is followed and has no table",
                        followed.entries[i].key);
    }
}

void check_generations(struct evidence *evidence, struct verdict *verdict)
{
    check_models(evidence,
                 (const char *const[]){"users", "order_summary", "payments", "sales_by_day", NULL},
                 verdict);
}

void check_hotel_generations(struct evidence *evidence, struct verdict *verdict)
{
    check_models(evidence, (const char *const[]){"reservations", "occupancy", NULL}, verdict);
}
