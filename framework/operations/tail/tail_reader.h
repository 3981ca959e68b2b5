/* tail_reader.h - one stream of the tail: its filters, how far it has come, and what is not sent
 * yet. Private to this folder, and guarded by the lock of the tail. */
#ifndef CAIRN_OPERATIONS_TAIL_READER_H
#define CAIRN_OPERATIONS_TAIL_READER_H

#include "http/http.h"

#include <stdbool.h>

enum { CAIRN_TAIL_BUFFER = 65536, CAIRN_TAIL_BACK = 10000 };

struct cairn_tail_reader {
    struct cairn_tail *tail;
    struct cairn_http_request *request;
    struct cairn_tail_reader *before, *after;
    char *type;       /* NULL: any; allocated */
    char *category;   /* the same */
    int64_t position; /* up to here it was given all that fits */
    int64_t until_s;  /* since 1970: its token expires; 0: it needs none */
    int64_t
        taken_us; /* monotonic: when its client last read something, or it had nothing to read */
    bool over;    /* it ends */
    size_t begin, end;
    char buffer[CAIRN_TAIL_BUFFER];
};

/* An event, of which the JSON is to be sent. */
struct cairn_tail_event {
    int64_t position;
    const char *stream;
    const char *type;
    const char *json;
};

/* Appends a text; false if there is no room for all of it. */
bool cairn_tail_reader_add(struct cairn_tail_reader *reader, const char *text);
/* Passes the event by, or appends it; false if there is no room: it is offered again. */
bool cairn_tail_reader_offer(struct cairn_tail_reader *reader,
                             const struct cairn_tail_event *event);
/* Moves a reader that is further behind than a stream may be, and tells it what it has missed. */
void cairn_tail_reader_catch_up(struct cairn_tail_reader *reader, int64_t head);
/* Takes at most `room` bytes; as `pull` of a stream. */
int64_t cairn_tail_reader_take(struct cairn_tail_reader *reader, char *ret, size_t room);

void cairn_tail_reader_free(struct cairn_tail_reader *reader);

#endif
