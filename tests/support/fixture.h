/* fixture.h - the real servers that a test works with: databases and Redis numbers of its own, SQL
 * in one line, waiting for a condition, servers that stop and start.
 *
 * tests/run starts a PostgreSQL and a Redis for each of its lanes and says in the environment where
 * they are. A test takes a database that is a copy of the migrated template, so it begins with an
 * empty log and what it leaves behind disturbs nobody.
 *
 * Whatever goes wrong here fails the test that called, with a message; nothing returns an error. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- PostgreSQL ---- */

/* Makes a fresh database with the whole schema and writes its URL, as the owner of the schema. */
void fixture_database(char *url, size_t size);

/* Makes one without any schema, as the owner of the database finds it before the migrations. */
void fixture_empty_database(char *url, size_t size);

/* Drops it, and ends the sessions that still use it. */
void fixture_drop(const char *url);

/* The same database for another role: cairn_writer, cairn_projector, cairn_reader; postgres may do
 * anything. */
void fixture_url_as(const char *url, const char *role, char *ret, size_t size);

/* Executes statements, in one transaction unless they say otherwise. */
void fixture_sql(const char *url, const char *sql);

/* The first column of the first row, as text or as a number. There has to be a row; null is "", and
 * no number: where either may be, say coalesce((select ...), 0). */
void fixture_sql_text(const char *url, const char *sql, char *ret, size_t size);
int64_t fixture_sql_int(const char *url, const char *sql);

/* A connection of libpq's that keeps the server's notices to itself. It may have failed; the caller
 * finishes it. */
struct pg_conn *fixture_connect(const char *url);

/* ---- Redis ---- */

/* The URL of a database number that this process has not used yet, emptied. Valid for ever. */
const char *fixture_redis(void);

/* ---- waiting ---- */

/* Asks until `done` says true; fails the test, naming `what`, when the time is over. */
void fixture_wait(bool (*done)(void *context), void *context, int timeout_ms, const char *what);

/* Until GET of the path is answered with 200. */
void fixture_wait_http(int port, const char *path, int timeout_ms);

/* Milliseconds on a clock that only goes forward; a millisecond's rest between two looks. */
int64_t fixture_now_ms(void);
void fixture_nap(void);

/* ---- ports and servers ---- */

/* A port of the loopback that nobody uses, another one at each call. One thread at a time. */
int fixture_free_port(void);

/* Stopping is rude: PostgreSQL drops all sessions and has to recover, Redis is killed. Starting
 * waits until the server answers, at the same address and with what was durable. A test that stops
 * one starts it again; if it fails in between, tests/run does. */
void fixture_postgres_stop(void);
void fixture_postgres_start(void);
void fixture_redis_stop(void);
void fixture_redis_start(void);

#endif
