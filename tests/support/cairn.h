/* cairn.h - the `cairn` command, run as a shell runs it. */
#ifndef CAIRN_COMMAND_H
#define CAIRN_COMMAND_H

/* What the last run wrote to both of its outputs. */
extern char said[65536];

/* Runs `cairn ARGUMENTS`, which a shell reads: it may redirect. Returns the exit status. */
int cairn_run(const char *database_url, const char *arguments);

/* The same, and the test fails unless it ends with the status and says the words. */
void cairn_expect(const char *database_url, int status, const char *arguments, const char *words);

/* Does the last run's output have these words? */
int cairn_said(const char *words);

#endif
