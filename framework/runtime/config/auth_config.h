/* auth_config.h - checks the settings of authentication together. */
#ifndef CAIRN_RUNTIME_AUTH_CONFIG_H
#define CAIRN_RUNTIME_AUTH_CONFIG_H

#include "identity/credentials/own_token.h"
#include "identity/identity.h"
#include "runtime/config/config.h"

/* Whether services authenticate. */
enum cairn_auth {
    CAIRN_AUTH_OFF = 0, /* said to be off, or nothing was said */
    CAIRN_AUTH_ON,
};

/* Returns what the settings say. They are checked. */
enum cairn_auth cairn_auth_of(const struct cairn_config *config);

/* Returns whether a listener may be at this address: on this machine, or where callers are
 * authenticated, or it was said twice that they are not. */
bool cairn_auth_suits(const struct cairn_config *config, const char *address);

/* Adds a wrong variable to `wrong` for each setting that does not fit. The address matters to a
 * process that listens. */
void cairn_auth_check(const struct cairn_config *config, bool listens, struct cairn_error *wrong);

/* Returns the options of the identity, where authentication is on. */
struct cairn_identity_options cairn_auth_options(const struct cairn_config *config);

/* Returns how this service gets a token for the commands that it sends; without a client and a file
 * it has none. */
struct cairn_own_token_options cairn_auth_own_token(const struct cairn_config *config);

#endif
