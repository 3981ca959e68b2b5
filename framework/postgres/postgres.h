/* postgres.h - the interface to PostgreSQL: one connection, prepared statements, binary values.
 * Only this folder uses libpq.
 *
 * A statement is a constant {name, sql}; a connection prepares it at its first use. Parameters and
 * results are sent in binary, so nothing is quoted or parsed. Every call has a deadline: a server
 * that does not answer counts as unavailable, and its connection is closed.
 *
 * A connection that was lost is opened again by the next call. If that fails, the next attempt is
 * made after 250 ms; until then calls fail at once with -CAIRN_UNAVAILABLE.
 *
 * Ownership: a connection belongs to one thread. A result lives until cairn_pg_clear(). */
#ifndef CAIRN_POSTGRES_POSTGRES_H
#define CAIRN_POSTGRES_POSTGRES_H

#include "core/containers/buffer.h"

#include <cairn/value.h>

#include <poll.h>
#include <stdbool.h>

struct cairn_pg;
struct cairn_pg_result;

struct cairn_statement {
    const char *name; /* NULL: not prepared */
    const char *sql;
};

/* Connects lazily: a server that is away is no failure here; an invalid URL is -CAIRN_CONFIG.
 * `label` is the application_name. Both are copied. */
int cairn_pg_open(const char *url, const char *label, struct cairn_pg **ret,
                  struct cairn_error *error) CAIRN_CHECKED;
void cairn_pg_close(struct cairn_pg *pg);

/* Sets the deadline of the calls that follow; the default is 10 s. */
void cairn_pg_set_deadline(struct cairn_pg *pg, int64_t us);

/* Sets for how long the calls that follow wait for their answer without sleeping, before they
 * sleep: waking up may take longer than the rest of a short answer. The default is 0. */
void cairn_pg_set_watch(struct cairn_pg *pg, int64_t us);

/* Sets a statement that is run first on every connection, also on one that is reopened later, for
 * instance "listen cairn". NULL for none; borrowed. */
void cairn_pg_on_connect(struct cairn_pg *pg, const char *sql);

/* A server process; zeroed is none. Its pid may be reused later, hence the time. */
struct cairn_pg_backend {
    int64_t pid;
    struct cairn_time started_at;
};

/* From now on every connection asks which server process serves it, at the cost of one round trip.
 */
void cairn_pg_track_backend(struct cairn_pg *pg);
/* Returns the server process of the last connection, also after that was lost. */
struct cairn_pg_backend cairn_pg_backend(const struct cairn_pg *pg);

/* ---- parameters ---- */

enum { CAIRN_PG_PARAMS_MAX = 64 };

/* The values of one call, in order; zeroed is empty. They are in the arena. */
struct cairn_pg_params {
    struct cairn_arena *arena;
    int count;
    uint32_t types[CAIRN_PG_PARAMS_MAX];
    const char *values[CAIRN_PG_PARAMS_MAX];
    int lengths[CAIRN_PG_PARAMS_MAX];
};

void cairn_pg_add_null(struct cairn_pg_params *params);
void cairn_pg_add_integer(struct cairn_pg_params *params, int64_t value); /* bigint */
void cairn_pg_add_bool(struct cairn_pg_params *params, bool value);       /* boolean */
void cairn_pg_add_text(struct cairn_pg_params *params, const char *text); /* text; NULL is null */
void cairn_pg_add_json(struct cairn_pg_params *params, const char *json); /* json */
void cairn_pg_add_bytes(struct cairn_pg_params *params, const void *bytes,
                        size_t count);                                          /* bytea */
void cairn_pg_add_uuid(struct cairn_pg_params *params, struct cairn_uuid id);   /* zero is null */
void cairn_pg_add_time(struct cairn_pg_params *params, struct cairn_time time); /* timestamptz */

/* Arrays: the element i is at `first + i * stride`, so a member of a struct array can be passed
 * directly. */
void cairn_pg_add_integers(struct cairn_pg_params *params, const int64_t *first, size_t stride,
                           size_t count); /* bigint[] */
void cairn_pg_add_texts(struct cairn_pg_params *params, const char *const *first, size_t stride,
                        size_t count); /* text[]; NULL elements are null */
void cairn_pg_add_uuids(struct cairn_pg_params *params, const struct cairn_uuid *first,
                        size_t stride, size_t count); /* uuid[]; zero elements are null */

/* An array that is built element by element, where no struct array has them. */
enum cairn_pg_element {
    CAIRN_PG_INTEGERS = 1,
    CAIRN_PG_TEXTS,
    CAIRN_PG_JSONS,
    CAIRN_PG_UUIDS,
    CAIRN_PG_BYTES
};

struct cairn_pg_array {
    enum cairn_pg_element element;
    int32_t count;
    struct cairn_buffer bytes;
};

struct cairn_pg_array cairn_pg_array(enum cairn_pg_element element, struct cairn_arena *arena);
void cairn_pg_array_integer(struct cairn_pg_array *array, int64_t value);
void cairn_pg_array_text(struct cairn_pg_array *array, const char *text); /* also json */
void cairn_pg_array_bytes(struct cairn_pg_array *array, const void *bytes, size_t count);
void cairn_pg_array_uuid(struct cairn_pg_array *array, struct cairn_uuid id); /* zero is null */
/* Borrows the array's bytes. */
void cairn_pg_add_array(struct cairn_pg_params *params, struct cairn_pg_array *array);

/* ---- calls ---- */

/* Runs one statement and returns all of its rows; in its own transaction unless one is open.
 * Returns the number of rows, or
 *   -CAIRN_UNAVAILABLE  the server is away, shutting down or refuses connections; if the statement
 *                       was under way, its outcome is not known: cairn_pg_sent() tells. The same
 *                       holds where a commit's wait for a synchronous standby was cancelled
 *   -CAIRN_BUSY         a lock timeout, a deadlock or a serialization failure (55P03, class 40)
 *   -CAIRN_INVALID      a value is wrong (class 22)
 *   -CAIRN_BUG          any other refusal, also of class CA; the message is the server's */
int64_t cairn_pg_call(struct cairn_pg *pg, const struct cairn_statement *statement,
                      const struct cairn_pg_params *params, struct cairn_pg_result **ret,
                      struct cairn_error *error) CAIRN_CHECKED;

/* The same for a statement that is not prepared, with every value of its rows as the text that
 * PostgreSQL prints: for display, by cairn_pg_text(). */
int64_t cairn_pg_call_printed(struct cairn_pg *pg, const char *sql,
                              const struct cairn_pg_params *params, struct cairn_pg_result **ret,
                              struct cairn_error *error) CAIRN_CHECKED;

/* The same, for statements whose rows do not matter: returns the number of rows affected. */
int64_t cairn_pg_run(struct cairn_pg *pg, const struct cairn_statement *statement,
                     const struct cairn_pg_params *params, struct cairn_error *error) CAIRN_CHECKED;

/* A call in two steps, for a thread that has something else to do meanwhile. Never waits. Returns
 * true if the statement, which must have a name, is under way: cairn_pg_take_answer() is the next
 * call. False if this call would have to wait first, since no connection is open or the statement
 * is not prepared on it: nothing was sent. */
bool cairn_pg_send(struct cairn_pg *pg, const struct cairn_statement *statement,
                   const struct cairn_pg_params *params) CAIRN_CHECKED;
/* Returns whether cairn_pg_take_answer() would not wait: the answer has come, the connection is
 * lost, or the deadline has passed. Never waits. */
bool cairn_pg_has_answered(struct cairn_pg *pg) CAIRN_CHECKED;
/* Waits for the answer. Returns what cairn_pg_call() does. */
int64_t cairn_pg_take_answer(struct cairn_pg *pg, struct cairn_pg_result **ret,
                             struct cairn_error *error) CAIRN_CHECKED;
/* Return what to wait for, and the deadline (monotonic) of the call that was sent. */
struct pollfd cairn_pg_awaited(struct cairn_pg *pg);
int64_t cairn_pg_answer_by_us(const struct cairn_pg *pg);

/* Several calls under way, in order; each commits or fails by itself. Until all are taken, the
 * connection must not be used for anything else. Never waits. Returns false if this call would have
 * to, or the connection is lost: nothing was sent. */
bool cairn_pg_queue(struct cairn_pg *pg, const struct cairn_statement *statement,
                    const struct cairn_pg_params *params) CAIRN_CHECKED;
/* Waits until something of the oldest answer that was not taken has come, or the connection is
 * lost; at most until `until_us` (monotonic): then it returns false. */
bool cairn_pg_await_queued(struct cairn_pg *pg, int64_t until_us);
/* Waits for the oldest answer. Returns what cairn_pg_call() does. If one is lost with its
 * connection, those that were queued behind it are, too: cairn_pg_sent() is true for each. */
int64_t cairn_pg_take_queued(struct cairn_pg *pg, struct cairn_pg_result **ret,
                             struct cairn_error *error) CAIRN_CHECKED;

/* Runs SQL text without parameters, possibly several statements: migrations, begin, commit. */
int cairn_pg_script(struct cairn_pg *pg, const char *sql, struct cairn_error *error) CAIRN_CHECKED;

/* Makes sure that a connection is open, as far as the client can know. A connection that was lost
 * inside a transaction is not reopened by the call that detects the loss: that call fails, so that
 * nothing runs outside of the transaction it belongs to. */
int cairn_pg_ready(struct cairn_pg *pg, struct cairn_error *error) CAIRN_CHECKED;

/* Closes a session that cannot be used any more; the next one is opened only after a delay. */
void cairn_pg_leave(struct cairn_pg *pg);

/* Returns whether the last call that failed reached the server. If so, a statement that writes may
 * have been carried out. */
bool cairn_pg_sent(const struct cairn_pg *pg);
/* Return whether a connection is open (as far as the client knows), and which: the number of
 * connections made. */
bool cairn_pg_connected(const struct cairn_pg *pg);
int64_t cairn_pg_connection_number(const struct cairn_pg *pg);
/* Returns the SQLSTATE of the last refusal, "" if there was none. */
const char *cairn_pg_state(const struct cairn_pg *pg);

/* Waits for a notification, at most `us`, or until the file descriptor `wake` can be read; -1 for
 * none. Returns 1 and its payload, cut to `size`; or 0; or
 *   -CAIRN_UNAVAILABLE  there is no connection. It is not opened here: notifications sent meanwhile
 *                       are lost, so the caller has to check for changes first
 * Notifications that arrived together are returned one per call, in order. */
int cairn_pg_wait(struct cairn_pg *pg, int64_t us, int wake, char *ret, size_t size,
                  struct cairn_error *error) CAIRN_CHECKED;

/* ---- many rows into a table ---- */

/* Rows written by "copy TABLE (COLUMNS) from stdin (format binary)": for each row
 * cairn_pg_copy_row(), then its values in order. */
struct cairn_pg_copy {
    struct cairn_pg *pg;
    struct cairn_arena arena;
    struct cairn_buffer bytes; /* not yet sent */
};

int cairn_pg_copy_begin(struct cairn_pg *pg, const char *sql, struct cairn_pg_copy *ret,
                        struct cairn_error *error) CAIRN_CHECKED;
int cairn_pg_copy_row(struct cairn_pg_copy *copy, int columns,
                      struct cairn_error *error) CAIRN_CHECKED;
void cairn_pg_copy_smallint(struct cairn_pg_copy *copy, int16_t value);
void cairn_pg_copy_int(struct cairn_pg_copy *copy, int32_t value);
void cairn_pg_copy_integer(struct cairn_pg_copy *copy, int64_t value); /* bigint */
void cairn_pg_copy_text(struct cairn_pg_copy *copy, const char *text); /* also json */
void cairn_pg_copy_bool(struct cairn_pg_copy *copy, bool value);
void cairn_pg_copy_day(struct cairn_pg_copy *copy, struct cairn_day day);
/* `units` / 10^scale, as numeric. */
void cairn_pg_copy_decimal(struct cairn_pg_copy *copy, int64_t units, int scale);
void cairn_pg_copy_interval(struct cairn_pg_copy *copy, int64_t us);
void cairn_pg_copy_null(struct cairn_pg_copy *copy);
void cairn_pg_copy_uuid(struct cairn_pg_copy *copy, struct cairn_uuid id);
void cairn_pg_copy_time(struct cairn_pg_copy *copy, struct cairn_time time);
/* Returns 0 when the server has stored all rows. If it refuses one, cairn_pg_refused_row() returns
 * which, from 1, or 0 if that is unknown. */
int cairn_pg_copy_end(struct cairn_pg_copy *copy, struct cairn_error *error) CAIRN_CHECKED;
int64_t cairn_pg_refused_row(const struct cairn_pg *pg);
/* Frees the memory. A copy that was not ended is ended by closing the connection. */
void cairn_pg_copy_close(struct cairn_pg_copy *copy);

/* ---- many rows out of a table ---- */

enum { CAIRN_PG_COLUMNS_MAX = 32 };

/* Rows of "copy ... to stdout (format binary)", one at a time. Until its end the connection must
 * not be used for anything else: a call that does closes it. */
struct cairn_pg_copy_out;

/* Begins a copy. The SQL may have other statements before the copy, which are in its transaction;
 * none may be open. The deadline is for each row. Returns 0, or
 *   -CAIRN_UNAVAILABLE  the server is away
 *   -CAIRN_BUG          a transaction is open, or this is no binary copy of `columns` columns
 * or, for a statement that the server refused, what cairn_pg_call() returns for it. */
int cairn_pg_copy_out_begin(struct cairn_pg *pg, const char *sql, int columns,
                            struct cairn_pg_copy_out **ret,
                            struct cairn_error *error) CAIRN_CHECKED;

/* Returns 1 and holds the next row until the next call; 0 after the last one; or the errors of
 * begin, with -CAIRN_UNAVAILABLE also for a stream that is garbled: its connection is closed then.
 */
int cairn_pg_copy_out_next(struct cairn_pg_copy_out *copy, struct cairn_error *error) CAIRN_CHECKED;

/* Ends a copy, also before the last row: then the connection is closed, and the next call opens
 * another. NULL is allowed. */
void cairn_pg_copy_out_end(struct cairn_pg_copy_out *copy);

/* Return values of the row, like cairn_pg_integer() and its neighbours below; valid as long as the
 * row. */
int64_t cairn_pg_out_integer(const struct cairn_pg_copy_out *copy, int column);
struct cairn_uuid cairn_pg_out_uuid(const struct cairn_pg_copy_out *copy, int column);
struct cairn_time cairn_pg_out_time(const struct cairn_pg_copy_out *copy, int column);
const char *cairn_pg_out_text(const struct cairn_pg_copy_out *copy, int column);
size_t cairn_pg_out_bytes(const struct cairn_pg_copy_out *copy, int column);

/* Checks that a URL's connections are encrypted wherever they leave this machine: sslmode is
 * require, verify-ca or verify-full. Returns 0, or -CAIRN_CONFIG: `error` says what to set. */
int cairn_pg_check_encrypted(const char *url, struct cairn_error *error) CAIRN_CHECKED;

/* Returns the length of the part of a recorded message that clients may be shown: without what
 * PostgreSQL said. */
size_t cairn_pg_public_bytes(const char *recorded);

/* ---- results ---- */

void cairn_pg_clear(struct cairn_pg_result *result); /* NULL is allowed */
#define CAIRN_PG_RESULT __attribute__((cleanup(cairn_pg_clear_at))) struct cairn_pg_result
void cairn_pg_clear_at(struct cairn_pg_result **result);

/* Returns the number of the column with this name, which the result must have: for statements with
 * many columns, so that none is read by a bare number. It compares names: where rows are many, the
 * caller keeps the number. */
int cairn_pg_column(const struct cairn_pg_result *result, const char *name);

bool cairn_pg_null(const struct cairn_pg_result *result, int64_t row, int column);
int64_t cairn_pg_integer(const struct cairn_pg_result *result, int64_t row,
                         int column); /* int2/4/8 */
bool cairn_pg_bool(const struct cairn_pg_result *result, int64_t row, int column);
struct cairn_uuid cairn_pg_uuid(const struct cairn_pg_result *result, int64_t row, int column);
struct cairn_time cairn_pg_time(const struct cairn_pg_result *result, int64_t row, int column);
/* Decodes a bigint[] without nulls into `ret`, in the arena. Returns the number of elements. */
size_t cairn_pg_integers(const struct cairn_pg_result *result, int64_t row, int column,
                         struct cairn_arena *arena, const int64_t **ret);
/* Appends the elements of a text[] without nulls to an array. Returns their number, 0 for null. */
size_t cairn_pg_texts(const struct cairn_pg_result *result, int64_t row, int column,
                      struct cairn_pg_array *ret);
/* text, json, name: NUL-terminated, lives as long as the result; NULL for null. */
const char *cairn_pg_text(const struct cairn_pg_result *result, int64_t row, int column);
size_t cairn_pg_bytes(const struct cairn_pg_result *result, int64_t row, int column);

/* Return the number of columns of the rows, and the name of one. */
int cairn_pg_columns(const struct cairn_pg_result *result);
const char *cairn_pg_column_name(const struct cairn_pg_result *result, int column);

/* Appends an identifier in double quotes, for SQL that is built from a table's name. */
void cairn_pg_quote(struct cairn_buffer *out, const char *identifier);
/* Appends a text as a literal, for the few statements that take no parameters. */
void cairn_pg_quote_text(struct cairn_buffer *out, const char *text);

#endif
