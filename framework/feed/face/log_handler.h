/* log_handler.h - answers GET on the log: pages, long polls, streams, feeds, single events,
 * schemas. */
#ifndef CAIRN_FEED_LOG_HANDLER_H
#define CAIRN_FEED_LOG_HANDLER_H

#include "feed/face/log_ask.h"

enum cairn_log_form { CAIRN_LOG_PAGES = 1, CAIRN_LOG_FEED, CAIRN_LOG_EVENT, CAIRN_LOG_SCHEMA };

struct cairn_log_endpoint {
    const struct cairn_log_side *side;
    enum cairn_log_form form;
    enum cairn_log_scope scope;
};

/* Handles one request on a worker, whose store it is. */
enum cairn_http_outcome cairn_log_handle(const struct cairn_log_endpoint *endpoint,
                                         struct cairn_store *store,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response);

#endif
