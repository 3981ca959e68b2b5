/* log_ask.h - what a request asks of the log: which events, from where, how many, how long it
 * waits. */
#ifndef CAIRN_FEED_LOG_ASK_H
#define CAIRN_FEED_LOG_ASK_H

#include "feed/face/log_side.h"
#include "http/http.h"
#include "store/read/page_read.h"

#include <cairn/record.h>

enum { CAIRN_LOG_LIMIT = 100, CAIRN_LOG_LIMIT_MAX = 1000, CAIRN_LOG_TIMEOUT_MAX_MS = 30000 };
#define CAIRN_LOG_START_MAX CAIRN_INTEGER_MAX

/* What a route is about. */
enum cairn_log_scope { CAIRN_LOG_STREAM, CAIRN_LOG_CATEGORY, CAIRN_LOG_ALL };

struct cairn_log_ask {
    const char *stream; /* NULL: the log */
    struct cairn_event_filter filter;
    bool backwards;
    bool has_last;
    struct cairn_uuid last; /* the event that was seen last, if `has_last` */
    int64_t from;           /* events after it; backwards: before it, or -1: from the end */
    int64_t limit;
    int64_t timeout_us; /* how long to wait for an event, if there is none */
};

/* The query parameters: of pages, and of HTTP feeds. */
CAIRN_ENUM(log_direction, (FORWARDS, "forwards"), (BACKWARDS, "backwards"));

#define LOG_LIMIT                                                                                  \
    INT(limit, .optional = true, CAIRN_RANGE(1, 1000), .help = "How many events, at most; 100."),  \
        INT(timeout, .optional = true, CAIRN_RANGE(0, 30000),                                      \
            .help = "Milliseconds to wait for an event, if there is none."),                       \
        TEXT(types, .optional = true, .max_bytes = 4000,                                           \
             .help = "Only events of these types, separated by commas.")

CAIRN_STRUCT(log_page_question,
             INT(from, .optional = true, CAIRN_RANGE(0, CAIRN_LOG_START_MAX),
                 .help = "Events after this position, of a stream after this version; backwards: "
                         "before it."),
             ENUM(direction, log_direction, .optional = true), LOG_LIMIT);

CAIRN_STRUCT(log_feed_question,
             TEXT(lastEventId, .optional = true, .max_bytes = 100,
                  .help = "The id of the last event that was handled."),
             INT(from, .optional = true, CAIRN_RANGE(0, CAIRN_LOG_START_MAX),
                 .help = "Beyond that event: what was seen up to here was nothing."),
             LOG_LIMIT);

/* Reads path, parameters, Last-Event-ID, and compares the caller with the policies. Returns 0, or
 *   -CAIRN_INVALID    parameters are wrong: the error names all of them
 *   -CAIRN_NOT_FOUND  no face shows the category
 *   -CAIRN_UNAUTHENTICATED, -CAIRN_FORBIDDEN */
int cairn_log_ask_read(const struct cairn_log_side *side, enum cairn_log_scope scope, bool feed,
                       const struct cairn_http_request *request, struct cairn_log_ask *ret,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Returns a copy in the arena. */
struct cairn_log_ask *cairn_log_ask_keep(const struct cairn_log_ask *ask,
                                         struct cairn_arena *arena);

#endif
