/* thing.c - the rules of a thing: it is opened, and closed at most once. */
#include "thing.h"

#include "../../projections/things.h"

#include <cairn/service.h>

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

/* ---- decisions ---- */

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

/* ---- the service: accepts commands, follows the log, answers queries ---- */

static const struct cairn_resource thing_resources[] = {
    {.path = "/things/{id}",
     .projection = &things_projection,
     .allow = CAIRN_SIGNED_IN,
     .help = "One of them."},
    {.path = "/things",
     .projection = &things_projection,
     .list = true,
     .filters = {{"closed", "closed", CAIRN_EQUAL}},
     .order = "opened_at",
     .descending = true,
     .allow = CAIRN_SIGNED_IN,
     .help = "All of them, the newest first."},
    {0},
};

const struct cairn_service thing_service = {
    .name = "thing",
    .port = 8099,
    .help = "opens what can be closed once",
    .deciders = {&thing_decider},
    .projections = {&things_projection},
    .resources = thing_resources,
};
