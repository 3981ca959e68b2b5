/* signer.h - signs tokens as an issuer does, and as one that means harm does: any header, any
 * claims, any algorithm with any key.
 *
 *     struct signer *rsa = signer_rsa("first", 2048);
 *     char *token = signer_token(rsa, "RS256", "{\"alg\":\"RS256\"}", "{\"sub\":\"ada\"}");
 *
 * It uses OpenSSL, and none of what it tests. Texts are freed by the caller. */
#ifndef SIGNER_H
#define SIGNER_H

#include <stddef.h>
#include <stdint.h>

struct signer;

/* Make a new key pair: RSA of so many bits, or EC on "P-256", "P-384", "P-521". */
struct signer *signer_rsa(const char *kid, unsigned bits);
struct signer *signer_ec(const char *kid, const char *curve);
void signer_free(struct signer *signer);

const char *signer_kid(const struct signer *signer);
/* Returns the algorithm of its kind with the shortest hash: "RS256", "ES384". */
const char *signer_algorithm(const struct signer *signer);

/* Returns the public key as a JWK; `more` are further members: ",\"use\":\"sig\"". */
char *signer_jwk(const struct signer *signer, const char *more);
/* Returns the public key as PEM, which an attacker may use as a secret. */
char *signer_pem(const struct signer *signer);

/* Returns a signed token. `algorithm` says how it is signed, whatever the header says: "RS256",
 * "PS384", "ES512", "ES256-DER" (the signature in DER), "none" (an empty one). */
char *signer_token(const struct signer *signer, const char *algorithm, const char *header,
                   const char *claims);
/* The same, with an HMAC under this secret: "HS256", "HS384" or "HS512". */
char *signer_hmac_token(const char *secret, const char *algorithm, const char *header,
                        const char *claims);
/* Returns a token with these bytes as its signature. */
char *signer_join(const char *header, const char *claims, const void *signature, size_t bytes);

/* Returns bytes as base64url without padding. */
char *signer_base64url(const void *bytes, size_t count);

#endif
