/* resource_check.c - checks a resource against its row type at startup. */
#include "query/query.h"
#include "query/request/ask.h"
#include "record/json.h"

#include <string.h>

static int check_filter(const struct cairn_resource *resource, const struct cairn_filter *filter,
                        struct cairn_error *error)
{
    const struct cairn_record *row = resource->projection->row;
    const struct cairn_field *field = cairn_record_field(row, filter->field);
    const char *parameter = filter->parameter;
    if (!field)
        return cairn_fail(error, CAIRN_BUG, "%s has no field %s", row->name, filter->field);
    if (filter->compare != CAIRN_EQUAL && filter->compare != CAIRN_AT_LEAST &&
        filter->compare != CAIRN_AT_MOST)
        return cairn_fail(error, CAIRN_BUG, "filter %s does not say how to compare", parameter);
    if (filter->compare == CAIRN_EQUAL ? !cairn_query_comparable(field)
                                       : !cairn_query_sortable(field))
        return cairn_fail(error, CAIRN_BUG, "field %s cannot be compared as filter %s says",
                          filter->field, parameter);
    if (strcmp(parameter, "limit") == 0 || strcmp(parameter, "cursor") == 0 ||
        &resource->filters[cairn_query_filter(resource, parameter)] != filter)
        return cairn_fail(error, CAIRN_BUG, "two parameters are called %s", parameter);
    return 0;
}

/* The order field must not be optional: a row without its value would have no place in the list. */
static int check_order(const struct cairn_resource *resource, struct cairn_error *error)
{
    if (!resource->order)
        return 0;
    const struct cairn_record *row = resource->projection->row;
    const struct cairn_field *field = cairn_record_field(row, resource->order);
    if (!field)
        return cairn_fail(error, CAIRN_BUG, "%s has no field %s", row->name, resource->order);
    if (field->optional || !cairn_query_sortable(field))
        return cairn_fail(error, CAIRN_BUG, "a list cannot be sorted by %s", resource->order);
    return 0;
}

/* Consumes the next column of a list like "user_id, placed_at" if it is `name`. */
static bool begins_with_column(const char **columns, const char *name)
{
    size_t bytes = strlen(name);
    if (strncmp(*columns, name, bytes) != 0 || !strchr(" ,", (*columns)[bytes]))
        return false;
    *columns += bytes + strspn(*columns + bytes, " ,");
    return true;
}

/* Requires an index that begins with the field `first`, if it is not NULL, followed by the order
 * field, so that the requested rows are contiguous and sorted in it. Without one every page would
 * sort the whole read model. */
static int check_index_on(const struct cairn_resource *resource, const char *first,
                          struct cairn_error *error)
{
    const char *const *indexes = resource->projection->indexes;
    for (size_t i = 0; indexes && indexes[i]; i++) {
        const char *columns = indexes[i];
        if ((!first || begins_with_column(&columns, first)) &&
            (!resource->order || begins_with_column(&columns, resource->order)))
            return 0;
    }
    if (!first && !resource->order)
        return 0; /* ordered by key */
    return cairn_fail(error, CAIRN_BUG, "projection %s needs an index on \"%s%s%s\"",
                      resource->projection->name, first ? first : "",
                      first && resource->order ? ", " : "", resource->order ? resource->order : "");
}

/* The path's field is always given, and the owner's where a caller sees its own rows only; a list
 * without such a path is also read by callers with a role, which see all rows. The rows that the
 * path names are few enough to look for the owner's among them. */
static int check_index(const struct cairn_resource *resource, struct cairn_error *error)
{
    int path = cairn_query_path_filter(resource);
    int failed = check_index_on(resource, path >= 0 ? resource->filters[path].field : NULL, error);
    if (!failed && path < 0 && resource->allow.kind == CAIRN_ALLOW_OWNER)
        failed = check_index_on(resource, resource->allow.member, error);
    return failed;
}

static int check_list(const struct cairn_resource *resource, struct cairn_error *error)
{
    int failed = 0;
    for (int i = 0; i < CAIRN_FILTERS_MAX && resource->filters[i].parameter && !failed; i++)
        failed = check_filter(resource, &resource->filters[i], error);
    if (!failed)
        failed = check_order(resource, error);
    if (failed)
        return failed;
    if (strstr(resource->path, "{id}") && cairn_query_path_filter(resource) < 0)
        return cairn_fail(error, CAIRN_BUG, "no filter is named id, as the path's parameter is");
    if (resource->limit < 0 || resource->limit_max < 0)
        return cairn_fail(error, CAIRN_BUG, "a page cannot have fewer than no rows");
    return check_index(resource, error);
}

static int check_row(const struct cairn_resource *resource, struct cairn_error *error)
{
    if (!strstr(resource->path, "{id}"))
        return cairn_fail(error, CAIRN_BUG, "the path has no {id}, and it is not a list");
    if (resource->filters[0].parameter || resource->order)
        return cairn_fail(error, CAIRN_BUG, "filters and order are for lists");
    return 0;
}

int cairn_query_check(const struct cairn_resource *resource, struct cairn_error *error)
{
    if (!resource->projection)
        return cairn_fail(error, CAIRN_BUG, "resource %s has no projection", resource->path);
    int failed = cairn_query_owner_check(resource, error);
    if (!failed)
        failed = resource->list ? check_list(resource, error) : check_row(resource, error);
    if (failed)
        cairn_error_context(error, "resource %s", resource->path);
    return failed;
}

const char *cairn_resources_at(const struct cairn_resource *resources)
{
    while (resources && resources->path)
        resources++;
    return resources ? resources->at : NULL;
}
