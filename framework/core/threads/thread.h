/* thread.h - starts and joins threads, and sets their scheduling priority. */
#ifndef CAIRN_CORE_THREAD_H
#define CAIRN_CORE_THREAD_H

#include <cairn/error.h>
#include <pthread.h>

/* Starts a thread that executes `run(context)`. `purpose` says in the error what the thread does:
 * "publishes". Returns 0, or -CAIRN_CONFIG if the process may have no more threads (ulimit -u,
 * TasksMax of systemd, pids.max of its cgroup). */
int cairn_thread_start(pthread_t *ret, void *(*run)(void *context), void *context,
                       const char *purpose, struct cairn_error *error) CAIRN_CHECKED;

/* Waits until the thread has ended. */
void cairn_thread_join(pthread_t thread);

/* Lowers the calling thread's priority for good: for long work that can wait, so that other threads
 * run first where processors are scarce. */
void cairn_thread_yields(void);

#endif
