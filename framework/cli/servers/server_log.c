/* server_log.c - opens the logs of private servers, and reads their ends for messages. */
#include "cli/servers/server_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { END_BYTES = 300 };

int cairn_server_log_open(const char *path, struct cairn_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    return fd >= 0 ? fd
                   : cairn_fail(error, CAIRN_UNAVAILABLE, "%s cannot be written: %s", path,
                                strerror(errno));
}

const char *cairn_server_log_end(struct cairn_arena *arena, const char *path)
{
    char text[END_BYTES + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return "";
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > END_BYTES ? size - END_BYTES : 0;
    ssize_t bytes = pread(fd, text, END_BYTES, from);
    (void)close(fd);
    text[bytes > 0 ? bytes : 0] = '\0';
    char *begin = text;
    if (from > 0 && strchr(text, '\n'))
        begin = strchr(text, '\n') + 1;
    size_t length = strlen(begin);
    while (length && begin[length - 1] == '\n')
        begin[--length] = '\0';
    for (char *at = begin; (at = strchr(at, '\n'));)
        *at = ';';
    return cairn_copy_text(arena, begin);
}
