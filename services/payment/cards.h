/* cards.h - money from cards, in the payment's own words.
 *
 * The wall before the acquirer: whatever it is called there, and however it is written, ends in
 * gateway.c. Each payment is known there by a reference made from its id, so everything here may be
 * repeated: the first result comes again, and no card is charged twice.
 *
 * What every function returns besides 0:
 *   -CAIRN_UNAVAILABLE, -CAIRN_BUSY  nothing was done: try later
 *   -CAIRN_UNKNOWN   it may have been done: repeat it, or cards_ask()
 *   -CAIRN_BUG       the acquirer says that we speak wrongly: a person has to look
 *   -CAIRN_CONFIG    CAIRN_ACQUIRER_URL makes no sense
 *
 * Threads: all may call. A call ends within CAIRN_ACQUIRER_DEADLINE_MS; one that ends unknown is
 * followed by a question, which has the same time again. */
#ifndef CARDS_H
#define CARDS_H

#include <cairn/setting.h>

struct cards_payment {
    struct cairn_uuid id;
    int64_t amount; /* minor units */
    const char *currency;
    const char *card_token; /* to authorise; else it may be NULL */
};

enum cards_standing {
    CARDS_AUTHORIZED = 1,
    CARDS_DECLINED, /* no money is held, and none will be under this payment */
    CARDS_CAPTURED,
    CARDS_GIVEN_BACK, /* what was held, or taken */
};

enum { CARDS_REFERENCE_SIZE = 40, CARDS_REASON_SIZE = 40 };

struct cards_answer {
    enum cards_standing standing;
    char reference[CARDS_REFERENCE_SIZE]; /* what the other side calls it; "" if declined */
    char reason[CARDS_REASON_SIZE];       /* declined: why, in kebab case: "insufficient-funds" */
};

/* Holds the money. 0: `ret` is AUTHORIZED or DECLINED. */
int cards_authorize(const struct cards_payment *payment, struct cards_answer *ret,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Takes what is held. 0: CAPTURED. -CAIRN_REFUSED: nothing is held, or it was given back. */
int cards_capture(const struct cards_payment *payment, struct cards_answer *ret,
                  struct cairn_error *error) CAIRN_CHECKED;

/* Gives back what is held or was taken. 0: GIVEN_BACK; also where nothing was known of the payment:
 * an authorisation that is still under way is declined then when it arrives, so this is how to give
 * up a payment whose outcome is unknown. -CAIRN_REFUSED: it was declined. */
int cards_give_back(const struct cards_payment *payment, struct cards_answer *ret,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Where the payment stands. -CAIRN_NOT_FOUND: nothing is known of it, which may change while an
 * authorisation is under way. */
int cards_ask(const struct cards_payment *payment, struct cards_answer *ret,
              struct cairn_error *error) CAIRN_CHECKED;

/* The settings of the payment service that are about this; ends with a zeroed row. */
extern const struct cairn_setting cards_settings[];

/* Gives back connections, and forgets the breaker: for tests. Nobody may be in a call. */
void cards_close(void);

#endif
