/* tls_client.c - a client of HTTP over TLS, by GnuTLS. */
#include "tls_client.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_MAX = 65536 };

static int dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = 10};
    int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(out, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(out, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (out >= 0 && connect(out, (struct sockaddr *)&address, sizeof address) == 0)
        return out;
    (void)close(out);
    return -1;
}

static bool shake_hands(struct tls_client *client)
{
    int outcome;
    do
        outcome = gnutls_handshake(client->session);
    while (outcome == GNUTLS_E_INTERRUPTED);
    return outcome == 0;
}

bool tls_client_open(struct tls_client *ret, int port, const char *ca, const char *cert,
                     const char *key)
{
    *ret = (struct tls_client){.socket = dial(port)};
    if (ret->socket < 0)
        return false;
    if (gnutls_certificate_allocate_credentials(&ret->credentials) < 0 ||
        gnutls_init(&ret->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) < 0)
        abort();
    (void)gnutls_certificate_set_x509_trust_file(ret->credentials, ca, GNUTLS_X509_FMT_PEM);
    if (cert &&
        gnutls_certificate_set_x509_key_file(ret->credentials, cert, key, GNUTLS_X509_FMT_PEM) < 0)
        abort();
    (void)gnutls_set_default_priority(ret->session);
    (void)gnutls_credentials_set(ret->session, GNUTLS_CRD_CERTIFICATE, ret->credentials);
    gnutls_session_set_verify_cert(ret->session, "localhost", 0);
    gnutls_transport_set_int(ret->session, ret->socket);
    if (shake_hands(ret))
        return true;
    tls_client_close(ret);
    return false;
}

void tls_client_close(struct tls_client *client)
{
    if (client->socket < 0)
        return;
    gnutls_deinit(client->session);
    gnutls_certificate_free_credentials(client->credentials);
    (void)close(client->socket);
    client->socket = -1;
}

bool tls_client_send(struct tls_client *client, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t sent = gnutls_record_send(client->session, text, left);
        if (sent <= 0)
            return false;
        text += sent;
        left -= (size_t)sent;
    }
    return true;
}

/* Returns how long a complete answer is; SIZE_MAX while that is not known. */
static size_t whole(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = end ? strcasestr(text, "\r\nContent-Length:") : NULL;
    if (!end)
        return SIZE_MAX;
    if (!length || length > end)
        return (size_t)(end - text) + 4;
    return (size_t)(end - text) + 4 + strtoul(length + 17, NULL, 10);
}

int tls_client_read(struct tls_client *client, char *ret, size_t size)
{
    char *text = calloc(1, ANSWER_MAX + 1);
    size_t used = 0;
    int status = -1;
    if (!text)
        abort();
    while (used < whole(text) && used < ANSWER_MAX) {
        ssize_t got = gnutls_record_recv(client->session, text + used, ANSWER_MAX - used);
        if (got == GNUTLS_E_INTERRUPTED)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    if (used >= whole(text))
        (void)sscanf(text, "HTTP/1.1 %d", &status);
    if (ret)
        (void)snprintf(ret, size, "%s", text);
    free(text);
    return status;
}

int tls_client_ask(struct tls_client *client, const char *request, char *ret, size_t size)
{
    return tls_client_send(client, request) ? tls_client_read(client, ret, size) : -1;
}

void tls_client_peer(const struct tls_client *client, char *ret, size_t size)
{
    unsigned count = 0;
    gnutls_x509_crt_t peer;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(client->session, &count);
    ret[0] = '\0';
    if (count == 0 || gnutls_x509_crt_init(&peer) < 0)
        return;
    if (gnutls_x509_crt_import(peer, &list[0], GNUTLS_X509_FMT_DER) >= 0)
        (void)gnutls_x509_crt_get_dn_by_oid(peer, GNUTLS_OID_X520_COMMON_NAME, 0, 0, ret, &size);
    gnutls_x509_crt_deinit(peer);
}
