/* log.c - writes the log: one JSON object per line on standard error. */
#include "core/report/log.h"

#include "core/containers/buffer.h"
#include "core/report/sink.h"
#include "core/text/text.h"
#include "core/threads/clock.h"

/* Room for the usual line including the buffer's growth, small enough for malloc to serve from its
 * cache. */
enum { LINE_BYTES = 960 };

static const char *log_service = "cairn";

void cairn_log_setup(const char *service, enum cairn_log_level least)
{
    struct cairn_log_levels levels;
    for (size_t i = 0; i < CAIRN_LOG_MODULES; i++)
        levels.of[i] = least;
    log_service = service;
    cairn_log_levels_set(&levels);
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

static void add_id(struct cairn_buffer *line, const char *name, const uint8_t *id, size_t bytes)
{
    char text[2 * CAIRN_LOG_TRACE_BYTES + 1];
    if (!id)
        return;
    *cairn_hex_write(text, id, bytes) = '\0';
    add_text(line, name, text);
}

void cairn_log_fields(const char *file, enum cairn_log_level level, const char *message,
                      const struct cairn_log_field *fields, size_t count)
{
    if (!cairn_log_wants(file, level))
        return;
    struct cairn_arena arena = {0};
    cairn_arena_reserve(&arena, LINE_BYTES);
    struct cairn_buffer line = cairn_buffer(&arena);
    char time[CAIRN_TIME_TEXT_SIZE];
    cairn_time_format(cairn_now(), time);
    cairn_buffer_print(&line, "{\"time\":\"%s\",\"level\":\"%s\"", time,
                       cairn_log_level_name(level));
    add_text(&line, "service", log_service);
    add_text(&line, "module", cairn_log_module(file));
    add_text(&line, "message", message);
    add_id(&line, "trace_id", cairn_log_trace_id(), CAIRN_LOG_TRACE_BYTES);
    add_id(&line, "span_id", cairn_log_span_id(), CAIRN_LOG_SPAN_BYTES);
    for (size_t i = 0; i < count && fields[i].name; i++)
        add_field(&line, &fields[i]);
    cairn_buffer_text(&line, "}\n");
    cairn_sink_put(line.text, line.length, level >= CAIRN_LOG_WARN);
    cairn_arena_close(&arena);
}

void cairn_log_error_in(const char *file, enum cairn_log_level level, const char *message,
                        const struct cairn_error *error)
{
    const struct cairn_log_field code =
        CAIRN_LOG_TEXT("code", cairn_code_info((int)error->code)->name);
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_buffer_text(&text, error->message);
    for (unsigned i = 0; i < error->wrong_count && i < CAIRN_WRONG_MAX; i++)
        cairn_buffer_print(&text, "%s%s %s", i ? "; " : ": ", error->wrong[i].pointer,
                           error->wrong[i].message);
    const struct cairn_log_field fields[] = {
        code,
        CAIRN_LOG_TEXT("error", text.text),
        {.name = error->reason[0] ? "reason" : NULL, .is_text = true, .text = error->reason},
    };
    cairn_log_fields(file, level, message, fields, sizeof fields / sizeof fields[0]);
    cairn_arena_close(&arena);
}
