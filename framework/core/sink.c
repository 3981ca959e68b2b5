/* sink.c - lines gathered in one buffer while the thread writes another. */
#include "core/sink.h"

#include "core/arena.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_MAX = 1 << 20, GATHER_US = 5000 };

/* Guards what follows; who has `writing` set writes, without the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER; /* for the thread */
static pthread_cond_t done = PTHREAD_COND_INITIALIZER; /* something was written */
static char *gathered, *spare;
static size_t gathered_bytes;
static bool open, writing;
static pthread_t thread;

/* One write is enough for a file or a terminal. A pipe may take a long line in pieces. */
static void write_all(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t n = write(STDERR_FILENO, bytes, count);
        if (n < 0 && errno != EINTR)
            break; /* nobody is left to be told */
        bytes += n > 0 ? n : 0;
        count -= n > 0 ? (size_t)n : 0;
    }
}

/* With the lock, which is given back meanwhile: writes all that was gathered until now, after who
 * writes already. */
static void write_gathered(void)
{
    while (writing)
        (void)pthread_cond_wait(&done, &lock);
    char *bytes = gathered;
    size_t count = gathered_bytes;
    if (count == 0)
        return;
    gathered = spare;
    gathered_bytes = 0;
    writing = true;
    (void)pthread_mutex_unlock(&lock);
    write_all(bytes, count);
    (void)pthread_mutex_lock(&lock);
    spare = bytes;
    writing = false;
    (void)pthread_cond_broadcast(&done);
}

static void *write_lines(void *unused)
{
    const struct timespec gather = {.tv_nsec = GATHER_US * 1000L};
    (void)pthread_mutex_lock(&lock);
    while (open) {
        if (gathered_bytes == 0) {
            (void)pthread_cond_wait(&news, &lock);
            continue;
        }
        (void)pthread_mutex_unlock(&lock);
        (void)nanosleep(&gather, NULL);
        (void)pthread_mutex_lock(&lock);
        write_gathered();
    }
    (void)pthread_mutex_unlock(&lock);
    return unused;
}

static void gather(const char *line, size_t bytes)
{
    while (gathered_bytes + bytes > BUFFER_MAX)
        write_gathered();
    if (gathered_bytes == 0)
        (void)pthread_cond_signal(&news);
    memcpy(gathered + gathered_bytes, line, bytes);
    gathered_bytes += bytes;
}

void cairn_sink_put(const char *line, size_t bytes, bool urgent)
{
    (void)pthread_mutex_lock(&lock);
    if (!open || bytes > BUFFER_MAX) {
        write_gathered();
        write_all(line, bytes);
    } else {
        gather(line, bytes);
        if (urgent)
            write_gathered();
    }
    (void)pthread_mutex_unlock(&lock);
}

void cairn_sink_open(void)
{
    (void)pthread_mutex_lock(&lock);
    if (!open) {
        gathered = gathered ? gathered : cairn_allocate(BUFFER_MAX);
        spare = spare ? spare : cairn_allocate(BUFFER_MAX);
        open = true;
        if (pthread_create(&thread, NULL, write_lines, NULL) != 0)
            open = false;
    }
    (void)pthread_mutex_unlock(&lock);
}

void cairn_sink_close(void)
{
    (void)pthread_mutex_lock(&lock);
    bool was_open = open;
    write_gathered();
    open = false;
    (void)pthread_cond_signal(&news);
    (void)pthread_mutex_unlock(&lock);
    if (was_open) /* the buffers stay: somebody may be about to say something */
        (void)pthread_join(thread, NULL);
}
