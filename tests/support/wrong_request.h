/* wrong_request.h - requests that are wrong, made from what a service says of itself at
 * /openapi.json: its paths, parameters and schemas. Each is wrong for certain, in one way out of
 * many, chosen by dice: it has to be answered 4xx, and nothing may come of it. */
#ifndef WRONG_REQUEST_H
#define WRONG_REQUEST_H

#include "core/arena.h"

#include <jansson.h>

struct wrong_request {
    const char *way; /* what is wrong, for people */
    const char *method;
    const char *path;
    const char *headers; /* lines with CRLF; no Content-Length */
    const char *body;    /* NULL: none */
    size_t body_bytes;
};

/* `openapi` is the parsed document; what `ret` points to lies in the arena. */
void wrong_request_make(json_t *openapi, unsigned *random, struct cairn_arena *arena,
                        struct wrong_request *ret);

#endif
