/* outbound.h - calls to other services: HTTP and mail, with a deadline, behind a breaker and a
 * bulkhead.
 *
 * A target is a service that is called. It is a static struct; its resources are made at its first
 * use:
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
 * A reactor returns CAIRN_TRY_AGAIN for -CAIRN_UNAVAILABLE, -CAIRN_BUSY or -CAIRN_UNKNOWN; the
 * first two guarantee that nothing was carried out. A setting (service.h) may fill in `url`.
 *
 * Invariants
 *  (1) A call ends by its deadline, whatever the other side does: waiting for a place, connecting,
 *      pauses, retries and an answer that arrives slowly are all included.
 *  (2) A request that is not marked idempotent is sent at most once. It gets a new connection,
 *      because a kept one that was closed unnoticed would have to be tried and then replaced.
 *  (3) After -CAIRN_UNAVAILABLE and -CAIRN_BUSY no attempt has sent a request, and no mail was
 *      accepted.
 *  (4) At most `concurrency` calls are under way; a further call waits at most `wait_us`, then it
 *      is refused.
 *  (5) `breaker_failures` failures in a row open the breaker: for `breaker_open_us` no call is
 *      made. Then a single call is admitted, and its outcome decides. A failure is: no answer,
 *      status 5xx, an answer that is too large; for mail, no answer or 421.
 *
 * The protocols are http, https, smtp and smtps; redirects are not followed, certificates are
 * verified, TLS is 1.2 or newer. With CAIRN_REQUIRE_TLS nothing is sent unencrypted beyond this
 * machine. Where CAIRN_EGRESS_URL names a proxy, all calls go through it, by a tunnel, except to
 * targets that are `inside`; what it refuses is -CAIRN_UNAVAILABLE. Other proxies that the
 * environment names are not used. Name and password may be part of the URL, which
 * appears in no message; mail with a password is never sent unencrypted (STARTTLS is required
 * then).
 *
 * /metrics has, by target: cairn_outbound_calls_total (also by outcome),
 * cairn_outbound_call_seconds, cairn_outbound_retries_total, cairn_outbound_in_use (of the
 * bulkhead) and cairn_outbound_breaker_state (0 closed, 1 half-open, 2 open).
 *
 * Threads: every function may be called concurrently. Units: `_us` is microseconds. Ownership: a
 * target and the texts it points to live until cairn_target_close(), or as long as the process. */
#ifndef CAIRN_OUTBOUND_H
#define CAIRN_OUTBOUND_H

#include <cairn/error.h>
#include <cairn/value.h>

CAIRN_BEGIN_C

/* Zero in any number selects the default, which stands at the end of its comment. */
struct cairn_target {
    const char *name;    /* in metrics and messages: "acquirer" */
    const char *url;     /* "https://host:port/base", "smtp://host:port" */
    int64_t deadline_us; /* of a whole call; 10 s */
    int64_t connect_us;  /* of making a connection; 2 s */
    int attempts;        /* at most, of an idempotent call; 3 */
    int64_t backoff_us;  /* the first pause, at most; doubled each time, a random part; 100 ms */
    int concurrency;     /* calls at once; 8 */
    int64_t wait_us;     /* for a place when all are in use; 0: refused at once */
    size_t answer_max_bytes;          /* of an answer's body; 1 MiB */
    int breaker_failures;             /* 5 */
    int64_t breaker_open_us;          /* 5 s */
    const char *ca_file;              /* authorities that it is trusted by, in PEM; NULL:
                                       * CAIRN_OUTBOUND_CA_FILE, else the system's */
    const char *cert_file, *key_file; /* our certificate and its key, if it asks; NULL:
                                       * CAIRN_OUTBOUND_CERT_FILE, _KEY_FILE, else none */
    bool is_itself; /* this process, over loopback: its certificate need not name that */
    bool inside;    /* a service of the same system: the egress proxy (CAIRN_EGRESS_URL) is not
                     * used */
    struct cairn_target_state *state_; /* private to the library */
};

/* Releases connections and memory. No call may be under way. The target can be used again. */
void cairn_target_close(struct cairn_target *target);

/* ---- HTTP ---- */

enum { CAIRN_OUTBOUND_HEADERS_MAX = 16 };

struct cairn_outbound_request {
    const char *method; /* "GET", "POST" … */
    const char *path;   /* appended to the target's URL, percent-encoded: "/payments?limit=3";
                           NULL: the URL itself is called, as for a webhook */
    const char *content_type;
    const void *body;
    size_t body_bytes;
    const char *idempotency_key; /* sent as Idempotency-Key; NULL for none */
    const char *traceparent;     /* what it is a part of; NULL: what this thread handles */
    struct {
        const char *name;
        const char *value;
    } headers[CAIRN_OUTBOUND_HEADERS_MAX]; /* further ones, terminated by a NULL name */
    int64_t deadline_us;                   /* of this call; 0: the target's */
    bool idempotent;                       /* repeating it is harmless: it may be retried */
};

/* An answer, zeroed at first and released by cairn_outbound_response_reset(). */
struct cairn_outbound_response {
    int status;
    char content_type[128]; /* "" if there was none */
    char *body; /* ended by a NUL that body_bytes does not count; never NULL after success */
    size_t body_bytes;
    int64_t retry_after_us; /* of its Retry-After; 0: it has none */
    char *head_;            /* private to the library: the lines of its head */
    size_t head_bytes_;
};
void cairn_outbound_response_reset(struct cairn_outbound_response *response);

/* Returns the value of the answer's first header of this name, in any case, without the spaces
 * around it; NULL if there is none. It lives as long as the response. */
const char *cairn_outbound_header(const struct cairn_outbound_response *response, const char *name);

/* Sends one request and waits for its answer.
 *
 * An idempotent request is repeated, after a random pause that doubles, if there was no answer or
 * one of 429, 500, 502, 503, 504; a Retry-After is observed if there is time. Returns 0 if it was
 * answered, whatever the status, or
 *   -CAIRN_UNAVAILABLE  it was not sent: no connection, or the breaker is open. Try later
 *   -CAIRN_BUSY         it was not sent: the bulkhead is full. Try later
 *   -CAIRN_UNKNOWN      it may have been carried out: retry under the same Idempotency-Key
 *   -CAIRN_TOO_LARGE    the answer exceeded its limit; a retry would give the same
 *   -CAIRN_INVALID      header, path or method contain forbidden bytes (line breaks); not sent
 *   -CAIRN_CONFIG       the target's URL is invalid; not sent
 * `ret` is empty after a failure. */
int cairn_outbound_call(struct cairn_target *target, const struct cairn_outbound_request *request,
                        struct cairn_outbound_response *ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* One of several calls that are made at once: `target` and `request` are the caller's, `response`,
 * `failed` and `error` the result, as of cairn_outbound_call(). Zeroed at first; the caller resets
 * the response. */
struct cairn_outbound_part {
    struct cairn_target *target;
    struct cairn_outbound_request request;
    struct cairn_outbound_response response;
    int failed; /* 0: answered, whatever the status */
    struct cairn_error error;
};

enum { CAIRN_OUTBOUND_PARTS_MAX = 32 };

/* Makes `count` calls at once, each on a thread of its own, and returns when all have ended: by
 * `deadline_us` from now, which is that of all of them together. A part that fails, or is late,
 * does not disturb the others. A part for which the process may have no more threads is called
 * after the others, within the same deadline. At most CAIRN_OUTBOUND_PARTS_MAX parts. */
void cairn_outbound_call_all(struct cairn_outbound_part parts[], size_t count, int64_t deadline_us);

/* ---- mail ---- */

/* One message (RFC 5322) as it is sent: headers and body, lines ended by CRLF and at most 998 bytes
 * long, 7 bit (encode the rest as quoted-printable or base64). */
struct cairn_mail {
    const char *from; /* the envelope's addresses: "shop@example.com" */
    const char *to;
    const char *message;
    size_t message_bytes;
    int64_t deadline_us;     /* 0: the target's */
    const char *traceparent; /* what it is a part of; NULL: what this thread handles */
};

/* Submits one message by SMTP (RFC 5321), on a connection of its own, once: SMTP has no
 * idempotency. Returns 0 if the server has accepted it, or
 *   -CAIRN_REFUSED      5yz: refused permanently, `error` says why; do not retry
 *   -CAIRN_UNAVAILABLE  421, no connection, the breaker is open, or the connection was lost before
 *                       all of the message was sent: not accepted. Try later
 *   -CAIRN_BUSY         another 4yz, or the bulkhead is full: not accepted. Try later
 *   -CAIRN_UNKNOWN      all of it was sent and no answer came: it may have been accepted. A retry
 *                       may deliver it twice, under its own Message-ID
 *   -CAIRN_INVALID      an address or a line of the message is malformed; not sent
 *   -CAIRN_CONFIG       the target's URL is invalid; not sent */
int cairn_outbound_mail(struct cairn_target *target, const struct cairn_mail *mail,
                        struct cairn_error *error) CAIRN_CHECKED;

CAIRN_END_C

#endif
