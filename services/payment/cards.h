/* cards.h - card payments, in the terms of the payment service.
 *
 * The interface hides the acquirer: its names and formats occur in gateway.c only. The acquirer
 * knows each payment by a reference made from its id, so every call may be repeated: it returns the
 * first result again, and no card is charged twice.
 *
 * Besides 0 every function returns:
 *   -CAIRN_UNAVAILABLE, -CAIRN_BUSY  nothing was done: retry later
 *   -CAIRN_UNKNOWN   it may have been done: repeat it, or cards_ask()
 *   -CAIRN_BUG       the acquirer considers the request wrong: an operator has to act
 *   -CAIRN_CONFIG    CAIRN_ACQUIRER_URL is invalid
 *
 * Threads: any. A call ends within CAIRN_ACQUIRER_DEADLINE_MS; if its outcome is unknown, it is
 * followed by an inquiry with the same deadline. */
#ifndef CARDS_H
#define CARDS_H

#include <cairn/setting.h>

struct cards_payment {
    struct cairn_uuid id;
    int64_t amount; /* minor units */
    const char *currency;
    const char *card_token; /* for authorisation; else it may be NULL */
};

enum cards_standing {
    CARDS_AUTHORIZED = 1,
    CARDS_DECLINED, /* no money is held, and none will be under this payment */
    CARDS_CAPTURED,
    CARDS_GIVEN_BACK, /* what was held, or captured */
};

enum { CARDS_REFERENCE_SIZE = 40, CARDS_REASON_SIZE = 40 };

struct cards_answer {
    enum cards_standing standing;
    char reference[CARDS_REFERENCE_SIZE]; /* the acquirer's number; "" if declined */
    char reason[CARDS_REASON_SIZE];       /* of a decline, in kebab case: "insufficient-funds" */
};

/* Holds the money. Returns 0 with AUTHORIZED or DECLINED in `ret`. */
int cards_authorize(const struct cards_payment *payment, struct cards_answer *ret,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Captures the held money. Returns 0 with CAPTURED, or -CAIRN_REFUSED if nothing is held, or it was
 * given back. */
int cards_capture(const struct cards_payment *payment, struct cards_answer *ret,
                  struct cairn_error *error) CAIRN_CHECKED;

/* Gives back money that is held or was captured. Returns 0 with GIVEN_BACK, even if the acquirer
 * did not know the payment: an authorisation still on its way is then declined when it arrives, so
 * this abandons a payment whose outcome is unknown. -CAIRN_REFUSED: it was declined. */
int cards_give_back(const struct cards_payment *payment, struct cards_answer *ret,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Returns the payment's standing. -CAIRN_NOT_FOUND: the acquirer does not know the payment, which
 * may change while an authorisation is on its way. */
int cards_ask(const struct cards_payment *payment, struct cards_answer *ret,
              struct cairn_error *error) CAIRN_CHECKED;

/* The payment service's settings for the acquirer; ends with a zeroed row. */
extern const struct cairn_setting cards_settings[];

/* Closes the connections and resets the breaker: for tests. No call may be in progress. */
void cards_close(void);

#endif
