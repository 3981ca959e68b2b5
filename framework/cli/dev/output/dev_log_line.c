/* dev_log_line.c - reads log lines, which are flat JSON objects, and shows them. */
#include "cli/dev/output/dev_log_line.h"

#include "core/containers/buffer.h"
#include "core/text/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

/* Appends the character that \uXXXX stands for; the log escapes control characters only. */
static bool read_unicode(const char *digits, struct cairn_buffer *out)
{
    int code = 0;
    for (int i = 0; i < 4; i++) {
        int value = cairn_hex_value(digits[i]);
        if (value < 0)
            return false;
        code = code * 16 + value;
    }
    if (code == 0 || code > 0x7f)
        cairn_buffer_char(out, '?');
    else
        cairn_buffer_char(out, (char)code);
    return true;
}

/* Reads a JSON string, from its quote on. Returns what follows it; NULL if it is none. */
static const char *read_string(const char *at, struct cairn_buffer *out)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char characters[] = "\"\\/\b\f\n\r\t";
    if (*at++ != '"')
        return NULL;
    for (; *at && *at != '"'; at++) {
        if (*at != '\\') {
            cairn_buffer_char(out, *at);
            continue;
        }
        at++;
        const char *found = *at ? strchr(escapes, *at) : NULL;
        if (found)
            cairn_buffer_char(out, characters[found - escapes]);
        else if (*at == 'u' && read_unicode(at + 1, out))
            at += 4;
        else
            return NULL;
    }
    return *at == '"' ? at + 1 : NULL;
}

/* Reads a string, a number, true, false or null. */
static const char *read_value(const char *at, struct cairn_buffer *out)
{
    if (*at == '"')
        return read_string(at, out);
    size_t length = strcspn(at, ",}");
    if (length == 0 || strpbrk(cairn_copy_bytes(out->arena, at, length), "{[\""))
        return NULL;
    cairn_buffer_bytes(out, at, length);
    return at + length;
}

bool cairn_dev_log_line_read(struct cairn_arena *arena, const char *text,
                             struct cairn_dev_log_line *ret)
{
    ret->count = 0;
    if (*text != '{')
        return false;
    for (const char *at = text + 1; ret->count < CAIRN_DEV_FIELDS_MAX;) {
        struct cairn_buffer name = cairn_buffer(arena);
        struct cairn_buffer value = cairn_buffer(arena);
        at = read_string(at, &name);
        if (!at || *at != ':')
            return false;
        at = read_value(at + 1, &value);
        if (!at)
            return false;
        ret->fields[ret->count].name = name.text;
        ret->fields[ret->count++].value = value.text;
        if (*at == '}')
            break;
        if (*at++ != ',')
            return false;
    }
    return *cairn_dev_log_line_get(ret, "level") && *cairn_dev_log_line_get(ret, "message");
}

const char *cairn_dev_log_line_get(const struct cairn_dev_log_line *line, const char *name)
{
    for (size_t i = 0; i < line->count; i++) {
        if (strcmp(line->fields[i].name, name) == 0)
            return line->fields[i].value;
    }
    return "";
}

/* ---- showing ---- */

static void show_request(const struct cairn_dev_output *output, const char *service,
                         const struct cairn_dev_log_line *line)
{
    const char *status = cairn_dev_log_line_get(line, "status");
    enum cairn_colour colour = *status < '4'   ? CAIRN_GREEN
                               : *status < '5' ? CAIRN_YELLOW
                                               : CAIRN_RED;
    long long us = strtoll(cairn_dev_log_line_get(line, "duration_us"), NULL, 10);
    cairn_dev_say(output, colour, "request", "%s %s -> %s, %lld.%lld ms (%s)",
                  cairn_dev_log_line_get(line, "method"), cairn_dev_log_line_get(line, "path"),
                  status, us / 1000, us / 100 % 10, service);
}

/* Returns whether a field is shown besides the message; others are the same in every line. */
static bool is_detail(const char *name, const char *value)
{
    static const char *const usual[] = {"time",    "level",    "service", "module",
                                        "message", "trace_id", "span_id"};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (strcmp(name, usual[i]) == 0)
            return false;
    }
    return *value != '\0';
}

static void show_message(const struct cairn_dev_output *output, const char *service,
                         enum cairn_colour colour, const char *label,
                         const struct cairn_dev_log_line *line)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_buffer_print(&text, "%s: %s", service, cairn_dev_log_line_get(line, "message"));
    const char *separator = ": ";
    for (size_t i = 0; i < line->count; i++) {
        const char *name = line->fields[i].name;
        if (!is_detail(name, line->fields[i].value))
            continue;
        cairn_buffer_print(&text, "%s%s%s%s", separator, strcmp(name, "error") == 0 ? "" : name,
                           strcmp(name, "error") == 0 ? "" : " ", line->fields[i].value);
        separator = ", ";
    }
    cairn_dev_say(output, colour, label, "%s", text.text);
    cairn_arena_close(&arena);
}

/* Returns whether a message of level info says only that all is as usual, at each start and end. */
static bool is_routine(const char *message)
{
    static const char *const usual[] = {
        "running",  "the projection follows the log", "the copy in Redis is current",
        "stopping", "queries read this generation",   "stopped",
    };
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (strcmp(message, usual[i]) == 0)
            return true;
    }
    return false;
}

void cairn_dev_log_line_show(const struct cairn_dev_output *output, const char *service,
                             const struct cairn_dev_log_line *line)
{
    const char *level = cairn_dev_log_line_get(line, "level");
    const char *message = cairn_dev_log_line_get(line, "message");
    if (strcmp(message, "request") == 0)
        show_request(output, service, line);
    else if (strcmp(level, "error") == 0)
        show_message(output, service, CAIRN_RED, "error", line);
    else if (strcmp(level, "warn") == 0)
        show_message(output, service, CAIRN_YELLOW, "warning", line);
    else if (strcmp(level, "info") == 0 && !is_routine(message))
        show_message(output, service, CAIRN_DIM, "service", line);
}
