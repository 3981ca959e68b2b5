/* redis_tls.c - the sessions of TLS to Redis. hiredis makes no sessions that verify the server's
 * name, so they are made here, and handed to it. */
#include "redis/redis_tls.h"

#include "redis/redis.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

#ifdef CAIRN_REDIS_TLS

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <string.h>

#define SYSTEM_AUTHORITIES "/etc/ssl/certs"

bool cairn_redis_has_tls(void)
{
    return true;
}

static void say(char *why, size_t size, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    (void)snprintf(why, size, "%s: %s", what, reason ? reason : "no reason is known");
    ERR_clear_error();
}

static SSL_CTX *make_context(const struct cairn_redis_address *address, char *why, size_t size)
{
    const char *directory = address->ca_file ? NULL : SYSTEM_AUTHORITIES;
    const char *wrong = NULL;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        abort(); /* out of memory */
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
        wrong = "TLS 1.2 is not available";
    else if (SSL_CTX_load_verify_locations(context, address->ca_file, directory) != 1)
        wrong = "the authorities in sslrootcert cannot be read";
    else if (address->cert_file &&
             SSL_CTX_use_certificate_chain_file(context, address->cert_file) != 1)
        wrong = "the certificate in sslcert cannot be read";
    else if (address->key_file &&
             SSL_CTX_use_PrivateKey_file(context, address->key_file, SSL_FILETYPE_PEM) != 1)
        wrong = "the key in sslkey cannot be read, or is not that of sslcert";
    if (!wrong)
        return context;
    say(why, size, wrong);
    SSL_CTX_free(context);
    return NULL;
}

/* Requires the server's certificate to be for this host. */
static bool expect_host(SSL *session, const char *host)
{
    struct in6_addr parsed;
    if (inet_pton(AF_INET, host, &parsed) == 1 || inet_pton(AF_INET6, host, &parsed) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1;
    char *name = (char *)(uintptr_t)host; /* which is copied */
    return SSL_set1_host(session, host) == 1 && SSL_set_tlsext_host_name(session, name) == 1;
}

struct ssl_st *cairn_redis_tls_begin(struct redisContext *context,
                                     const struct cairn_redis_address *address, char *why,
                                     size_t size)
{
    SSL_CTX *settings = make_context(address, why, size);
    SSL *session = settings ? SSL_new(settings) : NULL;
    SSL_CTX_free(settings); /* the session holds it */
    if (!session)
        return NULL;
    if (!expect_host(session, address->host)) {
        say(why, size, "the host cannot be verified");
        SSL_free(session);
        return NULL;
    }
    if (redisInitiateSSL(context, session) == REDIS_OK)
        return session;
    long verified = SSL_get_verify_result(session);
    (void)snprintf(why, size, "TLS: %s",
                   verified == X509_V_OK ? context->errstr
                                         : X509_verify_cert_error_string(verified));
    SSL_free(session); /* hiredis takes it only if it succeeds */
    ERR_clear_error();
    return NULL;
}

static void set_blocking(int socket, bool blocks)
{
    int flags = fcntl(socket, F_GETFL);
    (void)fcntl(socket, F_SETFL, blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

void cairn_redis_tls_unblock(struct redisContext *context)
{
    context->flags &= ~REDIS_BLOCK;
    set_blocking(context->fd, false);
}

ssize_t cairn_redis_tls_send(struct ssl_st *session, const void *bytes, size_t count)
{
    size_t sent = 0;
    if (SSL_write_ex(session, bytes, count, &sent) == 1)
        return (ssize_t)sent;
    int why = SSL_get_error(session, 0);
    ERR_clear_error();
    errno = why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ ? EAGAIN : EPIPE;
    return -1;
}

bool cairn_redis_tls_pending(struct ssl_st *session)
{
    return SSL_pending(session) > 0;
}

bool cairn_redis_tls_was_closed(struct redisContext *context, struct ssl_st *session)
{
    char byte;
    size_t count = 0;
    set_blocking(context->fd, false);
    int done = SSL_peek_ex(session, &byte, 1, &count);
    bool waits = done != 1 && SSL_get_error(session, done) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    set_blocking(context->fd, true);
    return !waits;
}

#else

#include <assert.h>

bool cairn_redis_has_tls(void)
{
    return false;
}

struct ssl_st *cairn_redis_tls_begin(struct redisContext *context,
                                     const struct cairn_redis_address *address, char *why,
                                     size_t size)
{
    (void)context;
    (void)address;
    (void)snprintf(why, size, "hiredis %d.%d has no TLS", HIREDIS_MAJOR, HIREDIS_MINOR);
    return NULL;
}

void cairn_redis_tls_unblock(struct redisContext *context)
{
    (void)context;
    assert(false);
}

ssize_t cairn_redis_tls_send(struct ssl_st *session, const void *bytes, size_t count)
{
    (void)session;
    (void)bytes;
    (void)count;
    assert(false);
    return -1;
}

bool cairn_redis_tls_pending(struct ssl_st *session)
{
    (void)session;
    return false;
}

bool cairn_redis_tls_was_closed(struct redisContext *context, struct ssl_st *session)
{
    (void)context;
    (void)session;
    return true;
}

#endif
