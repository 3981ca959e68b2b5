/* payments.h - read model with one row per payment. */
#ifndef PAYMENTS_H
#define PAYMENTS_H

#include <cairn/projection.h>

struct payments {
    struct cairn_uuid payment_id;
    struct cairn_uuid order_id;
    enum payments_status {
        PAYMENT_IS_REQUESTED = 1,
        PAYMENT_IS_AUTHORIZED,
        PAYMENT_IS_DECLINED,
        PAYMENT_IS_CAPTURED,
        PAYMENT_IS_REFUNDED,
    } status;
    int64_t amount;
    const char *currency;
    const char *reference; /* the bank's, once it is authorized */
    const char *reason;    /* of a decline or a refund */
    struct cairn_time requested_at;
    struct cairn_time changed_at;
};
CAIRN_DECLARE(payments);
extern const struct cairn_projection payments_projection;

#endif
