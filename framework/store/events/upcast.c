/* upcast.c - lifts events of older versions to the newest, one version at a time. */
#include "record/json.h"
#include "store/events/events.h"

#include <assert.h>
#include <string.h>

/* The upcasters are in the order of the versions that they lift. */
static const struct cairn_upcaster *find_upcaster(const struct cairn_event_type *type,
                                                  int64_t version)
{
    return version >= 1 && version <= CAIRN_UPCASTERS_MAX ? type->upcasters[version - 1] : NULL;
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
    memset(ret, 0, type->record->size);
    for (; version < type->schema_version; version++) {
        const struct cairn_upcaster *upcaster = find_upcaster(type, version);
        assert(upcaster); /* the chain was checked at start */
        bool is_last = version + 1 == type->schema_version;
        void *next =
            is_last ? ret : cairn_arena_alloc(arena, upcaster->to->size, upcaster->to->align);
        upcaster->upcast(next, old, arena);
        old = next;
    }
    return cairn_record_check(type->record, ret, error);
}
