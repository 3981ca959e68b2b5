/* wrong_request.h - makes invalid requests from a service's own description at /openapi.json: its
 * paths, parameters and schemas. Each is certainly invalid, in one way out of many, chosen at
 * random: it has to be answered 4xx, and must have no effect. */
#ifndef WRONG_REQUEST_H
#define WRONG_REQUEST_H

#include "core/containers/arena.h"

#include <jansson.h>

struct wrong_request {
    const char *way; /* what is wrong, for messages */
    const char *method;
    const char *path;
    const char *headers; /* lines with CRLF; no Content-Length */
    const char *body;    /* NULL: none */
    size_t body_bytes;
};

/* `openapi` is the parsed document; `ret` points into the arena. */
void wrong_request_make(json_t *openapi, unsigned *random, struct cairn_arena *arena,
                        struct wrong_request *ret);

#endif
