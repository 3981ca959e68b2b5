/* peer_names.h - the variables that name the URLs of other services: CAIRN_PAYMENT_URL. */
#ifndef CAIRN_RUNTIME_PEER_NAMES_H
#define CAIRN_RUNTIME_PEER_NAMES_H

#include "core/containers/arena.h"

#include <cairn/service.h>

/* Returns the variable of a peer that `variable` is probably a typing error for, in the arena; NULL
 * if there is none, or if it is the variable of a peer itself. */
const char *cairn_peer_meant(const struct cairn_service *const services[], const char *variable,
                             struct cairn_arena *arena);

#endif
