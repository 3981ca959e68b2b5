/* rules.c - the rules for a field's value. */
#include "record/rules.h"

#include <stdio.h>
#include <string.h>

uint32_t cairn_field_min_bytes(const struct cairn_field *field)
{
    if (field->min_bytes || field->optional)
        return field->min_bytes;
    return 1;
}

uint32_t cairn_field_max_bytes(const struct cairn_field *field)
{
    return field->max_bytes ? field->max_bytes : CAIRN_TEXT_MAX_BYTES;
}

uint32_t cairn_field_max_count(const struct cairn_field *field)
{
    return field->max_count ? field->max_count : CAIRN_LIST_MAX_COUNT;
}

void cairn_field_range(const struct cairn_field *field, int64_t *ret_min, int64_t *ret_max)
{
    bool said = field->min || field->max;
    *ret_min = said ? field->min : -CAIRN_INTEGER_MAX;
    *ret_max = said ? field->max : CAIRN_INTEGER_MAX;
}

int cairn_field_enum(const struct cairn_field *field, const char *name)
{
    for (uint32_t i = 1; i < field->name_count; i++) {
        if (field->names[i] && strcmp(field->names[i], name) == 0)
            return (int)i;
    }
    return 0;
}

int cairn_rule_integer(const struct cairn_field *field, int64_t value, const char *pointer,
                       struct cairn_error *error)
{
    int64_t min = 0;
    int64_t max = 0;
    cairn_field_range(field, &min, &max);
    if (value < min || value > max)
        return cairn_wrong(error, pointer, "must be from %" PRId64 " to %" PRId64, min, max);
    return 0;
}

int cairn_rule_decimal(const struct cairn_field *field, struct cairn_decimal value,
                       const char *pointer, struct cairn_error *error)
{
    int64_t min = 0;
    int64_t max = 0;
    char least[CAIRN_DECIMAL_TEXT_SIZE];
    char most[CAIRN_DECIMAL_TEXT_SIZE];
    cairn_field_range(field, &min, &max);
    if (value.units >= min && value.units <= max)
        return 0;
    cairn_decimal_format((struct cairn_decimal){min}, field->scale, least);
    cairn_decimal_format((struct cairn_decimal){max}, field->scale, most);
    return cairn_wrong(error, pointer, "must be from %s to %s", least, most);
}

int cairn_rule_duration(const struct cairn_field *field, struct cairn_duration value,
                        const char *pointer, struct cairn_error *error)
{
    int64_t min = 0;
    int64_t max = 0;
    char least[CAIRN_DURATION_TEXT_SIZE];
    char most[CAIRN_DURATION_TEXT_SIZE];
    cairn_field_range(field, &min, &max);
    if (min < 0)
        min = 0;
    if (value.us >= min && value.us <= max)
        return 0;
    cairn_duration_format((struct cairn_duration){min}, least);
    cairn_duration_format((struct cairn_duration){max}, most);
    return cairn_wrong(error, pointer, "must be from %s to %s", least, most);
}

int cairn_rule_count(const struct cairn_field *field, size_t count, const char *pointer,
                     struct cairn_error *error)
{
    if (count < field->min_count)
        return cairn_wrong(error, pointer, "must have at least %u items", field->min_count);
    if (count > cairn_field_max_count(field))
        return cairn_wrong(error, pointer, "must have at most %u items",
                           cairn_field_max_count(field));
    return 0;
}

int cairn_rule_currency(const char *text, const char *pointer, struct cairn_error *error)
{
    bool good = strlen(text) == 3;
    for (const char *at = text; good && *at; at++)
        good = *at >= 'A' && *at <= 'Z';
    if (!good)
        return cairn_wrong(error, pointer, "must be a currency, three capital letters");
    return 0;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One or more labels of letters, digits and inner hyphens, at least one dot: the HTML standard's
 * definition of the host of a valid e-mail address, except that it requires no dot. */
static bool is_host(const char *host)
{
    unsigned labels = 0;
    for (;;) {
        size_t length = strcspn(host, ".");
        if (length == 0 || length > 63 || !is_alnum(host[0]) || !is_alnum(host[length - 1]))
            return false;
        for (size_t i = 0; i < length; i++) {
            if (!is_alnum(host[i]) && host[i] != '-')
                return false;
        }
        labels++;
        if (host[length] == '\0')
            return labels >= 2;
        host += length + 1;
    }
}

/* https://html.spec.whatwg.org/#valid-e-mail-address, which is stricter than RFC 5322 on purpose.
 */
static bool is_email(const char *text)
{
    const char *at = strchr(text, '@');
    if (!at || at == text)
        return false;
    for (const char *c = text; c < at; c++) {
        if (!is_alnum(*c) && !strchr(".!#$%&'*+/=?^_`{|}~-", *c))
            return false;
    }
    return is_host(at + 1);
}

static bool is_token(const char *text)
{
    for (; *text; text++) {
        if (!is_alnum(*text) && !strchr("-_.", *text))
            return false;
    }
    return true;
}

static int check_format(enum cairn_format format, const char *text, const char *pointer,
                        struct cairn_error *error)
{
    switch (format) {
    case CAIRN_FORMAT_ANY:
        return 0;
    case CAIRN_FORMAT_EMAIL:
        return is_email(text) ? 0 : cairn_wrong(error, pointer, "must be an e-mail address");
    case CAIRN_FORMAT_CURRENCY:
        return cairn_rule_currency(text, pointer, error);
    case CAIRN_FORMAT_TOKEN:
        if (!is_token(text))
            return cairn_wrong(error, pointer, "must be letters, digits, - _ and . only");
        return 0;
    }
    return 0;
}

int cairn_rule_text(const struct cairn_field *field, const char *text, size_t bytes,
                    const char *pointer, struct cairn_error *error)
{
    uint32_t min = cairn_field_min_bytes(field);
    uint32_t max = cairn_field_max_bytes(field);
    if (field->format == CAIRN_FORMAT_CURRENCY && bytes > 0)
        return cairn_rule_currency(text, pointer, error);
    if (bytes < min)
        return min == 1 ? cairn_wrong(error, pointer, "must not be empty")
                        : cairn_wrong(error, pointer, "must be at least %u bytes long", min);
    if (bytes > max)
        return cairn_wrong(error, pointer, "must be at most %u bytes long", max);
    return check_format(field->format, text, pointer, error);
}

/* Called for each field of each record that is decoded: hence no printf. */
static size_t begin_pointer(char ret[static CAIRN_POINTER_SIZE], const char *parent)
{
    size_t at = 0;
    for (; parent[at] && at + 2 < CAIRN_POINTER_SIZE; at++)
        ret[at] = parent[at];
    ret[at++] = '/';
    return at;
}

void cairn_pointer_member(char ret[static CAIRN_POINTER_SIZE], const char *parent, const char *name)
{
    size_t at = begin_pointer(ret, parent);
    for (; *name && at + 3 < CAIRN_POINTER_SIZE; name++) {
        if (*name == '~' || *name == '/') { /* RFC 6901 section 3 */
            ret[at++] = '~';
            ret[at++] = *name == '~' ? '0' : '1';
        } else {
            ret[at++] = *name;
        }
    }
    ret[at] = '\0';
}

void cairn_pointer_index(char ret[static CAIRN_POINTER_SIZE], const char *parent, size_t index)
{
    size_t at = begin_pointer(ret, parent);
    (void)snprintf(ret + at, CAIRN_POINTER_SIZE - at, "%zu", index);
}
