/* command_type.h - what both sides of a command, the sender and the decider, know of its type. */
#ifndef CAIRN_STORE_COMMAND_TYPE_H
#define CAIRN_STORE_COMMAND_TYPE_H

#include <cairn/decider.h>

/* Returns whether a command creates its stream. */
bool cairn_command_creates(const struct cairn_command_type *command);

/* Returns the command with this record, or NULL. */
const struct cairn_command_type *cairn_commands_of(const struct cairn_commands *commands,
                                                   const struct cairn_record *record);

#endif
