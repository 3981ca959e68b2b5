/* command_type.c - what both sides of a command know of its type. */
#include "store/command_type.h"

#include "record/json.h"

#include <string.h>

bool cairn_command_creates(const struct cairn_command_type *command)
{
    return command->route ? !strstr(command->route, "{id}") : command->creates;
}

const struct cairn_command_type *cairn_commands_of(const struct cairn_commands *commands,
                                                   const struct cairn_record *record)
{
    for (uint32_t i = 0; i < commands->count; i++) {
        if (cairn_record_same(commands->types[i].record, record))
            return &commands->types[i];
    }
    return NULL;
}
