/* fulfilment.h - the process that takes an order from its placing to its payment and delivery. */
#ifndef FULFILMENT_H
#define FULFILMENT_H

#include <cairn/process.h>

extern const struct cairn_process fulfilment_process;

/* How long a payment may take before its order is cancelled. */
extern int64_t fulfilment_deadline_s;

#endif
