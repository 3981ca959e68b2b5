/* over_check.c - checks that the events of a part have its tag, and that the commands of its
 * boundary name one. */
#include "command/check/over_check.h"

#include "command/state/part.h"
#include "record/json.h"
#include "record/rules.h"
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

/* Returns whether the command has the member that the row names: required, of this kind, a list if
 * the row is for each of its items. */
static bool fits(const struct cairn_over *over, const struct cairn_field *field,
                 enum cairn_kind kind)
{
    return field && !field->optional && kind_of(field) == kind &&
           (field->kind == CAIRN_KIND_LIST) == over->each;
}

/* Checks that a command cannot name more parts than one append can have boundaries. */
static int check_size(const struct cairn_decider *decider, const struct cairn_command_type *command,
                      struct cairn_error *error)
{
    size_t most = 0;
    const struct cairn_field *longest = NULL;
    for (const struct cairn_over *over = decider->overs; over->part; over++) {
        const struct cairn_field *field =
            cairn_over_is_stream(over) ? NULL : cairn_record_field(command->record, over->member);
        most += over->each && field ? cairn_field_max_count(field) : !cairn_over_is_stream(over);
        if (over->each && field &&
            (!longest || cairn_field_max_count(field) > cairn_field_max_count(longest)))
            longest = field;
    }
    if (most <= CAIRN_PARTS_MAX || !longest)
        return 0;
    return cairn_fail(error, CAIRN_BUG,
                      "%s can name %zu parts of the boundary %s, of at most %d: write a smaller "
                      ".max_count in its member %s, which may have %u items",
                      command->name, most, decider->category, CAIRN_PARTS_MAX, longest->name,
                      cairn_field_max_count(longest));
}

static int check_command(const struct cairn_decider *decider, const struct cairn_over *over,
                         enum cairn_kind kind, const struct cairn_command_type *command,
                         struct cairn_error *error)
{
    const struct cairn_field *field = cairn_record_field(command->record, over->member);
    if (!fits(over, field, kind)) {
        const char *list = over->each ? "S" : "";
        return cairn_fail(error, CAIRN_BUG,
                          "CAIRN_OVER%s(%s, %s) of the boundary %s: %s has no such member that is "
                          "required and a %s%s: write %s%s(%s) in its CAIRN_STRUCT%s",
                          over->each ? "_EACH" : "", over->part->name, over->member,
                          decider->category, command->name, word_of(kind), list, word_of(kind),
                          list, over->member,
                          !over->each && field && field->kind == CAIRN_KIND_LIST
                              ? ", or CAIRN_OVER_EACH for a list"
                              : "");
    }
    uint32_t max_bytes = field->max_bytes ? field->max_bytes : CAIRN_TEXT_MAX_BYTES;
    size_t most = CAIRN_TAG_MAX_BYTES - strlen(over->part->tag) - 1;
    if (kind == CAIRN_KIND_TEXT && max_bytes > most)
        return cairn_fail(error, CAIRN_BUG,
                          "the member %s of %s has up to %u bytes, and the tag \"%s\" at most %zu: "
                          "write .max_bytes = %zu or less",
                          over->member, command->name, max_bytes, over->part->tag, most, most);
    return 0;
}

/* ---- the row of the stream ---- */

/* Checks that the part learns from the boundary's own events, and from no others. */
static int check_stream_events(const struct cairn_decider *decider, const struct cairn_part *part,
                               struct cairn_error *error)
{
    for (const struct cairn_registered *at = part->learns->first; at; at = at->next) {
        if (strcmp(at->events->category, decider->category) != 0)
            return cairn_fail(error, CAIRN_BUG,
                              "%s:%d: %s is an event of %s, and CAIRN_OVER_STREAM(%s) is folded "
                              "from events of %s: write a part with a tag for others",
                              at->file, at->line, at->record->name, at->events->category,
                              part->name, decider->category);
    }
    return 0;
}

static const struct cairn_over *stream_row(const struct cairn_decider *decider)
{
    const struct cairn_over *over = decider->overs;
    while (over->part && !cairn_over_is_stream(over))
        over++;
    return over;
}

static int check_stream_row(const struct cairn_decider *decider, const struct cairn_over *over,
                            struct cairn_error *error)
{
    const struct cairn_part *part = over->part;
    if (part->tag)
        return cairn_fail(error, CAIRN_BUG,
                          "%s: CAIRN_OVER_STREAM(%s) of the boundary %s: the part has the tag "
                          "\"%s\": write CAIRN_STREAM_PART(%s), or CAIRN_OVER with the member that "
                          "has the tag's value",
                          part->at, part->name, decider->category, part->tag, part->name);
    if (over != stream_row(decider))
        return cairn_fail(error, CAIRN_BUG,
                          "%s: the boundary %s has two rows CAIRN_OVER_STREAM: a command has one "
                          "stream",
                          decider->at ? decider->at : "", decider->category);
    return check_stream_events(decider, part, error);
}

static int check_part_row(const struct cairn_over *over, enum cairn_kind *ret_kind,
                          struct cairn_error *error)
{
    const struct cairn_part *part = over->part;
    if (!part->tag)
        return cairn_fail(error, CAIRN_BUG,
                          "%s: CAIRN_OVER(%s, %s): the part has no tag: write CAIRN_PART(%s, "
                          "\"TAG\"), or CAIRN_OVER_STREAM(%s)",
                          part->at, part->name, over->member, part->name, part->name);
    return check_events(over, ret_kind, error);
}

int cairn_boundary_check_route(const struct cairn_decider *decider,
                               const struct cairn_command_type *command, struct cairn_error *error)
{
    if (!decider->overs || cairn_command_creates(command) || cairn_part_of_stream(decider))
        return 0;
    return cairn_fail(
        error, CAIRN_BUG,
        "%s has the route \"%s\", and the boundary %s does not say how the events of "
        "a stream are folded: write CAIRN_OVER_STREAM(PART) in its CAIRN_BOUNDARY, or "
        "a route without {id}, and the ids in the body",
        command->name, command->route ? command->route : "", decider->category);
}

int cairn_over_check(const struct cairn_decider *decider, const struct cairn_over *over,
                     struct cairn_error *error)
{
    enum cairn_kind kind = 0;
    int failed = cairn_record_table_check(over->part->state, error);
    if (!failed)
        failed = cairn_over_is_stream(over) ? check_stream_row(decider, over, error)
                                            : check_part_row(over, &kind, error);
    for (uint32_t i = 0; i < decider->commands->count && kind && !failed; i++) {
        failed = check_command(decider, over, kind, &decider->commands->types[i], error);
        if (!failed)
            failed = check_size(decider, &decider->commands->types[i], error);
        if (failed && decider->at)
            cairn_error_context(error, "%s", decider->at);
    }
    return failed;
}
