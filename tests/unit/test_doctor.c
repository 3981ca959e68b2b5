/* test_doctor.c - what `cairn doctor` makes of what servers say of themselves. */
#include "../support/support.h"
#include "cli/doctor/diagnosis.h"
#include "cli/doctor/postgres_facts.h"
#include "cli/doctor/redis_facts.h"
#include "cli/doctor/version_order.h"

#include <string.h>

static struct cairn_arena arena;
static struct cairn_diagnosis diagnosis;

static int close_arena(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

/* ---- expectations ---- */

/* Checks that there is exactly one finding as bad as this, with these words. */
static void expect_one(enum cairn_health health, const char *check, const char *words)
{
    size_t found = 0;
    for (size_t i = 0; i < diagnosis.count; i++) {
        const struct cairn_symptom *symptom = &diagnosis.symptoms[i];
        if (symptom->health != health)
            continue;
        found++;
        if (strcmp(symptom->check, check) != 0 || !strstr(symptom->text, words))
            fail_msg("expected %s: %s, found %s: %s", check, words, symptom->check, symptom->text);
        assert_true((symptom->advice != NULL) == (health != CAIRN_HEALTHY));
    }
    assert_int_equal(found, 1);
}

static void expect_bad(size_t warnings, size_t problems)
{
    assert_int_equal(cairn_diagnosis_count(&diagnosis, CAIRN_WARNING), warnings);
    assert_int_equal(cairn_diagnosis_count(&diagnosis, CAIRN_PROBLEM), problems);
}

/* ---- PostgreSQL ---- */

static const struct cairn_postgres_facts good_postgres = {
    .version_number = 170002,
    .version = "17.2",
    .database = "shop",
    .encoding = "UTF8",
    .role = "shop_service",
    .fsync = "on",
    .full_page_writes = "on",
    .synchronous_commit = "on",
    .autovacuum = "on",
    .max_wal_bytes = INT64_C(1) << 30,
    .checkpoints_timed = 2000,
    .checkpoints_requested = 12,
    .wal_bytes = INT64_C(40) << 30,
    .connections_max = 97,
    .connections = 12,
    .connections_wanted = 44,
    .clock_ahead_us = -900,
    .has_schema = true,
    .knows_schema = true,
    .last_migration = "0060_claim_ranges",
    .may_append = true,
    .may_project = true,
    .may_read = true,
    .may_consume = true,
};

static void judge(const struct cairn_postgres_facts *facts)
{
    diagnosis = (struct cairn_diagnosis){.arena = &arena};
    cairn_judge_postgres(&diagnosis, facts);
}

/* Judges the good facts with one of them changed. */
#define JUDGE(...)                                                                                 \
    do {                                                                                           \
        struct cairn_postgres_facts facts = good_postgres;                                         \
        struct cairn_postgres_facts *with = &facts;                                                \
        __VA_ARGS__;                                                                               \
        judge(&facts);                                                                             \
    } while (0)

static void a_good_database_has_no_bad_finding(void **state)
{
    (void)state;
    judge(&good_postgres);
    expect_bad(0, 0);
    assert_in_range(diagnosis.count, 5, 9);
}

static void a_version_out_of_range_is_found(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        bool works;
        size_t warnings, problems;
    } cases[] = {
        {140011, false, 0, 1}, {150000, true, 0, 0}, {180004, true, 0, 0}, {190000, true, 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        diagnosis = (struct cairn_diagnosis){.arena = &arena};
        assert_int_equal(cairn_judge_postgres_version(&diagnosis, cases[i].number, "X"),
                         cases[i].works);
        expect_bad(cases[i].warnings, cases[i].problems);
    }
}

static void a_database_that_cannot_hold_the_log_is_found(void **state)
{
    (void)state;
    JUDGE(with->encoding = "SQL_ASCII");
    expect_one(CAIRN_PROBLEM, "database", "shop is encoded in SQL_ASCII");
    JUDGE(with->is_read_only = true);
    expect_one(CAIRN_PROBLEM, "database", "shop is read-only");
}

static void a_schema_that_is_not_this_releases_is_found(void **state)
{
    (void)state;
    JUDGE(with->has_schema = false; with->may_create_roles = with->may_create_schemas = true);
    expect_one(CAIRN_PROBLEM, "schema", "database shop has none");
    JUDGE(with->schema_problem = "the database schema is older");
    expect_one(CAIRN_PROBLEM, "schema", "older (the last migration is 0060_claim_ranges)");
}

static void a_role_without_the_rights_is_found(void **state)
{
    (void)state;
    JUDGE(with->may_append = with->may_project = with->may_read = with->may_consume = false);
    expect_one(CAIRN_PROBLEM, "role", "shop_service has no right");
    JUDGE(with->is_superuser = true);
    expect_one(CAIRN_WARNING, "role", "is a superuser");
    JUDGE(with->may_append = false; with->may_consume = false);
    expect_bad(0, 0);
    bool said = false;
    for (size_t i = 0; i < diagnosis.count; i++)
        said = said || strstr(diagnosis.symptoms[i].text,
                              "may keep read models, read them, but not append events "
                              "(cairn_writer), consume the bus (cairn_consumer)");
    assert_true(said);
    JUDGE(with->has_schema = false; with->may_create_schemas = true);
    expect_bad(0, 2); /* no schema, and it may not create the roles */
}

static void settings_that_lose_events_are_found(void **state)
{
    (void)state;
    JUDGE(with->fsync = "off");
    expect_one(CAIRN_PROBLEM, "settings", "fsync is off");
    JUDGE(with->fsync = "off"; with->is_private = true);
    expect_bad(0, 0);
    JUDGE(with->full_page_writes = "off");
    expect_one(CAIRN_PROBLEM, "settings", "full_page_writes is off");
    JUDGE(with->synchronous_commit = "off");
    expect_one(CAIRN_PROBLEM, "settings", "synchronous_commit is off");
    JUDGE(with->synchronous_commit = "local");
    expect_one(CAIRN_WARNING, "settings", "synchronous_commit is local");
    JUDGE(with->synchronous_commit = "remote_apply");
    expect_bad(0, 0);
    JUDGE(with->statement_timeout_ms = 5000);
    expect_one(CAIRN_WARNING, "settings", "statement_timeout is 5000 ms");
}

static void checkpoints_that_the_size_of_the_log_forces_are_found(void **state)
{
    (void)state;
    JUDGE(with->checkpoints_timed = 30; with->checkpoints_requested = 90);
    expect_one(CAIRN_WARNING, "settings",
               "max_wal_size is 1024 MB, and 90 of 120 checkpoints came early");
    JUDGE(with->checkpoints_timed = 90; with->checkpoints_requested = 90);
    expect_bad(0, 0);
    /* A new server under load, and one whose operator has run `checkpoint` a hundred times. */
    JUDGE(with->checkpoints_timed = 0; with->checkpoints_requested = 9);
    expect_bad(0, 0);
    JUDGE(with->checkpoints_timed = 0; with->checkpoints_requested = 100;
          with->wal_bytes = INT64_C(3) << 30);
    expect_bad(0, 0);
}

static void a_server_without_autovacuum_is_found(void **state)
{
    (void)state;
    JUDGE(with->autovacuum = "off");
    expect_one(CAIRN_WARNING, "settings", "autovacuum is off");
}

static void too_few_connections_are_found(void **state)
{
    (void)state;
    JUDGE(with->connections_max = 40);
    expect_one(CAIRN_WARNING, "connections",
               "admits 40, and one process of all services may use 44");
    JUDGE(with->connections = 90);
    expect_one(CAIRN_WARNING, "connections", "90 of 97 are in use");
}

static void clocks_that_are_apart_are_found_on_either_side(void **state)
{
    (void)state;
    JUDGE(with->clock_ahead_us = 999999);
    expect_bad(0, 0);
    JUDGE(with->clock_ahead_us = 1500000);
    expect_one(CAIRN_WARNING, "clock", "1.5 s ahead of this machine's");
    JUDGE(with->clock_ahead_us = -3600000000);
    expect_one(CAIRN_PROBLEM, "clock", "3600 s behind this machine's");
}

/* ---- Redis ---- */

static void judge_redis(const char *version, const char *role, const char *policy,
                        const char *appendonly)
{
    const struct cairn_redis_facts facts = {version, role, policy, appendonly, false};
    diagnosis = (struct cairn_diagnosis){.arena = &arena};
    cairn_judge_redis(&diagnosis, &facts);
}

static void a_redis_that_forgets_or_refuses_is_found(void **state)
{
    (void)state;
    judge_redis("7.2.4", "master", "noeviction", "yes");
    expect_bad(0, 0);
    judge_redis("7.2.4", "master", "volatile-lru", "yes"); /* Cairn's keys have no time to live */
    expect_bad(0, 0);
    judge_redis("7.2.4", "master", "allkeys-lfu", "yes");
    expect_one(CAIRN_PROBLEM, "Redis memory", "maxmemory-policy is allkeys-lfu");
    judge_redis("7.2.4", "slave", "noeviction", "yes");
    expect_one(CAIRN_PROBLEM, "Redis", "a replica");
    judge_redis("7.2.4", "master", "noeviction", "no");
    expect_one(CAIRN_WARNING, "Redis durability", "appendonly is no");
    judge_redis("7.2.4", "master", NULL, NULL);
    expect_one(CAIRN_WARNING, "Redis memory", "cannot be read");
}

static void a_redis_out_of_range_is_found(void **state)
{
    (void)state;
    judge_redis("6.0.16", "master", "noeviction", "yes");
    expect_one(CAIRN_PROBLEM, "Redis", "6.0.16 is too old");
    judge_redis("6.2", "master", "noeviction", "yes");
    expect_bad(0, 0);
    judge_redis("8.4.0", "master", "noeviction", "yes");
    expect_bad(0, 0);
    judge_redis("9.0.0", "master", "noeviction", "yes");
    expect_one(CAIRN_WARNING, "Redis", "9.0.0 is newer");
}

static void versions_compare_by_their_numbers(void **state)
{
    (void)state;
    assert_true(cairn_version_is_at_least("0.9.75", "0.9.75"));
    assert_true(cairn_version_is_at_least("1.0.1", "0.9.75"));
    assert_true(cairn_version_is_at_least("7.100", "7.85"));
    assert_true(cairn_version_is_at_least("8", "7.85.1"));
    assert_false(cairn_version_is_at_least("0.9.9", "0.9.75"));
    assert_false(cairn_version_is_at_least("7", "7.85"));
    assert_false(cairn_version_is_at_least("", "1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_database_has_no_bad_finding),
        cmocka_unit_test(a_version_out_of_range_is_found),
        cmocka_unit_test(a_database_that_cannot_hold_the_log_is_found),
        cmocka_unit_test(a_schema_that_is_not_this_releases_is_found),
        cmocka_unit_test(a_role_without_the_rights_is_found),
        cmocka_unit_test(settings_that_lose_events_are_found),
        cmocka_unit_test(checkpoints_that_the_size_of_the_log_forces_are_found),
        cmocka_unit_test(a_server_without_autovacuum_is_found),
        cmocka_unit_test(too_few_connections_are_found),
        cmocka_unit_test(clocks_that_are_apart_are_found_on_either_side),
        cmocka_unit_test(a_redis_that_forgets_or_refuses_is_found),
        cmocka_unit_test(a_redis_out_of_range_is_found),
        cmocka_unit_test(versions_compare_by_their_numbers),
    };
    return cmocka_run_group_tests_name("doctor", tests, NULL, close_arena);
}
