/* test_rebuild_cli.c - generations on the command line: `cairn rebuild`, `cairn rollback` and
 * `cairn status`. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/pots.h"
#include "../support/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- helpers ---- */

static void expect(int status, const char *arguments, const char *words)
{
    cairn_expect(pot_bench.url, status, arguments, words);
}

static void also(const char *words)
{
    if (!cairn_said(words))
        fail_msg("wanted \"%s\", saw: %s", words, said);
}

static int64_t live(void)
{
    return sql_int("select generation from cairn.generations where live");
}

static void wait_until_live(int64_t generation)
{
    wait_for_sql(cairn_print(&pot_bench.arena,
                             "select count(*) from cairn.generations"
                             " where live and generation = %" PRId64,
                             generation),
                 "the generation to be live");
}

/* Fills three pots and starts a projector, which applies them. */
static struct cairn_uuid begin(void)
{
    struct cairn_uuid first = new_pot();
    fill(first, 7);
    fill(new_pot(), 8);
    fill(new_pot(), 9);
    start_projector();
    wait_for_head();
    return first;
}

/* Changes a live row so that it differs from the log. */
static void plant(struct cairn_uuid id)
{
    fixture_sql(pot_bench.url,
                cairn_print(&pot_bench.arena,
                            "update read.pots set litres = 70 where pot_id = '%s'", key_of(id)));
}

/* ---- rebuild ---- */

static void a_rebuild_is_watched_to_its_end(void **state)
{
    (void)state;
    struct cairn_uuid pot = begin();
    expect(0, "rebuild pots", "pots: queries read generation 2 (version 1) now, and 1 before");
    also("3 events folded into 3 rows");
    also("`cairn rollback pots` switches back to generation 1");
    assert_int_equal(live(), 2);
    expect_litres(pot, 7);
    expect(0, "status", "kept until");
}

static void as_json_each_change_is_a_line(void **state)
{
    (void)state;
    (void)begin();
    expect(0, "rebuild pots --diff --json",
           "\"phase\":\"done\",\"code_version\":1,\"generation\":2");
    also("\"events\":3,\"rows\":3");
    also("\"differences\":0");
    assert_int_equal(said[0], '{');
    assert_false(cairn_said("queries read"));
}

static void what_is_not_there_cannot_be_rebuilt(void **state)
{
    (void)state;
    (void)begin();
    expect(1, "rebuild jugs", "there is no read model jugs");
    expect(1, "rebuild pots --accept", "nothing of pots is being built");
    expect(1, "rebuild pots --cancel", "nothing of pots is being built");
    expect(1, "rebuild pots --watch", "nothing of pots is being built");
    expect(64, "rebuild", "Usage: cairn rebuild NAME");
    expect(64, "rebuild pots --accept --cancel", "Usage: cairn rebuild NAME");
    expect(0, "rebuild --help", "Interrupting the watch does");
}

static void a_planted_difference_is_held_shown_and_dropped(void **state)
{
    (void)state;
    struct cairn_uuid pot = begin();
    plant(pot);
    expect(1, "rebuild pots --diff", "generation 2 is held: its rows differ from those");
    also("1 rows differ");
    also(cairn_print(&pot_bench.arena, "%s  litres    70    7", key_of(pot)));
    also("cairn rebuild pots --accept");
    assert_int_equal(live(), 1);
    expect(0, "status", "held");
    also("its rows differ");
    expect(1, "rebuild pots", "is under way already"); /* it is watched */
    expect(1, "rebuild pots --watch --json", "\"column\":\"litres\",\"read\":70,\"new\":7}");
    expect(0, "rebuild pots --cancel", "pots: the rebuild was cancelled");
    assert_int_equal(live(), 1);
    wait_for_sql("select count(*) from cairn.generations where generation = 2"
                 " and state = 'dropped'",
                 "what was cancelled to be dropped");
    assert_int_equal(live(), 1);
    assert_int_equal(sql_int("select (to_regclass('read.pots_g2') is null)::int"), 1);
    expect_litres(pot, 70);
}

static void a_held_generation_is_read_when_people_accept_it(void **state)
{
    (void)state;
    struct cairn_uuid pot = begin();
    plant(pot);
    fixture_sql(pot_bench.url, "delete from read.pots where litres = 9");
    expect(1, "rebuild pots --diff", "2 rows differ");
    also("(row)");
    expect(0, "rebuild pots --accept", "queries read generation 2");
    also("2 rows differ");
    assert_int_equal(live(), 2);
    expect_litres(pot, 7);
    assert_int_equal(sql_int("select count(*) from read.pots"), 3);
}

static void columns_that_cannot_be_compared_are_named(void **state)
{
    (void)state;
    (void)begin();
    fixture_sql(pot_bench.url, "alter table read.pots_g1 add column colour text");
    expect(0, "rebuild pots --diff", "No row differs");
    also("not compared: colour");
}

static void a_rebuild_that_parks_more_is_held_until_they_are_mended(void **state)
{
    (void)state;
    struct cairn_uuid pot = new_pot();
    fill(pot,
         666); /* the code of the live generation applies it, the code that rebuilds does not */
    pot_bench.keeper = start_keeper(&pots_that_are_mended, pot_bench.redis_url);
    wait_for_head();
    stop_projector();
    start_projector();
    expect(1, "rebuild pots", "held: 1 keys are parked, of the one that is read 0");
    also("cairn parked retry pots");
    expect(0, "status", "1 keys are parked");
    assert_int_equal(live(), 1);
    expect(1, "parked retry pots", "1 of 1 keys are still parked");
    stop_projector();
    pot_bench.keeper = start_keeper(&pots_that_are_mended, pot_bench.redis_url);
    expect(0, "parked retry pots", "0 of 1 keys are still parked");
    wait_until_live(2);
    expect_litres(pot, 666);
}

static void without_a_projector_the_request_stays(void **state)
{
    (void)state;
    (void)begin();
    stop_projector();
    expect(1, "rebuild pots", "no projector has the lease projection/pots/1");
    also("The request stays");
    expect(0, "status", "waiting");
    start_projector();
    wait_until_live(2);

    stop_projector();
    fixture_sql(pot_bench.url, "select cairn.request_rebuild('pots')");
    expect(0, "rebuild pots --cancel", "cancelled"); /* cancelling needs no projector */
    start_projector();
    expect(0, "rebuild pots", "queries read generation 3");
}

static void interrupting_the_watch_does_not_stop_the_rebuild(void **state)
{
    (void)state;
    (void)begin();
    stop_projector();
    char command[1000];
    (void)snprintf(command, sizeof command,
                   "DATABASE_URL='%s' timeout -s INT 1 '%s/bin/cairn' rebuild pots >/dev/null 2>&1",
                   pot_bench.url, getenv("CAIRN_TEST_BUILD"));
    assert_int_not_equal(system(command), 0);
    start_projector();
    wait_until_live(2);
}

/* The test itself acts as a slow projector. */
static void on_a_terminal_there_is_a_bar(void **state)
{
    (void)state;
    (void)begin();
    stop_projector();
    fixture_sql(
        pot_bench.url,
        "insert into cairn.leases (name, owner, fence, taken_at, beat_at, held_until)"
        " values ('projection/pots/1', 'a test', 99, now(), now(), now() + interval '1 hour')"
        " on conflict (name) do update set held_until = excluded.held_until;"
        "insert into cairn.rebuilds (projection, code_version, cause, generation, phase,"
        "     done, total) values ('pots', 1, 'request', 7, 'reading', 500, 1000)");
    char command[1000];
    char shown[8000];
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0)
        skip(); /* a root directory without /dev/pts */
    (void)close(terminal);
    (void)snprintf(command, sizeof command,
                   "exec 2>&1 </dev/null; export DATABASE_URL='%s';"
                   " timeout 3 script -qec 'stty cols 100; %s/bin/cairn rebuild pots' /dev/null",
                   pot_bench.url, getenv("CAIRN_TEST_BUILD"));
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    shown[fread(shown, 1, sizeof shown - 1, pipe)] = '\0';
    (void)pclose(pipe);
    if (!strstr(shown, "pots g7 reading [####") || !strstr(shown, "50%  500/1000"))
        fail_msg("saw: %s", shown);
}

/* ---- rollback ---- */

static void queries_go_back_and_forward_again(void **state)
{
    (void)state;
    struct cairn_uuid pot = begin();
    expect(1, "rollback pots", "there is no generation of pots to switch back to");
    expect(0, "rebuild pots", "queries read generation 2");
    expect(0, "rollback pots", "pots: from generation 2 (version 1) to generation 1 (version 1)");
    assert_int_equal(live(), 1);
    fill(pot, 1);
    expect(0, "rollback pots", "pots: from generation 1 (version 1) to generation 2 (version 1)");
    assert_int_equal(live(), 2);
    wait_for_head();
    expect_litres(pot, 8);
    expect(1, "rollback pots 2",
           "generation 2 of pots is not kept up to date, or is the one that is read");
    expect(1, "rollback pots 77", "generation 77 of pots is not kept up to date");
    expect(64, "rollback pots two", "Usage: cairn rollback");
    expect(64, "rollback", "Usage: cairn rollback");
}

static void queries_do_not_go_back_to_another_history(void **state)
{
    (void)state;
    (void)begin();
    expect(0, "rebuild pots", "queries read generation 2");
    fixture_sql(pot_bench.url, "update cairn.checkpoints set event_id = gen_random_uuid()"
                               " where generation = 1");
    expect(1, "rollback pots", "generation 1 of pots is not read: it is of another history");
    assert_int_equal(live(), 2);
}

static void a_rollback_without_a_projector_is_withdrawn(void **state)
{
    (void)state;
    (void)begin();
    expect(0, "rebuild pots", "queries read generation 2");
    stop_projector();
    expect(1, "rollback pots", "no projector has the lease projection/pots/1");
    assert_int_equal(sql_int("select count(*) from cairn.switches where cause = 'rollback'"
                             " and refused = 'no projector carried it out'"),
                     1);
    start_projector();
    expect(0, "rebuild pots", "queries read generation 3"); /* so the projector has seen it */
    assert_int_equal(sql_int("select count(*) from cairn.switches where cause = 'rollback'"
                             " and done_at is not null"),
                     0);
}

static void each_code_version_has_its_generation_and_people_go_between_them(void **state)
{
    (void)state;
    (void)begin();
    struct pot_keeper newer = start_keeper(&pots_version_2, pot_bench.redis_url);
    wait_until_live(2);
    expect(0, "status --json", "\"pots g1\",\"state\":\"serving\",\"code_version\":1");
    also("\"pots g2\",\"state\":\"live\",\"code_version\":2");
    expect(0, "rollback pots", "from generation 2 (version 2) to generation 1 (version 1)");
    expect(0, "status --json", "\"pots g1\",\"state\":\"live\"");
    also("\"pots g2\",\"state\":\"serving\"");
    expect(0, "rollback pots", "from generation 1 (version 1) to generation 2 (version 2)");
    stop_keeper(&newer);
}

static void the_projector_may_ask_and_readers_may_not(void **state)
{
    (void)state;
    char reader_url[600];
    (void)begin();
    cairn_expect(pot_bench.projector_url, 0, "rebuild pots", "queries read generation 2");
    cairn_expect(pot_bench.projector_url, 0, "rollback pots", "to generation 1");
    fixture_url_as(pot_bench.url, "cairn_reader", reader_url, sizeof reader_url);
    cairn_expect(reader_url, 77, "rebuild pots", "has no right");
    cairn_expect(reader_url, 77, "rollback pots", "has no right");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pots_setup, pots_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rebuild_is_watched_to_its_end),
        TEST(as_json_each_change_is_a_line),
        TEST(what_is_not_there_cannot_be_rebuilt),
        TEST(a_planted_difference_is_held_shown_and_dropped),
        TEST(a_held_generation_is_read_when_people_accept_it),
        TEST(columns_that_cannot_be_compared_are_named),
        TEST(a_rebuild_that_parks_more_is_held_until_they_are_mended),
        TEST(without_a_projector_the_request_stays),
        TEST(interrupting_the_watch_does_not_stop_the_rebuild),
        TEST(on_a_terminal_there_is_a_bar),
        TEST(queries_go_back_and_forward_again),
        TEST(queries_do_not_go_back_to_another_history),
        TEST(a_rollback_without_a_projector_is_withdrawn),
        TEST(each_code_version_has_its_generation_and_people_go_between_them),
        TEST(the_projector_may_ask_and_readers_may_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
