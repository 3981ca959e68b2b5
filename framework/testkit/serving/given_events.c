/* given_events.c - finds the type of a given event, and appends it. */
#include "testkit/serving/given_events.h"

#include "command/state/part.h"
#include "core/threads/clock.h"
#include "record/json.h"
#include "store/append/append.h"
#include "store/events/events.h"
#include "testkit/serving/serving.h"

#include <string.h>

/* ---- the type ---- */

static void find_in_events(const struct cairn_events *events, const struct cairn_record *record,
                           struct cairn_stored_as *ret)
{
    for (uint32_t i = 0; i < events->count && !ret->type; i++) {
        const struct cairn_event_type *type = &events->types[i];
        for (int version = type->schema_version; version > 0 && !ret->type; version--) {
            const struct cairn_record *shape = cairn_event_record(type, version);
            if (shape && cairn_record_same(shape, record))
                *ret = (struct cairn_stored_as){events, type, version};
        }
    }
}

static void find_in_handlers(const struct cairn_handlers *handlers,
                             const struct cairn_record *record, struct cairn_stored_as *ret)
{
    for (const struct cairn_registered *at = handlers->first; at && !ret->type; at = at->next) {
        if (at->events)
            find_in_events(at->events, record, ret);
    }
}

static void find_in_service(const struct cairn_service *service, const struct cairn_record *record,
                            struct cairn_stored_as *ret)
{
    for (int i = 0; i < CAIRN_SERVICE_MAX; i++) {
        if (service->deciders[i]) {
            const struct cairn_over *overs = service->deciders[i]->overs;
            find_in_events(service->deciders[i]->events, record, ret);
            for (size_t k = 0; k < cairn_part_count(service->deciders[i]); k++)
                find_in_handlers(overs[k].part->learns, record, ret);
        }
        if (service->projections[i])
            find_in_handlers(service->projections[i]->on, record, ret);
        if (service->processes[i])
            find_in_handlers(service->processes[i]->when, record, ret);
        if (service->reactors[i])
            find_in_handlers(service->reactors[i]->handles, record, ret);
    }
    static const struct cairn_handlers none;
    for (const struct cairn_resource *at = service->resources; at && at->path; at++)
        find_in_handlers(at->projection ? at->projection->on : &none, record, ret);
}

struct cairn_stored_as cairn_stored_as(const struct cairn_serving *serving,
                                       const struct cairn_record *record)
{
    struct cairn_stored_as as = {.type = NULL};
    for (size_t i = 0; i < serving->service_count; i++)
        find_in_service(serving->services[i], record, &as);
    return as;
}

/* ---- the append ---- */

static const char *make_meta(struct cairn_arena *arena, const char *const *tags, size_t count)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_text(&out, "{\"service\":\"test\"");
    if (count > 0)
        cairn_tags_json(tags, count, &out);
    cairn_buffer_char(&out, '}');
    return out.text;
}

int cairn_given_append(struct cairn_serving *serving, const struct cairn_stored_as *as,
                       const void *event, const struct cairn_record *record,
                       struct cairn_error *error)
{
    struct cairn_scenario *scenario = serving->scenario;
    struct cairn_appended appended = {0};
    const char *const *tags = NULL;
    size_t tag_count = cairn_event_tags(record, event, &scenario->arena, &tags);
    const struct cairn_new_event stored = {
        .tags = tags,
        .tag_count = tag_count,
        .id = cairn_uuid_make(),
        .type = as->type->name,
        .schema_version = as->version,
        .data = cairn_scenario_json(scenario, record, event),
        .meta = make_meta(&scenario->arena, tags, tag_count),
    };
    const struct cairn_write write = {
        .expected = {.stream =
                         cairn_stream_name(&scenario->arena, as->events->category, scenario->id),
                     .version = CAIRN_VERSION_ANY},
        .events = &stored,
        .event_count = 1,
    };
    const struct cairn_append all = {.writes = &write, .write_count = 1};
    int failed = cairn_store_append(serving->store, &all, &scenario->arena, &appended, error);
    if (!failed)
        cairn_token_format(&serving->timeline, appended.position, serving->position);
    return failed;
}
