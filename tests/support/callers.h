/* callers.h - an issuer, in the test, and the callers that it knows: services that are started
 * after callers_open() authenticate, and accept its tokens.
 *
 *     callers_open();
 *     http_send(port, "GET", "/orders/7", caller_headers(ADA, "clerk"), NULL, 0, &reply, 5000);
 *     callers_close();
 */
#ifndef CALLERS_H
#define CALLERS_H

/* Starts the issuer and sets CAIRN_AUTH_ISSUER and CAIRN_AUTH_AUDIENCE, which programs that the
 * test starts have, too. */
void callers_open(void);
void callers_close(void);

/* Returns "Authorization: Bearer …\r\n" for this subject, with these roles, separated by spaces.
 * The text stays valid until callers_close(). */
const char *caller_headers(const char *subject, const char *roles);
/* The same, of a token that is good for so many seconds; freed by the caller. */
char *caller_headers_for(const char *subject, const char *roles, int seconds);

/* Sends "GET /…" or "POST /…" to a service that has to authenticate: without a token it is answered
 * with 401, with that of a caller with all of the roles otherwise. Fails the test if not. */
void callers_expect_closed(int port, const char *method, const char *path, const char *roles);

#endif
