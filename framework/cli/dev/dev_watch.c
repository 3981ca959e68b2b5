/* dev_watch.c - watches the directories of a project by inotify. */
#include "cli/dev/dev_watch.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Editors write in place, or write another file and rename it. */
#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE)

enum { DEPTH_MAX = 12 };

static bool is_source(const char *name)
{
    static const char *const endings[] = {".c", ".h", ".sql", ".mk"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcmp(name + length - ending, endings[i]) == 0)
            return name[0] != '.';
    }
    return strcmp(name, "Makefile") == 0;
}

static bool is_watched(const char *name)
{
    return name[0] != '.' && strcmp(name, "build") != 0 && strcmp(name, "node_modules") != 0;
}

static const char *key_of(struct cairn_arena *arena, int descriptor)
{
    return cairn_print(arena, "%d", descriptor);
}

static int fail_to_watch(const char *path, struct cairn_error *error)
{
    if (errno == ENOSPC)
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "%s cannot be watched: this user watches as many directories as it may; "
                          "raise it with sysctl fs.inotify.max_user_watches=524288",
                          path);
    return cairn_fail(error, CAIRN_UNAVAILABLE, "%s cannot be watched: %s", path, strerror(errno));
}

/* Watches a directory and those below it. One that is gone again meanwhile is no failure. */
static int add_tree(struct cairn_dev_watch *watch, const char *path, int depth,
                    struct cairn_error *error)
{
    int descriptor = inotify_add_watch(watch->fd, path, CHANGES | IN_ONLYDIR);
    if (descriptor < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail_to_watch(path, error);
    *cairn_map_at(&watch->paths, key_of(watch->arena, descriptor)) =
        cairn_copy_text(watch->arena, path);
    DIR *directory = opendir(path);
    int failed = 0;
    for (const struct dirent *entry; directory && !failed && (entry = readdir(directory));) {
        if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) && is_watched(entry->d_name) &&
            depth < DEPTH_MAX)
            failed = add_tree(watch, cairn_print(watch->arena, "%s/%s", path, entry->d_name),
                              depth + 1, error);
    }
    if (directory)
        (void)closedir(directory);
    return failed;
}

int cairn_dev_watch_open(struct cairn_arena *arena, struct cairn_dev_watch *ret,
                         struct cairn_error *error)
{
    *ret = (struct cairn_dev_watch){.arena = arena, .paths = cairn_map(arena)};
    ret->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (ret->fd < 0)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "files cannot be watched: %s", strerror(errno));
    int failed = add_tree(ret, ".", 0, error);
    if (failed)
        cairn_dev_watch_close(ret);
    return failed;
}

/* Returns the path of a source file that the event is about; NULL if it is about none. After an
 * overflow of the kernel's queue, any may have changed. A new directory is watched from now on, and
 * counts as a change: what was in it already has no event. */
static const char *consider(struct cairn_dev_watch *watch, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        return "many files";
    const char *directory = cairn_map_get(&watch->paths, key_of(watch->arena, event->wd));
    if (event->len == 0 || !directory)
        return NULL;
    const char *path = cairn_print(watch->arena, "%s/%s", directory, event->name);
    path += strncmp(path, "./", 2) == 0 ? 2 : 0;
    if (event->mask & IN_ISDIR) {
        bool is_new = (event->mask & (IN_CREATE | IN_MOVED_TO)) && is_watched(event->name);
        return is_new && add_tree(watch, path, 0, NULL) == 0 ? path : NULL;
    }
    /* the creation of a file is followed by its writing, or is that of a link */
    bool is_begun = event->mask & IN_CREATE;
    return is_source(event->name) && !is_begun ? path : NULL;
}

const char *cairn_dev_watch_read(struct cairn_dev_watch *watch)
{
    union {
        char bytes[16384];
        struct inotify_event first; /* aligns it */
    } buffer;
    const char *changed = NULL;
    for (ssize_t count; (count = read(watch->fd, buffer.bytes, sizeof buffer.bytes)) > 0;) {
        for (const char *at = buffer.bytes; at < buffer.bytes + count;) {
            struct inotify_event event;
            memcpy(&event, at, sizeof event);
            const char *path = consider(watch, (const struct inotify_event *)(const void *)at);
            changed = changed ? changed : path;
            at += sizeof event + event.len;
        }
    }
    return changed;
}

void cairn_dev_watch_close(struct cairn_dev_watch *watch)
{
    if (watch->fd >= 0)
        (void)close(watch->fd);
    watch->fd = -1;
}
