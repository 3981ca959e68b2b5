/* test_upgrade.c - a database of release 0.1 is brought to this release by `cairn migrate`: its
 * schema is that of a new database, and its commands, processes and read models continue.
 *
 * tests/upgrade/release-0.1.sql is a dump that was made by that release: the demo's history, two
 * orders whose payment service was away, two unreadable events that were amended. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char old[512]; /* a database as release 0.1 left it */
static struct system_under_test shop;
static struct http_reply reply;

/* Returns a file of tests/upgrade, to be freed. */
static char *read_file(const char *name)
{
    char path[512];
    char *text = NULL;
    size_t size = 0;
    (void)snprintf(path, sizeof path, "%s/tests/upgrade/%s", getenv("CAIRN_TEST_ROOT"), name);
    FILE *file = fopen(path, "re");
    if (!file)
        fail_msg("%s cannot be read", path);
    (void)!getdelim(&text, &size, '\0', file);
    (void)fclose(file);
    return text;
}

static int setup(void **state)
{
    (void)state;
    char *dump = read_file("release-0.1.sql");
    fixture_empty_database(old, sizeof old);
    fixture_sql(old, dump);
    free(dump);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_reply_free(&reply);
    return 0;
}

/* Returns the lines that describe the schema, to be freed. */
static char *describe(const char *url)
{
    enum { SIZE = 1 << 20 };
    char *query = read_file("schema.sql");
    char *sql = malloc(strlen(query) + 200);
    char *lines = malloc(SIZE);
    assert_true(sql && lines);
    (void)sprintf(sql, "select string_agg(line, E'\\n' order by line collate \"C\") from (%s) l",
                  query);
    fixture_sql_text(url, sql, lines, SIZE);
    free(sql);
    free(query);
    return lines;
}

#define NOTIFICATION "migrate notification services/notification/migrations"

static void an_older_schema_of_that_release_is_refused(void **state)
{
    (void)state;
    char older[512];
    char *dump = read_file("release-0.1.sql");
    fixture_empty_database(older, sizeof older);
    fixture_sql(older, dump);
    fixture_sql(older, "delete from cairn.migrations where version = 43");
    cairn_expect(older, 78, "migrate", "cannot be upgraded from migration 0042_begin_follower");
    assert_true(cairn_said("of release 0.1"));
    assert_int_equal(fixture_sql_int(older, "select max(version) from cairn.migrations"), 42);
    fixture_drop(older);
    free(dump);
}

static void the_upgraded_schema_is_that_of_a_new_database(void **state)
{
    (void)state;
    char new[512];
    cairn_expect(old, 78, "status", "older than this binary: run `cairn migrate`");
    cairn_expect(old, 0, "migrate", "applied 0050_roles");
    cairn_expect(old, 0, "migrate", "the schema is up to date");
    fixture_database(new, sizeof new);
    cairn_expect(old, 0, NOTIFICATION, "applied 0001_messages"); /* over tables that are there */
    char *upgraded = describe(old);
    char *made = describe(new);
    assert_true(strlen(made) > 100000);
    assert_string_equal(upgraded, made);
    free(made);
    free(upgraded);
    fixture_drop(new);
}

static bool is_settled(void *context)
{
    (void)context;
    return fixture_sql_int(old, "select count(*) from cairn.outgoing") == 0 &&
           fixture_sql_int(old, "select count(*) from read.order_summary"
                                " where status in ('paid', 'cancelled', 'shipped')") == 6;
}

static bool is_unparked(void *context)
{
    (void)context;
    return fixture_sql_int(old, "select count(*) from cairn.parked") == 0;
}

static void its_commands_processes_and_read_models_continue(void **state)
{
    (void)state;
    cairn_expect(old, 0, "verify", "");
    (void)snprintf(shop.database_url, sizeof shop.database_url, "%s", old);
    system_start_monolith(&shop);

    /* a command of the old release is known */
    int64_t head = fixture_sql_int(old, "select cairn.head()");
    ask_for(201, shop.order, "POST", "/orders", "Idempotency-Key: upgrade-1\r\n",
            "{\"user_id\":\"01a227e2-d662-7de6-b20d-19124dc5eac5\",\"currency\":\"EUR\","
            "\"lines\":[{\"sku\":\"tea-100\",\"quantity\":1,\"unit_price\":450}],"
            "\"card_token\":\"tok_visa\"}",
            &reply);
    char position[32];
    assert_string_equal(reply_member(&reply, "position", position, sizeof position), "38");
    assert_true(head >= 43);

    /* its claims are held, its unsent commands go out, its timers run */
    ask_for(422, shop.user, "POST", "/users", NULL,
            "{\"email\":\"bob.1795965507162938118@example.com\",\"name\":\"Bob\"}", &reply);
    fixture_wait(is_settled, NULL, 60000, "the orders of the old release to be settled");

    /* the event that was amended is applied, the one that is skipped is not */
    cairn_expect(old, 0, "parked retry users", "");
    fixture_wait(is_unparked, NULL, 30000, "the amended events to be applied");
    ask_for(200, shop.query, "GET", "/users/01a227e2-d69e-719a-8f38-000000000002", NULL, NULL,
            &reply);
    assert_non_null(strstr(reply.body, "eve@example.com"));
    cairn_expect(old, 0, "verify", "");
    system_stop(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_older_schema_of_that_release_is_refused),
        cmocka_unit_test(the_upgraded_schema_is_that_of_a_new_database),
        cmocka_unit_test(its_commands_processes_and_read_models_continue),
    };
    return cmocka_run_group_tests_name("upgrade", tests, setup, teardown);
}
