/* callers.c - an issuer and the tokens of its callers, each signed once. */
#include "callers.h"

#include "http_client.h"
#include "issuer.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLERS_MAX = 64 };

static struct issuer issuer;
static struct signer *signer;
static struct caller {
    char *subject;
    char *roles;
    char *headers;
} callers[CALLERS_MAX];
static size_t count;

void callers_open(void)
{
    signer = signer_ec("callers", "P-256");
    issuer_start(&issuer);
    issuer_publish(&issuer, (struct signer *[]){signer, NULL});
    (void)setenv("CAIRN_AUTH_ISSUER", issuer.url, 1);
    (void)setenv("CAIRN_AUTH_AUDIENCE", "shop", 1);
}

void callers_close(void)
{
    (void)unsetenv("CAIRN_AUTH_ISSUER");
    (void)unsetenv("CAIRN_AUTH_AUDIENCE");
    issuer_stop(&issuer);
    signer_free(signer);
    for (; count; count--) {
        free(callers[count - 1].subject);
        free(callers[count - 1].roles);
        free(callers[count - 1].headers);
    }
}

static const struct caller *find(const char *subject, const char *roles)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(callers[i].subject, subject) == 0 && strcmp(callers[i].roles, roles) == 0)
            return &callers[i];
    }
    return NULL;
}

/* Frees the token. */
static char *headers_with(char *token)
{
    char *headers = NULL;
    assert_true(asprintf(&headers, "Authorization: Bearer %s\r\n", token) > 0);
    free(token);
    return headers;
}

char *caller_headers_for(const char *subject, const char *roles, int seconds)
{
    return headers_with(issuer_token_for(&issuer, signer, subject, roles, seconds));
}

const char *caller_headers(const char *subject, const char *roles)
{
    const struct caller *known = find(subject, roles);
    if (known)
        return known->headers;
    assert_in_range(count, 0, CALLERS_MAX - 1);
    struct caller *new = &callers[count++];
    new->subject = strdup(subject);
    new->roles = strdup(roles);
    new->headers = headers_with(issuer_token(&issuer, signer, subject, roles));
    return new->headers;
}

void callers_expect_closed(int port, const char *method, const char *path, const char *roles)
{
    struct http_reply reply = {0};
    bool has_body = strcmp(method, "POST") == 0;
    const char *const bearers[] = {"",
                                   caller_headers("01890000-0000-7000-8000-0000000000aa", roles)};
    for (int i = 0; i < 2; i++) {
        char headers[4096];
        (void)snprintf(headers, sizeof headers, "%s%s", bearers[i],
                       has_body ? "Content-Type: application/json\r\n" : "");
        assert_int_equal(http_send(port, method, path, headers, has_body ? "{}" : NULL,
                                   has_body ? 2 : 0, &reply, 20000),
                         0);
        if ((reply.status == 401) != (i == 0) || reply.status == 403 || reply.status >= 500)
            fail_msg("%s %s %s a token: %d %s", method, path, i ? "with" : "without", reply.status,
                     reply.body);
        http_reply_free(&reply);
    }
}
