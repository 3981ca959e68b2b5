/* openapi_parts.h - writes parts of operations of /openapi.json, and the components they share.
 *
 * Whatever several operations have in common is a component that they refer to: parameters,
 * headers, problems. Only components that are referred to are written. */
#ifndef CAIRN_RUNTIME_OPENAPI_PARTS_H
#define CAIRN_RUNTIME_OPENAPI_PARTS_H

#include "core/containers/buffer.h"

#include <cairn/service.h>

/* Writes `,"name":"text"`, the text escaped. */
void cairn_openapi_text(struct cairn_buffer *out, const char *name, const char *text);

/* Writes `"post":{"operationId":"` for "POST /things", and, where there is no name, one made of the
 * route's words: `post_things"`. */
void cairn_openapi_method(struct cairn_buffer *out, const char *route);
void cairn_openapi_words(struct cairn_buffer *out, const char *route);

/* Writes a parameter of this operation alone; `schema` and `example` are JSON, `example` may be
 * NULL. Only path parameters are required. */
void cairn_openapi_parameter(struct cairn_buffer *out, const char *name, const char *in,
                             const char *schema, const char *example, const char *help);

/* Writes `{"$ref":"#/components/KIND/NAME"}`. */
void cairn_openapi_refer(struct cairn_buffer *out, const char *kind, const char *name);

/* Writes a response's headers, given by their names as components, ended by NULL:
 * `,"headers":{…}`. */
void cairn_openapi_headers(struct cairn_buffer *out, const char *const names[]);

/* Writes `,"STATUS":{…}`, a problem+json response, for each status; the list ends with 0. */
void cairn_openapi_problems(struct cairn_buffer *out, const int statuses[]);

/* Writes what an operation says of its callers, where services authenticate: that it takes a bearer
 * token, or may be called without, and whom its policy allows; of a list, which rows it shows.
 * `cairn_openapi_refused` writes the answers 401 and 403, among the others. `allow` NULL: services
 * do not authenticate. */
void cairn_openapi_security(struct cairn_buffer *out, const struct cairn_allow *allow, bool list);
void cairn_openapi_refused(struct cairn_buffer *out, const struct cairn_allow *allow);

/* Writes `"components":{…}`: what `paths` refers to, and what that refers to. */
void cairn_openapi_components(struct cairn_buffer *out, const char *paths, bool secured);

/* Write an operation, `"post":{…}`, as it stands under a path; `secured`: services authenticate. */
void cairn_openapi_command(struct cairn_buffer *out, const struct cairn_decider *decider,
                           const struct cairn_command_type *command, bool secured);
void cairn_openapi_query(struct cairn_buffer *out, const struct cairn_resource *resource,
                         bool secured);
void cairn_openapi_why(struct cairn_buffer *out, const struct cairn_resource *resource,
                       bool secured);
void cairn_openapi_route(struct cairn_buffer *out, const struct cairn_service *service,
                         const struct cairn_route *route, bool secured);
struct cairn_action;
void cairn_openapi_action(struct cairn_buffer *out, const struct cairn_action *action,
                          bool secured);
struct cairn_log_route;
void cairn_openapi_log(struct cairn_buffer *out, const struct cairn_log_route *row, bool secured);
/* A view of operators; `asks` has its query parameters, or is NULL. */
void cairn_openapi_view(struct cairn_buffer *out, const char *path, const char *help,
                        const struct cairn_record *asks, bool list, bool secured);

#endif
