/* handlers.c - finds the handler of an event, and lists and checks the events that have one. */
#include "store/events/handlers.h"

#include "store/events/events.h"

#include <string.h>

static const struct cairn_registered *find(const struct cairn_handlers *handlers,
                                           const char *category, size_t category_bytes,
                                           const char *type, const struct cairn_event_type **ret)
{
    for (const struct cairn_registered *at = handlers->first; at; at = at->next) {
        if (!at->events || strlen(at->events->category) != category_bytes ||
            memcmp(at->events->category, category, category_bytes) != 0)
            continue;
        const struct cairn_event_type *known = cairn_events_of(at->events, at->record);
        if (known && strcmp(known->name, type) == 0) {
            *ret = known;
            return at;
        }
    }
    return NULL;
}

const struct cairn_registered *cairn_handlers_find(const struct cairn_handlers *handlers,
                                                   const char *category, const char *type,
                                                   const struct cairn_event_type **ret)
{
    return find(handlers, category, strlen(category), type, ret);
}

const struct cairn_registered *cairn_handlers_find_stream(const struct cairn_handlers *handlers,
                                                          const char *stream, const char *type,
                                                          const struct cairn_event_type **ret)
{
    return find(handlers, stream, strcspn(stream, "-"), type, ret);
}

struct cairn_event_filter cairn_handlers_filter(const struct cairn_handlers *handlers,
                                                const char *type, const char *category,
                                                struct cairn_arena *arena)
{
    size_t count = 0;
    for (const struct cairn_registered *at = handlers->first; at; at = at->next)
        count++;
    const char **types = cairn_new(arena, const char *, count + 2);
    const char **categories = cairn_new(arena, const char *, count + 2);
    size_t taken = 0;
    for (const struct cairn_registered *at = handlers->first; at; at = at->next) {
        if (!at->events)
            continue;
        types[taken] = cairn_events_of(at->events, at->record)->name;
        categories[taken++] = at->events->category;
    }
    types[taken] = type;
    categories[taken] = category;
    return (struct cairn_event_filter){types, categories};
}

int cairn_handler_check(const struct cairn_registered *handler, struct cairn_error *error)
{
    if (!handler->events || cairn_events_of(handler->events, handler->record))
        return 0;
    return cairn_fail(error, CAIRN_BUG, "%s:%d: %s is not an event of %s", handler->file,
                      handler->line, handler->record->name, handler->events->category);
}

int cairn_handlers_check(const struct cairn_handlers *handlers, struct cairn_error *error)
{
    int failed = 0;
    for (const struct cairn_registered *at = handlers->first; at && !failed; at = at->next) {
        failed = cairn_handler_check(at, error);
        if (!failed && at->events)
            failed = cairn_events_check(at->events, error);
    }
    return failed;
}
