/* users.c - read model with one row per user. */
#include "users.h"

#include "../services/user/user.h"

CAIRN_PROJECTION(users, .version = 1, .help = "One row a user.", CAIRN_INDEXES("email"));

CAIRN_ON(users, user, user_registered)
{
    *row = (struct users){
        .user_id = meta->id,
        .email = event->email,
        .name = event->name,
        .active = true,
        .registered_at = meta->recorded_at,
    };
    return CAIRN_KEEP;
}

CAIRN_ON(users, user, user_email_changed)
{
    row->email = event->email;
    return CAIRN_KEEP;
}

CAIRN_ON(users, user, user_deactivated)
{
    row->active = false;
    row->deactivated_at = meta->recorded_at;
    return CAIRN_KEEP;
}
