/* dev_log_line.h - shows the log lines of services (core/report/log.h) as a person reads them. */
#ifndef CAIRN_CLI_DEV_DEV_LOG_LINE_H
#define CAIRN_CLI_DEV_DEV_LOG_LINE_H

#include "cli/dev/output/dev_output.h"

#include <stdbool.h>

enum { CAIRN_DEV_FIELDS_MAX = 24 };

/* A line: an object of texts and numbers. */
struct cairn_dev_log_line {
    size_t count;
    struct {
        const char *name;
        const char *value; /* unescaped; a number as it is written */
    } fields[CAIRN_DEV_FIELDS_MAX];
};

/* Reads a line. Returns whether it is one of a service's log; other output is text. */
bool cairn_dev_log_line_read(struct cairn_arena *arena, const char *text,
                             struct cairn_dev_log_line *ret);

/* Returns the value of a field, or "". */
const char *cairn_dev_log_line_get(const struct cairn_dev_log_line *line, const char *name);

/* Shows a line of the service: requests, warnings, errors and news. What is said at each start and
 * end is left out, as are other lines of level debug. */
void cairn_dev_log_line_show(const struct cairn_dev_output *output, const char *service,
                             const struct cairn_dev_log_line *line);

#endif
