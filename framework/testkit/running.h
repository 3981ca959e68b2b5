/* running.h - says which of the author's functions ran when a signal ends the test.
 *
 * A crash in a function that a test calls would otherwise be reported as one of the kit, or of the
 * test framework. The kit is used by one thread at a time. */
#ifndef CAIRN_TESTKIT_RUNNING_H
#define CAIRN_TESTKIT_RUNNING_H

#include <cairn/test_kit.h>

enum { CAIRN_RUNNING_BYTES = 400 };

/* Begins a call, for the macro of the test at `here`, of the author's function that `format`
 * describes, such as "CAIRN_EVOLVE(order, order_paid)", defined at `file` and `line`; with a line
 * of 0, `file` has both ("orders.c:12").
 * Until cairn_running_end(), SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT print that, and then do
 * what they did before. */
void cairn_running_begin(struct cairn_here here, const char *file, int line, const char *format,
                         ...) CAIRN_PRINTF(4, 5);
void cairn_running_end(void);

/* Has the descriptions written to `place`, of CAIRN_RUNNING_BYTES, in place of being printed; it is
 * empty between two calls. */
void cairn_running_watch(char *place);

#endif
