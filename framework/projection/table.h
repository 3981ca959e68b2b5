/* table.h - a generation's table and the view over it, from the row's field table. */
#ifndef CAIRN_PROJECTION_TABLE_H
#define CAIRN_PROJECTION_TABLE_H

#include "core/buffer.h"

#include <cairn/projection.h>

#include <stdbool.h>

/* Holds the definition against what PostgreSQL and this engine can do, once at start: names of a
 * form that fits, indexes of columns that there are, events that there are. Returns 0 or
 * -CAIRN_BUG. */
int cairn_table_check(const struct cairn_projection *projection,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Appends the statements that make the table of a generation, its comments and grants; without
 * indexes, so that it can be filled first. */
void cairn_table_sql(const struct cairn_projection *projection, int64_t generation,
                     struct cairn_buffer *out);

/* The name of the PostgreSQL type that holds the field's values, as "bigint". */
const char *cairn_column_type(const struct cairn_field *field);

/* Appends the statement that makes its index number 0, 1, 2…, of which the first is the primary
 * key. Returns false if there is none of that number. */
bool cairn_index_sql(const struct cairn_projection *projection, int64_t generation, size_t number,
                     struct cairn_buffer *out);

/* Appends the query of the view with the public name that shows a generation; and the statements
 * that follow when there is the view: its comments, and that readers may read it. */
void cairn_view_sql(const struct cairn_projection *projection, int64_t generation,
                    struct cairn_buffer *out);
void cairn_view_rest_sql(const struct cairn_projection *projection, struct cairn_buffer *out);

/* Appends the names of the row's columns, quoted, each behind `prefix`, with commas between. */
void cairn_columns_sql(const struct cairn_projection *projection, const char *prefix,
                       struct cairn_buffer *out);

#endif
