/* thing.h - public interface of the thing service: its events and commands. */
#ifndef THING_H
#define THING_H

#include <cairn/decider.h>

struct thing_opened {
    const char *title;
};
struct thing_closed {
    const char *reason;
};
CAIRN_DECLARE(thing_opened);
CAIRN_DECLARE(thing_closed);

struct thing_event {
    enum thing_event_type { THING_OPENED = 1, THING_CLOSED } type;
    union {
        struct thing_opened thing_opened;
        struct thing_closed thing_closed;
    } as;
};

struct open_thing {
    const char *title;
};
struct close_thing {
    const char *reason;
};
CAIRN_DECLARE(open_thing);
CAIRN_DECLARE(close_thing);

struct thing_command {
    enum thing_command_type { OPEN_THING = 1, CLOSE_THING } type;
    union {
        struct open_thing open_thing;
        struct close_thing close_thing;
    } as;
};

CAIRN_PUBLISH(thing);

#endif
