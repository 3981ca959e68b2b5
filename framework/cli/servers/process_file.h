/* process_file.h - remembers a process in a file, so that a later run can end what a killed one has
 * left.
 *
 * A pid alone names nothing: it may have become that of any process. Together with the start of the
 * process and the boot of the machine it names one for ever. */
#ifndef CAIRN_CLI_SERVERS_PROCESS_FILE_H
#define CAIRN_CLI_SERVERS_PROCESS_FILE_H

#include "core/containers/arena.h"

#include <sys/types.h>

/* Writes the file. A failure is ignored: the process can then not be found again. */
void cairn_process_file_write(struct cairn_arena *arena, const char *path, pid_t pid);

/* Sends the signal to the process that the file names, if it still runs, waits at most `us`, then
 * kills it; and removes the file. Returns 0, or -CAIRN_UNAVAILABLE if it does not end. */
int cairn_process_file_clear(struct cairn_arena *arena, const char *path, int signal, int64_t us,
                             struct cairn_error *error) CAIRN_CHECKED;

#endif
