/* test_recover.c - a whole system whose store was restored to an older state: `cairn recover`
 * starts a new epoch, and all running processes notice. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct system_under_test shop;
static struct http_reply reply;

static int setup(void **state)
{
    (void)state;
    system_start(&shop);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_reply_free(&reply);
    system_stop(&shop);
    return 0;
}

struct written {
    char path[80];
    char position[160]; /* header for the query that follows */
};

static int make_user(void *context)
{
    static int number;
    struct written *written = context;
    char body[100];
    char key[64];
    char id[64];
    (void)snprintf(body, sizeof body, "{\"email\":\"u%d@example.com\",\"name\":\"U\"}", ++number);
    (void)snprintf(key, sizeof key, "Idempotency-Key: user-%d\r\n", number);
    ask(shop.user, "POST", "/users", key, body, &reply);
    if (reply.status != 201)
        return 0;
    (void)snprintf(written->path, sizeof written->path, "/users/%s",
                   reply_id(&reply, id, sizeof id));
    (void)reply_position(&reply, written->position, sizeof written->position);
    return 1;
}

/* The services' sessions were just terminated: a request that failed by this is repeated. */
static bool is_made(void *context)
{
    return make_user(context);
}

struct question {
    const struct written *written;
    int status;
};

static bool is_answered(void *context)
{
    const struct question *question = context;
    ask(shop.query, "GET", question->written->path, question->written->position, NULL, &reply);
    return reply.status == question->status;
}

static void expect_answer(const struct written *written, int status)
{
    char what[200];
    struct question question = {written, status};
    (void)snprintf(what, sizeof what, "status %d for %s", status, written->path);
    fixture_wait(is_answered, &question, 15000, what);
}

static void a_real_log_is_proved(void **state)
{
    (void)state;
    struct written written;
    for (int i = 0; i < 5; i++)
        assert_true(make_user(&written));
    expect_answer(&written, 200);
    cairn_expect(shop.database_url, 0, "verify", "claims              5         0");
    cairn_expect(shop.database_url, 0, "verify", "commands            5         0");
}

static void without_a_yes_nothing_changes(void **state)
{
    (void)state;
    cairn_expect(shop.database_url, 1, "recover", "nothing was changed; repeat with --yes");
    assert_int_equal(fixture_sql_int(shop.database_url, "select epoch from cairn.store"), 1);
}

static void a_new_epoch_is_noticed_by_all_that_runs(void **state)
{
    (void)state;
    struct written before;
    struct written after;
    assert_true(make_user(&before));
    expect_answer(&before, 200);
    fixture_sql(shop.database_url, "delete from cairn.claims");
    cairn_expect(shop.database_url, 0, "recover --yes", "sessions_ended");
    assert_false(cairn_said("could not be ended"));
    assert_int_equal(fixture_sql_int(shop.database_url, "select epoch from cairn.store"), 2);
    cairn_expect(shop.database_url, 0, "verify", "claims              6         0");

    expect_answer(&before, 412);
    char code[64];
    assert_string_equal(reply_member(&reply, "code", code, sizeof code),
                        "position-of-another-timeline");
    fixture_wait(is_made, &after, 15000, "a command after the recovery");
    assert_null(strstr(after.position, "-1-"));
    expect_answer(&after, 200); /* the read models moved to the new epoch */
}

/* The log ends before the state that the read models and clients know. They do not advance while
 * the projector is frozen. */
static void read_models_of_another_history_are_named_and_built_anew(void **state)
{
    (void)state;
    struct written lost;
    struct written kept;
    fixture_wait(is_made, &kept, 15000, "a command");
    fixture_wait(is_made, &lost, 15000, "a command");
    expect_answer(&lost, 200);
    system_kill(&shop, "projector", SIGSTOP);
    fixture_sql(shop.database_url,
                "alter table cairn.events disable trigger events_are_never_changed;"
                "delete from cairn.events where position = cairn.head();"
                "alter table cairn.events enable always trigger events_are_never_changed");
    cairn_expect(shop.database_url, 1, "recover", "users g1");
    cairn_expect(shop.database_url, 1, "recover", "is ahead of the log, which ends at");
    cairn_expect(shop.database_url, 0, "recover --yes", "users g1");
    assert_int_equal(fixture_sql_int(shop.database_url, "select epoch from cairn.store"), 3);
    kept.position[0] = '\0';
    expect_answer(&kept, 503);
    char code[64];
    assert_string_equal(reply_member(&reply, "code", code, sizeof code), "diverged");
    cairn_expect(shop.database_url, 0, "status", "diverged");
    cairn_expect(shop.database_url, 0, "status", "builds it anew");

    system_kill(&shop, "projector", SIGCONT);
    expect_answer(&kept, 200);
    lost.position[0] = '\0';
    expect_answer(&lost, 404);
    cairn_expect(shop.database_url, 0, "verify", "positions");
}

/* The owner of the database may not terminate a superuser's session. */
static void a_session_that_cannot_be_ended_is_named_and_fails_the_command(void **state)
{
    (void)state;
    char super[600];
    int64_t epoch = fixture_sql_int(shop.database_url, "select epoch from cairn.store");
    (void)snprintf(super, sizeof super, "postgresql:///cairn?host=%s/postgres/socket&user=postgres",
                   shop.run_dir);
    PGconn *other = fixture_connect(super);
    PQclear(PQexec(other, "set application_name = 'stays'"));
    assert_int_equal(PQstatus(other), CONNECTION_OK);
    cairn_expect(shop.database_url, 1, "recover --yes",
                 "could not be ended and go on in the old one");
    assert_true(cairn_said("stays of role postgres (pid "));
    PQclear(PQexec(other, "select"));
    assert_int_equal(PQstatus(other), CONNECTION_OK);
    PQfinish(other);
    assert_int_equal(fixture_sql_int(shop.database_url, "select epoch from cairn.store"),
                     epoch + 1);
    cairn_expect(shop.database_url, 0, "recover --yes", "sessions_ended");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_real_log_is_proved),
        cmocka_unit_test(without_a_yes_nothing_changes),
        cmocka_unit_test(a_new_epoch_is_noticed_by_all_that_runs),
        cmocka_unit_test(read_models_of_another_history_are_named_and_built_anew),
        cmocka_unit_test(a_session_that_cannot_be_ended_is_named_and_fails_the_command),
    };
    return cmocka_run_group_tests_name("recover", tests, setup, teardown);
}
