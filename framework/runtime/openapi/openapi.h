/* openapi.h - /openapi.json: describes the operations of a process' services, from the same tables
 * that implement them (OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0). */
#ifndef CAIRN_RUNTIME_OPENAPI_H
#define CAIRN_RUNTIME_OPENAPI_H

#include "core/containers/buffer.h"

#include <cairn/service.h>

/* Appends the document; `secured`: services authenticate. */
void cairn_openapi_write(const struct cairn_service *const services[], bool secured,
                         struct cairn_buffer *out);

#endif
