/* http_question.c - query parameters as a struct: each known, once, and within its bounds. */
#include "operations/http/http_question.h"

#include "record/json.h"

#include <stdio.h>

enum { POINTER_SIZE = 120 };

struct reading {
    const struct cairn_record *record; /* NULL: no parameters */
    char *value;
    uint64_t given; /* by the index of the field */
    struct cairn_error *error;
};

static bool is_within(const struct cairn_field *field, const void *at)
{
    if (field->kind != CAIRN_KIND_INTEGER)
        return true;
    int64_t number = *(const int64_t *)at;
    return number >= field->min && number <= field->max;
}

static void take(struct reading *reading, uint32_t index, const char *text, const char *pointer)
{
    const struct cairn_field *field = &reading->record->fields[index];
    char *at = reading->value + field->offset;
    if (reading->given & UINT64_C(1) << index)
        (void)cairn_wrong(reading->error, pointer, "is given twice");
    else if (cairn_field_parse(field, text, at) < 0 || !is_within(field, at))
        (void)cairn_wrong(reading->error, pointer,
                          field->kind == CAIRN_KIND_INTEGER ? "must be a number from %" PRId64
                                                              " to %" PRId64
                                                            : "cannot be read",
                          field->min, field->max);
    else if (field->kind == CAIRN_KIND_TEXT && !*text)
        (void)cairn_wrong(reading->error, pointer, "is empty");
    reading->given |= UINT64_C(1) << index;
}

static void take_parameter(void *context, const char *name, const char *text)
{
    struct reading *reading = context;
    char pointer[POINTER_SIZE];
    (void)snprintf(pointer, sizeof pointer, "?%s", name);
    const struct cairn_field *field =
        reading->record ? cairn_record_field(reading->record, name) : NULL;
    if (!field)
        (void)cairn_wrong(reading->error, pointer, "is not known here");
    else
        take(reading, (uint32_t)(field - reading->record->fields), text, pointer);
}

int cairn_http_question(const struct cairn_http_request *request, const struct cairn_record *record,
                        const void **ret, struct cairn_error *error)
{
    struct reading reading = {.record = record, .error = error};
    if (record)
        reading.value = cairn_arena_alloc(request->arena, record->size, record->align);
    cairn_http_query_each(request, take_parameter, &reading);
    for (uint32_t i = 0; record && i < record->count; i++) {
        char pointer[POINTER_SIZE];
        (void)snprintf(pointer, sizeof pointer, "?%s", record->fields[i].name);
        if (!record->fields[i].optional && !(reading.given & UINT64_C(1) << i))
            (void)cairn_wrong(error, pointer, "is missing");
    }
    *ret = reading.value;
    return -(int)error->code;
}
