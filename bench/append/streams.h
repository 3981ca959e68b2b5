/* streams.h - the streams that the load writes to, and what is known of each: the version and the
 * id of the event that was last handed over. An append that builds on it is right whether that
 * event has been answered yet or not, as the appender keeps the order. */
#ifndef CAIRN_BENCH_STREAMS_H
#define CAIRN_BENCH_STREAMS_H

#include <cairn/value.h>

enum { STREAM_NAME_SIZE = 48 };

struct stream {
    char name[STREAM_NAME_SIZE];
    int64_t version;
    struct cairn_uuid event_id;
    unsigned in_flight; /* appends that are not answered */
};

/* Which of the streams in the log: number `first`, and every `stride`th after it. */
struct streams_range {
    int64_t first;
    int64_t stride;
    int64_t count;
};

/* Learns from the log how each stream ends, on a connection of its own. Aborts the program, saying
 * why, if the log cannot be read. The caller frees the array. */
struct stream *streams_load(const char *url, const struct streams_range *range);

#endif
