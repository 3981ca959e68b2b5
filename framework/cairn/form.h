/* form.h - application/x-www-form-urlencoded, the encoding of HTML forms and older interfaces.
 *
 *     struct cairn_form form;
 *     if (cairn_form_read(&form, body, bytes, error) < 0)
 *         return …;
 *     const char *amount = cairn_form_get(&form, "amount");
 *
 *     char text[200] = "";
 *     bool fits = cairn_form_put(text, sizeof text, "name", "Ada & Bob");      name=Ada+%26+Bob
 *
 * Reading is strict: input that two parsers could read differently is refused. */
#ifndef CAIRN_FORM_H
#define CAIRN_FORM_H

#include <cairn/value.h>

CAIRN_BEGIN_C

enum { CAIRN_FORM_FIELDS = 32, CAIRN_FORM_BYTES = 4096 };

struct cairn_form {
    size_t count;
    struct cairn_form_field {
        const char *name;
        const char *value;
    } fields[CAIRN_FORM_FIELDS]; /* in the order sent; they point into `text` */
    char text[CAIRN_FORM_BYTES];
};

/* Returns 0, or -CAIRN_MALFORMED if the text is too long, has too many fields, a field without a
 * name or without "=", a name twice, wrong percent-encoding, bytes that are not UTF-8, or a NUL.
 * `ret` is undefined then. A form must not be copied: its fields point into it. */
int cairn_form_read(struct cairn_form *ret, const char *text, size_t bytes,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Returns the value of a field, or NULL. */
const char *cairn_form_get(const struct cairn_form *form, const char *name);

/* Adds a field to NUL-terminated text in a buffer of `size` bytes. Returns false, and leaves `text`
 * unchanged, if it does not fit. */
bool cairn_form_put(char *text, size_t size, const char *name, const char *value) CAIRN_CHECKED;

CAIRN_END_C

#endif
