/* unlisted.h - finds projections, processes, reactors and consumers that a program contains and
 * that none of its services lists: they do nothing, and an author may have forgotten them.
 *
 * A program may contain more than it runs: all sources of a project are often linked with each of
 * its programs. What is found is therefore a warning, and only of what
 *   is declared in a directory of which the program runs something else,
 *   is not read by a resource or a publication of the program, and
 *   was never run on this database, by any program. */
#ifndef CAIRN_RUNTIME_UNLISTED_H
#define CAIRN_RUNTIME_UNLISTED_H

#include "core/containers/arena.h"

#include <cairn/service.h>

/* Finds what the services do not list, whatever has run. Returns the count, and in `ret` an array
 * in the arena, sorted by place. */
size_t cairn_unlisted_find(const struct cairn_service *const services[], struct cairn_arena *arena,
                           const struct cairn_declared ***ret);

/* Returns what is not listed, where, and what to write. */
const char *cairn_unlisted_text(const struct cairn_declared *declared, struct cairn_arena *arena);

/* Logs a warning for each that was found and that has never run on the database. A process without
 * a database (`url` is NULL), or one that cannot be asked, warns of all. */
void cairn_unlisted_warn(const struct cairn_service *const services[], const char *url);

#endif
