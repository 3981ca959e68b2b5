/* things.c - read model with one row per thing. */
#include "things.h"

#include "../services/thing/thing.h"

/* Raise the version when the row or one of the functions changes. */
CAIRN_PROJECTION(things, .version = 1, .help = "One row a thing.", CAIRN_INDEXES("opened_at"));

CAIRN_ON(things, thing, thing_opened)
{
    *row = (struct things){
        .thing_id = meta->id, .title = event->title, .opened_at = meta->recorded_at};
    return CAIRN_KEEP;
}

CAIRN_ON(things, thing, thing_closed)
{
    row->closed = true;
    row->closed_because = event->reason;
    return CAIRN_KEEP;
}
