/* sql.h - plain SQL for those who keep tables of their own: handlers of a consumer (consumer.h).
 *
 * Values go in as text and are cast where they are used ($1::uuid); cells come out as the text that
 * PostgreSQL prints. Nothing is quoted into the statement. One that fails spoils the transaction it
 * is in: whatever is said afterwards, nothing of it is kept.
 *
 * Ownership: rows live as long as the call that the handler was made in. */
#ifndef CAIRN_SQL_H
#define CAIRN_SQL_H

#include <cairn/value.h>

struct cairn_sql;

/* One statement. Returns how many rows it has changed, or
 *   -CAIRN_UNAVAILABLE  the database is away
 *   -CAIRN_BUG          it refused; the message is its own */
int64_t cairn_sql_run(struct cairn_sql *sql, const char *statement, const char *const *values,
                      size_t count, struct cairn_error *error) CAIRN_CHECKED;

/* One that gives rows: `*ret` has the cells, row by row; NULL for null. Returns how many rows. */
int64_t cairn_sql_get(struct cairn_sql *sql, const char *statement, const char *const *values,
                      size_t count, const char *const **ret,
                      struct cairn_error *error) CAIRN_CHECKED;

/* The values of a statement: cairn_sql_run(sql, "delete from t where id = $1::uuid",
 * CAIRN_VALUES(id), error). */
#define CAIRN_VALUES(...)                                                                          \
    (const char *const[]){__VA_ARGS__},                                                            \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)

/* Text that lives as long as the rows. */
const char *cairn_sql_print(struct cairn_sql *sql, const char *format, ...) CAIRN_PRINTF(2, 3);
/* Zeroed room for so many bytes, likewise. */
char *cairn_sql_room(struct cairn_sql *sql, size_t bytes);

#endif
