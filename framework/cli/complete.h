/* complete.h - what the shell is told when somebody presses tab. */
#ifndef CAIRN_CLI_COMPLETE_H
#define CAIRN_CLI_COMPLETE_H

/* `cairn complete N WORD...`: prints the candidates for the word number N, from 1, one a line. What
 * cannot be found out is not offered; it never fails. */
int cairn_cli_complete(int argc, char **argv);

#endif
