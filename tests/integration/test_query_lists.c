/* test_query_lists.c - reads of many rows: filters, order, pages. */
#include "../support/fixture.h"
#include "../support/query_bench.h"
#include "../support/support.h"

#include "core/threads/clock.h"

#include <stdio.h>
#include <string.h>

/* ---- lists ---- */

/* A page of a list: the ids, and the cursor of the next page. */
struct page {
    size_t count;
    char ids[20][CAIRN_UUID_TEXT_SIZE];
    char next[600];
};

static void read_page(const char *path, struct page *ret)
{
    struct wire_answer answer = bench_get_ok(BOTH, path, "");
    *ret = (struct page){0};
    const char *at = answer.body;
    while ((at = strstr(at, "\"order_id\":\""))) {
        at += strlen("\"order_id\":\"");
        assert_true(ret->count < 20);
        memcpy(ret->ids[ret->count++], at, CAIRN_UUID_TEXT_SIZE - 1);
    }
    const char *next = strstr(answer.body, "\"next\":\"");
    if (next)
        (void)sscanf(next, "\"next\":\"%599[^\"]", ret->next);
    else
        assert_non_null(strstr(answer.body, "],\"next\":null}"));
}

static void expect_id(const struct page *page, size_t i, struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    assert_true(i < page->count);
    assert_string_equal(page->ids[i], text);
}

static void an_unknown_user_has_no_orders(void **state)
{
    (void)state;
    struct wire_answer answer = bench_get_ok(BOTH, PATH("/users/%s/orders", cairn_uuid_make()), "");
    assert_string_equal(answer.body, "{\"items\":[],\"next\":null}");
    expect_position(&answer, bench.position);
}

static void orders_come_newest_first_and_by_status(void **state)
{
    (void)state;
    struct cairn_uuid user = cairn_uuid_make();
    struct order orders[6];
    for (int i = 0; i < 6; i++) {
        orders[i] = (struct order){cairn_uuid_make(), user, 1000 + i, i % 2 ? "paid" : "placed"};
        bench_insert(&orders[i]);
    }
    struct page page;
    read_page(PATH("/users/%s/orders", user), &page);
    assert_int_equal(page.count, 6);
    assert_string_equal(page.next, "");
    for (size_t i = 0; i < 6; i++)
        expect_id(&page, i, orders[5 - i].id);

    read_page(PATH("/users/%s/orders?status=paid&limit=2", user), &page);
    assert_int_equal(page.count, 2);
    expect_id(&page, 0, orders[5].id);
    expect_id(&page, 1, orders[3].id);
    read_page(cairn_print(&bench.arena, "%s&cursor=%s",
                          PATH("/users/%s/orders?status=paid&limit=2", user), page.next),
              &page);
    assert_int_equal(page.count, 1);
    expect_id(&page, 0, orders[1].id);
    assert_string_equal(page.next, "");
}

/* Also with rows placed at the same time, while others are inserted before and after. */
static void paging_shows_each_row_once_while_others_come(void **state)
{
    (void)state;
    struct cairn_uuid user = cairn_uuid_make();
    struct order orders[10];
    for (int i = 0; i < 10; i++) {
        orders[i] = (struct order){cairn_uuid_make(), user, 5000 - i / 4, "placed"};
        bench_insert(&orders[i]);
    }
    char seen[10] = {0};
    struct page page = {0};
    const char *path = PATH("/users/%s/orders?limit=3", user);
    for (int pages = 0; pages == 0 || *page.next; pages++) {
        const char *cursor =
            pages ? cairn_print(&bench.arena, "%s&cursor=%s", path, page.next) : path;
        read_page(cursor, &page);
        assert_true(pages < 8);
        for (size_t i = 0; i < page.count; i++) {
            for (int k = 0; k < 10; k++) {
                char id[CAIRN_UUID_TEXT_SIZE];
                cairn_uuid_format(orders[k].id, id);
                seen[k] = (char)(seen[k] + (strcmp(id, page.ids[i]) == 0));
            }
        }
        bench_insert(&(struct order){cairn_uuid_make(), user, 6000, "placed"});
        if (pages == 1)
            bench_insert(&(struct order){cairn_uuid_make(), user, 1, "placed"});
    }
    for (int k = 0; k < 10; k++)
        assert_int_equal(seen[k], 1);
}

static void a_cursor_of_another_list_is_refused(void **state)
{
    (void)state;
    struct cairn_uuid user = cairn_uuid_make();
    for (int i = 0; i < 3; i++)
        bench_insert(&(struct order){cairn_uuid_make(), user, i, "placed"});
    struct page page;
    read_page(PATH("/users/%s/orders?limit=1", user), &page);
    assert_string_not_equal(page.next, "");
    struct wire_answer answer =
        bench_get(BOTH, cairn_print(&bench.arena, "/reports/sales?cursor=%s", page.next), "");
    expect(&answer, 400, "\"pointer\":\"?cursor\"");
}

static void a_list_that_has_not_changed_is_not_sent_again(void **state)
{
    (void)state;
    const struct order order = bench_new_order();
    const char *path = PATH("/users/%s/orders", order.user);
    struct wire_answer first = bench_get_ok(BOTH, path, "");
    const char *headers =
        cairn_print(&bench.arena, "If-None-Match: %s\r\n", wire_header(&first, "ETag"));
    assert_int_equal(bench_get(BOTH, path, headers).status, 304);
    (void)bench_new_order(); /* another user's */
    assert_int_equal(bench_get(BOTH, path, headers).status, 304);
    bench_insert(&(struct order){cairn_uuid_make(), order.user, 1, "placed"});
    (void)bench_get_ok(BOTH, path, headers);
}

static void sales_are_shown_from_day_to_day(void **state)
{
    (void)state;
    for (int day = 1; day <= 5; day++) {
        for (int i = 0; i < 2; i++)
            bench_sql("insert into read.sales_by_day_g%" PRId64 " values"
                      " ('2026-11-0%d:%s', 1, 0, false, false, '2026-11-0%d', '%s', 1, 2, 3, 4, 5)",
                      bench.sales.number, day, i ? "USD" : "EUR", day, i ? "USD" : "EUR");
    }
    struct wire_answer answer =
        bench_get_ok(BOTH, "/reports/sales?from=2026-11-02&to=2026-11-03", "");
    assert_string_equal(
        answer.body,
        "{\"items\":["
        "{\"day\":\"2026-11-02\",\"currency\":\"EUR\",\"orders_placed\":1,\"orders_paid\":2,"
        "\"orders_cancelled\":3,\"paid\":4,\"cancelled\":5},"
        "{\"day\":\"2026-11-02\",\"currency\":\"USD\",\"orders_placed\":1,\"orders_paid\":2,"
        "\"orders_cancelled\":3,\"paid\":4,\"cancelled\":5},"
        "{\"day\":\"2026-11-03\",\"currency\":\"EUR\",\"orders_placed\":1,\"orders_paid\":2,"
        "\"orders_cancelled\":3,\"paid\":4,\"cancelled\":5},"
        "{\"day\":\"2026-11-03\",\"currency\":\"USD\",\"orders_placed\":1,\"orders_paid\":2,"
        "\"orders_cancelled\":3,\"paid\":4,\"cancelled\":5}],\"next\":null}");
    answer = bench_get_ok(BOTH, "/reports/sales?limit=9", "");
    char next[300] = "";
    assert_int_equal(sscanf(strstr(answer.body, "\"next\":"), "\"next\":\"%299[^\"]", next), 1);
    answer = bench_get_ok(BOTH, cairn_print(&bench.arena, "/reports/sales?cursor=%s", next), "");
    assert_non_null(
        strstr(answer.body, "{\"items\":[{\"day\":\"2026-11-05\",\"currency\":\"USD\""));
    answer = bench_get(BOTH, "/reports/sales?from=yesterday&to=2026-02-30", "");
    expect(&answer, 400, "{\"pointer\":\"?from\",\"detail\":\"is not a day such as 2026-11-21\"}");
    expect(&answer, 400, "{\"pointer\":\"?to\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_unknown_user_has_no_orders, bench_each),
        cmocka_unit_test_setup(orders_come_newest_first_and_by_status, bench_each),
        cmocka_unit_test_setup(paging_shows_each_row_once_while_others_come, bench_each),
        cmocka_unit_test_setup(a_cursor_of_another_list_is_refused, bench_each),
        cmocka_unit_test_setup(a_list_that_has_not_changed_is_not_sent_again, bench_each),
        cmocka_unit_test_setup(sales_are_shown_from_day_to_day, bench_each),
    };
    return cmocka_run_group_tests_name("query_lists", tests, bench_open, bench_close);
}
