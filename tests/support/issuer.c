/* issuer.c - answers with its configuration and its keys. */
#include "issuer.h"
#include "support.h"

#include "core/threads/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void answer(int socket, const char *status, const char *body)
{
    char head[200];
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                   "Connection: close\r\n\r\n",
                   status, strlen(body));
    if (server_send(socket, head))
        (void)server_send(socket, body);
}

static char *make_token(const char *name, const struct signer *signer, const char *subject,
                        const char *roles, long long lifetime_s)
{
    char header[300];
    char *claims = NULL;
    const char *algorithm = signer_algorithm(signer);
    long long now_s = (long long)time(NULL);
    (void)snprintf(header, sizeof header, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
                   algorithm, signer_kid(signer));
    assert_true(asprintf(&claims,
                         "{\"iss\":\"%s\",\"aud\":\"shop\",\"sub\":\"%s\",\"iat\":%lld,"
                         "\"exp\":%lld,\"roles\":\"%s\"}",
                         name, subject, now_s, now_s + lifetime_s, roles) > 0);
    char *token = signer_token(signer, algorithm, header, claims);
    free(claims);
    return token;
}

/* "bells" and "s%cret:", each form-encoded, then as base64. */
#define CLIENT "Authorization: Basic YmVsbHM6cyUyNWNyZXQlM0E="

/* Gives a token to the client that names itself so, and to no other. */
static void give(struct issuer *issuer, int socket, const char *request)
{
    char body[4096];
    cairn_lock(&issuer->lock);
    const struct signer *signer = issuer->signer;
    bool good =
        signer && strstr(request, CLIENT) && strstr(request, "grant_type=client_credentials");
    if (good) {
        char *token = make_token(issuer->url, signer, "bells", issuer->roles, issuer->lifetime_s);
        (void)snprintf(body, sizeof body,
                       "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%lld}",
                       token, issuer->lifetime_s);
        free(token);
    } else {
        (void)snprintf(
            body, sizeof body,
            "{\"error\":\"invalid_client\",\"error_description\":\"a \\u001b[31mstranger\"}");
    }
    cairn_unlock(&issuer->lock);
    atomic_fetch_add(good ? &issuer->given : &issuer->refused, 1);
    answer(socket, good ? "200 OK" : "401 Unauthorized", body);
}

static void serve(struct server *server, int socket)
{
    struct issuer *issuer = server->context;
    char request[4096];
    char body[16384];
    if (!server_read_request(socket, request, sizeof request) || issuer->away)
        return;
    if (strncmp(request, "POST /token ", 12) == 0) {
        give(issuer, socket, request);
        return;
    }
    bool keys = strncmp(request, "GET /keys ", 10) == 0;
    cairn_lock(&issuer->lock);
    if (keys)
        (void)snprintf(body, sizeof body, "%s", issuer->keys);
    else if (issuer->configuration)
        (void)snprintf(body, sizeof body, "%s", issuer->configuration);
    else
        (void)snprintf(
            body, sizeof body,
            "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\",\"token_endpoint\":\"%s/token\"}",
            issuer->url, issuer->url, issuer->url);
    cairn_unlock(&issuer->lock);
    if (keys)
        issuer->asked++;
    answer(socket, "200 OK", body);
}

void issuer_start(struct issuer *ret)
{
    *ret = (struct issuer){.keys = strdup("{\"keys\":[]}")};
    cairn_lock_init(&ret->lock);
    server_start(&ret->server, serve, ret);
    (void)snprintf(ret->url, sizeof ret->url, "http://127.0.0.1:%d", ret->server.port);
}

void issuer_stop(struct issuer *issuer)
{
    server_stop(&issuer->server);
    cairn_lock_destroy(&issuer->lock);
    free(issuer->keys);
    free(issuer->configuration);
    free(issuer->roles);
}

char *issuer_key_set(struct signer *const signers[])
{
    char *ret = strdup("{\"keys\":[");
    for (size_t i = 0; signers[i]; i++) {
        char *jwk = signer_jwk(signers[i], ",\"use\":\"sig\"");
        char *longer = NULL;
        assert_true(asprintf(&longer, "%s%s%s", ret, i ? "," : "", jwk) > 0);
        free(jwk);
        free(ret);
        ret = longer;
    }
    char *whole = NULL;
    assert_true(asprintf(&whole, "%s]}", ret) > 0);
    free(ret);
    return whole;
}

static void set_text(struct issuer *issuer, char **at, char *text)
{
    cairn_lock(&issuer->lock);
    free(*at);
    *at = text;
    cairn_unlock(&issuer->lock);
}

void issuer_publish(struct issuer *issuer, struct signer *const signers[])
{
    set_text(issuer, &issuer->keys, issuer_key_set(signers));
}

void issuer_configure(struct issuer *issuer, const char *json)
{
    set_text(issuer, &issuer->configuration, json ? strdup(json) : NULL);
}

void issuer_serve(struct issuer *issuer, const struct signer *signer, const char *roles,
                  long long lifetime_s)
{
    set_text(issuer, &issuer->roles, strdup(roles));
    cairn_lock(&issuer->lock);
    issuer->signer = signer;
    issuer->lifetime_s = lifetime_s;
    cairn_unlock(&issuer->lock);
}

char *issuer_token_as(const char *name, const struct signer *signer, const char *subject,
                      const char *roles)
{
    return make_token(name, signer, subject, roles, 300);
}

char *issuer_token_for(const struct issuer *issuer, const struct signer *signer,
                       const char *subject, const char *roles, int seconds)
{
    return make_token(issuer->url, signer, subject, roles, seconds);
}

char *issuer_token(const struct issuer *issuer, const struct signer *signer, const char *subject,
                   const char *roles)
{
    return issuer_token_as(issuer->url, signer, subject, roles);
}
