/* dev_directory.c - makes and locks the directory .cairn of a project. */
#include "cli/dev/dev_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK CAIRN_DEV_DIRECTORY "/lock"
#define ENV CAIRN_DEV_DIRECTORY "/env"

static int fail_locked(int lock, struct cairn_error *error)
{
    char pid[24] = "";
    ssize_t bytes = pread(lock, pid, sizeof pid - 1, 0);
    pid[bytes > 0 ? bytes : 0] = '\0';
    pid[strcspn(pid, "\n")] = '\0';
    (void)close(lock);
    return cairn_fail(error, CAIRN_CONFLICT,
                      "it runs in this directory already (pid %s): stop that one with Ctrl-C; "
                      "`. " ENV "` in another terminal reaches its servers",
                      *pid ? pid : "unknown");
}

/* The descriptor stays open, and with it the lock, until the process ends. */
static int take_lock(struct cairn_arena *arena, struct cairn_error *error)
{
    int lock = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return cairn_fail(error, CAIRN_UNAVAILABLE, LOCK " cannot be written: %s", strerror(errno));
    if (flock(lock, LOCK_EX | LOCK_NB) != 0)
        return fail_locked(lock, error);
    const char *pid = cairn_print(arena, "%ld\n", (long)getpid());
    (void)!ftruncate(lock, 0);
    (void)!pwrite(lock, pid, strlen(pid), 0);
    return 0;
}

int cairn_dev_directory_open(struct cairn_arena *arena, struct cairn_error *error)
{
    if (mkdir(CAIRN_DEV_DIRECTORY, 0711) == 0)
        (void)chmod(CAIRN_DEV_DIRECTORY,
                    0711); /* the user whom PostgreSQL runs as passes through */
    else if (errno != EEXIST)
        return cairn_fail(error, CAIRN_UNAVAILABLE, CAIRN_DEV_DIRECTORY " cannot be made: %s",
                          strerror(errno));
    return take_lock(arena, error);
}

void cairn_dev_directory_write_env(const char *database_url, const char *redis_url)
{
    FILE *file = fopen(ENV, "we");
    if (!file)
        return;
    (void)fprintf(file,
                  "# How to reach the servers of `cairn dev`: . " ENV "\n"
                  "export DATABASE_URL='%s'\nexport REDIS_URL='%s'\n",
                  database_url, redis_url);
    (void)fclose(file);
}
