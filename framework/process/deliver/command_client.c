/* command_client.c - sends commands, and reads: one target per category, made at its first use. */
#include "process/deliver/command_client.h"

#include "core/threads/lock.h"
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

CAIRN_STRUCT(problem, TEXT(code), TEXT(detail, .optional = true));

bool cairn_is_final(int failed)
{
    switch (-failed) {
    case CAIRN_MALFORMED:
    case CAIRN_METHOD:
    case CAIRN_MEDIA_TYPE:
    case CAIRN_MISDIRECTED:
    case CAIRN_HEADERS_TOO_LARGE:
    case CAIRN_KEY_REUSED:
        return false;
    default:
        return cairn_code_info(failed)->advice == CAIRN_FINAL;
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
    const char *detail = problem.detail ? problem.detail : "";
    enum cairn_code code = read ? code_called(problem.code) : CAIRN_OK;
    int failed;
    if (read && code == CAIRN_OK && response->status == 422)
        failed = cairn_refuse(error, problem.code, "%s", detail);
    else if (code != CAIRN_OK)
        failed = cairn_fail(error, code, "%s", detail);
    else
        failed = cairn_fail(error, CAIRN_UNKNOWN,
                            "the service of %s answered %d, which is not understood",
                            peer->category, response->status);
    cairn_arena_close(&arena);
    return failed;
}

static void add_headers(const struct cairn_command_client *client,
                        const struct cairn_command_request *request,
                        char signature[static CAIRN_SIGNATURE_SIZE],
                        struct cairn_outbound_request *ret)
{
    int count = 0;
    if (request->correlation_id) {
        ret->headers[count].name = "Correlation-Id";
        ret->headers[count++].value = request->correlation_id;
    }
    if (strncmp(request->path, CAIRN_INTERNAL_PATH, strlen(CAIRN_INTERNAL_PATH)) == 0) {
        cairn_internal_sign(client->key, request->path, request->idempotency_key, signature);
        ret->headers[count].name = CAIRN_INTERNAL_HEADER;
        ret->headers[count++].value = signature;
    }
}

/* Makes the call, and classifies what comes back. */
static int exchange(struct peer *peer, const struct cairn_outbound_request *request,
                    struct cairn_outbound_response *ret, struct cairn_error *error)
{
    struct cairn_error lost = {0};
    int failed = cairn_outbound_call(&peer->target, request, ret, &lost);
    if (failed == -CAIRN_TOO_LARGE) /* the response: its content is unknown */
        return cairn_error_pass_as(error, CAIRN_UNKNOWN, &lost);
    if (failed)
        return cairn_error_pass(error, &lost);
    if (ret->status < 200 || ret->status > 299)
        return read_problem(peer, ret, error);
    return 0;
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
    add_headers(client, request, signature, &outbound);
    struct cairn_outbound_response response = {0};
    failed = exchange(peer, &outbound, &response, error);
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
    const struct cairn_outbound_request request = {
        .method = "GET",
        .path = path,
        .headers = {{position ? "Cairn-Position" : NULL, position},
                    {position ? "Prefer" : NULL, "wait=2"}},
        .idempotent = true,
    };
    struct cairn_outbound_response response = {0};
    failed = exchange(peer, &request, &response, error);
    if (!failed)
        failed = cairn_record_decode(record, response.body, response.body_bytes, CAIRN_LENIENT,
                                     arena, ret, error);
    if (failed)
        cairn_error_context(error, "%s of the service of %s", path, peer->category);
    cairn_outbound_response_reset(&response);
    return failed;
}

/* ---- life ---- */

struct cairn_command_client *cairn_command_client_open(const struct cairn_service *const services[],
                                                       const char *own,
                                                       const struct cairn_internal_key *key)
{
    struct cairn_command_client *client = cairn_allocate(sizeof *client);
    client->services = services;
    client->key = key;
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
