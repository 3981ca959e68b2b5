/* side.h - the state that all threads of the query side share. */
#ifndef CAIRN_QUERY_SIDE_H
#define CAIRN_QUERY_SIDE_H

#include "query/live.h"
#include "query/pages.h"
#include "query/query.h"
#include "query/watch.h"

struct cairn_query_side {
    const char *database_url;
    const char *cursor_secret; /* "": the store's id is used */
    struct cairn_query_models *models;
    const char *redis_url; /* "": no Redis */
    struct cairn_query_live *live;
    struct cairn_query_watch *watch;
    struct cairn_query_pages *pages;
};

#endif
