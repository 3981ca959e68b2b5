/* query_engine.h - the state that all threads of the query side share. */
#ifndef CAIRN_QUERY_QUERY_ENGINE_H
#define CAIRN_QUERY_QUERY_ENGINE_H

#include "query/query.h"

struct cairn_query_live;
struct cairn_query_models;
struct cairn_query_pages;
struct cairn_query_watch;

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
