/* openapi.h - /openapi.json: describes the operations of a process' services, from the same tables
 * that implement them (OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0). */
#ifndef CAIRN_RUNTIME_OPENAPI_H
#define CAIRN_RUNTIME_OPENAPI_H

#include "core/containers/buffer.h"

#include <cairn/service.h>

struct cairn_openapi_options {
    bool secured; /* services authenticate */
    /* Where the document is on an operators' listener, the public one: "http", its address (also
     * "0.0.0.0": any) and its port. NULL: they are one. */
    const char *scheme;
    const char *address;
    int64_t port;
};

/* Appends the document. */
void cairn_openapi_write(const struct cairn_service *const services[],
                         const struct cairn_openapi_options *options, struct cairn_buffer *out);

#endif
