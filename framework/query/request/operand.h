/* operand.h - a value from a URL or a cursor, parsed as a field of a row and passed to PostgreSQL
 * for comparison with it. */
#ifndef CAIRN_QUERY_OPERAND_H
#define CAIRN_QUERY_OPERAND_H

#include "postgres/postgres.h"

#include <cairn/record.h>

struct cairn_query_operand {
    enum cairn_kind kind;
    union {
        int64_t integer;
        bool yes;
        const char *text; /* also of an enum (its name) and a day */
        struct cairn_uuid uuid;
        struct cairn_time time;
    } as;
};

/* Return whether a field may be filtered by its value, and whether a list may be sorted by it. */
bool cairn_query_comparable(const struct cairn_field *field);
bool cairn_query_sortable(const struct cairn_field *field);

/* Parses `text` in the JSON form of the field's kind, without quotes. Returns 0, or -CAIRN_INVALID
 * with `pointer` and the expected form. Borrows the text. */
int cairn_query_operand_read(const struct cairn_field *field, const char *text, const char *pointer,
                             struct cairn_query_operand *ret,
                             struct cairn_error *error) CAIRN_CHECKED;

/* The reverse: returns the text of a sortable field of a row, for a cursor. */
const char *cairn_query_operand_text(const struct cairn_field *field, const void *row,
                                     struct cairn_arena *arena);

/* Returns a copy that borrows nothing except from the arena. */
struct cairn_query_operand cairn_query_operand_keep(const struct cairn_query_operand *operand,
                                                    struct cairn_arena *arena);

void cairn_query_operand_add(struct cairn_pg_params *params,
                             const struct cairn_query_operand *operand);
/* Returns the parameter's suffix in SQL: "::date" for a day, which is sent as text, else "". */
const char *cairn_query_operand_cast(const struct cairn_field *field);

#endif
