/* reactor_send.c - what reactors and consumers ask of other services: commands and reads. */
#include "process/deliver/command_client.h"
#include "process/react/advance.h"
#include "process/reactor/teller.h"
#include "record/json.h"

#include <stdarg.h>

/* ---- by HTTP ---- */

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
        .idempotency_key =
            cairn_print(&arena, "%s/%s/%s", call->idempotency_key, command->type->name, letter.to),
        .traceparent = call->traceparent,
        .correlation_id = call->correlation_id,
    };
    int failed = cairn_command_client_send(teller->self, &request, error);
    cairn_arena_close(&arena);
    return failed;
}

static int look_by_http(const struct cairn_teller *teller, const struct cairn_call *call,
                        const char *path, const struct cairn_record *record, void *ret,
                        struct cairn_error *error)
{
    return cairn_command_client_look(teller->self, path, call->position_, record, call->arena, ret,
                                     error);
}

struct cairn_teller cairn_teller_by_http(struct cairn_command_client *client)
{
    return (struct cairn_teller){.self = client, .tell = tell_by_http, .look = look_by_http};
}

/* ---- what authors call ---- */

int cairn_tell(const struct cairn_call *call, const struct cairn_commands *commands,
               struct cairn_uuid id, const struct cairn_record *record, const void *command,
               struct cairn_error *error)
{
    const struct cairn_sent sent = {commands, cairn_commands_of(commands, record), id, command};
    struct cairn_error wrong = {0};
    if (!sent.type)
        return cairn_fail(error, CAIRN_BUG,
                          "a reactor sent a %s, which is not a command of %s%s%s: CAIRN_TELL names "
                          "the noun whose CAIRN_COMMANDS list it",
                          record->name, commands->category, commands->at ? ", at " : "",
                          commands->at ? commands->at : "");
    if (cairn_record_check(record, command, &wrong) < 0)
        return cairn_record_misfit(record, &wrong, error, "a reactor sent a %s", sent.type->name);
    return call->teller_->tell(call->teller_, call, &sent, error);
}

int cairn_look(const struct cairn_call *call, const struct cairn_record *record, void *ret,
               struct cairn_error *error, const char *format, ...)
{
    struct cairn_arena arena = {0};
    va_list list;
    va_start(list, format);
    const char *path = cairn_print_va(&arena, format, list);
    va_end(list);
    int failed = call->teller_->look(call->teller_, call, path, record, ret, error);
    cairn_arena_close(&arena);
    return failed;
}

enum cairn_outcome cairn_outcome_of(int64_t result)
{
    if (result >= 0)
        return CAIRN_DONE;
    return cairn_is_final((int)result) ? CAIRN_GIVE_UP : CAIRN_TRY_AGAIN;
}
