/* things.h - read model with one row per thing. */
#ifndef THINGS_H
#define THINGS_H

#include <cairn/projection.h>

struct things {
    struct cairn_uuid thing_id;
    const char *title;
    bool closed;
    const char *closed_because;
    struct cairn_time opened_at;
};
CAIRN_DECLARE(things);
extern const struct cairn_projection things_projection;

#endif
