/* template_directory.h - finds the files that a new project is made of. */
#ifndef CAIRN_CLI_PROJECT_TEMPLATE_DIRECTORY_H
#define CAIRN_CLI_PROJECT_TEMPLATE_DIRECTORY_H

#include "core/containers/arena.h"

/* Sets the directory of the template: what CAIRN_TEMPLATES names, else ../share/cairn/project
 * beside the running program's directory, else deploy/project in the tree that it was built in.
 * Returns 0, or -CAIRN_UNAVAILABLE, naming the places that were searched. */
int cairn_template_directory(struct cairn_arena *arena, const char **ret,
                             struct cairn_error *error) CAIRN_CHECKED;

/* Returns the flag that lets a compiler find the headers beside the running program, ", -I…" for a
 * list of flags; "" where it finds them without. */
const char *cairn_template_cflags(struct cairn_arena *arena);

#endif
