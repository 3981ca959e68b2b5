/* error.h - the table of all error codes, and the struct that describes an error to its reader.
 *
 * Every function of Cairn that can fail returns int or int64_t: zero or more is success, with a
 * meaning that the function states; a negative number is minus an `enum cairn_code`. The caller
 * owns the `struct cairn_error` and zeroes it; the function that fails first fills it and no other
 * overwrites it, so the message is always the root cause. Outer layers add context with
 * cairn_error_context().
 *
 * A decider refuses a command with one line:
 *
 *     return cairn_refuse(error, "order-already-shipped", "the order was shipped already");
 *
 * Messages are lower case, say what is wrong first and have no full stop. */
#ifndef CAIRN_ERROR_H
#define CAIRN_ERROR_H

#include <cairn/compiler.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>

CAIRN_BEGIN_C

/* CODE, its name on the wire, the HTTP status, what a caller does about it, what it means.
 *
 *   FINAL  a repetition gives the same answer: change the request
 *   RETRY  nothing was written: the same request may succeed later
 *   ASK    the outcome is not known: repeat the request under the same Idempotency-Key
 *   FIX    an operator has to look at the service */
#define CAIRN_CODES(X)                                                                             \
    X(MALFORMED, "malformed", 400, FINAL, "the request could not be read")                         \
    X(INVALID, "invalid", 400, FINAL, "fields of the request are wrong")                           \
    X(UNAUTHENTICATED, "unauthenticated", 401, FINAL, "a valid bearer token is required")          \
    X(FORBIDDEN, "forbidden", 403, FINAL, "the caller is not allowed to do this")                  \
    X(NOT_FOUND, "not-found", 404, FINAL, "the requested object does not exist")                   \
    X(NO_PATH, "not-found", 404, FINAL, "the service has no such path")                            \
    X(METHOD, "method-not-allowed", 405, FINAL, "the path exists, but not with this method")       \
    X(TIMED_OUT, "request-timed-out", 408, RETRY, "the request did not arrive in time")            \
    X(CONFLICT, "conflict", 409, RETRY, "the stream changed while the command was decided")        \
    X(EXISTS, "already-exists", 409, FINAL, "a stream with this id exists already")                \
    X(PRECONDITION, "precondition-failed", 412, FINAL, "If-Match names another version")           \
    X(TIMELINE, "position-of-another-timeline", 412, FINAL,                                        \
      "the position belongs to another history of the store: drop it")                             \
    X(TOO_LARGE, "too-large", 413, FINAL, "the request is larger than the limit")                  \
    X(MEDIA_TYPE, "unsupported-media-type", 415, FINAL,                                            \
      "the media type of the body is not supported here")                                          \
    X(REFUSED, "refused", 422, FINAL, "refused by a rule of the domain")                           \
    X(CLAIMED, "claimed", 422, FINAL, "another stream holds this claim")                           \
    X(KEY_REUSED, "idempotency-key-reused", 422, FINAL,                                            \
      "the Idempotency-Key belongs to another request")                                            \
    X(MISDIRECTED, "misdirected", 421, FINAL, "the service does not answer for this host")         \
    X(TOO_MANY, "too-many-requests", 429, RETRY, "the client has sent more than it may")           \
    X(HEADERS_TOO_LARGE, "headers-too-large", 431, FINAL, "the headers are larger than the limit") \
    X(BUG, "internal-error", 500, FIX, "the service has a defect: see its log")                    \
    X(UNREADABLE, "unreadable-event", 500, FIX, "a stored event cannot be decoded")                \
    X(BUSY, "busy", 503, RETRY, "the queue is full; nothing was written")                          \
    X(UNAVAILABLE, "unavailable", 503, RETRY, "a dependency is unavailable; nothing was written")  \
    X(UNKNOWN, "outcome-unknown", 503, ASK,                                                        \
      "the connection to the store was lost during the commit")                                    \
    X(STALE, "not-yet-visible", 503, RETRY, "the read model has not reached the position yet")     \
    X(PARKED, "parked", 503, FIX, "an event could not be applied to this row")                     \
    X(DIVERGED, "diverged", 503, FIX, "the read model does not belong to this log")                \
    X(NEWER_EVENT, "newer-event", 503, RETRY, "the stream holds an event of a newer release")      \
    X(SCHEMA, "schema-mismatch", 503, FIX, "the database schema belongs to another release")       \
    X(CONFIG, "configuration", 500, FIX, "the configuration is wrong")

enum cairn_code {
    CAIRN_OK = 0,
#define CAIRN_CODE_ENUM(code, name, status, advice, meaning) CAIRN_##code,
    CAIRN_CODES(CAIRN_CODE_ENUM)
#undef CAIRN_CODE_ENUM
};

enum cairn_advice { CAIRN_FINAL = 1, CAIRN_RETRY, CAIRN_ASK, CAIRN_FIX };

struct cairn_code_info {
    const char *name; /* stable, for machines: "conflict" */
    int http_status;  /* 409 */
    enum cairn_advice advice;
    const char *meaning; /* for people */
};

/* One wrong field: where, as a JSON pointer (RFC 6901), and what is wrong with it. */
struct cairn_wrong {
    char pointer[120];
    char message[120];
};

enum { CAIRN_WRONG_MAX = 16 };

struct cairn_error {
    enum cairn_code code;
    char reason[64];   /* a refusal's own stable code, as the decider named it; else "" */
    char message[512]; /* for people */
    unsigned
        public_bytes;     /* of the message; what follows is logged, not shown to clients. 0: all */
    unsigned wrong_count; /* how many fields were wrong; the first CAIRN_WRONG_MAX are kept */
    struct cairn_wrong wrong[CAIRN_WRONG_MAX];
};

/* Resets an error for reuse, as if it was zeroed: zeroing all its kilobytes would cost more, and
 * hardly any of them is used. */
static inline void cairn_error_reset(struct cairn_error *error)
{
    error->code = CAIRN_OK;
    error->reason[0] = error->message[0] = '\0';
    error->public_bytes = error->wrong_count = 0;
}

/* Sets code and message unless `error` is NULL or set already. Returns -code. */
int cairn_fail(struct cairn_error *error, enum cairn_code code, const char *format, ...)
    CAIRN_PRINTF(3, 4);
int cairn_fail_va(struct cairn_error *error, enum cairn_code code, const char *format, va_list list)
    CAIRN_PRINTF(3, 0);

/* The same, with the message "WHAT: detail". The detail comes from a server or library and may name
 * addresses, databases or users: clients are shown only `what`. */
int cairn_fail_inside(struct cairn_error *error, enum cairn_code code, const char *what,
                      const char *format, ...) CAIRN_PRINTF(4, 5);

/* Returns what clients may be shown of an error that is set: the message, as far as it is public;
 * the code's meaning where the message is empty, or the status is 500. `ret_bytes` is its length:
 * the text is not ended there. */
const char *cairn_error_public(const struct cairn_error *error, size_t *ret_bytes);
/* Prints the same, cut to `size`. */
void cairn_error_print_public(const struct cairn_error *error, char *ret, size_t size);

/* Reports a refusal by the domain. `reason` is a stable code in kebab case which clients may branch
 * on ("order-already-shipped"); the message is for people. Returns -CAIRN_REFUSED. */
int cairn_refuse(struct cairn_error *error, const char *reason, const char *format, ...)
    CAIRN_PRINTF(3, 4);

/* Adds one wrong field, so that a client learns of all of them at once. Returns -CAIRN_INVALID. */
int cairn_wrong(struct cairn_error *error, const char *pointer, const char *format, ...)
    CAIRN_PRINTF(3, 4);

/* Copies an error that is set - code, reason, message, wrong fields - into `error`, unless that is
 * NULL or set already. Returns -code of `from`. */
int cairn_error_pass(struct cairn_error *error, const struct cairn_error *from);

/* The same under another code. What clients may not see of `from`, they do not see here. */
int cairn_error_pass_as(struct cairn_error *error, enum cairn_code code,
                        const struct cairn_error *from);

/* Puts "while doing this: " in front of the message of an error that is set. */
void cairn_error_context(struct cairn_error *error, const char *format, ...) CAIRN_PRINTF(2, 3);

/* Returns what is known about a code. `code` may be negative, as functions return it; an unknown
 * one is treated as CAIRN_BUG. */
const struct cairn_code_info *cairn_code_info(int code);

CAIRN_END_C

#endif
