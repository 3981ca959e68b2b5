/* outbound.h - calls to others: HTTP and mail, with a deadline, behind a breaker and a bulkhead.
 *
 * A target is somebody whom we call. It is a static struct; what it needs is made at its first use:
 *
 *     static struct cairn_target bank = {
 *         .name = "bank",
 *         .url = "http://127.0.0.1:9000",
 *         .deadline_us = CAIRN_SECONDS(5),
 *     };
 *
 *     const struct cairn_outbound_request request = {.method = "POST", .path = "/payments",
 *                                               .body = body, .body_bytes = strlen(body),
 *                                               .content_type = "application/json",
 *                                               .idempotency_key = call->idempotency_key,
 *                                               .idempotent = true};
 *     struct cairn_outbound_response response = {0};
 *     int failed = cairn_outbound_call(&bank, &request, &response, error);
 *     if (!failed && response.status == 201)
 *         ...
 *     cairn_outbound_response_reset(&response);
 *
 * A reactor that gets -CAIRN_UNAVAILABLE, -CAIRN_BUSY or -CAIRN_UNKNOWN says CAIRN_TRY_AGAIN; the
 * first two promise that nothing was sent. A setting (service.h) may fill in `url`.
 *
 * Invariants
 *  (1) A call ends by its deadline, whatever the other side does: waiting for a place, connecting,
 *      pauses, repetitions and an answer that drips are all inside.
 *  (2) What is not said to be idempotent is sent at most once. It gets a new connection, because
 *      one that has died unnoticed would have to be tried and then replaced.
 *  (3) -CAIRN_UNAVAILABLE and -CAIRN_BUSY mean that no attempt has sent anything.
 *  (4) At most `concurrency` calls are under way; one that is too many waits for `wait_us`, then it
 *      is refused.
 *  (5) `breaker_failures` failures in a row open the breaker: for `breaker_open_us` nobody is
 *      called. Then one call is let through, alone, and its outcome decides. A failure is: no
 *      answer, status 5xx, an answer that is too large; for mail, no answer or 421.
 *
 * Only http, https, smtp and smtps are spoken; redirects are not followed, no proxy of the
 * environment is used, certificates are verified. Name and password may stand in the URL, which is
 * in no message; mail with a password is never sent in the clear (STARTTLS is required then).
 *
 * /metrics has, by target: cairn_outbound_calls_total (by outcome, too),
 * cairn_outbound_call_seconds, cairn_outbound_retries_total, cairn_outbound_in_use (of the
 * bulkhead) and cairn_outbound_breaker_state (0 closed, 1 half-open, 2 open).
 *
 * Threads: all may call at once. Units: `_us` is microseconds. Ownership: a target and the texts it
 * points to live until cairn_target_close(), or as long as the process. */
#ifndef CAIRN_OUTBOUND_H
#define CAIRN_OUTBOUND_H

#include <cairn/value.h>

/* Zero in any number means the default that is named beside it. */
struct cairn_target {
    const char *name;    /* in metrics and messages: "acquirer" */
    const char *url;     /* "https://host:port/base", "smtp://host:port" */
    int64_t deadline_us; /* of a whole call; 10 s */
    int64_t connect_us;  /* of making a connection; 2 s */
    int attempts;        /* at most, of an idempotent call; 3 */
    int64_t backoff_us;  /* the first pause, at most; doubled each time, a random part; 100 ms */
    int concurrency;     /* calls at once; 8 */
    int64_t wait_us;     /* for one of them to end; none: refused at once */
    size_t answer_max_bytes;           /* of an answer's body; 1 MiB */
    int breaker_failures;              /* 5 */
    int64_t breaker_open_us;           /* 5 s */
    struct cairn_target_state *state_; /* the library's */
};

/* Gives back connections and memory. Nobody may be in a call. The target can be used again. */
void cairn_target_close(struct cairn_target *target);

/* ---- HTTP ---- */

enum { CAIRN_OUTBOUND_HEADERS_MAX = 16 };

struct cairn_outbound_request {
    const char *method; /* "GET", "POST" … */
    const char *path;   /* behind the target's URL, percent-encoded: "/payments?limit=3" */
    const char *content_type;
    const void *body;
    size_t body_bytes;
    const char *idempotency_key; /* goes out as Idempotency-Key; NULL for none */
    const char *traceparent;     /* likewise */
    struct {
        const char *name;
        const char *value;
    } headers[CAIRN_OUTBOUND_HEADERS_MAX]; /* further ones, ended by a NULL name */
    int64_t deadline_us;                   /* of this call; 0: the target's */
    bool idempotent;                       /* repeating it does no harm: it may be tried again */
};

/* An answer. It begins zeroed and is given back by cairn_outbound_response_reset(). */
struct cairn_outbound_response {
    int status;
    char content_type[128]; /* "" if there was none */
    char *body; /* ended by a NUL that body_bytes does not count; never NULL after success */
    size_t body_bytes;
};
void cairn_outbound_response_reset(struct cairn_outbound_response *response);

/* Sends one request and waits for its answer.
 *
 * An idempotent one is repeated, after a random pause that doubles, where there was no answer or
 * one of 429, 500, 502, 503, 504; a Retry-After is kept to if there is time. Returns 0 if it was
 * answered, whatever the status, or -CAIRN_UNAVAILABLE  it was not sent: nobody listens, or the
 * breaker is open. Try later -CAIRN_BUSY         it was not sent: the bulkhead is full. Try later
 *   -CAIRN_UNKNOWN      it may have been carried out: ask again, under the same Idempotency-Key
 *   -CAIRN_TOO_LARGE    it was answered with more than may be; asking again would give the same
 *   -CAIRN_INVALID      header, path or method have what must not be there (line breaks); not sent
 *   -CAIRN_CONFIG       the target's URL makes no sense; not sent
 * `ret` is empty after a failure. */
int cairn_outbound_call(struct cairn_target *target, const struct cairn_outbound_request *request,
                        struct cairn_outbound_response *ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* ---- mail ---- */

/* One message (RFC 5322) as it goes out: headers and body, lines ended by CRLF and at most 998
 * bytes long, 7 bit (encode the rest as quoted-printable or base64). */
struct cairn_mail {
    const char *from; /* the envelope's addresses: "shop@example.com" */
    const char *to;
    const char *message;
    size_t message_bytes;
    int64_t deadline_us; /* 0: the target's */
};

/* Submits one message by SMTP (RFC 5321), on a connection of its own, once: SMTP knows no
 * idempotency. Returns 0 if the server has accepted it, or
 *   -CAIRN_REFUSED      5yz: refused for good, `error` says why; do not try again
 *   -CAIRN_UNAVAILABLE  4yz, nobody listens, the breaker is open, the connection was lost before
 * all of the message had left: not accepted. Try later -CAIRN_BUSY         the bulkhead is full.
 * Try later -CAIRN_UNKNOWN      all of it was sent and no answer came: it may have been accepted.
 * Trying again may deliver it twice, under its own Message-ID -CAIRN_INVALID      an address or a
 * line of the message is not what it has to be; not sent -CAIRN_CONFIG       the target's URL makes
 * no sense; not sent */
int cairn_outbound_mail(struct cairn_target *target, const struct cairn_mail *mail,
                        struct cairn_error *error) CAIRN_CHECKED;

#endif
