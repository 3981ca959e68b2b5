/* url_form.h - texts as application/x-www-form-urlencoded, as the endpoints of an issuer take
 * them. */
#ifndef CAIRN_IDENTITY_FORM_H
#define CAIRN_IDENTITY_FORM_H

#include "core/containers/buffer.h"

/* Adds a text, encoded. */
void cairn_form_encode(struct cairn_buffer *out, const char *text);

/* Adds "name=value", after "&" unless it is the first; nothing if the value is NULL or "". */
void cairn_form_add(struct cairn_buffer *out, const char *name, const char *value);

#endif
