/* watched_file.h - a file that is read again when it was replaced: of keys, or of a token.
 *
 * Threads: a file belongs to one. */
#ifndef CAIRN_IDENTITY_WATCHED_FILE_H
#define CAIRN_IDENTITY_WATCHED_FILE_H

#include <cairn/error.h>

#include <stdbool.h>
#include <sys/stat.h>

struct cairn_watched_file {
    const char *path; /* borrowed */
    struct stat seen; /* when it was read */
};

/* Returns whether the file is another one than at the last read, by its inode, size and time of
 * change; false if it is not there. */
bool cairn_watched_file_changed(const struct cairn_watched_file *file);

/* Reads it whole, but at most max_bytes + 1: more than `max_bytes` is for the caller to refuse. The
 * caller frees the text, which a NUL ends that is not counted. Returns 0, or -CAIRN_CONFIG: it
 * cannot be read; `what` names it in the message: "the file of keys". */
int cairn_watched_file_read(struct cairn_watched_file *file, const char *what, size_t max_bytes,
                            char **ret, size_t *ret_bytes, struct cairn_error *error) CAIRN_CHECKED;

#endif
