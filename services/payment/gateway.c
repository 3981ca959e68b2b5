/* gateway.c - converts between the payment's terms and the acquirer's protocol: names, numeric
 * codes and decimal amounts. */
#include "gateway.h"

#include <cairn/form.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The currencies it settles in: name, number, and number of decimals (ISO 4217). */
static const struct currency {
    const char *name;
    const char *number;
    int decimals;
} currencies[] = {
    {"EUR", "978", 2}, {"USD", "840", 2}, {"GBP", "826", 2}, {"CHF", "756", 2}, {"SEK", "752", 2},
    {"NOK", "578", 2}, {"DKK", "208", 2}, {"PLN", "985", 2}, {"CZK", "203", 2}, {"HUF", "348", 2},
    {"CAD", "124", 2}, {"AUD", "036", 2}, {"JPY", "392", 0}, {"KRW", "410", 0}, {"ISK", "352", 0},
    {"CLP", "152", 0}, {"BHD", "048", 3}, {"KWD", "414", 3}, {"TND", "788", 3}, {"JOD", "400", 3},
    {"OMR", "512", 3},
};

static const char *const functions[] = {
    [GATEWAY_AUTHORIZE] = "0100",
    [GATEWAY_CAPTURE] = "0220",
    [GATEWAY_GIVE_BACK] = "0420",
    [GATEWAY_ASK] = "0600",
};

enum { REFERENCE_SIZE = 2 + CAIRN_UUID_TEXT_SIZE, AMOUNT_SIZE = 32 };

/* ---- values ---- */

static const struct currency *find_currency(const char *name)
{
    for (size_t i = 0; name && i < sizeof currencies / sizeof currencies[0]; i++) {
        if (strcmp(currencies[i].name, name) == 0)
            return &currencies[i];
    }
    return NULL;
}

static void write_reference(struct cairn_uuid id, char ret[static REFERENCE_SIZE])
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    (void)snprintf(ret, REFERENCE_SIZE, "P-%s", text);
}

/* Writes 1250 as 12.50, 1250 or 1.250. */
static void write_amount(int64_t minor, int decimals, char ret[static AMOUNT_SIZE])
{
    static const int64_t powers[] = {1, 10, 100, 1000};
    int length = snprintf(ret, AMOUNT_SIZE, "%" PRId64, minor / powers[decimals]);
    if (decimals == 0)
        return;
    ret[length++] = '.';
    for (int i = decimals - 1; i >= 0; i--)
        ret[length++] = (char)('0' + minor / powers[i] % 10);
    ret[length] = '\0';
}

/* ---- requests ---- */

static bool put_money(const struct cards_payment *payment, const struct currency *currency,
                      char *text)
{
    char amount[AMOUNT_SIZE];
    write_amount(payment->amount, currency->decimals, amount);
    return cairn_form_put(text, GATEWAY_TEXT_SIZE, "AMT", amount) &&
           cairn_form_put(text, GATEWAY_TEXT_SIZE, "CCY", currency->number);
}

int gateway_write(enum gateway_function function, const struct cards_payment *payment,
                  char ret[static GATEWAY_TEXT_SIZE], struct cairn_error *error)
{
    char reference[REFERENCE_SIZE];
    const struct currency *currency = find_currency(payment->currency);
    bool has_money = function == GATEWAY_AUTHORIZE || function == GATEWAY_CAPTURE;
    if (has_money && (!currency || payment->amount <= 0))
        return cairn_fail(error, CAIRN_INVALID, "%" PRId64 " %s cannot be asked of a card",
                          payment->amount, payment->currency);
    write_reference(payment->id, reference);
    ret[0] = '\0';
    bool fits = cairn_form_put(ret, GATEWAY_TEXT_SIZE, "FN", functions[function]) &&
                cairn_form_put(ret, GATEWAY_TEXT_SIZE, "MREF", reference);
    if (function == GATEWAY_AUTHORIZE)
        fits = fits && payment->card_token &&
               cairn_form_put(ret, GATEWAY_TEXT_SIZE, "TOK", payment->card_token);
    if (has_money)
        fits = fits && put_money(payment, currency, ret);
    return fits ? 0 : cairn_fail(error, CAIRN_INVALID, "the card's token cannot be sent");
}

/* ---- answers ---- */

struct answer {
    const struct cairn_form *form;
    int result;   /* RC; -1: none */
    int standing; /* ST; 0: none */
};

enum { AUTHORISED = 1, DECLINED, CAPTURED, RELEASED, REFUNDED };

/* Returns a number of exactly `digits` digits, or -1. */
static int number_of(const char *text, size_t digits)
{
    if (!text || strlen(text) != digits || strspn(text, "0123456789") != digits)
        return -1;
    return (int)strtol(text, NULL, 10);
}

static bool has(const struct cairn_form *form, const char *name, const char *value)
{
    const char *text = cairn_form_get(form, name);
    return text && strcmp(text, value) == 0;
}

/* Returns whether an answer belongs to this function and payment. */
static bool is_ours(const struct cairn_form *form, enum gateway_function function,
                    const struct cards_payment *payment)
{
    char reference[REFERENCE_SIZE];
    write_reference(payment->id, reference);
    return has(form, "FN", functions[function]) && has(form, "MREF", reference);
}

/* Returns whether the money in an answer is that of the payment. The answer has none if the payment
 * was given back before the acquirer knew it. */
static bool is_our_money(const struct answer *answer, const struct cards_payment *payment)
{
    char amount[AMOUNT_SIZE];
    const struct currency *currency = find_currency(payment->currency);
    if (answer->standing == RELEASED && !cairn_form_get(answer->form, "AMT"))
        return true;
    if (!currency)
        return false;
    write_amount(payment->amount, currency->decimals, amount);
    return has(answer->form, "AMT", amount) && has(answer->form, "CCY", currency->number);
}

static int decline(struct cards_answer *ret, const char *reason)
{
    *ret = (struct cards_answer){.standing = CARDS_DECLINED};
    (void)snprintf(ret->reason, sizeof ret->reason, "%s", reason);
    return 0;
}

static const char *reason_of(int result)
{
    switch (result) {
    case 5:
        return "refused-by-the-bank";
    case 14:
        return "unknown-card";
    case 51:
        return "insufficient-funds";
    case 54:
        return "card-expired";
    default:
        return NULL;
    }
}

static int unknown(struct cairn_error *error, const char *what)
{
    return cairn_fail(error, CAIRN_UNKNOWN, "the acquirer's answer %s", what);
}

/* Reads the standing from an answer that reports success: done or, of an inquiry, known. */
static int read_standing(const struct answer *answer, enum gateway_function function,
                         const struct cards_payment *payment, struct cards_answer *ret,
                         struct cairn_error *error)
{
    static const enum cards_standing standings[] = {[AUTHORISED] = CARDS_AUTHORIZED,
                                                    [CAPTURED] = CARDS_CAPTURED,
                                                    [RELEASED] = CARDS_GIVEN_BACK,
                                                    [REFUNDED] = CARDS_GIVEN_BACK};
    const char *number = cairn_form_get(answer->form, "TXID");
    bool given_back = answer->standing == RELEASED || answer->standing == REFUNDED;
    if (!is_our_money(answer, payment))
        return unknown(error, "is about another amount");
    if (answer->standing == DECLINED && function == GATEWAY_ASK)
        return decline(ret, "refused-by-the-bank");
    if (answer->standing < AUTHORISED || answer->standing > REFUNDED ||
        answer->standing == DECLINED || (!number && !given_back) ||
        (number && strlen(number) >= sizeof ret->reference))
        return unknown(error, "lacks the state of the payment");
    if (function == GATEWAY_AUTHORIZE && given_back)
        return decline(ret, "given-up");
    *ret = (struct cards_answer){.standing = standings[answer->standing]};
    if (function == GATEWAY_AUTHORIZE)
        ret->standing = CARDS_AUTHORIZED; /* it was authorised, whatever happened since */
    if (function == GATEWAY_CAPTURE)
        ret->standing = CARDS_CAPTURED;
    (void)snprintf(ret->reference, sizeof ret->reference, "%s", number ? number : "");
    return 0;
}

/* Reads an answer with another result than 0. */
static int read_refusal(const struct answer *answer, enum gateway_function function,
                        struct cards_answer *ret, struct cairn_error *error)
{
    const char *reason = reason_of(answer->result);
    if (reason && function == GATEWAY_AUTHORIZE)
        return decline(ret, reason);
    switch (answer->result) {
    case 12:
        if (function == GATEWAY_AUTHORIZE)
            return decline(ret, "given-up");
        return cairn_refuse(error, "not-possible-now", "the card's bank holds nothing for this");
    case 13:
    case 30:
    case 94:
        return cairn_fail(error, CAIRN_BUG, "the acquirer calls the request malformed: %d",
                          answer->result);
    case 25:
        if (function == GATEWAY_ASK)
            return cairn_fail(error, CAIRN_NOT_FOUND, "the acquirer knows nothing of the payment");
        return cairn_refuse(error, "not-possible-now", "the acquirer knows nothing of the payment");
    default:
        return unknown(error, "reports an unknown outcome");
    }
}

int gateway_read(enum gateway_function function, const struct cards_payment *payment, int status,
                 const char *body, size_t bytes, struct cards_answer *ret,
                 struct cairn_error *error)
{
    struct cairn_form form;
    if (status >= 400 && status < 500 && status != 408 && status != 429)
        return cairn_fail(error, CAIRN_BUG, "the acquirer rejected the request: status %d", status);
    if (status != 200 || cairn_form_read(&form, body, bytes, NULL) < 0)
        return unknown(error, "is none");
    struct answer answer = {.form = &form,
                            .result = number_of(cairn_form_get(&form, "RC"), 2),
                            .standing = number_of(cairn_form_get(&form, "ST"), 1)};
    if (answer.result == 30)
        return read_refusal(&answer, function, ret, error); /* it could not parse the reference */
    if (answer.result < 0 || !is_ours(&form, function, payment))
        return unknown(error, "is to something else");
    return answer.result == 0 ? read_standing(&answer, function, payment, ret, error)
                              : read_refusal(&answer, function, ret, error);
}
