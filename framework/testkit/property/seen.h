/* seen.h - values that occurred in events, so that commands can name what others made. */
#ifndef CAIRN_TESTKIT_SEEN_H
#define CAIRN_TESTKIT_SEEN_H

#include <cairn/record.h>

enum { CAIRN_SEEN_MAX = 32, CAIRN_SEEN_STREAMS_MAX = 8 };

/* The newest values of each kind, in rings; the counts are of all that were added. */
struct cairn_seen {
    int64_t numbers[CAIRN_SEEN_MAX];
    const char *texts[CAIRN_SEEN_MAX]; /* borrowed */
    struct cairn_uuid ids[CAIRN_SEEN_MAX];
    struct cairn_time times[CAIRN_SEEN_MAX];
    struct cairn_day days[CAIRN_SEEN_MAX];
    size_t number_count, text_count, id_count, time_count, day_count;
    struct cairn_uuid streams[CAIRN_SEEN_STREAMS_MAX]; /* that have events, the oldest first */
    size_t stream_count;
};

/* Adds the values of a record, which live as long as they are used. */
void cairn_seen_add(struct cairn_seen *seen, const struct cairn_record *record, const void *value);

/* Adds a stream, unless it was seen before. */
void cairn_seen_add_stream(struct cairn_seen *seen, struct cairn_uuid stream);

#endif
