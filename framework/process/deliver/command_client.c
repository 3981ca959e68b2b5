/* command_client.c - sends commands, and reads: one target per category, made at its first use. */
#include "process/deliver/command_client.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "identity/credentials/own_token.h"
#include "record/json.h"

#include <cairn/outbound.h>

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_US CAIRN_SECONDS(5)

/* Senders have threads of their own, CAIRN_PROCESS_CALLS for each category of a process manager and
 * .concurrency of a reactor, which limit the calls. One that finds no place waits for it: if it
 * failed, it would pause for longer with each attempt. */
enum { CALLS_AT_ONCE = 512 };

struct peer {
    struct cairn_target target;
    struct peer *next;
    char category[100];
    char url[600];
};

struct cairn_command_client {
    const struct cairn_service *const *services;
    const struct cairn_internal_key *key;
    struct cairn_own_token *credentials; /* NULL: calls have no token */
    char own[300];
    pthread_mutex_t lock; /* guards the list; peers are never moved */
    struct peer *peers;
};

/* ---- targets ---- */

void cairn_peer_variable(const char *category, char *ret, size_t size)
{
    (void)snprintf(ret, size, "CAIRN_%s_URL", category);
    for (char *at = ret; *at; at++)
        *at = (char)toupper((unsigned char)*at);
}

static bool is_ours(const struct cairn_service *const services[], const char *category)
{
    for (size_t i = 0; services[i]; i++) {
        const struct cairn_service *service = services[i];
        if (service->resources && strcmp(category, CAIRN_QUERY_PEER) == 0)
            return true;
        for (int k = 0; k < CAIRN_SERVICE_MAX && service->deciders[k]; k++) {
            if (strcmp(service->deciders[k]->category, category) == 0)
                return true;
        }
    }
    return false;
}

static const char *declared(const struct cairn_service *const services[], const char *category)
{
    for (size_t i = 0; services[i]; i++) {
        const struct cairn_service *service = services[i];
        for (int k = 0; k < CAIRN_SERVICE_MAX && service->peers[k].category; k++) {
            if (strcmp(service->peers[k].category, category) == 0)
                return service->peers[k].url;
        }
    }
    return NULL;
}

/* Returns NULL if none is known. `own` is the URL of this process. */
static const char *find_url(const struct cairn_service *const services[], const char *own,
                            const char *category)
{
    char variable[120];
    cairn_peer_variable(category, variable, sizeof variable);
    const char *told = getenv(variable);
    if (told && *told)
        return told;
    return is_ours(services, category) ? own : declared(services, category);
}

static int fail_no_url(const char *category, struct cairn_error *error)
{
    char variable[120];
    cairn_peer_variable(category, variable, sizeof variable);
    if (strcmp(category, CAIRN_QUERY_PEER) == 0)
        return cairn_fail(error, CAIRN_CONFIG,
                          "no URL is known for the query service: give a service of this program "
                          ".resources, name another program's in .peers (%s, its URL), or set %s",
                          category, variable);
    return cairn_fail(error, CAIRN_CONFIG,
                      "no URL is known for the service of %s: list &%s_decider in .deciders of a "
                      "service of this program, name another program's in .peers (%s, its URL), or "
                      "set %s",
                      category, category, category, variable);
}

int cairn_peer_check(const struct cairn_service *const services[], const char *category,
                     struct cairn_error *error)
{
    return find_url(services, "", category) ? 0 : fail_no_url(category, error);
}

int cairn_command_client_check(struct cairn_command_client *client, const char *category,
                               struct cairn_error *error)
{
    return cairn_peer_check(client->services, category, error);
}

static struct peer *make_peer(struct cairn_command_client *client, const char *category,
                              const char *url)
{
    struct peer *peer = cairn_allocate(sizeof *peer);
    (void)snprintf(peer->category, sizeof peer->category, "%s", category);
    (void)snprintf(peer->url, sizeof peer->url, "%s", url);
    peer->target = (struct cairn_target){
        .name = peer->category,
        .url = peer->url,
        .deadline_us = DEADLINE_US,
        .attempts = 1, /* the sender decides on retries */
        .concurrency = CALLS_AT_ONCE,
        .wait_us = DEADLINE_US,
        .breaker_open_us = CAIRN_SECONDS(1),
        .inside = true,
        .is_itself = strcmp(url, client->own) == 0,
    };
    peer->next = client->peers;
    client->peers = peer;
    return peer;
}

static int find_peer(struct cairn_command_client *client, const char *stream, struct peer **ret,
                     struct cairn_error *error)
{
    char category[100];
    int failed = 0;
    (void)snprintf(category, sizeof category, "%.*s", (int)strcspn(stream, "-"), stream);
    cairn_lock(&client->lock);
    struct peer *peer = client->peers;
    while (peer && strcmp(peer->category, category) != 0)
        peer = peer->next;
    const char *url = peer ? NULL : find_url(client->services, client->own, category);
    if (url)
        peer = make_peer(client, category, url);
    cairn_unlock(&client->lock);
    if (!peer)
        failed = fail_no_url(category, error);
    *ret = peer;
    return failed;
}

/* ---- responses ---- */

/* `missing` is "path" where the service has no such route. */
CAIRN_STRUCT(problem, TEXT(code), TEXT(detail, .optional = true), TEXT(missing, .optional = true));

/* What a rule, a claim or the state of a stream has decided, and a repetition would again. All else
 * is between the services: a token, a role, a size, a release that does not fit. */
bool cairn_is_final(int failed)
{
    switch (cairn_code_info(failed)->advice == CAIRN_FINAL ? -failed : CAIRN_OK) {
    case CAIRN_INVALID:
    case CAIRN_NOT_FOUND:
    case CAIRN_EXISTS:
    case CAIRN_PRECONDITION:
    case CAIRN_TIMELINE:
    case CAIRN_REFUSED:
    case CAIRN_CLAIMED:
        return true;
    default:
        return false;
    }
}

static enum cairn_code code_called(const char *name)
{
    for (int code = CAIRN_OK + 1; code <= CAIRN_CONFIG; code++) {
        if (strcmp(cairn_code_info(code)->name, name) == 0)
            return (enum cairn_code)code;
    }
    return CAIRN_OK;
}

static int fail_not_understood(const struct peer *peer,
                               const struct cairn_outbound_response *response,
                               struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_UNKNOWN,
                      "the service of %s answered %d, which is not understood", peer->category,
                      response->status);
}

/* A code of the table has the status of the table; another one is a refusal of the domain. */
static int fail_as(const struct peer *peer, const struct problem *problem,
                   const struct cairn_outbound_response *response, struct cairn_error *error)
{
    const char *detail = problem->detail ? problem->detail : "";
    enum cairn_code code = code_called(problem->code);
    if (problem->missing)
        return cairn_fail(error, CAIRN_UNKNOWN,
                          "the service of %s has no such path: is it another release, store or "
                          "service?",
                          peer->category);
    if (code != CAIRN_OK && cairn_code_info((int)code)->http_status == response->status)
        return cairn_fail(error, code, "%s", detail);
    if (response->status == 422)
        return cairn_refuse(error, problem->code, "%s", detail);
    return fail_not_understood(peer, response, error);
}

/* Trusts only the problem documents of Cairn services: a 404 of a proxy means nothing. */
static int read_problem(const struct peer *peer, const struct cairn_outbound_response *response,
                        struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_error unread = {0};
    struct problem problem = {0};
    bool read = strncmp(response->content_type, "application/problem+json", 24) == 0 &&
                cairn_record_decode(&problem_record, response->body, response->body_bytes,
                                    CAIRN_LENIENT, &arena, &problem, &unread) == 0;
    int failed = read ? fail_as(peer, &problem, response, error)
                      : fail_not_understood(peer, response, error);
    cairn_arena_close(&arena);
    return failed;
}

/* ---- requests ---- */

static void add_header(struct cairn_outbound_request *request, const char *name, const char *value)
{
    int count = 0;
    while (request->headers[count].name)
        count++;
    request->headers[count].name = name;
    request->headers[count].value = value;
}

/* Signs the command: its key is that of this store's services, whichever token they have. */
static void sign(const struct cairn_command_client *client, char ret[static CAIRN_SIGNATURE_SIZE],
                 struct cairn_outbound_request *request)
{
    cairn_internal_sign(client->key, request->path, request->idempotency_key, ret);
    add_header(request, CAIRN_INTERNAL_HEADER, ret);
}

/* Makes the call. What fails on this side is no answer: it is tried again. */
static int call_peer(struct peer *peer, const struct cairn_outbound_request *request,
                     struct cairn_outbound_response *ret, struct cairn_error *error)
{
    struct cairn_error lost = {0};
    int failed = cairn_outbound_call(&peer->target, request, ret, &lost);
    if (failed == -CAIRN_TOO_LARGE || failed == -CAIRN_INVALID)
        return cairn_error_pass_as(error, CAIRN_UNKNOWN, &lost);
    return failed ? cairn_error_pass(error, &lost) : 0;
}

/* Makes the call as this service, and classifies what comes back. */
static int exchange(struct cairn_command_client *client, struct peer *peer,
                    struct cairn_outbound_request *request, struct cairn_outbound_response *ret,
                    struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    const char *token = NULL;
    int failed = 0;
    if (client->credentials)
        failed = cairn_own_token_get(
            client->credentials,
            cairn_monotonic_us() + (request->deadline_us ? request->deadline_us : DEADLINE_US),
            &arena, &token, error);
    if (token)
        add_header(request, "Authorization", cairn_print(&arena, "Bearer %s", token));
    if (!failed)
        failed = call_peer(peer, request, ret, error);
    if (!failed && ret->status == 401 && token)
        cairn_own_token_refused(client->credentials, token);
    if (!failed && (ret->status < 200 || ret->status > 299))
        failed = read_problem(peer, ret, error);
    cairn_arena_close(&arena);
    return failed;
}

int cairn_command_client_send(struct cairn_command_client *client,
                              const struct cairn_command_request *request,
                              struct cairn_error *error)
{
    struct peer *peer = NULL;
    int failed = find_peer(client, request->to, &peer, error);
    if (failed)
        return failed;
    struct cairn_outbound_request outbound = {
        .method = request->method,
        .path = request->path,
        .content_type = "application/json",
        .body = request->body,
        .body_bytes = strlen(request->body),
        .idempotency_key = request->idempotency_key,
        .traceparent = request->traceparent,
        .deadline_us = request->deadline_us,
        .idempotent = true,
    };
    char signature[CAIRN_SIGNATURE_SIZE];
    struct cairn_outbound_response response = {0};
    if (request->correlation_id)
        add_header(&outbound, "Correlation-Id", request->correlation_id);
    sign(client, signature, &outbound);
    failed = exchange(client, peer, &outbound, &response, error);
    cairn_outbound_response_reset(&response);
    return failed;
}

int cairn_command_client_look(struct cairn_command_client *client, const char *path,
                              const char *position, const struct cairn_record *record,
                              struct cairn_arena *arena, void *ret, struct cairn_error *error)
{
    struct peer *peer = NULL;
    int failed = find_peer(client, CAIRN_QUERY_PEER, &peer, error);
    if (failed)
        return failed;
    struct cairn_outbound_request request = {
        .method = "GET",
        .path = path,
        .headers = {{position ? "Cairn-Position" : NULL, position},
                    {position ? "Prefer" : NULL, "wait=2"}},
        .idempotent = true,
    };
    struct cairn_outbound_response response = {0};
    failed = exchange(client, peer, &request, &response, error);
    if (!failed)
        failed = cairn_record_decode(record, response.body, response.body_bytes, CAIRN_LENIENT,
                                     arena, ret, error);
    if (failed == -CAIRN_NOT_FOUND)
        cairn_error_context(error, "%s of the service of %s, as far as this service may read", path,
                            peer->category);
    else if (failed)
        cairn_error_context(error, "%s of the service of %s", path, peer->category);
    cairn_outbound_response_reset(&response);
    return failed;
}

/* ---- life ---- */

struct cairn_command_client *cairn_command_client_open(const struct cairn_service *const services[],
                                                       const char *own,
                                                       const struct cairn_internal_key *key,
                                                       struct cairn_own_token *credentials)
{
    struct cairn_command_client *client = cairn_allocate(sizeof *client);
    client->services = services;
    client->key = key;
    client->credentials = credentials;
    (void)snprintf(client->own, sizeof client->own, "%s", own);
    cairn_lock_init(&client->lock);
    return client;
}

void cairn_command_client_close(struct cairn_command_client *client)
{
    if (!client)
        return;
    while (client->peers) {
        struct peer *peer = client->peers;
        client->peers = peer->next;
        cairn_target_close(&peer->target);
        free(peer);
    }
    cairn_lock_destroy(&client->lock);
    free(client);
}
