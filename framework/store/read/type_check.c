/* type_check.c - checks tables of events against their structs and against each other. */
#include "record/json.h"
#include "store/read/events.h"
#include "store/store.h"

int cairn_tags_check(const char *category, const char *what, const int *first_tag, size_t stride,
                     uint32_t count, struct cairn_error *error)
{
    for (uint32_t tag = 1; tag <= count; tag++) {
        uint32_t rows = 0;
        for (uint32_t i = 0; i < count; i++)
            rows += *(const int *)((const char *)first_tag + i * stride) == (int)tag;
        if (rows != 1)
            return cairn_fail(error, CAIRN_BUG,
                              "the %ss of %s give the enum's value %u to %u rows, not to one", what,
                              category, tag, rows);
    }
    return 0;
}

/* ---- older versions ---- */

static int count_upcasters(const struct cairn_event_type *type)
{
    int count = 0;
    while (count < CAIRN_UPCASTERS_MAX && type->upcasters[count])
        count++;
    return count;
}

static int count_upcasters_of(const struct cairn_event_type *type, int version)
{
    int count = 0;
    for (int i = 0; i < count_upcasters(type); i++)
        count += type->upcasters[i]->version == version;
    return count;
}

static int check_upcaster(const struct cairn_event_type *type,
                          const struct cairn_upcaster *upcaster, struct cairn_error *error)
{
    if (upcaster->version < 1 || upcaster->version >= type->schema_version)
        return cairn_fail(error, CAIRN_BUG, "%s is at version %d and has an upcaster of version %d",
                          type->name, type->schema_version, upcaster->version);
    const struct cairn_record *next = cairn_event_record(type, upcaster->version + 1);
    if (upcaster->to != next)
        return cairn_fail(error, CAIRN_BUG,
                          "%s: the upcaster of version %d makes a struct %s, version %d is a "
                          "struct %s",
                          type->name, upcaster->version, upcaster->to->name, upcaster->version + 1,
                          next->name);
    return cairn_record_table_check(upcaster->from, error);
}

/* Checks versions first, since an upcaster's result is compared with the record of the next
 * version. */
static int check_versions(const struct cairn_event_type *type, struct cairn_error *error)
{
    if (type->schema_version < 1)
        return cairn_fail(error, CAIRN_BUG, "%s is at version %d: versions are 1, 2, 3…",
                          type->name, type->schema_version);
    for (int version = 1; version < type->schema_version; version++) {
        int count = count_upcasters_of(type, version);
        if (count != 1)
            return cairn_fail(error, CAIRN_BUG,
                              "%s is at version %d and has %d upcasters of version %d, not one",
                              type->name, type->schema_version, count, version);
    }
    int failed = 0;
    for (int i = 0; i < count_upcasters(type) && !failed; i++)
        failed = check_upcaster(type, type->upcasters[i], error);
    return failed;
}

/* ---- the table ---- */

int cairn_event_type_check(const struct cairn_event_type *type, struct cairn_error *error)
{
    int failed = cairn_record_table_check(type->record, error);
    return failed ? failed : check_versions(type, error);
}

static int check_type(const struct cairn_events *events, const struct cairn_event_type *type,
                      struct cairn_error *error)
{
    if (cairn_events_find(events, type->name) != type)
        return cairn_fail(error, CAIRN_BUG, "two events are called %s", type->name);
    if (cairn_events_of(events, type->record) != type)
        return cairn_fail(error, CAIRN_BUG, "two events are a struct %s", type->record->name);
    return cairn_event_type_check(type, error);
}

int cairn_events_check(const struct cairn_events *events, struct cairn_error *error)
{
    int failed = cairn_tags_check(events->category, "event", &events->types[0].tag,
                                  sizeof events->types[0], events->count, error);
    for (uint32_t i = 0; i < events->count && !failed; i++)
        failed = check_type(events, &events->types[i], error);
    return failed;
}
