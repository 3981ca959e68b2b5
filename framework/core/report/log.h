/* log.h - the log: one JSON object per line on standard error: time, level, service, message,
 * fields.
 *
 *     cairn_log(CAIRN_LOG_INFO, "listening", CAIRN_LOG_INTEGER("port", port));
 *
 * Only the outermost layers log (http, projection's loop, runtime, cli) and background threads,
 * which have no caller (store's follower and notifier); everything else returns its error. The
 * trace id of the request that the thread serves is added automatically.
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
int cairn_log_level_parse(const char *name, enum cairn_log_level *ret) CAIRN_CHECKED;

/* Sets the trace id that this thread's lines carry from now on; NULL for none. Copied, at most 39
 * bytes. */
void cairn_log_trace(const char *trace_id);
bool cairn_log_has_trace(void);

/* Returns that id, "" for none; valid on this thread until the next call of cairn_log_trace(). */
const char *cairn_log_trace_id(void);

/* Writes the line unless `level` is below the minimum. Fields end at `count` or at a NULL name. */
void cairn_log_fields(enum cairn_log_level level, const char *message,
                      const struct cairn_log_field *fields, size_t count);
#define cairn_log(level, ...) cairn_log_((level), __VA_ARGS__, {.name = NULL})
#define cairn_log_(level, message, ...)                                                            \
    cairn_log_fields((level), (message), (const struct cairn_log_field[]){__VA_ARGS__},            \
                     sizeof((const struct cairn_log_field[]){__VA_ARGS__}) /                       \
                         sizeof(struct cairn_log_field))

/* Logs a failure with the fields `code`, `error` (which lists the invalid fields) and, where the
 * domain refused, `reason`. */
void cairn_log_error(enum cairn_log_level level, const char *message,
                     const struct cairn_error *error);

#endif
