/* views.h - what operators see: for each view a query of the database, what it asks for, and its
 * path over HTTP. `cairn` and the operators' HTTP interface show these. */
#ifndef CAIRN_OPERATIONS_VIEWS_H
#define CAIRN_OPERATIONS_VIEWS_H

#include "postgres/postgres.h"

#include <cairn/record.h>

/* What views ask for; texts that are NULL and numbers that are 0 are not given. */
#define VIEW_LIMIT                                                                                 \
    INT(limit, .optional = true, CAIRN_RANGE(1, 1000), .help = "How many; each has its own usual.")
CAIRN_STRUCT(view_parked, TEXT(read_model, .optional = true), TEXT(key, .optional = true),
             INT(generation, .optional = true, CAIRN_RANGE(1, 999999999)),
             TEXT(after, .optional = true,
                  .help = "The last key of the page before, of `read_model` and `generation`."),
             VIEW_LIMIT);
CAIRN_STRUCT(view_of_read_model, TEXT(read_model, .optional = true), VIEW_LIMIT);
CAIRN_STRUCT(view_list, VIEW_LIMIT);
CAIRN_STRUCT(view_instances,
             TEXT(process, .optional = true,
                  .help = "Its instances that advanced in the newest 100,000 positions."),
             TEXT(stream, .optional = true, .help = "One instance, however old."), VIEW_LIMIT);
CAIRN_STRUCT(view_streams, TEXT(category, .optional = true), VIEW_LIMIT);
CAIRN_STRUCT(view_stream,
             INT(after, .optional = true, CAIRN_RANGE(1, INT64_C(999999999999999)),
                 .help = "A version: those after it."),
             VIEW_LIMIT);
CAIRN_STRUCT(view_events,
             INT(from, .optional = true, CAIRN_RANGE(1, INT64_C(999999999999999)),
                 .help = "The first position; the newest events without it."),
             TIME(since, .optional = true, .help = "A time instead: those from then on."),
             TEXT(type, .optional = true,
                  .help = "Looked for in the 100,000 positions from there on."),
             TEXT(category, .optional = true),
             TEXT(subject, .optional = true, .help = "The person or the service that caused them."),
             TEXT(correlation, .optional = true, .help = "The id that all of a request share."),
             VIEW_LIMIT);
CAIRN_STRUCT(view_command, TEXT(service, .help = "That carried it out."),
             TEXT(key, .help = "Its Idempotency-Key."),
             TEXT(sub, .optional = true,
                  .help = "Its caller's subject, where callers authenticate."),
             TEXT(iss, .optional = true));
CAIRN_STRUCT(view_operations, TEXT(action, .optional = true), TEXT(by, .optional = true),
             VIEW_LIMIT);

enum cairn_view_id_kind { CAIRN_VIEW_NO_ID, CAIRN_VIEW_ID_NUMBER, CAIRN_VIEW_ID_TEXT };

struct cairn_view {
    const char *path;                /* of GET */
    const char *help;                /* one line */
    enum cairn_view_id_kind id;      /* {id} in the path is $1 */
    const struct cairn_record *asks; /* query parameters, $1 or $2 and following; NULL: none */
    bool one;                        /* an object, not a list; none: 404 */
    const char *sql;
};

enum cairn_view_name {
    CAIRN_VIEW_PARKED,
    CAIRN_VIEW_REBUILDS,
    CAIRN_VIEW_REBUILD,
    CAIRN_VIEW_DIFFERENCES,
    CAIRN_VIEW_ROLLBACKS,
    CAIRN_VIEW_ROLLBACK,
    CAIRN_VIEW_PROCESSES,
    CAIRN_VIEW_INSTANCES,
    CAIRN_VIEW_PROCESS_COMMANDS,
    CAIRN_VIEW_PROCESS_PARKED,
    CAIRN_VIEW_TIMERS,
    CAIRN_VIEW_STREAMS,
    CAIRN_VIEW_STREAM,
    CAIRN_VIEW_EVENTS,
    CAIRN_VIEW_EVENT,
    CAIRN_VIEW_COMMAND,
    CAIRN_VIEW_AMENDMENTS,
    CAIRN_VIEW_OPERATIONS,
    CAIRN_VIEW_OPERATION,
    CAIRN_VIEW_COUNT
};

extern const struct cairn_view cairn_views[CAIRN_VIEW_COUNT];

/* The value of {id}, and a struct of the view's `asks`. */
struct cairn_view_ask {
    const char *text;
    int64_t number;
    const void *value;
};

/* Makes the parameters of the view's query, in the arena. */
struct cairn_pg_params cairn_view_params(const struct cairn_view *view,
                                         const struct cairn_view_ask *ask,
                                         struct cairn_arena *arena);

#endif
