/* openapi_route.c - writes a service's own route as an operation of /openapi.json. Only the route's
 * handler knows its answers. */
#include "runtime/openapi/openapi_parts.h"

#include <string.h>

void cairn_openapi_route(struct cairn_buffer *out, const struct cairn_service *service,
                         const struct cairn_route *route, bool secured)
{
    static const int problems[] = {400, 408, 413, 415, 429, 431, 503, 0};
    cairn_openapi_method(out, route->route);
    cairn_openapi_words(out, route->route);
    cairn_buffer_print(out, ",\"tags\":[\"%s\"]", service->name);
    cairn_openapi_text(out, "summary", route->help ? route->help : route->route);
    cairn_openapi_security(out, secured ? &route->allow : NULL, false);
    cairn_buffer_text(out, ",\"parameters\":[");
    if (strstr(route->route, "{id}"))
        cairn_openapi_parameter(out, "id", "path", "{\"type\":\"string\"}", NULL,
                                "The id in the path.");
    cairn_openapi_refer(out, "parameters", "traceparent");
    cairn_buffer_char(out, ']');
    if (route->takes)
        cairn_buffer_print(out,
                           ",\"requestBody\":{\"content\":{\"%s\":{\"schema\":{\"type\":"
                           "\"object\"}}}}",
                           route->takes);
    cairn_buffer_text(out, ",\"responses\":{\"default\":{\"description\":\"The answer.\"}");
    cairn_openapi_refused(out, secured ? &route->allow : NULL);
    cairn_openapi_problems(out, problems);
    cairn_buffer_text(out, "}}");
}
