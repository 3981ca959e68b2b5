/* user.c - the rules of a user: an e-mail address belongs to one active user at a time. */
#include "user.h"

#include <cairn/service.h>

#include <string.h>

#define EMAIL_SCOPE "user.email"

/* The state that the rules need. */
CAIRN_STRUCT(user, BOOL(deactivated), TEXT(email, .optional = true));

CAIRN_EVOLVE(user, user_registered)
{
    self->email = event->email;
}

CAIRN_EVOLVE(user, user_email_changed)
{
    self->email = event->email;
}

CAIRN_EVOLVE(user, user_deactivated)
{
    self->deactivated = true;
}

static void claim_email(const char *email, const struct cairn_given *given,
                        struct cairn_decision *ret)
{
    cairn_claim(ret, EMAIL_SCOPE, cairn_lower(given->arena, email),
                "this e-mail address belongs to another user");
}

static void release_email(const char *email, const struct cairn_given *given,
                          struct cairn_decision *ret)
{
    cairn_release(ret, EMAIL_SCOPE, cairn_lower(given->arena, email));
}

CAIRN_DECIDE(user, register_user)
{
    claim_email(command->email, given, ret);
    CAIRN_EMIT(ret, user_registered, .email = command->email, .name = command->name);
    return 0;
}

CAIRN_DECIDE(user, change_user_email)
{
    if (self->deactivated)
        return cairn_refuse(error, "user-deactivated", "the user was deactivated");
    if (strcmp(self->email, command->email) == 0)
        return 0;

    release_email(self->email, given, ret);
    claim_email(command->email, given, ret);
    CAIRN_EMIT(ret, user_email_changed, .email = command->email, .previous_email = self->email);
    return 0;
}

CAIRN_DECIDE(user, deactivate_user)
{
    if (self->deactivated)
        return cairn_refuse(error, "user-deactivated", "the user was deactivated before");

    release_email(self->email, given, ret);
    CAIRN_EMIT(ret, user_deactivated, .email = self->email);
    return 0;
}

CAIRN_DECIDER(user, .state_version = 1, .help = "Users and their e-mail addresses.");

const struct cairn_service user_service = {
    .name = "user",
    .port = 8001,
    .help = "registers users and keeps their e-mail addresses unique",
    .deciders = {&user_decider},
};
