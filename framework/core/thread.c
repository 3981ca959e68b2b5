/* thread.c - what a thread says of itself to the kernel. */
#include "core/thread.h"

#include <sys/resource.h>
#include <unistd.h>

enum { NICE = 10 };

/* On Linux niceness is a thread's, not the process' (sched(7)). */
void cairn_thread_yields(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
}
