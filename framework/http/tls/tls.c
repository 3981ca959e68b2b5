/* tls.c - the current credentials of a listener, and how the library is told to use TLS. */
#include "http/tls/tls.h"

#include "core/threads/lock.h"

#include <gnutls/abstract.h>
#include <pthread.h>
#include <stdlib.h>

/* Without the RSA key exchange, with which a stolen key would decrypt what was recorded. The names
 * are GnuTLS'. */
static char ciphers[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA"
                        ":-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD"
                        ":%SERVER_PRECEDENCE:%SAFE_RENEGOTIATION";

struct cairn_tls {
    struct cairn_http_tls files; /* the texts are borrowed */
    pthread_mutex_t lock;        /* guards the member below */
    struct cairn_credentials *current;
};

/* The library requires a source of certificates when it starts. Each session has credentials of its
 * own before the library would ask here. */
static int give_none(gnutls_session_t session, const gnutls_datum_t *authorities, int count,
                     const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                     gnutls_pcert_st **ret, unsigned *ret_count, gnutls_privkey_t *ret_key)
{
    (void)session;
    (void)authorities;
    (void)count;
    (void)algorithms;
    (void)algorithm_count;
    (void)ret;
    (void)ret_count;
    (void)ret_key;
    return -1;
}

int cairn_tls_open(const struct cairn_http_tls *files, struct cairn_tls **ret,
                   struct cairn_error *error)
{
    struct cairn_credentials *credentials = NULL;
    *ret = NULL;
    if (!files->cert_file)
        return 0;
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES ||
        MHD_is_feature_supported(MHD_FEATURE_HTTPS_CERT_CALLBACK) != MHD_YES)
        return cairn_fail(error, CAIRN_CONFIG,
                          "CAIRN_TLS_CERT_FILE is set, and libmicrohttpd %s was built without TLS",
                          MHD_get_version());
    int failed = cairn_credentials_read(files, &credentials, error);
    if (failed)
        return failed;
    struct cairn_tls *tls = cairn_allocate(sizeof *tls);
    tls->files = *files;
    tls->current = credentials;
    cairn_lock_init(&tls->lock);
    *ret = tls;
    return 0;
}

void cairn_tls_close(struct cairn_tls *tls)
{
    if (!tls)
        return;
    cairn_credentials_release(tls->current);
    cairn_lock_destroy(&tls->lock);
    free(tls);
}

int cairn_tls_reload(struct cairn_tls *tls, struct cairn_error *error)
{
    struct cairn_credentials *credentials = NULL;
    int failed = cairn_credentials_read(&tls->files, &credentials, error);
    if (failed)
        return failed;
    cairn_lock(&tls->lock);
    struct cairn_credentials *before = tls->current;
    tls->current = credentials;
    cairn_unlock(&tls->lock);
    cairn_credentials_release(before);
    return 0;
}

unsigned cairn_tls_flags(const struct cairn_tls *tls)
{
    return tls ? MHD_USE_TLS : 0;
}

const struct MHD_OptionItem *cairn_tls_options(const struct cairn_tls *tls)
{
    static const struct MHD_OptionItem none[] = {{.option = MHD_OPTION_END}};
    static const struct MHD_OptionItem some[] = {
        {.option = MHD_OPTION_HTTPS_PRIORITIES, .ptr_value = ciphers},
        {.option = MHD_OPTION_HTTPS_CERT_CALLBACK, .ptr_value = (void *)(uintptr_t)give_none},
        {.option = MHD_OPTION_END},
    };
    return tls ? some : none;
}

struct cairn_credentials *cairn_tls_begin(struct cairn_tls *tls, struct MHD_Connection *wire)
{
    if (!tls)
        return NULL;
    cairn_lock(&tls->lock);
    struct cairn_credentials *credentials = cairn_credentials_hold(tls->current);
    cairn_unlock(&tls->lock);
    cairn_credentials_use(credentials, cairn_tls_session(wire));
    return credentials;
}

gnutls_session_t cairn_tls_session(struct MHD_Connection *wire)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(wire, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info ? (gnutls_session_t)info->tls_session : NULL;
}
