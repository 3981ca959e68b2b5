/* test_query_fresh.c - reads that require a position: waiting, timelines, generations. */
#include "../support/fixture.h"
#include "../support/query_bench.h"
#include "../support/support.h"

#include "../../services/query/query.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"

#include <stdio.h>
#include <string.h>

/* ---- freshness ---- */

static void a_position_that_was_reached_is_answered_at_once(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    bench_copy(&order);
    struct wire_answer answer =
        bench_get_ok(BOTH, PATH("/orders/%s", order.id), bench_wants(bench.position, "wait=9"));
    assert_string_equal(answer.body, COPY);
    assert_string_equal(wire_header(&answer, "Preference-Applied"), "wait=9");
}

static void a_copy_that_is_behind_is_passed_over(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    bench_copy(&order);
    bench_move_checkpoint(bench.position + 1);
    struct wire_answer answer =
        bench_get_ok(BOTH, PATH("/orders/%s", order.id), bench_wants(bench.position, "wait=0"));
    assert_string_not_equal(answer.body, COPY);
    expect_position(&answer, bench.position);
}

/* Sends a request that has to wait, checks that it does, inserts the row, reads the answer. */
static void expect_wait(enum bench_server server, bool list)
{
    const struct order order = {cairn_uuid_make(), cairn_uuid_make(), 1700000000, "placed"};
    const char *path = list ? PATH("/users/%s/orders", order.user) : PATH("/orders/%s", order.id);
    struct wire wire = wire_open(cairn_http_port(bench.http[server]));
    wire_send(&wire, cairn_print(&bench.arena, "GET %s HTTP/1.1\r\nHost: test\r\n%s\r\n", path,
                                 bench_wants(bench.position + 1, "wait=20")));
    assert_false(wire_readable(&wire, 150));
    bench_insert(&order);
    struct wire_answer answer = wire_read(&wire);
    wire_close(&wire);
    expect(&answer, 200, "\"status\":\"placed\"");
    expect_position(&answer, bench.position);
}

static void a_read_waits_until_its_position_is_there(void **state)
{
    (void)state;
    for (int server = 0; server < SERVERS; server++) {
        expect_wait((enum bench_server)server, false);
        expect_wait((enum bench_server)server, true);
    }
}

/* There is one worker: a waiting read does not occupy it. */
static void waiting_reads_occupy_no_thread_and_delay_no_others(void **state)
{
    (void)state;
    enum { WAITING = 80 };
    const struct order there = bench_new_order();
    const struct order order = {cairn_uuid_make(), cairn_uuid_make(), 1700000000, "placed"};
    struct wire wires[WAITING];
    for (int i = 0; i < WAITING; i++) {
        wires[i] = wire_open(cairn_http_port(bench.http[BOTH]));
        wire_send(&wires[i], cairn_print(&bench.arena, "GET %s HTTP/1.1\r\nHost: test\r\n%s\r\n",
                                         PATH("/orders/%s", order.id),
                                         bench_wants(bench.position + 1, "wait=30")));
    }
    for (int i = 0; i < 20; i++)
        (void)bench_get_ok(BOTH, PATH("/orders/%s", there.id), "");
    for (int i = 0; i < WAITING; i++)
        assert_false(wire_readable(&wires[i], 0));
    bench_insert(&order);
    for (int i = 0; i < WAITING; i++) {
        struct wire_answer answer = wire_read(&wires[i]);
        expect(&answer, 200, "\"status\":\"placed\"");
        wire_close(&wires[i]);
    }
}

static bool all_wait(void *context)
{
    (void)context;
    struct cairn_buffer text = cairn_buffer(&bench.arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    return strstr(text.text, cairn_print(&bench.arena, "cairn_query_waiting %d\n",
                                         (int)BENCH_WAITING_MAX)) != NULL;
}

/* A waiting read occupies a place; the other places are for reads that need not wait. */
static void waiting_reads_leave_places_for_others(void **state)
{
    (void)state;
    const struct order there = bench_new_order();
    const struct order order = {cairn_uuid_make(), cairn_uuid_make(), 1700000000, "placed"};
    const char *path = PATH("/orders/%s", order.id);
    const char *wants = bench_wants(bench.position + 1, "wait=30");
    struct wire wires[BENCH_WAITING_MAX];
    for (int i = 0; i < BENCH_WAITING_MAX; i++) {
        wires[i] = wire_open(cairn_http_port(bench.http[PLAIN]));
        wire_send(&wires[i], cairn_print(&bench.arena, "GET %s HTTP/1.1\r\nHost: test\r\n%s\r\n",
                                         path, wants));
    }
    fixture_wait(all_wait, NULL, 10000, "all of them to wait");
    int64_t begun_us = cairn_monotonic_us();
    struct wire_answer answer = bench_get(PLAIN, path, wants);
    expect(&answer, 503, "\"code\":\"not-yet-visible\"");
    (void)bench_get_ok(PLAIN, PATH("/orders/%s", there.id), "");
    assert_true(cairn_monotonic_us() - begun_us < CAIRN_SECONDS(5));
    bench_insert(&order);
    for (int i = 0; i < BENCH_WAITING_MAX; i++) {
        assert_int_equal(wire_read(&wires[i]).status, 200);
        wire_close(&wires[i]);
    }
}

static void a_position_that_the_log_has_not_reached_is_not_waited_for(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    int64_t begun_us = cairn_monotonic_us();
    for (int i = 0; i < 20; i++) {
        struct wire_answer answer =
            bench_get(BOTH, PATH("/orders/%s", order.id), bench_wants(BENCH_HEAD + 1, "wait=30"));
        expect(&answer, 503, "\"code\":\"not-yet-visible\"");
    }
    assert_true(cairn_monotonic_us() - begun_us < CAIRN_SECONDS(10));
}

static void a_wait_ends_when_the_read_model_turns_out_to_be_of_another_history(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct wire wire = wire_open(cairn_http_port(bench.http[BOTH]));
    wire_send(&wire, cairn_print(&bench.arena, "GET %s HTTP/1.1\r\nHost: test\r\n%s\r\n",
                                 PATH("/orders/%s", order.id),
                                 bench_wants(bench.position + 1, "wait=30")));
    assert_false(wire_readable(&wire, 150));
    int64_t begun_us = cairn_monotonic_us();
    bench_sql("update cairn.checkpoints set epoch = epoch + 1");
    struct wire_answer answer = wire_read(&wire);
    expect(&answer, 503, "\"code\":\"diverged\"");
    assert_true(cairn_monotonic_us() - begun_us < CAIRN_SECONDS(10));
    wire_close(&wire);
    bench_sql("update cairn.checkpoints set epoch = epoch - 1");
}

/* ---- two replicas ---- */

/* Returns the version of the order that a replica shows to a client that has seen `token`, which
 * becomes the answer's. 0 if it answers 503. */
static int64_t look_at(enum bench_server server, const struct order *order, char token[200])
{
    const char *headers =
        *token ? cairn_print(&bench.arena, "Cairn-Position: %s\r\nPrefer: wait=0\r\n", token) : "";
    struct wire_answer answer = bench_get(server, PATH("/orders/%s", order->id), headers);
    if (answer.status == 503)
        return 0;
    assert_int_equal(answer.status, 200);
    (void)snprintf(token, 200, "%s", wire_header(&answer, "Cairn-Position"));
    int64_t version = 0;
    assert_int_equal(sscanf(wire_header(&answer, "ETag"), "\"%" SCNd64, &version), 1);
    return version;
}

/* Writes a copy that is behind or being repaired: its row may be newer than its checkpoint. */
static void copy_as(const struct order *order, int64_t row, int64_t checkpoint)
{
    bench_redis("SET", bench_row_key(order->id),
                cairn_print(&bench.arena, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n%s",
                            bench.timeline.epoch, row, row, bench.orders.number, COPY));
    bench_copy_checkpoint(bench.timeline.epoch, checkpoint);
}

/* Writes the order once more: its version is its position, as in its copies. */
static void write_order(const struct order *order)
{
    bench.position++;
    bench_sql("begin; update read.order_summary_g%" PRId64 " set _position = %" PRId64
              ", _version = %" PRId64 " where _key = '%s';"
              "update cairn.checkpoints set position = %" PRId64
              "     where projection = 'order_summary'; commit",
              bench.orders.number, bench.position, bench.position, bench_text(order->id),
              bench.position);
}

static void a_client_with_a_position_sees_no_older_state_at_another_replica(void **state)
{
    (void)state;
    enum { ROUNDS = 300 };
    const struct order order = bench_new_order();
    write_order(&order);
    char token[200] = "";
    int64_t seen = 0;
    int shown = 0;
    unsigned random = 4711;
    for (int i = 0; i < ROUNDS; i++) {
        random = random * 1103515245 + 12345;
        unsigned dice = random >> 16;
        if (dice % 3 == 0)
            write_order(&order);
        int64_t row = bench.position - dice / 3 % 3;
        copy_as(&order, row, row - dice / 9 % 2);
        int64_t version = look_at(dice / 18 % 2 ? BOTH : PLAIN, &order, token);
        if (version && version < seen)
            fail_msg("round %d: version %" PRId64 " after %" PRId64, i, version, seen);
        seen = version ? version : seen;
        shown += version != 0;
    }
    assert_true(shown > ROUNDS / 2);
}

static int64_t ask_in_vain(const char *path, const char *prefer, const char *detail)
{
    int64_t begun_us = cairn_monotonic_us();
    struct wire_answer answer = bench_get(BOTH, path, bench_wants(bench.position + 10, prefer));
    expect(&answer, 503, "\"code\":\"not-yet-visible\"");
    expect(&answer, 503, detail);
    assert_string_equal(wire_header(&answer, "Retry-After"), "1");
    assert_string_equal(wire_header(&answer, "Cairn-Position"), "");
    return cairn_monotonic_us() - begun_us;
}

static void a_wait_in_vain_ends_at_its_bound(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/orders/%s", order.id);
    const char *list = PATH("/users/%s/orders", order.user);
    const int64_t second_us = CAIRN_SECONDS(1);
    assert_in_range(ask_in_vain(path, "wait=3", "is at position"), 3 * second_us, 5 * second_us);
    assert_in_range(ask_in_vain(path, "", "is at position"), 2 * second_us, 4 * second_us);
    assert_in_range(ask_in_vain(list, "wait=1", "is at position"), second_us, 3 * second_us);
    assert_in_range(ask_in_vain(path, "wait=0", "is at position"), 0, second_us);
    assert_in_range(ask_in_vain(list, "wait=0", "is at position"), 0, second_us);
}

/* Begins to wait for a position that does not come, as this client. */
static struct wire wait_as(const struct order *order, const char *client)
{
    struct wire wire = wire_open(cairn_http_port(bench.http[PLAIN]));
    wire_send(&wire, cairn_print(&bench.arena,
                                 "GET %s HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: %s\r\n%s\r\n",
                                 PATH("/orders/%s", order->id), client,
                                 bench_wants(bench.position + 10, "wait=3")));
    return wire;
}

static void a_client_has_its_share_of_the_reads_that_wait(void **state)
{
    (void)state;
    enum { SHARE = 4 };
    const struct order order = bench_new_order();
    struct wire waiting[2 * SHARE];
    int at_once = 0;
    bench.client_waiting_max = SHARE;
    bench_restart(PLAIN);
    (void)bench_get_ok(PLAIN, PATH("/orders/%s", order.id), "");
    for (int i = 0; i < 2 * SHARE; i++)
        waiting[i] = wait_as(&order, "192.0.2.1");
    struct wire other = wait_as(&order, "192.0.2.2");
    for (int i = 0; i < 2 * SHARE; i++) /* those beyond the share are answered within a second */
        at_once += wire_readable(&waiting[i], i ? 0 : 1000);
    assert_int_equal(at_once, SHARE);
    assert_false(wire_readable(&other, 0));
    for (int i = 0; i < 2 * SHARE; i++) {
        struct wire_answer answer = wire_read(&waiting[i]);
        expect(&answer, 503, "\"code\":\"not-yet-visible\"");
        wire_close(&waiting[i]);
    }
    wire_close(&other);
    bench.client_waiting_max = 0;
    bench_restart(PLAIN);
}

static void a_read_model_that_has_stopped_says_why(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/orders/%s", order.id);
    bench_sql("update cairn.checkpoints set stopped = 'the event at 4711 cannot be read'");
    (void)bench_get_ok(BOTH, path, "");
    assert_in_range(ask_in_vain(path, "wait=1", "has stopped at position"), CAIRN_SECONDS(1),
                    CAIRN_SECONDS(3));
    (void)ask_in_vain(path, "wait=0", "the event at 4711 cannot be read");
    bench_sql("update cairn.checkpoints set stopped = null");
}

static void a_parked_row_is_not_passed_off_as_fresh(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/orders/%s", order.id);
    bench_sql("update read.order_summary_g%" PRId64
              " set _parked = true where _position = %" PRId64,
              bench.orders.number, bench.position);
    (void)bench_get_ok(PLAIN, path, "");
    struct wire_answer answer = bench_get(PLAIN, path, bench_wants(bench.position, ""));
    expect(&answer, 503, "\"code\":\"parked\"");

    struct cairn_uuid never = cairn_uuid_make(); /* its first event could not be applied */
    bench_sql("insert into read.order_summary_g%" PRId64
              " (_key, _position, _version, _parked, _deleted) values ('%s', 1, 0, true, true)",
              bench.orders.number, bench_text(never));
    answer = bench_get(PLAIN, PATH("/orders/%s", never), bench_wants(bench.position, ""));
    expect(&answer, 503, "\"code\":\"parked\"");
    answer = bench_get(PLAIN, PATH("/orders/%s", never), "");
    expect(&answer, 404, "\"code\":\"not-found\"");

    answer = bench_get_ok(PLAIN, PATH("/users/%s/orders", order.user), "");
    assert_string_equal(wire_header(&answer, "Cairn-Parked"), "2");
    assert_non_null(strstr(answer.body, "\"next\":null,\"parked\":2}"));
    bench_sql("update read.order_summary_g%" PRId64 " set _parked = false", bench.orders.number);
    answer = bench_get_ok(PLAIN, PATH("/users/%s/orders", order.user), "");
    assert_string_equal(wire_header(&answer, "Cairn-Parked"), "");
}

static void a_token_that_is_none_is_refused(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/orders/%s", order.id);
    static const char *const rubbish[] = {
        "x", "4711", "0193a1c2-1", "0193a1c2-1-x", "0193a1c2-1--1", "0193a1c2-1-1-1"};
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        struct wire_answer answer =
            bench_get(BOTH, path, cairn_print(&bench.arena, "Cairn-Position: %s\r\n", rubbish[i]));
        expect(&answer, 400, "\"code\":\"malformed\"");
    }
    struct wire_answer answer = bench_get(BOTH, path,
                                          cairn_print(&bench.arena, "%s%s", bench_wants(1, ""),
                                                      bench_wants(bench.position + 10, "")));
    expect(&answer, 400, "sent twice");
}

static void a_token_of_another_timeline_is_answered_at_once(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct cairn_timeline others[] = {bench.timeline, bench.timeline};
    others[0].store_id = CAIRN_UUID("00000000-0000-7000-8000-000000000001");
    others[1].epoch++;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        int64_t begun_us = cairn_monotonic_us();
        const char *headers = cairn_print(&bench.arena, "Cairn-Position: %s\r\nPrefer: wait=9\r\n",
                                          bench_token(&others[i], bench.position + 5));
        struct wire_answer answer = bench_get(BOTH, PATH("/orders/%s", order.id), headers);
        expect(&answer, 412, "\"code\":\"position-of-another-timeline\"");
        assert_true(cairn_monotonic_us() - begun_us < CAIRN_SECONDS(1));
    }
}

static void a_new_epoch_is_noticed(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/orders/%s", order.id);
    bench_copy(&order);
    (void)bench_get_ok(BOTH, path, bench_wants(bench.position, "")); /* caches the timeline */
    const char *old = bench_wants(bench.position, "");
    bench_sql("update cairn.store set epoch = epoch + 1");
    bench.timeline.epoch++;
    struct wire_answer answer = bench_get(BOTH, path, bench_wants(bench.position, ""));
    expect(&answer, 503, "\"code\":\"diverged\"");
    answer = bench_get(BOTH, path, old);
    expect(&answer, 412, "position-of-another-timeline");

    bench_sql("update cairn.checkpoints set epoch = epoch + 1");
    answer = bench_get_ok(BOTH, path, bench_wants(bench.position, ""));
    assert_string_not_equal(answer.body, COPY);
    expect_position(&answer, bench.position);
}

/* ---- generations ---- */

static void a_read_model_that_no_projector_builds_says_so(void **state)
{
    (void)state;
    struct wire_answer answer = bench_get(BOTH, PATH("/payments/%s", cairn_uuid_make()), "");
    expect(&answer, 503, "\"code\":\"unavailable\"");
    expect(&answer, 503,
           "the read model payments does not exist: no projector has begun to build its version "
           "1, which a running service has to list as a projection");
    struct cairn_query_context *context = bench_context();
    struct cairn_error error = {0};
    assert_int_equal(cairn_query_ready(shop_resources, context, &error), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "no projector has begun to build"));
    cairn_query_close(context);
}

static void a_read_model_that_is_being_built_says_so(void **state)
{
    (void)state;
    bench_sql("insert into cairn.generations (projection, generation, code_version, state)"
              " values ('payments', 1, 1, 'building')");
    struct wire_answer answer = bench_get(BOTH, PATH("/payments/%s", cairn_uuid_make()), "");
    expect(&answer, 503, "\"code\":\"unavailable\"");
    expect(&answer, 503, "the read model payments is being built");
    assert_string_equal(wire_header(&answer, "Retry-After"), "1");

    struct cairn_query_context *context = bench_context();
    struct cairn_error error = {0};
    assert_int_equal(cairn_query_ready(shop_resources, context, &error), -CAIRN_UNAVAILABLE);
    assert_int_equal(cairn_query_ready(shop_resources + 5, context, NULL), 0);
    cairn_query_close(context);
    bench_sql("delete from cairn.generations where projection = 'payments'");
}

static bool shows_generation(void *order)
{
    struct wire_answer answer =
        bench_get_ok(BOTH, PATH("/orders/%s", ((const struct order *)order)->id), "");
    return strcmp(wire_header(&answer, "ETag"),
                  cairn_print(&bench.arena, "\"1.%" PRId64 "\"", bench.orders.number)) == 0;
}

static void the_newest_complete_generation_is_shown(void **state)
{
    (void)state;
    struct order order = bench_new_order();
    assert_true(shows_generation(&order));
    int64_t old = bench.orders.number;
    bench_next_generation("true");
    bench_switch(old, bench.orders.number);
    fixture_wait(shows_generation, &order, 5000, "the new generation to be shown");

    /* A dropped generation is noticed at once. */
    bench_switch(bench.orders.number, old);
    bench_sql("drop table read.order_summary_g%" PRId64 " cascade", bench.orders.number);
    bench.orders.number = old;
    assert_true(shows_generation(&order));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_position_that_was_reached_is_answered_at_once, bench_each),
        cmocka_unit_test_setup(a_copy_that_is_behind_is_passed_over, bench_each),
        cmocka_unit_test_setup(a_read_waits_until_its_position_is_there, bench_each),
        cmocka_unit_test_setup(waiting_reads_occupy_no_thread_and_delay_no_others, bench_each),
        cmocka_unit_test_setup(waiting_reads_leave_places_for_others, bench_each),
        cmocka_unit_test_setup(a_position_that_the_log_has_not_reached_is_not_waited_for,
                               bench_each),
        cmocka_unit_test_setup(a_wait_in_vain_ends_at_its_bound, bench_each),
        cmocka_unit_test_setup(a_wait_ends_when_the_read_model_turns_out_to_be_of_another_history,
                               bench_each),
        cmocka_unit_test_setup(a_client_with_a_position_sees_no_older_state_at_another_replica,
                               bench_each),
        cmocka_unit_test_setup(a_client_has_its_share_of_the_reads_that_wait, bench_each),
        cmocka_unit_test_setup(a_read_model_that_has_stopped_says_why, bench_each),
        cmocka_unit_test_setup(a_parked_row_is_not_passed_off_as_fresh, bench_each),
        cmocka_unit_test_setup(a_token_that_is_none_is_refused, bench_each),
        cmocka_unit_test_setup(a_token_of_another_timeline_is_answered_at_once, bench_each),
        cmocka_unit_test_setup(a_read_model_that_no_projector_builds_says_so, bench_each),
        cmocka_unit_test_setup(a_read_model_that_is_being_built_says_so, bench_each),
        cmocka_unit_test_setup(the_newest_complete_generation_is_shown, bench_each),
        cmocka_unit_test_setup(a_new_epoch_is_noticed, bench_each),
    };
    return cmocka_run_group_tests_name("query_fresh", tests, bench_open, bench_close);
}
