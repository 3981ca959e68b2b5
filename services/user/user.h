/* user.h - public interface of the user service: its events and commands.
 *
 * A user is a caller: its id is the subject of its tokens, and it registers itself. */
#ifndef USER_H
#define USER_H

#include <cairn/decider.h>

#define USER_EMAIL .max_bytes = 180, .format = CAIRN_FORMAT_EMAIL

CAIRN_STRUCT(user_registered, TEXT(email, USER_EMAIL), TEXT(name, .max_bytes = 200));
CAIRN_STRUCT(user_email_changed, TEXT(email, USER_EMAIL), TEXT(previous_email, .max_bytes = 180));
CAIRN_STRUCT(user_deactivated, TEXT(email, .max_bytes = 180));

CAIRN_EVENTS(user, EVENT(user_registered, "UserRegistered", 1),
             EVENT(user_email_changed, "UserEmailChanged", 1),
             EVENT(user_deactivated, "UserDeactivated", 1));

CAIRN_STRUCT(register_user, TEXT(email, USER_EMAIL, .example = "\"ada@example.com\""),
             TEXT(name, .max_bytes = 200, .example = "\"Ada Lovelace\""));
CAIRN_STRUCT(change_user_email, TEXT(email, USER_EMAIL, .example = "\"ada@example.org\""));
CAIRN_STRUCT(deactivate_user);

CAIRN_COMMANDS(user,
               COMMAND(register_user, "POST /users", .allow = CAIRN_OWNER(user, id),
                       .help = "Registers a user under an e-mail address of their own."),
               COMMAND(change_user_email, "PUT /users/{id}/email", .allow = CAIRN_OWNER(user, id),
                       .help = "Moves the user to another e-mail address."),
               COMMAND(deactivate_user, "POST /users/{id}/deactivate",
                       .allow = CAIRN_OWNER(user, id),
                       .help = "Ends the user's account and frees the address."));

#endif
