/* decoded_event.c - decodes one event and applies it to one row. */
#include "projection/fold/decoded_event.h"

#include "record/json.h"
#include "store/events/amend.h"
#include "store/events/handlers.h"

#include <string.h>

/* ---- decoding ---- */

static int decode_event(const struct cairn_projection *projection,
                        const struct cairn_stored_event *stored, struct cairn_arena *arena,
                        struct cairn_decoded_event *ret, struct cairn_error *error)
{
    const struct cairn_record *record = ret->type->record;
    const struct cairn_fold fold = {.projection = projection, .arena = arena};
    ret->event = cairn_arena_alloc(arena, record->size, record->align);
    int failed = cairn_event_meta(stored, &ret->meta, error);
    if (!failed)
        failed = cairn_event_decode(ret->type, stored, arena, ret->event, error);
    if (failed)
        return failed;
    ret->keys = cairn_fold_keys(&fold, ret->on, ret->event, &ret->meta);
    if (ret->keys.wrong)
        return cairn_fail(error, CAIRN_UNREADABLE, "event %" PRId64 " names a key that %s",
                          stored->position, ret->keys.wrong);
    return 0;
}

/* Makes an item of an event that cannot be decoded but whose row is known from its stream: applying
 * the item parks that row. */
static int item_of_unreadable(const struct cairn_projection *projection,
                              const struct cairn_stored_event *stored, struct cairn_arena *arena,
                              const struct cairn_error *wrong, struct cairn_decoded_event *ret)
{
    const char *key = cairn_stream_id_text(stored->stream);
    size_t bytes = strlen(key);
    if (projection->poison != CAIRN_POISON_PARKS || ret->on->keys ||
        wrong->code != CAIRN_UNREADABLE || bytes == 0 || bytes > CAIRN_KEY_MAX_BYTES)
        return -(int)wrong->code;
    const char **keys = cairn_new(arena, const char *, 1);
    keys[0] = cairn_copy_text(arena, key);
    ret->keys = (struct cairn_keys){.arena = arena, .keys = keys, .count = 1};
    ret->meta.position = stored->position;
    ret->meta.version = stored->version;
    ret->meta.event_id = stored->event_id;
    ret->unreadable = cairn_copy_text(arena, wrong->message);
    return 0;
}

int cairn_event_decode_for(const struct cairn_projection *projection,
                           const struct cairn_stored_event *stored, struct cairn_arena *arena,
                           struct cairn_decoded_event *ret, struct cairn_error *error)
{
    *ret = (struct cairn_decoded_event){0};
    ret->on = (const struct cairn_on *)cairn_handlers_find_stream(projection->on, stored->stream,
                                                                  stored->type, &ret->type);
    if (!ret->on || cairn_is_passed_over(stored))
        return 0;
    int failed = decode_event(projection, stored, arena, ret, error);
    if (failed)
        failed = item_of_unreadable(projection, stored, arena, error, ret);
    return failed ? failed : 1;
}

/* ---- applying ---- */

/* Checks the row against its field table: a row that is written must be readable again. */
static int check_row(const struct cairn_fold *fold, const struct cairn_fold_row *row,
                     struct cairn_error *error)
{
    struct cairn_error wrong = {0};
    if (cairn_record_check(fold->projection->row, row->value, &wrong) == 0)
        return 0;
    return cairn_fail(error, CAIRN_PARKED, "leaves %s of the row %s", wrong.wrong[0].pointer,
                      wrong.wrong[0].message);
}

static int apply(struct cairn_fold *fold, const struct cairn_decoded_event *item,
                 struct cairn_fold_row *row, const char *refused, struct cairn_error *error)
{
    if (item->unreadable || refused)
        return cairn_fail(error, CAIRN_PARKED, "%s", refused ? refused : item->unreadable);
    struct cairn_error why = {0};
    switch (cairn_fold_apply(fold, item->on, item->event, &item->meta, row, &why)) {
    case CAIRN_KEEP:
        return check_row(fold, row, error);
    case CAIRN_DELETE:
    case CAIRN_SKIP:
        return 0;
    case CAIRN_PARK:
        break;
    }
    return cairn_fail(error, CAIRN_PARKED, "%s cannot be applied%s%s", item->type->name,
                      why.message[0] ? ": " : "", why.message);
}

int cairn_decoded_event_apply(struct cairn_fold *fold, const struct cairn_decoded_event *item,
                              struct cairn_fold_row *row, const char *refused,
                              struct cairn_error *error)
{
    const struct cairn_record *record = fold->projection->row;
    struct cairn_fold_row before = *row;
    before.value = cairn_arena_alloc(fold->arena, record->size, record->align);
    memcpy(before.value, row->value, record->size);
    int failed = apply(fold, item, row, refused, error);
    if (failed)
        *row = before;
    return failed;
}
