/* payments.h - read model with one row per payment. */
#ifndef PAYMENTS_H
#define PAYMENTS_H

#include <cairn/projection.h>

CAIRN_ENUM(payments_status, (PAYMENT_IS_REQUESTED, "requested"),
           (PAYMENT_IS_AUTHORIZED, "authorized"), (PAYMENT_IS_DECLINED, "declined"),
           (PAYMENT_IS_CAPTURED, "captured"), (PAYMENT_IS_REFUNDED, "refunded"));
/* The reference is the bank's, once it is authorized; the reason that of a decline or a refund. */
CAIRN_STRUCT(payments, UUID(payment_id), UUID(order_id), ENUM(status, payments_status),
             INT(amount, .help = "Minor units of the currency."), TEXT(currency),
             TEXT(reference, .optional = true), TEXT(reason, .optional = true), TIME(requested_at),
             TIME(changed_at));
extern const struct cairn_projection payments_projection;

#endif
