/* read_table.h - generates the SQL of a generation's table and of the view over it from the row's
 * field table. */
#ifndef CAIRN_PROJECTION_READ_TABLE_H
#define CAIRN_PROJECTION_READ_TABLE_H

#include "core/containers/buffer.h"

#include <cairn/projection.h>

#include <stdbool.h>

/* Checks the projection's definition, once at start: names are valid, indexed columns exist and can
 * be indexed, events exist. Returns 0 or -CAIRN_BUG. */
int cairn_table_check(const struct cairn_projection *projection,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Appends the statements that create the table of a generation, its comments and grants; without
 * indexes, so that it can be filled first. */
void cairn_table_sql(const struct cairn_projection *projection, int64_t generation,
                     struct cairn_buffer *out);

/* Returns the name of the PostgreSQL type of the field's column, such as "bigint". */
const char *cairn_column_type(const struct cairn_field *field);

/* Appends the statement that creates the table's index 0, 1, 2…, of which the first is the primary
 * key. Returns false if there is no index of that number. */
bool cairn_index_sql(const struct cairn_projection *projection, int64_t generation, size_t number,
                     struct cairn_buffer *out);

/* The first appends the query of the view that shows a generation under the public name; the second
 * the statements to execute once the view exists: its comments and its grant to readers. */
void cairn_view_sql(const struct cairn_projection *projection, int64_t generation,
                    struct cairn_buffer *out);
void cairn_view_rest_sql(const struct cairn_projection *projection, struct cairn_buffer *out);

/* Appends the names of the row's columns, quoted, each after `prefix`, separated by commas. */
void cairn_columns_sql(const struct cairn_projection *projection, const char *prefix,
                       struct cairn_buffer *out);
/* The same as expressions whose row_to_json() the fields' table reads. */
void cairn_columns_json_sql(const struct cairn_record *row, const char *prefix,
                            struct cairn_buffer *out);

#endif
