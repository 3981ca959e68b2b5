/* thread.c - sets the scheduling priority of a thread. */
#include "core/thread.h"

#include <sys/resource.h>
#include <unistd.h>

enum { NICE = 10 };

/* On Linux niceness belongs to a thread, not to the process (sched(7)). */
void cairn_thread_yields(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
}
