/* users.c - read model with one row per user. */
#include "users.h"

#include "../services/user/user.h"

CAIRN_RECORD(users, CAIRN_FIELD(users, user_id), CAIRN_FIELD(users, email),
             CAIRN_FIELD(users, name), CAIRN_FIELD(users, active),
             CAIRN_FIELD(users, registered_at),
             CAIRN_FIELD(users, deactivated_at, .optional = true));

static enum cairn_row registered(struct users *row, const struct user_registered *event,
                                 const struct cairn_meta *meta)
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
CAIRN_ON(users, user, user_registered, registered);

static enum cairn_row email_changed(struct users *row, const struct user_email_changed *event,
                                    const struct cairn_meta *meta)
{
    (void)meta;
    row->email = event->email;
    return CAIRN_KEEP;
}
CAIRN_ON(users, user, user_email_changed, email_changed);

static enum cairn_row deactivated(struct users *row, const struct user_deactivated *event,
                                  const struct cairn_meta *meta)
{
    (void)event;
    row->active = false;
    row->deactivated_at = meta->recorded_at;
    return CAIRN_KEEP;
}
CAIRN_ON(users, user, user_deactivated, deactivated);

CAIRN_PROJECTION(users, .version = 1, .help = "One row a user.",
                 .indexes = (const char *const[]){"email", NULL},
                 CAIRN_ON_LIST(&users_on_user_registered, &users_on_user_email_changed,
                               &users_on_user_deactivated));
