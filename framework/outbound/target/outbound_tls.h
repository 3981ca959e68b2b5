/* outbound_tls.h - what all calls of this process trust, and how they identify themselves: the
 * defaults for targets that say nothing of their own.
 *
 * Threads: set before the first call; read from any. */
#ifndef CAIRN_OUTBOUND_OUTBOUND_TLS_H
#define CAIRN_OUTBOUND_OUTBOUND_TLS_H

#include <stdbool.h>

/* Paths of files in PEM; NULL: the system's authorities, and no certificate of ours. */
struct cairn_outbound_tls {
    const char *ca_file;
    const char *cert_file, *key_file;
    bool required; /* nothing leaves the machine unencrypted */
};

/* The texts are borrowed as long as the process lives. */
void cairn_outbound_tls_set(const struct cairn_outbound_tls *tls);
const struct cairn_outbound_tls *cairn_outbound_tls(void);

#endif
