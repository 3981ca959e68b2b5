/* test_doctor.c - `cairn doctor`: each finding that can be provoked is provoked. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct shell place;
static char url[512];

static void expect(const char *command)
{
    shell_expect(&place, command);
}

/* An environment without a fault: `$good` sets it, and each test changes it. */
static int setup(void **state)
{
    (void)state;
    char text[2000];
    shell_open(&place, "doctor");
    fixture_database(url, sizeof url);
    (void)snprintf(text, sizeof text, "%s/prefix/bin:%s", place.directory, getenv("PATH"));
    assert_int_equal(setenv("PATH", text, 1), 0);
    (void)snprintf(text, sizeof text, "%s/prefix/lib/pkgconfig", place.directory);
    assert_int_equal(setenv("PKG_CONFIG_PATH", text, 1), 0);
    assert_int_equal(setenv("TMPDIR", place.directory, 1), 0);
    (void)snprintf(text, sizeof text, "env -u PORT DATABASE_URL=%s REDIS_URL=%s", url,
                   fixture_redis());
    assert_int_equal(setenv("good", text, 1), 0);
    expect("make -C \"$tree\" install BUILD=\"$build\" PREFIX=\"$PWD/prefix\"");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

/* Variables that tests/run sets for the tests themselves. */
#define QUIET "unset ${!CAIRN_@}; "

/* Runs the doctor in the good environment with more variables, as bash does, and checks its status
 * and that a line has the pattern. */
static void expect_finding(int status, const char *variables, const char *pattern)
{
    char command[2000];
    (void)snprintf(command, sizeof command,
                   "bash -c '" QUIET
                   "$good %s cairn doctor' >said; test $? = %d && grep -E '%s' said"
                   " || { cat said; exit 1; }",
                   variables, status, pattern);
    expect(command);
}

/* ---- nothing is wrong ---- */

static void an_environment_without_a_fault_is_found_good(void **state)
{
    (void)state;
    expect_finding(0, "", "^ok       schema: is that of this release");
    expect("! grep '^problem' said && grep -E '^0 problems, [0-9]+ warnings?$' said");
    expect("for check in cairn compiler libraries installed 'open files' variables PostgreSQL role"
           " settings connections clock Redis 'Redis memory' 'Redis durability'; do"
           " grep \"^ok       $check: \" said || exit 1; done");
    expect("! grep $(printf '\\033') said"); /* colours are for terminals */
}

static void as_json_each_finding_is_an_object(void **state)
{
    (void)state;
    expect("bash -c '" QUIET "$good PORT=70000 cairn doctor --json' >said; test $? = 1"
           " && jq -es 'all(.[]; .health and .check and .finding) and length > 10' said"
           " && jq -es 'any(.[]; .health == \"problem\" and .check == \"variables\""
           " and (.advice | length > 10))' said");
}

static void without_any_server_it_checks_the_machine(void **state)
{
    (void)state;
    expect(
        "env -u DATABASE_URL -u REDIS_URL cairn doctor >said"
        " && grep '^warning  PostgreSQL: DATABASE_URL is not set; services need it' said"
        " && grep '^warning  Redis: REDIS_URL is not set' said && grep '^ok       compiler' said");
    expect("cairn doctor --fast 2>said; test $? = 64");
}

/* ---- the machine ---- */

static void what_is_not_installed_is_found(void **state)
{
    (void)state;
    expect("mkdir bare && ln -s \"$PWD/prefix/bin/cairn\" bare/cairn");
    expect_finding(0, "PATH=bare CAIRN_POSTGRES_BIN=/none",
                   "^warning  compiler: gcc is not installed; .*apt-get install build-essential");
    expect("grep '^warning  libraries: pkg-config is not installed' said"
           " && grep '^warning  installed: redis-server is not installed' said"
           " && grep '^warning  installed: CAIRN_POSTGRES_BIN names /none' said");
    expect_finding(0, "PKG_CONFIG_PATH=", "^warning  cairn: .*pkg-config finds no library");
}

static void libraries_that_do_not_fit_are_found(void **state)
{
    (void)state;
    /* a pkg-config that knows an old library, and lacks two */
    expect("mkdir -p old && printf '%s\\n' '#!/bin/sh' 'case $2 in libcurl) echo 7.74.0 ;;'"
           " 'jansson | cmocka) exit 1 ;; cairn) echo 9.9.9 ;; *) echo 99 ;; esac' >old/pkg-config"
           " && chmod +x old/pkg-config");
    expect_finding(1, "PATH=$PWD/old:$PATH",
                   "^problem  libraries: libcurl 7.74.0 is too old; install 7.85");
    expect(
        "grep '^problem  cairn: this command is release .* and the library 9.9.9' said"
        " && grep '^warning  libraries: pkg-config does not find jansson, cmocka; .*apt-get install"
        " libjansson-dev libcmocka-dev$' said");
}

static void a_low_limit_of_open_files_is_found(void **state)
{
    (void)state;
    expect("bash -c 'ulimit -n 1000; " QUIET "$good cairn doctor' >said"
           " && grep '^warning  open files: a service may open 1000, and has up to 4200' said");
}

/* ---- the environment ---- */

static void a_variable_that_is_wrong_mistyped_or_unknown_is_found(void **state)
{
    (void)state;
    expect_finding(1, "CAIRN_HTTP_WOKRERS=2",
                   "^problem  variables: CAIRN_HTTP_WOKRERS is not a setting: did you mean "
                   "CAIRN_HTTP_WORKERS");
    expect_finding(1, "CAIRN_HTTP_WORKERS=0",
                   "^problem  variables: CAIRN_HTTP_WORKERS must be from 1 to 256, not 0");
    expect_finding(1, "CAIRN_TEMPLATS=/x", "did you mean CAIRN_TEMPLATES");
    expect_finding(1, "DATABASE_URL_FILE=/x", "^problem  variables: DATABASE_URL is set together");
    expect_finding(
        0, "CAIRN_COLOUR=red",
        "^warning  variables: CAIRN_COLOUR is no setting of Cairn itself; .*cairn doctor "
        "PROGRAM");
    expect_finding(0, "CAIRN_ORDER_URL=http://x CAIRN_CURSOR_SECRET=abc",
                   "^ok       variables: 2 begin");
}

static void the_settings_of_a_program_are_known(void **state)
{
    (void)state;
    expect("bash -c 'b=$1; " QUIET "export CAIRN_PAYMENT_DEADLINE_S=9; $good cairn doctor $b' -"
           " \"$build/bin/cairn-order\" >said && grep '^ok       variables: 1 begins' said");
    expect("bash -c 'b=$1; " QUIET "export CAIRN_PAYMENT_DEADLIN_S=9; $good cairn doctor $b' -"
           " \"$build/bin/cairn-order\" >said; test $? = 1"
           " && grep 'did you mean CAIRN_PAYMENT_DEADLINE_S' said");
    expect("bash -c 'b=$1; " QUIET "export CAIRN_COLOUR=9; $good cairn doctor $b' -"
           " \"$build/bin/cairn-order\" >said"
           " && grep 'CAIRN_COLOUR is a setting neither of Cairn nor of this program' said");
    expect("bash -c '" QUIET "$good cairn doctor /bin/true' >said; test $? = 1"
           " && grep '^problem  program: /bin/true does not list its settings' said");
    expect("bash -c '" QUIET "$good cairn doctor ./none' >said; test $? = 1"
           " && grep '^problem  program: ./none does not list its settings.*not installed' said");
}

static void a_port_that_is_taken_is_found_with_its_holder(void **state)
{
    (void)state;
    char variables[200];
    char pattern[200];
    int port = fixture_free_port();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    (void)snprintf(variables, sizeof variables, "PORT=%d", port);
    (void)snprintf(pattern, sizeof pattern,
                   "^problem  port: %d on 127.0.0.1 is in use by pid %d .*test_doctor", port,
                   (int)getpid());
    expect_finding(1, variables, pattern);
    (void)close(listener);
    (void)snprintf(pattern, sizeof pattern, "^ok       port: %d on 127.0.0.1 is free", port);
    expect_finding(0, variables, pattern);
    (void)snprintf(variables, sizeof variables, "PORT=%d CAIRN_BIND=203.0.113.7", port);
    expect_finding(1, variables, "^problem  port: 203.0.113.7 is no address of this machine");
}

static void a_service_that_runs_on_the_port_is_no_problem(void **state)
{
    (void)state;
    struct child child;
    char variables[40];
    char binary[400];
    char port_text[40];
    char pattern[200];
    int port = fixture_free_port();
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-web", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(port_text, sizeof port_text, "PORT=%d", port);
    const char *const argv[] = {binary, NULL};
    const char *const env[] = {port_text, NULL};
    assert_int_equal(child_start(&child, argv, env, NULL), 0);
    fixture_wait_http(port, "/healthz", 30000);
    (void)snprintf(variables, sizeof variables, "PORT=%d", port);
    (void)snprintf(pattern, sizeof pattern,
                   "^warning  port: %d on 127.0.0.1 is in use by pid %d .*, a service of Cairn",
                   port, (int)child.pid);
    expect_finding(0, variables, pattern);
    assert_int_equal(child_stop(&child, 20000), 0);
}

static void the_port_of_a_program_is_checked(void **state)
{
    (void)state;
    expect("bash -c 'b=$1; " QUIET "$good cairn doctor $b' - \"$build/bin/cairn-web\" >said;"
           " grep -E '^(ok|warning|problem) +port: 8080 on 127.0.0.1' said");
}

/* ---- PostgreSQL ---- */

static void a_database_that_does_not_answer_is_found(void **state)
{
    (void)state;
    expect_finding(1, "DATABASE_URL=postgresql://ada@127.0.0.1:1/shop",
                   "^problem  PostgreSQL: .*; start it, or correct host, port, user");
    expect_finding(1, "DATABASE_URL=postgresql://ada:p@ss@h/shop",
                   "^problem  PostgreSQL: .*percent-encoded; correct DATABASE_URL");
}

static void a_schema_that_is_missing_or_of_another_release_is_found(void **state)
{
    (void)state;
    char other[512];
    char variables[600];
    fixture_empty_database(other, sizeof other);
    (void)snprintf(variables, sizeof variables, "DATABASE_URL=\"%s\"", other);
    expect_finding(1, variables,
                   "^problem  schema: database .* has none of Cairn; run `cairn migrate`");
    fixture_drop(other);
    fixture_database(other, sizeof other);
    (void)snprintf(variables, sizeof variables, "DATABASE_URL=\"%s\"", other);
    fixture_sql(other, "insert into cairn.migrations values (9000, '9000_later', 'x')");
    expect_finding(1, variables, "^problem  schema: .*newer .*the last migration is 9000_later");
    fixture_sql(other, "delete from cairn.migrations where version > 60");
    expect_finding(1, variables,
                   "^problem  schema: .*older .*the last migration is 0060_claim_ranges");
    fixture_drop(other);
}

static void a_role_says_what_it_may(void **state)
{
    (void)state;
    char writer[512];
    char variables[600];
    fixture_url_as(url, "cairn_writer", writer, sizeof writer);
    (void)snprintf(variables, sizeof variables, "DATABASE_URL=\"%s\"", writer);
    expect_finding(0, variables, "^ok       role: cairn_writer may append events, but not keep");
    fixture_url_as(url, "postgres", writer, sizeof writer);
    (void)snprintf(variables, sizeof variables, "DATABASE_URL=\"%s\"", writer);
    expect_finding(0, variables, "^warning  role: postgres is a superuser");
}

/* The servers of `cairn servers` may be set as a test likes. */
static void expect_on_private_servers(const char *before, const char *doctor, const char *pattern)
{
    char command[2000];
    (void)snprintf(
        command, sizeof command,
        "bash -c '" QUIET "exec cairn servers sh -e -c \"$1\"' - '"
        "sql() { psql -X -q -v ON_ERROR_STOP=1 -d \"${DATABASE_URL%%cairn_owner}postgres\""
        " -c \"$1\"; }; redis() { redis-cli -s \"${REDIS_URL#unix://}\" \"$@\"; };"
        " %s; %s >said || :' && grep -E '%s' said || { cat said; exit 1; }",
        before, doctor, pattern);
    expect(command);
}

static void private_servers_that_keep_nothing_are_no_fault(void **state)
{
    (void)state;
    expect_on_private_servers(":", "cairn doctor",
                              "^ok       settings: fsync is off: a private server of .cairn "
                              "servers., for development and tests");
    expect_on_private_servers(":", "cairn doctor",
                              "^ok       Redis durability: appendonly is no: a private server");
    expect_on_private_servers("sql \"alter system set full_page_writes = off\";"
                              " sql \"select pg_reload_conf()\"",
                              "cairn doctor", "^problem  settings: full_page_writes is off");
}

static void a_database_that_loses_events_is_found(void **state)
{
    (void)state;
    expect_on_private_servers("sql \"alter role cairn_owner set synchronous_commit = off\"",
                              "cairn doctor", "^problem  settings: synchronous_commit is off");
    expect_on_private_servers("sql \"alter database cairn set statement_timeout = 1500\"",
                              "cairn doctor", "^warning  settings: statement_timeout is 1500 ms");
    expect_on_private_servers(
        "sql \"alter role cairn_owner set default_transaction_read_only = on\"", "cairn doctor",
        "^problem  database: cairn is read-only");
    expect_on_private_servers(
        "sql \"create database ascii owner cairn_owner encoding SQL_ASCII template template0\"",
        "DATABASE_URL=\"postgresql:///ascii${DATABASE_URL#postgresql:///cairn}\" cairn doctor",
        "^problem  database: ascii is encoded in SQL_ASCII");
}

static void a_role_without_rights_is_found(void **state)
{
    (void)state;
    expect_on_private_servers("sql \"create role guest login\"",
                              "DATABASE_URL=\"${DATABASE_URL%cairn_owner}guest\" cairn doctor",
                              "^problem  role: guest has no right in .*; grant it the roles");
    expect_on_private_servers(
        "sql \"create role maker login\"; sql \"create database blank\"",
        "DATABASE_URL=\"postgresql:///blank${DATABASE_URL#postgresql:///cairn}\";"
        " DATABASE_URL=\"${DATABASE_URL%cairn_owner}maker\" cairn doctor",
        "^problem  role: maker may not create schemas in this database");
}

static void too_few_connections_are_found(void **state)
{
    (void)state;
    expect_finding(
        0, "CAIRN_HTTP_WORKERS=256",
        "^warning  connections: PostgreSQL admits [1-6][0-9][0-9], and one process .* may use 788");
}

/* The clock of the command is moved by a library that is loaded before others. */
static void clocks_that_are_apart_are_found(void **state)
{
    (void)state;
    expect(
        "printf '\\000\\000\\000\\000\\000\\000\\000\\000\\000\\016\\047\\007\\000\\000\\000\\000' >clock");
    expect(
        "bash -c 'b=$1; " QUIET "export LD_PRELOAD=$b/tests/fault/clock_shim.so"
        " CAIRN_CLOCK_FILE=clock; $good cairn doctor' - \"$build\" >said; test $? = 1"
        " && grep -E \"^problem  clock: the database's is 1[12][0-9] s behind this machine's\" said");
}

/* ---- Redis ---- */

static void a_redis_that_does_not_fit_is_found(void **state)
{
    (void)state;
    expect_finding(1, "REDIS_URL=redis://127.0.0.1:1",
                   "^problem  Redis: .*; start it, or correct host");
    expect_finding(1, "REDIS_URL=http://x",
                   "^problem  Redis: not a Redis URL.*; correct REDIS_URL");
    expect_on_private_servers("redis config set maxmemory-policy allkeys-lru", "cairn doctor",
                              "^problem  Redis memory: maxmemory-policy is allkeys-lru");
    expect_on_private_servers("redis replicaof 127.0.0.1 1", "cairn doctor",
                              "^problem  Redis: it is a replica");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_environment_without_a_fault_is_found_good),
        cmocka_unit_test(as_json_each_finding_is_an_object),
        cmocka_unit_test(without_any_server_it_checks_the_machine),
        cmocka_unit_test(what_is_not_installed_is_found),
        cmocka_unit_test(libraries_that_do_not_fit_are_found),
        cmocka_unit_test(a_low_limit_of_open_files_is_found),
        cmocka_unit_test(a_variable_that_is_wrong_mistyped_or_unknown_is_found),
        cmocka_unit_test(the_settings_of_a_program_are_known),
        cmocka_unit_test(a_port_that_is_taken_is_found_with_its_holder),
        cmocka_unit_test(a_service_that_runs_on_the_port_is_no_problem),
        cmocka_unit_test(the_port_of_a_program_is_checked),
        cmocka_unit_test(a_database_that_does_not_answer_is_found),
        cmocka_unit_test(a_schema_that_is_missing_or_of_another_release_is_found),
        cmocka_unit_test(a_role_says_what_it_may),
        cmocka_unit_test(private_servers_that_keep_nothing_are_no_fault),
        cmocka_unit_test(a_database_that_loses_events_is_found),
        cmocka_unit_test(a_role_without_rights_is_found),
        cmocka_unit_test(too_few_connections_are_found),
        cmocka_unit_test(clocks_that_are_apart_are_found),
        cmocka_unit_test(a_redis_that_does_not_fit_is_found),
    };
    return cmocka_run_group_tests_name("doctor", tests, setup, teardown);
}
