/* user.h - public interface of the user service: its events and commands. */
#ifndef USER_H
#define USER_H

#include <cairn/decider.h>

struct user_registered {
    const char *email;
    const char *name;
};
struct user_email_changed {
    const char *email;
    const char *previous_email;
};
struct user_deactivated {
    const char *email;
};
CAIRN_DECLARE(user_registered);
CAIRN_DECLARE(user_email_changed);
CAIRN_DECLARE(user_deactivated);

struct user_event {
    enum user_event_type { USER_REGISTERED = 1, USER_EMAIL_CHANGED, USER_DEACTIVATED } type;
    union {
        struct user_registered user_registered;
        struct user_email_changed user_email_changed;
        struct user_deactivated user_deactivated;
    } as;
};

struct register_user {
    const char *email;
    const char *name;
};
struct change_user_email {
    const char *email;
};
struct deactivate_user {
    CAIRN_NO_FIELDS;
};
CAIRN_DECLARE(register_user);
CAIRN_DECLARE(change_user_email);
CAIRN_DECLARE(deactivate_user);

struct user_command {
    enum user_command_type { REGISTER_USER = 1, CHANGE_USER_EMAIL, DEACTIVATE_USER } type;
    union {
        struct register_user register_user;
        struct change_user_email change_user_email;
        struct deactivate_user deactivate_user;
    } as;
};

CAIRN_PUBLISH(user);

#endif
