/* charging.c - the reactor that moves the money: it calls the acquirer (cards.h) for the payment's
 * events, and sends the results to the payment as commands.
 *
 *     PaymentRequested  -> hold the money; authorise or decline the payment. If the payment was
 *                          closed meanwhile, or there is no answer for long, release the money
 *     PaymentCaptured   -> capture the money
 *     PaymentRefunded   -> give it back
 *
 * Every request carries a reference made from the payment's id and may be repeated, so an event
 * that is handled twice charges no card twice. */
#include "charging.h"

#include "cards.h"
#include "payment.h"

#include <stdio.h>

/* About ten minutes without an answer from the acquirer. Then the payment is declined, so that the
 * order does not wait for ever. */
enum { PATIENCE = 60, ATTEMPTS = 1000 };

CAIRN_REACTOR(charging, .help = "Reserves, captures and refunds the amount.", .concurrency = 64,
              .attempts = ATTEMPTS);

static struct cards_payment card_of(const struct cairn_call *call, int64_t amount,
                                    const char *currency, const char *card_token)
{
    return (struct cards_payment){
        .id = call->meta->id, .amount = amount, .currency = currency, .card_token = card_token};
}

/* ---- PaymentRequested ---- */

/* Releases the money of a closed payment: nothing may be held for it, now or later. */
static enum cairn_outcome let_go(const struct cards_payment *payment, struct cairn_error *error)
{
    struct cards_answer answer;
    struct cairn_error why = {0};
    int failed = cards_give_back(payment, &answer, &why);
    if (!failed || failed == -CAIRN_REFUSED)
        return CAIRN_DONE;
    *error = why;
    return cairn_outcome_of(failed);
}

static enum cairn_outcome decline(const struct cairn_call *call, const char *reason,
                                  struct cairn_error *error)
{
    int failed =
        CAIRN_TELL(call, error, payment, call->meta->id, decline_payment, .reason = reason);
    return failed == -CAIRN_REFUSED ? CAIRN_DONE : cairn_outcome_of(failed); /* closed before */
}

static enum cairn_outcome authorize(const struct cairn_call *call,
                                    const struct cards_payment *payment, const char *reference,
                                    struct cairn_error *error)
{
    int failed =
        CAIRN_TELL(call, error, payment, call->meta->id, authorize_payment, .reference = reference);
    return failed == -CAIRN_REFUSED ? let_go(payment, error) : cairn_outcome_of(failed);
}

CAIRN_HANDLE(charging, payment, payment_requested)
{
    const struct cards_payment payment =
        card_of(call, event->amount, event->currency, event->card_token);
    struct cards_answer answer = {0};
    struct cairn_error told = {0};
    int failed = cards_authorize(&payment, &answer, &told);
    if (!failed && answer.standing == CARDS_AUTHORIZED)
        return authorize(call, &payment, answer.reference, error);
    if (!failed)
        return decline(call, answer.reason[0] ? answer.reason : "declined", error);
    if (failed == -CAIRN_INVALID) /* the acquirer cannot charge it */
        return decline(call, "not-chargeable", error);
    if (call->attempt >= PATIENCE && decline(call, "no-answer", error) == CAIRN_DONE)
        return let_go(&payment, error);
    *error = told;
    return cairn_outcome_of(failed);
}

/* ---- after it ---- */

CAIRN_HANDLE(charging, payment, payment_captured)
{
    const struct cards_payment payment = card_of(call, event->amount, event->currency, NULL);
    struct cards_answer answer;
    return cairn_outcome_of(cards_capture(&payment, &answer, error));
}

CAIRN_HANDLE(charging, payment, payment_refunded)
{
    const struct cards_payment payment = card_of(call, event->amount, event->currency, NULL);
    struct cards_answer answer;
    return cairn_outcome_of(cards_give_back(&payment, &answer, error));
}
