/* test_answers.c - an answer is consistent with the log: its position is not before the events it
 * depends on. The test holds the log's lock, so that a pending append stays pending. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/service.h"
#include "../support/support.h"
#include "../support/system.h"
#include "../support/wire.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ID = 40 };
#define HITS "cairn_aggregates_recalled_total{how=\"hit\"}"

static char url[512];
static struct child service;
static int port;
static struct http_reply reply;
static PGconn *other;

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    port = fixture_free_port();
    service_launch(&service, "user", url, port, NULL);
    fixture_wait_http(port, "/readyz", 20000);
    other = fixture_connect(url);
    assert_int_equal(PQstatus(other), CONNECTION_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    PQfinish(other);
    http_reply_free(&reply);
    assert_int_equal(child_stop(&service, 15000), 0);
    fixture_drop(url);
    return 0;
}

/* ---- helpers ---- */

static void other_says(const char *sql)
{
    PGresult *result = PQexec(other, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(other));
}

static void take_lock(void)
{
    other_says("begin; lock table cairn.append_lock in exclusive mode");
}

static bool somebody_waits(void *context)
{
    (void)context;
    return fixture_sql_int(url, "select count(*) from pg_locks where locktype = 'relation' and not"
                                " granted and database = (select oid from pg_database where"
                                " datname = current_database())") > 0;
}

static int64_t hits(void)
{
    ask_for(200, port, "GET", "/metrics", NULL, NULL, &reply);
    const char *at = strstr(reply.body, "\n" HITS " ");
    return at ? strtoll(at + strlen("\n" HITS " "), NULL, 10) : 0;
}

static bool was_decided(void *context)
{
    const int64_t *before = context;
    return hits() > *before;
}

static void make_user(char id[ID])
{
    static int number;
    char body[120];
    (void)snprintf(body, sizeof body, "{\"email\":\"a%d@example.com\",\"name\":\"N\"}", number++);
    ask_for(201, port, "POST", "/users", NULL, body, &reply);
    (void)reply_id(&reply, id, ID);
}

static void send_json(struct wire *wire, const char *method, const char *id, const char *what,
                      const char *body)
{
    char text[500];
    (void)snprintf(text, sizeof text,
                   "%s /users/%s/%s HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   method, id, what, strlen(body), body);
    wire_send(wire, text);
}

/* Sends two commands on one user, the second of which is decided while the first is pending. */
static void send_both(struct wire *first, struct wire *second, const char *id, const char *method,
                      const char *what, const char *body)
{
    *first = wire_open(port);
    *second = wire_open(port);
    take_lock();
    send_json(first, method, id, what, body);
    fixture_wait(somebody_waits, NULL, 10000, "an append to wait for the lock");
    int64_t before = hits();
    send_json(second, method, id, what, body);
    fixture_wait(was_decided, &before, 10000, "the second command to be decided");
}

static int64_t position_in(const struct wire_answer *answer)
{
    const char *at = strstr(answer->body, "\"position\":");
    assert_non_null(at);
    return strtoll(at + strlen("\"position\":"), NULL, 10);
}

/* ---- tests ---- */

static void a_command_without_events_returns_the_position_it_depends_on(void **state)
{
    (void)state;
    char id[ID];
    struct wire first, second;
    make_user(id);
    send_both(&first, &second, id, "PUT", "email", "{\"email\":\"both@example.com\"}");
    assert_false(wire_readable(&second, 0));
    other_says("commit");
    struct wire_answer writes = wire_read(&first);
    struct wire_answer nothing = wire_read(&second);
    assert_int_equal(writes.status, 200);
    assert_int_equal(nothing.status, 200);
    assert_non_null(strstr(nothing.body, "\"events\":[]"));
    assert_non_null(strstr(nothing.body, "\"version\":2"));
    assert_int_equal(position_in(&nothing), position_in(&writes));
    wire_close(&first);
    wire_close(&second);
}

static void a_refusal_based_on_a_pending_append_waits_for_its_commit(void **state)
{
    (void)state;
    char id[ID];
    struct wire first, second;
    make_user(id);
    send_both(&first, &second, id, "POST", "deactivate", "{}");
    assert_false(wire_readable(&second, 0));
    other_says("commit");
    assert_int_equal(wire_read(&first).status, 200);
    struct wire_answer refused = wire_read(&second);
    assert_int_equal(refused.status, 422);
    assert_non_null(strstr(refused.body, "user-deactivated"));
    wire_close(&first);
    wire_close(&second);
}

/* ---- an absent standby ---- */

static void superuser_says(const char *sql)
{
    char super[600];
    fixture_url_as(url, "postgres", super, sizeof super);
    fixture_sql(super, sql);
}

static int64_t waiting_for_standby(void)
{
    return fixture_sql_int(url,
                           "select count(*) from pg_stat_activity where wait_event = 'SyncRep'");
}

/* The server applies the setting some time after the reload. */
static bool a_commit_waits(void *context)
{
    PGconn *probe = context;
    if (!PQconsumeInput(probe) || PQisBusy(probe))
        return waiting_for_standby() > 0;
    for (PGresult *result; (result = PQgetResult(probe));)
        PQclear(result);
    assert_int_equal(PQsendQuery(probe, "select pg_logical_emit_message(true, 'probe', '')"), 1);
    return false;
}

static bool all_three_wait(void *context)
{
    (void)context;
    return waiting_for_standby() == 3;
}

static void send_again(struct wire *wire, const char *key, const char *body)
{
    char text[500];
    (void)snprintf(text, sizeof text,
                   "POST /users HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                   "Idempotency-Key: %s\r\nContent-Length: %zu\r\n\r\n%s",
                   key, strlen(body), body);
    wire_send(wire, text);
}

/* A repeated command, or one that changes nothing, is answered from events that may be on no
 * standby yet. */
static void what_is_repeated_or_changes_nothing_waits_for_the_standby(void **state)
{
    (void)state;
    static const char body[] = "{\"email\":\"again@example.com\",\"name\":\"A\"}";
    static const char key[] = "5e1f0c1e-0000-4000-8000-000000000001";
    char id[ID];
    struct wire first = wire_open(port);
    struct wire second = wire_open(port);
    PGconn *probe = fixture_connect(url);
    ask_for(201, port, "POST", "/users",
            "Idempotency-Key: 5e1f0c1e-0000-4000-8000-000000000001\r\n", body, &reply);
    (void)reply_id(&reply, id, sizeof id);
    superuser_says("alter system set synchronous_standby_names = 'ghost'");
    superuser_says("select pg_reload_conf()");
    fixture_wait(a_commit_waits, probe, 10000, "commits to wait for a standby");
    send_again(&first, key, body);
    send_json(&second, "PUT", id, "email", "{\"email\":\"again@example.com\"}");
    fixture_wait(all_three_wait, NULL, 8000, "both to wait for a standby");
    assert_false(wire_readable(&first, 0) || wire_readable(&second, 0));
    superuser_says("alter system reset synchronous_standby_names");
    superuser_says("select pg_reload_conf()");
    assert_int_equal(wire_read(&first).status, 201);
    struct wire_answer nothing = wire_read(&second);
    assert_int_equal(nothing.status, 200);
    assert_non_null(strstr(nothing.body, "\"events\":[]"));
    wire_close(&first);
    wire_close(&second);
    PQfinish(probe);
}

/* RFC 9110 section 13. The user is at version 1. */
static void preconditions_are_held_against_the_version(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"If-None-Match: *\r\n", 412},
        {"If-None-Match: \"1\"\r\n", 412},
        {"If-None-Match: \"7\"\r\nIf-None-Match: W/\"1.3\"\r\n", 412},
        {"If-None-Match: 1\r\n", 400},
        {"If-Match: W/\"1\"\r\n", 412},
        {"If-Match: \"2\"\r\n", 412},
        {"If-Match: \"10\", \"x\"\r\n", 412},
        {"If-Match: \"1.\"\r\n", 412},
        {"If-Match: 1\r\n", 400},
        {"If-Match: \"1\"\r\nIf-None-Match: \"1\"\r\n", 412},
        {"If-Match: *\r\n", 200},
        {"If-Match: \"7\", \"1.4\"\r\n", 200},
        {"If-Match: \"7\"\r\nIf-Match: \"1\"\r\n", 200},
        {"If-Match: \"1\"\r\nIf-None-Match: \"2\"\r\n", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char id[ID];
        char path[80];
        char body[60];
        make_user(id);
        (void)snprintf(path, sizeof path, "/users/%s/email", id);
        (void)snprintf(body, sizeof body, "{\"email\":\"p%zu@example.com\"}", i);
        ask_for(cases[i].status, port, "PUT", path, cases[i].headers, body, &reply);
    }
}

static void preconditions_of_what_is_to_be_made(void **state)
{
    (void)state;
    static const char body[] = "{\"user_id\":\"01890000-0000-7000-8000-0000000000aa\","
                               "\"email\":\"made@example.com\",\"name\":\"N\"}";
    ask_for(412, port, "POST", "/users", "If-Match: *\r\n", body, &reply);
    ask_for(201, port, "POST", "/users", "If-None-Match: *\r\n", body, &reply);
    ask_for(412, port, "POST", "/users", "If-None-Match: *\r\n", body, &reply);
}

static bool is_unready(void *context)
{
    (void)context;
    ask(port, "GET", "/readyz", NULL, NULL, &reply);
    return reply.status == 503 && strstr(reply.body, "does not accept writes") != NULL;
}

static bool moves(void *context)
{
    static int number;
    char path[80];
    char body[60];
    (void)snprintf(path, sizeof path, "/users/%s/email", (const char *)context);
    (void)snprintf(body, sizeof body, "{\"email\":\"w%d@example.com\"}", number++);
    ask(port, "PUT", path, NULL, body, &reply);
    return reply.status == 200;
}

/* A failover to a read-only server, or an operator's switch: sessions opened meanwhile must not
 * stay read-only when it is over. */
static void sessions_that_may_not_write_are_left(void **state)
{
    (void)state;
    static const char switches[] =
        "do $$ begin execute format('alter database %%I %s', current_database()); end $$;"
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
        "     and application_name = 'user'";
    char super[600];
    char sql[600];
    char id[ID];
    make_user(id);
    fixture_url_as(url, "postgres", super, sizeof super);
    (void)snprintf(sql, sizeof sql, switches, "set default_transaction_read_only = on");
    fixture_sql(super, sql);
    fixture_wait(is_unready, NULL, 20000, "readiness to follow");
    assert_false(moves(id));
    assert_int_equal(reply.status, 503);
    assert_null(strstr(reply.body, "read-only transaction"));
    fixture_sql(super,
                "set transaction read write; do $$ begin execute format('alter database %I reset"
                " default_transaction_read_only', current_database()); end $$");
    fixture_wait(moves, id, 20000, "commands to be carried out again");
    fixture_wait_http(port, "/readyz", 20000);
}

/* A typing error must not prevent the services from starting. */
static void people_append_no_type_that_a_service_does_not_know(void **state)
{
    (void)state;
    PGresult *result = PQexec(other, "select cairn.append('user-' || gen_random_uuid(),"
                                     " 'UserRegisterd', '{}')");
    assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
    assert_non_null(strstr(PQresultErrorMessage(result), "they know UserDeactivated, UserEmail"));
    PQclear(result);
}

static void restart_service(void)
{
    assert_int_equal(child_stop(&service, 15000), 0);
    service_launch(&service, "user", url, port, NULL);
    fixture_wait_http(port, "/readyz", 20000);
}

static void put_email(int status, const char *id, const char *email)
{
    char path[80];
    char body[60];
    (void)snprintf(path, sizeof path, "/users/%s/email", id);
    (void)snprintf(body, sizeof body, "{\"email\":\"%s\"}", email);
    ask_for(status, port, "PUT", path, NULL, body, &reply);
}

/* The log cannot be changed, but an amendment beside it can change how an event is read. */
static void a_stream_with_an_unreadable_event_is_amended(void **state)
{
    (void)state;
    static const char id[] = "01890000-0000-7000-8000-0000000000bb";
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "select position from cairn.append('user-%s', 'UserRegistered',"
                   " '{\"email\":1,\"name\":\"N\"}')",
                   id);
    int64_t position = fixture_sql_int(url, sql);
    put_email(500, id, "mended@example.com");
    (void)snprintf(sql, sizeof sql,
                   "select version from cairn.amend(%lld,"
                   " '{\"email\":\"was@example.com\",\"name\":\"N\"}', 'a number')",
                   (long long)position);
    assert_int_equal(fixture_sql_int(url, sql), 1);
    restart_service();
    put_email(200, id, "mended@example.com");
    assert_non_null(strstr(reply.body, "\"version\":2"));
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_content()"), 0);
}

static void an_unknown_type_blocks_no_start_once_it_is_skipped(void **state)
{
    (void)state;
    char id[ID];
    char sql[300];
    make_user(id);
    fixture_sql(url, "delete from cairn.declared_types"); /* as before types were declared */
    (void)snprintf(sql, sizeof sql,
                   "select position from cairn.append('user-%s', 'UserRenamd', '{}')", id);
    int64_t position = fixture_sql_int(url, sql);
    assert_int_equal(child_stop(&service, 15000), 0);
    service_launch(&service, "user", url, port, NULL);
    assert_int_not_equal(child_wait(&service, 20000), 0); /* logs why; no start */
    (void)snprintf(sql, sizeof sql, "select version from cairn.amend(%lld, null, 'mistyped')",
                   (long long)position);
    assert_int_equal(fixture_sql_int(url, sql), 2);
    service_launch(&service, "user", url, port, NULL);
    fixture_wait_http(port, "/readyz", 20000);
    put_email(200, id, "renamed@example.com");
    assert_non_null(strstr(reply.body, "\"version\":3"));
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_content()"), 0);
    (void)snprintf(sql, sizeof sql,
                   "do $$ begin perform cairn.amend(%lld, null, ' '); raise 'it was taken';"
                   " exception when sqlstate 'CA010' then null; end $$",
                   (long long)position);
    fixture_sql(url, sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_without_events_returns_the_position_it_depends_on),
        cmocka_unit_test(what_is_repeated_or_changes_nothing_waits_for_the_standby),
        cmocka_unit_test(preconditions_are_held_against_the_version),
        cmocka_unit_test(preconditions_of_what_is_to_be_made),
        cmocka_unit_test(sessions_that_may_not_write_are_left),
        cmocka_unit_test(a_stream_with_an_unreadable_event_is_amended),
        cmocka_unit_test(an_unknown_type_blocks_no_start_once_it_is_skipped),
        cmocka_unit_test(people_append_no_type_that_a_service_does_not_know),
        cmocka_unit_test(a_refusal_based_on_a_pending_append_waits_for_its_commit),
    };
    return cmocka_run_group_tests_name("answers", tests, setup, teardown);
}
