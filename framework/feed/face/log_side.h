/* log_side.h - what all routes of the log's face share. */
#ifndef CAIRN_FEED_LOG_SIDE_H
#define CAIRN_FEED_LOG_SIDE_H

#include "store/commit/appender.h"

#include <cairn/log_face.h>

struct cairn_log_watch;

struct cairn_log_side {
    const char *service;
    const struct cairn_log_face *const *faces; /* of all services, ends with NULL */
    bool authenticates;                        /* callers have tokens, and policies apply */
    int64_t heartbeat_us;                      /* between two heartbeats on an idle stream */
    struct cairn_log_watch *watch;             /* set once it is open */
    struct cairn_appender *appender;           /* NULL: nothing can be appended */
};

/* Returns the row of a category, or NULL. */
const struct cairn_log_face *cairn_log_face_find(const struct cairn_log_side *side,
                                                 const char *category);
/* Returns the category of a stream's name, in the arena; NULL: it has none. */
const char *cairn_log_category_of(const char *stream, struct cairn_arena *arena);

/* Checks a policy, where services authenticate. Returns 0, -CAIRN_UNAUTHENTICATED or
 * -CAIRN_FORBIDDEN. */
int cairn_log_allows(const struct cairn_log_side *side, const struct cairn_allow *allow,
                     const struct cairn_actor *actor, struct cairn_error *error) CAIRN_CHECKED;

#endif
