/* test_operations.c - what operators do is done and recorded, or neither: with a projector that
 * follows the log, by the command and by cairn.operate. */
#include "../support/cairn.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/pots.h"
#include "../support/support.h"

#include "operations/operate.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORDS "select count(*) from cairn.operations"

static const struct cairn_operator ada = {.sub = "ada", .iss = "https://id.example.com"};
static const struct cairn_operator bob = {.sub = "bob", .iss = "https://id.example.com"};

/* ---- helpers ---- */

/* Parks a pot and waits until it is. */
static struct cairn_uuid park(void)
{
    struct cairn_uuid pot = new_pot();
    fill(pot, 666);
    start_projector();
    wait_for_head();
    assert_int_equal(sql_int("select count(*) from cairn.parked"), 1);
    return pot;
}

static const char *text(const char *sql)
{
    static char found[4096];
    fixture_sql_text(pot_bench.url, sql, found, sizeof found);
    return found;
}

static void expect_text(const char *sql, const char *wanted)
{
    assert_string_equal(text(sql), wanted);
}

static int act(enum cairn_action_id action, const void *arguments, const struct cairn_operator *by,
               const char *key, struct cairn_operation *ret, struct cairn_error *error)
{
    struct cairn_place place = {.arena = &pot_bench.arena};
    assert_int_equal(cairn_pg_open(pot_bench.url, "operator", &place.pg, NULL), 0);
    int failed = cairn_operate(&place, action, arguments, by, key, ret, error);
    cairn_pg_close(place.pg);
    return failed;
}

static const struct operate_on_parked pots = {.read_model = "pots"};

/* ---- the record ---- */

static void an_action_is_recorded_with_who_did_it(void **state)
{
    (void)state;
    struct cairn_operation done;
    (void)park();
    stop_projector();
    int64_t head = sql_int("select cairn.head()");
    assert_int_equal(act(CAIRN_RETRY_PARKED, &pots, &ada, NULL, &done, NULL), 0);
    assert_int_equal(((const struct operated_keys *)done.result)->keys, 1);
    assert_int_equal(done.position, head + 1);
    assert_false(done.replayed);
    expect_text("select type from cairn.log limit 1", "ParkedRetryRequested");
    expect_text("select meta #>> '{actor,sub}' || ' at ' || (meta #>> '{actor,iss}')"
                " from cairn.log limit 1",
                "ada at https://id.example.com");
    expect_text("select action || ' ' || state || ' ' || by || ' ' || arguments || ' ' || result"
                " from cairn.operations",
                "retry-parked done ada {\"read_model\": \"pots\"} {\"keys\": 1}");
    expect_text("select request from cairn.parked", "retry");
}

static void the_command_records_the_user_and_the_host(void **state)
{
    (void)state;
    char host[256] = "", wanted[600];
    (void)park();
    assert_int_equal(gethostname(host, sizeof host - 1), 0);
    assert_int_equal(setenv("CAIRN_ACTOR", "ticket-4711", 1), 0);
    cairn_expect(pot_bench.url, 1, "parked retry pots", "1 of 1 keys are still parked");
    assert_int_equal(unsetenv("CAIRN_ACTOR"), 0);
    (void)snprintf(wanted, sizeof wanted, "host:%s ticket-4711", host);
    expect_text("select issuer || ' ' || \"for\" from cairn.operations", wanted);
    cairn_expect(pot_bench.url, 0, "operations", "retry-parked  done");
    cairn_expect(pot_bench.url, 0, "operations --json", "\"arguments\":{\"read_model\": \"pots\"}");
}

static void what_matches_nothing_changes_nothing_and_is_not_recorded(void **state)
{
    (void)state;
    struct cairn_uuid pot = park();
    const char *key = key_of(pot);
    static const struct operate_on_parked jugs = {.read_model = "jugs"};
    static const struct operate_rebuild new_jugs = {.read_model = "jugs"};
    static const struct operate_on_rebuild rebuild = {.read_model = "pots"};
    static const struct operate_roll_back back = {.read_model = "pots"};
    static const struct operate_withdraw none = {.switch_id = 7};
    static const struct operate_on_processes processes = {.name = "process/brewing"};
    static const struct operate_cancel_timer timer = {.stream = "brewing-1", .name = "late"};
    static const struct operate_move_timer whenever = {
        .stream = "brewing-1", .name = "late", .when = "whenever"};
    static const struct operate_amend amend = {.position = 99, .reason = "why not"};
    static const struct operate_recover recover = {.epoch = 99};
    const struct operate_skip_parked later = {.read_model = "pots", .key = key, .position = 99};
    const struct {
        enum cairn_action_id action;
        const void *arguments;
        enum cairn_code code;
    } wrong[] = {
        {CAIRN_RETRY_PARKED, &jugs, CAIRN_NOT_FOUND},
        {CAIRN_SKIP_PARKED, &later, CAIRN_NOT_FOUND},
        {CAIRN_REBUILD, &new_jugs, CAIRN_NOT_FOUND},
        {CAIRN_ACCEPT_REBUILD, &rebuild, CAIRN_NOT_FOUND},
        {CAIRN_CANCEL_REBUILD, &rebuild, CAIRN_NOT_FOUND},
        {CAIRN_ROLL_BACK, &back, CAIRN_NOT_FOUND},
        {CAIRN_WITHDRAW_ROLLBACK, &none, CAIRN_NOT_FOUND},
        {CAIRN_RETRY_PROCESSES, &processes, CAIRN_NOT_FOUND},
        {CAIRN_CANCEL_TIMER, &timer, CAIRN_NOT_FOUND},
        {CAIRN_MOVE_TIMER, &whenever, CAIRN_INVALID},
        {CAIRN_AMEND, &amend, CAIRN_INVALID},
        {CAIRN_RECOVER, &recover, CAIRN_CONFLICT},
        {CAIRN_RETRY_DEAD_LETTERS, &(struct operate_on_dead_letters){.group = "g"}, CAIRN_CONFIG},
        {CAIRN_RETRY_PARKED, &(struct operate_on_parked){0}, CAIRN_INVALID},
    };
    int64_t head = sql_int("select cairn.head()");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cairn_error error = {0};
        struct cairn_operation done;
        int failed = act(wrong[i].action, wrong[i].arguments, &ada, NULL, &done, &error);
        if (failed != -(int)wrong[i].code || strstr(error.message, "PostgreSQL"))
            fail_msg("%s: %d %s", cairn_actions[wrong[i].action].name, failed, error.message);
    }
    assert_int_equal(sql_int("select cairn.head()"), head);
    assert_int_equal(sql_int("select count(*) from cairn.parked where request is not null"), 0);
}

static void read_models_and_checks_are_not_disturbed(void **state)
{
    (void)state;
    struct cairn_operation done;
    (void)park();
    struct cairn_uuid other = new_pot();
    assert_int_equal(act(CAIRN_RETRY_PARKED, &pots, &ada, NULL, &done, NULL), 0);
    fill(other, 3);
    wait_for_head();
    expect_litres(other, 3);
    assert_int_equal(sql_int("select count(*) from cairn.parked"), 1);
    cairn_expect(pot_bench.url, 0, "verify", "");
    cairn_expect(pot_bench.url, 0, "rebuild pots", "queries read generation 2");
    cairn_expect(pot_bench.url, 0, "rollback pots 1", "to generation 1");
    expect_text("select string_agg(action, ' ' order by position) from cairn.operations",
                "retry-parked rebuild roll-back");
    expect_litres(other, 3);
}

static void records_are_written_by_actions_alone(void **state)
{
    (void)state;
    cairn_expect(pot_bench.url, 1,
                 "append cairn_operation-01890000-0000-7000-8000-000000000001 TimerMoved '{}'",
                 "record what operators did");
    assert_int_equal(sql_int(RECORDS), 0);
}

static void the_projectors_role_may_act_and_its_own_name_is_kept(void **state)
{
    (void)state;
    (void)park();
    fixture_sql(pot_bench.projector_url,
                "select cairn.operate('retry-parked', '{\"read_model\": \"pots\"}')");
    expect_text("select by from cairn.operations", "cairn_projector");
}

/* ---- keys ---- */

static void a_key_does_it_once_and_answers_the_same(void **state)
{
    (void)state;
    struct cairn_operation first, again;
    struct cairn_error error = {0};
    static const struct operate_rebuild anew = {.read_model = "pots"};
    (void)park();
    stop_projector();
    assert_int_equal(act(CAIRN_RETRY_PARKED, &pots, &ada, "k", &first, NULL), 0);
    fixture_sql(pot_bench.url, "update cairn.parked set request = null");
    assert_int_equal(act(CAIRN_RETRY_PARKED, &pots, &ada, "k", &again, NULL), 0);
    assert_true(again.replayed);
    assert_string_equal(again.id, first.id);
    assert_string_equal(again.json, first.json);
    assert_int_equal(sql_int(RECORDS), 1);
    assert_int_equal(sql_int("select count(*) from cairn.parked where request is not null"), 0);
    /* of another caller it is another key; of another request it is refused */
    assert_int_equal(act(CAIRN_RETRY_PARKED, &pots, &bob, "k", &again, NULL), 0);
    assert_false(again.replayed);
    assert_int_equal(act(CAIRN_REBUILD, &anew, &ada, "k", &again, &error), -CAIRN_KEY_REUSED);
    assert_int_equal(sql_int(RECORDS), 2);
    assert_int_equal(sql_int("select count(*) from cairn.rebuilds where cause = 'request'"), 0);
}

/* ---- several at once, and none to the end ---- */

/* Holds the lock of appends, so that actions stand between their change and their record. */
static struct pg_conn *hold(void)
{
    static const char sql[] = "begin; lock table cairn.append_lock in share update exclusive mode";
    struct pg_conn *held = fixture_connect(pot_bench.url);
    PQclear(PQexec(held, sql));
    return held;
}

#define WAITING                                                                                    \
    "select count(*) from pg_locks where relation = 'cairn.append_lock'::regclass and not granted"

static void *retry(void *context)
{
    struct cairn_arena arena = {0};
    struct cairn_place place = {.arena = &arena};
    struct cairn_operation done;
    intptr_t failed = cairn_pg_open(pot_bench.url, "operator", &place.pg, NULL);
    if (!failed)
        failed =
            cairn_operate(&place, CAIRN_REBUILD, &(struct operate_rebuild){.read_model = "pots"},
                          &ada, context, &done, NULL);
    cairn_pg_close(place.pg);
    cairn_arena_close(&arena);
    return (void *)failed;
}

static void two_operators_at_once_are_both_recorded_and_one_key_once(void **state)
{
    (void)state;
    pthread_t threads[4];
    static char key[] = "the same";
    (void)park();
    stop_projector();
    struct pg_conn *held = hold();
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, retry, i < 2 ? NULL : key), 0);
    /* each waits for the lock, or for the row of one that does */
    fixture_wait_sql(pot_bench.url,
                     "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                     " and application_name = 'operator' and datname = current_database()",
                     4, 10000);
    PQfinish(held);
    for (int i = 0; i < 4; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(sql_int(RECORDS), 3);
    assert_int_equal(sql_int("select count(*) from cairn.rebuilds where cause = 'request'"), 1);
}

static void one_that_is_killed_in_the_middle_leaves_no_half(void **state)
{
    (void)state;
    char url[600], program[512];
    struct child child;
    const char *const env[] = {url, NULL};
    const char *const words[] = {program, "parked", "retry", "pots", NULL};
    (void)snprintf(url, sizeof url, "DATABASE_URL=%s", pot_bench.url);
    (void)snprintf(program, sizeof program, "%s/bin/cairn", getenv("CAIRN_TEST_BUILD"));
    (void)park();
    stop_projector();
    struct pg_conn *held = hold();
    assert_int_equal(child_start(&child, words, env, NULL), 0);
    fixture_wait_sql(pot_bench.url, WAITING, 1, 10000);
    child_kill(&child, SIGKILL);
    fixture_sql(pot_bench.url, "select pg_terminate_backend(pid) from pg_locks where"
                               " relation = 'cairn.append_lock'::regclass and not granted");
    fixture_wait_sql(pot_bench.url, WAITING, 0, 10000);
    PQfinish(held);
    assert_int_equal(sql_int(RECORDS), 0);
    assert_int_equal(sql_int("select count(*) from cairn.parked where request is not null"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pots_setup, pots_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_action_is_recorded_with_who_did_it),
        TEST(the_command_records_the_user_and_the_host),
        TEST(what_matches_nothing_changes_nothing_and_is_not_recorded),
        TEST(read_models_and_checks_are_not_disturbed),
        TEST(records_are_written_by_actions_alone),
        TEST(the_projectors_role_may_act_and_its_own_name_is_kept),
        TEST(a_key_does_it_once_and_answers_the_same),
        TEST(two_operators_at_once_are_both_recorded_and_one_key_once),
        TEST(one_that_is_killed_in_the_middle_leaves_no_half),
    };
    return cmocka_run_group_tests_name("operations", tests, NULL, NULL);
}
