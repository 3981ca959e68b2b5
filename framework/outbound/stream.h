/* stream.h - one HTTP request whose answer is passed on as it arrives, for as long as it lasts.
 *
 * There is no deadline: the call ends when the other side ends the answer, says nothing for a
 * minute (streams of events have heartbeats), or the caller refuses to take more. It takes no place
 * of the target's bulkhead; the breaker admits it, and counts whether it was answered. */
#ifndef CAIRN_OUTBOUND_STREAM_H
#define CAIRN_OUTBOUND_STREAM_H

#include <cairn/outbound.h>

/* What becomes of it. Called by the thread of the call. */
struct cairn_outbound_sink {
    /* The head is there: `response` has status, type and headers, and no body. */
    void (*begin)(void *self, const struct cairn_outbound_response *response);
    /* A part of the body. Returns whether to go on. */
    bool (*take)(void *self, const char *bytes, size_t count);
    /* Asked at least once a second: whether to go on. */
    bool (*go_on)(void *self);
    void *self;
};

/* Makes the call, and returns when it has ended. Returns 0 if the sink has got a head, however the
 * answer ended; else an error of cairn_outbound_call(). */
int cairn_outbound_stream(struct cairn_target *target, const struct cairn_outbound_request *request,
                          const struct cairn_outbound_sink *sink,
                          struct cairn_error *error) CAIRN_CHECKED;

#endif
