/* reactor_send.c - sends the commands of reactors. */
#include "process/reactor/teller.h"

#include "process/deliver/command_client.h"
#include "process/react/advance.h"
#include "record/json.h"

static int tell_by_http(const struct cairn_teller *teller, const struct cairn_call *call,
                        const struct cairn_sent *command, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    const struct cairn_letter letter =
        cairn_letter_of(command->commands, command->type, command->id, command->command, &arena);
    const struct cairn_command_request request = {
        .to = letter.to,
        .method = letter.method,
        .path = letter.path,
        .body = letter.body,
        .idempotency_key = cairn_print(&arena, "%s/%s", call->idempotency_key, command->type->name),
        .traceparent = call->traceparent_,
    };
    int failed = cairn_command_client_send(teller->self, &request, error);
    cairn_arena_close(&arena);
    return failed;
}

struct cairn_teller cairn_teller_by_http(struct cairn_command_client *client)
{
    return (struct cairn_teller){.self = client, .tell = tell_by_http};
}

int cairn_tell(const struct cairn_call *call, const struct cairn_commands *commands,
               struct cairn_uuid id, const struct cairn_record *record, const void *command,
               struct cairn_error *error)
{
    const struct cairn_sent sent = {commands, cairn_commands_of(commands, record), id, command};
    struct cairn_error wrong = {0};
    if (!sent.type)
        return cairn_fail(error, CAIRN_BUG, "%s is not a command of %s", record->name,
                          commands->category);
    if (cairn_record_check(record, command, &wrong) < 0)
        return cairn_fail(error, CAIRN_BUG, "a reactor sent a %s whose %s %s", sent.type->name,
                          wrong.wrong[0].pointer, wrong.wrong[0].message);
    return call->teller_->tell(call->teller_, call, &sent, error);
}

enum cairn_outcome cairn_outcome_of(int failed)
{
    if (!failed)
        return CAIRN_DONE;
    return cairn_is_final(failed) ? CAIRN_GIVE_UP : CAIRN_TRY_AGAIN;
}
