/* export_line.h - the file that `cairn export` writes and `cairn import` reads: one JSON object per
 * line.
 *
 *     {"cairn":1,"store_id":"…","epoch":1,"head":9,"from":1,"to":9,"crc":"…"}
 *     {"position":1,"stream":"…","version":1,"type":"…","schema_version":1,"event_id":"…",
 *      "recorded_at":"…","data":"…","meta":"…","crc":"…"}        (one line for each event)
 *     {"amends":7,"event_id":"…","data":null,"reason":"…","made_by":"…","made_at":"…","crc":"…"}
 *                                            (one line for each amendment of these events)
 *     {"events":9,"crc":"…"}
 *
 * data and meta are the JSON of the event as a string, so that every byte is restored. A line has
 * only one form: these members, in this order, without white space between them. "crc" is the
 * CRC-64 (polynomial ECMA-182, as in xz) of all lines so far, each up to the comma before its own
 * "crc": a line that was changed, left out, duplicated or moved is detected where it is. The sum
 * detects damage, not forgery. */
#ifndef CAIRN_CLI_EXPORT_LINE_H
#define CAIRN_CLI_EXPORT_LINE_H

#include "store/store.h"

enum { CAIRN_LINE_FORMAT = 1 };

struct cairn_line_header {
    struct cairn_uuid store_id;
    int64_t epoch;
    int64_t head;     /* of the log, when it was exported */
    int64_t from, to; /* first and last position of the events that follow */
};

/* An amendment (`cairn amend`): how an event is to be read. */
struct cairn_line_amendment {
    int64_t position; /* of the event */
    struct cairn_uuid event_id;
    const char *data; /* JSON; NULL: the event is passed over */
    const char *reason;
    const char *made_by;
    struct cairn_time made_at;
};

/* ---- writing: appends one line; `sum` is zero before the first ---- */

void cairn_line_put_header(struct cairn_buffer *out, const struct cairn_line_header *header,
                           uint64_t *sum);
void cairn_line_put_event(struct cairn_buffer *out, const struct cairn_stored_event *event,
                          uint64_t *sum);
void cairn_line_put_amendment(struct cairn_buffer *out,
                              const struct cairn_line_amendment *amendment, uint64_t *sum);
void cairn_line_put_trailer(struct cairn_buffer *out, int64_t events, uint64_t *sum);

/* ---- reading: decodes one line, in place ---- */

enum cairn_line_kind {
    CAIRN_LINE_RUBBISH = 0, /* not as the writer writes them */
    CAIRN_LINE_HEADER,
    CAIRN_LINE_EVENT,
    CAIRN_LINE_AMENDMENT,
    CAIRN_LINE_TRAILER
};

struct cairn_line {
    enum cairn_line_kind kind;
    bool intact; /* the crc is correct */
    int64_t format;
    struct cairn_line_header header;
    struct cairn_stored_event event; /* its texts are in the line; so are those of: */
    struct cairn_line_amendment amendment;
    int64_t events; /* of the trailer */
};

/* Decodes a line. `text` has `length` bytes, no line break, and a NUL after them; `sum` is that
 * after the line before. */
void cairn_line_read(char *text, size_t length, uint64_t *sum, struct cairn_line *ret);

#endif
