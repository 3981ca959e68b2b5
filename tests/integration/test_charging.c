/* test_charging.c - tests the reactor that moves the money: what it asks of the acquirer, and what
 * it tells the payment. */
#include "../../services/payment/charging.h"
#include "../../services/payment/payment.h"
#include "../support/kit.h"

extern const struct cairn_service payment_service;

#define ORDER CAIRN_UUID("01890000-0000-7000-8000-0000000000b2")
#define REQUESTED                                                                                  \
    payment_requested, .order_id = ORDER, .amount = 1250, .currency = "EUR",                       \
                       .card_token = "tok_visa"

#define MREF "&MREF=P-" CAIRN_TEST_KEY
#define MONEY "&AMT=12.50&CCY=978"
#define AUTHORIZE "FN=0100" MREF "&TOK=tok_visa" MONEY
#define GIVE_BACK "FN=0420" MREF
#define ASK "FN=0600" MREF
#define FORM .content_type = "application/x-www-form-urlencoded"

#define CHARGING                                                                                   \
    CAIRN_REACTING(charging);                                                                      \
    TARGET_SETTING(payment_service, "CAIRN_ACQUIRER_URL")

static void a_payment_that_is_held_is_authorized(void **state)
{
    (void)state;
    CHARGING;
    CALL_ANSWERS(200, "RC=00&FN=0100&ST=1" MREF "&TXID=A7" MONEY, FORM);
    WHEN_EVENT(REQUESTED);
    THEN_CALLED("POST", "/gateway", AUTHORIZE);
    THEN_CALL_HEADER("Idempotency-Key", CAIRN_TEST_KEY);
    THEN_TOLD_TO(CAIRN_TEST_ID, authorize_payment, .reference = "A7");
}

static void a_card_that_has_no_money_declines_the_payment(void **state)
{
    (void)state;
    CHARGING;
    CALL_ANSWERS(200, "RC=51&FN=0100&ST=2" MREF, FORM);
    WHEN_EVENT(REQUESTED);
    THEN_CALLED("POST", "/gateway", AUTHORIZE);
    THEN_TOLD(decline_payment, .reason = "insufficient-funds");
}

static void a_lost_answer_is_asked_for(void **state)
{
    (void)state;
    CHARGING;
    CALL_CUT();
    CALL_CUT();
    CALL_CUT();
    CALL_ANSWERS(200, "RC=00&FN=0600&ST=1" MREF "&TXID=A7" MONEY, FORM);
    WHEN_EVENT(REQUESTED);
    THEN_CALLED("POST", "/gateway", AUTHORIZE);
    THEN_CALLED("POST", "/gateway", AUTHORIZE);
    THEN_CALLED("POST", "/gateway", AUTHORIZE);
    THEN_CALLED("POST", "/gateway", ASK);
    THEN_TOLD(authorize_payment, .reference = "A7");
}

static void money_of_a_payment_that_was_closed_meanwhile_is_given_back(void **state)
{
    (void)state;
    CHARGING;
    CALL_ANSWERS(200, "RC=00&FN=0100&ST=1" MREF "&TXID=A7" MONEY, FORM);
    CALL_ANSWERS(200, "RC=00&FN=0420&ST=4" MREF "&TXID=A7" MONEY, FORM);
    TELL_ANSWERS(CAIRN_REFUSED, "payment-declined");
    WHEN_EVENT(REQUESTED);
    THEN_CALLED("POST", "/gateway", AUTHORIZE);
    THEN_TOLD(authorize_payment, .reference = "A7");
    THEN_CALLED("POST", "/gateway", GIVE_BACK);
    THEN_OUTCOME(CAIRN_DONE);
}

static void an_acquirer_that_is_away_is_asked_again_later(void **state)
{
    (void)state;
    CHARGING;
    TARGET_AWAY();
    WHEN_EVENT(REQUESTED);
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    TARGET_BACK();
    CALL_ANSWERS(200, "RC=00&FN=0100&ST=1" MREF "&TXID=A7" MONEY, FORM);
    WHEN_RETRIED();
    THEN_CALLED("POST", "/gateway", AUTHORIZE);
    THEN_TOLD(authorize_payment, .reference = "A7");
}

static void a_service_that_cannot_be_told_is_told_again(void **state)
{
    (void)state;
    CHARGING;
    CALL_ANSWERS(200, "RC=00&FN=0100&ST=1" MREF "&TXID=A7" MONEY, FORM);
    CALL_ANSWERS(200, "RC=00&FN=0100&ST=1" MREF "&TXID=A7" MONEY, FORM);
    TELL_ANSWERS(CAIRN_UNAVAILABLE, "");
    WHEN_EVENT(REQUESTED);
    THEN_CALLED("POST", "/gateway", AUTHORIZE);
    THEN_TOLD(authorize_payment, .reference = "A7");
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    WHEN_RETRIED();
    THEN_CALLED("POST", "/gateway", AUTHORIZE);
    THEN_TOLD(authorize_payment, .reference = "A7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payment_that_is_held_is_authorized),
        cmocka_unit_test(a_card_that_has_no_money_declines_the_payment),
        cmocka_unit_test(a_lost_answer_is_asked_for),
        cmocka_unit_test(money_of_a_payment_that_was_closed_meanwhile_is_given_back),
        cmocka_unit_test(an_acquirer_that_is_away_is_asked_again_later),
        cmocka_unit_test(a_service_that_cannot_be_told_is_told_again),
    };
    return cmocka_run_group_tests_name("charging", tests, kit_setup, NULL);
}
