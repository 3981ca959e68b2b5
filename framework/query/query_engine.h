/* query_engine.h - the state that all threads of the query side share. */
#ifndef CAIRN_QUERY_QUERY_ENGINE_H
#define CAIRN_QUERY_QUERY_ENGINE_H

#include "query/models/watch.h"
#include "query/query.h"
#include "query/stream/follow_pages.h"
#include "query/stream/live.h"

struct cairn_query_engine {
    const char *database_url;
    const char *cursor_secret; /* "": the store's id is used */
    struct cairn_query_models *models;
    const char *redis_url; /* "": no Redis */
    struct cairn_query_live *live;
    struct cairn_query_watch *watch;
    struct cairn_query_pages *pages;
};

#endif
