/* watched_file.c - reads a file, and tells when it was replaced. */
#include "identity/watched_file.h"

#include "core/containers/arena.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool cairn_watched_file_changed(const struct cairn_watched_file *file)
{
    struct stat now;
    if (stat(file->path, &now) != 0)
        return false;
    return now.st_ino != file->seen.st_ino || now.st_size != file->seen.st_size ||
           now.st_mtim.tv_sec != file->seen.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != file->seen.st_mtim.tv_nsec;
}

int cairn_watched_file_read(struct cairn_watched_file *file, const char *what, size_t max_bytes,
                            char **ret, size_t *ret_bytes, struct cairn_error *error)
{
    FILE *stream = fopen(file->path, "re");
    if (!stream || fstat(fileno(stream), &file->seen) != 0) {
        int why = errno;
        if (stream)
            (void)fclose(stream);
        return cairn_fail(error, CAIRN_CONFIG, "%s %s cannot be read: %s", what, file->path,
                          strerror(why));
    }
    char *text = cairn_allocate(max_bytes + 2);
    *ret_bytes = fread(text, 1, max_bytes + 1, stream);
    (void)fclose(stream);
    *ret = text;
    return 0;
}
