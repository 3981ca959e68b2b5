/* table.c - a generation's table and the view over it. */
#include "projection/table.h"

#include "postgres/postgres.h"
#include "projection/names.h"

static const char *column_type(const struct cairn_field *field)
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
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
        return "json";
    }
    return "text";
}

/* A text in single quotes; standard_conforming_strings is on. */
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

/* A row that was deleted stays as its key and its position, so that a copy that was away learns of
 * it; that is why no column of the row itself is "not null". */
static void add_columns(const struct cairn_projection *projection, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "    _key text collate \"C\" not null,\n"
                           "    _position bigint not null,\n"
                           "    _version bigint not null,\n"
                           "    _parked boolean not null,\n"
                           "    _deleted boolean not null,\n");
    for (uint32_t i = 0; i < projection->row->count; i++) {
        const struct cairn_field *field = &projection->row->fields[i];
        cairn_buffer_text(out, "    ");
        cairn_pg_quote(out, field->name);
        cairn_buffer_print(out, " %s,\n", column_type(field));
    }
}

static void add_comments(const struct cairn_projection *projection, const char *table,
                         struct cairn_buffer *out)
{
    add_comment(out, "table", table, NULL, projection->help);
    add_comment(out, "column", table, "_key", "What the row is found by.");
    add_comment(out, "column", table, "_position", "Of the event that changed it last.");
    add_comment(out, "column", table, "_version", "Of its stream; 0 where it has none.");
    add_comment(out, "column", table, "_parked", "An event could not be applied to it.");
    add_comment(out, "column", table, "_deleted", "It is gone; kept so that copies learn of it.");
    for (uint32_t i = 0; i < projection->row->count; i++)
        add_comment(out, "column", table, projection->row->fields[i].name,
                    projection->row->fields[i].help);
}

void cairn_table_sql(const struct cairn_projection *projection, int64_t generation,
                     struct cairn_buffer *out)
{
    const char *table = cairn_table_name(out->arena, projection->name, generation);
    cairn_buffer_print(out, "create table read.\"%s\" (\n", table);
    add_columns(projection, out);
    cairn_buffer_print(out, "    constraint \"%s_pkey\" primary key (_key)\n);\n", table);
    cairn_buffer_print(out, "create index \"%s_position_idx\" on read.\"%s\" (_position);\n", table,
                       table);
    for (size_t i = 0; projection->indexes && projection->indexes[i]; i++)
        cairn_buffer_print(out, "create index \"%s_%zu_idx\" on read.\"%s\" (%s, _key);\n", table,
                           i + 1, table, projection->indexes[i]);
    add_comments(projection, table, out);
    cairn_buffer_print(out, "grant select on read.\"%s\" to cairn_reader;\n", table);
}

void cairn_view_sql(const struct cairn_projection *projection, int64_t generation,
                    struct cairn_buffer *out)
{
    const char *table = cairn_table_name(out->arena, projection->name, generation);
    cairn_buffer_print(out, "drop view if exists read.\"%s\";\ncreate view read.\"%s\" as select ",
                       projection->name, projection->name);
    cairn_columns_sql(projection, "", out);
    cairn_buffer_print(out, " from read.\"%s\" where not _deleted;\n", table);
    add_comment(out, "view", projection->name, NULL, projection->help);
    cairn_buffer_print(out, "grant select on read.\"%s\" to cairn_reader;\n", projection->name);
}
