/* private_redis.c - starts a Redis of this process' own, without a port. */
#include "cli/servers/private_redis.h"

#include "cli/servers/process_file.h"
#include "cli/servers/server_log.h"
#include "core/threads/clock.h"
#include "redis/redis.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_US CAIRN_SECONDS(30)
#define LEAVE_US CAIRN_SECONDS(30)

static const char *socket_path(struct cairn_arena *arena,
                               const struct cairn_server_directory *directory)
{
    return cairn_print(arena, "%s/redis.sock", directory->sockets);
}

const char *cairn_private_redis_url(struct cairn_arena *arena,
                                    const struct cairn_server_directory *directory)
{
    return cairn_print(arena, "unix://%s", socket_path(arena, directory));
}

static bool answers(struct cairn_arena *arena, const struct cairn_server_directory *directory)
{
    struct cairn_redis *redis = NULL;
    struct cairn_redis_reply reply;
    const struct cairn_redis_arg ping[] = {CAIRN_ARG("ping")};
    bool good = cairn_redis_open(cairn_private_redis_url(arena, directory), CAIRN_SECONDS(1),
                                 &redis, NULL) == 0 &&
                cairn_redis_call(redis, ping, 1, arena, &reply, NULL) == 0;
    cairn_redis_close(redis);
    return good;
}

static int await(struct cairn_arena *arena, const struct cairn_server_directory *directory,
                 const char *log, struct cairn_child *child, struct cairn_error *error)
{
    int64_t deadline_us = cairn_monotonic_us() + START_US;
    while (!answers(arena, directory)) {
        if (cairn_child_wait(child, CAIRN_MILLISECONDS(10)))
            return cairn_fail(error, CAIRN_UNAVAILABLE, "Redis did not start: %s (%s)",
                              cairn_server_log_end(arena, log), log);
        if (cairn_monotonic_us() > deadline_us) {
            cairn_child_stop(child, SIGKILL, 0);
            return cairn_fail(error, CAIRN_UNAVAILABLE, "Redis does not answer after %d s: see %s",
                              (int)(START_US / 1000000), log);
        }
    }
    return 0;
}

static int fail_missing(struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_UNAVAILABLE,
                      "redis-server is not installed, or not in PATH: Debian has it in the package "
                      "redis-server");
}

/* Starts it, its log at `path` and its process in the file `process`. */
static int launch(struct cairn_arena *arena, const struct cairn_server_directory *directory,
                  const char *path, const char *process, bool durable, struct cairn_child *ret,
                  struct cairn_error *error)
{
    const char *data = cairn_print(arena, "%s/redis", directory->path);
    const char *const words[] = {
        "redis-server",
        "--port",
        "0",
        "--unixsocket",
        socket_path(arena, directory),
        "--unixsocketperm",
        "700",
        "--dir",
        data,
        "--appendonly",
        durable ? "yes" : "no",
        "--save",
        "",
        "--syslog-ident",
        CAIRN_PRIVATE_MARK,
        NULL,
    };
    if (mkdir(data, 0700) != 0 && errno != EEXIST)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "%s cannot be made: %s", data, strerror(errno));
    int log = cairn_server_log_open(path, error);
    if (log < 0)
        return log;
    const struct cairn_program program = {
        .words = words, .output = log, .apart = true, .last_signal = SIGTERM};
    int failed = cairn_program_start(&program, ret, error);
    (void)close(log);
    if (failed)
        return failed;
    cairn_process_file_write(arena, process, ret->pid);
    return await(arena, directory, path, ret, error);
}

int cairn_private_redis_clear(struct cairn_arena *arena, const char *path,
                              struct cairn_error *error)
{
    return cairn_process_file_clear(arena, cairn_print(arena, "%s/redis.pid", path), SIGTERM,
                                    LEAVE_US, error);
}

/* Two on the same data would damage it, so one that a killed process has left is ended first. */
int cairn_private_redis_start(struct cairn_arena *arena,
                              const struct cairn_server_directory *directory, bool durable,
                              struct cairn_child *ret, struct cairn_error *error)
{
    const char *process = cairn_print(arena, "%s/redis.pid", directory->path);
    const char *log = cairn_print(arena, "%s/redis.log", directory->path);
    if (!cairn_program_exists("redis-server"))
        return fail_missing(error);
    int failed = cairn_private_redis_clear(arena, directory->path, error);
    return failed ? failed : launch(arena, directory, log, process, durable, ret, error);
}
