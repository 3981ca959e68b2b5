/* tls_client.h - a client of HTTP over TLS, whose connection stays open between requests.
 *
 *     struct tls_client client;
 *     assert_true(tls_client_open(&client, port, ca_path, NULL, NULL));
 *     int status = tls_client_ask(&client, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n", NULL, 0);
 *     tls_client_close(&client);
 *
 * It verifies the server as localhost. Every call ends within ten seconds. */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

struct tls_client {
    int socket;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
};

/* Connects to 127.0.0.1; with a certificate of its own unless `cert` is NULL. Returns false, and
 * nothing is open, if the handshake fails. Whether a server of TLS 1.3 accepts a client's
 * certificate is seen at the first request only. */
bool tls_client_open(struct tls_client *ret, int port, const char *ca, const char *cert,
                     const char *key);
void tls_client_close(struct tls_client *client);

/* Sends bytes; false if the connection is closed. */
bool tls_client_send(struct tls_client *client, const char *text);
/* Reads one answer with a Content-Length, or the first bytes of a chunked one; copies head and
 * body. Returns its status, or -1. */
int tls_client_read(struct tls_client *client, char *ret, size_t size);
/* Both. `ret` may be NULL. */
int tls_client_ask(struct tls_client *client, const char *request, char *ret, size_t size);

/* Copies the common name in the server's certificate. */
void tls_client_peer(const struct tls_client *client, char *ret, size_t size);

#endif
