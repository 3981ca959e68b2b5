/* test_notification.c - mail to customers, from the log over the bus to the mail server: one
 * message for each event that causes one, whichever process is killed in between. */
#include "../support/cairn.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/smtp_sink.h"
#include "../support/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 60000 };

#define USER "0193a1c2-0000-7000-8000-000000000001"
#define ORDER "0193a1c2-0000-7000-8000-000000000002"
#define PAYMENT "0193a1c2-0000-7000-8000-000000000003"

static struct bench {
    char url[512];
    char redis[300];
    struct smtp_sink sink;
    struct child projector, notification;
    int port;
} bench;

static void start(struct child *child, const char *name, const char *role, int port)
{
    char binary[512];
    char log[600];
    char url[600];
    char database[700];
    char listen[40];
    char smtp[80];
    fixture_url_as(bench.url, role, url, sizeof url);
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-%s", getenv("CAIRN_TEST_BUILD"), name);
    (void)snprintf(log, sizeof log, "%s/log/%s-%d.log", getenv("CAIRN_TEST_SERVERS"), name, port);
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", url);
    (void)snprintf(listen, sizeof listen, "PORT=%d", port);
    (void)snprintf(smtp, sizeof smtp, "CAIRN_SMTP_URL=smtp://127.0.0.1:%d", bench.sink.server.port);
    const char *const argv[] = {binary, NULL};
    const char *const env[] = {database, bench.redis, listen, smtp, "CAIRN_SMTP_PATIENCE_S=1",
                               NULL};
    assert_int_equal(child_start(child, argv, env, log), 0);
    fixture_wait_http(port, "/readyz", LONG_MS);
}

static void start_notification(void)
{
    start(&bench.notification, "notification", "cairn_consumer", bench.port);
}

static int setup(void **state)
{
    (void)state;
    bench = (struct bench){0};
    fixture_database(bench.url, sizeof bench.url);
    (void)snprintf(bench.redis, sizeof bench.redis, "REDIS_URL=%s", fixture_redis());
    smtp_sink_start(&bench.sink);
    bench.port = fixture_free_port();
    start(&bench.projector, "projector", "cairn_projector", fixture_free_port());
    start_notification();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(child_stop(&bench.notification, LONG_MS), 0);
    assert_int_equal(child_stop(&bench.projector, LONG_MS), 0);
    smtp_sink_stop(&bench.sink);
    fixture_drop(bench.url);
    return 0;
}

/* ---- the shop ---- */

static void register_user(const char *email, const char *name)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('user-" USER "', 'UserRegistered',"
                   " '{\"email\":\"%s\",\"name\":\"%s\"}')",
                   email, name);
    fixture_sql(bench.url, sql);
}

static void place_order(void)
{
    fixture_sql(bench.url,
                "select cairn.append('order-" ORDER "', 'OrderPlaced', '{\"user_id\":\"" USER
                "\",\"currency\":\"EUR\",\"lines\":[],\"total\":2105,\"card_token\":\"tok\"}')");
}

static void order_event(const char *type, const char *json)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql, "select cairn.append('order-" ORDER "', '%s', '%s')", type,
                   json);
    fixture_sql(bench.url, sql);
}

static int64_t count_messages(const char *status)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from notification.messages where status = '%s'", status);
    return fixture_sql_int(bench.url, sql);
}

struct wanted {
    const char *status;
    int64_t count;
};

static bool messages_are_so(void *context)
{
    const struct wanted *wanted = context;
    return count_messages(wanted->status) >= wanted->count;
}

static void wait_for(const char *status, int64_t count)
{
    struct wanted wanted = {status, count};
    fixture_wait(messages_are_so, &wanted, LONG_MS, status);
}

static const char *text_of(int index)
{
    return smtp_sink_message(&bench.sink, index)->text;
}

static void expect(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
}

/* ---- tests ---- */

static void customers_are_told_what_becomes_of_their_orders(void **state)
{
    (void)state;
    char id[100];
    register_user("ada@example.com", "Ad\xc3\xa0");
    place_order();
    fixture_sql(bench.url, "select cairn.append('payment-" PAYMENT "', 'PaymentDeclined',"
                           " '{\"order_id\":\"" ORDER "\",\"reason\":\"no money\"}')");
    order_event("OrderPaid",
                "{\"payment_id\":\"" PAYMENT "\",\"currency\":\"EUR\",\"total\":2105}");
    order_event("OrderShipped", "{\"carrier\":\"Northern Post\",\"tracking\":\"NP-1\"}");
    order_event("OrderCancelled", "{\"reason\":\"lost\",\"was_paid\":true,\"currency\":\"EUR\","
                                  "\"total\":2105}");
    wait_for("sent", 5);
    smtp_sink_wait(&bench.sink, 5, LONG_MS);
    assert_int_equal(smtp_sink_count(&bench.sink), 5);
    assert_int_equal(smtp_sink_matches(&bench.sink, "Subject: Your order " ORDER " was placed"), 1);
    assert_int_equal(smtp_sink_matches(&bench.sink, "we have your order of 21.05 EUR"), 1);
    assert_int_equal(smtp_sink_matches(&bench.sink, "was paid"), 1);
    assert_int_equal(smtp_sink_matches(&bench.sink, "was declined: no money"), 1);
    assert_int_equal(smtp_sink_matches(&bench.sink, "with Northern Post, number NP-1."), 1);
    assert_int_equal(smtp_sink_matches(&bench.sink, "your order was cancelled: lost"), 1);
    assert_int_equal(smtp_sink_matches(&bench.sink, "Dear Ad=C3=A0,"), 5);
    assert_string_equal(smtp_sink_message(&bench.sink, 0)->to, "ada@example.com");
    fixture_sql_text(bench.url,
                     "select 'Message-ID: <' || event_id || '@cairn.example>' from cairn.events"
                     " where type = 'OrderPlaced'",
                     id, sizeof id);
    assert_int_equal(smtp_sink_matches(&bench.sink, id), 1);
}

/* An order's event may arrive before its user's: those are two streams. */
static void mail_waits_for_an_unknown_user_and_uses_the_last_address(void **state)
{
    (void)state;
    place_order();
    register_user("ada@example.com", "Ada");
    wait_for("sent", 1);
    fixture_sql(bench.url,
                "select cairn.append('user-" USER "', 'UserEmailChanged',"
                " '{\"email\":\"new@example.com\",\"previous_email\":\"ada@example.com\"}')");
    char email[100] = "";
    for (int64_t until_ms = fixture_now_ms() + LONG_MS;
         strcmp(email, "new@example.com") != 0 && fixture_now_ms() < until_ms; fixture_nap())
        fixture_sql_text(bench.url, "select email from notification.customers", email,
                         sizeof email);
    order_event("OrderPaid", "{\"payment_id\":\"" PAYMENT "\",\"currency\":\"EUR\",\"total\":1}");
    wait_for("sent", 2);
    assert_string_equal(smtp_sink_message(&bench.sink, 1)->to, "new@example.com");
}

static void a_mail_server_that_is_away_is_waited_for(void **state)
{
    (void)state;
    smtp_sink_pause(&bench.sink);
    register_user("ada@example.com", "Ada");
    place_order();
    order_event("OrderPaid", "{\"payment_id\":\"" PAYMENT "\",\"currency\":\"EUR\",\"total\":1}");
    wait_for("waiting", 2);
    smtp_sink_restart(&bench.sink);
    wait_for("sent", 2);
    assert_int_equal(smtp_sink_count(&bench.sink), 2);
}

static void a_message_that_is_refused_for_good_is_parked(void **state)
{
    (void)state;
    smtp_sink_misbehave(&bench.sink, SMTP_TO, "550 5.1.1 no such user", 1);
    register_user("ada@example.com", "Ada");
    place_order();
    wait_for("parked", 1);
    order_event("OrderPaid", "{\"payment_id\":\"" PAYMENT "\",\"currency\":\"EUR\",\"total\":1}");
    wait_for("sent", 1);
    char problem[300];
    fixture_sql_text(bench.url, "select problem from notification.messages where status = 'parked'",
                     problem, sizeof problem);
    expect(problem, "550");
}

/* Ten mailboxes are full; mail to others is sent, and each mailbox keeps its order. */
static void mailboxes_that_are_full_hold_up_no_other(void **state)
{
    (void)state;
    smtp_sink_misbehave_for(&bench.sink, "full", "452 4.2.2 mailbox full");
    register_user("ada@example.com", "Ada");
    fixture_sql(
        bench.url,
        "insert into notification.messages (event_id, kind, about, email, message)"
        " select gen_random_uuid(), 'placed', 'order-x', 'full' || i % 10 || '@example.com',"
        "     E'Subject: ' || i || E'\\r\\n\\r\\nx\\r\\n' from generate_series(0, 29) i");
    fixture_sql(bench.url,
                "insert into notification.messages (event_id, kind, about, email, message)"
                " select gen_random_uuid(), 'placed', 'order-x', 'eve' || i || '@example.com',"
                "     E'Subject: x\\r\\n\\r\\nx\\r\\n' from generate_series(1, 40) i");
    wait_for("sent", 40);
    wait_for("waiting", 30); /* one of them may be tried just now */
    assert_int_equal(fixture_sql_int(bench.url, "select count(*) from notification.messages where"
                                                " attempts > 0 and seq > 10"),
                     0);
    smtp_sink_misbehave_for(&bench.sink, NULL, NULL);
    smtp_sink_misbehave(&bench.sink, 0, NULL, 0);
    fixture_sql(bench.url, "update notification.messages set due_at = clock_timestamp()"
                           " where status = 'waiting'");
    wait_for("sent", 70);
    for (int i = 0; i < 10; i++) {
        char first[40], second[40];
        (void)snprintf(first, sizeof first, "Subject: %d\r\n", i);
        (void)snprintf(second, sizeof second, "Subject: %d\r\n", i + 10);
        int first_at = -1, second_at = -1;
        for (int k = 0; k < smtp_sink_count(&bench.sink); k++) {
            if (strncmp(text_of(k), first, strlen(first)) == 0)
                first_at = k;
            if (strncmp(text_of(k), second, strlen(second)) == 0)
                second_at = k;
        }
        assert_true(first_at >= 0 && first_at < second_at);
    }
}

/* Two thousand messages wait behind each other in one mailbox: each is looked at when it is its
 * turn. */
static void mail_that_waits_in_one_mailbox_is_not_looked_at(void **state)
{
    (void)state;
    smtp_sink_pause(&bench.sink);
    fixture_sql(
        bench.url,
        "insert into notification.messages (event_id, kind, about, email, message)"
        " select gen_random_uuid(), 'placed', 'order-x', 'ada@example.com',"
        "     format(E'Subject: %s\\r\\n\\r\\nx\\r\\n', i) from generate_series(1, 2000) i");
    fixture_sql(bench.url,
                "insert into notification.messages (event_id, kind, about, email, message)"
                " select gen_random_uuid(), 'placed', 'order-x', 'eve' || i || '@example.com',"
                "     E'Subject: x\\r\\n\\r\\nx\\r\\n' from generate_series(1, 40) i");
    smtp_sink_restart(&bench.sink);
    smtp_sink_wait(&bench.sink, 150, LONG_MS); /* not by a query, which would be counted */
    assert_int_equal(child_stop(&bench.notification, LONG_MS), 0);
    int last = 0;
    for (int i = 0; i < smtp_sink_count(&bench.sink); i++) {
        int number = 0;
        if (strcmp(smtp_sink_message(&bench.sink, i)->to, "ada@example.com") != 0)
            continue;
        assert_int_equal(sscanf(text_of(i), "Subject: %d", &number), 1);
        assert_int_equal(number, ++last);
    }
    assert_true(last >= 110);
    int64_t fetched = fixture_sql_int(bench.url, "select seq_tup_read + idx_tup_fetch from"
                                                 " pg_stat_user_tables where relname = 'messages'");
    if (fetched > 30000) /* each that waits, for each that is sent: 300,000 */
        fail_msg("%lld rows were looked at for %d messages", (long long)fetched, last + 40);
    start_notification();
}

/* Kills the service before it can record that the message was accepted. */
static void kill_before_the_record(int accepted)
{
    smtp_sink_wait(&bench.sink, accepted, LONG_MS);
    child_kill(&bench.notification, SIGKILL);
}

static void a_crash_between_acceptance_and_record_sends_once_more(void **state)
{
    (void)state;
    smtp_sink_misbehave(&bench.sink, SMTP_MESSAGE, NULL, 1);
    register_user("ada@example.com", "Ada");
    place_order();
    kill_before_the_record(1);
    start_notification();
    wait_for("sent", 1);
    assert_int_equal(smtp_sink_count(&bench.sink), 2);
    assert_string_equal(text_of(0), text_of(1)); /* the Message-ID too */
}

static void repeated_crashes_there_send_no_third_time(void **state)
{
    (void)state;
    smtp_sink_misbehave(&bench.sink, SMTP_MESSAGE, NULL, 0);
    register_user("ada@example.com", "Ada");
    place_order();
    kill_before_the_record(1);
    start_notification();
    kill_before_the_record(2);
    start_notification();
    wait_for("parked", 1);
    assert_int_equal(smtp_sink_count(&bench.sink), 2);
}

/* An invalid address makes no mail but a dead letter; the rest goes on, and operators see it. */
static void cairn_bus_lists_groups_and_dead_letters_and_hands_them_out_again(void **state)
{
    (void)state;
    char words[400];
    register_user("no address", "Eve");
    place_order();
    order_event("OrderPaid", "{\"payment_id\":\"" PAYMENT "\",\"currency\":\"EUR\",\"total\":1}");
    (void)setenv("REDIS_URL", strchr(bench.redis, '=') + 1, 1);
    for (int64_t until_ms = fixture_now_ms() + LONG_MS;
         !cairn_said("OrderPaid") && fixture_now_ms() < until_ms; fixture_nap())
        (void)cairn_run(bench.url, "bus dead notification");
    cairn_expect(bench.url, 0, "bus dead notification --json", "not a valid address");
    cairn_expect(bench.url, 0, "bus", "notification");
    cairn_expect(bench.url, 0, "bus --json", "\"category\":\"order\"");
    cairn_expect(bench.url, 0, "bus --json", "\"dead\":2");
    fixture_sql(bench.url, "update notification.customers set email = 'eve@example.com'");
    (void)snprintf(words, sizeof words, "bus retry notification");
    cairn_expect(bench.url, 0, words, "2 delivered again");
    wait_for("sent", 2);
    cairn_expect(bench.url, 0, "bus --json", "\"dead\":0");
    assert_true(cairn_run(bench.url, words) != 0);
    assert_true(cairn_run(bench.url, "bus rubbish") != 0);
}

/* Two stores' Redis addresses may be confused. */
static void cairn_bus_shows_no_other_store_what_is_on_a_bus(void **state)
{
    (void)state;
    char other[512];
    char super[600];
    register_user("ada@example.com", "Ada");
    (void)setenv("REDIS_URL", strchr(bench.redis, '=') + 1, 1);
    for (int64_t until_ms = fixture_now_ms() + LONG_MS;
         !cairn_said("\"category\":\"user\"") && fixture_now_ms() < until_ms; fixture_nap())
        (void)cairn_run(bench.url, "bus --json");
    fixture_database(other, sizeof other);
    fixture_url_as(other, "postgres", super, sizeof super);
    fixture_sql(super, "update cairn.store set store_id = gen_random_uuid()");
    static const char *const commands[] = {"bus", "bus dead notification",
                                           "bus retry notification"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        assert_true(cairn_run(other, commands[i]) != 0);
        assert_true(cairn_said("the bus in this Redis is that of store"));
    }
    fixture_drop(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(customers_are_told_what_becomes_of_their_orders),
        TEST(mail_waits_for_an_unknown_user_and_uses_the_last_address),
        TEST(a_mail_server_that_is_away_is_waited_for),
        TEST(a_message_that_is_refused_for_good_is_parked),
        TEST(mailboxes_that_are_full_hold_up_no_other),
        TEST(mail_that_waits_in_one_mailbox_is_not_looked_at),
        TEST(a_crash_between_acceptance_and_record_sends_once_more),
        TEST(repeated_crashes_there_send_no_third_time),
        TEST(cairn_bus_lists_groups_and_dead_letters_and_hands_them_out_again),
        TEST(cairn_bus_shows_no_other_store_what_is_on_a_bus),
    };
    return cmocka_run_group_tests_name("notification", tests, NULL, NULL);
}
