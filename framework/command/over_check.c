/* over_check.c - checks that the events of a part have its tag, and that the commands of its
 * boundary name one. */
#include "command/over_check.h"

#include "record/json.h"
#include "store/append/append.h"
#include "store/command_type.h"

#include <string.h>

static const char *word_of(enum cairn_kind kind)
{
    return kind == CAIRN_KIND_UUID ? "UUID" : kind == CAIRN_KIND_INTEGER ? "INT" : "TEXT";
}

static enum cairn_kind kind_of(const struct cairn_field *field)
{
    return field->kind == CAIRN_KIND_LIST ? field->item : field->kind;
}

/* Returns the first field that gives the tag, or NULL. */
static const struct cairn_field *tagged(const struct cairn_record *record, const char *tag)
{
    for (uint32_t i = 0; i < record->count; i++) {
        if (record->fields[i].tag && strcmp(record->fields[i].tag, tag) == 0)
            return &record->fields[i];
    }
    return NULL;
}

static int check_events(const struct cairn_over *over, enum cairn_kind *ret_kind,
                        struct cairn_error *error)
{
    const struct cairn_part *part = over->part;
    for (const struct cairn_registered *at = part->learns->first; at; at = at->next) {
        const struct cairn_field *field = tagged(at->record, part->tag);
        if (!field)
            return cairn_fail(error, CAIRN_BUG,
                              "%s:%d: no field of %s has the tag of the part %s: write .tag = "
                              "\"%s\" in the field that has its value",
                              at->file, at->line, at->record->name, part->name, part->tag);
        if (*ret_kind && *ret_kind != kind_of(field))
            return cairn_fail(error, CAIRN_BUG,
                              "%s:%d: the field %s of %s, which has the tag \"%s\", is a %s, where "
                              "other events have a %s",
                              at->file, at->line, field->name, at->record->name, part->tag,
                              word_of(kind_of(field)), word_of(*ret_kind));
        *ret_kind = kind_of(field);
    }
    return 0;
}

static int check_command(const struct cairn_decider *decider, const struct cairn_over *over,
                         enum cairn_kind kind, const struct cairn_command_type *command,
                         struct cairn_error *error)
{
    const struct cairn_field *field = cairn_record_field(command->record, over->member);
    if (!cairn_command_creates(command))
        return cairn_fail(
            error, CAIRN_BUG,
            "%s has the route \"%s\", and is decided in the boundary %s, which has no "
            "streams: write a route without {id}, and the ids in the body",
            command->name, command->route ? command->route : "", decider->category);
    if (!field || field->kind != kind || field->optional)
        return cairn_fail(error, CAIRN_BUG,
                          "CAIRN_OVER(%s, %s) of the boundary %s: %s has no such member that is "
                          "required and a %s: write %s(%s) in its CAIRN_STRUCT",
                          over->part->name, over->member, decider->category, command->name,
                          word_of(kind), word_of(kind), over->member);
    uint32_t max_bytes = field->max_bytes ? field->max_bytes : CAIRN_TEXT_MAX_BYTES;
    size_t most = CAIRN_TAG_MAX_BYTES - strlen(over->part->tag) - 1;
    if (kind == CAIRN_KIND_TEXT && max_bytes > most)
        return cairn_fail(error, CAIRN_BUG,
                          "the member %s of %s has up to %u bytes, and the tag \"%s\" at most %zu: "
                          "write .max_bytes = %zu or less",
                          over->member, command->name, max_bytes, over->part->tag, most, most);
    return 0;
}

int cairn_over_check(const struct cairn_decider *decider, const struct cairn_over *over,
                     struct cairn_error *error)
{
    enum cairn_kind kind = 0;
    int failed = cairn_record_table_check(over->part->state, error);
    if (!failed)
        failed = check_events(over, &kind, error);
    for (uint32_t i = 0; i < decider->commands->count && kind && !failed; i++) {
        failed = check_command(decider, over, kind, &decider->commands->types[i], error);
        if (failed && decider->at)
            cairn_error_context(error, "%s", decider->at);
    }
    return failed;
}
