/* test_service_migrate.c - a service's own migrations: each file is applied once and as a whole, in
 * the service's schema, and what was applied is never changed. */
#include "../support/fixture.h"
#include "../support/support.h"

#include "store/service_migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct bench {
    char url[512];
    char directory[200];
    struct cairn_pg *pg;
    struct cairn_error error;
    char applied[1000];
} bench;

static int setup(void **state)
{
    const char *temporary = getenv("TMPDIR");
    (void)state;
    fixture_database(bench.url, sizeof bench.url);
    assert_int_equal(cairn_pg_open(bench.url, "migrate", &bench.pg, NULL), 0);
    (void)snprintf(bench.directory, sizeof bench.directory, "%s/cairn-migrations-XXXXXX",
                   temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(bench.directory));
    return 0;
}

static int teardown(void **state)
{
    char command[300];
    (void)state;
    cairn_pg_close(bench.pg);
    fixture_drop(bench.url);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", bench.directory);
    return system(command);
}

static void write_file(const char *name, const char *sql)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/repeatable", bench.directory);
    if (strchr(name, '/'))
        (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/%s", bench.directory, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(sql, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", bench.directory, name);
    assert_int_equal(unlink(path), 0);
}

static void on_applied(void *context, const char *name)
{
    (void)context;
    (void)strncat(bench.applied, name, sizeof bench.applied - strlen(bench.applied) - 2);
    (void)strcat(bench.applied, " ");
}

static int migrate_as(const char *schema)
{
    bench.applied[0] = '\0';
    cairn_error_reset(&bench.error);
    return cairn_service_migrate(bench.pg, schema, bench.directory, on_applied, NULL, &bench.error);
}

static void expect_failure(const char *schema, int failed, const char *words)
{
    assert_int_equal(migrate_as(schema), failed);
    if (!strstr(bench.error.message, words))
        fail_msg("wanted \"%s\", saw \"%s\"", words, bench.error.message);
}

static int64_t sql_int(const char *sql)
{
    return fixture_sql_int(bench.url, sql);
}

static void files_are_applied_in_order_each_once(void **state)
{
    (void)state;
    write_file("0002_more.sql", "alter table rooms add column beds bigint not null default 1;");
    write_file("0001_rooms.sql", "create table rooms (id uuid not null, number bigint not null);");
    write_file("repeatable/all_rooms.sql",
               "create or replace view all_rooms as select * from rooms;");
    assert_int_equal(migrate_as("hotel"), 3);
    assert_string_equal(bench.applied, "0001_rooms 0002_more repeatable/all_rooms ");
    assert_int_equal(migrate_as("hotel"), 0);
    assert_int_equal(sql_int("select count(*) from hotel.all_rooms"), 0);

    write_file("0010_later.sql", "insert into rooms (id, number) values (gen_random_uuid(), 1);");
    write_file("repeatable/all_rooms.sql",
               "create or replace view all_rooms as select *, 1 as one from rooms;");
    assert_int_equal(migrate_as("hotel"), 2);
    assert_string_equal(bench.applied, "0010_later repeatable/all_rooms ");
    assert_int_equal(sql_int("select sum(one) from hotel.all_rooms"), 1);
}

static void services_use_the_tables_and_have_schemas_of_their_own(void **state)
{
    (void)state;
    char url[600];
    struct cairn_pg *pg = NULL;
    write_file("0001_rooms.sql", "create table rooms (number bigint generated always as identity,"
                                 " name text not null);");
    assert_int_equal(migrate_as("hotel"), 1);
    assert_int_equal(migrate_as("hostel"), 1);
    fixture_url_as(bench.url, "cairn_consumer", url, sizeof url);
    assert_int_equal(cairn_pg_open(url, "consumer", &pg, NULL), 0);
    assert_int_equal(cairn_pg_script(pg, "insert into hotel.rooms (name) values ('blue')", NULL),
                     0);
    cairn_pg_close(pg);
    fixture_url_as(bench.url, "cairn_reader", url, sizeof url);
    assert_int_equal(cairn_pg_open(url, "reader", &pg, NULL), 0);
    assert_int_equal(cairn_pg_script(pg, "select name from hotel.rooms", NULL), 0);
    assert_int_not_equal(cairn_pg_script(pg, "delete from hotel.rooms", NULL), 0);
    cairn_pg_close(pg);
    assert_int_equal(sql_int("select count(*) from hotel.rooms"), 1);
    assert_int_equal(sql_int("select count(*) from hostel.rooms"), 0);
}

static void a_file_that_fails_leaves_nothing_and_is_named(void **state)
{
    (void)state;
    write_file("0001_rooms.sql", "create table rooms (id uuid);");
    write_file("0002_wrong.sql", "create table beds (id uuid); select nothing from nowhere;");
    assert_true(migrate_as("hotel") < 0);
    assert_non_null(strstr(bench.error.message, "0002_wrong.sql"));
    assert_non_null(strstr(bench.error.message, "nowhere"));
    assert_string_equal(bench.applied, "0001_rooms ");
    assert_int_equal(sql_int("select count(*) from pg_tables where schemaname = 'hotel'"), 1);
    write_file("0002_wrong.sql", "create table beds (id uuid);");
    assert_int_equal(migrate_as("hotel"), 1);
}

static void what_was_applied_is_never_changed(void **state)
{
    (void)state;
    write_file("0001_rooms.sql", "create table rooms (id uuid);");
    write_file("0002_beds.sql", "create table beds (id uuid);");
    assert_int_equal(migrate_as("hotel"), 2);
    write_file("0001_rooms.sql", "create table rooms (id uuid, number bigint);");
    expect_failure("hotel", -CAIRN_SCHEMA, "0001_rooms.sql was applied with another content");
    write_file("0001_rooms.sql", "create table rooms (id uuid);");
    remove_file("0002_beds.sql");
    expect_failure("hotel", -CAIRN_SCHEMA, "the database has migration 0002_beds of hotel");
}

static void what_cannot_be_a_migration_is_named(void **state)
{
    (void)state;
    static const char *const schemas[] = {"cairn", "read", "public", "pg_hotel", "Hotel",
                                          "",      "2",    "a-b",    "a\"b"};
    expect_failure("hotel", -CAIRN_CONFIG, "has no migrations");
    write_file("0001_rooms.sql", "create table rooms (id uuid);");
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++)
        expect_failure(schemas[i], -CAIRN_CONFIG, "cannot be the schema of a service");
    write_file("rooms.sql", "");
    expect_failure("hotel", -CAIRN_CONFIG, "/rooms.sql is not called NNNN_what.sql");
    remove_file("rooms.sql");
    write_file("0001_again.sql", "");
    expect_failure("hotel", -CAIRN_CONFIG, "have the same number");
    remove_file("0001_again.sql");
    assert_int_equal(
        cairn_service_migrate(bench.pg, "hotel", "/no/such/place", NULL, NULL, &bench.error),
        -CAIRN_CONFIG);
    assert_int_equal(migrate_as("hotel"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_are_applied_in_order_each_once),
        TEST(services_use_the_tables_and_have_schemas_of_their_own),
        TEST(a_file_that_fails_leaves_nothing_and_is_named),
        TEST(what_was_applied_is_never_changed),
        TEST(what_cannot_be_a_migration_is_named),
    };
    return cmocka_run_group_tests_name("service migrations", tests, NULL, NULL);
}
