/* thing.c - the rules of a thing: it is opened, and closed at most once. */
#include "thing.h"

/* ---- state: what the rules need ---- */

CAIRN_STRUCT(thing, BOOL(closed));

CAIRN_EVOLVE(thing, thing_opened)
{
    self->closed = false;
}

CAIRN_EVOLVE(thing, thing_closed)
{
    self->closed = true;
}

/* ---- decisions: no I/O, no clock ---- */

CAIRN_DECIDE(thing, open_thing)
{
    CAIRN_EMIT(ret, thing_opened, .title = command->title);
    return 0;
}

CAIRN_DECIDE(thing, close_thing)
{
    if (self->closed)
        return cairn_refuse(error, "thing-closed", "it was closed before");

    CAIRN_EMIT(ret, thing_closed, .reason = command->reason);
    return 0;
}

/* Raise state_version when the state or what folds it changes. */
CAIRN_DECIDER(thing, .state_version = 1, .help = "What is opened, and closed once.");
