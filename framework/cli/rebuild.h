/* rebuild.h - what `cairn rebuild` looks at: one row of cairn.rebuilds, and what belongs to it.
 *
 * A projector does the work. The command asks for it by the row and looks at it until it has ended,
 * so whoever stops looking stops nothing. */
#ifndef CAIRN_CLI_REBUILD_H
#define CAIRN_CLI_REBUILD_H

#include "cli/cli.h"

#include <stdbool.h>

/* What is known of it at one moment. The texts lie in the arena of the look. */
struct cairn_cli_rebuild {
    int64_t id;
    const char *phase;
    const char *request;              /* "" */
    const char *note;                 /* why it is held; "" */
    const char *owner;                /* who has the lease of its code version; "": nobody */
    const char *kept;                 /* until when the one before can be gone back to; "" */
    const char *left_out;             /* columns that were not compared; "" */
    int64_t code_version, generation; /* generation 0: no projector has begun */
    int64_t before;                   /* that was live before; 0: none */
    int64_t done, total;              /* of the phase */
    int64_t events, rows;
    int64_t differences; /* -1: not compared */
    int64_t spent_ms;
    bool ended;
    bool live; /* the view shows its generation */
};

int cairn_cli_rebuild_look(struct cairn_pg *pg, int64_t id, struct cairn_arena *arena,
                           struct cairn_cli_rebuild *ret, struct cairn_error *error) CAIRN_CHECKED;

struct cairn_cli_watch {
    struct cairn_pg *pg;
    const char *name; /* of the read model */
    int64_t id;
    bool json;                /* a line on each change */
    bool beyond_held;         /* to be held is not its end: people have said what is to be done */
    struct cairn_arena arena; /* of what it has seen last */
};

/* Looks until the rebuild has ended or is held, or no projector has been there for 15 seconds: then
 * it is neither. */
int cairn_cli_rebuild_watch(struct cairn_cli_watch *watch, struct cairn_cli_rebuild *ret,
                            struct cairn_error *error) CAIRN_CHECKED;

#endif
