/* empty_state.h - checks that a process can begin: its state is empty before the first input, which
 * may be any that it handles. */
#ifndef CAIRN_PROCESS_EMPTY_STATE_H
#define CAIRN_PROCESS_EMPTY_STATE_H

#include <cairn/process.h>

/* Checks that the empty state of a process is valid, so that an input which sets none of its fields
 * can begin one. Returns 0, or -CAIRN_BUG with the struct's place, the field and what to write. */
int cairn_empty_state_check(const struct cairn_process *process,
                            struct cairn_error *error) CAIRN_CHECKED;

#endif
