/* private_postgres.c - makes and starts a PostgreSQL of this process' own. */
#include "cli/servers/private_postgres.h"

#include "cli/directory.h"
#include "cli/servers/postgres_programs.h"
#include "cli/servers/server_log.h"
#include "core/threads/clock.h"
#include "postgres/postgres.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_US CAIRN_SECONDS(60)
#define LEAVE_US CAIRN_SECONDS(30)
#define INITDB_US CAIRN_SECONDS(120)

const char *cairn_private_postgres_url(struct cairn_arena *arena,
                                       const struct cairn_server_directory *directory,
                                       const char *database, const char *role)
{
    return cairn_print(arena, "postgresql:///%s?host=%s&user=%s", database, directory->sockets,
                       role);
}

/* ---- what an earlier one has left ---- */

static long read_pid(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[40] = "";
    if (!file)
        return 0;
    (void)!fgets(line, sizeof line, file);
    (void)fclose(file);
    long pid = strtol(line, NULL, 10);
    return pid > 0 ? pid : 0;
}

enum sight { IS_OTHER, IS_SERVER, IS_HIDDEN };

static bool is_postgres(struct cairn_arena *arena, long pid)
{
    FILE *file = fopen(cairn_print(arena, "/proc/%ld/comm", pid), "re");
    char name[40] = "";
    if (!file)
        return false;
    (void)!fgets(name, sizeof name, file);
    (void)fclose(file);
    return strncmp(name, "postgres", 8) == 0;
}

/* Says whether a process is this cluster's server, which stands in the data directory: a pid alone
 * may have become that of any process. In a container even root may not see where another user's
 * process stands. */
static enum sight look_at(struct cairn_arena *arena, long pid, const char *data)
{
    struct stat theirs, ours;
    if (pid == 0 || !is_postgres(arena, pid) || stat(data, &ours) != 0)
        return IS_OTHER;
    if (stat(cairn_print(arena, "/proc/%ld/cwd", pid), &theirs) != 0)
        return errno == ENOENT ? IS_OTHER : IS_HIDDEN;
    return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino ? IS_SERVER : IS_OTHER;
}

/* Ends a server that a killed process has left, and removes the lock of one that is gone: its pid
 * may belong to another process now, which PostgreSQL would take for a server. */
static int clear_data(struct cairn_arena *arena, const char *data, struct cairn_error *error)
{
    const char *lock = cairn_print(arena, "%s/postmaster.pid", data);
    long pid = read_pid(lock);
    int64_t deadline_us = cairn_monotonic_us() + LEAVE_US;
    if (look_at(arena, pid, data) == IS_SERVER)
        (void)kill((pid_t)pid, SIGINT);
    while (look_at(arena, pid, data) != IS_OTHER) {
        if (cairn_monotonic_us() > deadline_us)
            return cairn_fail(error, CAIRN_UNAVAILABLE,
                              "an earlier PostgreSQL (pid %ld) still uses %s and does not end: "
                              "kill -QUIT %ld",
                              pid, data, pid);
        (void)poll(NULL, 0, 5);
    }
    if (pid)
        (void)unlink(lock);
    return 0;
}

int cairn_private_postgres_clear(struct cairn_arena *arena, const char *path,
                                 struct cairn_error *error)
{
    return clear_data(arena, cairn_print(arena, "%s/postgres/data", path), error);
}

/* ---- the cluster ---- */

/* Makes the data under another name first, so that it is there completely or not at all. */
static int make_data(struct cairn_arena *arena, const struct cairn_server_directory *directory,
                     const struct cairn_postgres_programs *programs, const char *data,
                     struct cairn_error *error)
{
    const char *making = cairn_print(arena, "%s/new", directory->postgres);
    const char *const words[] = {cairn_print(arena, "%s/initdb", programs->directory),
                                 "-D",
                                 making,
                                 "--username=postgres",
                                 "--auth=trust",
                                 "--encoding=UTF8",
                                 "--locale=C.UTF-8",
                                 "--no-sync",
                                 "--no-instructions",
                                 NULL};
    const struct cairn_program program = {
        .words = words, .user = directory->user, .directory = "/"};
    const char *said = "";
    cairn_remove_tree(making);
    int status = cairn_program_read(arena, &program, INITDB_US, &said, error);
    if (status < 0)
        return status;
    if (status > 0)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "initdb of PostgreSQL %d failed: %s",
                          programs->major, said);
    return rename(making, data) == 0 ? 0
                                     : cairn_fail(error, CAIRN_UNAVAILABLE, "%s cannot be made: %s",
                                                  data, strerror(errno));
}

/* Returns the major version of the PostgreSQL that made the data, 0 if there is none. */
static int version_of(struct cairn_arena *arena, const char *data)
{
    return (int)read_pid(cairn_print(arena, "%s/PG_VERSION", data));
}

/* ---- starting ---- */

static const char *log_path(struct cairn_arena *arena,
                            const struct cairn_server_directory *directory)
{
    return cairn_print(arena, "%s/postgres.log", directory->path);
}

static bool answers(struct cairn_arena *arena, const struct cairn_server_directory *directory)
{
    const char *url = cairn_private_postgres_url(arena, directory, "postgres", "postgres");
    struct cairn_pg *pg = NULL;
    bool good = cairn_pg_open(url, "cairn", &pg, NULL) == 0 && cairn_pg_ready(pg, NULL) == 0;
    cairn_pg_close(pg);
    return good;
}

static int await(struct cairn_arena *arena, const struct cairn_server_directory *directory,
                 struct cairn_child *child, struct cairn_error *error)
{
    int64_t deadline_us = cairn_monotonic_us() + START_US;
    while (!answers(arena, directory)) {
        if (cairn_child_wait(child, CAIRN_MILLISECONDS(20)))
            return cairn_fail(error, CAIRN_UNAVAILABLE, "PostgreSQL did not start: %s (%s)",
                              cairn_server_log_end(arena, log_path(arena, directory)),
                              log_path(arena, directory));
        if (cairn_monotonic_us() > deadline_us) {
            cairn_child_stop(child, SIGQUIT, CAIRN_SECONDS(5));
            return cairn_fail(error, CAIRN_UNAVAILABLE,
                              "PostgreSQL does not answer after %d s: see %s",
                              (int)(START_US / 1000000), log_path(arena, directory));
        }
    }
    return 0;
}

static int launch(struct cairn_arena *arena, const struct cairn_server_directory *directory,
                  const struct cairn_postgres_programs *programs, const char *data, bool durable,
                  struct cairn_child *ret, struct cairn_error *error)
{
    static const char marked[] = "cluster_name=" CAIRN_PRIVATE_MARK;
    const char *const words[] = {
        cairn_print(arena, "%s/postgres", programs->directory),
        "-D",
        data,
        "-k",
        directory->sockets,
        "-c",
        "listen_addresses=",
        "-c",
        "unix_socket_permissions=0700",
        "-c",
        "max_connections=200",
        "-c",
        "timezone=UTC",
        "-c",
        "log_timezone=UTC",
        "-c",
        marked,
        "-c",
        durable ? "fsync=on" : "fsync=off",
        NULL,
    };
    int log = cairn_server_log_open(log_path(arena, directory), error);
    if (log < 0)
        return log;
    const struct cairn_program program = {.words = words,
                                          .directory = "/",
                                          .user = directory->user,
                                          .output = log,
                                          .apart = true,
                                          .last_signal = SIGINT};
    int failed = cairn_program_start(&program, ret, error);
    (void)close(log);
    return failed ? failed : await(arena, directory, ret, error);
}

int cairn_private_postgres_start(struct cairn_arena *arena,
                                 const struct cairn_server_directory *directory, bool durable,
                                 struct cairn_child *ret, struct cairn_error *error)
{
    struct cairn_postgres_programs programs;
    const char *data = cairn_print(arena, "%s/data", directory->postgres);
    int version = version_of(arena, data);
    int failed = cairn_postgres_find(arena, version, &programs, error);
    if (!failed)
        failed = clear_data(arena, data, error);
    if (!failed && !version)
        failed = make_data(arena, directory, &programs, data, error);
    return failed ? failed : launch(arena, directory, &programs, data, durable, ret, error);
}
