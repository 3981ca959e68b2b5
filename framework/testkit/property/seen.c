/* seen.c - remembers the values of events. */
#include "testkit/property/seen.h"

#include "record/json.h"

#include <string.h>

struct list CAIRN_LIST(char);

enum { ITEMS_MAX = 4, TEXT_MAX = 200 };

#define SEE(list, count, value) ((list)[(count)++ % CAIRN_SEEN_MAX] = (value))

static void see_field(struct cairn_seen *seen, const struct cairn_field *field, const char *at);

static void see_list(struct cairn_seen *seen, const struct cairn_field *field, const char *at)
{
    const struct cairn_field item = cairn_field_item(field);
    struct list list;
    memcpy(&list, at, sizeof list);
    for (size_t i = 0; i < list.count && i < ITEMS_MAX; i++)
        see_field(seen, &item, list.items + i * item.size);
}

static void see_text(struct cairn_seen *seen, const char *at)
{
    const char *text;
    memcpy(&text, at, sizeof text);
    if (text && strlen(text) <= TEXT_MAX)
        SEE(seen->texts, seen->text_count, text);
}

static void see_number(struct cairn_seen *seen, const char *at)
{
    int64_t number;
    memcpy(&number, at, sizeof number);
    SEE(seen->numbers, seen->number_count, number);
}

static void see_id(struct cairn_seen *seen, const char *at)
{
    struct cairn_uuid id;
    memcpy(&id, at, sizeof id);
    if (!cairn_uuid_is_zero(id))
        SEE(seen->ids, seen->id_count, id);
}

static void see_time(struct cairn_seen *seen, const char *at)
{
    struct cairn_time time;
    memcpy(&time, at, sizeof time);
    if (time.us > 0)
        SEE(seen->times, seen->time_count, time);
}

static void see_day(struct cairn_seen *seen, const char *at)
{
    struct cairn_day day;
    memcpy(&day, at, sizeof day);
    if (day.days > 0)
        SEE(seen->days, seen->day_count, day);
}

static void see_field(struct cairn_seen *seen, const struct cairn_field *field, const char *at)
{
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_DECIMAL:
    case CAIRN_KIND_MONEY: /* the amount is the first member */
        see_number(seen, at);
        break;
    case CAIRN_KIND_TEXT:
        see_text(seen, at);
        break;
    case CAIRN_KIND_UUID:
        see_id(seen, at);
        break;
    case CAIRN_KIND_TIME:
        see_time(seen, at);
        break;
    case CAIRN_KIND_DAY:
        see_day(seen, at);
        break;
    case CAIRN_KIND_NESTED:
        cairn_seen_add(seen, field->record, at);
        break;
    case CAIRN_KIND_LIST:
        see_list(seen, field, at);
        break;
    case CAIRN_KIND_BOOL:
    case CAIRN_KIND_ENUM:
    case CAIRN_KIND_DURATION:
    case CAIRN_KIND_TEXT_MAP:
        break;
    }
}

void cairn_seen_add(struct cairn_seen *seen, const struct cairn_record *record, const void *value)
{
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        const void *at = cairn_field_unwrap(field, cairn_field_at(field, value));
        if (at)
            see_field(seen, field, at);
    }
}

void cairn_seen_add_stream(struct cairn_seen *seen, struct cairn_uuid stream)
{
    for (size_t i = 0; i < seen->stream_count; i++) {
        if (cairn_uuid_equal(seen->streams[i], stream))
            return;
    }
    if (seen->stream_count < CAIRN_SEEN_STREAMS_MAX)
        seen->streams[seen->stream_count++] = stream;
}
