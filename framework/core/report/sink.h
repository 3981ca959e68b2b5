/* sink.h - writes log lines to standard error, at once or by a separate thread.
 *
 * A write to a file may take tens of milliseconds while the file system is busy with another
 * process' flush, and a service's log is often on the disk of its database. A process that serves
 * requests therefore leaves its lines to a thread, which collects them for some milliseconds; a
 * kill -9 loses those. Warnings and errors, which may be a process' last output, are written before
 * the caller continues, and after all earlier lines.
 *
 * A reader that stops reading (a full pipe), or is slow, delays callers by half a second in all,
 * and then by a twentieth of the time at most: lines for which there is no room are lost, counted,
 * and reported when the reader reads again; a warning is then written later than its caller
 * continues.
 *
 * Threads: any thread may put lines; one opens and closes. */
#ifndef CAIRN_CORE_SINK_H
#define CAIRN_CORE_SINK_H

#include <stdbool.h>
#include <stddef.h>

/* Call this first: closed descriptors among 0 to 2 would be assigned to the next sockets, and log
 * lines would go to a client. They are opened so that a read finds the end, and a write fails. */
void cairn_standard_files(void);

/* Starts the thread that writes the lines. `service` is what a line about lost lines names;
 * borrowed for the life of the process. Without the thread, or where no more threads can be
 * created, each line is written at once. */
void cairn_sink_open(const char *service);
/* Writes the remaining lines, for a second at most, and stops the thread. May be called without an
 * open. */
void cairn_sink_close(void);

/* Writes a line, which includes its newline. `urgent`: it has been written on return, unless the
 * reader has stopped. Other lines wait only while more than a megabyte is unwritten, and not for a
 * reader that is too slow. */
void cairn_sink_put(const char *line, size_t bytes, bool urgent);

#endif
