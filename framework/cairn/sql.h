/* sql.h - plain SQL for code with tables of its own: the handlers of a consumer (consumer.h).
 *
 * Values are passed as text and cast where they are used ($1::uuid); cells are returned as the text
 * that PostgreSQL prints. Nothing is quoted into the statement. A statement that fails aborts its
 * transaction: nothing of it is kept, whatever the handler returns.
 *
 * Ownership: rows live as long as the call of the handler. */
#ifndef CAIRN_SQL_H
#define CAIRN_SQL_H

#include <cairn/value.h>

CAIRN_BEGIN_C

struct cairn_sql;

/* Runs one statement. Returns the number of rows it has changed, or
 *   -CAIRN_UNAVAILABLE  the database is away
 *   -CAIRN_BUSY         a lock timeout, a deadlock or a serialization failure
 *   -CAIRN_INVALID      a value is wrong (SQLSTATE class 22)
 *   -CAIRN_BUG          the statement was refused; the message is the server's */
int64_t cairn_sql_run(struct cairn_sql *sql, const char *statement, const char *const *values,
                      size_t count, struct cairn_error *error) CAIRN_CHECKED;

/* Runs a statement that returns rows: `*ret` has the cells, row by row; NULL for null. Returns the
 * number of rows. */
int64_t cairn_sql_get(struct cairn_sql *sql, const char *statement, const char *const *values,
                      size_t count, const char *const **ret,
                      struct cairn_error *error) CAIRN_CHECKED;

/* The values of a statement: cairn_sql_run(sql, "delete from t where id = $1::uuid",
 * CAIRN_VALUES(id), error). */
#define CAIRN_VALUES(...)                                                                          \
    (const char *const[]){__VA_ARGS__},                                                            \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)

/* Formats text that lives as long as the rows. */
const char *cairn_sql_print(struct cairn_sql *sql, const char *format, ...) CAIRN_PRINTF(2, 3);
/* Returns `bytes` zeroed bytes that live as long as the rows. */
char *cairn_sql_room(struct cairn_sql *sql, size_t bytes);

CAIRN_END_C

#endif
