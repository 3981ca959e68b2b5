/* query_bench.c - read models that a test writes by hand, and servers that answer from them. */
#include "query_bench.h"

#include "fixture.h"
#include "support.h"

#include "../../projections/order_summary.h"
#include "../../projections/sales_by_day.h"
#include "../../services/query/query.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "projection/generations/switch.h"
#include "projection/tables/table_names.h"
#include "store/read/token.h"

#include <stdio.h>
#include <string.h>

struct query_bench bench;

/* ---- servers ---- */

static void *open_worker(void *context)
{
    struct cairn_query_context *worker = NULL;
    assert_int_equal(cairn_query_open(*(struct cairn_query_engine **)context, &worker, NULL), 0);
    return worker;
}

static void close_worker(void *worker)
{
    cairn_query_close(worker);
}

static int open_upstream(void *context, void **ret, struct cairn_error *error)
{
    return cairn_query_upstream.open(*(struct cairn_query_engine **)context, ret, error);
}

enum { ROUTES = 8 };

struct route {
    const struct cairn_resource *resource;
    struct cairn_query_engine *side;
};

static enum cairn_http_outcome on_query(const void *self, void *worker,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    const struct route *route = self;
    return cairn_query_handle(route->resource, route->side, worker, request, response);
}

static size_t make_routes(enum bench_server server, struct cairn_http_route *routes)
{
    static struct route all[SERVERS][ROUTES];
    size_t count = 0;
    for (const struct cairn_resource *at = shop_resources; at->path; at++) {
        assert_int_equal(cairn_query_check(at, NULL), 0);
        all[server][count] = (struct route){at, bench.side[server]};
        routes[count] = (struct cairn_http_route){.method = "GET",
                                                  .pattern = at->path,
                                                  .handle = on_query,
                                                  .self = &all[server][count],
                                                  .eager = true,
                                                  .leave = cairn_query_leave};
        count++;
    }
    return count;
}

struct cairn_query_context *bench_context(void)
{
    return open_worker(&bench.side[BOTH]);
}

static void open_side(enum bench_server server)
{
    static const struct cairn_resource *const tables[] = {shop_resources, NULL};
    const struct cairn_query_options options = {
        .waiting_max = BENCH_WAITING_MAX,
        .database_url = bench.reader_url,
        .redis_url = bench.server_redis[server],
        .streams_max = 20,
        .client_streams_max = bench.client_streams_max,
        .client_waiting_max = bench.client_waiting_max,
        .pages_max = 10,
        .heartbeat_us = server == PLAIN ? CAIRN_SECONDS(30) : CAIRN_MILLISECONDS(500),
        .resources = tables,
    };
    assert_int_equal(cairn_query_engine_open(&options, &bench.side[server], NULL), 0);

    /* Loads the read models at once, so that a first answer does not differ from later ones. */
    struct cairn_query_context *context = open_worker(&bench.side[server]);
    (void)!cairn_query_ready(shop_resources, context, NULL);
    cairn_query_close(context);
}

static struct cairn_http *start_server(enum bench_server server)
{
    static struct cairn_http_route routes[SERVERS][ROUTES];
    open_side(server);
    const struct cairn_http_options options = {
        .workers = 1,
        .queue_max = 100,
        .body_max_bytes = 4096,
        .header_max_bytes = 8192,
        .deadline_us = CAIRN_SECONDS(5),
        .connections_max = 100,
        .limits = {.numbers = true, .proxies = "127.0.0.0/8"},
        .routes = routes[server],
        .route_count = make_routes(server, routes[server]),
        .worker_open = open_worker,
        .worker_close = close_worker,
        .upstream = {.open = open_upstream,
                     .close = cairn_query_upstream.close,
                     .prepare = cairn_query_upstream.prepare,
                     .go_on = cairn_query_upstream.go_on},
        .context = &bench.side[server],
    };
    struct cairn_http *http = NULL;
    struct cairn_error error = {0};
    if (cairn_http_start(&options, &http, &error) < 0)
        fail_msg("%s", error.message);
    return http;
}

/* ---- requests ---- */

struct wire_answer bench_get(enum bench_server server, const char *path, const char *headers)
{
    return wire_ask(cairn_http_port(bench.http[server]),
                    cairn_print(&bench.arena, "GET %s HTTP/1.1\r\n%s", path, headers), "");
}

struct wire_answer bench_get_ok(enum bench_server server, const char *path, const char *headers)
{
    struct wire_answer answer = bench_get(server, path, headers);
    if (answer.status != 200)
        fail_msg("GET %s: %d %s", path, answer.status, answer.body);
    return answer;
}

void expect(const struct wire_answer *answer, int status, const char *part)
{
    if (answer->status != status || !strstr(answer->body, part))
        fail_msg("wanted %d with %s, got %d: %s", status, part, answer->status, answer->body);
}

const char *bench_token(const struct cairn_timeline *timeline, int64_t position)
{
    char *text = cairn_new(&bench.arena, char, CAIRN_TOKEN_TEXT_SIZE);
    cairn_token_format(timeline, position, text);
    return text;
}

const char *bench_wants(int64_t position, const char *prefer)
{
    return cairn_print(&bench.arena, "Cairn-Position: %s\r\n%s%s%s",
                       bench_token(&bench.timeline, position), *prefer ? "Prefer: " : "", prefer,
                       *prefer ? "\r\n" : "");
}

void expect_position(const struct wire_answer *answer, int64_t position)
{
    assert_string_equal(wire_header(answer, "Cairn-Position"),
                        bench_token(&bench.timeline, position));
}

const char *bench_text(struct cairn_uuid id)
{
    char *text = cairn_new(&bench.arena, char, CAIRN_UUID_TEXT_SIZE);
    cairn_uuid_format(id, text);
    return text;
}

/* ---- the read models ---- */

void bench_sql(const char *format, ...)
{
    char text[4096];
    va_list list;
    va_start(list, format);
    assert_in_range(vsnprintf(text, sizeof text, format, list), 1, sizeof text - 1);
    va_end(list);
    fixture_sql(bench.url, text);
}

void bench_move_checkpoint(int64_t position)
{
    bench.position = position;
    bench_sql("update cairn.checkpoints set position = %" PRId64 " where projection = '%s'",
              position, order_summary_projection.name);
}

void bench_insert(const struct order *order)
{
    const char *id = bench_text(order->id);
    bench.position++;
    bench_sql(
        "begin;"
        "insert into read.order_summary_g%" PRId64 " (_key, _position, _version, _parked, _deleted,"
        "     order_id, user_id, status, currency, total, lines, placed_at)"
        " values ('%s', %" PRId64 ", 1, false, false, '%s', '%s', '%s', 'EUR', 1200,"
        "     '[{\"sku\":\"stone\",\"quantity\":3,\"unit_price\":400}]',"
        "     to_timestamp(%" PRId64 ".000001));"
        "update cairn.checkpoints set position = %" PRId64 " where projection = 'order_summary';"
        "commit",
        bench.orders.number, id, bench.position, id, bench_text(order->user), order->status,
        order->seconds, bench.position);
}

struct order bench_new_order(void)
{
    const struct order order = {cairn_uuid_make(), cairn_uuid_make(), 1700000000, "placed"};
    bench_insert(&order);
    return order;
}

void bench_redis(const char *command, const char *key, const char *value)
{
    const struct cairn_redis_arg args[] = {CAIRN_ARG(command), CAIRN_ARG(key), CAIRN_ARG(value)};
    struct cairn_redis_reply reply;
    struct cairn_error error = {0};
    if (cairn_redis_call(bench.redis, args, *value ? 3 : 2, &bench.arena, &reply, &error) < 0)
        fail_msg("%s", error.message);
}

const char *bench_row_key(struct cairn_uuid id)
{
    const char *prefix =
        cairn_redis_row_prefix(&bench.arena, &bench.timeline, "order_summary", bench.orders.number);
    return cairn_print(&bench.arena, "%s%s", prefix, bench_text(id));
}

const char *bench_checkpoint_key(void)
{
    return cairn_redis_checkpoint_key(&bench.arena, &bench.timeline, "order_summary",
                                      bench.orders.number);
}

void bench_copy_checkpoint(int64_t epoch, int64_t position)
{
    bench_redis("SET", bench_checkpoint_key(),
                cairn_print(&bench.arena, "%" PRId64 " %" PRId64 " 0", epoch, position));
}

void bench_copy_row(struct cairn_uuid id, int64_t epoch, int64_t generation, const char *json)
{
    bench_redis(
        "SET", bench_row_key(id),
        cairn_print(&bench.arena, "%" PRId64 " 1 7 %" PRId64 "\n%s", epoch, generation, json));
}

void bench_copy(const struct order *order)
{
    bench_copy_row(order->id, bench.timeline.epoch, bench.orders.number, COPY);
    bench_copy_checkpoint(bench.timeline.epoch, bench.position);
}

/* ---- generations ---- */

void bench_next_generation(const char *condition)
{
    int64_t old = bench.orders.number++;
    bench_sql("create table read.order_summary_g%" PRId64 " (like read.order_summary_g%" PRId64
              " including all);"
              "grant select on read.order_summary_g%" PRId64 " to cairn_reader;"
              "insert into read.order_summary_g%" PRId64
              " select * from read.order_summary_g%" PRId64 "     where %s;"
              "insert into cairn.generations (projection, generation, code_version, complete_at)"
              "     select projection, %" PRId64 ", code_version, now() from cairn.generations"
              "     where projection = 'order_summary' and generation = %" PRId64 ";"
              "insert into cairn.checkpoints select projection, %" PRId64 ", shard, epoch, position"
              "     from cairn.checkpoints where projection = 'order_summary'"
              "         and generation = %" PRId64,
              bench.orders.number, old, bench.orders.number, bench.orders.number, old, condition,
              bench.orders.number, old, bench.orders.number, old);
}

void bench_switch(int64_t from, int64_t to)
{
    bench_sql("update cairn.generations set serving = false, live = false"
              "     where projection = 'order_summary' and generation = %" PRId64 ";"
              "update cairn.generations set serving = true, live = true"
              "     where projection = 'order_summary' and generation = %" PRId64,
              from, to);
}

/* ---- setup ---- */

static struct cairn_generation make_generation(const struct cairn_projection *projection)
{
    struct cairn_generation generation;
    struct cairn_error error = {0};
    const struct cairn_switch_terms terms = {.fence = 0};
    if (cairn_generation_make(bench.store, projection, &bench.arena, &generation, &error) < 0 ||
        cairn_generation_start_empty(bench.store, &generation, 0, &bench.arena, &error) < 0 ||
        cairn_switch_to(bench.store, &generation, &terms, &bench.arena, &error) != 1)
        fail_msg("%s", error.message);
    return generation;
}

int bench_open(void **state)
{
    (void)state;
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_reader", bench.reader_url, sizeof bench.reader_url);
    bench.redis_url = fixture_redis();
    assert_int_equal(cairn_store_open(bench.url, "test", &bench.store, NULL), 0);
    assert_int_equal(cairn_store_timeline(bench.store, &bench.timeline, NULL), 0);
    assert_int_equal(cairn_redis_open(bench.redis_url, CAIRN_SECONDS(5), &bench.redis, NULL), 0);
    bench.orders = make_generation(&order_summary_projection);
    bench.sales = make_generation(&sales_by_day_projection);
    /* Rows are made by hand; the log only has to be as long as their positions say. */
    bench_sql("select count(*) from (select cairn.append('note-1', 'Noted', '{}')"
              " from generate_series(1, %d)) t",
              BENCH_HEAD);
    bench_move_checkpoint(100);
    bench.server_redis[BOTH] = bench.redis_url;
    bench.server_redis[PLAIN] = NULL;
    bench.server_redis[NOWHERE] = "unix:///nowhere/redis.sock";
    for (int i = 0; i < SERVERS; i++)
        bench.http[i] = start_server((enum bench_server)i);
    return 0;
}

static void stop_server(enum bench_server server)
{
    cairn_query_engine_stop(bench.side[server]);
    cairn_http_stop(bench.http[server], CAIRN_SECONDS(5));
    cairn_query_engine_close(bench.side[server]);
}

void bench_restart(enum bench_server server)
{
    stop_server(server);
    bench.http[server] = start_server(server);
}

int bench_close(void **state)
{
    (void)state;
    for (int i = 0; i < SERVERS; i++)
        stop_server((enum bench_server)i);
    cairn_redis_close(bench.redis);
    cairn_store_close(bench.store);
    cairn_arena_close(&bench.arena);
    fixture_drop(bench.url);
    return 0;
}

int bench_each(void **state)
{
    (void)state;
    cairn_arena_reset(&bench.arena);
    return 0;
}
