/* range.h - a range of the log, as a process manager takes it: the events that it waits for become
 * inputs, in the order of the log, and what it makes of them is appended. */
#ifndef CAIRN_PROCESS_RANGE_H
#define CAIRN_PROCESS_RANGE_H

#include "process/inputs.h"
#include "process/place.h"

struct cairn_range {
    int64_t to;        /* the last position in it; it ends before what cannot be dealt with */
    int64_t own;       /* events of the process manager's own streams in it */
    bool newer;        /* it ends before an event of a newer release */
    char problem[512]; /* why it ends there, or "" */
};

/* Reacts to what lies behind the place, up to `range->to`. An event that the process
 * manager cannot react to, or cannot read without knowing which process it is for, ends the range
 * before it: that is no failure. One whose process is known parks that process only (inputs.h).
 * Returns 0, or what the store or the appender says. */
int cairn_range_react(const struct cairn_place *place, const struct cairn_event_filter *filter,
                      struct cairn_inputs *inputs, struct cairn_range *range,
                      struct cairn_error *error) CAIRN_CHECKED;

#endif
