/* media_type.h - media types of bodies (RFC 9110 section 8.3.1). */
#ifndef CAIRN_HTTP_MEDIA_TYPE_H
#define CAIRN_HTTP_MEDIA_TYPE_H

#include <stdbool.h>

/* Returns whether `type`, a Content-Type, is `wanted`, with any parameters except a charset other
 * than UTF-8. NULL is no type. */
bool cairn_media_type_is(const char *type, const char *wanted);

#endif
