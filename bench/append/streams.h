/* streams.h - the streams that the load writes to, and the state of each: the version and the id of
 * the event that was submitted last. An append based on that event is correct whether the event has
 * been answered yet or not, as the appender keeps the order. */
#ifndef CAIRN_BENCH_STREAMS_H
#define CAIRN_BENCH_STREAMS_H

#include <cairn/value.h>

enum { STREAM_NAME_SIZE = 48 };

struct stream {
    char name[STREAM_NAME_SIZE];
    int64_t version;
    struct cairn_uuid event_id;
    unsigned in_flight; /* appends that are not answered yet */
};

/* The range of streams in the log: number `first`, and every `stride`th after it. */
struct streams_range {
    int64_t first;
    int64_t stride;
    int64_t count;
};

/* Reads from the log how each stream ends, on a connection of its own. Prints the error and exits
 * with 1 if the log cannot be read. The caller frees the array. */
struct stream *streams_load(const char *url, const struct streams_range *range);

#endif
