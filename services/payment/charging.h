/* charging.h - the reactor that carries out payments at the acquirer. */
#ifndef CHARGING_H
#define CHARGING_H

#include <cairn/reactor.h>

extern const struct cairn_reactor charging_reactor;

#endif
