/* test_outbound_mail.c - mail to a server that accepts it, refuses it, or leaves the outcome
 * unknown. */
#include "../support/fixture.h"
#include "../support/smtp_sink.h"
#include "../support/support.h"

#include "core/threads/clock.h"

#include <cairn/outbound.h>

#include <stdio.h>
#include <string.h>

#define SHORT_US CAIRN_MILLISECONDS(500)
#define LONG_US CAIRN_SECONDS(30)

static const char message[] = "From: shop@example.com\r\nTo: ada@example.com\r\n"
                              "Subject: Thank you\r\nMessage-ID: <1@example.com>\r\n\r\n"
                              "Hello Ada,\r\n.\r\n..two dots, and a line of one before\r\n"
                              "QUIT\r\n";

static struct smtp_sink sink;
static struct cairn_target target;
static struct cairn_error error;
static char url[64];

static int setup(void **state)
{
    (void)state;
    smtp_sink_start(&sink);
    (void)snprintf(url, sizeof url, "smtp://127.0.0.1:%d", sink.server.port);
    target = (struct cairn_target){
        .name = "mail", .url = url, .deadline_us = LONG_US, .breaker_failures = 1000};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_target_close(&target);
    smtp_sink_stop(&sink);
    return 0;
}

static int submit(struct cairn_mail mail)
{
    error = (struct cairn_error){0};
    mail.from = mail.from ? mail.from : "shop@example.com";
    mail.to = mail.to ? mail.to : "ada@example.com";
    mail.message = mail.message ? mail.message : message;
    mail.message_bytes = strlen(mail.message);
    return cairn_outbound_mail(&target, &mail, &error);
}

static int submit_usual(void)
{
    return submit((struct cairn_mail){0});
}

static int submit_in_a_hurry(void)
{
    return submit((struct cairn_mail){.deadline_us = SHORT_US});
}

static void a_message_arrives_as_it_was_written(void **state)
{
    (void)state;
    assert_int_equal(submit_usual(), 0);
    assert_int_equal(smtp_sink_count(&sink), 1);
    const struct smtp_message *got = smtp_sink_message(&sink, 0);
    assert_string_equal(got->from, "shop@example.com");
    assert_string_equal(got->to, "ada@example.com");
    assert_string_equal(got->text, message);
    assert_int_equal(smtp_sink_matches(&sink, "<1@example.com>"), 1);
}

static void many_messages_one_after_the_other(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(submit_usual(), 0);
    assert_int_equal(smtp_sink_count(&sink), 20);
}

static void what_is_refused_for_good_is_told_from_what_may_be_tried_again(void **state)
{
    (void)state;
    static const struct {
        enum smtp_step step;
        const char *answer;
        int expected;
    } cases[] = {
        {SMTP_GREETING, "554 5.3.2 go away", -CAIRN_REFUSED},
        {SMTP_GREETING, "421 4.3.2 too busy", -CAIRN_UNAVAILABLE},
        {SMTP_FROM, "550 5.7.1 not you", -CAIRN_REFUSED},
        {SMTP_FROM, "451 4.3.0 later", -CAIRN_BUSY},
        {SMTP_TO, "550 5.1.1 no such user", -CAIRN_REFUSED},
        {SMTP_TO, "450 4.2.0 greylisted", -CAIRN_BUSY},
        {SMTP_DATA, "554 5.5.1 no", -CAIRN_REFUSED},
        {SMTP_DATA, "452 4.3.1 full", -CAIRN_BUSY},
        {SMTP_MESSAGE, "552 5.2.2 mailbox full for ever", -CAIRN_REFUSED},
        {SMTP_MESSAGE, "452 4.2.2 mailbox full", -CAIRN_BUSY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        smtp_sink_misbehave(&sink, cases[i].step, cases[i].answer, 1);
        int failed = submit_usual();
        if (failed != cases[i].expected)
            fail_msg("%s at step %d gave %d, not %d: %s", cases[i].answer, (int)cases[i].step,
                     failed, cases[i].expected, error.message);
    }
    assert_int_equal(smtp_sink_count(&sink), 0);
    assert_int_equal(submit_usual(), 0);
    assert_int_equal(smtp_sink_count(&sink), 1);
}

static void a_connection_lost_before_the_message_left_has_delivered_nothing(void **state)
{
    (void)state;
    static const enum smtp_step steps[] = {SMTP_GREETING, SMTP_HELLO, SMTP_FROM, SMTP_TO,
                                           SMTP_DATA};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        smtp_sink_misbehave(&sink, steps[i], "", 1);
        assert_int_equal(submit_usual(), -CAIRN_UNAVAILABLE);
        smtp_sink_misbehave(&sink, steps[i], NULL, 1);
        int64_t began_us = cairn_monotonic_us();
        assert_int_equal(submit_in_a_hurry(), -CAIRN_UNAVAILABLE);
        assert_true(cairn_monotonic_us() - began_us < LONG_US / 2);
    }
    assert_int_equal(smtp_sink_count(&sink), 0);
}

static void a_message_that_left_and_was_not_answered_is_unknown(void **state)
{
    (void)state;
    smtp_sink_misbehave(&sink, SMTP_MESSAGE, "", 1);
    assert_int_equal(submit_usual(), -CAIRN_UNKNOWN);
    smtp_sink_misbehave(&sink, SMTP_MESSAGE, NULL, 1);
    assert_int_equal(submit_in_a_hurry(), -CAIRN_UNKNOWN);
    assert_int_equal(smtp_sink_count(&sink),
                     2); /* the server considers both messages as accepted */
}

static void a_server_that_hangs_up_badly_has_accepted_all_the_same(void **state)
{
    (void)state;
    smtp_sink_misbehave(&sink, SMTP_QUIT, NULL, 1);
    int64_t began_us = cairn_monotonic_us();
    assert_int_equal(submit_in_a_hurry(), 0);
    assert_true(cairn_monotonic_us() - began_us < LONG_US / 2);
    smtp_sink_misbehave(&sink, SMTP_QUIT, "", 1);
    assert_int_equal(submit_usual(), 0);
    assert_int_equal(smtp_sink_count(&sink), 2);
}

static bool is_accepted(void *context)
{
    (void)context;
    return submit_usual() == 0;
}

static void mail_has_a_breaker_that_opens_and_closes(void **state)
{
    (void)state;
    target.breaker_failures = 3;
    target.breaker_open_us = SHORT_US;
    smtp_sink_pause(&sink);
    for (int i = 0; i < 3; i++)
        assert_int_equal(submit_usual(), -CAIRN_UNAVAILABLE);
    assert_null(strstr(error.message, "breaker"));
    assert_int_equal(submit_usual(), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "circuit breaker is open"));
    smtp_sink_restart(&sink);
    fixture_wait(is_accepted, NULL, 30000, "the breaker to close");
    assert_int_equal(smtp_sink_count(&sink), 1);
}

static void refusals_do_not_open_the_breaker(void **state)
{
    (void)state;
    target.breaker_failures = 2;
    smtp_sink_misbehave(&sink, SMTP_TO, "550 5.1.1 no such user", 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(submit_usual(), -CAIRN_REFUSED);
    assert_int_equal(submit_usual(), 0);
}

static void what_would_end_a_line_does_not_go_out(void **state)
{
    (void)state;
    static const char *const addresses[] = {"ada@example.com>\r\nRCPT TO:<eve@example.com",
                                            "ada@example.com\n",
                                            "ada",
                                            "@example.com",
                                            "ada@",
                                            "a b@example.com",
                                            "ada@example.com,eve@example.com",
                                            "a@b@c",
                                            "<ada@example.com>",
                                            "\xc3\xa4@example.com",
                                            ""};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        assert_int_equal(submit((struct cairn_mail){.to = addresses[i]}), -CAIRN_INVALID);
        assert_int_equal(submit((struct cairn_mail){.from = addresses[i]}), -CAIRN_INVALID);
    }
    static const char *const messages[] = {"no line end",   "a\nb\r\n",     "a\rb\r\n",
                                           "a\r\n.\nb\r\n", "\xc3\xa4\r\n", "a\r"};
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        assert_int_equal(submit((struct cairn_mail){.message = messages[i]}), -CAIRN_INVALID);
    char line[1100];
    memset(line, 'x', sizeof line);
    (void)snprintf(line + 999, sizeof line - 999, "\r\n");
    assert_int_equal(submit((struct cairn_mail){.message = line}), -CAIRN_INVALID);
    assert_int_equal(submit((struct cairn_mail){.message = line + 1}), 0);
    assert_int_equal(atomic_load(&sink.server.connections), 1);
}

static void a_password_is_not_sent_in_the_clear(void **state)
{
    (void)state;
    char with_password[96];
    (void)snprintf(with_password, sizeof with_password, "smtp://ada:sesame@127.0.0.1:%d",
                   sink.server.port);
    target.url = with_password;
    assert_int_equal(submit_usual(), -CAIRN_UNAVAILABLE);
    assert_null(strstr(error.message, "sesame"));
    assert_int_equal(smtp_sink_count(&sink), 0);
}

static void mail_goes_to_a_mail_server_only(void **state)
{
    (void)state;
    target.url = "http://127.0.0.1:1";
    assert_int_equal(submit_usual(), -CAIRN_CONFIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_arrives_as_it_was_written),
        TEST(many_messages_one_after_the_other),
        TEST(what_is_refused_for_good_is_told_from_what_may_be_tried_again),
        TEST(a_connection_lost_before_the_message_left_has_delivered_nothing),
        TEST(a_message_that_left_and_was_not_answered_is_unknown),
        TEST(a_server_that_hangs_up_badly_has_accepted_all_the_same),
        TEST(mail_has_a_breaker_that_opens_and_closes),
        TEST(refusals_do_not_open_the_breaker),
        TEST(what_would_end_a_line_does_not_go_out),
        TEST(a_password_is_not_sent_in_the_clear),
        TEST(mail_goes_to_a_mail_server_only),
    };
    return cmocka_run_group_tests_name("outbound mail", tests, NULL, NULL);
}
