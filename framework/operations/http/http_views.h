/* http_views.h - answers GET under /admin/: views as JSON.
 *
 * A list is {"items": […]}. Query parameters that a view does not know, that are given twice or out
 * of their bounds are refused, all of them at once. */
#ifndef CAIRN_OPERATIONS_HTTP_VIEWS_H
#define CAIRN_OPERATIONS_HTTP_VIEWS_H

#include "http/http.h"
#include "operations/operate.h"
#include "operations/views.h"

enum cairn_http_outcome cairn_http_view(const struct cairn_view *view,
                                        const struct cairn_place *place,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response);

/* GET /admin/status: takes a sample, and is called again when there are rates. */
enum cairn_http_outcome cairn_http_status_view(const struct cairn_place *place,
                                               struct cairn_http_request *request,
                                               struct cairn_http_response *response);

/* GET /admin/bus, and /admin/bus/dead/{id} of the group {id}. */
enum cairn_http_outcome cairn_http_bus_view(const struct cairn_place *place,
                                            struct cairn_http_request *request,
                                            struct cairn_http_response *response);
enum cairn_http_outcome cairn_http_dead_view(const struct cairn_place *place,
                                             struct cairn_http_request *request,
                                             struct cairn_http_response *response);

#endif
