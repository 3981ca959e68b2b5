/* mood.c - the global mode, and the behaviour of cards by their names. */
#include "mood.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

static const char *const names[] = {
    [ACQUIRER_NORMAL] = "normal",   [ACQUIRER_DOWN] = "down", [ACQUIRER_ERROR] = "error",
    [ACQUIRER_SLOW] = "slow",       [ACQUIRER_HANG] = "hang", [ACQUIRER_LOSE] = "lose",
    [ACQUIRER_DECLINE] = "decline",
};

enum { NAMES = sizeof names / sizeof names[0] };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct acquirer_mode mode = {.mood = ACQUIRER_NORMAL};
static int64_t until_ms; /* 0: no end */

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void acquirer_mode_set(struct acquirer_mode wanted)
{
    (void)pthread_mutex_lock(&lock);
    mode = wanted;
    until_ms = wanted.for_ms ? now_ms() + wanted.for_ms : 0;
    (void)pthread_mutex_unlock(&lock);
}

/* Called under the lock. */
static void end_if_over(void)
{
    if (until_ms && now_ms() >= until_ms) {
        mode = (struct acquirer_mode){.mood = ACQUIRER_NORMAL};
        until_ms = 0;
    }
}

struct acquirer_mode acquirer_mode_get(void)
{
    (void)pthread_mutex_lock(&lock);
    end_if_over();
    struct acquirer_mode now = mode;
    if (until_ms)
        now.for_ms = until_ms - now_ms();
    (void)pthread_mutex_unlock(&lock);
    return now;
}

/* Returns how the global mode affects a request; counts the request if it does. */
static enum acquirer_mood take_mode(const struct acquirer_request *request)
{
    (void)pthread_mutex_lock(&lock);
    end_if_over();
    enum acquirer_mood mood = mode.mood;
    if (request->function == ACQUIRER_INQUIRE &&
        (mood == ACQUIRER_SLOW || mood == ACQUIRER_LOSE || mood == ACQUIRER_DECLINE))
        mood = ACQUIRER_NORMAL;
    if (mood == ACQUIRER_DECLINE && request->function != ACQUIRER_AUTHORISE)
        mood = ACQUIRER_NORMAL;
    if (mood != ACQUIRER_NORMAL && mode.count > 0 && --mode.count == 0)
        mode = (struct acquirer_mode){.mood = ACQUIRER_NORMAL};
    (void)pthread_mutex_unlock(&lock);
    return mood;
}

enum acquirer_mood acquirer_mood_take(const struct acquirer_request *request)
{
    enum acquirer_mood mood = take_mode(request);
    if (mood != ACQUIRER_NORMAL)
        return mood;
    if (strcmp(request->card, "tok_error") == 0)
        return ACQUIRER_ERROR;
    if (strcmp(request->card, "tok_slow") == 0)
        return ACQUIRER_SLOW;
    return strcmp(request->card, "tok_timeout") == 0 ? ACQUIRER_HANG : ACQUIRER_NORMAL;
}

enum acquirer_result acquirer_card_says(const struct acquirer_request *request,
                                        enum acquirer_mood mood)
{
    if (strcmp(request->card, "tok_declined") == 0 || mood == ACQUIRER_DECLINE)
        return ACQUIRER_DO_NOT_HONOUR;
    if (strcmp(request->card, "tok_no_funds") == 0)
        return ACQUIRER_NO_FUNDS;
    if (strcmp(request->card, "tok_expired") == 0)
        return ACQUIRER_CARD_EXPIRED;
    return strncmp(request->card, "tok_", 4) == 0 ? ACQUIRER_APPROVED : ACQUIRER_NO_SUCH_CARD;
}

enum acquirer_mood acquirer_mood_named(const char *name)
{
    for (int i = ACQUIRER_NORMAL; name && i < NAMES; i++) {
        if (strcmp(names[i], name) == 0)
            return (enum acquirer_mood)i;
    }
    return 0;
}

const char *acquirer_mood_name(enum acquirer_mood mood)
{
    return mood >= ACQUIRER_NORMAL && (int)mood < NAMES ? names[mood] : NULL;
}
