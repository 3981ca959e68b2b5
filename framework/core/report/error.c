/* error.c - sets errors and describes their codes. */
#include <cairn/error.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct cairn_code_info infos[] = {
    [CAIRN_OK] = {"ok", 200, CAIRN_FINAL, "it was done"},
#define CAIRN_CODE_INFO(code, name, status, advice, meaning)                                       \
    [CAIRN_##code] = {name, status, CAIRN_##advice, meaning},
    CAIRN_CODES(CAIRN_CODE_INFO)
#undef CAIRN_CODE_INFO
};
/* clang-format on */

enum { CODES = sizeof infos / sizeof infos[0] };

const struct cairn_code_info *cairn_code_info(int code)
{
    int negative = code > 0 ? -code : code; /* INT_MIN has no counterpart above zero */
    return &infos[negative > -CODES ? -negative : CAIRN_BUG];
}

/* Returns how many bytes a UTF-8 character that begins with `first` has. */
static size_t utf8_length(unsigned char first)
{
    if (first < 0xC0)
        return 1;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* Removes an incomplete UTF-8 character from the end of a text that fills its buffer. */
static void trim_utf8(char *text, size_t size)
{
    size_t length = strlen(text);
    if (length + 1 < size)
        return;
    size_t last = length;
    while (last > 0 && ((unsigned char)text[--last] & 0xC0) == 0x80)
        ;
    if (last + utf8_length((unsigned char)text[last]) > length)
        text[last] = '\0';
}

static void CAIRN_PRINTF(3, 0) print_into(char *text, size_t size, const char *format, va_list list)
{
    (void)vsnprintf(text, size, format, list);
    trim_utf8(text, size);
}

int cairn_fail_va(struct cairn_error *error, enum cairn_code code, const char *format, va_list list)
{
    if (error && error->code == CAIRN_OK) {
        error->code = code;
        error->public_bytes = 0;
        print_into(error->message, sizeof error->message, format, list);
    }
    return -(int)code;
}

int cairn_fail_inside(struct cairn_error *error, enum cairn_code code, const char *what,
                      const char *format, ...)
{
    char detail[sizeof error->message];
    bool is_new = error && error->code == CAIRN_OK;
    va_list list;
    va_start(list, format);
    print_into(detail, sizeof detail, format, list);
    va_end(list);
    int failed = cairn_fail(error, code, "%s: %s", what, detail);
    if (is_new)
        error->public_bytes = (unsigned)strlen(what);
    return failed;
}

int cairn_fail(struct cairn_error *error, enum cairn_code code, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int failed = cairn_fail_va(error, code, format, list);
    va_end(list);
    return failed;
}

int cairn_error_pass(struct cairn_error *error, const struct cairn_error *from)
{
    if (error && error != from && error->code == CAIRN_OK) {
        error->code = from->code;
        memcpy(error->reason, from->reason, sizeof error->reason);
        memcpy(error->message, from->message, sizeof error->message);
        error->public_bytes = from->public_bytes;
        error->wrong_count = from->wrong_count;
        size_t kept = from->wrong_count < CAIRN_WRONG_MAX ? from->wrong_count : CAIRN_WRONG_MAX;
        memcpy(error->wrong, from->wrong, kept * sizeof error->wrong[0]);
    }
    return -(int)from->code;
}

int cairn_error_pass_as(struct cairn_error *error, enum cairn_code code,
                        const struct cairn_error *from)
{
    bool is_new = error && error != from && error->code == CAIRN_OK;
    (void)cairn_error_pass(error, from);
    if (is_new)
        error->code = code;
    return -(int)code;
}

const char *cairn_error_public(const struct cairn_error *error, size_t *ret_bytes)
{
    const struct cairn_code_info *info = cairn_code_info((int)error->code);
    size_t bytes = strlen(error->message);
    if (bytes == 0 || info->http_status == 500) {
        *ret_bytes = strlen(info->meaning);
        return info->meaning;
    }
    bool is_part = error->public_bytes && error->public_bytes < bytes;
    *ret_bytes = is_part ? error->public_bytes : bytes;
    return error->message;
}

void cairn_error_print_public(const struct cairn_error *error, char *ret, size_t size)
{
    size_t bytes;
    const char *text = cairn_error_public(error, &bytes);
    (void)snprintf(ret, size, "%.*s", (int)bytes, text);
    trim_utf8(ret, size);
}

int cairn_refuse(struct cairn_error *error, const char *reason, const char *format, ...)
{
    if (error && error->code == CAIRN_OK)
        (void)snprintf(error->reason, sizeof error->reason, "%s", reason);
    va_list list;
    va_start(list, format);
    int failed = cairn_fail_va(error, CAIRN_REFUSED, format, list);
    va_end(list);
    return failed;
}

int cairn_wrong(struct cairn_error *error, const char *pointer, const char *format, ...)
{
    int failed = cairn_fail(error, CAIRN_INVALID, "fields are wrong");
    if (!error || error->code != CAIRN_INVALID)
        return failed;
    if (error->wrong_count < CAIRN_WRONG_MAX) {
        struct cairn_wrong *wrong = &error->wrong[error->wrong_count];
        (void)snprintf(wrong->pointer, sizeof wrong->pointer, "%s", pointer);
        trim_utf8(wrong->pointer, sizeof wrong->pointer);
        va_list list;
        va_start(list, format);
        print_into(wrong->message, sizeof wrong->message, format, list);
        va_end(list);
    }
    error->wrong_count++;
    return failed;
}

void cairn_error_context(struct cairn_error *error, const char *format, ...)
{
    if (!error || error->code == CAIRN_OK)
        return;
    char context[sizeof error->message];
    va_list list;
    va_start(list, format);
    print_into(context, sizeof context, format, list);
    va_end(list);

    char message[2 * sizeof error->message + 2];
    (void)snprintf(message, sizeof message, "%s: %s", context, error->message);
    (void)snprintf(error->message, sizeof error->message, "%.*s", (int)sizeof error->message - 1,
                   message);
    trim_utf8(error->message, sizeof error->message);
    if (error->public_bytes)
        error->public_bytes += (unsigned)strlen(context) + 2;
}
