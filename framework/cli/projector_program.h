/* projector_program.h - the program that has the projections: only it can fold read models. */
#ifndef CAIRN_CLI_PROJECTOR_PROGRAM_H
#define CAIRN_CLI_PROJECTOR_PROGRAM_H

#include "cli/cli.h"

/* Becomes that program, with these words, which end with NULL. It is the one that CAIRN_PROJECTOR
 * names, or cairn-projector beside this program, or the first in PATH. Returns only if it cannot be
 * run: the exit status. */
int cairn_cli_become_projector(const struct cairn_cli_command *command, const char *const words[]);
/* The same for the program that knows all services: the one that CAIRN_PROJECTOR names, or
 * cairn-console. */
int cairn_cli_become_console(const struct cairn_cli_command *command, const char *const words[]);

#endif
