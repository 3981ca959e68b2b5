/* log.c - writes the log: one JSON object per line on standard error. */
#include "core/report/log.h"

#include "core/containers/buffer.h"
#include "core/report/sink.h"
#include "core/threads/clock.h"

#include <string.h>

/* Room for the usual line including the buffer's growth, small enough for malloc to serve from its
 * cache. */
enum { LINE_BYTES = 960 };

static const char *log_service = "cairn";
static enum cairn_log_level log_least = CAIRN_LOG_INFO;

static const char *const level_names[] = {
    [CAIRN_LOG_DEBUG] = "debug",
    [CAIRN_LOG_INFO] = "info",
    [CAIRN_LOG_WARN] = "warn",
    [CAIRN_LOG_ERROR] = "error",
};

void cairn_log_setup(const char *service, enum cairn_log_level least)
{
    log_service = service;
    log_least = least;
}

int cairn_log_level_parse(const char *name, enum cairn_log_level *ret)
{
    for (int level = CAIRN_LOG_DEBUG; level <= CAIRN_LOG_ERROR; level++) {
        if (strcmp(level_names[level], name) == 0) {
            *ret = (enum cairn_log_level)level;
            return 0;
        }
    }
    return -CAIRN_INVALID;
}

static void add_text(struct cairn_buffer *line, const char *name, const char *text)
{
    cairn_buffer_char(line, ',');
    cairn_buffer_json(line, name);
    cairn_buffer_char(line, ':');
    cairn_buffer_json(line, text);
}

static void add_field(struct cairn_buffer *line, const struct cairn_log_field *field)
{
    if (field->is_text) {
        add_text(line, field->name, field->text);
        return;
    }
    cairn_buffer_char(line, ',');
    cairn_buffer_json(line, field->name);
    cairn_buffer_char(line, ':');
    cairn_buffer_integer(line, field->number);
}

void cairn_log_fields(enum cairn_log_level level, const char *message,
                      const struct cairn_log_field *fields, size_t count)
{
    if (level < log_least)
        return;
    struct cairn_arena arena = {0};
    cairn_arena_reserve(&arena, LINE_BYTES);
    struct cairn_buffer line = cairn_buffer(&arena);
    char time[CAIRN_TIME_TEXT_SIZE];
    cairn_time_format(cairn_now(), time);
    cairn_buffer_print(&line, "{\"time\":\"%s\",\"level\":\"%s\"", time, level_names[level]);
    add_text(&line, "service", log_service);
    add_text(&line, "message", message);
    if (cairn_log_has_trace())
        add_text(&line, "trace_id", cairn_log_trace_id());
    for (size_t i = 0; i < count && fields[i].name; i++)
        add_field(&line, &fields[i]);
    cairn_buffer_text(&line, "}\n");
    cairn_sink_put(line.text, line.length, level >= CAIRN_LOG_WARN);
    cairn_arena_close(&arena);
}

void cairn_log_error(enum cairn_log_level level, const char *message,
                     const struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_buffer_text(&text, error->message);
    for (unsigned i = 0; i < error->wrong_count && i < CAIRN_WRONG_MAX; i++)
        cairn_buffer_print(&text, "%s%s %s", i ? "; " : ": ", error->wrong[i].pointer,
                           error->wrong[i].message);
    cairn_log(level, message, CAIRN_LOG_TEXT("code", cairn_code_info((int)error->code)->name),
              CAIRN_LOG_TEXT("error", text.text),
              {.name = error->reason[0] ? "reason" : NULL, .is_text = true, .text = error->reason});
    cairn_arena_close(&arena);
}
