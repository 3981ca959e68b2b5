/* log_append.h - appends events that have come by HTTP. */
#ifndef CAIRN_FEED_LOG_APPEND_H
#define CAIRN_FEED_LOG_APPEND_H

#include "feed/face/log_incoming.h"

/* Handles POST /streams/{id}, or POST /events with `several`, on a worker, whose store it is. */
enum cairn_http_outcome cairn_log_append(const struct cairn_log_side *side, bool several,
                                         struct cairn_store *store,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response);

#endif
