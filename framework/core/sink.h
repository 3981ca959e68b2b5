/* sink.h - where the lines of the log go: standard error, at once or by a thread of its own.
 *
 * A write to a file may take tens of milliseconds while the file system is busy with somebody
 * else's flush, and a service's log is often on the disk of its database. So whoever serves
 * requests leaves its lines to a thread, which gathers them for some milliseconds; a kill -9 loses
 * those. Warnings and errors, which may be a process' last words, are written before the caller
 * goes on, and after all that was said before.
 *
 * A reader that stops reading (a full pipe) delays callers by half a second, once: lines for which
 * there is no room are lost, counted, and reported when the reader reads again.
 *
 * Threads: any thread may put lines; one opens and closes. */
#ifndef CAIRN_CORE_SINK_H
#define CAIRN_CORE_SINK_H

#include <stdbool.h>
#include <stddef.h>

/* First of all: descriptors 0 to 2 that are closed would be given to the next sockets, and what is
 * said would go to a client. They are opened so that reading finds the end, and writing fails. */
void cairn_standard_files(void);

/* From now on lines are left to a thread. Without it, or where there can be no more threads, each
 * is written at once. */
void cairn_sink_open(void);
/* Writes what is left, for a second at most, and ends the thread. May be called without an open. */
void cairn_sink_close(void);

/* A line with its newline. `urgent`: it has been written when this returns. Waits only while more
 * than a megabyte has not been written, and only for a reader that reads. */
void cairn_sink_put(const char *line, size_t bytes, bool urgent);

#endif
