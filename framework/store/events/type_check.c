/* type_check.c - checks tables of events against their structs and against each other. */
#include "record/json.h"
#include "store/events/events.h"
#include "store/store.h"

#include <string.h>

enum { NAME_MAX_BYTES = 100 };

/* ---- older versions ---- */

static int count_upcasters(const struct cairn_event_type *type)
{
    int count = 0;
    while (count < CAIRN_UPCASTERS_MAX && type->upcasters[count])
        count++;
    return count;
}

/* Checks that the upcaster at this place makes the struct of the next version. */
static int check_upcaster(const struct cairn_event_type *type, int version,
                          struct cairn_error *error)
{
    const struct cairn_upcaster *upcaster = type->upcasters[version - 1];
    const struct cairn_record *next = cairn_event_record(type, version + 1);
    if (!cairn_record_same(upcaster->to, next))
        return cairn_fail(error, CAIRN_BUG,
                          "%s: the upcast of version %d makes a struct %s, version %d is a "
                          "struct %s",
                          type->name, version, upcaster->to->name, version + 1, next->name);
    return cairn_record_table_check(upcaster->from, error);
}

/* Checks the number of versions first, since an upcaster's result is compared with the record of
 * the next version. */
static int check_versions(const struct cairn_event_type *type, struct cairn_error *error)
{
    int older = count_upcasters(type);
    if (type->schema_version < 1)
        return cairn_fail(error, CAIRN_BUG, "%s is at version %d: versions are 1, 2, 3…",
                          type->name, type->schema_version);
    if (older != type->schema_version - 1)
        return cairn_fail(error, CAIRN_BUG,
                          "%s is at version %d, so its EVENT names %d older structs, oldest first; "
                          "it names %d",
                          type->name, type->schema_version, type->schema_version - 1, older);
    int failed = 0;
    for (int version = 1; version <= older && !failed; version++)
        failed = check_upcaster(type, version, error);
    return failed;
}

/* ---- the table ---- */

int cairn_event_type_check(const struct cairn_event_type *type, struct cairn_error *error)
{
    int failed = cairn_record_table_check(type->record, error);
    return failed ? failed : check_versions(type, error);
}

/* Names go into rows, URLs and messages. */
static bool is_name(const char *name)
{
    static const char marks[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t bytes = name ? strlen(name) : 0;
    return bytes >= 1 && bytes <= NAME_MAX_BYTES && strspn(name, marks) == bytes;
}

static int check_type(const struct cairn_events *events, const struct cairn_event_type *type,
                      struct cairn_error *error)
{
    if (!is_name(type->name))
        return cairn_fail(error, CAIRN_BUG,
                          "the event of struct %s is called \"%s\": a name has letters, digits and "
                          "_.-, at most %d",
                          type->record->name, type->name ? type->name : "", NAME_MAX_BYTES);
    if (cairn_events_find(events, type->name) != type)
        return cairn_fail(error, CAIRN_BUG, "two events are called %s", type->name);
    if (cairn_events_of(events, type->record) != type)
        return cairn_fail(error, CAIRN_BUG, "two events are a struct %s", type->record->name);
    return cairn_event_type_check(type, error);
}

int cairn_events_check_row(const struct cairn_events *events, uint32_t row,
                           struct cairn_error *error)
{
    struct cairn_error why = {0};
    int failed = check_type(events, &events->types[row], &why);
    if (!failed)
        return 0;
    /* an error in a struct has the struct's own place */
    if (events->at && !cairn_record_table_check(events->types[row].record, NULL))
        cairn_error_context(&why, "%s", events->at);
    return cairn_error_pass(error, &why);
}

int cairn_events_check(const struct cairn_events *events, struct cairn_error *error)
{
    int failed = 0;
    for (uint32_t i = 0; i < events->count && !failed; i++)
        failed = cairn_events_check_row(events, i, error);
    return failed;
}
