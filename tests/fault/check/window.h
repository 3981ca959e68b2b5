/* window.h - the versions that a stream may have had when a request was decided: at least all
 * events that were answered before it was sent, no event that was asked for after it was
 * answered. */
#ifndef WINDOW_H
#define WINDOW_H

#include "evidence.h"

struct window {
    const struct stream *stream; /* NULL: the stream has no events */
    int64_t low, high;           /* versions */
};

struct window window_of(const struct evidence *evidence, const struct request *request,
                        const char *stream);

/* Returns whether the stream was, at any version in this window, in one of these states (bits
 * 1 << event.state; 1: it did not exist). */
bool window_has(const struct window *window, unsigned states);

/* Returns whether the stream had, at some time in this window, another version than If-Match. */
bool window_has_other_version(const struct window *window, const struct request *request);

/* Returns whether the first event of a request stands on the version that its If-Match names. */
bool window_is_as_asked(const struct event *event);

/* Returns whether something that was in force from this event up to position `to` may have been so
 * when the request was decided. */
bool window_meets(const struct request *request, const struct event *from, int64_t to);

#endif
