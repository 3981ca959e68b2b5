/* query_bench.h - read models in both stores that a test writes by hand, and servers that answer
 * from them.
 *
 * The tables are created by the projection's own functions. Rows, checkpoints and copies are
 * written by the tests, because a reader has to handle every combination of the two stores'
 * states. */
#ifndef QUERY_BENCH_H
#define QUERY_BENCH_H

#include "wire.h"

#include "http/http.h"
#include "projection/tables/generation.h"
#include "query/query.h"
#include "redis/redis.h"

/* One server over both stores, one without Redis, one whose Redis is unreachable. Each has one
 * worker, so that a request sees what the one before it cached. Streams have a heartbeat of half a
 * second, those of PLAIN of half a minute, so that no slow client is cut off there. */
enum bench_server { BOTH, PLAIN, NOWHERE, SERVERS };

enum { BENCH_WAITING_MAX = 90, BENCH_HEAD = 1000 };

struct query_bench {
    char url[512]; /* as the owner */
    char reader_url[512];
    const char *redis_url;
    const char *server_redis[SERVERS];
    int64_t client_streams_max, client_waiting_max; /* of servers that are started from now on */
    struct cairn_query_engine *side[SERVERS];
    struct cairn_http *http[SERVERS];
    struct cairn_store *store;
    struct cairn_redis *redis;
    struct cairn_timeline timeline;
    struct cairn_generation orders;
    struct cairn_generation sales;
    struct cairn_arena arena; /* emptied before each test */
    int64_t position;         /* of the orders' checkpoint */
};
extern struct query_bench bench;

/* For cmocka: setup and teardown of the group, and setup of each test. */
int bench_open(void **state);
int bench_close(void **state);
int bench_each(void **state);

/* Stops one of the servers and starts it again on another port. */
void bench_restart(enum bench_server server);

/* Returns a worker's context of the server over both stores. */
struct cairn_query_context *bench_context(void);

/* ---- requests ---- */

struct wire_answer bench_get(enum bench_server server, const char *path, const char *headers);
/* The same, and the status has to be 200. */
struct wire_answer bench_get_ok(enum bench_server server, const char *path, const char *headers);

/* Fails the test unless the answer has this status and contains this part. */
void expect(const struct wire_answer *answer, int status, const char *part);
void expect_position(const struct wire_answer *answer, int64_t position);

/* The token of a position, and the headers of a client that requires that position. */
const char *bench_token(const struct cairn_timeline *timeline, int64_t position);
const char *bench_wants(int64_t position, const char *prefer);

const char *bench_text(struct cairn_uuid id);
#define PATH(pattern, id) cairn_print(&bench.arena, (pattern), bench_text(id))

/* ---- PostgreSQL ---- */

void bench_sql(const char *format, ...) CAIRN_PRINTF(1, 2);
void bench_move_checkpoint(int64_t position);

struct order {
    struct cairn_uuid id;
    struct cairn_uuid user;
    int64_t seconds; /* when it was placed */
    const char *status;
};

/* Inserts an order, as if the event at the next position had created it. */
void bench_insert(const struct order *order);
struct order bench_new_order(void);

/* ---- Redis ---- */

/* A row that differs from PostgreSQL's, so that an answer shows its source. Its version is 7. */
#define COPY "{\"from\":\"redis\"}"

void bench_redis(const char *command, const char *key, const char *value);
const char *bench_row_key(struct cairn_uuid id);
const char *bench_checkpoint_key(void);
void bench_copy_checkpoint(int64_t epoch, int64_t position);
void bench_copy_row(struct cairn_uuid id, int64_t epoch, int64_t generation, const char *json);
/* Copies the order as COPY, and sets the checkpoint to PostgreSQL's. */
void bench_copy(const struct order *order);

/* Creates another generation of the orders, with those of their rows for which the condition holds,
 * at the same position; it becomes bench.orders. Queries stay on the old one. */
void bench_next_generation(const char *condition);
/* Switches queries from one generation to the other. */
void bench_switch(int64_t from, int64_t to);

#endif
