/* openapi_parts.h - what the operations of /openapi.json are written with, and what they share.
 *
 * Whatever several operations say is a component that they refer to: parameters, headers, problems.
 * Only those that somebody refers to are written. */
#ifndef CAIRN_RUNTIME_OPENAPI_PARTS_H
#define CAIRN_RUNTIME_OPENAPI_PARTS_H

#include "core/buffer.h"

#include <cairn/service.h>

/* `,"name":"text"`, the text escaped. */
void cairn_openapi_text(struct cairn_buffer *out, const char *name, const char *text);

/* `"post":{"operationId":"` of "POST /things", and, where no name is at hand, one of its words:
 * `post_things"`. */
void cairn_openapi_method(struct cairn_buffer *out, const char *route);
void cairn_openapi_words(struct cairn_buffer *out, const char *route);

/* A parameter of this operation alone; `schema` and `example` are JSON, `example` may be NULL. All
 * but those of the path are optional. */
void cairn_openapi_parameter(struct cairn_buffer *out, const char *name, const char *in,
                             const char *schema, const char *example, const char *help);

/* `{"$ref":"#/components/KIND/NAME"}` */
void cairn_openapi_refer(struct cairn_buffer *out, const char *kind, const char *name);

/* A response's headers, by their names as components, ended by NULL: `,"headers":{…}`. */
void cairn_openapi_headers(struct cairn_buffer *out, const char *const names[]);

/* `,"STATUS":{…}` for each status, ended by 0: what is answered with it as problem+json. */
void cairn_openapi_problems(struct cairn_buffer *out, const int statuses[]);

/* `"components":{…}`: what `paths` refers to, and what that refers to. */
void cairn_openapi_components(struct cairn_buffer *out, const char *paths);

/* The operations: `"post":{…}`, what stands under a path. */
void cairn_openapi_command(struct cairn_buffer *out, const struct cairn_decider *decider,
                           const struct cairn_command_type *command);
void cairn_openapi_query(struct cairn_buffer *out, const struct cairn_resource *resource);
void cairn_openapi_route(struct cairn_buffer *out, const struct cairn_service *service,
                         const struct cairn_route *route);

#endif
