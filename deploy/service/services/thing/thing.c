/* thing.c - the rules of a thing: it is opened, and closed at most once. */
#include "thing.h"

#include "../../projections/things.h"

#include <cairn/service.h>

/* ---- events and commands: a field table beside each struct ---- */

CAIRN_RECORD(thing_opened, CAIRN_FIELD(thing_opened, title, .max_bytes = 200));
CAIRN_RECORD(thing_closed, CAIRN_FIELD(thing_closed, reason, .max_bytes = 200));

CAIRN_EVENTS(thing, CAIRN_EVENT(thing, THING_OPENED, thing_opened, "ThingOpened", 1),
             CAIRN_EVENT(thing, THING_CLOSED, thing_closed, "ThingClosed", 1));

CAIRN_RECORD(open_thing, CAIRN_FIELD(open_thing, title, .max_bytes = 200));
CAIRN_RECORD(close_thing, CAIRN_FIELD(close_thing, reason, .max_bytes = 200));

CAIRN_COMMANDS(thing,
               CAIRN_COMMAND(thing, OPEN_THING, open_thing, "POST /things",
                             .help = "Opens a new one."),
               CAIRN_COMMAND(thing, CLOSE_THING, close_thing, "POST /things/{id}/close",
                             .help = "Closes one that is open."));

/* ---- state: what the rules need ---- */

struct thing {
    bool closed;
};
CAIRN_RECORD(thing, CAIRN_FIELD(thing, closed));

static void thing_evolve(struct thing *self, const struct thing_event *event)
{
    switch (event->type) {
    case THING_OPENED:
        self->closed = false;
        break;
    case THING_CLOSED:
        self->closed = true;
        break;
    }
}

/* ---- decisions ---- */

static int open_one(const struct open_thing *command, struct cairn_decision *ret)
{
    CAIRN_EMIT(ret, thing_opened, .title = command->title);
    return 0;
}

static int close_one(const struct thing *self, const struct close_thing *command,
                     struct cairn_decision *ret, struct cairn_error *error)
{
    if (self->closed)
        return cairn_refuse(error, "thing-closed", "it was closed before");

    CAIRN_EMIT(ret, thing_closed, .reason = command->reason);
    return 0;
}

static int thing_decide(const struct thing *self, const struct thing_command *command,
                        const struct cairn_given *given, struct cairn_decision *ret,
                        struct cairn_error *error)
{
    (void)given;
    switch (command->type) {
    case OPEN_THING:
        return open_one(&command->as.open_thing, ret);
    case CLOSE_THING:
        return close_one(self, &command->as.close_thing, ret, error);
    }
    return cairn_fail(error, CAIRN_BUG, "no such command: %d", (int)command->type);
}

/* Raise state_version when the state or thing_evolve changes. */
CAIRN_DECIDER(thing, .state_version = 1, .help = "What is opened, and closed once.");

/* ---- the service: accepts commands, follows the log, answers queries ---- */

static const struct cairn_resource thing_resources[] = {
    {.path = "/things/{id}", .projection = &things_projection, .help = "One of them."},
    {.path = "/things",
     .projection = &things_projection,
     .list = true,
     .filters = {{"closed", "closed", CAIRN_EQUAL}},
     .order = "opened_at",
     .descending = true,
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
