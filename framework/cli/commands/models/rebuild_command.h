/* rebuild_command.h - the state that `cairn rebuild` shows: one row of cairn.rebuilds, and what
 * belongs to it.
 *
 * A projector does the work. The command requests it by the row and polls the row until the rebuild
 * has ended, so interrupting the command does not stop the rebuild. */
#ifndef CAIRN_CLI_REBUILD_COMMAND_H
#define CAIRN_CLI_REBUILD_COMMAND_H

#include "cli/cli.h"

#include <stdbool.h>

/* A snapshot of a rebuild. The texts are in the arena that was passed. */
struct cairn_cli_rebuild {
    int64_t id;
    const char *phase;
    const char *request;              /* "" */
    const char *note;                 /* why it is held, or what it waits for; "" */
    const char *owner;                /* of the lease of its code version; "": no owner */
    const char *kept;                 /* until when a rollback is possible; "" */
    const char *left_out;             /* columns that were not compared; "" */
    int64_t code_version, generation; /* generation 0: no projector has begun */
    int64_t before;                   /* the live one before; 0: none */
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
    bool json;                /* print a line on each change */
    bool beyond_held;         /* do not stop when it is held: it was accepted or cancelled */
    struct cairn_arena arena; /* of the last snapshot */
};

/* Polls until the rebuild has ended or is held, or until no projector has had the lease for 15
 * seconds: then it is neither. */
int cairn_cli_rebuild_watch(struct cairn_cli_watch *watch, struct cairn_cli_rebuild *ret,
                            struct cairn_error *error) CAIRN_CHECKED;

#endif
