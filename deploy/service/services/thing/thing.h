/* thing.h - public interface of the thing service: its events and commands.
 *
 *     opened --close--> closed */
#ifndef THING_H
#define THING_H

#include <cairn/decider.h>

/* What happened. */
CAIRN_STRUCT(thing_opened, TEXT(title, .max_bytes = 200));
CAIRN_STRUCT(thing_closed, TEXT(reason, .max_bytes = 200));
CAIRN_EVENTS(thing, EVENT(thing_opened, "ThingOpened", 1), EVENT(thing_closed, "ThingClosed", 1));

/* What one may ask for, and which callers may (cairn/policy.h). */
CAIRN_STRUCT(open_thing, TEXT(title, .max_bytes = 200));
CAIRN_STRUCT(close_thing, TEXT(reason, .max_bytes = 200));
CAIRN_COMMANDS(thing,
               COMMAND(open_thing, "POST /things", .allow = CAIRN_SIGNED_IN,
                       .help = "Opens a new one."),
               COMMAND(close_thing, "POST /things/{id}/close", .allow = CAIRN_SIGNED_IN,
                       .help = "Closes one that is open."));

#endif
