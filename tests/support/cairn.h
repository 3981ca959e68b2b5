/* cairn.h - runs the `cairn` command through a shell. */
#ifndef CAIRN_COMMAND_H
#define CAIRN_COMMAND_H

/* The last run's stdout and stderr. */
extern char said[65536];

/* Runs `cairn ARGUMENTS` through a shell, so ARGUMENTS may redirect. Returns the exit status. */
int cairn_run(const char *database_url, const char *arguments);

/* The same, but fails the test unless the exit status and a part of the output are these. */
void cairn_expect(const char *database_url, int status, const char *arguments, const char *words);

/* Returns whether the last run's output contains these words. */
int cairn_said(const char *words);

#endif
