/* tail_reader.h - one stream of the tail: its filters, and how far it has come. Private to this
 * folder, and guarded by the lock of the tail. */
#ifndef CAIRN_OPERATIONS_TAIL_READER_H
#define CAIRN_OPERATIONS_TAIL_READER_H

#include "operations/live/live_streams.h"

enum { CAIRN_TAIL_BUFFER = 65536, CAIRN_TAIL_BACK = 10000 };

struct cairn_tail_reader {
    struct cairn_live_stream stream; /* the first member */
    char *type;                      /* NULL: any; allocated */
    char *category;                  /* the same */
    int64_t position;                /* up to here it was given all that fits */
};

/* An event, of which the JSON is to be sent. */
struct cairn_tail_event {
    int64_t position;
    const char *stream;
    const char *type;
    const char *json;
};

/* Passes the event by, or appends it; false if there is no room: it is offered again. */
bool cairn_tail_reader_offer(struct cairn_tail_reader *reader,
                             const struct cairn_tail_event *event);
/* Moves a reader that is further behind than a stream may be, and tells it what it has missed. */
void cairn_tail_reader_catch_up(struct cairn_tail_reader *reader, int64_t head);
/* Returns whether more is to be read for it. */
bool cairn_tail_reader_has_room(const struct cairn_tail_reader *reader);

void cairn_tail_reader_free(struct cairn_live_stream *stream);

#endif
