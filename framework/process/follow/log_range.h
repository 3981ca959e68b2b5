/* log_range.h - processes a range of the log for a process manager: the events that it handles
 * become inputs, in the order of the log, and its reactions are appended. */
#ifndef CAIRN_PROCESS_LOG_RANGE_H
#define CAIRN_PROCESS_LOG_RANGE_H

#include "process/follow/log_cursor.h"
#include "process/react/input_batch.h"

struct cairn_log_range {
    int64_t to;        /* the last position in it; before an event that cannot be handled */
    int64_t own;       /* events of the process manager's own streams in it */
    bool newer;        /* it ends before an event of a newer release */
    char problem[512]; /* why it ends there, or "" */
};

/* Reacts to the events after the place, up to `range->to`. An event that the process manager cannot
 * react to, or cannot read without knowing its process, ends the range before it: that is no error.
 * An unreadable event whose process is known parks that process only (input_batch.h). Returns 0, or
 * an error of the store or the appender. */
int cairn_log_range_react(const struct cairn_log_cursor *cursor,
                          const struct cairn_event_filter *filter, struct cairn_input_batch *inputs,
                          struct cairn_log_range *range, struct cairn_error *error) CAIRN_CHECKED;

#endif
