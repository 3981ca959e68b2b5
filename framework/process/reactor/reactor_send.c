/* reactor_send.c - what reactors and consumers ask of other services: commands and reads. */
#include "process/deliver/command_client.h"
#include "process/react/advance.h"
#include "process/react/reaction.h"
#include "record/json.h"

#include <cairn/reactor.h>

#include <stdarg.h>

int cairn_tell(const struct cairn_call *call, const struct cairn_commands *commands,
               struct cairn_uuid id, const struct cairn_record *record, const void *command,
               struct cairn_error *error)
{
    const struct cairn_command_type *type = cairn_commands_of(commands, record);
    struct cairn_error wrong = {0};
    if (!type)
        return cairn_fail(error, CAIRN_BUG, "%s is not a command of %s", record->name,
                          commands->category);
    if (cairn_record_check(record, command, &wrong) < 0)
        return cairn_fail(error, CAIRN_BUG, "a reactor sent a %s whose %s %s", type->name,
                          wrong.wrong[0].pointer, wrong.wrong[0].message);
    struct cairn_arena arena = {0};
    const struct cairn_letter letter = cairn_letter_of(commands, type, id, command, &arena);
    const struct cairn_command_request request = {
        .to = letter.to,
        .method = letter.method,
        .path = letter.path,
        .body = letter.body,
        .idempotency_key =
            cairn_print(&arena, "%s/%s/%s", call->idempotency_key, type->name, letter.to),
        .traceparent = call->traceparent,
        .correlation_id = call->correlation_id,
    };
    int failed = cairn_command_client_send(call->client_, &request, error);
    cairn_arena_close(&arena);
    return failed;
}

int cairn_look(const struct cairn_call *call, const struct cairn_record *record, void *ret,
               struct cairn_error *error, const char *format, ...)
{
    struct cairn_arena arena = {0};
    va_list list;
    va_start(list, format);
    const char *path = cairn_print_va(&arena, format, list);
    va_end(list);
    int failed = cairn_command_client_look(call->client_, path, call->position_, record,
                                           call->arena, ret, error);
    cairn_arena_close(&arena);
    return failed;
}

enum cairn_outcome cairn_outcome_of(int64_t result)
{
    if (result >= 0)
        return CAIRN_DONE;
    return cairn_is_final((int)result) ? CAIRN_GIVE_UP : CAIRN_TRY_AGAIN;
}
