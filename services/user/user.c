/* user.c - the rules of a user: an e-mail address belongs to one active user at a time. */
#include "user.h"

#include <cairn/service.h>

#include <string.h>

#define EMAIL_SCOPE "user.email"

CAIRN_RECORD(user_registered,
             CAIRN_FIELD(user_registered, email, .max_bytes = 180, .format = CAIRN_FORMAT_EMAIL),
             CAIRN_FIELD(user_registered, name, .max_bytes = 200));
CAIRN_RECORD(user_email_changed,
             CAIRN_FIELD(user_email_changed, email, .max_bytes = 180, .format = CAIRN_FORMAT_EMAIL),
             CAIRN_FIELD(user_email_changed, previous_email, .max_bytes = 180));
CAIRN_RECORD(user_deactivated, CAIRN_FIELD(user_deactivated, email, .max_bytes = 180));

CAIRN_EVENTS(user, CAIRN_EVENT(user, USER_REGISTERED, user_registered, "UserRegistered", 1),
             CAIRN_EVENT(user, USER_EMAIL_CHANGED, user_email_changed, "UserEmailChanged", 1),
             CAIRN_EVENT(user, USER_DEACTIVATED, user_deactivated, "UserDeactivated", 1));

CAIRN_RECORD(register_user,
             CAIRN_FIELD(register_user, email, .max_bytes = 180, .format = CAIRN_FORMAT_EMAIL,
                         .example = "\"ada@example.com\""),
             CAIRN_FIELD(register_user, name, .max_bytes = 200, .example = "\"Ada Lovelace\""));
CAIRN_RECORD(change_user_email,
             CAIRN_FIELD(change_user_email, email, .max_bytes = 180, .format = CAIRN_FORMAT_EMAIL,
                         .example = "\"ada@example.org\""));
CAIRN_EMPTY_RECORD(deactivate_user);

CAIRN_COMMANDS(user,
               CAIRN_COMMAND(user, REGISTER_USER, register_user, "POST /users",
                             .help = "Registers a user under an e-mail address of their own."),
               CAIRN_COMMAND(user, CHANGE_USER_EMAIL, change_user_email, "PUT /users/{id}/email",
                             .help = "Moves the user to another e-mail address."),
               CAIRN_COMMAND(user, DEACTIVATE_USER, deactivate_user, "POST /users/{id}/deactivate",
                             .help = "Ends the user's account and frees the address."));

/* The state that the rules need. */
struct user {
    bool deactivated;
    const char *email;
};
CAIRN_RECORD(user, CAIRN_FIELD(user, deactivated), CAIRN_FIELD(user, email, .optional = true));

static void user_evolve(struct user *self, const struct user_event *event)
{
    switch (event->type) {
    case USER_REGISTERED:
        self->email = event->as.user_registered.email;
        break;
    case USER_EMAIL_CHANGED:
        self->email = event->as.user_email_changed.email;
        break;
    case USER_DEACTIVATED:
        self->deactivated = true;
        break;
    }
}

static int register_user(const struct register_user *command, struct cairn_decision *ret)
{
    cairn_claim(ret, EMAIL_SCOPE, cairn_lower(ret, command->email),
                "this e-mail address belongs to another user");
    CAIRN_EMIT(ret, user_registered, .email = command->email, .name = command->name);
    return 0;
}

static int change_email(const struct user *self, const struct change_user_email *command,
                        struct cairn_decision *ret, struct cairn_error *error)
{
    if (self->deactivated)
        return cairn_refuse(error, "user-deactivated", "the user was deactivated");
    if (strcmp(self->email, command->email) == 0)
        return 0;

    cairn_release(ret, EMAIL_SCOPE, cairn_lower(ret, self->email));
    cairn_claim(ret, EMAIL_SCOPE, cairn_lower(ret, command->email),
                "this e-mail address belongs to another user");
    CAIRN_EMIT(ret, user_email_changed, .email = command->email, .previous_email = self->email);
    return 0;
}

static int deactivate(const struct user *self, struct cairn_decision *ret,
                      struct cairn_error *error)
{
    if (self->deactivated)
        return cairn_refuse(error, "user-deactivated", "the user was deactivated before");

    cairn_release(ret, EMAIL_SCOPE, cairn_lower(ret, self->email));
    CAIRN_EMIT(ret, user_deactivated, .email = self->email);
    return 0;
}

static int user_decide(const struct user *self, const struct user_command *command,
                       const struct cairn_given *given, struct cairn_decision *ret,
                       struct cairn_error *error)
{
    (void)given;
    switch (command->type) {
    case REGISTER_USER:
        return register_user(&command->as.register_user, ret);
    case CHANGE_USER_EMAIL:
        return change_email(self, &command->as.change_user_email, ret, error);
    case DEACTIVATE_USER:
        return deactivate(self, ret, error);
    }
    return cairn_fail(error, CAIRN_BUG, "no such command: %d", (int)command->type);
}

CAIRN_DECIDER(user, .state_version = 1, .help = "Users and their e-mail addresses.");

const struct cairn_service user_service = {
    .name = "user",
    .port = 8001,
    .help = "registers users and keeps their e-mail addresses unique",
    .deciders = {&user_decider},
};
