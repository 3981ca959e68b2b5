/* tls_credentials.h - a certificate with its key, and whom a listener trusts, as read from files.
 *
 * Each connection uses the credentials that were current when it was opened, and holds a reference
 * to them: after a reload the old ones live until their last connection is closed.
 *
 * Ownership: cairn_credentials_read() returns one reference, cairn_credentials_hold() another one;
 * each is released once. Threads: any. */
#ifndef CAIRN_HTTP_CREDENTIALS_H
#define CAIRN_HTTP_CREDENTIALS_H

#include "http/http.h"

#include <gnutls/gnutls.h>

struct cairn_credentials;

/* Reads the files, which are PEM, and checks that the key is that of the certificate. A certificate
 * that has expired, or expires soon, and a key that others can read, are logged. Returns 0, or
 * -CAIRN_CONFIG: `error` names the file. */
int cairn_credentials_read(const struct cairn_http_tls *files, struct cairn_credentials **ret,
                           struct cairn_error *error) CAIRN_CHECKED;

struct cairn_credentials *cairn_credentials_hold(struct cairn_credentials *credentials);
void cairn_credentials_release(struct cairn_credentials *credentials); /* NULL is fine */

/* Makes a session use them, before its handshake. With an authority for clients, the handshake
 * fails unless the client has a certificate of it. */
void cairn_credentials_use(struct cairn_credentials *credentials, gnutls_session_t session);

#endif
