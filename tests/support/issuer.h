/* issuer.h - a stand-in for an identity provider, in the test: its configuration and its keys over
 * HTTP on the loopback (OpenID Connect Discovery), and tokens that it has signed.
 *
 *     struct issuer issuer;
 *     issuer_start(&issuer);
 *     issuer_publish(&issuer, (struct signer *[]){first, second, NULL});
 *     char *token = issuer_token(&issuer, first, "ada", "clerk");
 *
 * After issuer_serve() it also gives tokens to the client "bells" with the secret "s%cret:", by
 * client credentials; their subject is the client.
 *
 * It proves what a service does with a provider's documents and tokens, not that a provider's
 * documents are like these. */
#ifndef ISSUER_H
#define ISSUER_H

#include "server.h"
#include "signer.h"

struct issuer {
    struct server server;
    char url[64];      /* CAIRN_AUTH_ISSUER */
    _Atomic int asked; /* for its keys, so far */
    _Atomic bool away; /* connections are closed without an answer */
    pthread_mutex_t lock;
    char *keys;                  /* the JSON of its key set */
    char *configuration;         /* NULL: the right one */
    const struct signer *signer; /* of clients' tokens; NULL: it gives none */
    char *roles;
    long long lifetime_s;
    _Atomic int given;   /* tokens, so far */
    _Atomic int refused; /* requests for one, so far */
};

void issuer_start(struct issuer *ret);
void issuer_stop(struct issuer *issuer);

/* Publishes the keys of these signers, whose list ends with NULL, in place of all others. */
void issuer_publish(struct issuer *issuer, struct signer *const signers[]);
/* Sets the text of the configuration; NULL: the right one. */
void issuer_configure(struct issuer *issuer, const char *json);

/* Gives tokens for this long to the client, with these roles, separated by spaces. */
void issuer_serve(struct issuer *issuer, const struct signer *signer, const char *roles,
                  long long lifetime_s);

/* Returns a token for the audience "shop" that is good for five minutes: ES256 or RS256, as the
 * signer is. `roles` are separated by spaces; "" for none. */
char *issuer_token(const struct issuer *issuer, const struct signer *signer, const char *subject,
                   const char *roles);
/* The same, of an issuer of this name. */
char *issuer_token_as(const char *name, const struct signer *signer, const char *subject,
                      const char *roles);
/* The same, good for so many seconds. */
char *issuer_token_for(const struct issuer *issuer, const struct signer *signer,
                       const char *subject, const char *roles, int seconds);
/* Returns the key set of these signers as JSON. */
char *issuer_key_set(struct signer *const signers[]);

#endif
