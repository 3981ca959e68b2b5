/* test_query_live.c - rows that are followed: what a stream shows, to whom, and when it ends. */
#include "../support/fixture.h"
#include "../support/query_bench.h"
#include "../support/sse.h"
#include "../support/support.h"

#include "core/clock.h"
#include "core/metrics.h"
#include "query/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- rows that change ---- */

/* As if an event had set the status; the projector's notification included. */
static void set_status(const struct order *order, const char *status)
{
    bench.position++;
    bench_sql("begin;"
              "update read.order_summary_g%" PRId64 " set status = '%s', _position = %" PRId64
              ",     _version = _version + 1 where _key = '%s';"
              "update cairn.checkpoints set position = %" PRId64
              "     where projection = 'order_summary';"
              "notify cairn_read; commit",
              bench.orders.number, status, bench.position, bench_text(order->id), bench.position);
}

static void set_deleted(const struct order *order, bool deleted)
{
    bench.position++;
    bench_sql("begin;"
              "update read.order_summary_g%" PRId64 " set _deleted = %s, _position = %" PRId64
              "     where _key = '%s';"
              "update cairn.checkpoints set position = %" PRId64
              "     where projection = 'order_summary';"
              "notify cairn_read; commit",
              bench.orders.number, deleted ? "true" : "false", bench.position,
              bench_text(order->id), bench.position);
}

static void open_stream(struct sse *sse, const struct order *order, const char *headers)
{
    assert_true(
        sse_open(sse, cairn_http_port(bench.http[BOTH]), PATH("/orders/%s", order->id), headers));
}

static void expect_status(struct sse *sse, const char *status)
{
    struct sse_message message = sse_expect(sse);
    assert_string_equal(message.event, "message");
    if (!strstr(message.data, cairn_print(&bench.arena, "\"status\":\"%s\"", status)))
        fail_msg("wanted %s, got %s", status, message.data);
}

static const char *event_id(int64_t position)
{
    return cairn_print(&bench.arena, "%s.%" PRId64, bench_token(&bench.timeline, position),
                       bench.orders.number);
}

static const char *last_event(const char *id)
{
    return cairn_print(&bench.arena, "Last-Event-ID: %s\r\n", id);
}

/* ---- tests ---- */

static void a_stream_shows_the_row_and_then_each_change(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct sse sse;
    open_stream(&sse, &order, NULL);
    struct sse_message message = sse_expect(&sse);
    assert_non_null(strstr(message.data, "\"status\":\"placed\""));
    assert_string_equal(message.id, event_id(bench.position));
    assert_non_null(strstr(sse.head, "Content-Type: text/event-stream"));
    assert_non_null(strstr(sse.head, "Cache-Control: no-store"));
    assert_non_null(strstr(sse.head, "Vary: Accept, Cairn-Position"));
    static const char *const statuses[] = {"paid", "shipped", "cancelled"};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        set_status(&order, statuses[i]);
        expect_status(&sse, statuses[i]);
        assert_string_equal(sse.id, event_id(bench.position));
    }
    /* The plain answer is what the last message said. */
    assert_non_null(strstr(bench_get_ok(PLAIN, PATH("/orders/%s", order.id), "").body,
                           "\"status\":\"cancelled\""));
    sse_close(&sse);
}

static void many_readers_of_one_row_hear_of_it_and_nobody_else(void **state)
{
    (void)state;
    enum { READERS = 10 };
    const struct order order = bench_new_order();
    const struct order other = bench_new_order();
    struct sse readers[READERS];
    struct sse elsewhere;
    struct sse_message message;
    for (int i = 0; i < READERS; i++) {
        open_stream(&readers[i], &order, NULL);
        expect_status(&readers[i], "placed");
    }
    open_stream(&elsewhere, &other, NULL);
    expect_status(&elsewhere, "placed");
    set_status(&order, "paid");
    for (int i = 0; i < READERS; i++) {
        expect_status(&readers[i], "paid");
        sse_close(&readers[i]);
    }
    assert_false(sse_next(&elsewhere, &message, 0));
    set_status(&other, "shipped");
    expect_status(&elsewhere, "shipped");
    sse_close(&elsewhere);
}

static void one_who_comes_back_hears_only_what_is_new(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct sse sse;
    open_stream(&sse, &order, NULL);
    expect_status(&sse, "placed");
    const char *seen = cairn_copy_text(&bench.arena, sse.id);
    sse_close(&sse);

    open_stream(&sse, &order, last_event(seen));
    set_status(&order, "paid"); /* or it would be silent for ever */
    expect_status(&sse, "paid");
    sse_close(&sse);
    open_stream(&sse, &order, last_event(seen)); /* has missed that */
    expect_status(&sse, "paid");
    sse_close(&sse);
}

static void an_id_that_says_nothing_shows_the_row(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct cairn_timeline other = bench.timeline;
    other.epoch++;
    const char *ids[] = {"x",
                         "",
                         "4711",
                         event_id(bench.position + 1),
                         cairn_print(&bench.arena, "%s.%" PRId64,
                                     bench_token(&bench.timeline, bench.position),
                                     bench.orders.number + 1),
                         cairn_print(&bench.arena, "%s.%" PRId64,
                                     bench_token(&other, bench.position), bench.orders.number)};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct sse sse;
        if (i == 3)
            continue; /* of the future: waited for, below */
        open_stream(&sse, &order, last_event(ids[i]));
        expect_status(&sse, "placed");
        sse_close(&sse);
    }
}

static void nobody_is_shown_less_than_he_has_seen(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct sse sse;
    struct sse_message message;
    const char *ahead =
        cairn_print(&bench.arena, "%sPrefer: wait=1\r\n", last_event(event_id(bench.position + 1)));
    open_stream(&sse, &order, ahead);
    assert_false(sse_next(&sse, &message, 20000));
    assert_int_equal(sse.status, 503);
    sse_close(&sse);
    open_stream(&sse, &order, last_event(event_id(bench.position + 1)));
    bench_move_checkpoint(bench.position + 1);
    set_status(&order, "paid");
    expect_status(&sse, "paid");
    sse_close(&sse);
}

static void a_stream_waits_for_its_position_as_a_read_does(void **state)
{
    (void)state;
    const struct order order = {cairn_uuid_make(), cairn_uuid_make(), 1700000000, "placed"};
    struct sse sse;
    open_stream(&sse, &order, bench_wants(bench.position + 1, "wait=20"));
    bench_insert(&order);
    expect_status(&sse, "placed");
    sse_close(&sse);
}

static void a_row_that_there_is_not_has_no_stream_and_a_deleted_one_says_so(void **state)
{
    (void)state;
    struct sse sse;
    struct sse_message message;
    const struct order nobody = {.id = cairn_uuid_make()};
    open_stream(&sse, &nobody, NULL);
    assert_false(sse_next(&sse, &message, 20000));
    assert_int_equal(sse.status, 404);
    sse_close(&sse);

    const struct order order = bench_new_order();
    open_stream(&sse, &order, NULL);
    expect_status(&sse, "placed");
    const char *seen = cairn_copy_text(&bench.arena, sse.id);
    set_deleted(&order, true);
    message = sse_expect(&sse);
    assert_string_equal(message.event, "deleted");
    assert_string_equal(message.data, "{}");

    struct sse later;
    open_stream(&later, &order, last_event(seen)); /* was away meanwhile */
    assert_string_equal(sse_expect(&later).event, "deleted");
    sse_close(&later);
    open_stream(&later, &order, NULL);
    assert_false(sse_next(&later, &message, 20000));
    assert_int_equal(later.status, 404);
    sse_close(&later);

    set_deleted(&order, false);
    expect_status(&sse, "placed");
    sse_close(&sse);
}

static bool has_beat(void *context)
{
    struct sse *sse = context;
    struct sse_message message;
    assert_false(sse_next(sse, &message, 10));
    assert_false(sse->ended);
    return sse->comments >= 3;
}

static void a_stream_with_nothing_to_say_shows_that_it_lives(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct sse sse;
    open_stream(&sse, &order, NULL);
    expect_status(&sse, "placed");
    fixture_wait(has_beat, &sse, 20000, "three heartbeats");
    sse_close(&sse);
}

static int64_t metric(const char *name)
{
    struct cairn_buffer text = cairn_buffer(&bench.arena);
    cairn_metrics_write(&text);
    const char *at = strstr(text.text, cairn_print(&bench.arena, "\n%s ", name));
    return at ? strtoll(at + strlen(name) + 2, NULL, 10) : 0;
}

static bool nobody_streams(void *context)
{
    (void)context;
    return metric("cairn_query_streams") == 0 && metric("cairn_query_topics") == 0;
}

static void readers_who_have_gone_are_forgotten(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    for (int i = 0; i < 15; i++) {
        struct sse sse;
        open_stream(&sse, &order, NULL);
        expect_status(&sse, "placed");
        sse_close(&sse);
    }
    fixture_wait(nobody_streams, NULL, 20000, "the streams to be closed");
}

static void there_are_only_so_many_streams(void **state)
{
    (void)state;
    enum { MAX = 20 };
    const struct order order = bench_new_order();
    struct sse streams[MAX];
    struct sse refused;
    struct sse_message message;
    fixture_wait(nobody_streams, NULL, 20000, "the streams to be closed");
    for (int i = 0; i < MAX; i++) {
        open_stream(&streams[i], &order, NULL);
        expect_status(&streams[i], "placed");
    }
    open_stream(&refused, &order, NULL);
    assert_false(sse_next(&refused, &message, 20000));
    assert_int_equal(refused.status, 503);
    sse_close(&refused);
    /* Other requests have their places still. */
    (void)bench_get_ok(BOTH, PATH("/orders/%s", order.id), "");
    for (int i = 0; i < MAX; i++)
        sse_close(&streams[i]);
    fixture_wait(nobody_streams, NULL, 20000, "the streams to be closed");
}

/* Who has gone is noticed when something is sent to him. */
static bool nobody_streams_after_a_change(void *order)
{
    static int looks;
    set_status(order, looks++ % 2 ? "paid" : "shipped");
    return nobody_streams(NULL);
}

/* Rows of 200 kB fill every buffer between us before the reader looks. */
static void a_slow_reader_gets_the_last_state_and_not_all_between(void **state)
{
    (void)state;
    enum { CHANGES = 100 };
    const struct order order = bench_new_order();
    struct sse sse;
    int small = 131072; /* less than a segment of the loopback is waited for in vain */
    assert_true(
        sse_open(&sse, cairn_http_port(bench.http[PLAIN]), PATH("/orders/%s", order.id), NULL));
    (void)setsockopt(sse.socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    expect_status(&sse, "placed");
    int64_t before = metric("cairn_query_messages_total");
    for (int i = 1; i <= CHANGES; i++) {
        bench.position++;
        bench_sql("begin; update read.order_summary_g%" PRId64 " set total = %d, lines ="
                  " (select json_agg(json_build_object('sku', repeat('x', 40), 'quantity', 1,"
                  "     'unit_price', n)) from generate_series(1, 2000) n), _position = %" PRId64
                  " where _key = '%s'; update cairn.checkpoints set position = %" PRId64
                  "     where projection = 'order_summary'; notify cairn_read; commit",
                  bench.orders.number, i, bench.position, bench_text(order.id), bench.position);
    }
    struct sse_message message = {0};
    const char *wanted = cairn_print(&bench.arena, "\"total\":%d,", CHANGES);
    int given = 0;
    while (!strstr(message.data, wanted)) {
        message = sse_expect(&sse);
        given++;
    }
    assert_in_range(given, 1, CHANGES - 1);
    assert_int_equal(metric("cairn_query_messages_total") - before, given);
    assert_string_equal(sse.id, event_id(bench.position));
    sse_close(&sse);
    struct order changing = order;
    fixture_wait(nobody_streams_after_a_change, &changing, 20000, "the stream to be closed");
}

static void a_reader_who_has_stopped_reading_is_cut(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct sse sse;
    int small = 4096;
    fixture_wait(nobody_streams, NULL, 20000, "the streams to be closed");
    open_stream(&sse, &order, NULL);
    (void)setsockopt(sse.socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    expect_status(&sse, "placed");
    int64_t before = metric("cairn_query_streams_cut_total");
    for (int i = 0; metric("cairn_query_streams") > 0 && i < 20000; i++) {
        bench.position++;
        bench_sql("begin; update read.order_summary_g%" PRId64 " set total = %d, lines ="
                  " (select json_agg(json_build_object('sku', repeat('x', 40), 'quantity', 1,"
                  "     'unit_price', n)) from generate_series(1, 2000) n), _position = %" PRId64
                  " where _key = '%s'; update cairn.checkpoints set position = %" PRId64
                  "     where projection = 'order_summary'; notify cairn_read; commit",
                  bench.orders.number, i, bench.position, bench_text(order.id), bench.position);
    }
    assert_int_equal(metric("cairn_query_streams"), 0);
    assert_int_equal(metric("cairn_query_streams_cut_total") - before, 1);
    sse_close(&sse);
}

static void a_list_cannot_be_followed(void **state)
{
    (void)state;
    const char *path = PATH("/users/%s/orders", cairn_uuid_make());
    struct wire_answer answer = bench_get(BOTH, path, "Accept: text/event-stream\r\n");
    expect(&answer, 406, "\"code\":\"not-acceptable\"");
    (void)bench_get_ok(BOTH, path, "Accept: text/event-stream, application/json;q=0.5\r\n");
    (void)bench_get_ok(BOTH, path, "Accept: text/event-stream, */*;q=0.1\r\n");
}

static void what_a_client_likes_best_is_answered(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    static const char *const json[] = {"", "*/*", "application/json",
                                       "application/json, text/event-stream;q=0.9",
                                       "text/event-stream;q=0"};
    const char *path = PATH("/orders/%s", order.id);
    for (size_t i = 0; i < sizeof json / sizeof json[0]; i++) {
        const char *accept = *json[i] ? cairn_print(&bench.arena, "Accept: %s\r\n", json[i]) : "";
        struct wire_answer answer = bench_get_ok(BOTH, path, accept);
        assert_string_equal(wire_header(&answer, "Content-Type"), "application/json");
    }
}

/* ---- generations and epochs ---- */

/* Who has followed a row in one generation is not shown an older state in another, but its state
 * there, also at the same position. */
static void an_event_id_of_another_generation_says_how_far_its_reader_was(void **state)
{
    (void)state;
    char id[CAIRN_EVENT_ID_SIZE];
    int64_t position = 0;
    cairn_event_id_format(&bench.timeline, 41, 7, id);
    assert_true(cairn_event_id_parse(id, &bench.timeline, 7, &position));
    assert_int_equal(position, 41);
    assert_false(cairn_event_id_parse(id, &bench.timeline, 8, &position));
    position = 0;
    assert_true(cairn_event_id_parse(id, &bench.timeline, 0, &position));
    assert_int_equal(position, 41);
    assert_false(cairn_event_id_parse("41", &bench.timeline, 0, &position));
    assert_false(cairn_event_id_parse("41.", &bench.timeline, 0, &position));
    assert_false(cairn_event_id_parse("41.7x", &bench.timeline, 0, &position));
}

static void a_stream_goes_on_in_another_generation(void **state)
{
    (void)state;
    const struct order same = bench_new_order();
    const struct order changed = bench_new_order();
    const struct order missing = bench_new_order();
    struct sse streams[3];
    const struct order *orders[] = {&same, &changed, &missing};
    struct sse_message message;
    for (int i = 0; i < 3; i++) {
        open_stream(&streams[i], orders[i], NULL);
        expect_status(&streams[i], "placed");
    }
    int64_t old = bench.orders.number;
    bench_next_generation(cairn_print(&bench.arena, "_key <> '%s'", bench_text(missing.id)));
    bench_sql("update read.order_summary_g%" PRId64 " set total = 4711 where _key = '%s'",
              bench.orders.number, bench_text(changed.id));
    bench_switch(old, bench.orders.number);
    message = sse_expect(&streams[1]);
    assert_non_null(strstr(message.data, "\"total\":4711"));
    assert_string_equal(message.id, event_id(bench.position));
    assert_string_equal(sse_expect(&streams[2]).event, "deleted");
    set_status(&same, "paid");
    expect_status(&streams[0], "paid");
    for (int i = 0; i < 3; i++)
        sse_close(&streams[i]);
}

static void a_stream_outlives_its_database(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct sse sse;
    open_stream(&sse, &order, NULL);
    expect_status(&sse, "placed");
    fixture_postgres_stop();
    sse.comments = 0;
    fixture_wait(has_beat, &sse, 20000, "heartbeats without a database");
    fixture_postgres_start();
    set_status(&order, "paid");
    expect_status(&sse, "paid");
    sse_close(&sse);
}

/* ---- the end ---- */

static void streams_end_when_the_server_stops(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct sse sse;
    struct sse_message message;
    assert_true(
        sse_open(&sse, cairn_http_port(bench.http[PLAIN]), PATH("/orders/%s", order.id), NULL));
    expect_status(&sse, "placed");
    struct wire wire = wire_open(cairn_http_port(bench.http[PLAIN]));
    wire_send(&wire, cairn_print(&bench.arena, "GET %s HTTP/1.1\r\nHost: test\r\n%s\r\n",
                                 PATH("/orders/%s", order.id),
                                 bench_wants(bench.position + 10, "wait=30")));
    assert_false(wire_readable(&wire, 100));
    int64_t begun_us = cairn_monotonic_us();
    bench_restart(PLAIN);
    assert_true(cairn_monotonic_us() - begun_us < CAIRN_SECONDS(5));
    assert_false(sse_next(&sse, &message, 20000));
    assert_true(sse.ended);
    struct wire_answer answer = wire_read(&wire);
    expect(&answer, 503, "\"code\":\"not-yet-visible\"");
    wire_close(&wire);
    sse_close(&sse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_stream_shows_the_row_and_then_each_change, bench_each),
        cmocka_unit_test_setup(many_readers_of_one_row_hear_of_it_and_nobody_else, bench_each),
        cmocka_unit_test_setup(one_who_comes_back_hears_only_what_is_new, bench_each),
        cmocka_unit_test_setup(an_id_that_says_nothing_shows_the_row, bench_each),
        cmocka_unit_test_setup(nobody_is_shown_less_than_he_has_seen, bench_each),
        cmocka_unit_test_setup(a_stream_waits_for_its_position_as_a_read_does, bench_each),
        cmocka_unit_test_setup(a_row_that_there_is_not_has_no_stream_and_a_deleted_one_says_so,
                               bench_each),
        cmocka_unit_test_setup(a_stream_with_nothing_to_say_shows_that_it_lives, bench_each),
        cmocka_unit_test_setup(readers_who_have_gone_are_forgotten, bench_each),
        cmocka_unit_test_setup(there_are_only_so_many_streams, bench_each),
        cmocka_unit_test_setup(a_slow_reader_gets_the_last_state_and_not_all_between, bench_each),
        cmocka_unit_test_setup(a_reader_who_has_stopped_reading_is_cut, bench_each),
        cmocka_unit_test_setup(a_list_cannot_be_followed, bench_each),
        cmocka_unit_test_setup(what_a_client_likes_best_is_answered, bench_each),
        cmocka_unit_test_setup(a_stream_outlives_its_database, bench_each),
        cmocka_unit_test_setup(an_event_id_of_another_generation_says_how_far_its_reader_was,
                               bench_each),
        cmocka_unit_test_setup(a_stream_goes_on_in_another_generation, bench_each),
        cmocka_unit_test_setup(streams_end_when_the_server_stops, bench_each),
    };
    return cmocka_run_group_tests_name("query_live", tests, bench_open, bench_close);
}
