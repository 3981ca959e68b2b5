/* test_query.c - one row by its key, from a real PostgreSQL and a real Redis: which of them
 * answers, in every combination of their states, and how wrong requests are answered. */
#include "../support/fixture.h"
#include "../support/query_bench.h"
#include "../support/support.h"

#include "../../projections/order_summary.h"
#include "../../services/query/query.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "projection/projector.h"
#include "store/append/append.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- by key ---- */

static void a_row_that_redis_holds_is_answered_as_its_bytes(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    bench_copy(&order);
    const char *path = PATH("/orders/%s", order.id);
    struct wire_answer answer = bench_get_ok(BOTH, path, "");
    assert_string_equal(answer.body, COPY);
    assert_string_equal(wire_header(&answer, "ETag"),
                        cairn_print(&bench.arena, "\"7.%" PRId64 "\"", bench.orders.number));
    assert_string_equal(wire_header(&answer, "Content-Type"), "application/json");
    assert_string_equal(wire_header(&answer, "Cache-Control"), "private, no-cache");
    assert_string_equal(wire_header(&answer, "Vary"), "Accept, Cairn-Position, Accept-Datetime");
    expect_position(&answer, bench.position);
}

static void a_row_that_redis_lacks_comes_from_postgres(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    bench_copy_checkpoint(bench.timeline.epoch, bench.position);
    const char *path = PATH("/orders/%s", order.id);
    for (int server = 0; server < SERVERS; server++) {
        struct wire_answer answer = bench_get_ok((enum bench_server)server, path, "");
        assert_non_null(strstr(answer.body, "\"status\":\"placed\""));
        assert_non_null(strstr(answer.body, "\"lines\":[{\"sku\":\"stone\",\"quantity\":3"));
        assert_non_null(strstr(answer.body, "\"placed_at\":\"2023-11-14T22:13:20.000001Z\""));
        assert_string_equal(wire_header(&answer, "ETag"),
                            cairn_print(&bench.arena, "\"1.%" PRId64 "\"", bench.orders.number));
        expect_position(&answer, bench.position);
    }
}

static void a_copy_of_another_kind_is_not_answered(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/orders/%s", order.id);
    int64_t epoch = bench.timeline.epoch;
    const struct {
        int64_t row_epoch, generation, check_epoch;
    } copies[] = {
        {epoch + 1, bench.orders.number, epoch},
        {epoch, bench.orders.number + 1, epoch},
        {epoch, bench.orders.number, epoch + 1},
    };
    for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) {
        bench_copy_row(order.id, copies[i].row_epoch, copies[i].generation, COPY);
        bench_copy_checkpoint(copies[i].check_epoch, bench.position);
        struct wire_answer answer = bench_get_ok(BOTH, path, "");
        assert_string_not_equal(answer.body, COPY);
    }
    bench_copy_row(order.id, epoch, bench.orders.number, "");
    bench_copy_checkpoint(epoch, bench.position);
    struct wire_answer answer = bench_get_ok(BOTH, path, "");
    assert_true(answer.body_bytes > 0);
}

static void a_copy_that_is_being_repaired_is_not_answered(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    bench_copy(&order);
    bench_redis("SET", bench_checkpoint_key(), "repair 1 5 somebody");
    struct wire_answer answer = bench_get_ok(BOTH, PATH("/orders/%s", order.id), "");
    assert_string_not_equal(answer.body, COPY);
    bench_redis("FLUSHDB", "SYNC", "");
    answer = bench_get_ok(BOTH, PATH("/orders/%s", order.id), "");
    assert_string_not_equal(answer.body, COPY);
}

static void an_unknown_id_is_404_as_of_a_position(void **state)
{
    (void)state;
    struct wire_answer answer = bench_get(BOTH, PATH("/orders/%s", cairn_uuid_make()), "");
    expect(&answer, 404, "\"code\":\"not-found\"");
    expect_position(&answer, bench.position);
    assert_string_equal(wire_header(&answer, "ETag"), "");
    assert_string_equal(wire_header(&answer, "Cache-Control"), "no-store");
}

static void a_row_that_was_deleted_is_404(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    bench_sql("update read.order_summary_g%" PRId64
              " set _deleted = true where _position = %" PRId64,
              bench.orders.number, bench.position);
    struct wire_answer answer = bench_get(BOTH, PATH("/orders/%s", order.id), "");
    expect(&answer, 404, "not-found");
}

static void an_id_is_read_in_either_case_and_nothing_else_is_one(void **state)
{
    (void)state;
    const struct order order = {CAIRN_UUID("0193abcd-ef00-7abc-8def-0123456789ab"),
                                cairn_uuid_make(), 1, "placed"};
    bench_insert(&order);
    (void)bench_get_ok(BOTH, "/orders/0193ABCD-EF00-7ABC-8DEF-0123456789AB", "");
    struct wire_answer answer = bench_get(BOTH, "/orders/4711", "");
    expect(&answer, 400, "{\"pointer\":\"{id}\",\"detail\":\"is not a uuid\"}");
    answer = bench_get(BOTH, "/users/4711/orders?status=lost", "");
    expect(&answer, 400, "{\"pointer\":\"{id}\",\"detail\":\"is not a uuid\"}");
    assert_non_null(strstr(answer.body, "?status"));
}

static void what_the_client_has_already_is_not_sent_again(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/orders/%s", order.id);
    for (int server = 0; server < SERVERS; server++) {
        struct wire_answer first = bench_get_ok((enum bench_server)server, path, "");
        const char *etag = cairn_copy_text(&bench.arena, wire_header(&first, "ETag"));
        struct wire_answer again =
            bench_get((enum bench_server)server, path,
                      cairn_print(&bench.arena, "If-None-Match: \"x\", %s\r\n", etag));
        assert_int_equal(again.status, 304);
        assert_int_equal(again.body_bytes, 0);
        assert_string_equal(wire_header(&again, "ETag"), etag);
        const char *length = wire_header(&again, "Content-Length");
        assert_true(!*length || (size_t)atoll(length) == first.body_bytes);
        assert_string_equal(wire_header(&again, "Transfer-Encoding"), "");
        expect_position(&again, bench.position);
        again = bench_get(
            (enum bench_server)server, path,
            cairn_print(&bench.arena, "If-None-Match: \"x\"\r\nIf-None-Match: %s\r\n", etag));
        assert_int_equal(again.status, 304);
        (void)bench_get_ok((enum bench_server)server, path, "If-None-Match: \"1.999\"\r\n");
    }
}

static void a_read_with_another_if_match_is_412(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/orders/%s", order.id);
    const char *page = PATH("/users/%s/orders", order.user);
    for (int server = 0; server < SERVERS; server++) {
        struct wire_answer first = bench_get_ok((enum bench_server)server, path, "");
        const char *etag = cairn_copy_text(&bench.arena, wire_header(&first, "ETag"));
        (void)bench_get_ok((enum bench_server)server, path, "If-Match: *\r\n");
        (void)bench_get_ok((enum bench_server)server, path, "If-Match: \"1\", \"77\"\r\n");
        (void)bench_get_ok((enum bench_server)server, path,
                           cairn_print(&bench.arena, "If-Match: \"77\"\r\nIf-Match: %s\r\n", etag));
        struct wire_answer gone =
            bench_get((enum bench_server)server, path, "If-Match: \"77\", W/\"1\"\r\n");
        expect(&gone, 412, "precondition-failed");
        assert_int_equal(bench_get((enum bench_server)server, path, "If-Match: 1\r\n").status, 400);
        /* The ETag of a page is weak, so no If-Match matches it. */
        assert_int_equal(bench_get((enum bench_server)server, page, "If-Match: \"1\"\r\n").status,
                         412);
        assert_int_equal(bench_get((enum bench_server)server,
                                   "/orders/01890000-0000-7000-8000-0000000000ff",
                                   "If-Match: *\r\n")
                             .status,
                         404);
    }
}

static void a_cache_is_told_what_the_resource_declares(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    struct wire_answer answer = bench_get_ok(BOTH, "/reports/sales", "");
    assert_string_equal(wire_header(&answer, "Cache-Control"),
                        "public, max-age=5, stale-while-revalidate=30");
    const char *etag = cairn_copy_text(&bench.arena, wire_header(&answer, "ETag"));
    answer =
        bench_get(BOTH, "/reports/sales", cairn_print(&bench.arena, "If-None-Match: %s\r\n", etag));
    assert_int_equal(answer.status, 304);
    assert_string_equal(wire_header(&answer, "Cache-Control"),
                        "public, max-age=5, stale-while-revalidate=30");
    assert_string_equal(wire_header(&answer, "Vary"), "Accept, Cairn-Position");
    answer = bench_get_ok(BOTH, PATH("/users/%s/orders", order.user), "");
    assert_string_equal(wire_header(&answer, "Cache-Control"), "private, no-cache");
    assert_memory_equal(wire_header(&answer, "ETag"), "W/\"", 3); /* no command accepts it */
}

static void head_says_what_get_would(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/orders/%s", order.id);
    bench_copy(&order);
    for (int server = 0; server < SERVERS; server++) {
        struct wire_answer whole = bench_get_ok((enum bench_server)server, path, "");
        char length[40];
        char etag[60];
        (void)snprintf(length, sizeof length, "%s", wire_header(&whole, "Content-Length"));
        (void)snprintf(etag, sizeof etag, "%s", wire_header(&whole, "ETag"));
        struct wire wire = wire_open(cairn_http_port(bench.http[server]));
        wire_send(&wire, cairn_print(&bench.arena,
                                     "HEAD %s HTTP/1.1\r\nHost: test\r\n"
                                     "Accept: text/event-stream\r\n\r\n",
                                     path));
        struct wire_answer head = wire_read_head(&wire);
        assert_int_equal(head.status, 200);
        assert_string_equal(wire_header(&head, "Content-Length"), length);
        assert_string_equal(wire_header(&head, "ETag"), etag);
        wire_close(&wire);
    }
}

static bool comes_from_the_copy(void *order)
{
    struct wire_answer answer =
        bench_get_ok(BOTH, PATH("/orders/%s", ((const struct order *)order)->id), "");
    return strcmp(answer.body, COPY) == 0;
}

static void a_copy_that_has_lost_its_checkpoint_is_passed_over_until_it_has_one(void **state)
{
    (void)state;
    struct order order = bench_new_order();
    bench_copy(&order);
    assert_true(comes_from_the_copy(&order));
    bench_redis("DEL", bench_checkpoint_key(), "");
    for (int i = 0; i < 60; i++) {
        struct wire_answer answer = bench_get_ok(BOTH, PATH("/orders/%s", order.id), "");
        assert_string_not_equal(answer.body, COPY);
    }
    struct cairn_buffer text = cairn_buffer(&bench.arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    assert_non_null(
        strstr(text.text, "cairn_query_copy_passed_over{projection=\"order_summary\"} 1"));
    bench_copy(&order);
    fixture_wait(comes_from_the_copy, &order, 20000, "the copy to be read again");
}

/* ---- parameters ---- */

static void wrong_parameters_are_all_named(void **state)
{
    (void)state;
    const char *path = PATH("/users/%s/orders?statsu=placed&status=lost&limit=0&cursor=x&limit=3",
                            cairn_uuid_make());
    struct wire_answer answer = bench_get(BOTH, path, "");
    expect(&answer, 400, "\"code\":\"invalid\"");
    static const char *const parts[] = {
        "{\"pointer\":\"?statsu\",\"detail\":\"is not known here; known are",
        "known are status, limit, cursor\"",
        "{\"pointer\":\"?status\",\"detail\":\"is not one of placed, paid, shipped, cancelled\"",
        "{\"pointer\":\"?limit\",\"detail\":\"is not a number from 1 to 200\"",
        "{\"pointer\":\"?cursor\",\"detail\":\"was not issued for this list\"",
        "{\"pointer\":\"?limit\",\"detail\":\"is given twice\"",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        expect(&answer, 400, parts[i]);
}

static void an_undeclared_parameter_is_refused(void **state)
{
    (void)state;
    const char *user = PATH("/users/%s/orders", cairn_uuid_make());
    static const char *const queries[] = {"?id=1",      "?Status=placed",
                                          "?limit=201", "?limit=-1",
                                          "?limit=",    "?limit=1e1",
                                          "?status=",   "?=x&y",
                                          "?cursor=",   "?status=placed&status=placed"};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct wire_answer answer =
            bench_get(BOTH, cairn_print(&bench.arena, "%s%s", user, queries[i]), "");
        expect(&answer, 400, "\"errors\":[{\"pointer\":\"?");
    }
    const struct order order = bench_new_order();
    struct wire_answer answer = bench_get(BOTH, PATH("/orders/%s?x=1", order.id), "");
    expect(&answer, 400, "the only one here is at");
}

/* ---- with a projector ---- */

static const char *append_order(struct cairn_uuid id)
{
    const struct cairn_new_event event = {
        .id = cairn_uuid_make(),
        .type = "OrderPlaced",
        .schema_version = 1,
        .data = "{\"user_id\":\"0193a1c2-0000-7000-8000-000000000001\",\"currency\":\"EUR\","
                "\"lines\":[{\"sku\":\"st\\u00f6ne \\\"x\\\"\",\"quantity\":3,\"unit_price\":400}],"
                "\"total\":1200,\"card_token\":\"card_ok\"}",
        .meta = "{\"correlation_id\":\"0193a1c2-0000-7000-8000-000000000002\","
                "\"causation_id\":\"0193a1c2-0000-7000-8000-000000000003\"}",
    };
    const struct cairn_write write = {
        .expected = {.stream = cairn_stream_name(&bench.arena, "order", id)},
        .events = &event,
        .event_count = 1,
    };
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    struct cairn_appended appended;
    struct cairn_error error = {0};
    if (cairn_store_append(bench.store, &append, &bench.arena, &appended, &error) < 0)
        fail_msg("%s", error.message);
    return bench_wants(appended.position, "wait=10");
}

static bool has_copy(void *order)
{
    const struct cairn_redis_arg args[] = {
        CAIRN_ARG("EXISTS"), CAIRN_ARG(bench_row_key(((const struct order *)order)->id))};
    struct cairn_redis_reply reply;
    return cairn_redis_call(bench.redis, args, 2, &bench.arena, &reply, NULL) == 0 &&
           reply.integer == 1;
}

/* Empties the read models: the rows of earlier tests have no events in the log. */
static void both_stores_show_what_a_projector_wrote_alike(void **state)
{
    (void)state;
    bench_sql("truncate read.order_summary_g%" PRId64 "; update cairn.checkpoints set position = 0",
              bench.orders.number);
    bench_redis("FLUSHDB", "SYNC", "");
    struct cairn_projector *projector = NULL;
    struct cairn_leases *leases = NULL;
    const struct cairn_projection *const projections[] = {&order_summary_projection};
    struct cairn_error error = {0};
    if (cairn_leases_open(bench.url, "test", &leases, &error) < 0)
        fail_msg("%s", error.message);
    const struct cairn_projector_options options = {
        .database_url = bench.url,
        .redis_url = bench.redis_url,
        .leases = leases,
        .projections = projections,
        .count = 1,
        .rebuild = {.memory_bytes = 64 << 20, .threads = 1, .directory = "/var/tmp"},
    };
    if (cairn_projector_start(&options, &projector, &error) < 0)
        fail_msg("%s", error.message);

    struct order order = {.id = cairn_uuid_make()};
    const char *headers = append_order(order.id);
    const char *path = PATH("/orders/%s", order.id);
    struct wire_answer plain = bench_get_ok(PLAIN, path, headers);
    fixture_wait(has_copy, &order, 5000, "the copy of the row");
    struct wire_answer copied = bench_get_ok(BOTH, path, headers);
    assert_string_equal(copied.body, plain.body);
    assert_string_equal(wire_header(&copied, "ETag"),
                        cairn_print(&bench.arena, "\"1.%" PRId64 "\"", bench.orders.number));

    /* The answer is Redis's value: an additional byte there shows. */
    bench_redis("APPEND", bench_row_key(order.id), " ");
    assert_int_equal(bench_get_ok(BOTH, path, headers).body_bytes, copied.body_bytes + 1);

    for (int i = 0; i < 50; i++) {
        struct cairn_uuid id = cairn_uuid_make();
        headers = append_order(id);
        (void)bench_get_ok(i % 2 ? BOTH : PLAIN, PATH("/orders/%s", id), headers);
    }
    cairn_projector_stop(projector);
    cairn_leases_close(leases);
}

/* ---- unavailable stores ---- */

static void a_redis_that_is_away_costs_next_to_nothing(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/orders/%s", order.id);
    (void)bench_get_ok(NOWHERE, path, "");
    int64_t begun_us = cairn_monotonic_us();
    for (int i = 0; i < 20; i++)
        (void)bench_get_ok(NOWHERE, path, "");
    assert_true(cairn_monotonic_us() - begun_us < CAIRN_SECONDS(1));
}

static bool comes_from_redis(void *order)
{
    struct wire_answer answer =
        bench_get_ok(BOTH, PATH("/orders/%s", ((const struct order *)order)->id), "");
    return strcmp(answer.body, COPY) == 0;
}

static void a_redis_that_comes_back_is_read_again(void **state)
{
    (void)state;
    struct order order = bench_new_order();
    bench_copy(&order);
    assert_true(comes_from_redis(&order));
    fixture_redis_stop();
    assert_false(comes_from_redis(&order));
    fixture_redis_start();
    while (cairn_redis_call(bench.redis, &CAIRN_ARG("PING"), 1, &bench.arena,
                            &(struct cairn_redis_reply){0}, NULL) < 0)
        ;
    bench_copy(&order);
    fixture_wait(comes_from_redis, &order, 5000, "Redis to be read again");
}

static bool lists_again(void *path)
{
    return bench_get(BOTH, path, "").status == 200;
}

static void rows_are_read_from_redis_while_postgres_is_away(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/orders/%s", order.id);
    char list[100];
    (void)snprintf(list, sizeof list, "%s", PATH("/users/%s/orders", order.user));
    bench_copy(&order);
    (void)bench_get_ok(BOTH, path, bench_wants(bench.position, ""));
    fixture_postgres_stop();

    /* Longer than cached state is trusted. */
    for (int64_t until_us = cairn_monotonic_us() + CAIRN_SECONDS(2);
         cairn_monotonic_us() < until_us;) {
        struct wire_answer answer = bench_get_ok(BOTH, path, bench_wants(bench.position, ""));
        assert_string_equal(answer.body, COPY);
    }
    struct wire_answer answer = bench_get(BOTH, list, "");
    expect(&answer, 503, "\"code\":\"unavailable\"");
    answer = bench_get(BOTH, PATH("/orders/%s", cairn_uuid_make()), "");
    expect(&answer, 503, "\"code\":\"unavailable\"");
    fixture_postgres_start();
    fixture_wait(lists_again, list, 15000, "PostgreSQL to be read again");
}

/* ---- declarations ---- */

static void expect_bug(struct cairn_resource resource, const char *part)
{
    struct cairn_error error = {0};
    assert_int_equal(cairn_query_check(&resource, &error), -CAIRN_BUG);
    if (!strstr(error.message, part))
        fail_msg("wanted %s, got %s", part, error.message);
}

static void a_resource_that_cannot_be_right_is_a_bug(void **state)
{
    (void)state;
    struct cairn_resource list = shop_resources[1];
    expect_bug((struct cairn_resource){.path = "/x/{id}"}, "has no projection");
    expect_bug((struct cairn_resource){.path = "/x", .projection = &order_summary_projection},
               "has no {id}");
    list.order = "paid_at";
    expect_bug(list, "cannot be sorted by paid_at");
    list.order = "total";
    expect_bug(list, "needs an index on \"user_id, total\"");
    list.order = "nothing";
    expect_bug(list, "has no field nothing");
    list = shop_resources[1];
    list.filters[1].field = "lines";
    expect_bug(list, "field lines cannot be compared");
    list.filters[1] = (struct cairn_filter){"status", "status", CAIRN_AT_LEAST};
    expect_bug(list, "cannot be compared as filter status says");
    list.filters[1] = (struct cairn_filter){"limit", "status", CAIRN_EQUAL};
    expect_bug(list, "two parameters are called limit");
    list.filters[0].parameter = "user";
    list.filters[1].parameter = "status";
    expect_bug(list, "no filter is named id");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_row_that_redis_holds_is_answered_as_its_bytes, bench_each),
        cmocka_unit_test_setup(a_row_that_redis_lacks_comes_from_postgres, bench_each),
        cmocka_unit_test_setup(a_copy_of_another_kind_is_not_answered, bench_each),
        cmocka_unit_test_setup(a_copy_that_is_being_repaired_is_not_answered, bench_each),
        cmocka_unit_test_setup(an_unknown_id_is_404_as_of_a_position, bench_each),
        cmocka_unit_test_setup(a_row_that_was_deleted_is_404, bench_each),
        cmocka_unit_test_setup(an_id_is_read_in_either_case_and_nothing_else_is_one, bench_each),
        cmocka_unit_test_setup(what_the_client_has_already_is_not_sent_again, bench_each),
        cmocka_unit_test_setup(a_read_with_another_if_match_is_412, bench_each),
        cmocka_unit_test_setup(a_cache_is_told_what_the_resource_declares, bench_each),
        cmocka_unit_test_setup(head_says_what_get_would, bench_each),
        cmocka_unit_test_setup(a_copy_that_has_lost_its_checkpoint_is_passed_over_until_it_has_one,
                               bench_each),
        cmocka_unit_test_setup(wrong_parameters_are_all_named, bench_each),
        cmocka_unit_test_setup(an_undeclared_parameter_is_refused, bench_each),
        cmocka_unit_test_setup(both_stores_show_what_a_projector_wrote_alike, bench_each),
        cmocka_unit_test_setup(a_redis_that_is_away_costs_next_to_nothing, bench_each),
        cmocka_unit_test_setup(a_redis_that_comes_back_is_read_again, bench_each),
        cmocka_unit_test_setup(rows_are_read_from_redis_while_postgres_is_away, bench_each),
        cmocka_unit_test_setup(a_resource_that_cannot_be_right_is_a_bug, bench_each),
    };
    return cmocka_run_group_tests_name("query", tests, bench_open, bench_close);
}
