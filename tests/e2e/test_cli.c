/* test_cli.c - the `cairn` command, as seen from a shell: output and exit status. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char url[512];

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

static void expect(int status, const char *arguments, const char *words)
{
    cairn_expect(url, status, arguments, words);
}

static void help_is_there_for_every_command(void **state)
{
    (void)state;
    static const char *const names[] = {"migrate", "status",     "streams", "read",     "tail",
                                        "append",  "amend",      "verify",  "export",   "import",
                                        "recover", "completion", "rebuild", "rollback", "trace",
                                        "why",     "at",         "catalog"};
    expect(0, "--help", "Usage: cairn COMMAND");
    expect(64, "", "Usage: cairn COMMAND");
    expect(64, "dance", "dance is not a command: `cairn --help` lists them");
    expect(64, "stauts", "stauts is not a command: did you mean status?");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char arguments[40];
        char usage[40];
        (void)snprintf(arguments, sizeof arguments, "%s --help", names[i]);
        (void)snprintf(usage, sizeof usage, "Usage: cairn %s", names[i]);
        expect(0, arguments, usage);
        assert_non_null(strstr(said, "Example: "));
    }
}

static void events_are_appended_and_shown(void **state)
{
    (void)state;
    expect(0, "append pot-1 PotFilled '{\"litres\": 3}' --expect 0 --json", "\"position\":1");
    expect(0, "append pot-1 PotEmptied '{}' --expect 1", "2");
    expect(1, "append pot-1 PotFilled '{}' --expect 1", "stream pot-1 is at version 2");
    expect(1, "append pot PotFilled '{}'", "is not a stream name");
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

/* Control characters are escaped, because a terminal would execute them. */
static void what_is_shown_commands_no_terminal(void **state)
{
    (void)state;
    fixture_sql(url,
                "do $$ begin perform cairn.append(E'jar-\\x1b[31m', 'JarFilled', '{}');"
                " raise 'it was taken'; exception when sqlstate 'CA010' then null; end $$;"
                "insert into cairn.events (shard, position, stream, version, type,"
                " schema_version, event_id, data, meta, recorded_at)"
                " select 0, cairn.head() + 1, E'jar-\\x1b[31mred\\x7f\\u009bx', 1, 'JarFilled', 1,"
                " gen_random_uuid(), '{}', '{}', clock_timestamp()");
    expect(0, "streams jar", "jar-\\x1b[31mred\\x7f\\x9bx");
    assert_null(strchr(said, '\x1b'));
    expect(0, "tail --limit 1", "+00"); /* times have a zone */
    expect(0, "streams jar --json", "\\u001b");
    expect(1, "append \"$(printf 'vase-\\033[31m')\" VaseMade '{}'", "control characters");
    assert_null(strchr(said, '\x1b'));
}

static void status_shows_the_store(void **state)
{
    (void)state;
    expect(0, "status", "append_lock");
    assert_non_null(strstr(said, "none"));
    expect(0, "status --json", "\"epoch\":1");
}

static void wrong_usage_is_told_apart_from_a_database_that_is_away(void **state)
{
    (void)state;
    expect(64, "tail --limt 1", "--limt is not an option of this command");
    expect(64, "tail --limit many", "--limit wants a number");
    expect(64, "tail --limit", "--limit wants a number");
    expect(64, "tail --limit 9999999999999999999", "--limit wants a number");
    expect(64, "tail --limit +1", "--limit wants a number");
    expect(64, "tail -json", "-json is not an option of this command");
    expect(64, "read", "Usage: cairn read");
    expect(64, "read a b", "b is one argument too many");
    expect(64, "verify no_such_model", "has no read model no_such_model");
    expect(64, "parked skip a", "Usage: cairn parked");
    expect(64, "export --from x", "--from wants a number");
    expect(64, "recover --no", "--no is not an option of this command");
    expect(64, "completion fish", "it knows bash");
    cairn_expect("postgresql:///x?host=/nonexistent", 69, "status", "PostgreSQL is unavailable");
    cairn_expect("postgresql:///x?host=/nonexistent", 69, "export", "PostgreSQL is unavailable");
    cairn_expect("", 64, "status", "DATABASE_URL is not set");
    cairn_expect("postgresql://[", 64, "verify", "not a PostgreSQL URL");
}

static void output_that_cannot_be_written_is_a_failure(void **state)
{
    (void)state;
    expect(1, "status >/dev/full", "the output could not be written: is the disk full?");
    expect(1, "--help >/dev/full", "the output could not be written");
    expect(1, "completion bash >/dev/full", "the output could not be written");
    expect(64, "dance >/dev/full", "dance is not a command");
}

static void a_variable_that_is_empty_is_not_set(void **state)
{
    (void)state;
    assert_int_equal(setenv("DATABASE_URL_FILE", "", 1), 0);
    expect(0, "status", "");
    cairn_expect("", 64, "status", "DATABASE_URL is not set");
    assert_int_equal(unsetenv("DATABASE_URL_FILE"), 0);
}

static void a_schema_is_brought_up_once(void **state)
{
    (void)state;
    expect(0, "migrate", "the schema is up to date");
}

static void a_schema_of_another_release_is_told_apart(void **state)
{
    (void)state;
    char other[512];
    fixture_database(other, sizeof other);
    fixture_sql(other, "insert into cairn.migrations values (9999, '9999_later', 'x')");
    cairn_expect(other, 78, "status", "newer than this binary: migration 9999_later");
    cairn_expect(other, 78, "migrate", "9999_later");
    fixture_sql(other, "drop schema read, cairn, notification cascade");
    cairn_expect(other, 78, "verify", "run `cairn migrate`");
    cairn_expect(other, 78, "recover", "run `cairn migrate`");
    fixture_drop(other);
}

static void a_role_without_the_right_is_told_whom_to_be(void **state)
{
    (void)state;
    char reader[512];
    char projector[512];
    fixture_url_as(url, "cairn_reader", reader, sizeof reader);
    fixture_url_as(url, "cairn_projector", projector, sizeof projector);
    cairn_expect(reader, 77, "append pot-9 PotFilled '{}'", "connect as the owner");
    cairn_expect(reader, 77, "recover --yes", "permission denied for function operate");
    cairn_expect(projector, 77, "verify", "connect as the owner");
    cairn_expect(reader, 0, "verify", "protection");
    cairn_expect(reader, 0, "export", "{\"events\":");
}

static void words_are_completed(void **state)
{
    (void)state;
    expect(0, "append vase-1 VaseMade '{}'", "position");
    expect(0, "append vase-2 VaseMade '{}'", "position");
    expect(0, "completion bash", "complete -F _cairn cairn");
    expect(0, "complete 1 re", "read\nrecover\n");
    expect(0, "complete 1", "verify\n");
    expect(0, "complete 2 verify --", "--from\n--json\n--help\n");
    expect(0, "complete 2 read v", "vase-\n");
    expect(0, "complete 2 read vase-", "vase-1\nvase-2\n");
    assert_null(strstr(said, "pot"));
    expect(0, "complete 2 streams va", "vase\n");
    expect(0, "complete 3 read vase-1", "");
    assert_string_equal(said, "");
    cairn_expect("postgresql:///x?host=/nonexistent", 0, "complete 2 read v", "");
    assert_string_equal(said, "");
}

static void what_is_parked_is_named_as_what_it_is_parked_by(void **state)
{
    (void)state;
    fixture_sql(url, "insert into cairn.parked_events (reactor, position, stream, type, attempts,"
                     " reason) values ('kettle', 7, 'pot-1', 'PotFilled', 3, 'no water')");
    fixture_sql(url, "insert into cairn.parked_instances (process, stream, position, reason)"
                     " values ('brewing', 'brewing-1', 7, 'no leaves')");
    expect(0, "processes parked --json", "{\"name\":\"process/brewing\",\"position\":7");
    assert_non_null(strstr(said, "{\"name\":\"reactor/kettle\",\"position\":7"));
    expect(0, "processes retry reactor/kettle", "1");
    expect(0, "processes retry kettle 7", "1");
    expect(1, "processes retry reactor/brewing", "nothing of reactor/brewing is parked there");
    expect(0, "processes retry process/brewing", "1");
    expect(0, "processes parked", "retry requested");
    fixture_sql(url, "delete from cairn.parked_events; delete from cairn.parked_instances");
}

static void a_command_that_is_retried_is_shown_with_its_reason(void **state)
{
    (void)state;
    fixture_sql(url, "insert into cairn.followers (name, position) values ('process/brewing', 0);"
                     "insert into cairn.outgoing (process, stream, version, number, position,"
                     " target, command, method, path, body, attempts, problem)"
                     " values ('brewing', 'brewing-1', 1, 0, 7, 'pot-1', 'fill_pot', 'POST',"
                     " '/pots/1/fill', '{}', 3, 'one of these roles is needed: brewer')");
    expect(0, "processes", "fill_pot is retried: one of these roles is needed: brewer");
    expect(
        0, "processes commands --json",
        "{\"name\":\"process/brewing\",\"stream\":\"brewing-1\",\"position\":7,\"command\":\"fill_pot\","
        "\"target\":\"pot-1\",\"attempts\":3,"
        "\"problem\":\"one of these roles is needed: brewer\"}");
    expect(64, "processes commands 7", "expected instances, commands, parked");
    fixture_sql(url, "delete from cairn.outgoing; delete from cairn.followers");
}

static void the_catalogue_is_printed_without_a_database(void **state)
{
    (void)state;
    (void)setenv("DATABASE_URL", "postgresql://nowhere.invalid/none", 1);
    expect(0, "catalog", "    c_order -- \"OrderPlaced<br>OrderShipped<br>OrderCancelled\" --> h0");
    expect(0, "catalog --json", "\"kind\":\"command\",\"name\":\"place_order\"");
    expect(0, "catalog --json",
           "\"service\":\"log\",\"category\":\"order\",\"route\":\"GET /feeds/order\"");
    expect(0, "catalog --json", "\"service\":\"bff\",\"route\":\"GET /dashboard\"");
    expect(64, "catalog more", "Usage");
    (void)setenv("DATABASE_URL", url, 1);
}

static void a_token_needs_an_issuer(void **state)
{
    (void)state;
    expect(64, "token ada", "CAIRN_AUTH_ISSUER is not set");
    (void)setenv("CAIRN_AUTH_ISSUER", "http://id.example.com", 1);
    expect(64, "token ada", "by https, or by http on this machine");
    (void)setenv("CAIRN_AUTH_ISSUER", "http://127.0.0.1:9", 1);
    expect(64, "token", "name a person, or set CAIRN_AUTH_CLIENT_ID");
    expect(69, "token ada", "issuer");
    (void)unsetenv("CAIRN_AUTH_ISSUER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_is_there_for_every_command),
        cmocka_unit_test(events_are_appended_and_shown),
        cmocka_unit_test(a_table_is_aligned),
        cmocka_unit_test(what_is_shown_commands_no_terminal),
        cmocka_unit_test(status_shows_the_store),
        cmocka_unit_test(wrong_usage_is_told_apart_from_a_database_that_is_away),
        cmocka_unit_test(output_that_cannot_be_written_is_a_failure),
        cmocka_unit_test(a_variable_that_is_empty_is_not_set),
        cmocka_unit_test(a_schema_is_brought_up_once),
        cmocka_unit_test(a_schema_of_another_release_is_told_apart),
        cmocka_unit_test(a_role_without_the_right_is_told_whom_to_be),
        cmocka_unit_test(what_is_parked_is_named_as_what_it_is_parked_by),
        cmocka_unit_test(a_command_that_is_retried_is_shown_with_its_reason),
        cmocka_unit_test(the_catalogue_is_printed_without_a_database),
        cmocka_unit_test(a_token_needs_an_issuer),
        cmocka_unit_test(words_are_completed),
    };
    return cmocka_run_group_tests_name("cli", tests, setup, teardown);
}
