/* test_restore.c - a store dumped by pg_dump and restored into another cluster is readable,
 * verified and writable there. */
#include "../support/cairn.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct system_under_test shop; /* has its own cluster */
static char target[512];              /* a database in the tests' cluster */
static char dump[300];
static struct http_reply reply;

static int setup(void **state)
{
    (void)state;
    system_start(&shop);
    (void)snprintf(dump, sizeof dump, "%s/dump", shop.run_dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_reply_free(&reply);
    (void)unlink(dump);
    system_stop(&shop);
    return 0;
}

static void run(const char *const argv[])
{
    char log[320];
    struct child child;
    (void)snprintf(log, sizeof log, "%s.log", dump);
    assert_int_equal(child_start(&child, argv, NULL, log), 0);
    if (child_wait(&child, 60000) != 0)
        fail_msg("%s failed: %s", argv[0], log);
    (void)unlink(log);
}

static void make_history(void)
{
    char id[64];
    char body[300];
    for (int i = 0; i < 20; i++) {
        char key[64];
        (void)snprintf(key, sizeof key, "Idempotency-Key: restore-%d\r\n", i);
        (void)snprintf(body, sizeof body,
                       "{\"email\":\"r%d@example.com\",\"name\":\"R\xC3\xB6schen \xE2\x9C\x93\"}",
                       i);
        ask_for(201, shop.user, "POST", "/users", key, body, &reply);
        (void)reply_id(&reply, id, sizeof id);
        (void)snprintf(body, sizeof body,
                       "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"lines\":[{\"sku\":\"tea-100\","
                       "\"quantity\":1,\"unit_price\":450}]}",
                       id);
        ask_for(201, shop.order, "POST", "/orders", NULL, body, &reply);
    }
}

/* Compares a table's row count and a checksum of its content. */
static void assert_same(const char *table, const char *order)
{
    char sql[300];
    char here[64];
    char there[64];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) || ' ' || md5(string_agg(t::text, ',' order by %s))"
                   " from cairn.%s t",
                   order, table);
    fixture_sql_text(shop.database_url, sql, here, sizeof here);
    fixture_sql_text(target, sql, there, sizeof there);
    assert_string_equal(here, there);
}

static bool is_over(void *context)
{
    (void)context;
    return fixture_sql_int(
               shop.database_url,
               "select case when (select count(*) from cairn.events where type = 'OrderPaid') = 20"
               " and not exists (select from cairn.outgoing) and not exists"
               " (select from cairn.followers where position < cairn.head())"
               " then 1 else 0 end") == 1;
}

static void what_was_dumped_is_readable_in_another_cluster(void **state)
{
    (void)state;
    make_history();
    fixture_wait(is_over, NULL, 60000, "the orders to be paid");
    const char *const dumps[] = {"pg_dump", "-Fc", "-f", dump, "-d", shop.database_url, NULL};
    run(dumps);

    fixture_empty_database(target, sizeof target);
    const char *const restores[] = {
        "pg_restore", "--exit-on-error", "--no-owner", "-d", target, dump, NULL};
    run(restores);

    assert_same("store", "store_id");
    assert_same("events", "position");
    assert_same("claims", "scope, key");
    assert_same("commands", "command_id");
    assert_same("event_types", "category, type, schema_version");
    assert_same("migrations", "version");
    cairn_expect(target, 0, "migrate", "");
    cairn_expect(target, 0, "verify", "claims             20         0");
    cairn_expect(target, 0, "tail --limit 200", "OrderPlaced");

    /* appending continues, with the same privileges and the same refusals */
    int64_t head = fixture_sql_int(target, "select cairn.head()");
    cairn_expect(target, 0, "append restored-1 Restored {}", "");
    assert_int_equal(fixture_sql_int(target, "select cairn.head()"), head + 1);
    char writer[600];
    fixture_url_as(target, "cairn_writer", writer, sizeof writer);
    cairn_expect(writer, 0, "append restored-1 Restored {} --expect 1", "");
    assert_int_equal(fixture_sql_int(target, "select count(*) from pg_trigger where tgname ="
                                             " 'events_are_never_changed' and tgenabled = 'A'"),
                     1);
    fixture_drop(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_dumped_is_readable_in_another_cluster),
    };
    return cmocka_run_group_tests_name("restore", tests, setup, teardown);
}
