/* project_names.h - the names of a new project, checked, and a template's text with these names in
 * place of its own.
 *
 * In the template a thing stands for the service's noun: thing, Thing, THING, things, ThingOpened,
 * open_thing, and thing-closed in a refusal's code. Words that only contain it, such as nothing,
 * stay. `@PROJECT@` is the project's name,
 * `@CFLAGS@` what the compiler needs to find the headers, each flag after a comma.
 *
 * Units: none. Ownership: everything is in the arena, or borrowed from the arguments. */
#ifndef CAIRN_CLI_PROJECT_PROJECT_NAMES_H
#define CAIRN_CLI_PROJECT_PROJECT_NAMES_H

#include "core/containers/arena.h"

struct cairn_project_names {
    const char *directory; /* where it is made, as it was given */
    const char *project;   /* the last part of the directory: "book-shop" */
    const char *noun;      /* of the service and its streams: "credit_entry" */
    const char *plural;    /* of its read model and its URLs: "credit_entries" */
    const char *cflags;    /* ", -I/opt/cairn/include", or "" */
};

/* Checks the names that were given; `noun` and `plural` may be NULL: the noun is then the project's
 * name with underscores, the plural that of an English noun. Returns 0, or -CAIRN_CONFIG with the
 * name, what is wrong with it, and an example. */
int cairn_project_names(struct cairn_arena *arena, const char *directory, const char *noun,
                        const char *plural, struct cairn_project_names *ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Returns the text with the names. */
const char *cairn_project_rename(struct cairn_arena *arena, const struct cairn_project_names *names,
                                 const char *text);

#endif
