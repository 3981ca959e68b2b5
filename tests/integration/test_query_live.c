/* test_query_live.c - followed rows: what a stream sends, to which clients, and when it ends. */
#include "../support/fixture.h"
#include "../support/query_bench.h"
#include "../support/sse.h"
#include "../support/support.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "query/stream/event_id.h"
#include "query/stream/live.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- changing rows ---- */

/* Sets the status as an event would, including the projector's notification. */
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
    /* The plain answer equals the last message. */
    assert_non_null(strstr(bench_get_ok(PLAIN, PATH("/orders/%s", order.id), "").body,
                           "\"status\":\"cancelled\""));
    sse_close(&sse);
}

static void a_change_is_sent_to_all_readers_of_its_row_and_no_others(void **state)
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

static void a_resumed_stream_sends_only_what_is_new(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct sse sse;
    open_stream(&sse, &order, NULL);
    expect_status(&sse, "placed");
    const char *seen = cairn_copy_text(&bench.arena, sse.id);
    sse_close(&sse);

    open_stream(&sse, &order, last_event(seen));
    set_status(&order, "paid"); /* or the stream would stay silent */
    expect_status(&sse, "paid");
    sse_close(&sse);
    open_stream(&sse, &order, last_event(seen)); /* has missed the change */
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

static void a_stream_shows_no_older_state_than_the_reader_has_seen(void **state)
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
    open_stream(&later, &order, last_event(seen)); /* was disconnected meanwhile */
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
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    const char *at = strstr(text.text, cairn_print(&bench.arena, "\n%s ", name));
    return at ? strtoll(at + strlen(name) + 2, NULL, 10) : 0;
}

static bool nobody_streams(void *context)
{
    (void)context;
    return metric("cairn_query_streams") == 0 && metric("cairn_query_topics") == 0;
}

static void disconnected_readers_are_forgotten(void **state)
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
    /* Other requests still have their places. */
    (void)bench_get_ok(BOTH, PATH("/orders/%s", order.id), "");
    for (int i = 0; i < MAX; i++)
        sse_close(&streams[i]);
    fixture_wait(nobody_streams, NULL, 20000, "the streams to be closed");
}

static void open_stream_as(struct sse *sse, const struct order *order, const char *client)
{
    assert_true(sse_open(sse, cairn_http_port(bench.http[PLAIN]), PATH("/orders/%s", order->id),
                         cairn_print(&bench.arena, "X-Forwarded-For: %s\r\n", client)));
}

static void a_client_has_its_share_of_the_streams(void **state)
{
    (void)state;
    enum { SHARE = 3 };
    const struct order order = bench_new_order();
    struct sse streams[SHARE], refused, other;
    struct sse_message message;
    bench.client_streams_max = SHARE;
    bench_restart(PLAIN);
    for (int i = 0; i < SHARE; i++) {
        open_stream_as(&streams[i], &order, "192.0.2.1");
        expect_status(&streams[i], "placed");
    }
    open_stream_as(&refused, &order, "192.0.2.1");
    assert_false(sse_next(&refused, &message, 20000));
    assert_int_equal(refused.status, 429);
    open_stream_as(&other, &order, "192.0.2.2");
    expect_status(&other, "placed");
    for (int i = 0; i < SHARE; i++)
        sse_close(&streams[i]);
    sse_close(&refused);
    sse_close(&other);
    bench.client_streams_max = 0;
    bench_restart(PLAIN);
}

/* A closed connection is noticed when something is sent on it. */
static bool nobody_streams_after_a_change(void *order)
{
    static int looks;
    set_status(order, looks++ % 2 ? "paid" : "shipped");
    return nobody_streams(NULL);
}

/* Rows of 200 kB fill every buffer on the way before the reader reads. */
static void a_slow_reader_gets_the_last_state_and_not_all_between(void **state)
{
    (void)state;
    enum { CHANGES = 100 };
    const struct order order = bench_new_order();
    struct sse sse;
    int small = 131072; /* a smaller buffer never fits a segment of the loopback */
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

static void a_client_that_stops_reading_is_disconnected(void **state)
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

/* ---- pages ---- */

static void open_page(struct sse *sse, const char *path, const char *headers)
{
    assert_true(sse_open(sse, cairn_http_port(bench.http[BOTH]), path, headers));
}

/* Inserts an order of this user. */
static struct order order_of(struct cairn_uuid user, int64_t seconds)
{
    const struct order order = {cairn_uuid_make(), user, seconds, "placed"};
    bench_insert(&order);
    bench_sql("notify cairn_read");
    return order;
}

/* Checks that the next message equals the answer to a request for the page. */
static struct sse_message expect_page(struct sse *sse, const char *path)
{
    struct sse_message message = sse_expect(sse);
    struct wire_answer answer = bench_get_ok(BOTH, path, bench_wants(bench.position, ""));
    assert_string_equal(message.event, "message");
    assert_string_equal(message.data, answer.body);
    return message;
}

static void a_page_is_sent_whole_each_time_it_shows_something_else(void **state)
{
    (void)state;
    const struct cairn_uuid user = cairn_uuid_make();
    const char *path = PATH("/users/%s/orders", user);
    struct sse sse;
    open_page(&sse, path, NULL);
    struct sse_message message = sse_expect(&sse);
    assert_string_equal(message.data, "{\"items\":[],\"next\":null}");
    assert_non_null(strstr(sse.head, "Content-Type: text/event-stream"));
    const struct order first = order_of(user, 1700000001);
    message = expect_page(&sse, path);
    assert_non_null(strstr(message.data, bench_text(first.id)));
    const struct order second = order_of(user, 1700000002);
    message = expect_page(&sse, path);
    assert_non_null(strstr(message.data, bench_text(second.id)));
    set_status(&first, "paid");
    message = expect_page(&sse, path);
    assert_non_null(strstr(message.data, "\"status\":\"paid\""));
    set_deleted(&second, true);
    message = expect_page(&sse, path);
    assert_null(strstr(message.data, bench_text(second.id)));
    sse_close(&sse);
}

static void a_row_comes_into_a_filtered_page_and_goes_out(void **state)
{
    (void)state;
    const struct cairn_uuid user = cairn_uuid_make();
    const struct order order = order_of(user, 1700000001);
    const char *placed =
        cairn_print(&bench.arena, "%s?status=placed", PATH("/users/%s/orders", user));
    const char *paid = cairn_print(&bench.arena, "%s?status=paid", PATH("/users/%s/orders", user));
    struct sse of_placed, of_paid;
    open_page(&of_placed, placed, NULL);
    open_page(&of_paid, paid, NULL);
    assert_non_null(strstr(sse_expect(&of_placed).data, bench_text(order.id)));
    assert_null(strstr(sse_expect(&of_paid).data, bench_text(order.id)));
    set_status(&order, "paid");
    assert_null(strstr(expect_page(&of_placed, placed).data, bench_text(order.id)));
    assert_non_null(strstr(expect_page(&of_paid, paid).data, bench_text(order.id)));
    sse_close(&of_placed);
    sse_close(&of_paid);
}

/* Other rows of the read model change. */
static void a_page_that_shows_the_same_is_not_sent_again(void **state)
{
    (void)state;
    const struct cairn_uuid user = cairn_uuid_make();
    (void)order_of(user, 1700000001);
    const char *path = PATH("/users/%s/orders", user);
    struct sse sse, other;
    struct sse_message message;
    const struct order elsewhere = bench_new_order();
    open_page(&sse, path, NULL);
    (void)expect_page(&sse, path);
    open_page(&other, PATH("/users/%s/orders", elsewhere.user), NULL);
    (void)sse_expect(&other);
    for (int i = 0; i < 5; i++) {
        set_status(&elsewhere, i % 2 ? "placed" : "paid");
        (void)sse_expect(&other); /* it has been checked */
    }
    assert_false(sse_next(&sse, &message, 0));
    (void)order_of(user, 1700000002);
    (void)expect_page(&sse, path);
    sse_close(&sse);
    sse_close(&other);
}

static bool nothing_is_followed(void *context)
{
    (void)context;
    return metric("cairn_query_topics") == 0;
}

static void the_second_page_is_followed_by_its_cursor(void **state)
{
    (void)state;
    fixture_wait(nothing_is_followed, NULL, 20000, "all who have left to be noticed");
    const struct cairn_uuid user = cairn_uuid_make();
    struct order orders[4];
    for (int i = 0; i < 4; i++)
        orders[i] = order_of(user, 1700000000 + i);
    const char *path = cairn_print(&bench.arena, "%s?limit=2", PATH("/users/%s/orders", user));
    struct wire_answer answer = bench_get_ok(BOTH, path, bench_wants(bench.position, ""));
    char cursor[800];
    assert_int_equal(sscanf(strstr(answer.body, "\"next\":\""), "\"next\":\"%799[^\"]", cursor), 1);
    path = cairn_print(&bench.arena, "%s&cursor=%s", path, cursor);
    struct sse sse, twin, first;
    open_page(&sse, path, NULL);
    open_page(&twin, path, NULL);
    open_page(&first, cairn_print(&bench.arena, "%s?limit=2", PATH("/users/%s/orders", user)),
              NULL);
    (void)expect_page(&sse, path);
    (void)expect_page(&twin, path);
    (void)sse_expect(&first);
    assert_int_equal(metric("cairn_query_topics"), 2);
    set_status(&orders[0], "paid"); /* the oldest: on the second page */
    assert_non_null(strstr(expect_page(&sse, path).data, "\"status\":\"paid\""));
    (void)expect_page(&twin, path);
    (void)order_of(user, 1700000009); /* the newest: on the first */
    (void)sse_expect(&first);
    set_status(&orders[1], "paid");
    (void)expect_page(&sse, path); /* the next message */
    sse_close(&sse);
    sse_close(&twin);
    sse_close(&first);
}

/* Returns whether the stream has begun, without a message. */
static bool is_open_and_silent(void *context)
{
    struct sse *sse = context;
    struct sse_message message;
    if (sse_next(sse, &message, 10))
        fail_msg("wanted nothing, got %s", message.data);
    return sse->status == 200;
}

static void a_resumed_page_sends_what_the_reader_missed(void **state)
{
    (void)state;
    const struct cairn_uuid user = cairn_uuid_make();
    const struct order order = order_of(user, 1700000001);
    const char *path = PATH("/users/%s/orders", user);
    struct sse sse;
    open_page(&sse, path, bench_wants(bench.position, ""));
    const char *seen = last_event(cairn_copy_text(&bench.arena, expect_page(&sse, path).id));
    sse_close(&sse);
    const struct order elsewhere = bench_new_order(); /* the read model has advanced */
    open_page(&sse, path, seen);
    fixture_wait(is_open_and_silent, &sse, 20000, "the stream to begin");
    set_status(&elsewhere, "paid");
    set_status(&order, "paid");
    (void)expect_page(&sse, path);
    sse_close(&sse);
    open_page(&sse, path, seen); /* it has changed since */
    (void)expect_page(&sse, path);
    sse_close(&sse);
    open_page(&sse, path, last_event("rubbish"));
    (void)expect_page(&sse, path);
    sse_close(&sse);
}

/* A parked event is finally written at the checkpoint's position, and the checkpoint's revision
 * grows. */
static void what_was_parked_is_shown_when_it_was_applied(void **state)
{
    (void)state;
    const struct cairn_uuid user = cairn_uuid_make();
    const struct order order = order_of(user, 1700000001);
    const char *path = PATH("/users/%s/orders", user);
    struct sse row, page, late;
    open_stream(&row, &order, bench_wants(bench.position, ""));
    open_page(&page, path, bench_wants(bench.position, ""));
    expect_status(&row, "placed");
    (void)expect_page(&page, path);
    bench_sql("begin; update read.order_summary_g%" PRId64
              " set status = 'paid', _version = _version + 1, _position = %" PRId64
              " where _key = '%s';"
              "update cairn.checkpoints set revision = revision + 1"
              "     where projection = 'order_summary'; notify cairn_read; commit",
              bench.orders.number, bench.position, bench_text(order.id));
    open_page(&late, path, NULL); /* may show an older state first */
    expect_status(&row, "paid");
    assert_non_null(strstr(expect_page(&page, path).data, "\"status\":\"paid\""));
    while (!strstr(sse_expect(&late).data, "\"status\":\"paid\""))
        continue;
    sse_close(&row);
    sse_close(&page);
    sse_close(&late);
}

/* Another replica has shown the reader a state that this one skipped. */
static void a_reader_of_a_skipped_state_is_sent_the_next(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct sse first, second;
    open_stream(&first, &order, NULL);
    expect_status(&first, "placed");
    const int64_t between = ++bench.position; /* as if it had been paid here */
    bench.position++;
    bench_sql("begin; update read.order_summary_g%" PRId64 " set _position = %" PRId64
              ", _version = _version + 2 where _key = '%s';"
              "update cairn.checkpoints set position = %" PRId64
              "     where projection = 'order_summary'; notify cairn_read; commit",
              bench.orders.number, bench.position, bench_text(order.id), bench.position);
    open_stream(&second, &order,
                cairn_print(&bench.arena, "%s%s", bench_wants(bench.position, ""),
                            last_event(event_id(between))));
    expect_status(&second, "placed");
    sse_close(&first);
    sse_close(&second);
}

static void a_wrong_page_is_refused_before_it_is_a_stream(void **state)
{
    (void)state;
    const char *live = "Accept: text/event-stream\r\n";
    const char *path = PATH("/users/%s/orders", cairn_uuid_make());
    struct wire_answer answer =
        bench_get(BOTH, cairn_print(&bench.arena, "%s?colour=1", path), live);
    expect(&answer, 400, "?colour");
    answer = bench_get(BOTH, cairn_print(&bench.arena, "%s?cursor=abc", path), live);
    expect(&answer, 400, "?cursor");
    (void)bench_get_ok(BOTH, path, "Accept: text/event-stream;q=0.4, application/json;q=0.5\r\n");
}

static void what_a_client_likes_best_is_answered(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    static const char *const json[] = {"",
                                       "*/*",
                                       "application/json",
                                       "application/json, text/event-stream;q=0.9",
                                       "text/event-stream;q=0",
                                       "text/event-stream;q=0.1, */*",
                                       "text/event-stream;q=nan",
                                       "text/*"};
    const char *path = PATH("/orders/%s", order.id);
    for (size_t i = 0; i < sizeof json / sizeof json[0]; i++) {
        const char *accept = *json[i] ? cairn_print(&bench.arena, "Accept: %s\r\n", json[i]) : "";
        struct wire_answer answer = bench_get_ok(BOTH, path, accept);
        assert_string_equal(wire_header(&answer, "Content-Type"), "application/json");
    }
}

/* ---- generations and epochs ---- */

/* A reader that followed a row in one generation is not shown an older state in another, but is
 * shown its state there, also at the same position. */
static void an_event_id_of_another_generation_says_how_far_its_reader_was(void **state)
{
    (void)state;
    char id[CAIRN_EVENT_ID_SIZE];
    int64_t position = 0;
    cairn_event_id_format(&bench.timeline, 41, 7, NULL, id);
    assert_true(cairn_event_id_parse(id, &bench.timeline, 7, NULL, &position));
    assert_int_equal(position, 41);
    assert_false(cairn_event_id_parse(id, &bench.timeline, 8, NULL, &position));
    position = 0;
    assert_true(cairn_event_id_parse(id, &bench.timeline, 0, NULL, &position));
    assert_int_equal(position, 41);
    assert_false(cairn_event_id_parse("41", &bench.timeline, 0, NULL, &position));
    assert_false(cairn_event_id_parse("41.", &bench.timeline, 0, NULL, &position));
    assert_false(cairn_event_id_parse("41.7x", &bench.timeline, 0, NULL, &position));
    assert_true(cairn_event_id_parse(id, &bench.timeline, 7, "", &position));
    assert_false(cairn_event_id_parse(id, &bench.timeline, 7, "abc", &position));
    cairn_event_id_format(&bench.timeline, 42, 7, "abc", id);
    assert_true(cairn_event_id_parse(id, &bench.timeline, 7, "abc", &position));
    assert_int_equal(position, 42);
    assert_true(cairn_event_id_parse(id, &bench.timeline, 7, NULL, &position));
    assert_false(cairn_event_id_parse(id, &bench.timeline, 7, "abd", &position));
    assert_false(cairn_event_id_parse(id, &bench.timeline, 7, "", &position));
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

/* ---- pages across generations ---- */

static void a_page_goes_on_in_another_generation(void **state)
{
    (void)state;
    const struct cairn_uuid user = cairn_uuid_make();
    const struct order kept = order_of(user, 1700000001);
    const struct order missing = order_of(user, 1700000002);
    const char *path = PATH("/users/%s/orders", user);
    struct sse sse;
    open_page(&sse, path, bench_wants(bench.position, ""));
    (void)expect_page(&sse, path);
    int64_t old = bench.orders.number;
    bench_next_generation(cairn_print(&bench.arena, "_key <> '%s'", bench_text(missing.id)));
    bench_switch(old, bench.orders.number);
    struct sse_message message = sse_expect(&sse);
    assert_null(strstr(message.data, bench_text(missing.id)));
    assert_non_null(strstr(message.data, bench_text(kept.id)));
    set_status(&kept, "paid");
    (void)expect_page(&sse, path);
    sse_close(&sse);
}

static void a_page_outlives_its_database(void **state)
{
    (void)state;
    const struct cairn_uuid user = cairn_uuid_make();
    const struct order order = order_of(user, 1700000001);
    const char *path = PATH("/users/%s/orders", user);
    struct sse sse;
    open_page(&sse, path, bench_wants(bench.position, ""));
    (void)expect_page(&sse, path);
    fixture_postgres_stop();
    sse.comments = 0;
    fixture_wait(has_beat, &sse, 20000, "heartbeats without a database");
    fixture_postgres_start();
    set_status(&order, "paid");
    struct sse_message message = sse_expect(&sse);
    assert_non_null(strstr(message.data, "\"status\":\"paid\""));
    sse_close(&sse);
}

/* ---- blocked and unreadable rows ---- */

static void a_row_that_cannot_be_read_holds_up_no_other(void **state)
{
    (void)state;
    const struct order spoiled = bench_new_order();
    const struct order order = bench_new_order();
    struct sse of_spoiled, of_order;
    struct sse_message message;
    open_stream(&of_spoiled, &spoiled, NULL);
    expect_status(&of_spoiled, "placed");
    open_stream(&of_order, &order, NULL);
    expect_status(&of_order, "placed");
    bench_sql("update read.order_summary_g%" PRId64 " set lines = '5' where _key = '%s'",
              bench.orders.number, bench_text(spoiled.id));
    set_status(&spoiled, "paid");
    for (int i = 0; i < 5; i++) { /* in whatever order they are read */
        set_status(&spoiled, i % 2 ? "paid" : "placed");
        set_status(&order, i % 2 ? "placed" : "shipped");
        expect_status(&of_order, i % 2 ? "placed" : "shipped");
    }
    assert_false(sse_next(&of_spoiled, &message, 0));
    bench_sql("update read.order_summary_g%" PRId64 " set lines = '[]' where _key = '%s'",
              bench.orders.number, bench_text(spoiled.id));
    set_status(&spoiled, "cancelled");
    expect_status(&of_spoiled, "cancelled");
    sse_close(&of_spoiled);
    sse_close(&of_order);
}

static void there_are_only_so_many_different_pages(void **state)
{
    (void)state;
    enum { MAX = 10 };
    struct sse streams[MAX + 1];
    struct sse refused;
    struct sse_message message;
    const char *last = NULL;
    fixture_wait(nothing_is_followed, NULL, 20000, "all who have left to be noticed");
    for (int i = 0; i < MAX; i++) {
        last = PATH("/users/%s/orders", cairn_uuid_make());
        open_page(&streams[i], last, NULL);
        (void)sse_expect(&streams[i]);
    }
    open_page(&refused, PATH("/users/%s/orders", cairn_uuid_make()), NULL);
    assert_false(sse_next(&refused, &message, 20000));
    assert_int_equal(refused.status, 503);
    sse_close(&refused);
    open_page(&streams[MAX], last, NULL); /* one more reader of a followed page is free */
    (void)sse_expect(&streams[MAX]);
    for (int i = 0; i <= MAX; i++)
        sse_close(&streams[i]);
}

/* Returns the server process that waits for the test's lock, 0 for none. */
static int64_t held_process(void)
{
    return fixture_sql_int(bench.url, "select coalesce(max(pid), 0) from pg_locks where locktype ="
                                      " 'advisory' and objid = 4711 and not granted");
}

static bool a_page_is_held(void *context)
{
    *(int64_t *)context = held_process();
    return *(int64_t *)context > 0;
}

/* Makes reading any row of this user wait for a lock that the test holds. */
static PGconn *hold_rows_of(struct cairn_uuid user)
{
    bench_sql("create function public.held() returns boolean volatile language plpgsql as"
              " 'begin perform pg_advisory_xact_lock_shared(4711); return true; end';"
              "alter table read.order_summary_g%" PRId64 " enable row level security;"
              "create policy slow on read.order_summary_g%" PRId64
              " using (user_id <> '%s' or public.held())",
              bench.orders.number, bench.orders.number, bench_text(user));
    PGconn *holder = fixture_connect(bench.url);
    PQclear(PQexec(holder, "select pg_advisory_lock(4711)"));
    return holder;
}

static void a_page_that_takes_long_holds_up_no_other(void **state)
{
    (void)state;
    const struct cairn_uuid slow = cairn_uuid_make();
    const struct cairn_uuid user = cairn_uuid_make();
    const struct order order = order_of(user, 1700000001);
    (void)order_of(slow, 1700000002);
    const char *path = PATH("/users/%s/orders", user);
    struct sse of_slow, of_user;
    fixture_wait(nothing_is_followed, NULL, 20000, "all who have left to be noticed");
    open_page(&of_slow, PATH("/users/%s/orders", slow), NULL);
    (void)sse_expect(&of_slow);
    open_page(&of_user, path, NULL);
    (void)sse_expect(&of_user);
    PGconn *holder = hold_rows_of(slow);
    set_status(&order, "paid"); /* the first time both may wait */
    (void)expect_page(&of_user, path);
    int64_t process = 0;
    int passed = 0;
    /* a read that hits its deadline in a round does not count */
    for (int i = 0; i < 30 && passed < 3; i++) {
        fixture_wait(a_page_is_held, &process, 90000, "the page to be read");
        set_status(&order, i % 2 ? "paid" : "shipped");
        (void)expect_page(&of_user, path);
        passed += held_process() == process;
    }
    assert_int_equal(passed, 3);
    PQfinish(holder);
    (void)order_of(slow, 1700000003);
    (void)sse_expect(&of_slow);
    bench_sql("drop policy slow on read.order_summary_g%" PRId64
              "; alter table read.order_summary_g%" PRId64 " disable row level security;"
              " drop function public.held()",
              bench.orders.number, bench.orders.number);
    sse_close(&of_slow);
    sse_close(&of_user);
}

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
        cmocka_unit_test_setup(a_change_is_sent_to_all_readers_of_its_row_and_no_others,
                               bench_each),
        cmocka_unit_test_setup(a_resumed_stream_sends_only_what_is_new, bench_each),
        cmocka_unit_test_setup(an_id_that_says_nothing_shows_the_row, bench_each),
        cmocka_unit_test_setup(a_stream_shows_no_older_state_than_the_reader_has_seen, bench_each),
        cmocka_unit_test_setup(a_stream_waits_for_its_position_as_a_read_does, bench_each),
        cmocka_unit_test_setup(a_row_that_there_is_not_has_no_stream_and_a_deleted_one_says_so,
                               bench_each),
        cmocka_unit_test_setup(a_stream_with_nothing_to_say_shows_that_it_lives, bench_each),
        cmocka_unit_test_setup(disconnected_readers_are_forgotten, bench_each),
        cmocka_unit_test_setup(there_are_only_so_many_streams, bench_each),
        cmocka_unit_test_setup(a_client_has_its_share_of_the_streams, bench_each),
        cmocka_unit_test_setup(a_slow_reader_gets_the_last_state_and_not_all_between, bench_each),
        cmocka_unit_test_setup(a_client_that_stops_reading_is_disconnected, bench_each),
        cmocka_unit_test_setup(a_page_is_sent_whole_each_time_it_shows_something_else, bench_each),
        cmocka_unit_test_setup(a_row_comes_into_a_filtered_page_and_goes_out, bench_each),
        cmocka_unit_test_setup(a_page_that_shows_the_same_is_not_sent_again, bench_each),
        cmocka_unit_test_setup(the_second_page_is_followed_by_its_cursor, bench_each),
        cmocka_unit_test_setup(a_resumed_page_sends_what_the_reader_missed, bench_each),
        cmocka_unit_test_setup(what_was_parked_is_shown_when_it_was_applied, bench_each),
        cmocka_unit_test_setup(a_reader_of_a_skipped_state_is_sent_the_next, bench_each),
        cmocka_unit_test_setup(a_wrong_page_is_refused_before_it_is_a_stream, bench_each),
        cmocka_unit_test_setup(a_page_outlives_its_database, bench_each),
        cmocka_unit_test_setup(a_page_goes_on_in_another_generation, bench_each),
        cmocka_unit_test_setup(what_a_client_likes_best_is_answered, bench_each),
        cmocka_unit_test_setup(a_stream_outlives_its_database, bench_each),
        cmocka_unit_test_setup(an_event_id_of_another_generation_says_how_far_its_reader_was,
                               bench_each),
        cmocka_unit_test_setup(a_stream_goes_on_in_another_generation, bench_each),
        cmocka_unit_test_setup(a_row_that_cannot_be_read_holds_up_no_other, bench_each),
        cmocka_unit_test_setup(there_are_only_so_many_different_pages, bench_each),
        cmocka_unit_test_setup(a_page_that_takes_long_holds_up_no_other, bench_each),
        cmocka_unit_test_setup(streams_end_when_the_server_stops, bench_each),
    };
    return cmocka_run_group_tests_name("query_live", tests, bench_open, bench_close);
}
