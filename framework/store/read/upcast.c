/* upcast.c - lifts events of older versions to the newest, one version at a time. */
#include "record/json.h"
#include "store/read/events.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct cairn_lift {
    struct cairn_arena *arena;
};

static const struct cairn_upcaster *find_upcaster(const struct cairn_event_type *type,
                                                  int64_t version)
{
    for (int i = 0; i < CAIRN_UPCASTERS_MAX && type->upcasters[i]; i++) {
        if (type->upcasters[i]->version == version)
            return type->upcasters[i];
    }
    return NULL;
}

const struct cairn_record *cairn_event_record(const struct cairn_event_type *type, int64_t version)
{
    if (version == type->schema_version)
        return type->record;
    const struct cairn_upcaster *upcaster = find_upcaster(type, version);
    return upcaster ? upcaster->from : NULL;
}

int cairn_event_lift(const struct cairn_event_type *type, int64_t version, const void *old,
                     struct cairn_arena *arena, void *ret, struct cairn_error *error)
{
    struct cairn_lift lift = {arena};
    memset(ret, 0, type->record->size);
    for (; version < type->schema_version; version++) {
        const struct cairn_upcaster *upcaster = find_upcaster(type, version);
        assert(upcaster); /* the chain was checked at start */
        bool is_last = version + 1 == type->schema_version;
        void *next =
            is_last ? ret : cairn_arena_alloc(arena, upcaster->to->size, upcaster->to->align);
        upcaster->lift(next, old, &lift);
        old = next;
    }
    return cairn_record_check(type->record, ret, error);
}

/* ---- what upcasters allocate ---- */

const char *cairn_lift_text(struct cairn_lift *lift, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    size_t size = length < 0 ? 1 : (size_t)length + 1;
    char *text = cairn_arena_alloc(lift->arena, size, 1);
    va_start(list, format);
    (void)vsnprintf(text, size, format, list);
    va_end(list);
    return text;
}

void *cairn_lift_items(struct cairn_lift *lift, size_t count, size_t size, size_t align)
{
    return count ? cairn_arena_array(lift->arena, count, size, align) : NULL;
}
