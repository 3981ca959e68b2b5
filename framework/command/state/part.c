/* part.c - reads and folds the events that have a tag. */
#include "command/state/part.h"

#include "core/report/metrics.h"
#include "record/json.h"
#include "record/rules.h"
#include "store/events/amend.h"
#include "store/events/handlers.h"

#include <string.h>

enum { PAGE = 500 };

static struct cairn_metric folded_events = CAIRN_COUNTER(
    "cairn_folded_tagged_total", "Events read and folded to load a part of a boundary.", "part");

/* ---- declarations ---- */

struct cairn_folding cairn_folding_of_part(const struct cairn_part *part)
{
    return (struct cairn_folding){
        .state = part->state, .learns = part->learns, .part = part, .kind = part->name};
}

const struct cairn_part *cairn_part_of_stream(const struct cairn_decider *decider)
{
    for (size_t i = 0; i < cairn_part_count(decider); i++) {
        if (cairn_over_is_stream(&decider->overs[i]))
            return decider->overs[i].part;
    }
    return NULL;
}

struct cairn_folding cairn_folding_of_boundary(const struct cairn_decider *decider)
{
    const struct cairn_part *part = cairn_part_of_stream(decider);
    return (struct cairn_folding){
        .events = decider->events,
        .state = part ? part->state : NULL,
        .learns = part ? part->learns : NULL,
        .kind = decider->category,
    };
}

size_t cairn_part_count(const struct cairn_decider *decider)
{
    size_t count = 0;
    while (decider->overs && decider->overs[count].part)
        count++;
    return count;
}

const struct cairn_event_type *cairn_part_event(const struct cairn_part *part,
                                                const struct cairn_record *record)
{
    for (const struct cairn_registered *at = part->learns->first; at; at = at->next) {
        if (cairn_record_same(at->record, record))
            return cairn_events_of(at->events, at->record);
    }
    return NULL;
}

const char *const *cairn_part_types(const struct cairn_part *part, struct cairn_arena *arena)
{
    return cairn_handlers_filter(part->learns, NULL, NULL, arena).types;
}

/* ---- tags ---- */

/* Returns whether an optional field is absent. */
static bool is_absent(const struct cairn_field *field, const void *at)
{
    if (!field->optional)
        return false;
    if (field->kind == CAIRN_KIND_UUID) {
        struct cairn_uuid id;
        memcpy(&id, at, sizeof id);
        return cairn_uuid_is_zero(id);
    }
    const char *text = NULL;
    if (field->kind == CAIRN_KIND_TEXT)
        memcpy(&text, at, sizeof text);
    return field->kind == CAIRN_KIND_TEXT && (!text || !*text);
}

/* Returns the tag of a value of this kind. */
static const char *tag_of(const char *tag, enum cairn_kind kind, const void *at,
                          struct cairn_arena *arena)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    if (kind == CAIRN_KIND_UUID) {
        struct cairn_uuid id;
        memcpy(&id, at, sizeof id);
        cairn_uuid_format(id, text);
        return cairn_print(arena, "%s:%s", tag, text);
    }
    if (kind == CAIRN_KIND_INTEGER) {
        int64_t number;
        memcpy(&number, at, sizeof number);
        return cairn_print(arena, "%s:%" PRId64, tag, number);
    }
    const char *value;
    memcpy(&value, at, sizeof value);
    return cairn_print(arena, "%s:%s", tag, value ? value : "");
}

/* Returns the tag of item `i` of a list of scalars. */
static const char *tag_of_item(const char *tag, const struct cairn_field *field, const void *at,
                               size_t i, struct cairn_arena *arena)
{
    const struct cairn_text_list *list = at;
    size_t size = field->item == CAIRN_KIND_UUID      ? sizeof(struct cairn_uuid)
                  : field->item == CAIRN_KIND_INTEGER ? sizeof(int64_t)
                                                      : sizeof(char *);
    return tag_of(tag, field->item, (const char *)list->items + i * size, arena);
}

size_t cairn_part_tags(const struct cairn_over *over, const struct cairn_record *record,
                       const void *value, struct cairn_arena *arena, const char ***ret)
{
    const struct cairn_field *field = cairn_record_field(record, over->member);
    const void *at = (const char *)value + field->offset;
    size_t count = over->each ? ((const struct cairn_text_list *)at)->count : 1;
    *ret = cairn_new(arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        (*ret)[i] = over->each ? tag_of_item(over->part->tag, field, at, i, arena)
                               : tag_of(over->part->tag, field->kind, at, arena);
    return count;
}

const void *cairn_part_compose(const struct cairn_decider *decider, const void *const *states,
                               const size_t *counts, struct cairn_arena *arena)
{
    const struct cairn_record *record = decider->state;
    char *composed = cairn_arena_alloc(arena, record->size, record->align);
    for (size_t i = 0; i < cairn_part_count(decider); i++) {
        char *at = composed + record->fields[i].offset;
        const struct cairn_record *part = decider->overs[i].part->state;
        if (!decider->overs[i].each) {
            memcpy(at, states, sizeof *states);
        } else {
            char *items = cairn_arena_alloc(arena, part->size * counts[i], part->align);
            for (size_t k = 0; k < counts[i]; k++)
                memcpy(items + k * part->size, states[k], part->size);
            /* the layout of every CAIRN_LIST */
            const struct cairn_text_list list = {.items = (void *)items, .count = counts[i]};
            memcpy(at, &list, sizeof list);
        }
        states += counts[i];
    }
    return composed;
}

struct tags {
    struct cairn_arena *arena;
    const char **all;
    size_t count, capacity;
};

static void add_tag(struct tags *tags, const char *tag)
{
    for (size_t i = 0; i < tags->count; i++) {
        if (strcmp(tags->all[i], tag) == 0)
            return;
    }
    cairn_grow(tags->arena, tags->all, tags->count, &tags->capacity);
    tags->all[tags->count++] = tag;
}

/* A list of scalars gives one tag for each. */
static void add_items(struct tags *tags, const struct cairn_field *field, const void *at)
{
    size_t count = ((const struct cairn_text_list *)at)->count;
    for (size_t i = 0; i < count; i++)
        add_tag(tags, tag_of_item(field->tag, field, at, i, tags->arena));
}

size_t cairn_event_tags(const struct cairn_record *record, const void *event,
                        struct cairn_arena *arena, const char *const **ret)
{
    struct tags tags = {.arena = arena};
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        const char *at = (const char *)event + field->offset;
        if (!field->tag)
            continue;
        if (field->kind == CAIRN_KIND_LIST)
            add_items(&tags, field, at);
        else if (!is_absent(field, at))
            add_tag(&tags, tag_of(field->tag, field->kind, at, arena));
    }
    *ret = tags.all;
    return tags.count;
}

void cairn_tags_json(const char *const *tags, size_t count, struct cairn_buffer *out)
{
    cairn_buffer_text(out, ",\"tags\":[");
    for (size_t i = 0; i < count; i++) {
        cairn_buffer_text(out, i ? "," : "");
        cairn_buffer_json(out, tags[i]);
    }
    cairn_buffer_char(out, ']');
}

bool cairn_part_learns(const struct cairn_part *part, const char *tag,
                       const struct cairn_record *record, const void *event,
                       struct cairn_arena *arena)
{
    const char *const *tags = NULL;
    bool found = false;
    if (!cairn_part_event(part, record))
        return false;
    if (!part->tag) /* the decision's events are the stream's */
        return true;
    size_t count = cairn_event_tags(record, event, arena, &tags);
    for (size_t i = 0; i < count && !found; i++)
        found = strcmp(tags[i], tag) == 0;
    return found;
}

int cairn_part_check_growth(const struct cairn_part *part, const char *tag, const void *state,
                            const struct cairn_decision *decision, struct cairn_error *error)
{
    const struct cairn_record *record = part->state;
    const struct cairn_folding folding = cairn_folding_of_part(part);
    if (decision->event_count == 0 || !cairn_record_grows(record))
        return 0;
    void *next = cairn_arena_alloc(decision->arena, record->size, record->align);
    memcpy(next, state, record->size);
    for (size_t i = 0; i < decision->event_count; i++) {
        const struct cairn_emitted *one = &decision->events[i];
        if (cairn_part_learns(part, tag, one->type->record, one->event, decision->arena))
            cairn_folding_apply(&folding, one->type, one->event, decision->arena, next);
    }
    const struct cairn_field *field = cairn_record_overflow(record, next);
    if (!field)
        return 0;
    return cairn_fail(error, CAIRN_BUG,
                      "the part %s of %s would have more than %u items in %s: refuse the command "
                      "before that, or raise the field's .max_count",
                      part->name, tag, cairn_field_max_count(field), field->name);
}

/* ---- reading ---- */

struct cairn_tagged_load cairn_part_wants(const struct cairn_folding *folding,
                                          const struct cairn_aggregate *aggregate,
                                          struct cairn_arena *arena)
{
    return (struct cairn_tagged_load){
        .tag = aggregate->at.stream,
        .types = cairn_types_text(cairn_part_types(folding->part, arena), arena),
        .after = aggregate->head,
        .after_id = aggregate->head_id,
    };
}

/* Folds one event; one of the same name of another category, and one that an amendment says to
 * skip, changes nothing. */
static int fold(const struct cairn_folding *folding, const struct cairn_stored_event *stored,
                struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                struct cairn_error *error)
{
    const struct cairn_event_type *type = NULL;
    if (cairn_is_passed_over(stored) ||
        !cairn_handlers_find_stream(folding->learns, stored->stream, stored->type, &type))
        return 0;
    void *event = cairn_arena_alloc(arena, type->record->size, type->record->align);
    int failed = cairn_event_decode(type, stored, arena, event, error);
    if (failed)
        return failed;
    cairn_folding_apply(folding, type, event, arena, aggregate->state);
    aggregate->at.version++;
    aggregate->position = stored->position;
    return 0;
}

static void begin(const struct cairn_folding *folding, struct cairn_arena *arena,
                  struct cairn_aggregate *ret)
{
    *ret = (struct cairn_aggregate){
        .at.stream = ret->at.stream,
        .state = cairn_arena_alloc(arena, folding->state->size, folding->state->align),
    };
}

static int fold_page(const struct cairn_folding *folding, const struct cairn_tagged_load *read,
                     struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                     struct cairn_error *error)
{
    int failed = 0;
    if (read->begins)
        begin(folding, arena, aggregate);
    for (int64_t i = 0; i < read->count && !failed; i++)
        failed = fold(folding, &read->events[i], arena, aggregate, error);
    if (failed)
        return failed;
    const struct cairn_stored_event *last = read->more ? &read->events[read->count - 1] : NULL;
    aggregate->head = last ? last->position : read->head;
    aggregate->head_id = last ? last->event_id : read->head_id;
    aggregate->at.event_id = (struct cairn_uuid){0};
    cairn_metric_add(&folded_events, folding->kind, read->count);
    return 0;
}

int cairn_part_take(const struct cairn_folding *folding, const struct cairn_tagged_load *read,
                    struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                    struct cairn_error *error)
{
    return read->more ? 1 : fold_page(folding, read, arena, aggregate, error);
}

/* Each page lies in an arena of its own until the next one is folded: a state may point into its
 * events. */
int cairn_part_catch_up(struct cairn_store *store, const struct cairn_folding *folding,
                        struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                        struct cairn_error *error)
{
    const struct cairn_record *record = folding->state;
    struct cairn_arena pages[2] = {{0}};
    struct cairn_tagged_load read = {.more = true};
    int failed = 0;
    for (size_t turn = 0; !failed && read.more; turn = 1 - turn) {
        struct cairn_arena *page = &pages[turn];
        cairn_arena_reset(page);
        if (aggregate->state) {
            void *copy = cairn_arena_alloc(page, record->size, record->align);
            cairn_record_copy(record, aggregate->state, copy, page);
            aggregate->state = copy;
        }
        read = cairn_part_wants(folding, aggregate, page);
        failed = cairn_store_load_tagged(store, &read, 1, PAGE, page, error);
        if (!failed)
            failed = fold_page(folding, &read, page, aggregate, error);
    }
    if (!failed) {
        void *copy = cairn_arena_alloc(arena, record->size, record->align);
        cairn_record_copy(record, aggregate->state, copy, arena);
        aggregate->state = copy;
    }
    cairn_arena_close(&pages[0]);
    cairn_arena_close(&pages[1]);
    return failed;
}

struct cairn_boundary cairn_part_boundary(const struct cairn_folding *folding,
                                          const struct cairn_aggregate *aggregate,
                                          struct cairn_arena *arena)
{
    return (struct cairn_boundary){
        .tag = aggregate->at.stream,
        .types = cairn_part_types(folding->part, arena),
        .after = aggregate->head,
        .after_id = aggregate->head_id,
        .last_id = aggregate->at.event_id,
    };
}
