/* mood.h - how the acquirer can be made to misbehave: by the card, or by a mode for all.
 *
 *     card            mode     what happens
 *                     down     503 at once, nothing is carried out
 *     tok_error       error    500 at once, nothing is carried out
 *     tok_slow        slow     first a delay, then it is carried out and answered
 *     tok_timeout     hang     nothing is carried out; after a long time, 504
 *                     lose     it is carried out, and the answer is lost: after a long time, 504
 *     tok_declined    decline  authorisations are declined (05)
 *     tok_no_funds             likewise (51)
 *     tok_expired              likewise (54)
 *
 * Any other card that begins with tok_ is good; one that does not is unknown (14). A card counts
 * only where it is named, so in authorisations. The modes slow, lose and decline leave inquiries
 * alone. */
#ifndef ACQUIRER_MOOD_H
#define ACQUIRER_MOOD_H

#include "dialect.h"

enum acquirer_mood {
    ACQUIRER_NORMAL = 1,
    ACQUIRER_DOWN,
    ACQUIRER_ERROR,
    ACQUIRER_SLOW,
    ACQUIRER_HANG,
    ACQUIRER_LOSE,
    ACQUIRER_DECLINE,
};

struct acquirer_mode {
    enum acquirer_mood mood;
    int64_t count;  /* requests that it is for; 0: all */
    int64_t for_ms; /* how long from now; 0: until told otherwise */
};

/* How this request is to be treated; counts it. */
enum acquirer_mood acquirer_mood_take(const struct acquirer_request *request);
/* What a card says to a new authorisation. */
enum acquirer_result acquirer_card_says(const struct acquirer_request *request,
                                        enum acquirer_mood mood);

/* Sets the mode for all; returns it. Threads: all may. */
void acquirer_mode_set(struct acquirer_mode mode);
struct acquirer_mode acquirer_mode_get(void);

/* "down" and back; 0 or NULL if there is none. */
enum acquirer_mood acquirer_mood_named(const char *name);
const char *acquirer_mood_name(enum acquirer_mood mood);

#endif
