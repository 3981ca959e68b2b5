/* empty_state.c - finds fields of a process' state that have no empty value. */
#include "process/react/empty_state.h"

#include "core/containers/arena.h"
#include "record/json.h"

/* Returns the declaration of the field that has an empty value. */
static const char *empty_form(const struct cairn_field *field, struct cairn_arena *arena)
{
    const char *name = field->name;
    switch (field->kind) {
    case CAIRN_KIND_TEXT:
        return cairn_print(arena, "TEXT(%s, .optional = true)", name);
    case CAIRN_KIND_UUID:
        return cairn_print(arena, "UUID(%s, .optional = true)", name);
    case CAIRN_KIND_TIME:
        return cairn_print(arena, "TIME(%s, .optional = true)", name);
    case CAIRN_KIND_DAY:
        return cairn_print(arena, "DAY(%s, .optional = true)", name);
    case CAIRN_KIND_MONEY:
        return cairn_print(arena, "MONEY(%s, .optional = true)", name);
    case CAIRN_KIND_ENUM:
        return cairn_print(arena, "ENUM(%s, …, .optional = true)", name);
    case CAIRN_KIND_NESTED:
        return cairn_print(arena, "OPTIONAL_RECORD(%s, %s)", name, field->record->name);
    case CAIRN_KIND_INTEGER:
        return cairn_print(arena, "OPTIONAL_INT(%s, …), or a range that 0 is in", name);
    case CAIRN_KIND_DECIMAL:
        return cairn_print(arena, "OPTIONAL_DECIMAL(%s, %d, …), or a range that 0 is in", name,
                           field->scale);
    case CAIRN_KIND_DURATION:
        return cairn_print(arena, "OPTIONAL_DURATION(%s, …), or a range that 0 is in", name);
    case CAIRN_KIND_BOOL:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        break;
    }
    return "it without .min_count";
}

static bool has_empty_value(const struct cairn_record *state, const struct cairn_field *field,
                            const void *empty)
{
    struct cairn_error wrong = {0};
    struct cairn_record one = *state;
    one.fields = field;
    one.count = 1;
    return cairn_record_check(&one, empty, &wrong) == 0;
}

int cairn_empty_state_check(const struct cairn_process *process, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    const struct cairn_record *state = process->state;
    const void *empty = cairn_arena_alloc(&arena, state->size, state->align);
    int failed = 0;
    for (uint32_t i = 0; i < state->count && !failed; i++) {
        const struct cairn_field *field = &state->fields[i];
        if (has_empty_value(state, field, empty))
            continue;
        failed = cairn_fail(error, CAIRN_BUG,
                            "struct %s: the field %s has no empty value, and the state of process "
                            "%s is empty when it begins, which any of its inputs may cause: write "
                            "%s",
                            state->name, field->name, process->name, empty_form(field, &arena));
        if (state->at)
            cairn_error_context(error, "%s", state->at);
    }
    cairn_arena_close(&arena);
    return failed;
}
