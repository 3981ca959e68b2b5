/* payment.h - public interface of the payment service: its events and commands.
 *
 *     requested --authorize--> authorized --capture--> captured
 *         \                         \                     \
 *          `--decline--> declined    `-------refund--------`--> refunded */
#ifndef PAYMENT_H
#define PAYMENT_H

#include <cairn/decider.h>

struct payment_requested {
    struct cairn_uuid order_id;
    int64_t amount; /* minor units */
    const char *currency;
    const char *card_token;
};
struct payment_authorized {
    struct cairn_uuid order_id;
    const char *reference;
};
struct payment_declined {
    struct cairn_uuid order_id;
    const char *reason;
};
struct payment_captured {
    struct cairn_uuid order_id;
    int64_t amount;
    const char *currency;
};
struct payment_refunded {
    struct cairn_uuid order_id;
    int64_t amount;
    const char *currency;
    const char *reason;
};
CAIRN_DECLARE(payment_requested);
CAIRN_DECLARE(payment_authorized);
CAIRN_DECLARE(payment_declined);
CAIRN_DECLARE(payment_captured);
CAIRN_DECLARE(payment_refunded);

struct payment_event {
    enum payment_event_type {
        PAYMENT_REQUESTED = 1,
        PAYMENT_AUTHORIZED,
        PAYMENT_DECLINED,
        PAYMENT_CAPTURED,
        PAYMENT_REFUNDED,
    } type;
    union {
        struct payment_requested payment_requested;
        struct payment_authorized payment_authorized;
        struct payment_declined payment_declined;
        struct payment_captured payment_captured;
        struct payment_refunded payment_refunded;
    } as;
};

struct request_payment {
    struct cairn_uuid order_id;
    int64_t amount;
    const char *currency;
    const char *card_token;
};
struct authorize_payment {
    const char *reference;
};
struct decline_payment {
    const char *reason;
};
struct capture_payment {
    CAIRN_NO_FIELDS;
};
struct refund_payment {
    const char *reason;
};
CAIRN_DECLARE(request_payment);
CAIRN_DECLARE(authorize_payment);
CAIRN_DECLARE(decline_payment);
CAIRN_DECLARE(capture_payment);
CAIRN_DECLARE(refund_payment);

struct payment_command {
    enum payment_command_type {
        REQUEST_PAYMENT = 1,
        AUTHORIZE_PAYMENT,
        DECLINE_PAYMENT,
        CAPTURE_PAYMENT,
        REFUND_PAYMENT,
    } type;
    union {
        struct request_payment request_payment;
        struct authorize_payment authorize_payment;
        struct decline_payment decline_payment;
        struct capture_payment capture_payment;
        struct refund_payment refund_payment;
    } as;
};

CAIRN_PUBLISH(payment);

#endif
