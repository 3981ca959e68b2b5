/* postgres_programs.h - finds the programs of an installed PostgreSQL. */
#ifndef CAIRN_CLI_SERVERS_POSTGRES_PROGRAMS_H
#define CAIRN_CLI_SERVERS_POSTGRES_PROGRAMS_H

#include "core/containers/arena.h"

enum { CAIRN_POSTGRES_OLDEST = 15, CAIRN_POSTGRES_NEWEST = 18 };

struct cairn_postgres_programs {
    const char *directory; /* with initdb and postgres; absolute */
    int major;
};

/* Finds the newest PostgreSQL that Cairn supports, or that of the major version `wanted` unless it
 * is 0: in the directory that CAIRN_POSTGRES_BIN names, else where pg_config, Debian and PATH have
 * it. Returns 0, or -CAIRN_UNAVAILABLE with what was found and what to install. */
int cairn_postgres_find(struct cairn_arena *arena, int wanted, struct cairn_postgres_programs *ret,
                        struct cairn_error *error) CAIRN_CHECKED;

#endif
