/* window.c - finds the versions that a request may have been decided on. */
#include "window.h"

#include <stdlib.h>

struct window window_of(const struct evidence *evidence, const struct request *request,
                        const char *stream)
{
    struct window window = {.stream = cairn_map_get(&evidence->streams, stream)};
    window.low = stream_version_at(window.stream, request->known);
    int64_t count = window.stream ? (int64_t)window.stream->count : 0;
    for (window.high = count; window.high > window.low; window.high--) {
        const struct request *cause = window.stream->events[window.high - 1]->cause;
        if (!cause || cause->sent < request->done)
            break;
    }
    return window;
}

static int state_at(const struct window *window, int64_t version)
{
    return version > 0 ? window->stream->events[version - 1]->state : 0;
}

bool window_has(const struct window *window, unsigned states)
{
    for (int64_t version = window->low; version <= window->high; version++) {
        if (states >> state_at(window, version) & 1)
            return true;
    }
    return false;
}

bool window_has_other_version(const struct window *window, const struct request *request)
{
    const char *if_match = member_text(request->json, "if_match");
    int64_t version = *if_match ? strtoll(if_match + 1, NULL, 10) : -1;
    return version > 0 && (window->low != version || window->high != version);
}

bool window_is_as_asked(const struct event *event)
{
    const char *if_match = member_text(event->cause->json, "if_match");
    return !*if_match || event != event->cause->first ||
           strtoll(if_match + 1, NULL, 10) == event->version - 1;
}

bool window_meets(const struct request *request, const struct event *from, int64_t to)
{
    const struct request *cause = from->cause;
    return to > request->known && (!cause || cause->sent < request->done);
}
