/* own_token.c - keeps one token of a service, and the thread that renews it.
 *
 * Invariants
 *  (1) At most one request for a token is under way, and none for a token that is good for more
 *      than a third of its lifetime, unless a service has refused it.
 *  (2) A call waits only while there is no good token.
 *  (3) After a failure there is a pause, which doubles up to ten seconds. */
#include "identity/credentials/own_token.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/backoff.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "identity/keys/discovery.h"
#include "identity/watched_file.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_PAUSE_US CAIRN_MILLISECONDS(250)
#define LONGEST_PAUSE_US CAIRN_SECONDS(10)
#define LOOK_US CAIRN_SECONDS(1) /* between two looks at a file */
#define REPLACE_US CAIRN_SECONDS(10)

struct cairn_own_token {
    struct cairn_own_token_options options;
    struct cairn_token_requester *requester; /* the thread's; NULL with a file */
    struct cairn_watched_file file;          /* the thread's */
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;  /* guards the members below */
    pthread_cond_t wanted; /* by the thread: something to do */
    pthread_cond_t got;    /* by calls: a token, or a failure */
    bool stopping;
    char *token;                           /* NULL: none yet */
    int64_t got_us, due_us, good_until_us; /* of the token; monotonic */
    int64_t failures;                      /* in a row, since then */
    struct cairn_error why;                /* of the last failure */
};

static struct cairn_metric tokens =
    CAIRN_COUNTER("cairn_auth_own_tokens_total",
                  "Tokens that a service asked for itself, by outcome.", "outcome");

/* ---- reading a token ---- */

static int read_file(struct cairn_own_token *credentials, struct cairn_issued_token *ret,
                     struct cairn_error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    int failed = cairn_watched_file_read(&credentials->file, "the file of the token",
                                         CAIRN_TOKEN_MAX_BYTES, &text, &bytes, error);
    if (failed)
        return failed;
    text[strcspn(text, "\r\n")] = '\0';
    ret->text = text;
    ret->lifetime_s = 0; /* whatever replaces the file knows */
    if (cairn_is_bearer_token(text))
        return 0;
    free(text);
    return cairn_fail(error, CAIRN_CONFIG,
                      "the file of the token %s has no bearer token in its first line",
                      credentials->file.path);
}

static int read_token(struct cairn_own_token *credentials, struct cairn_issued_token *ret,
                      struct cairn_error *error)
{
    return credentials->requester ? cairn_token_requester_ask(credentials->requester, ret, error)
                                  : read_file(credentials, ret, error);
}

/* ---- with the lock held ---- */

/* Takes over a token that was asked for at `asked_us`. It is good for nine tenths of its lifetime:
 * the clocks of issuer and services differ, and a call takes its time. */
static void take_token(struct cairn_own_token *credentials, struct cairn_issued_token *token,
                       int64_t asked_us)
{
    int64_t lifetime_us = CAIRN_SECONDS(token->lifetime_s);
    bool lasts = lifetime_us == 0;
    free(credentials->token);
    credentials->token = token->text;
    credentials->got_us = cairn_monotonic_us();
    credentials->due_us = lasts ? credentials->got_us + LOOK_US : asked_us + lifetime_us / 3 * 2;
    credentials->good_until_us = lasts ? INT64_MAX : asked_us + lifetime_us / 10 * 9;
    if (credentials->failures > 0)
        cairn_log(CAIRN_LOG_INFO, "this service has a token again");
    credentials->failures = 0;
    cairn_metric_add(&tokens, "got", 1);
}

static void take_failure(struct cairn_own_token *credentials, const struct cairn_error *why)
{
    credentials->failures++;
    credentials->why = *why;
    credentials->due_us = cairn_monotonic_us() +
                          cairn_backoff_us(credentials->failures, FIRST_PAUSE_US, LONGEST_PAUSE_US);
    if (credentials->failures == 1)
        cairn_log_error(CAIRN_LOG_WARN, "this service gets no token for its calls", why);
    cairn_metric_add(&tokens, "failed", 1);
}

static bool is_good(const struct cairn_own_token *credentials)
{
    return credentials->token && cairn_monotonic_us() < credentials->good_until_us;
}

/* ---- the thread ---- */

/* Gets a token once. Called with the lock held, which is released meanwhile. */
static void renew(struct cairn_own_token *credentials)
{
    struct cairn_issued_token token = {0};
    struct cairn_error why = {0};
    int64_t asked_us = cairn_monotonic_us();
    cairn_unlock(&credentials->lock);
    int failed = read_token(credentials, &token, &why);
    cairn_lock(&credentials->lock);
    if (failed)
        take_failure(credentials, &why);
    else
        take_token(credentials, &token, asked_us);
    cairn_cond_broadcast(&credentials->got);
}

/* Renews the token, unless it is in a file that was not replaced. */
static void renew_if_replaced(struct cairn_own_token *credentials)
{
    bool is_same = !credentials->requester && credentials->token && credentials->failures == 0 &&
                   !cairn_watched_file_changed(&credentials->file);
    if (is_same)
        credentials->due_us = cairn_monotonic_us() + LOOK_US;
    else
        renew(credentials);
}

static void *keep_token(void *context)
{
    struct cairn_own_token *credentials = context;
    cairn_lock(&credentials->lock);
    while (!credentials->stopping) {
        if (cairn_monotonic_us() < credentials->due_us)
            (void)cairn_cond_wait_until(&credentials->wanted, &credentials->lock,
                                        credentials->due_us);
        else
            renew_if_replaced(credentials);
    }
    cairn_unlock(&credentials->lock);
    return NULL;
}

/* ---- calls ---- */

int cairn_own_token_get(struct cairn_own_token *credentials, int64_t until_us,
                        struct cairn_arena *arena, const char **ret, struct cairn_error *error)
{
    int failed = 0;
    bool in_time = true;
    cairn_lock(&credentials->lock);
    while (!is_good(credentials) && !credentials->stopping && in_time)
        in_time = cairn_cond_wait_until(&credentials->got, &credentials->lock, until_us);
    if (is_good(credentials))
        *ret = cairn_copy_text(arena, credentials->token);
    else
        failed = cairn_fail_inside(
            error, CAIRN_UNAVAILABLE, "this service has no token for its calls", "%s",
            credentials->failures ? credentials->why.message : "its issuer has not answered yet");
    cairn_unlock(&credentials->lock);
    return failed;
}

void cairn_own_token_refused(struct cairn_own_token *credentials, const char *token)
{
    cairn_lock(&credentials->lock);
    bool is_this = credentials->token && strcmp(credentials->token, token) == 0;
    int64_t soon_us = credentials->got_us + credentials->options.replace_us;
    if (is_this && credentials->failures == 0 && soon_us < credentials->due_us) {
        credentials->due_us = soon_us;
        cairn_cond_signal(&credentials->wanted);
    }
    cairn_unlock(&credentials->lock);
}

/* ---- life ---- */

static int check(const struct cairn_own_token_options *options, struct cairn_error *error)
{
    if (options->token_file || cairn_issuer_url_is_safe(options->request.issuer))
        return 0;
    return cairn_fail(error, CAIRN_CONFIG,
                      "no token can be asked for at %s: https, or http on this machine, is "
                      "required, or a file with a token (CAIRN_AUTH_TOKEN_FILE)",
                      options->request.issuer);
}

/* Reads the file, without which the service is not started. */
static int read_first(struct cairn_own_token *credentials, struct cairn_error *error)
{
    struct cairn_issued_token token = {0};
    if (credentials->requester)
        return 0;
    int failed = read_file(credentials, &token, error);
    if (!failed)
        take_token(credentials, &token, 0);
    return failed;
}

int cairn_own_token_open(const struct cairn_own_token_options *options,
                         struct cairn_own_token **ret, struct cairn_error *error)
{
    int failed = check(options, error);
    if (failed)
        return failed;
    struct cairn_own_token *credentials = cairn_allocate(sizeof *credentials);
    credentials->options = *options;
    if (options->replace_us == 0)
        credentials->options.replace_us = REPLACE_US;
    credentials->file.path = options->token_file;
    cairn_lock_init(&credentials->lock);
    cairn_cond_init(&credentials->wanted);
    cairn_cond_init(&credentials->got);
    if (!options->token_file)
        credentials->requester = cairn_token_requester_open(&credentials->options.request);
    failed = read_first(credentials, error);
    if (!failed)
        failed = cairn_thread_start(&credentials->thread, keep_token, credentials,
                                    "keeps the token", error);
    credentials->running = !failed;
    if (failed)
        cairn_own_token_close(credentials);
    else
        *ret = credentials;
    return failed;
}

void cairn_own_token_close(struct cairn_own_token *credentials)
{
    if (!credentials)
        return;
    cairn_lock(&credentials->lock);
    credentials->stopping = true;
    cairn_cond_signal(&credentials->wanted);
    cairn_unlock(&credentials->lock);
    if (credentials->running)
        cairn_thread_join(credentials->thread);
    cairn_token_requester_close(credentials->requester);
    free(credentials->token);
    cairn_cond_destroy(&credentials->got);
    cairn_cond_destroy(&credentials->wanted);
    cairn_lock_destroy(&credentials->lock);
    free(credentials);
}
