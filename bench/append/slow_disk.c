/* slow_disk.c - slows down the disk of a PostgreSQL that is started with this library in
 * LD_PRELOAD: every fdatasync takes CAIRN_SLOW_DISK_US microseconds longer, 2000 if it is unset.
 *
 * PostgreSQL flushes only its write-ahead log with fdatasync (wal_sync_method = fdatasync), one
 * commit or one group of commits at a time: this is what an append waits for. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void wait_us(long us)
{
    struct timespec left = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}

int fdatasync(int file)
{
    static int (*flush)(int file);
    static long delay_us;
    if (!flush) {
        const char *delay = getenv("CAIRN_SLOW_DISK_US");
        delay_us = delay ? strtol(delay, NULL, 10) : 2000;
        *(void **)&flush = dlsym(RTLD_NEXT, "fdatasync");
    }
    wait_us(delay_us);
    return flush(file);
}
