/* dev_pipe.h - reads another program's output from a pipe, by line or whole, without waiting. */
#ifndef CAIRN_CLI_DEV_DEV_PIPE_H
#define CAIRN_CLI_DEV_DEV_PIPE_H

#include "core/containers/arena.h"

#include <stdbool.h>

enum { CAIRN_DEV_PIPE_MAX = 65536 };

struct cairn_dev_pipe {
    int fd;     /* to read from; -1: closed */
    char *text; /* what was read and not yet taken; CAIRN_DEV_PIPE_MAX bytes */
    size_t length;
};

/* Opens a pipe. Returns the descriptor for the writer, which the caller closes after it has started
 * the program, or -CAIRN_UNAVAILABLE. */
int cairn_dev_pipe_open(struct cairn_dev_pipe *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Reads what there is. Of output that is not taken, the oldest half is dropped when there is too
 * much. Returns false at the end: no process writes any more. */
bool cairn_dev_pipe_read(struct cairn_dev_pipe *pipe);

/* Takes the next whole line, without its end, into the arena; NULL if there is none. At the end of
 * the output (`last`) also a line without an end. */
const char *cairn_dev_pipe_line(struct cairn_dev_pipe *pipe, struct cairn_arena *arena, bool last);

void cairn_dev_pipe_close(struct cairn_dev_pipe *pipe);

#endif
