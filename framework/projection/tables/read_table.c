/* read_table.c - generates the SQL of a generation's table and of the view over it.
 *
 * A deleted row keeps its key and its position, so that a copy that was unavailable learns of the
 * deletion. That is why no column of the row itself is "not null", and why the declared indexes
 * exclude deleted rows. Each of these indexes ends in the key: lists are paged by (column, key). */
#include "projection/tables/read_table.h"

#include "postgres/postgres.h"
#include "projection/fold/row_key.h"
#include "projection/tables/table_names.h"
#include "record/json.h"
#include "store/events/handlers.h"
#include "store/store.h"

#include <string.h>

enum { NAME_MAX_BYTES = 40 };

static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

const char *cairn_column_type(const struct cairn_field *field)
{
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
        return "bigint";
    case CAIRN_KIND_BOOL:
        return "boolean";
    case CAIRN_KIND_TEXT:
    case CAIRN_KIND_ENUM:
        return "text";
    case CAIRN_KIND_UUID:
        return "uuid";
    case CAIRN_KIND_TIME:
        return "timestamptz";
    case CAIRN_KIND_DAY:
        return "date";
    case CAIRN_KIND_DECIMAL:
        return "numeric";
    case CAIRN_KIND_DURATION:
        return "interval";
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        return "json";
    }
    return "text";
}

static bool is_indexable(const struct cairn_field *field)
{
    return field && strcmp(cairn_column_type(field), "json") != 0;
}

/* Appends a text in single quotes; standard_conforming_strings is on. */
static void quote_text(struct cairn_buffer *out, const char *text)
{
    cairn_buffer_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            cairn_buffer_char(out, '\'');
        cairn_buffer_char(out, *text);
    }
    cairn_buffer_char(out, '\'');
}

void cairn_columns_sql(const struct cairn_projection *projection, const char *prefix,
                       struct cairn_buffer *out)
{
    for (uint32_t i = 0; i < projection->row->count; i++) {
        cairn_buffer_text(out, i ? ", " : "");
        cairn_buffer_text(out, prefix);
        cairn_pg_quote(out, projection->row->fields[i].name);
    }
}

/* A numeric is no number in JSON but text, since a reader's double would round it. */
void cairn_columns_json_sql(const struct cairn_record *row, const char *prefix,
                            struct cairn_buffer *out)
{
    for (uint32_t i = 0; i < row->count; i++) {
        const struct cairn_field *field = &row->fields[i];
        cairn_buffer_text(out, i ? ", " : "");
        cairn_buffer_text(out, prefix);
        cairn_pg_quote(out, field->name);
        if (field->kind == CAIRN_KIND_DECIMAL) {
            cairn_buffer_text(out, "::text as ");
            cairn_pg_quote(out, field->name);
        }
    }
}

static void add_comment(struct cairn_buffer *out, const char *kind, const char *table,
                        const char *column, const char *text)
{
    if (!text)
        return;
    cairn_buffer_print(out, "comment on %s read.\"%s\"", kind, table);
    if (column) {
        cairn_buffer_char(out, '.');
        cairn_pg_quote(out, column);
    }
    cairn_buffer_text(out, " is ");
    quote_text(out, text);
    cairn_buffer_text(out, ";\n");
}

static void add_columns(const struct cairn_projection *projection, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "    _key text collate \"C\" not null,\n"
                           "    _position bigint not null,\n"
                           "    _version bigint not null,\n"
                           "    _parked boolean not null,\n"
                           "    _deleted boolean not null");
    for (uint32_t i = 0; i < projection->row->count; i++) {
        const struct cairn_field *field = &projection->row->fields[i];
        cairn_buffer_text(out, ",\n    ");
        cairn_pg_quote(out, field->name);
        cairn_buffer_print(out, " %s", cairn_column_type(field));
    }
    cairn_buffer_char(out, '\n');
}

static void add_comments(const struct cairn_projection *projection, const char *table,
                         struct cairn_buffer *out)
{
    add_comment(out, "table", table, NULL, projection->help);
    add_comment(out, "column", table, "_key", "What the row is found by.");
    add_comment(out, "column", table, "_position",
                "Of the event that changed it last, or of the checkpoint when parked events were "
                "tried again.");
    add_comment(out, "column", table, "_version", "Of its stream; 0 where it has none.");
    add_comment(out, "column", table, "_parked", "An event could not be applied to it.");
    add_comment(out, "column", table, "_deleted",
                "The row is deleted; kept so that copies learn of the deletion.");
    for (uint32_t i = 0; i < projection->row->count; i++)
        add_comment(out, "column", table, projection->row->fields[i].name,
                    projection->row->fields[i].help);
}

/* Appends "user_id, placed_at" as quoted columns. Fails with -CAIRN_BUG at a name that is not a
 * column, or whose values have no order. */
static int add_index_columns(const struct cairn_record *row, const char *columns,
                             struct cairn_buffer *out, struct cairn_error *error)
{
    for (const char *at = columns;; at++) {
        at += strspn(at, " ");
        size_t bytes = strcspn(at, " ,");
        const char *name = cairn_copy_bytes(out->arena, at, bytes);
        if (!is_indexable(cairn_record_field(row, name)))
            return cairn_fail(error, CAIRN_BUG,
                              "index (%s): \"%s\" is not a column that can be indexed", columns,
                              name);
        cairn_pg_quote(out, name);
        cairn_buffer_text(out, ", ");
        at += bytes;
        at += strspn(at, " ");
        if (*at == '\0')
            return 0;
        if (*at != ',')
            return cairn_fail(error, CAIRN_BUG, "index (%s): wanted columns and commas", columns);
    }
}

static size_t count_indexes(const struct cairn_projection *projection)
{
    size_t count = 0;
    while (projection->indexes && projection->indexes[count])
        count++;
    return count;
}

bool cairn_index_sql(const struct cairn_projection *projection, int64_t generation, size_t number,
                     struct cairn_buffer *out)
{
    const char *table = cairn_table_name(out->arena, projection->name, generation);
    enum { OWN = 3 };
    switch (number) {
    case 0:
        cairn_buffer_print(
            out, "alter table read.\"%s\" add constraint \"%s_pkey\" primary key (_key);\n", table,
            table);
        return true;
    case 1:
        cairn_buffer_print(out, "create index \"%s_position\" on read.\"%s\" (_position, _key);\n",
                           table, table);
        return true;
    case 2:
        cairn_buffer_print(out, "create index \"%s_parked\" on read.\"%s\" (_key) where _parked;\n",
                           table, table);
        return true;
    default:
        break;
    }
    size_t own = number - OWN;
    if (own >= count_indexes(projection))
        return false;
    cairn_buffer_print(out, "create index \"%s_%zu\" on read.\"%s\" (", table, own + 1, table);
    (void)add_index_columns(projection->row, projection->indexes[own], out, NULL);
    cairn_buffer_text(out, "_key) where not _deleted;\n");
    return true;
}

void cairn_table_sql(const struct cairn_projection *projection, int64_t generation,
                     struct cairn_buffer *out)
{
    const char *table = cairn_table_name(out->arena, projection->name, generation);
    cairn_buffer_print(out, "create table read.\"%s\" (\n", table);
    add_columns(projection, out);
    cairn_buffer_text(out, ");\n");
    add_comments(projection, table, out);
    cairn_buffer_print(out, "grant select on read.\"%s\" to cairn_reader;\n", table);
}

void cairn_view_sql(const struct cairn_projection *projection, int64_t generation,
                    struct cairn_buffer *out)
{
    const char *table = cairn_table_name(out->arena, projection->name, generation);
    cairn_buffer_text(out, "select ");
    cairn_columns_sql(projection, "", out);
    cairn_buffer_print(out, " from read.\"%s\" where not _deleted", table);
}

void cairn_view_rest_sql(const struct cairn_projection *projection, struct cairn_buffer *out)
{
    add_comment(out, "view", projection->name, NULL, projection->help);
    for (uint32_t i = 0; i < projection->row->count; i++)
        add_comment(out, "column", projection->name, projection->row->fields[i].name,
                    projection->row->fields[i].help);
    cairn_buffer_print(out, "grant select on read.\"%s\" to cairn_reader;\n", projection->name);
}

/* ---- checking ---- */

static bool is_name(const char *name)
{
    size_t bytes = strlen(name);
    return bytes > 0 && bytes <= NAME_MAX_BYTES && strchr(lower, *name) &&
           strspn(name, word) == bytes;
}

static int check_row(const struct cairn_record *row, struct cairn_error *error)
{
    int failed = cairn_record_table_check(row, error);
    for (uint32_t i = 0; i < row->count && !failed; i++) {
        if (row->fields[i].name[0] == '_')
            failed = cairn_fail(error, CAIRN_BUG, "a column's name cannot begin with _, as %s does",
                                row->fields[i].name);
    }
    return failed;
}

static int check_indexes(const struct cairn_projection *projection, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer columns = cairn_buffer(&arena);
    int failed = 0;
    for (size_t i = 0; projection->indexes && projection->indexes[i] && !failed; i++)
        failed = add_index_columns(projection->row, projection->indexes[i], &columns, error);
    cairn_arena_close(&arena);
    return failed;
}

int cairn_table_check(const struct cairn_projection *projection, struct cairn_error *error)
{
    int failed = 0;
    if (!is_name(projection->name))
        failed = cairn_fail(error, CAIRN_BUG, "its name is not [a-z][a-z0-9_]*, at most %d bytes",
                            NAME_MAX_BYTES);
    else if (projection->version < 1)
        failed = cairn_fail(error, CAIRN_BUG,
                            "it has no .version: write .version = 1, and raise it when the row or "
                            "a function changes");
    if (!failed)
        failed = check_row(projection->row, error);
    if (!failed)
        failed = cairn_handlers_check(projection->on, error);
    if (!failed)
        failed = cairn_row_key_check(projection, error);
    if (!failed)
        failed = check_indexes(projection, error);
    if (failed)
        cairn_error_context(error, "%s%sprojection %s", projection->at ? projection->at : "",
                            projection->at ? ": " : "", projection->name);
    return failed;
}
