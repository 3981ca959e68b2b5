/* command_owner.c - finds the owner that a command's policy names, and compares it with the
 * caller. */
#include "command/command_owner.h"

#include "identity/policy.h"
#include "record/json.h"
#include "store/command_type.h"

#include <string.h>

static int find(const struct cairn_decider *decider, const struct cairn_command_type *command,
                struct cairn_command_owner *ret, struct cairn_error *error)
{
    const struct cairn_allow *allow = &command->allow;
    if (strcmp(allow->tag, command->record->name) == 0) {
        ret->of = CAIRN_OWNER_OF_COMMAND;
        return cairn_policy_owner_field(command->record, allow->member, &ret->field, error);
    }
    if (strcmp(allow->tag, decider->category) != 0 || decider->overs)
        return cairn_fail(error, CAIRN_BUG,
                          "CAIRN_OWNER(%s, %s): name the state of the decider, %s, or the command",
                          allow->tag, allow->member,
                          decider->overs ? "which a boundary has not" : decider->category);
    if (strcmp(allow->member, "id") == 0 && !cairn_record_field(decider->state, "id")) {
        ret->of = CAIRN_OWNER_OF_ID;
        return 0;
    }
    if (cairn_command_creates(command))
        return cairn_fail(error, CAIRN_BUG,
                          "CAIRN_OWNER(%s, %s): the command creates its stream, which has no state "
                          "yet: write CAIRN_OWNER(%s, …) with a member of the command",
                          allow->tag, allow->member, command->record->name);
    ret->of = CAIRN_OWNER_OF_STATE;
    return cairn_policy_owner_field(decider->state, allow->member, &ret->field, error);
}

int cairn_command_owner_find(const struct cairn_decider *decider,
                             const struct cairn_command_type *command,
                             struct cairn_command_owner *ret, struct cairn_error *error)
{
    *ret = (struct cairn_command_owner){0};
    if (command->allow.kind != CAIRN_ALLOW_OWNER)
        return 0;
    int failed = find(decider, command, ret, error);
    if (failed)
        cairn_error_context(error, "%s%s%s", decider->commands->at ? decider->commands->at : "",
                            decider->commands->at ? ": " : "", command->name);
    return failed;
}

struct cairn_uuid cairn_command_owner_id(const struct cairn_command_owner *owner,
                                         const struct cairn_command_type *command,
                                         const struct cairn_actor *actor)
{
    struct cairn_uuid id = {0};
    if (owner->of == CAIRN_OWNER_OF_ID && cairn_policy_asks_owner(&command->allow, actor) &&
        cairn_uuid_parse(actor->sub, &id) == 0)
        return id;
    return (struct cairn_uuid){0};
}

int cairn_command_owner_check(const struct cairn_command_owner *owner,
                              const struct cairn_command_type *command,
                              const struct cairn_actor *actor, const void *state,
                              const void *message, struct cairn_uuid id, const char *stream,
                              struct cairn_error *error)
{
    bool owns = true;
    if (!cairn_policy_asks_owner(&command->allow, actor))
        return 0;
    switch (owner->of) {
    case CAIRN_OWNER_NONE:
        break;
    case CAIRN_OWNER_OF_STATE:
        owns = cairn_policy_owns(actor, owner->field, state);
        break;
    case CAIRN_OWNER_OF_COMMAND:
        owns = cairn_policy_owns(actor, owner->field, message);
        break;
    case CAIRN_OWNER_OF_ID:
        owns = cairn_policy_is_subject(actor, id);
        break;
    }
    if (owns)
        return 0;
    if (owner->of == CAIRN_OWNER_OF_COMMAND || cairn_command_creates(command))
        return cairn_fail(error, CAIRN_FORBIDDEN,
                          "the caller may do this for itself only: %s has "
                          "to be its subject",
                          command->allow.member);
    return cairn_fail(error, CAIRN_NOT_FOUND, "there is no %s", stream);
}
