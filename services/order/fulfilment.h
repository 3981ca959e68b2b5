/* fulfilment.h - the process that leads an order from its placing to its payment and delivery. */
#ifndef FULFILMENT_H
#define FULFILMENT_H

#include <cairn/process.h>

extern const struct cairn_process fulfilment_process;

#endif
