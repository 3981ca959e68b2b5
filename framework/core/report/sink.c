/* sink.c - collects log lines in one buffer while a thread writes the other.
 *
 * While the thread runs only it writes, and at most as much at a time as a writable pipe accepts
 * without blocking (pipe(7): PIPE_BUF). A reader that stops reading therefore blocks this thread
 * and no other. */
#include "core/report/sink.h"

#include "core/containers/arena.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_MAX = 1 << 20, WAIT_SHARE = 20 /* callers may wait a 20th of the time */ };

#define GATHER_US CAIRN_MILLISECONDS(5)
#define LOOK_US CAIRN_MILLISECONDS(100)  /* between two checks of close_us */
#define STALL_US CAIRN_MILLISECONDS(500) /* a reader that reads nothing for so long has stopped */
#define GRACE_US CAIRN_MILLISECONDS(10)  /* of each wait: a disk is no slow reader */
#define CLOSE_US CAIRN_SECONDS(1)        /* for the last lines */

/* Guards the variables below. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news; /* wakes the thread; on the clock of core/threads/lock.h, like `done` */
static pthread_cond_t done; /* something was written */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char *gathered, *spare;
static size_t gathered_bytes;
static uint64_t lines_put, lines_written;
static int64_t lost;         /* not yet reported */
static bool is_open, urgent; /* urgent: a line must be written at once */
static bool stalled;         /* the reader has read nothing for a while */
static int64_t close_us;     /* monotonic: the thread stops then; 0: it runs */
static pthread_t thread;
static const char *of_service = "cairn";
static int64_t patience_us; /* how long callers may wait yet, all together; may be negative */
static int64_t patient_us;  /* monotonic: when that was computed */

static struct cairn_metric lines_lost = CAIRN_COUNTER(
    "cairn_log_lines_lost_total", "Log lines dropped because their reader was too slow.", NULL);

static void make_conditions(void)
{
    cairn_cond_init(&news);
    cairn_cond_init(&done);
}

/* ---- writing ---- */

/* Writes everything, blocking: before the thread runs, and in commands. */
static void write_all(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t n = write(STDERR_FILENO, bytes, count);
        if (n < 0 && errno != EINTR)
            break; /* there is no other place to report it */
        bytes += n > 0 ? n : 0;
        count -= n > 0 ? (size_t)n : 0;
    }
}

static bool is_file(void)
{
    struct stat about;
    return fstat(STDERR_FILENO, &about) == 0 && S_ISREG(about.st_mode);
}

/* Waits until standard error is writable. Returns false when close_us has passed. */
static bool wait_for_reader(void)
{
    struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};
    int64_t since_us = cairn_monotonic_us();
    while (poll(&fd, 1, LOOK_US / 1000) == 0) {
        int64_t now_us = cairn_monotonic_us();
        cairn_lock(&lock);
        stalled = stalled || now_us - since_us > STALL_US;
        bool go = close_us && now_us > close_us;
        cairn_cond_broadcast(&done); /* no caller waits for a reader that has stopped */
        cairn_unlock(&lock);
        if (go)
            return false;
    }
    return true;
}

/* Runs on the thread. */
static void write_slowly(const char *bytes, size_t count)
{
    const size_t most = is_file() ? count : PIPE_BUF;
    while (count > 0 && wait_for_reader()) {
        ssize_t n = write(STDERR_FILENO, bytes, count < most ? count : most);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return;
        bytes += n > 0 ? n : 0;
        count -= n > 0 ? (size_t)n : 0;
    }
}

/* ---- the thread, with the lock held ---- */

static void report_lost(void)
{
    char text[400];
    char time[CAIRN_TIME_TEXT_SIZE];
    if (!lost || gathered_bytes + sizeof text > BUFFER_MAX)
        return;
    cairn_time_format(cairn_now(), time);
    int bytes =
        snprintf(text, sizeof text,
                 "{\"time\":\"%s\",\"level\":\"warn\",\"service\":\"%.100s\","
                 "\"module\":\"core\",\"message\":\"log lines were lost\",\"count\":%lld}\n",
                 time, of_service, (long long)lost);
    memcpy(gathered + gathered_bytes, text, (size_t)bytes);
    gathered_bytes += (size_t)bytes;
    lost = 0;
}

static void write_gathered(void)
{
    char *bytes = gathered;
    size_t count = gathered_bytes;
    uint64_t lines = lines_put;
    gathered = spare;
    gathered_bytes = 0;
    urgent = false;
    cairn_unlock(&lock);
    write_slowly(bytes, count);
    cairn_lock(&lock);
    spare = bytes;
    lines_written = lines;
    stalled = false;
    report_lost();
    cairn_cond_broadcast(&done);
}

static void *write_lines(void *unused)
{
    cairn_lock(&lock);
    while (!close_us || (gathered_bytes > 0 && cairn_monotonic_us() < close_us)) {
        int64_t now_us = cairn_monotonic_us();
        if (gathered_bytes == 0)
            (void)cairn_cond_wait_until(&news, &lock, INT64_MAX);
        else if (!urgent && !close_us && cairn_cond_wait_until(&news, &lock, now_us + GATHER_US) &&
                 !urgent)
            continue;
        else
            write_gathered();
    }
    cairn_unlock(&lock);
    return unused;
}

/* ---- called by any thread ---- */

/* Begins a wait for the reader, with the lock held, and returns its end. However many threads log
 * warnings, and however slow the reader is, together they wait no longer than WAIT_SHARE says. */
static int64_t begin_wait(int64_t now_us)
{
    patience_us += (now_us - patient_us) / WAIT_SHARE;
    if (patience_us > STALL_US)
        patience_us = STALL_US;
    patient_us = now_us;
    return now_us + (patience_us > 0 ? patience_us : 0);
}

static void end_wait(int64_t since_us)
{
    int64_t waited_us = cairn_monotonic_us() - since_us - GRACE_US;
    if (waited_us > 0)
        patience_us -= waited_us;
    if (patience_us < -STALL_US) /* many have waited at once, for the same time */
        patience_us = -STALL_US;
}

/* Waits for room, with the lock held. Returns false if there is none soon. */
static bool make_room(size_t bytes)
{
    if (gathered_bytes + bytes <= BUFFER_MAX)
        return true;
    int64_t now_us = cairn_monotonic_us();
    int64_t until_us = begin_wait(now_us);
    while (gathered_bytes + bytes > BUFFER_MAX && !stalled && is_open &&
           cairn_cond_wait_until(&done, &lock, until_us))
        continue;
    end_wait(now_us);
    return gathered_bytes + bytes <= BUFFER_MAX;
}

static void count_lost(void)
{
    lost++;
    cairn_metric_add(&lines_lost, "", 1);
}

static void gather(const char *line, size_t bytes, bool is_urgent)
{
    if (gathered_bytes == 0 || (is_urgent && !urgent))
        cairn_cond_signal(&news);
    memcpy(gathered + gathered_bytes, line, bytes);
    gathered_bytes += bytes;
    urgent = urgent || is_urgent;
    uint64_t mine = ++lines_put;
    if (!is_urgent)
        return;
    int64_t now_us = cairn_monotonic_us();
    int64_t until_us = begin_wait(now_us);
    while (lines_written < mine && !stalled && is_open &&
           cairn_cond_wait_until(&done, &lock, until_us))
        continue;
    end_wait(now_us);
}

void cairn_sink_put(const char *line, size_t bytes, bool is_urgent)
{
    (void)pthread_once(&once, make_conditions);
    cairn_lock(&lock);
    if (!is_open)
        write_all(line, bytes);
    else if (bytes <= BUFFER_MAX && make_room(bytes))
        gather(line, bytes, is_urgent);
    else
        count_lost();
    cairn_unlock(&lock);
}

void cairn_standard_files(void)
{
    int fd;
    while ((fd = open("/dev/null", O_RDONLY)) >= 0 && fd <= STDERR_FILENO)
        continue;
    if (fd > STDERR_FILENO)
        (void)close(fd);
}

void cairn_sink_open(const char *service)
{
    (void)pthread_once(&once, make_conditions);
    cairn_lock(&lock);
    of_service = service;
    if (!is_open) {
        gathered = gathered ? gathered : cairn_allocate(BUFFER_MAX);
        spare = spare ? spare : cairn_allocate(BUFFER_MAX);
        close_us = 0;
        is_open = pthread_create(&thread, NULL, write_lines, NULL) == 0;
    }
    cairn_unlock(&lock);
}

void cairn_sink_close(void)
{
    (void)pthread_once(&once, make_conditions);
    cairn_lock(&lock);
    bool was_open = is_open;
    close_us = cairn_monotonic_us() + CLOSE_US;
    cairn_cond_signal(&news);
    cairn_unlock(&lock);
    if (was_open)
        cairn_thread_join(thread);
    cairn_lock(&lock);
    is_open = false; /* the buffers stay: another thread may be about to put a line */
    cairn_unlock(&lock);
}
