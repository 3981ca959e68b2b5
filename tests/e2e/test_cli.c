/* test_cli.c - the `cairn` command, as a shell sees it: output and exit status. */
#include "../support/fixture.h"
#include "../support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static char url[512];
static char said[16384];

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

/* Runs `cairn ARGUMENTS`; what it writes to both outputs is in `said`. Returns the exit status. */
static int cairn(const char *database, const char *arguments)
{
    char command[2048];
    (void)snprintf(command, sizeof command, "DATABASE_URL='%s' '%s/bin/cairn' %s 2>&1 </dev/null",
                   database, getenv("CAIRN_TEST_BUILD"), arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t length = fread(said, 1, sizeof said - 1, pipe);
    said[length] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

static void expect(int status, const char *arguments, const char *words)
{
    int seen = cairn(url, arguments);
    if (seen != status || !strstr(said, words))
        fail_msg("cairn %s: wanted %d and \"%s\", saw %d and: %s", arguments, status, words, seen,
                 said);
}

static void help_is_there_for_every_command(void **state)
{
    (void)state;
    static const char *const names[] = {"migrate", "status", "streams", "read", "tail", "append"};
    expect(0, "--help", "Usage: cairn COMMAND");
    expect(64, "", "Usage: cairn COMMAND");
    expect(64, "dance", "dance is no command");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char arguments[40];
        char usage[40];
        (void)snprintf(arguments, sizeof arguments, "%s --help", names[i]);
        (void)snprintf(usage, sizeof usage, "Usage: cairn %s", names[i]);
        expect(0, arguments, usage);
    }
}

static void events_are_appended_and_shown(void **state)
{
    (void)state;
    expect(0, "append pot-1 PotFilled '{\"litres\": 3}' --expect 0 --json", "\"position\":1");
    expect(0, "append pot-1 PotEmptied '{}' --expect 1", "2");
    expect(1, "append pot-1 PotFilled '{}' --expect 1", "stream pot-1 is at version 2");
    expect(1, "append pot PotFilled '{}'", "no name of a stream");
    expect(1, "append pot-1 PotFilled '{'", "json");
    expect(0, "read pot-1", "PotEmptied");
    expect(0, "read pot-1 --json --limit 1", "\"data\":{\"litres\": 3}");
    assert_null(strstr(said, "PotEmptied"));
    expect(0, "read pot-1 --after 1", "PotEmptied");
    assert_null(strstr(said, "PotFilled"));
    expect(1, "read pot-2", "position");
    expect(0, "tail --limit 1 --json", "\"position\":2");
    expect(0, "tail --after 0 --limit 1 --json", "\"position\":1");
    expect(0, "streams pot --json", "\"version\":2");
    expect(0, "streams kettle", "stream");
    assert_null(strstr(said, "pot-1"));
}

static void a_table_is_aligned(void **state)
{
    (void)state;
    expect(0, "append jar-1 JarFilled '{\"a\":\"caf\xC3\xA9\"}'", "version");
    expect(0, "streams", "stream  version");
    char *line = strchr(said, '\n') + 1;
    assert_int_equal(strstr(said, "version") - said, strstr(line, "  ") - line + 3);
}

static void status_shows_the_store(void **state)
{
    (void)state;
    expect(0, "status", "append_lock");
    assert_non_null(strstr(said, "nobody"));
    expect(0, "status --json", "\"epoch\":1");
}

static void wrong_usage_is_told_apart_from_a_database_that_is_away(void **state)
{
    (void)state;
    expect(64, "tail --limt 1", "--limt is no option of it");
    expect(64, "tail --limit many", "--limit wants a number");
    expect(64, "tail --limit", "--limit wants a number");
    expect(64, "read", "Usage: cairn read");
    expect(64, "read a b", "more than it takes");
    assert_int_equal(cairn("postgresql:///x?host=/nonexistent", "status"), 69);
    assert_non_null(strstr(said, "PostgreSQL is away"));
    assert_int_equal(cairn("", "status"), 64);
    assert_non_null(strstr(said, "DATABASE_URL is not set"));
}

static void a_schema_is_brought_up_once(void **state)
{
    (void)state;
    expect(0, "migrate", "the schema is up to date");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_is_there_for_every_command),
        cmocka_unit_test(events_are_appended_and_shown),
        cmocka_unit_test(a_table_is_aligned),
        cmocka_unit_test(status_shows_the_store),
        cmocka_unit_test(wrong_usage_is_told_apart_from_a_database_that_is_away),
        cmocka_unit_test(a_schema_is_brought_up_once),
    };
    return cmocka_run_group_tests_name("cli", tests, setup, teardown);
}
