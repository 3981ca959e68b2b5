/* over_check.h - checks what a boundary declares, once at start. */
#ifndef CAIRN_COMMAND_OVER_CHECK_H
#define CAIRN_COMMAND_OVER_CHECK_H

#include <cairn/boundary.h>

/* Checks one row of a boundary against its part's events and the boundary's commands. Returns 0, or
 * -CAIRN_BUG, with what to write. */
int cairn_over_check(const struct cairn_decider *decider, const struct cairn_over *over,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Checks that a boundary has a row for the stream that the command's route names. Returns 0, or
 * -CAIRN_BUG, with what to write. Of other deciders there is nothing to check. */
int cairn_boundary_check_route(const struct cairn_decider *decider,
                               const struct cairn_command_type *command,
                               struct cairn_error *error) CAIRN_CHECKED;

#endif
