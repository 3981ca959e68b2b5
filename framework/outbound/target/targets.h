/* targets.h - all targets of the process. */
#ifndef CAIRN_OUTBOUND_TARGETS_H
#define CAIRN_OUTBOUND_TARGETS_H

/* Closes all targets that were called, so that each reads its URL again at its next use, with a
 * closed breaker: for tests. No call may be under way. */
void cairn_targets_close(void);

#endif
