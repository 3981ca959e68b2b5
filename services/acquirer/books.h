/* books.h - the acquirer's rules: the states of a payment, by the merchant's reference.
 *
 *     (none) --authorise--> authorised --capture--> captured --give back--> refunded
 *        \  `-------------> declined        \
 *         \                                  `--give back--> given back
 *          `--give back--> given back: a later authorisation is refused
 *
 * A repeated request gets its first result again, and nothing is written. */
#ifndef ACQUIRER_BOOKS_H
#define ACQUIRER_BOOKS_H

#include "dialect.h"

enum acquirer_standing {
    ACQUIRER_AUTHORISED = 1,
    ACQUIRER_DECLINED,
    ACQUIRER_CAPTURED,
    ACQUIRER_GIVEN_BACK,
    ACQUIRER_REFUNDED,
};

struct acquirer_answer {
    enum acquirer_result result;
    enum acquirer_standing standing; /* 0: the reference is unknown */
    int64_t number;                  /* of the authorisation; 0: there was none */
    struct acquirer_money money;
};

int acquirer_books_open(const char *path, struct cairn_error *error) CAIRN_CHECKED;
void acquirer_books_close(void);

/* Carries out a request. `card_says` is the result of a new authorisation. Everything that the
 * answer reports is on disk when it returns. */
struct acquirer_answer acquirer_books_apply(const struct acquirer_request *request,
                                            enum acquirer_result card_says);

#endif
