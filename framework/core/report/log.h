/* log.h - the log: one JSON object per line on standard error: time, level, service, module,
 * message, trace_id, span_id, fields (docs/TELEMETRY.md, *Log lines*).
 *
 *     cairn_log(CAIRN_LOG_INFO, "listening", CAIRN_LOG_INTEGER("port", port));
 *
 * Only the outermost layers log (http, projection's loop, runtime, cli) and background threads,
 * which have no caller (store's follower and notifier); everything else returns its error. The
 * trace and the span that the thread works at are added automatically, and the module, which is the
 * folder of the framework that the line is written in. Each module has a least level of its own.
 *
 * Threads: any thread may log; a line is written in one piece. */
#ifndef CAIRN_CORE_LOG_H
#define CAIRN_CORE_LOG_H

#include <cairn/error.h>

#include <stdbool.h>

enum cairn_log_level { CAIRN_LOG_DEBUG = 1, CAIRN_LOG_INFO, CAIRN_LOG_WARN, CAIRN_LOG_ERROR };

struct cairn_log_field {
    const char *name;
    bool is_text; /* false: `number` is the value */
    const char *text;
    int64_t number;
};
#define CAIRN_LOG_TEXT(name_, text_)                                                               \
    {                                                                                              \
        .name = (name_), .is_text = true, .text = (text_)                                          \
    }
#define CAIRN_LOG_INTEGER(name_, number_)                                                          \
    {                                                                                              \
        .name = (name_), .number = (number_)                                                       \
    }

/* Call once at start, before threads run. `service` is borrowed for the life of the process. */
void cairn_log_setup(const char *service, enum cairn_log_level least);
const char *cairn_log_level_name(enum cairn_log_level level);
int cairn_log_level_parse(const char *name, enum cairn_log_level *ret) CAIRN_CHECKED;

/* The least level of each module. */
enum { CAIRN_LOG_MODULES = 16 }; /* the last one: all others */
struct cairn_log_levels {
    enum cairn_log_level of[CAIRN_LOG_MODULES];
};
/* Reads "info,projection=debug": a level for all modules, info without one, and others for some,
 * separated by commas or white space. Returns 0 or -CAIRN_INVALID, with what is wrong; `ret` is
 * then untouched. */
int cairn_log_levels_parse(const char *text, struct cairn_log_levels *ret,
                           struct cairn_error *error) CAIRN_CHECKED;
/* Any thread may set them at any time. */
void cairn_log_levels_set(const struct cairn_log_levels *levels);
/* Returns the module of a source file, "projection", and whether its lines of this level are
 * written. */
const char *cairn_log_module(const char *file);
bool cairn_log_wants(const char *file, enum cairn_log_level level);

enum { CAIRN_LOG_TRACE_BYTES = 16, CAIRN_LOG_SPAN_BYTES = 8 };

/* Sets the trace and the span that this thread's lines name from now on; NULL or zeroes for none.
 * They are copied. telemetry/trace_context.h does it for its callers. */
void cairn_log_trace(const uint8_t *trace_id, const uint8_t *span_id);

/* Return these ids, NULL for none; valid on this thread until the next call of
 * cairn_log_trace(). */
const uint8_t *cairn_log_trace_id(void);
const uint8_t *cairn_log_span_id(void);

/* Writes the line unless `level` is below the least of the file's module. Fields end at `count` or
 * at a NULL name. */
void cairn_log_fields(const char *file, enum cairn_log_level level, const char *message,
                      const struct cairn_log_field *fields, size_t count);
#define cairn_log(level, ...) cairn_log_((level), __VA_ARGS__, {.name = NULL})
#define cairn_log_(level, message, ...)                                                            \
    cairn_log_fields(__FILE__, (level), (message), (const struct cairn_log_field[]){__VA_ARGS__},  \
                     sizeof((const struct cairn_log_field[]){__VA_ARGS__}) /                       \
                         sizeof(struct cairn_log_field))

/* Logs a failure with the fields `code`, `error` (which lists the invalid fields) and, where the
 * domain refused, `reason`. */
#define cairn_log_error(level, message, error)                                                     \
    cairn_log_error_in(__FILE__, (level), (message), (error))
void cairn_log_error_in(const char *file, enum cairn_log_level level, const char *message,
                        const struct cairn_error *error);

#endif
