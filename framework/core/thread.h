/* thread.h - what a thread says of itself to the kernel. */
#ifndef CAIRN_CORE_THREAD_H
#define CAIRN_CORE_THREAD_H

/* This thread has work that takes long and can wait: others go first where processors are short. It
 * stays so. */
void cairn_thread_yields(void);

#endif
