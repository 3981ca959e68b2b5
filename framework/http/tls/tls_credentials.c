/* tls_credentials.c - reads certificates and keys. */
#include "http/tls/tls_credentials.h"

#include "core/report/log.h"
#include "core/threads/clock.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { FILE_MAX_BYTES = 1 << 20, SOON_DAYS = 14, DAY_S = 86400 };

struct cairn_credentials {
    atomic_int references;
    gnutls_certificate_credentials_t library;
    bool asks_clients; /* for a certificate */
};

/* ---- files ---- */

/* Reads a file, whose bytes are freed with free(). `what` is its setting. */
static int read_file(const char *what, const char *path, gnutls_datum_t *ret,
                     struct cairn_error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return cairn_fail(error, CAIRN_CONFIG, "%s: %s cannot be read: %s", what, path,
                          strerror(errno));
    ret->data = cairn_allocate(FILE_MAX_BYTES + 1);
    ret->size = (unsigned)fread(ret->data, 1, FILE_MAX_BYTES + 1, file);
    bool failed = ferror(file) || ret->size > FILE_MAX_BYTES;
    (void)fclose(file);
    if (!failed)
        return 0;
    free(ret->data);
    *ret = (gnutls_datum_t){0};
    return cairn_fail(error, CAIRN_CONFIG, "%s: %s cannot be read, or is larger than a MiB", what,
                      path);
}

/* The key's bytes do not stay in memory that is used for something else. */
static void forget(gnutls_datum_t *datum)
{
    if (datum->data)
        explicit_bzero(datum->data, datum->size);
    free(datum->data);
}

/* ---- what is logged ---- */

static void warn_of_readers(const char *path)
{
    struct stat seen;
    if (stat(path, &seen) == 0 && (seen.st_mode & (S_IROTH | S_IWOTH)))
        cairn_log(CAIRN_LOG_WARN, "the key of TLS can be read by every user of this machine",
                  CAIRN_LOG_TEXT("file", path));
}

static void warn_of_end(const char *path, time_t ends)
{
    char text[CAIRN_TIME_TEXT_SIZE];
    int64_t left_s = (int64_t)ends - (int64_t)time(NULL);
    if (left_s > (int64_t)SOON_DAYS * DAY_S)
        return;
    cairn_time_format(cairn_time_after(cairn_now(), CAIRN_SECONDS(left_s)), text);
    cairn_log(CAIRN_LOG_WARN,
              left_s < 0 ? "the certificate of TLS has expired: clients refuse it"
                         : "the certificate of TLS expires soon",
              CAIRN_LOG_TEXT("file", path), CAIRN_LOG_TEXT("until", text));
}

/* Logs when the first certificate of the chain expires. */
static void look_at_end(const char *path, const gnutls_datum_t *chain)
{
    gnutls_x509_crt_t certificate;
    if (gnutls_x509_crt_init(&certificate) < 0)
        return;
    if (gnutls_x509_crt_import(certificate, chain, GNUTLS_X509_FMT_PEM) >= 0)
        warn_of_end(path, gnutls_x509_crt_get_expiration_time(certificate));
    gnutls_x509_crt_deinit(certificate);
}

/* ---- reading ---- */

static int fail_pair(const struct cairn_http_tls *files, int why, struct cairn_error *error)
{
    if (why == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        return cairn_fail(error, CAIRN_CONFIG,
                          "CAIRN_TLS_KEY_FILE: the key in %s is not that of the certificate in %s",
                          files->key_file, files->cert_file);
    return cairn_fail(error, CAIRN_CONFIG,
                      "CAIRN_TLS_CERT_FILE, CAIRN_TLS_KEY_FILE: %s and %s are not a certificate "
                      "and its key in PEM: %s",
                      files->cert_file, files->key_file, gnutls_strerror(why));
}

/* Parses the certificate first, so that an error says which of the two files it is. */
static int check_certificate(const char *path, const gnutls_datum_t *chain,
                             struct cairn_error *error)
{
    gnutls_x509_crt_t *list = NULL;
    unsigned count = 0;
    int outcome = gnutls_x509_crt_list_import2(&list, &count, chain, GNUTLS_X509_FMT_PEM, 0);
    for (unsigned i = 0; outcome >= 0 && i < count; i++)
        gnutls_x509_crt_deinit(list[i]);
    gnutls_free(list);
    if (outcome >= 0 && count > 0)
        return 0;
    return cairn_fail(error, CAIRN_CONFIG,
                      "CAIRN_TLS_CERT_FILE: %s is not a certificate in PEM: %s", path,
                      gnutls_strerror(outcome));
}

static int read_pair(struct cairn_credentials *credentials, const struct cairn_http_tls *files,
                     struct cairn_error *error)
{
    gnutls_datum_t chain = {0};
    gnutls_datum_t key = {0};
    int failed = read_file("CAIRN_TLS_CERT_FILE", files->cert_file, &chain, error);
    if (!failed)
        failed = check_certificate(files->cert_file, &chain, error);
    if (!failed)
        failed = read_file("CAIRN_TLS_KEY_FILE", files->key_file, &key, error);
    if (!failed) {
        int outcome = gnutls_certificate_set_x509_key_mem2(credentials->library, &chain, &key,
                                                           GNUTLS_X509_FMT_PEM, NULL, 0);
        failed = outcome < 0 ? fail_pair(files, outcome, error) : 0;
    }
    if (!failed) {
        warn_of_readers(files->key_file);
        look_at_end(files->cert_file, &chain);
    }
    free(chain.data);
    forget(&key);
    return failed;
}

static int read_authority(struct cairn_credentials *credentials, const char *path,
                          struct cairn_error *error)
{
    gnutls_datum_t list = {0};
    if (!path)
        return 0;
    int failed = read_file("CAIRN_TLS_CLIENT_CA_FILE", path, &list, error);
    if (failed)
        return failed;
    int count =
        gnutls_certificate_set_x509_trust_mem(credentials->library, &list, GNUTLS_X509_FMT_PEM);
    free(list.data);
    credentials->asks_clients = true;
    if (count > 0)
        return 0;
    return cairn_fail(error, CAIRN_CONFIG, "CAIRN_TLS_CLIENT_CA_FILE: %s has no certificate in PEM",
                      path);
}

int cairn_credentials_read(const struct cairn_http_tls *files, struct cairn_credentials **ret,
                           struct cairn_error *error)
{
    struct cairn_credentials *credentials = cairn_allocate(sizeof *credentials);
    atomic_store(&credentials->references, 1);
    if (gnutls_certificate_allocate_credentials(&credentials->library) < 0)
        abort(); /* out of memory */
    int failed = read_pair(credentials, files, error);
    if (!failed)
        failed = read_authority(credentials, files->client_ca_file, error);
    if (failed)
        cairn_credentials_release(credentials);
    else
        *ret = credentials;
    return failed;
}

/* ---- use ---- */

struct cairn_credentials *cairn_credentials_hold(struct cairn_credentials *credentials)
{
    atomic_fetch_add(&credentials->references, 1);
    return credentials;
}

void cairn_credentials_release(struct cairn_credentials *credentials)
{
    if (!credentials || atomic_fetch_sub(&credentials->references, 1) > 1)
        return;
    gnutls_certificate_free_credentials(credentials->library);
    free(credentials);
}

/* ALPN tells a client that is meant for another protocol that this is none of its servers. */
void cairn_credentials_use(struct cairn_credentials *credentials, gnutls_session_t session)
{
    static unsigned char http[] = "http/1.1";
    const gnutls_datum_t protocol = {.data = http, .size = sizeof http - 1};
    (void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials->library);
    (void)gnutls_alpn_set_protocols(session, &protocol, 1, 0);
    if (!credentials->asks_clients)
        return;
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    gnutls_session_set_verify_cert(session, NULL, 0);
}
