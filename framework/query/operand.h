/* operand.h - a value out of a URL or a cursor, read as a field of a row and handed to PostgreSQL
 * to be compared with it. */
#ifndef CAIRN_QUERY_OPERAND_H
#define CAIRN_QUERY_OPERAND_H

#include "postgres/postgres.h"

#include <cairn/record.h>

struct cairn_query_operand {
    enum cairn_kind kind;
    union {
        int64_t integer;
        bool yes;
        const char *text; /* also an enum, by name, and a day */
        struct cairn_uuid uuid;
        struct cairn_time time;
    } as;
};

/* Can a field be asked for by its value, and does its order mean anything to a reader? */
bool cairn_query_comparable(const struct cairn_field *field);
bool cairn_query_sortable(const struct cairn_field *field);

/* Reads `text` as the field's kind has it in JSON, without quotes. Returns 0, or -CAIRN_INVALID
 * with `pointer` and what it should be. Borrows the text. */
int cairn_query_operand_read(const struct cairn_field *field, const char *text, const char *pointer,
                             struct cairn_query_operand *ret,
                             struct cairn_error *error) CAIRN_CHECKED;

/* The other way round: the text of a sortable field of a row, for a cursor. */
const char *cairn_query_operand_text(const struct cairn_field *field, const void *row,
                                     struct cairn_arena *arena);

/* A copy that borrows nothing but from the arena. */
struct cairn_query_operand cairn_query_operand_keep(const struct cairn_query_operand *operand,
                                                    struct cairn_arena *arena);

void cairn_query_operand_add(struct cairn_pg_params *params,
                             const struct cairn_query_operand *operand);
/* What has to follow the parameter in SQL: "::date" where it is sent as text, else "". */
const char *cairn_query_operand_cast(const struct cairn_field *field);

/* Reads a whole number, without sign unless it is negative, and nothing else. */
int cairn_query_integer(const char *text, int64_t *ret) CAIRN_CHECKED;

#endif
