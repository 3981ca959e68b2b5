/* test_export.c - `cairn import` restores exactly what `cairn export` writes, or nothing. */
#include "../support/cairn.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char url[512];    /* the store to export */
static char target[512]; /* an empty store, for imports that fail */
static char dir[300];

/* A fingerprint of everything that is restored. */
static const char everything[] =
    "select md5(concat_ws('#',"
    " (select string_agg(e::text, ',' order by position) from cairn.events e),"
    " (select string_agg(t::text, ',' order by t::text) from cairn.event_types t),"
    " (select string_agg(c::text, ',' order by scope, key) from cairn.claims c),"
    " (select string_agg(t::text, ',' order by tag) from cairn.tags t),"
    " (select string_agg(c::text, ',' order by command_id) from cairn.commands c),"
    " (select store_id || ' ' || epoch from cairn.store)))";

/* Unusually formatted JSON, times to the microsecond, claims, commands, another epoch. */
static const char story[] =
    "insert into cairn.events values"
    " (0, 1, 'user-1', 1, 'Made', 1, gen_random_uuid(), E'{ \"a\" :\\t1,\\n\\r \"z\": \"\\\\u00e9 "
    "\\\\/ "
    "\\\\\\\\ \\\\\" Zürich ✓ 🪨 \\u007f\", \"a\": 1.50e2 }', ('{\"command_id\":\"' ||"
    "     cairn.command_id('user', 'k') || '\",\"request_hash\":\"' || encode(sha256('r'), 'hex') ||"
    "     '\",\"tags\":[\"pot:7\",\"maker:ü\"],\"claims\":[{\"take\":\"mail\",\"key\":\"ü\"}]}')::json,"
    " '2024-02-29 "
    "23:59:59.999999+00'),"
    " (0, 2, 'Odd stream \"with\" \\ all-1', 1, 'Made.x', 7, gen_random_uuid(), '{}', '{}',"
    "     '2024-03-01 00:00:00.000001+00'),"
    " (0, 3, 'user-1', 2, 'Changed', 2, gen_random_uuid(), E'{\"u\":\"\\\\u0000 \\\\ud800\"}',"
    "     '{}', '2024-03-01 00:00:00.000001+00');"
    "insert into cairn.events select 0, n, 'pot-' || n, 1, 'PotMade', 1, gen_random_uuid(),"
    "     json_build_object('n', n, 'text', repeat('x', 200)), '{}', now()"
    "     from generate_series(4, 3000) n;"
    "insert into cairn.event_types values ('user', 'Made', 1), ('user', 'Changed', 2),"
    "     ('Odd stream \"with\" \\ all', 'Made.x', 7), ('pot', 'PotMade', 1);"
    "select cairn.rebuild_claims(), cairn.rebuild_commands(), cairn.rebuild_tags();"
    "update cairn.store set epoch = 4";

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    fixture_database(target, sizeof target);
    fixture_sql(url, story);
    (void)snprintf(dir, sizeof dir, "%s/export.XXXXXX", getenv("CAIRN_TEST_SERVERS"));
    assert_non_null(mkdtemp(dir));
    return chdir(dir);
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(target);
    fixture_drop(url);
    return 0;
}

static void shell(const char *command)
{
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

static void all_comes_back_as_it_was(void **state)
{
    (void)state;
    char before[64];
    char after[64];
    char copy[512];
    fixture_database(copy, sizeof copy);
    cairn_expect(url, 0, "export > whole", "");
    cairn_expect(copy, 0, "import < whole", "imported 3000 events, 1 claims, 1 commands");
    fixture_sql_text(url, everything, before, sizeof before);
    fixture_sql_text(copy, everything, after, sizeof after);
    assert_string_equal(before, after);
    cairn_expect(copy, 0, "export > again", "");
    shell("cmp whole again");
    cairn_expect(copy, 0, "append pot-4 PotFilled '{}' --expect 1 --json", "\"position\":3001");
    cairn_expect(copy, 1, "import < whole", "the store is not empty: it has 3001 events");
    fixture_drop(copy);
}

/* An event made readable by an amendment stays readable in a copy. */
static void amendments_come_back_too(void **state)
{
    (void)state;
    static const char amendments[] = "select md5(string_agg(a::text, ',' order by position))"
                                     " from cairn.amendments a";
    char before[64];
    char after[64];
    char amended[512];
    char copy[512];
    fixture_database(amended, sizeof amended);
    fixture_database(copy, sizeof copy);
    cairn_expect(url, 0, "export > whole", "");
    cairn_expect(amended, 0, "import < whole", "imported 3000 events");
    cairn_expect(amended, 0, "amend 3 'a \"surrogate\"'", "");
    cairn_expect(amended, 0, "amend 9 'ü' '{\"n\": 9}'", "");
    cairn_expect(amended, 0, "export > mended", "");
    cairn_expect(copy, 0, "import < mended", "imported 3002 events");
    fixture_sql_text(amended, amendments, before, sizeof before);
    fixture_sql_text(copy, amendments, after, sizeof after);
    assert_string_equal(before, after);
    cairn_expect(copy, 0, "export > again", "");
    shell("cmp mended again");
    cairn_expect(amended, 0, "export --to 8 > beginning", "");
    shell("test $(grep -c '^{\"amends\"' beginning) = 1");
    shell("sed 's/surrogate/surrogat/' mended > bad");
    cairn_expect(target, 1, "import < bad", "line 3002: the file was changed here");
    shell("sed -n '1p;/^{\"amends\":3,/p' mended > bad");
    cairn_expect(target, 1, "import < bad", "line 2: ");
    fixture_drop(amended);
    fixture_drop(copy);
}

static void an_empty_store_and_a_beginning_come_back_too(void **state)
{
    (void)state;
    char copy[512];
    char other[512];
    fixture_database(copy, sizeof copy);
    cairn_expect(copy, 0, "export > nothing", "");
    fixture_database(other, sizeof other);
    cairn_expect(other, 0, "import < nothing", "imported 0 events");
    cairn_expect(url, 0, "export --to 5 > beginning", "");
    cairn_expect(other, 0, "import < beginning", "the exported log went on to position 3000");
    cairn_expect(other, 0, "tail --limit 1 --json", "\"position\":5");
    fixture_drop(other);
    fixture_drop(copy);
}

static void a_read_model_that_has_not_begun_follows_the_new_timeline(void **state)
{
    (void)state;
    char copy[512];
    fixture_database(copy, sizeof copy);
    fixture_sql(copy, "insert into cairn.generations values ('m', 1, 1);"
                      "insert into cairn.checkpoints (projection, generation, epoch)"
                      " values ('m', 1, 1)");
    cairn_expect(url, 0, "export > whole", "");
    cairn_expect(copy, 0, "import < whole", "imported 3000 events");
    assert_int_equal(fixture_sql_int(copy, "select epoch from cairn.checkpoints"), 4);
    fixture_drop(copy);
}

/* Each command makes a damaged file "bad" of the good file "whole"; `words` are the error
 * message. */
static const struct {
    const char *make;
    const char *words;
} damages[] = {
    {": > bad", "line 1: an export begins with its header"},
    {"head -c 100 whole > bad", "line 1: the file ends within it"},
    {"head -n 1 whole > bad", "line 2: the file ends before its last line"},
    {"head -n 2000 whole > bad", "line 2001: the file ends before its last line"},
    {"head -c 100000 whole > bad", "the file ends within it: it was cut off"},
    {"tail -n +2 whole > bad", "line 1: an export begins with its header"},
    {"sed 1000d whole > bad", "line 1000: it has position 1000 where 999 comes next"},
    {"sed 1000p whole > bad", "line 1001: it has position 999 where 1000 comes next"},
    {"sed '7{h;d};8{G}' whole > bad", "line 7: it has position 7 where 6 comes next"},
    {"sed '1000s/xx/xy/' whole > bad", "line 1000: the file was changed here"},
    {"sed '1000s/xx/x/' whole > bad", "line 1000: the file was changed here"},
    {"sed '1s/\"epoch\":4/\"epoch\":5/' whole > bad", "line 1: the file was changed here"},
    {"sed '$s/3000/3001/' whole > bad", "line 3002: the file was changed here"},
    {"sed '1000s/^/ /' whole > bad", "line 1000: it is not as `cairn export` writes it"},
    {"sed '1000s/.*/rubbish/' whole > bad", "line 1000: it is not as"},
    {"sed '1000s/xx/\\\\q/' whole > bad", "line 1000: it is not as"},
    {"sed '1000s/xx/\\x00/' whole > bad", "line 1000: it is not as"},
    {"sed '1000s/$/\\r/' whole > bad", "line 1000: it is not as"},
    {"head -c 300000 /dev/urandom > bad", "line 1: "},
    {"cat whole whole > bad", "line 3003: something follows the end"},
    {"sed '1s/\"cairn\":1/\"cairn\":2/' whole > bad", "a later release has written it"},
    {"sed '1000r whole' whole > bad", "line 1001: a second header"},
    {"cp part bad", "it is a part of a log"},
};

static void a_damaged_file_is_refused_where_it_is_and_nothing_is_written(void **state)
{
    (void)state;
    cairn_expect(url, 0, "export > whole", "");
    cairn_expect(url, 0, "export --from 2 --to 9 > part", "");
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        shell(damages[i].make);
        cairn_expect(target, 1, "import < bad", damages[i].words);
        assert_int_equal(fixture_sql_int(target, "select cairn.head()"), 0);
    }
    assert_int_equal(fixture_sql_int(target, "select epoch from cairn.store"), 1);
    cairn_expect(url, 1, "export --from 3002", "there is nothing from 3002");
}

/* Lines with a correct checksum, made from an inconsistent log. */
static void a_file_of_a_broken_log_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *change;
        const char *words;
    } cases[] = {
        {"update cairn.events set version = 3 where position = 3",
         "event 3 of stream user-1: version 3, but version 2 does not precede it"},
        {"update cairn.events set recorded_at = '2020-01-01' where position = 3",
         "event 3 of stream user-1: recorded at 2020-01-01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char broken[512];
        fixture_database(broken, sizeof broken);
        fixture_sql(broken, story);
        fixture_sql(broken, "alter table cairn.events disable trigger events_are_never_changed");
        fixture_sql(broken, cases[i].change);
        cairn_expect(broken, 0, "export > broken", "");
        cairn_expect(target, 1, "import < broken", cases[i].words);
        fixture_sql(broken, "delete from cairn.events where position = 2");
        cairn_expect(broken, 1, "export > broken", "events are missing between the positions");
        fixture_drop(broken);
    }
    assert_int_equal(fixture_sql_int(target, "select cairn.head()"), 0);
}

static void only_the_owner_imports(void **state)
{
    (void)state;
    char writer[512];
    fixture_url_as(target, "cairn_writer", writer, sizeof writer);
    cairn_expect(url, 0, "export > whole", "");
    cairn_expect(writer, 77, "import < whole", "connect as the owner");
}

/* ---- killed in the middle ---- */

static bool is_copying(void *context)
{
    (void)context;
    return fixture_sql_int(target, "select coalesce(max(tuples_processed), 0)"
                                   " from pg_stat_progress_copy"
                                   " where datname = current_database()") > 500;
}

static bool has_left(void *context)
{
    (void)context;
    return fixture_sql_int(target,
                           "select count(*) from pg_stat_activity where"
                           " datname = current_database() and pid <> pg_backend_pid()") == 0;
}

static void an_import_that_is_killed_leaves_nothing(void **state)
{
    (void)state;
    char command[600];
    char variable[600];
    struct child child;
    cairn_expect(url, 0, "export > whole", "");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    (void)snprintf(command, sizeof command, "exec '%s/bin/cairn' import < pipe",
                   getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(variable, sizeof variable, "DATABASE_URL=%s", target);
    const char *const argv[] = {"sh", "-c", command, NULL};
    const char *const env[] = {variable, NULL};
    assert_int_equal(child_start(&child, argv, env, "import.log"), 0);
    FILE *pipe = fopen("pipe", "w");
    assert_non_null(pipe);
    char *line = NULL;
    size_t capacity = 0;
    FILE *whole = fopen("whole", "r");
    assert_non_null(whole);
    for (int i = 0; i < 2500 && getline(&line, &capacity, whole) > 0; i++)
        assert_true(fputs(line, pipe) >= 0);
    (void)fflush(pipe);
    fixture_wait(is_copying, NULL, 10000, "rows on their way");
    child_kill(&child, SIGKILL);
    (void)fclose(pipe);
    (void)fclose(whole);
    free(line);
    fixture_wait(has_left, NULL, 10000, "the session to end");
    assert_int_equal(fixture_sql_int(target, "select count(*) from cairn.events"), 0);
    cairn_expect(target, 0, "append pot-1 PotMade '{}' --json", "\"position\":1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_comes_back_as_it_was),
        cmocka_unit_test(amendments_come_back_too),
        cmocka_unit_test(an_empty_store_and_a_beginning_come_back_too),
        cmocka_unit_test(a_read_model_that_has_not_begun_follows_the_new_timeline),
        cmocka_unit_test(a_damaged_file_is_refused_where_it_is_and_nothing_is_written),
        cmocka_unit_test(a_file_of_a_broken_log_is_refused),
        cmocka_unit_test(only_the_owner_imports),
        cmocka_unit_test(an_import_that_is_killed_leaves_nothing),
    };
    return cmocka_run_group_tests_name("export", tests, setup, teardown);
}
