/* thing_expiry.c - the process that closes a thing which stays open for too long.
 *
 *     ThingOpened     -> wait 30 days (CAIRN_THING_EXPIRY_S)
 *     ThingClosed     -> wait no longer
 *     the timer fires -> close it */
#include "thing_expiry.h"

#include "thing.h"

#define EXPIRY "expiry"

int64_t thing_expiry_s = 2592000;

/* The state is stored with each reaction: a field that is added later is `.optional`. */
CAIRN_STRUCT(thing_expiry, BOOL(closed));
CAIRN_PROCESS(thing_expiry, CAIRN_SENDS(thing), .help = "Closes what stays open for too long.");

CAIRN_WHEN(thing_expiry, thing, thing_opened)
{
    cairn_schedule(ret, EXPIRY, cairn_time_after(given->now, CAIRN_SECONDS(thing_expiry_s)));
}

CAIRN_WHEN(thing_expiry, thing, thing_closed)
{
    self->closed = true;
    cairn_cancel(ret, EXPIRY);
}

CAIRN_WHEN_TIMER(thing_expiry, expiry, EXPIRY)
{
    if (!self->closed)
        CAIRN_SEND(ret, thing, given->id, close_thing, .reason = "it was open for too long");
}
