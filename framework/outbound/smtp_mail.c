/* smtp_mail.c - sends one message to an SMTP server (RFC 5321).
 *
 * The connection is new and closed afterwards: a server may close an idle one at any time, and
 * whether it did so before or after it accepted a message could not be determined. libcurl doubles
 * the dots that begin a line, and waits for the answer to the end of the message. */
#include "outbound/call_span.h"
#include "outbound/outbound_check.h"
#include "outbound/transfer.h"

#include "core/containers/arena.h"
#include "core/threads/clock.h"
#include "outbound/target/egress.h"

#include <stdlib.h>
#include <string.h>

enum { SERVICE_CLOSING = 421 };

struct submission {
    const struct cairn_mail *mail;
    const char *from; /* "<shop@example.com>" */
    struct curl_slist *to;
    size_t at;
    bool all; /* libcurl has read the whole message */
};

static size_t give_message(char *bytes, size_t size, size_t count, void *context)
{
    struct submission *submission = context;
    size_t left = submission->mail->message_bytes - submission->at;
    size_t more = left < size * count ? left : size * count;
    memcpy(bytes, submission->mail->message + submission->at, more);
    submission->at += more;
    submission->all = submission->at == submission->mail->message_bytes;
    return more;
}

static void set_mail(struct submission *submission, CURL *handle, const struct cairn_limits *limits,
                     int64_t deadline_us)
{
    int64_t left_s = (deadline_us - cairn_monotonic_us()) / 1000000;
    (void)curl_easy_setopt(handle, CURLOPT_URL, limits->url);
    (void)curl_easy_setopt(handle, CURLOPT_USE_SSL,
                           (long)(limits->tls_due ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    (void)curl_easy_setopt(handle, CURLOPT_MAIL_FROM, submission->from);
    (void)curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, submission->to);
    (void)curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_message);
    (void)curl_easy_setopt(handle, CURLOPT_READDATA, submission);
    (void)curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
    /* Also limits the wait for the answer to QUIT, to which the timeout of the transfer does not
     * apply. */
    (void)curl_easy_setopt(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, left_s < 1 ? 1L : (long)left_s);
}

/* `reply` is the last one of the server, 0 if there was none. */
static void read_failure(const struct submission *submission, long reply, CURLcode code,
                         const char *words, const char *name, struct cairn_attempt *ret)
{
    enum cairn_code failure;
    const char *what;
    char public[200];
    bool silent = reply < 400 || reply > 599;
    ret->failed = silent || reply == SERVICE_CLOSING;
    ret->sent = submission->all && silent;
    if (ret->sent)
        failure = CAIRN_UNKNOWN, what = "has not acknowledged the message";
    else if (!silent && reply >= 500)
        failure = CAIRN_REFUSED, what = "refuses the message";
    else if (!ret->failed) /* a 4yz other than 421: the server accepts other messages */
        failure = CAIRN_BUSY, what = "rejects the message for now";
    else
        failure = CAIRN_UNAVAILABLE, what = "rejected the message";
    (void)snprintf(public, sizeof public, "%s %s", name, what);
    ret->code =
        cairn_fail_inside(&ret->error, failure, public, "%s", cairn_transfer_words(code, words));
}

static void attempt(void *context, CURL *handle, const struct cairn_limits *limits,
                    int64_t deadline_us, struct cairn_attempt *ret)
{
    struct submission *submission = context;
    char words[CURL_ERROR_SIZE];
    long reply = 0;
    if (!cairn_transfer_prepare(handle, limits, deadline_us, words)) {
        ret->code = cairn_fail(&ret->error, CAIRN_UNAVAILABLE,
                               "no request was sent to %s: the deadline has passed", limits->name);
        return;
    }
    set_mail(submission, handle, limits, deadline_us);
    CURLcode code = curl_easy_perform(handle);
    (void)curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply);
    if (code == CURLE_OK)
        ret->sent = true;
    else if (!cairn_egress_failed(handle, limits, ret))
        read_failure(submission, reply, code, words, limits->name, ret);
    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, NULL);
}

/* Sends the message, and records its span. */
static int submit_mail(struct cairn_target_state *state, struct submission *submission,
                       int64_t deadline_us, struct cairn_error *error)
{
    struct cairn_call_span span;
    struct cairn_error lost = {0};
    cairn_call_span_begin(&span, "send", submission->mail->traceparent, cairn_target_limits(state));
    cairn_span_text(span.span, "network.protocol.name", "smtp");
    int failed = cairn_outbound_run(state, 1, deadline_us, attempt, submission, &lost);
    cairn_call_span_end(&span, failed, 0, &lost);
    return failed ? cairn_error_pass(error, &lost) : 0;
}

int cairn_outbound_mail(struct cairn_target *target, const struct cairn_mail *mail,
                        struct cairn_error *error)
{
    struct cairn_target_state *state = NULL;
    int64_t began_us = cairn_monotonic_us();
    int failed = cairn_outbound_check_mail(mail, error);
    if (!failed)
        failed = cairn_target_state(target, true, &state, error);
    if (failed)
        return failed;
    int64_t deadline_us =
        began_us +
        (mail->deadline_us > 0 ? mail->deadline_us : cairn_target_limits(state)->deadline_us);
    struct cairn_arena arena = {0};
    struct submission submission = {.mail = mail, .from = cairn_print(&arena, "<%s>", mail->from)};
    submission.to = curl_slist_append(NULL, cairn_print(&arena, "<%s>", mail->to));
    if (!submission.to)
        abort(); /* out of memory */
    failed = submit_mail(state, &submission, deadline_us, error);
    curl_slist_free_all(submission.to);
    cairn_arena_close(&arena);
    return failed;
}
