/* things.h - read model with one row per thing. */
#ifndef THINGS_H
#define THINGS_H

#include <cairn/projection.h>

CAIRN_STRUCT(things, UUID(thing_id), TEXT(title), BOOL(closed),
             TEXT(closed_because, .optional = true), TIME(opened_at));
extern const struct cairn_projection things_projection;

#endif
