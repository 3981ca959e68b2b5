/* users.h - read model with one row per user. */
#ifndef USERS_H
#define USERS_H

#include <cairn/projection.h>

struct users {
    struct cairn_uuid user_id;
    const char *email;
    const char *name;
    bool active;
    struct cairn_time registered_at;
    struct cairn_time deactivated_at;
};
CAIRN_DECLARE(users);
extern const struct cairn_projection users_projection;

#endif
