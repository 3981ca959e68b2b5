/* dev_pipe.c - reads another program's output from a pipe. */
#include "cli/dev/output/dev_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cairn_dev_pipe_open(struct cairn_dev_pipe *ret, struct cairn_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "no pipe can be made: %s", strerror(errno));
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *ret = (struct cairn_dev_pipe){.fd = ends[0], .text = cairn_allocate(CAIRN_DEV_PIPE_MAX + 1)};
    return ends[1];
}

static void make_room(struct cairn_dev_pipe *pipe)
{
    size_t half = CAIRN_DEV_PIPE_MAX / 2;
    if (pipe->length < CAIRN_DEV_PIPE_MAX)
        return;
    pipe->length -= half;
    memmove(pipe->text, pipe->text + half, pipe->length);
}

bool cairn_dev_pipe_read(struct cairn_dev_pipe *pipe)
{
    while (pipe->fd >= 0) {
        make_room(pipe);
        ssize_t bytes =
            read(pipe->fd, pipe->text + pipe->length, CAIRN_DEV_PIPE_MAX - pipe->length);
        if (bytes == 0)
            return false;
        if (bytes < 0)
            return errno == EAGAIN || errno == EINTR;
        pipe->length += (size_t)bytes;
        pipe->text[pipe->length] = '\0';
    }
    return false;
}

const char *cairn_dev_pipe_line(struct cairn_dev_pipe *pipe, struct cairn_arena *arena, bool last)
{
    const char *end = pipe->length ? memchr(pipe->text, '\n', pipe->length) : NULL;
    if (!end && (!last || pipe->length == 0) && pipe->length < CAIRN_DEV_PIPE_MAX)
        return NULL;
    size_t bytes = end ? (size_t)(end - pipe->text) : pipe->length;
    const char *line = cairn_copy_bytes(arena, pipe->text, bytes);
    bytes += end ? 1 : 0;
    pipe->length -= bytes;
    memmove(pipe->text, pipe->text + bytes, pipe->length);
    pipe->text[pipe->length] = '\0';
    return line;
}

void cairn_dev_pipe_close(struct cairn_dev_pipe *pipe)
{
    if (pipe->text && pipe->fd >= 0)
        (void)close(pipe->fd);
    free(pipe->text);
    *pipe = (struct cairn_dev_pipe){.fd = -1};
}
