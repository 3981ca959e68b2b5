/* test_gateway.c - tests the adapter to the acquirer: its dialect in both directions, and answers
 * that must not be believed. Both sides have currency tables of their own, compared here. */
#include "../../services/acquirer/dialect.h"
#include "../../services/payment/gateway.h"
#include "../support/support.h"

#include <cairn/form.h>

#include <stdio.h>
#include <string.h>

#define ID CAIRN_UUID("01890000-0000-7000-8000-0000000000b1")
#define MREF "P-01890000-0000-7000-8000-0000000000b1"
#define OURS "&MREF=" MREF "&TXID=A000000007&AMT=12.50&CCY=978"

static struct cards_payment payment_of(int64_t amount, const char *currency)
{
    return (struct cards_payment){
        .id = ID, .amount = amount, .currency = currency, .card_token = "tok_visa"};
}

static struct cards_answer answer;
static struct cairn_error error;

static int hear(enum gateway_function function, int status, const char *body)
{
    const struct cards_payment payment = payment_of(1250, "EUR");
    error = (struct cairn_error){0};
    memset(&answer, 0x5a, sizeof answer);
    return gateway_read(function, &payment, status, body, strlen(body), &answer, &error);
}

static void requests_are_written_in_the_dialect(void **state)
{
    (void)state;
    char text[GATEWAY_TEXT_SIZE];
    const struct cards_payment payment = payment_of(1250, "EUR");
    assert_int_equal(gateway_write(GATEWAY_AUTHORIZE, &payment, text, NULL), 0);
    assert_string_equal(text, "FN=0100&MREF=" MREF "&TOK=tok_visa&AMT=12.50&CCY=978");
    assert_int_equal(gateway_write(GATEWAY_CAPTURE, &payment, text, NULL), 0);
    assert_string_equal(text, "FN=0220&MREF=" MREF "&AMT=12.50&CCY=978");
    assert_int_equal(gateway_write(GATEWAY_GIVE_BACK, &payment, text, NULL), 0);
    assert_string_equal(text, "FN=0420&MREF=" MREF);
    assert_int_equal(gateway_write(GATEWAY_ASK, &payment, text, NULL), 0);
    assert_string_equal(text, "FN=0600&MREF=" MREF);
}

static void amounts_have_as_many_decimals_as_their_currency(void **state)
{
    (void)state;
    static const struct {
        int64_t amount;
        const char *currency;
        const char *text;
    } cases[] = {
        {1, "EUR", "&AMT=0.01&CCY=978"},
        {99, "EUR", "&AMT=0.99&CCY=978"},
        {100, "EUR", "&AMT=1.00&CCY=978"},
        {123456789, "USD", "&AMT=1234567.89&CCY=840"},
        {1, "JPY", "&AMT=1&CCY=392"},
        {1250, "JPY", "&AMT=1250&CCY=392"},
        {5, "KWD", "&AMT=0.005&CCY=414"},
        {1250, "KWD", "&AMT=1.250&CCY=414"},
        {1000000000000, "BHD", "&AMT=1000000000.000&CCY=048"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[GATEWAY_TEXT_SIZE];
        const struct cards_payment payment = payment_of(cases[i].amount, cases[i].currency);
        assert_int_equal(gateway_write(GATEWAY_CAPTURE, &payment, text, NULL), 0);
        assert_string_equal(strstr(text, "&AMT"), cases[i].text);
        struct acquirer_request read;
        assert_true(acquirer_request_read(&read, text, strlen(text)));
        assert_int_equal(read.money.minor, cases[i].amount);
    }
}

static void what_cannot_be_said_is_not_sent(void **state)
{
    (void)state;
    char text[GATEWAY_TEXT_SIZE];
    char long_token[GATEWAY_TEXT_SIZE];
    memset(long_token, '%', sizeof long_token - 1);
    long_token[sizeof long_token - 1] = '\0';
    struct cards_payment wrong[] = {payment_of(100, "XYZ"), payment_of(0, "EUR"),
                                    payment_of(-5, "EUR"),  payment_of(100, NULL),
                                    payment_of(100, "EUR"), payment_of(100, "EUR")};
    wrong[4].card_token = NULL;
    wrong[5].card_token = long_token;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(gateway_write(GATEWAY_AUTHORIZE, &wrong[i], text, NULL), -CAIRN_INVALID);
}

static void a_token_cannot_say_more_than_a_token(void **state)
{
    (void)state;
    char text[GATEWAY_TEXT_SIZE];
    struct acquirer_request read;
    struct cards_payment payment = payment_of(1250, "EUR");
    payment.card_token = "tok_visa&AMT=0.01";
    assert_int_equal(gateway_write(GATEWAY_AUTHORIZE, &payment, text, NULL), 0);
    assert_non_null(strstr(text, "TOK=tok_visa%26AMT%3D0.01&AMT=12.50"));
    assert_false(acquirer_request_read(&read, text, strlen(text)));
}

static void successful_answers_of_the_acquirer_are_translated(void **state)
{
    (void)state;
    assert_int_equal(hear(GATEWAY_AUTHORIZE, 200, "RC=00&FN=0100&ST=1" OURS), 0);
    assert_int_equal(answer.standing, CARDS_AUTHORIZED);
    assert_string_equal(answer.reference, "A000000007");
    assert_string_equal(answer.reason, "");
    assert_int_equal(hear(GATEWAY_AUTHORIZE, 200, "RC=00&FN=0100&ST=3" OURS), 0);
    assert_int_equal(answer.standing, CARDS_AUTHORIZED);
    assert_int_equal(hear(GATEWAY_CAPTURE, 200, "RC=00&FN=0220&ST=3" OURS), 0);
    assert_int_equal(answer.standing, CARDS_CAPTURED);
    assert_int_equal(hear(GATEWAY_GIVE_BACK, 200, "RC=00&FN=0420&ST=5" OURS), 0);
    assert_int_equal(answer.standing, CARDS_GIVEN_BACK);
    assert_int_equal(hear(GATEWAY_GIVE_BACK, 200, "RC=00&FN=0420&ST=4&MREF=" MREF), 0);
    assert_int_equal(answer.standing, CARDS_GIVEN_BACK);
    assert_string_equal(answer.reference, "");
    assert_int_equal(hear(GATEWAY_ASK, 200, "RC=00&FN=0600&ST=3" OURS), 0);
    assert_int_equal(answer.standing, CARDS_CAPTURED);
    assert_int_equal(hear(GATEWAY_ASK, 200, "RC=00&FN=0600&ST=2" OURS), 0);
    assert_int_equal(answer.standing, CARDS_DECLINED);
}

static void decline_codes_of_the_acquirer_are_translated(void **state)
{
    (void)state;
    static const struct {
        const char *result, *reason;
    } cases[] = {{"05", "refused-by-the-bank"},
                 {"14", "unknown-card"},
                 {"51", "insufficient-funds"},
                 {"54", "card-expired"},
                 {"12", "given-up"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[300];
        (void)snprintf(text, sizeof text, "RC=%s&FN=0100&ST=2" OURS, cases[i].result);
        assert_int_equal(hear(GATEWAY_AUTHORIZE, 200, text), 0);
        assert_int_equal(answer.standing, CARDS_DECLINED);
        assert_string_equal(answer.reason, cases[i].reason);
        assert_string_equal(answer.reference, "");
    }
    assert_int_equal(hear(GATEWAY_AUTHORIZE, 200, "RC=00&FN=0100&ST=4" OURS), 0);
    assert_int_equal(answer.standing, CARDS_DECLINED);
    assert_string_equal(answer.reason, "given-up");
}

static void what_was_not_possible_is_refused(void **state)
{
    (void)state;
    assert_int_equal(hear(GATEWAY_CAPTURE, 200, "RC=12&FN=0220&ST=4" OURS), -CAIRN_REFUSED);
    assert_int_equal(hear(GATEWAY_CAPTURE, 200, "RC=25&FN=0220&MREF=" MREF), -CAIRN_REFUSED);
    assert_int_equal(hear(GATEWAY_GIVE_BACK, 200, "RC=12&FN=0420&ST=2" OURS), -CAIRN_REFUSED);
    assert_int_equal(hear(GATEWAY_ASK, 200, "RC=25&FN=0600&MREF=" MREF), -CAIRN_NOT_FOUND);
}

static void a_request_that_the_acquirer_calls_malformed_needs_an_operator(void **state)
{
    (void)state;
    assert_int_equal(hear(GATEWAY_AUTHORIZE, 200, "RC=30&RT=format+error"), -CAIRN_BUG);
    assert_int_equal(hear(GATEWAY_AUTHORIZE, 200, "RC=94&FN=0100" OURS), -CAIRN_BUG);
    assert_int_equal(hear(GATEWAY_CAPTURE, 200, "RC=13&FN=0220" OURS), -CAIRN_BUG);
    assert_int_equal(hear(GATEWAY_AUTHORIZE, 404, "no such page"), -CAIRN_BUG);
    assert_int_equal(hear(GATEWAY_AUTHORIZE, 415, ""), -CAIRN_BUG);
}

/* Money is at stake: an answer that does not match the request completely proves nothing. */
static void rubbish_leaves_the_outcome_unknown(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "<html>RC=00</html>",
        "{\"RC\":\"00\"}",
        "RC=00",
        "RC=00&FN=0100",
        "RC=0&FN=0100&ST=1" OURS,
        "RC=000&FN=0100&ST=1" OURS,
        "RC=-1&FN=0100&ST=1" OURS,
        "RC=+0&FN=0100&ST=1" OURS,
        "RC=77&FN=0100&ST=1" OURS,
        "RC=96&FN=0100" OURS,
        "RC=00&RC=05&FN=0100&ST=1" OURS,
        "RC=00&FN=0220&ST=1" OURS,
        "RC=00&FN=0100" OURS,
        "RC=00&FN=0100&ST=2" OURS,
        "RC=00&FN=0100&ST=9" OURS,
        "RC=00&FN=0100&ST=0" OURS,
        "RC=00&FN=0100&ST=1&MREF=P-other&TXID=A1&AMT=12.50&CCY=978",
        "RC=00&FN=0100&ST=1&MREF=" MREF "&TXID=A1&AMT=12.51&CCY=978",
        "RC=00&FN=0100&ST=1&MREF=" MREF "&TXID=A1&AMT=12.5&CCY=978",
        "RC=00&FN=0100&ST=1&MREF=" MREF "&TXID=A1&AMT=1250&CCY=978",
        "RC=00&FN=0100&ST=1&MREF=" MREF "&TXID=A1&AMT=12.50&CCY=840",
        "RC=00&FN=0100&ST=1&MREF=" MREF "&TXID=A1",
        "RC=00&FN=0100&ST=1&MREF=" MREF "&AMT=12.50&CCY=978",
        "RC=00&FN=0100&ST=1&MREF=" MREF "&AMT=12.50&CCY=978"
        "&TXID=A12345678901234567890123456789012345678901234567890",
        "RC=00&FN=0100&ST=1" OURS "&X=%00",
        "RC=00&FN=0100&ST=1" OURS "&X=%f",
        "RC=05&FN=0100&ST=2&MREF=P-other",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        int failed = hear(GATEWAY_AUTHORIZE, 200, bodies[i]);
        if (failed != -CAIRN_UNKNOWN || error.code != CAIRN_UNKNOWN)
            fail_msg("\"%s\" was understood: %d %s", bodies[i], failed, error.message);
    }
    static const int statuses[] = {0, 100, 201, 204, 302, 408, 429, 500, 502, 503, 504};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        assert_int_equal(hear(GATEWAY_AUTHORIZE, statuses[i], "RC=00&FN=0100&ST=1" OURS),
                         -CAIRN_UNKNOWN);
}

/* Replaces each byte of a good answer by each of a few others: an answer that is accepted still has
 * the same amount and reference. */
static void an_answer_with_a_wrong_byte_never_says_another_amount(void **state)
{
    (void)state;
    static const char good[] = "RC=00&FN=0100&ST=1" OURS;
    static const char others[] = "0159&=%+A\xff";
    for (size_t i = 0; i < sizeof good - 1; i++) {
        for (const char *other = others; *other; other++) {
            char text[sizeof good];
            memcpy(text, good, sizeof good);
            text[i] = *other;
            if (hear(GATEWAY_AUTHORIZE, 200, text) == 0 && answer.standing == CARDS_AUTHORIZED) {
                assert_non_null(strstr(text, "AMT=12.50&CCY=978"));
                assert_non_null(strstr(text, "MREF=" MREF));
            }
        }
    }
}

/* ---- the acquirer's side ---- */

static void the_acquirer_reads_only_what_it_would_write(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "FN=0100",
        "FN=0100&MREF=P-1&TOK=tok_visa",
        "FN=0100&MREF=P-1&AMT=12.50&CCY=978",
        "FN=0100&MREF=&TOK=tok_visa&AMT=12.50&CCY=978",
        "FN=0100&MREF=P_1&TOK=tok_visa&AMT=12.50&CCY=978",
        "FN=100&MREF=P-1&TOK=tok_visa&AMT=12.50&CCY=978",
        "FN=0100&MREF=P-1&TOK=tok%0avisa&AMT=12.50&CCY=978",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=12.5&CCY=978",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=12,50&CCY=978",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=012.50&CCY=978",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=.50&CCY=978",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=-1.00&CCY=978",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=%2B1.00&CCY=978",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=1.0.0&CCY=978",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=0.00&CCY=978",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=9999999999999999.99&CCY=978",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=12.50&CCY=392",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=12.50&CCY=999",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=12.50&CCY=EUR",
        "FN=0100&MREF=P-1&TOK=tok_visa&AMT=12.50&CCY=978&MORE=1",
        "FN=0600&MREF=P-1&AMT=12.50&CCY=978",
        "FN=0220&MREF=P-1&TOK=tok_visa",
        "FN=0220&MREF=P-1&AMT=12.50",
        "FN=0600&MREF=P-1234567890123456789012345678901234567890",
    };
    struct acquirer_request request;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (acquirer_request_read(&request, wrong[i], strlen(wrong[i])))
            fail_msg("\"%s\" was read", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_written_in_the_dialect),
        cmocka_unit_test(amounts_have_as_many_decimals_as_their_currency),
        cmocka_unit_test(what_cannot_be_said_is_not_sent),
        cmocka_unit_test(a_token_cannot_say_more_than_a_token),
        cmocka_unit_test(successful_answers_of_the_acquirer_are_translated),
        cmocka_unit_test(decline_codes_of_the_acquirer_are_translated),
        cmocka_unit_test(what_was_not_possible_is_refused),
        cmocka_unit_test(a_request_that_the_acquirer_calls_malformed_needs_an_operator),
        cmocka_unit_test(rubbish_leaves_the_outcome_unknown),
        cmocka_unit_test(an_answer_with_a_wrong_byte_never_says_another_amount),
        cmocka_unit_test(the_acquirer_reads_only_what_it_would_write),
    };
    return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
