/* gateway.h - converts between the payment's terms and the acquirer's protocol: pure functions, so
 * that each line can be tested. Only cards.c and the tests include it.
 *
 *     FN=0100&MREF=P-0193…&TOK=tok_visa&AMT=12.50&CCY=978       request
 *     RC=00&FN=0100&MREF=P-0193…&TXID=A1&AMT=12.50&CCY=978&ST=1  answer */
#ifndef PAYMENT_GATEWAY_H
#define PAYMENT_GATEWAY_H

#include "cards.h"

enum gateway_function {
    GATEWAY_AUTHORIZE = 1,
    GATEWAY_CAPTURE,
    GATEWAY_GIVE_BACK,
    GATEWAY_ASK,
};

enum { GATEWAY_TEXT_SIZE = 600 };

/* Writes a request. Returns 0, or -CAIRN_INVALID if the acquirer cannot express it: the currency is
 * not settled, the amount is not above zero, the card's token is too long. */
int gateway_write(enum gateway_function function, const struct cards_payment *payment,
                  char ret[static GATEWAY_TEXT_SIZE], struct cairn_error *error) CAIRN_CHECKED;

/* Reads the answer to a request for this payment. Returns the codes of cards.h. An answer that is
 * malformed, or about something else, is -CAIRN_UNKNOWN: nothing can be concluded from it. */
int gateway_read(enum gateway_function function, const struct cards_payment *payment, int status,
                 const char *body, size_t bytes, struct cards_answer *ret,
                 struct cairn_error *error) CAIRN_CHECKED;

#endif
