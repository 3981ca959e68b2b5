/* certificates.h - authorities, certificates and keys for tests of TLS, made by openssl in a
 * directory of the test's own:
 *
 *     ca.pem            an authority; of it: server, renewed, rsa, client, expired (.pem and .key)
 *     other.pem         another one; of it: stranger
 *
 * Those of servers are for localhost, mail.localhost and 127.0.0.1; a client's name is Ada, and its
 * user "ada". */
#ifndef CERTIFICATES_H
#define CERTIFICATES_H

#include "shell.h"

struct certificates {
    struct shell shell;
};

void certificates_make(struct certificates *ret, const char *name);

/* Returns the path of one of the files. Valid until eight further calls. */
const char *certificates_path(const struct certificates *certificates, const char *file);

/* Copies one file over another, as a renewal does: by a rename. */
void certificates_replace(const struct certificates *certificates, const char *file,
                          const char *with);

#endif
