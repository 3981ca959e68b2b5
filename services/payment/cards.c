/* cards.c - calls the acquirer: the target provides deadline, breaker and bulkhead, gateway.c the
 * message format. */
#include "cards.h"

#include "gateway.h"

#include <cairn/outbound.h>

#include <string.h>

static struct cairn_target acquirer = {
    .name = "acquirer",
    .url = "http://127.0.0.1:8005",
    .attempts = 3,
    .backoff_us = CAIRN_MILLISECONDS(50),
    .concurrency = 64,
    .wait_us = CAIRN_MILLISECONDS(500),
    .answer_max_bytes = 4096,
    .breaker_failures = 10,
    .breaker_open_us = CAIRN_SECONDS(2),
};
static int64_t deadline_ms = 5000;

const struct cairn_setting cards_settings[] = {
    {.name = "CAIRN_ACQUIRER_URL",
     .fallback = "http://127.0.0.1:8005",
     .unit = "URL",
     .secret = true,
     .text = &acquirer.url,
     .help = "the card acquirer"},
    {.name = "CAIRN_ACQUIRER_DEADLINE_MS",
     .fallback = "5000",
     .unit = "ms",
     .number = &deadline_ms,
     .min = 50,
     .max = 60000,
     .help = "how long it may take to answer"},
    {.name = NULL},
};

/* Every request may be repeated, since it carries the payment's reference. `error` is fresh. */
static int call(enum gateway_function function, const struct cards_payment *payment,
                struct cards_answer *ret, struct cairn_error *error)
{
    char text[GATEWAY_TEXT_SIZE];
    char key[CAIRN_UUID_TEXT_SIZE];
    struct cairn_outbound_response response = {0};
    int failed = gateway_write(function, payment, text, error);
    if (failed)
        return failed;
    cairn_uuid_format(payment->id, key);
    const struct cairn_outbound_request request = {
        .method = "POST",
        .path = "/gateway",
        .content_type = "application/x-www-form-urlencoded",
        .body = text,
        .body_bytes = strlen(text),
        .idempotency_key = key,
        .deadline_us = CAIRN_MILLISECONDS(deadline_ms),
        .idempotent = true,
    };
    struct cairn_error why = {0};
    failed = cairn_outbound_call(&acquirer, &request, &response, &why);
    if (!failed)
        failed = gateway_read(function, payment, response.status, response.body,
                              response.body_bytes, ret, error);
    else if (failed == -CAIRN_TOO_LARGE) /* the outcome is unknown */
        failed = cairn_fail(error, CAIRN_UNKNOWN, "%s", why.message);
    else
        *error = why;
    cairn_outbound_response_reset(&response);
    return failed;
}

int cards_ask(const struct cards_payment *payment, struct cards_answer *ret,
              struct cairn_error *error)
{
    struct cairn_error why = {0};
    int failed = call(GATEWAY_ASK, payment, ret, &why);
    if (failed && error && !error->code)
        *error = why;
    return failed;
}

/* Calls, and inquires if the outcome is unknown. A standing of `one` or `other` settles it. */
static int call_or_ask(enum gateway_function function, enum cards_standing one,
                       enum cards_standing other, const struct cards_payment *payment,
                       struct cards_answer *ret, struct cairn_error *error)
{
    struct cairn_error first = {0}, second = {0};
    struct cards_answer asked = {0};
    int failed = call(function, payment, ret, &first);
    if (failed == -CAIRN_UNKNOWN && cards_ask(payment, &asked, &second) == 0 &&
        (asked.standing == one || asked.standing == other)) {
        *ret = asked;
        return 0;
    }
    if (failed && error && !error->code)
        *error = first;
    return failed;
}

int cards_authorize(const struct cards_payment *payment, struct cards_answer *ret,
                    struct cairn_error *error)
{
    char text[GATEWAY_TEXT_SIZE];
    if (gateway_write(GATEWAY_AUTHORIZE, payment, text, NULL) < 0) {
        *ret = (struct cards_answer){.standing = CARDS_DECLINED, .reason = "not-settled-by-card"};
        return 0;
    }
    return call_or_ask(GATEWAY_AUTHORIZE, CARDS_AUTHORIZED, CARDS_DECLINED, payment, ret, error);
}

int cards_capture(const struct cards_payment *payment, struct cards_answer *ret,
                  struct cairn_error *error)
{
    return call_or_ask(GATEWAY_CAPTURE, CARDS_CAPTURED, CARDS_CAPTURED, payment, ret, error);
}

int cards_give_back(const struct cards_payment *payment, struct cards_answer *ret,
                    struct cairn_error *error)
{
    return call_or_ask(GATEWAY_GIVE_BACK, CARDS_GIVEN_BACK, CARDS_GIVEN_BACK, payment, ret, error);
}

void cards_close(void)
{
    cairn_target_close(&acquirer);
}
