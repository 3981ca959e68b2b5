/* tls.h - TLS of a listener: 1.2 and newer, by ciphers with forward secrecy that authenticate what
 * they encrypt (RFC 9325).
 *
 * The library drives the handshakes, on the polling threads and without blocking: one that stalls
 * is cut at the connection's deadline, and counts among the connections until then.
 *
 * Threads: cairn_tls_begin() from the polling threads, cairn_tls_reload() from any, at the same
 * time. */
#ifndef CAIRN_HTTP_TLS_H
#define CAIRN_HTTP_TLS_H

#include "http/tls/tls_credentials.h"

#include <microhttpd.h>

struct cairn_tls;

/* Reads the files. `ret` is NULL if there are none: the listener is plain. Returns 0 or
 * -CAIRN_CONFIG, also if the library was built without TLS. */
int cairn_tls_open(const struct cairn_http_tls *files, struct cairn_tls **ret,
                   struct cairn_error *error) CAIRN_CHECKED;
void cairn_tls_close(struct cairn_tls *tls);

/* Reads the files again, for connections that are opened from now on. If it fails, nothing has
 * changed. */
int cairn_tls_reload(struct cairn_tls *tls, struct cairn_error *error) CAIRN_CHECKED;

/* Return what the library is started with: its flags, and a list for MHD_OPTION_ARRAY. NULL: none
 * of either. */
unsigned cairn_tls_flags(const struct cairn_tls *tls);
const struct MHD_OptionItem *cairn_tls_options(const struct cairn_tls *tls);

/* Prepares a connection that was just opened. Returns what is released when it is closed; NULL
 * without TLS. */
struct cairn_credentials *cairn_tls_begin(struct cairn_tls *tls, struct MHD_Connection *wire);

/* Returns the session of a connection; NULL without TLS. On its polling thread. */
gnutls_session_t cairn_tls_session(struct MHD_Connection *wire);

#endif
