/* dev_watch.h - notices when a source file is written, made, moved or removed. */
#ifndef CAIRN_CLI_DEV_DEV_WATCH_H
#define CAIRN_CLI_DEV_DEV_WATCH_H

#include "core/containers/arena.h"
#include "core/containers/map.h"

#include <stdbool.h>

struct cairn_dev_watch {
    struct cairn_arena *arena;
    int fd;                 /* readable when something has changed */
    struct cairn_map paths; /* of directories, by watch descriptor */
};

/* Watches the current directory and those below it, except hidden ones and build. Returns 0, or
 * -CAIRN_UNAVAILABLE with the limit that was reached and how to raise it. */
int cairn_dev_watch_open(struct cairn_arena *arena, struct cairn_dev_watch *ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Reads what has happened, without waiting. Returns the path of a source file that has changed (C,
 * SQL, a makefile), valid until the next call; NULL if none has. */
const char *cairn_dev_watch_read(struct cairn_dev_watch *watch);

void cairn_dev_watch_close(struct cairn_dev_watch *watch);

#endif
