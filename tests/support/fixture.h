/* fixture.h - the real servers that a test works with: its own databases and Redis numbers, SQL in
 * one line, waiting for a condition, stopping and starting servers.
 *
 * tests/run starts a PostgreSQL and a Redis for each of its lanes and passes their addresses in the
 * environment. A test's database is a copy of the migrated template, so it begins with an empty
 * log, and its leftovers disturb no other test.
 *
 * Any failure here fails the calling test, with a message; no function returns an error. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- PostgreSQL ---- */

/* Creates a database with the whole schema and writes its URL, as the owner of the schema. */
void fixture_database(char *url, size_t size);

/* Creates a database without any schema, as its owner finds it before the migrations. */
void fixture_empty_database(char *url, size_t size);

/* Drops the database and terminates the sessions that still use it. */
void fixture_drop(const char *url);

/* Writes the same database's URL for another role: cairn_writer, cairn_projector, cairn_reader;
 * postgres is the superuser. */
void fixture_url_as(const char *url, const char *role, char *ret, size_t size);

/* Executes statements, in one transaction unless they contain transaction commands. */
void fixture_sql(const char *url, const char *sql);

/* Returns the first column of the first row, as text or as a number. The row must exist; null is
 * "", and not a number: where either may occur, use coalesce((select ...), 0). */
void fixture_sql_text(const char *url, const char *sql, char *ret, size_t size);
int64_t fixture_sql_int(const char *url, const char *sql);

/* Returns a libpq connection that prints no server notices. It may have failed; the caller finishes
 * it. */
struct pg_conn *fixture_connect(const char *url);

/* ---- Redis ---- */

/* Returns the URL of a database number that this process has not used yet, emptied. The text stays
 * valid until the process exits. */
const char *fixture_redis(void);

/* ---- waiting ---- */

/* Polls until `done` returns true; fails the test, naming `what`, at the timeout. */
void fixture_wait(bool (*done)(void *context), void *context, int timeout_ms, const char *what);

/* Waits until the query returns this number. */
void fixture_wait_sql(const char *url, const char *sql, int64_t wanted, int timeout_ms);

/* Waits until GET of the path returns 200. */
void fixture_wait_http(int port, const char *path, int timeout_ms);

/* A monotonic clock in milliseconds; a sleep of one millisecond between two polls. */
int64_t fixture_now_ms(void);
void fixture_nap(void);

/* ---- ports and servers ---- */

/* Returns an unused port of the loopback, another one at each call. One thread at a time. */
int fixture_free_port(void);
bool fixture_port_is_free(int port);

/* Stopping is abrupt: PostgreSQL drops all sessions and has to recover, Redis is killed. Starting
 * waits until the server answers, at the same address and with its durable data. A test that stops
 * a server starts it again; if it fails in between, tests/run does. */
void fixture_postgres_stop(void);
void fixture_postgres_start(void);
void fixture_redis_stop(void);
void fixture_redis_start(void);

#endif
