/* url_form.c - encodes texts for the forms and queries of an issuer's endpoints. */
#include "identity/url_form.h"

#include <stdbool.h>
#include <string.h>

void cairn_form_encode(struct cairn_buffer *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     strchr("-._*", c);
        if (plain)
            cairn_buffer_char(out, (char)c);
        else
            cairn_buffer_print(out, "%%%02X", c);
    }
}

void cairn_form_add(struct cairn_buffer *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    cairn_buffer_print(out, "%s%s=", out->length ? "&" : "", name);
    cairn_form_encode(out, value);
}
