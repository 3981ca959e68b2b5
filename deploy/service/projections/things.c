/* things.c - read model with one row per thing. */
#include "things.h"

#include "../services/thing/thing.h"

CAIRN_RECORD(things, CAIRN_FIELD(things, thing_id), CAIRN_FIELD(things, title),
             CAIRN_FIELD(things, closed), CAIRN_FIELD(things, closed_because, .optional = true),
             CAIRN_FIELD(things, opened_at));

static enum cairn_row opened(struct things *row, const struct thing_opened *event,
                             const struct cairn_meta *meta)
{
    *row = (struct things){
        .thing_id = meta->id, .title = event->title, .opened_at = meta->recorded_at};
    return CAIRN_KEEP;
}
CAIRN_ON(things, thing, thing_opened, opened);

static enum cairn_row closed(struct things *row, const struct thing_closed *event,
                             const struct cairn_meta *meta)
{
    (void)meta;
    row->closed = true;
    row->closed_because = event->reason;
    return CAIRN_KEEP;
}
CAIRN_ON(things, thing, thing_closed, closed);

/* Raise the version when the row or one of the functions changes. */
CAIRN_PROJECTION(things, .version = 1, .help = "One row a thing.",
                 .indexes = (const char *const[]){"opened_at", NULL},
                 CAIRN_ON_LIST(&things_on_thing_opened, &things_on_thing_closed));
