/* process_file.c - remembers a process in a file, and ends what the file names. */
#include "cli/servers/process_file.h"

#include "core/threads/clock.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 200 };

/* Copies the first line of a file; "" if it cannot be read. */
static void read_line(const char *path, char ret[static LINE_SIZE])
{
    FILE *file = fopen(path, "re");
    ret[0] = '\0';
    if (!file)
        return;
    if (!fgets(ret, LINE_SIZE, file))
        ret[0] = '\0';
    ret[strcspn(ret, "\n")] = '\0';
    (void)fclose(file);
}

/* Returns when the process started, in ticks since the boot; 0 if there is none, or only its
 * remains. The name in parentheses, field 2 of the line, may have any characters. */
static unsigned long long start_of(struct cairn_arena *arena, long pid)
{
    char line[2 * LINE_SIZE];
    char state = 'X';
    unsigned long long start = 0;
    FILE *file = fopen(cairn_print(arena, "/proc/%ld/stat", pid), "re");
    if (!file)
        return 0;
    bool good = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    const char *rest = good ? strrchr(line, ')') : NULL;
    if (!rest || sscanf(rest + 1,
                        " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
                        " %*s %*s %llu",
                        &state, &start) != 2)
        return 0;
    return state == 'Z' || state == 'X' ? 0 : start;
}

static void boot_id(char ret[static LINE_SIZE])
{
    read_line("/proc/sys/kernel/random/boot_id", ret);
}

void cairn_process_file_write(struct cairn_arena *arena, const char *path, pid_t pid)
{
    char boot[LINE_SIZE];
    FILE *file = fopen(path, "we");
    if (!file)
        return;
    boot_id(boot);
    (void)fprintf(file, "%ld %llu %s\n", (long)pid, start_of(arena, pid), boot);
    (void)fclose(file);
}

/* Returns the pid of the process that the file names, if that very process still runs; else 0. */
static long living(struct cairn_arena *arena, const char *path)
{
    char line[LINE_SIZE];
    char boot[LINE_SIZE];
    char its_boot[LINE_SIZE] = "";
    long pid = 0;
    unsigned long long start = 0;
    read_line(path, line);
    boot_id(boot);
    if (sscanf(line, "%ld %llu %199s", &pid, &start, its_boot) != 3 || pid <= 0)
        return 0;
    return strcmp(boot, its_boot) == 0 && start && start_of(arena, pid) == start ? pid : 0;
}

static bool await_end(struct cairn_arena *arena, const char *path, int64_t us)
{
    int64_t deadline_us = cairn_monotonic_us() + us;
    while (living(arena, path)) {
        if (cairn_monotonic_us() > deadline_us)
            return false;
        (void)poll(NULL, 0, 5);
    }
    return true;
}

int cairn_process_file_clear(struct cairn_arena *arena, const char *path, int signal, int64_t us,
                             struct cairn_error *error)
{
    long pid = living(arena, path);
    if (pid)
        (void)kill((pid_t)pid, signal);
    if (pid && !await_end(arena, path, us)) {
        (void)kill((pid_t)pid, SIGKILL);
        if (!await_end(arena, path, CAIRN_SECONDS(10)))
            return cairn_fail(error, CAIRN_UNAVAILABLE,
                              "a process of an earlier run (pid %ld) does not end, even killed",
                              pid);
    }
    (void)unlink(path);
    return 0;
}
