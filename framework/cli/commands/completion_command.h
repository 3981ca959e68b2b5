/* completion_command.h - the completion candidates for the shell. */
#ifndef CAIRN_CLI_COMPLETION_COMMAND_H
#define CAIRN_CLI_COMPLETION_COMMAND_H

/* Runs `cairn complete N WORD...`: prints the candidates for the word number N, from 1, one per
 * line. Names that cannot be read are not offered; the command never fails. */
int cairn_cli_complete(int argc, char **argv);

#endif
