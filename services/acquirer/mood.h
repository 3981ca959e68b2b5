/* mood.h - makes the acquirer misbehave: by the card, or by a global mode.
 *
 *     card            mode     what happens
 *                     down     503 at once, nothing is carried out
 *     tok_error       error    500 at once, nothing is carried out
 *     tok_slow        slow     after a delay the request is carried out and answered
 *     tok_timeout     hang     nothing is carried out; after a long time, 504
 *                     lose     it is carried out, but the answer is lost: after a long time, 504
 *     tok_declined    decline  authorisations are declined (05)
 *     tok_no_funds             likewise (51)
 *     tok_expired              likewise (54)
 *
 * Any other card that begins with tok_ is good; one that does not is unknown (14). Cards only
 * matter in requests that name them, that is authorisations. The modes slow, lose and decline do
 * not affect inquiries. */
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
    int64_t count;  /* number of requests affected; 0: all */
    int64_t for_ms; /* duration from now; 0: until set again */
};

/* Returns how to treat this request, and counts it. */
enum acquirer_mood acquirer_mood_take(const struct acquirer_request *request);
/* Returns the card's result of a new authorisation. */
enum acquirer_result acquirer_card_says(const struct acquirer_request *request,
                                        enum acquirer_mood mood);

/* Set and return the global mode. Threads: any. */
void acquirer_mode_set(struct acquirer_mode mode);
struct acquirer_mode acquirer_mode_get(void);

/* Convert "down" to its mood and back; 0 or NULL if there is none. */
enum acquirer_mood acquirer_mood_named(const char *name);
const char *acquirer_mood_name(enum acquirer_mood mood);

#endif
