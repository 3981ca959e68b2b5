/* thread.h - sets the scheduling priority of a thread. */
#ifndef CAIRN_CORE_THREAD_H
#define CAIRN_CORE_THREAD_H

/* Lowers the calling thread's priority for good: for long work that can wait, so that other threads
 * run first where processors are scarce. */
void cairn_thread_yields(void);

#endif
