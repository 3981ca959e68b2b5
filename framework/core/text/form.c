/* form.c - reads and writes application/x-www-form-urlencoded (WHATWG URL section 5), strictly. */
#include "core/text/text.h"

#include <cairn/form.h>

#include <string.h>

/* Decodes from `from` up to a delimiter into `to`, which must not be after `from`. Returns where
 * reading stopped, or NULL if the encoding is invalid. `*ret_end` is where writing stopped. */
static const char *decode(const char *from, const char *end, const char *delimiters, char *to,
                          char **ret_end)
{
    for (; from < end && !strchr(delimiters, *from); from++) {
        int c = *from == '+' ? ' ' : (unsigned char)*from;
        if (c == '%') {
            int high = end - from > 2 ? cairn_hex_value(from[1]) : -1;
            int low = high < 0 ? -1 : cairn_hex_value(from[2]);
            if (low < 0)
                return NULL;
            c = high * 16 + low;
            from += 2;
        }
        if (c == 0)
            return NULL;
        *to++ = (char)c;
    }
    *ret_end = to;
    return from;
}

static int fail(struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_MALFORMED, "the body is not a valid form");
}

/* Reads one "name=value". The decoded text, with NULs instead of delimiters, is no longer than the
 * encoded one. Returns where the pair ends, or NULL. */
static const char *read_field(struct cairn_form *form, const char *from, const char *end, char **to)
{
    struct cairn_form_field *field = &form->fields[form->count];
    field->name = *to;
    from = decode(from, end, "=&", *to, to);
    if (!from || from == end || *from != '=' || *to == field->name)
        return NULL;
    *(*to)++ = '\0';
    field->value = *to;
    from = decode(from + 1, end, "&", *to, to);
    if (!from)
        return NULL;
    *(*to)++ = '\0';
    if (!cairn_is_utf8(field->name) || !cairn_is_utf8(field->value) ||
        cairn_form_get(form, field->name))
        return NULL;
    form->count++;
    return from;
}

int cairn_form_read(struct cairn_form *ret, const char *text, size_t bytes,
                    struct cairn_error *error)
{
    const char *end = text + bytes;
    char *to = ret->text;
    ret->count = 0;
    if (bytes >= sizeof ret->text)
        return fail(error);
    while (text < end) {
        if (ret->count == CAIRN_FORM_FIELDS)
            return fail(error);
        text = read_field(ret, text, end, &to);
        if (!text)
            return fail(error);
        if (text < end && ++text == end) /* a trailing "&" */
            return fail(error);
    }
    return 0;
}

const char *cairn_form_get(const struct cairn_form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (strcmp(form->fields[i].name, name) == 0)
            return form->fields[i].value;
    }
    return NULL;
}

/* ---- writing ---- */

/* Appends the encoded `value` at `at`. Returns the new length, or 0 if it does not fit. */
static size_t encode(char *text, size_t size, size_t at, const char *value)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*";
    static const char hex[] = "0123456789ABCDEF";
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        bool is_plain = c == ' ' || strchr(plain, c);
        if (at + (is_plain ? 1 : 3) >= size)
            return 0;
        if (is_plain) {
            text[at++] = c == ' ' ? '+' : (char)c;
            continue;
        }
        text[at++] = '%';
        text[at++] = hex[c >> 4];
        text[at++] = hex[c & 15];
    }
    return at;
}

bool cairn_form_put(char *text, size_t size, const char *name, const char *value)
{
    size_t before = strlen(text);
    size_t at = before;
    if (at > 0 && at + 1 < size)
        text[at++] = '&';
    at = encode(text, size, at, name);
    if (at > 0 && at + 1 < size) {
        text[at++] = '=';
        size_t value_end = *value ? encode(text, size, at, value) : at;
        at = value_end;
    } else {
        at = 0;
    }
    text[at > 0 ? at : before] = '\0';
    return at > 0;
}
