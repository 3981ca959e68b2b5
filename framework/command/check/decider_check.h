/* decider_check.h - checks what a decider declares, once at start. */
#ifndef CAIRN_COMMAND_DECIDER_CHECK_H
#define CAIRN_COMMAND_DECIDER_CHECK_H

#include <cairn/decider.h>

/* Each returns 0 or -CAIRN_BUG, with the place of the declaration. */

/* Checks the form of a command's route: "METHOD /path". */
int cairn_route_check(const struct cairn_command_type *command,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Checks the decider's state, and what it has itself. */
int cairn_decider_check_state(const struct cairn_decider *decider,
                              struct cairn_error *error) CAIRN_CHECKED;

/* Checks the command at this place: its struct, its route, its facts. */
int cairn_decider_check_command(const struct cairn_decider *decider, uint32_t command,
                                struct cairn_error *error) CAIRN_CHECKED;

/* Checks all of it, and its events. */
int cairn_decider_check(const struct cairn_decider *decider,
                        struct cairn_error *error) CAIRN_CHECKED;

#endif
