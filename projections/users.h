/* users.h - read model with one row per user. */
#ifndef USERS_H
#define USERS_H

#include <cairn/projection.h>

CAIRN_STRUCT(users, UUID(user_id), TEXT(email), TEXT(name), BOOL(active), TIME(registered_at),
             TIME(deactivated_at, .optional = true));
extern const struct cairn_projection users_projection;

#endif
