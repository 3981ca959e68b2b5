/* clock_shim.c - a wall clock that can be set: loaded by LD_PRELOAD into the servers and services
 * of a fault run, it adds the offset in CAIRN_CLOCK_FILE to the time of day.
 *
 * The file holds two numbers of 64 bits, microseconds: for PostgreSQL, and for all other programs.
 * The monotonic clock is not changed, as on a machine whose time is set. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset;
static int (*real_clock)(clockid_t clock, struct timespec *ret);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("CAIRN_CLOCK_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *found = dlsym(RTLD_NEXT, "clock_gettime");
    memcpy(&real_clock, &found, sizeof found); /* ISO C has no cast from data to function */
    if (file < 0)
        return;
    void *map = mmap(NULL, 2 * sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (map != MAP_FAILED)
        offset = (const int64_t *)map + (strcmp(program_invocation_short_name, "postgres") != 0);
    (void)close(file);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int failed = real_clock ? real_clock(clock, ret) : -1;
    if (failed || !offset || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return failed;
    int64_t ns = ret->tv_nsec + *offset % 1000000 * 1000;
    ret->tv_sec += *offset / 1000000 + (ns >= 1000000000) - (ns < 0);
    ret->tv_nsec = ns + (ns < 0) * 1000000000L - (ns >= 1000000000) * 1000000000L;
    return 0;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    *ret = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *ret)
{
    struct timespec now;
    time_t second = clock_gettime(CLOCK_REALTIME, &now) == 0 ? now.tv_sec : (time_t)-1;
    if (ret)
        *ret = second;
    return second;
}
