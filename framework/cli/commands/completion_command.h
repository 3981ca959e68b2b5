/* completion_command.h - the completion candidates for the shell. */
#ifndef CAIRN_CLI_COMPLETION_COMMAND_H
#define CAIRN_CLI_COMPLETION_COMMAND_H

#include "cli/cli.h"

/* Runs `cairn complete N WORD...`: prints the candidates for the word number N, from 1, one per
 * line. Names that cannot be read are not offered; the command never fails. */
int cairn_cli_complete(const struct cairn_cli_command *const *commands, int argc, char **argv);

#endif
