/* thread.c - starts and joins threads, and sets their scheduling priority. */
#include "core/threads/thread.h"

#include <assert.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NICE = 10 };

int cairn_thread_start(pthread_t *ret, void *(*run)(void *context), void *context,
                       const char *purpose, struct cairn_error *error)
{
    int wrong = pthread_create(ret, NULL, run, context);
    return wrong ? cairn_fail(error, CAIRN_CONFIG, "cannot start the thread that %s: %s", purpose,
                              strerror(wrong))
                 : 0;
}

void cairn_thread_join(pthread_t thread)
{
    int wrong = pthread_join(thread, NULL);
    assert(!wrong);
    (void)wrong;
}

/* On Linux niceness belongs to a thread, not to the process (sched(7)). */
void cairn_thread_yields(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
}
