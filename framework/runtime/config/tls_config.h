/* tls_config.h - the settings of TLS: of the own listener, of what the process connects to, and
 * whether anything may leave the machine unencrypted. */
#ifndef CAIRN_RUNTIME_TLS_CONFIG_H
#define CAIRN_RUNTIME_TLS_CONFIG_H

#include "http/http.h"
#include "runtime/config/config.h"

/* Adds a wrong variable to `wrong` for each setting that does not fit. With CAIRN_REQUIRE_TLS also
 * for each connection beyond loopback that would not be encrypted; calls to other services are
 * refused when they are made, with the name of their target. */
void cairn_tls_check(const struct cairn_config *config, struct cairn_error *wrong);

/* Returns the files of the listener; all NULL where it is plain. */
struct cairn_http_tls cairn_tls_files(const struct cairn_config *config);

/* Sets what calls to other services use. */
void cairn_tls_apply(const struct cairn_config *config);

#endif
