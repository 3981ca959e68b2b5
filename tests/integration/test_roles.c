/* test_roles.c - privileges in the database: each role tries, as itself, what it may and what it
 * may not do. What is granted to no role is tried by the owner too. */
#include "../support/fixture.h"
#include "../support/support.h"

#include "postgres/postgres.h"

#include <stdio.h>
#include <string.h>

enum role { OWNER = 1, WRITER, PROJECTOR, READER, CONSUMER, STRANGER };

static const char *const role_names[] = {
    [OWNER] = "cairn_owner",   [WRITER] = "cairn_writer",     [PROJECTOR] = "cairn_projector",
    [READER] = "cairn_reader", [CONSUMER] = "cairn_consumer", [STRANGER] = "cairn_stranger",
};

/* SQLSTATEs */
#define ALLOWED ""
#define DENIED "42501"  /* insufficient_privilege */
#define REFUSED "CA005" /* the log is append-only */

struct attempt {
    enum role role;
    const char *sql;
    const char *state;
};

static char url[512];
static char super_url[600];

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    fixture_url_as(url, "postgres", super_url, sizeof super_url);
    fixture_sql(super_url, "drop role if exists cairn_stranger; create role cairn_stranger");
    fixture_sql(url, "select cairn.append('pot-1', 'PotFilled', '{}')");
    fixture_sql(url, "insert into cairn.generations (projection, generation, code_version)"
                     " values ('pots', 1, 1)");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_sql(super_url, "drop role cairn_stranger");
    fixture_drop(url);
    return 0;
}

/* ---- attempts ---- */

/* Returns the server's SQLSTATE, on a separate connection and in a transaction that is rolled
 * back. */
static void try(enum role role, const char *sql, char ret[static 6])
{
    char become[80];
    struct cairn_pg *pg = NULL;
    (void)snprintf(become, sizeof become, "begin; set local session authorization %s",
                   role_names[role]);
    assert_int_equal(cairn_pg_open(super_url, "roles", &pg, NULL), 0);
    assert_int_equal(cairn_pg_script(pg, become, NULL), 0);
    int failed = cairn_pg_script(pg, sql, NULL);
    (void)snprintf(ret, 6, "%s", cairn_pg_state(pg));
    assert_true((failed != 0) == (ret[0] != '\0'));
    cairn_pg_close(pg);
}

static void try_all(const struct attempt *attempts, size_t count)
{
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        char state[6];
        const struct attempt *attempt = &attempts[i];
        try(attempt->role, attempt->sql, state);
        if (strcmp(state, attempt->state) != 0) {
            print_error("%s: %s: wanted \"%s\", was answered \"%s\"\n", role_names[attempt->role],
                        attempt->sql, attempt->state, state);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}
#define TRY_ALL(attempts) try_all(attempts, sizeof(attempts) / sizeof(attempts)[0])

/* Does the same for all of these roles. */
static void try_as(const enum role *roles, size_t role_count, const char *const *sql, size_t count,
                   const char *state)
{
    for (size_t i = 0; i < role_count; i++) {
        for (size_t k = 0; k < count; k++)
            try_all(&(struct attempt){roles[i], sql[k], state}, 1);
    }
}
#define TRY_AS(roles, sql, state)                                                                  \
    try_as(roles, sizeof(roles) / sizeof(roles)[0], sql, sizeof(sql) / sizeof(sql)[0], state)

static const enum role everybody_else[] = {WRITER, PROJECTOR, READER, CONSUMER, STRANGER};

/* ---- the log ---- */

static void only_the_functions_write_the_stores_tables(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "insert into cairn.events select * from cairn.events where false",
        "update cairn.events set type = 'Other'",
        "delete from cairn.events",
        "truncate cairn.events",
        "insert into cairn.claims values (0, 'a', 'b', 'pot-1', 1)",
        "update cairn.claims set stream = 'pot-2'",
        "delete from cairn.claims",
        "truncate cairn.claims",
        "insert into cairn.executed_commands select * from cairn.executed_commands where false",
        "update cairn.executed_commands set status = 200",
        "delete from cairn.executed_commands",
        "truncate cairn.executed_commands",
        "insert into cairn.store (single) values (true)",
        "update cairn.store set epoch = 2",
        "delete from cairn.store",
        "insert into cairn.event_types select * from cairn.event_types where false",
        "delete from cairn.event_types",
        "delete from cairn.snapshots",
        "insert into cairn.migrations values (9999, 'later', 'x')",
        "delete from cairn.migrations",
        "lock table cairn.events in exclusive mode",
        "update cairn.log set type = 'Other'",
    };
    TRY_AS(everybody_else, changes, DENIED);
}

static void invariant_5_the_owner_is_refused_too(void **state)
{
    (void)state;
    static const struct attempt attempts[] = {
        {OWNER, "update cairn.events set type = 'Other'", REFUSED},
        {OWNER, "update cairn.events set type = 'Other' where false", REFUSED},
        {OWNER, "delete from cairn.events", REFUSED},
        {OWNER, "truncate cairn.events", REFUSED},
        {OWNER, "truncate cairn.events, cairn.claims", REFUSED},
        {OWNER, "merge into cairn.events e using cairn.store s on true when matched then delete",
         REFUSED},
        {OWNER, "set session_replication_role = replica", DENIED},
    };
    TRY_ALL(attempts);
}

static void no_role_removes_the_protection(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "alter table cairn.events disable trigger all",
        "alter table cairn.events disable trigger events_are_never_changed",
        "drop trigger events_are_never_changed on cairn.events",
        "create trigger mine before insert on cairn.events for each row"
        " execute function cairn.refuse_change()",
        "create rule mine as on insert to cairn.events do instead nothing",
        "alter table cairn.events add column mine text",
        "alter table cairn.events drop constraint events_pkey",
        "alter table cairn.events owner to current_user",
        "alter table cairn.events rename to mine",
        "drop table cairn.events",
        "drop schema cairn cascade",
        "alter function cairn.refuse_change() owner to current_user",
        "drop function cairn.head()",
        "create or replace function cairn.head() returns bigint language sql as 'select 0::bigint'",
        "set session_replication_role = replica",
        "grant insert on cairn.events to public;"
        " insert into cairn.events select * from cairn.events where false",
        "set role cairn_owner",
    };
    TRY_AS(everybody_else, changes, DENIED);
}

static void no_role_creates_objects_in_the_stores_schema(void **state)
{
    (void)state;
    static const char *const makings[] = {
        "create table cairn.mine (a int)",
        "create view cairn.mine as select 1",
        "create function cairn.mine() returns int language sql as 'select 1'",
        "create type cairn.mine as enum ('a')",
        "create sequence cairn.mine",
        "create schema mine",
    };
    TRY_AS(everybody_else, makings, DENIED);
}

/* ---- appending ---- */

#define RECORD(type)                                                                               \
    "select cairn.record_operation(gen_random_uuid(), 0, '" type "',"                              \
    " '{\"operation\": \"move-timer\"}', null)"
#define APPEND "select cairn.append('pot-1', 'PotFilled', '{}')"

static void only_a_writer_appends(void **state)
{
    (void)state;
    static const struct attempt attempts[] = {
        {WRITER, APPEND, ALLOWED},
        {PROJECTOR, APPEND, DENIED},
        {READER, APPEND, DENIED},
        {CONSUMER, APPEND, DENIED},
        {STRANGER, APPEND, DENIED},
        {WRITER, "select cairn.lock_shard(0::smallint)", DENIED},
        {PROJECTOR, "select cairn.lock_shard(0::smallint)", DENIED},
        {READER, "select cairn.lock_shard(0::smallint)", DENIED},
        {STRANGER, "select cairn.lock_shard(0::smallint)", DENIED},
        {WRITER, "select cairn.append('pot-1', 'PotFilled', '{}', 7)", "CA001"},
        {WRITER, "select cairn.refuse_change()", "0A000"},
        {PROJECTOR, RECORD("TimerMoved"), ALLOWED},
        {PROJECTOR, RECORD("PotFilled"), "CA010"},
        {READER, RECORD("TimerMoved"), DENIED},
        {CONSUMER, RECORD("TimerMoved"), DENIED},
        {STRANGER, RECORD("TimerMoved"), DENIED},
    };
    TRY_ALL(attempts);
}

/* Functions that run as the owner may be called by writers at most, except for leases and turns of
 * duties, which the projector needs too and which give no further rights, and the record of what an
 * operator does as the projector, which is of known types, in streams of its own. All roles open
 * the timeline: what that writes depends on the server alone. */
static void only_writers_call_what_runs_as_the_owner(void **state)
{
    (void)state;
    static const char wide[] =
        "select coalesce(string_agg(p.oid::regprocedure::text, ' '), '')"
        " from pg_proc p cross join (values ('cairn_projector'), ('cairn_reader'),"
        "     ('cairn_stranger')) r (role)"
        " where p.pronamespace = 'cairn'::regnamespace and p.prosecdef"
        "     and has_function_privilege(r.role, p.oid, 'execute')"
        "     and not (r.role <> 'cairn_stranger' and p.proname = 'open_timeline')"
        "     and not (r.role = 'cairn_projector' and p.proname in"
        "         ('beat', 'release', 'take_turn', 'record_operation'))";
    char text[500];
    fixture_sql_text(url, wide, text, sizeof text);
    assert_string_equal(text, "");
    assert_true(fixture_sql_int(url, "select count(*) from pg_proc where prosecdef"
                                     " and pronamespace = 'cairn'::regnamespace") > 0);
}

/* ---- the caller's own objects ---- */

/* What is written in standard SQL is bound to its objects when it is created. */
static void every_function_names_pg_temp_last(void **state)
{
    (void)state;
    char text[1000];
    fixture_sql_text(
        url,
        "select coalesce(string_agg(oid::regprocedure::text, ' '), '') from pg_proc"
        " where pronamespace = 'cairn'::regnamespace and prosqlbody is null and not exists"
        "     (select from unnest(proconfig) s where s ~ '^search_path=.*, pg_temp$')",
        text, sizeof text);
    assert_string_equal(text, "");
}

/* Defines a check that fails when it does not run as the caller, on every type whose name a
 * function could look up. */
#define BRING(type)                                                                                \
    "create domain pg_temp." type " as pg_catalog." type                                           \
    " check (pg_temp.mine(value::pg_catalog.text));"

static void a_writer_cannot_make_the_owner_run_its_code(void **state)
{
    (void)state;
    static const char sql[] =
        "create function pg_temp.mine(pg_catalog.text) returns boolean language plpgsql as $$ begin"
        "    if current_user <> session_user then"
        "        raise exception 'this runs as %', current_user using errcode = 'CA099';"
        "    end if;"
        "    return true;"
        " end $$;" BRING("text") BRING("timestamptz") BRING("uuid") BRING("bytea") BRING("json")
            APPEND ";"
                   " select cairn.append('pot-2'::pg_catalog.text, 'A', '{}', 0)";
    static const struct attempt attempts[] = {{WRITER, sql, ALLOWED}};
    TRY_ALL(attempts);
}

/* ---- reading ---- */

static void known_roles_read_the_log_and_a_stranger_reads_nothing(void **state)
{
    (void)state;
    static const enum role known[] = {OWNER, WRITER, PROJECTOR, READER};
    static const enum role stranger[] = {STRANGER};
    static const enum role projector[] = {PROJECTOR, STRANGER};
    static const char *const reads[] = {
        "select count(*) from cairn.events",
        "select * from cairn.log limit 1",
        "select * from cairn.streams",
        "select * from cairn.stored_types",
        "select * from cairn.store",
        "select * from cairn.migrations",
        "select * from cairn.generations",
        "select * from cairn.checkpoints",
        "select cairn.head()",
        "select * from cairn.read_stream('pot-1')",
        "select * from cairn.read_range(0, 10)",
        "select * from cairn.read_range(0, 10, '{A}', '{pot}')",
        "select * from cairn.read_all()",
    };
    static const char *const inner[] = {
        "select * from cairn.claims",
        "select * from cairn.commands",
        "select * from cairn.snapshots",
        "select * from cairn.find_commands('{}')",
    };
    TRY_AS(known, reads, ALLOWED);
    TRY_AS(stranger, reads, DENIED);
    TRY_AS(projector, inner, DENIED);
}

/* ---- read models ---- */

static void only_the_projector_keeps_read_models(void **state)
{
    (void)state;
    static const char making[] = "create table read.pots_g1 (_key text);"
                                 "create view read.pots as select * from read.pots_g1";
    static const struct attempt attempts[] = {
        {PROJECTOR, making, ALLOWED},
        {WRITER, making, DENIED},
        {READER, making, DENIED},
        {STRANGER, making, DENIED},
        {PROJECTOR, "update cairn.generations set complete_at = now()", ALLOWED},
        {PROJECTOR,
         "insert into cairn.checkpoints (projection, generation, epoch)"
         " values ('pots', 1, 1)",
         ALLOWED},
        {PROJECTOR, "delete from cairn.generations", ALLOWED},
        {PROJECTOR, "truncate cairn.checkpoints", DENIED},
        {PROJECTOR, "drop schema read", DENIED},
        {WRITER, "update cairn.generations set live = false", DENIED},
        {WRITER, "update cairn.checkpoints set position = 0", DENIED},
        {READER, "update cairn.checkpoints set position = 0", DENIED},
        {READER, "delete from cairn.generations", DENIED},
        {STRANGER, "update cairn.checkpoints set position = 0", DENIED},
    };
    TRY_ALL(attempts);
}

/* ---- the bus ---- */

static void the_bus_is_written_by_its_roles_only(void **state)
{
    (void)state;
    static const char consume[] = "select cairn.consume('group', 'pot-1', 1, 1)";
    static const char publish[] = "insert into cairn.bus (epoch) values (1)";
    static const char mail[] = "update notification.messages set status = 'sent'";
    static const struct attempt attempts[] = {
        {PROJECTOR, publish, ALLOWED},
        {PROJECTOR, "update cairn.bus_streams set floor = 1", ALLOWED},
        {PROJECTOR, "delete from cairn.bus", DENIED},
        {PROJECTOR, consume, DENIED},
        {PROJECTOR, mail, DENIED},
        {CONSUMER, consume, ALLOWED},
        {CONSUMER, mail, ALLOWED},
        {CONSUMER, publish, DENIED},
        {CONSUMER, "update cairn.bus set position = 0", DENIED},
        {CONSUMER, "select * from cairn.events", DENIED},
        {CONSUMER, "delete from cairn.leases", DENIED},
        {WRITER, publish, DENIED},
        {WRITER, consume, DENIED},
        {WRITER, "select * from notification.customers", DENIED},
        {READER, "select * from cairn.bus, cairn.consumed", ALLOWED},
        {READER, "delete from cairn.consumed", DENIED},
        {STRANGER, "select * from cairn.bus", DENIED},
        {STRANGER, consume, DENIED},
    };
    TRY_ALL(attempts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_functions_write_the_stores_tables),
        cmocka_unit_test(invariant_5_the_owner_is_refused_too),
        cmocka_unit_test(no_role_removes_the_protection),
        cmocka_unit_test(no_role_creates_objects_in_the_stores_schema),
        cmocka_unit_test(only_a_writer_appends),
        cmocka_unit_test(only_writers_call_what_runs_as_the_owner),
        cmocka_unit_test(every_function_names_pg_temp_last),
        cmocka_unit_test(a_writer_cannot_make_the_owner_run_its_code),
        cmocka_unit_test(known_roles_read_the_log_and_a_stranger_reads_nothing),
        cmocka_unit_test(only_the_projector_keeps_read_models),
        cmocka_unit_test(the_bus_is_written_by_its_roles_only),
    };
    return cmocka_run_group_tests_name("roles", tests, setup, teardown);
}
