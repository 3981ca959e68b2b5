/* command_owner.h - whose command it is: ownership by CAIRN_OWNER (cairn/policy.h). */
#ifndef CAIRN_COMMAND_COMMAND_OWNER_H
#define CAIRN_COMMAND_COMMAND_OWNER_H

#include <cairn/decider.h>

/* What names the owner. */
enum cairn_owner_of {
    CAIRN_OWNER_NONE = 0,   /* the policy is about no owner */
    CAIRN_OWNER_OF_STATE,   /* a member of the stream's state */
    CAIRN_OWNER_OF_COMMAND, /* a member of the command */
    CAIRN_OWNER_OF_ID,      /* the stream's id */
};

struct cairn_command_owner {
    enum cairn_owner_of of;
    const struct cairn_field *field; /* of state or command */
};

/* Finds what names the owner of a command. Returns 0, or -CAIRN_BUG: the policy names another
 * struct, no member of it, or one that cannot name an owner; a boundary has no state of its own. */
int cairn_command_owner_find(const struct cairn_decider *decider,
                             const struct cairn_command_type *command,
                             struct cairn_command_owner *ret,
                             struct cairn_error *error) CAIRN_CHECKED;

/* Returns the id of a stream that a command creates whose id is to be the caller's subject, unless
 * the body names another one; zero if the policy does not say so, or the subject is no uuid. */
struct cairn_uuid cairn_command_owner_id(const struct cairn_command_owner *owner,
                                         const struct cairn_command_type *command,
                                         const struct cairn_actor *actor);

/* Compares the caller with the owner, before the decision. Returns 0; -CAIRN_NOT_FOUND for the
 * stream of another owner, as if there was none; -CAIRN_FORBIDDEN for a command that names another
 * one. */
int cairn_command_owner_check(const struct cairn_command_owner *owner,
                              const struct cairn_command_type *command,
                              const struct cairn_actor *actor, const void *state,
                              const void *message, struct cairn_uuid id, const char *stream,
                              struct cairn_error *error) CAIRN_CHECKED;

#endif
