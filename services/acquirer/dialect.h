/* dialect.h - the acquirer's protocol: forms with short names, numeric codes, amounts as text.
 *
 *     FN=0100&MREF=P-1&TOK=tok_visa&AMT=12.50&CCY=978
 *     RC=00&RT=approved&FN=0100&MREF=P-1&TXID=A000000001&AMT=12.50&CCY=978&ST=1
 *
 *   FN    the function: 0100 authorise, 0220 capture, 0420 give back, 0600 inquire
 *   MREF  the merchant's reference of a payment, in all of its functions: up to 40 letters, digits
 *         and hyphens. A repeated request gets the first result again and charges nothing
 *   TOK   the card; with 0100 only
 *   AMT   with the currency's number of decimals: 12.50, 1250, 12.500. Required with 0100; optional
 *         with 0220 and 0420, where it has to equal the amount of the authorisation
 *   CCY   the currency's number in ISO 4217; goes with AMT
 *   RC    the result: see the table. RT is its text in English
 *   TXID  the acquirer's own number of the authorisation
 *   ST    the payment's state: 1 authorised, 2 declined, 3 captured, 4 given back uncaptured,
 *         5 refunded */
#ifndef ACQUIRER_DIALECT_H
#define ACQUIRER_DIALECT_H

#include <cairn/form.h>

enum acquirer_function {
    ACQUIRER_AUTHORISE = 100,
    ACQUIRER_CAPTURE = 220,
    ACQUIRER_GIVE_BACK = 420,
    ACQUIRER_INQUIRE = 600,
};

/* CODE, RC, RT */
#define ACQUIRER_RESULTS(X)                                                                        \
    X(APPROVED, 0, "approved")                                                                     \
    X(DO_NOT_HONOUR, 5, "do not honour")                                                           \
    X(INVALID_TRANSACTION, 12, "not possible in this state")                                       \
    X(INVALID_AMOUNT, 13, "another amount was authorised")                                         \
    X(NO_SUCH_CARD, 14, "no such card")                                                            \
    X(NO_SUCH_REFERENCE, 25, "no such reference")                                                  \
    X(FORMAT_ERROR, 30, "format error")                                                            \
    X(NO_FUNDS, 51, "insufficient funds")                                                          \
    X(CARD_EXPIRED, 54, "card expired")                                                            \
    X(REFERENCE_REUSED, 94, "the reference belongs to another request")                            \
    X(MALFUNCTION, 96, "system malfunction")

enum acquirer_result {
#define ACQUIRER_RESULT_ENUM(code, number, text) ACQUIRER_##code = (number),
    ACQUIRER_RESULTS(ACQUIRER_RESULT_ENUM)
#undef ACQUIRER_RESULT_ENUM
};

enum { ACQUIRER_REFERENCE_SIZE = 41, ACQUIRER_CARD_SIZE = 101, ACQUIRER_AMOUNT_SIZE = 24 };

/* An amount in minor units; a currency of 0 means that there is none. */
struct acquirer_money {
    int64_t minor;
    int currency; /* ISO 4217, numeric */
};

struct acquirer_request {
    enum acquirer_function function;
    char reference[ACQUIRER_REFERENCE_SIZE];
    char card[ACQUIRER_CARD_SIZE]; /* "" if absent */
    struct acquirer_money money;
};

/* Returns whether the body is a valid request: nothing in it is unknown, missing or too long. */
bool acquirer_request_read(struct acquirer_request *ret, const char *body, size_t bytes);

/* Convert "12.50" to minor units and back, by the currency's number of decimals. Return false if
 * the currency is unknown, or the text is not exactly as it would be written. */
bool acquirer_amount_read(const char *text, int currency, int64_t *ret);
bool acquirer_amount_write(struct acquirer_money money, char ret[static ACQUIRER_AMOUNT_SIZE]);

const char *acquirer_result_text(enum acquirer_result result);

#endif
