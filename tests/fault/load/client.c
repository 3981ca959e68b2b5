/* client.c - sends requests by HTTP, and writes them down as lines of the history. */
#include "client.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 8000, HOT = 3 };

static const char *const service_names[] = {"user",  "order",       "payment", "query", "hotel",
                                            "hotel", "hotel_query", "school",  "school"};

/* ---- sending and recording ---- */

static void put(json_t *line, const char *name, const char *text)
{
    if (text)
        (void)json_object_set_new(line, name, json_string(text));
}

static void put_header(json_t *line, const char *name, const struct http_reply *reply,
                       const char *header)
{
    char value[160];
    if (http_header(reply, header, value, sizeof value))
        put(line, name, value);
}

static void put_reply(json_t *line, const struct http_reply *reply)
{
    char value[16];
    put_header(line, "position", reply, "Cairn-Position");
    put_header(line, "etag", reply, "ETag");
    (void)json_object_set_new(
        line, "replayed",
        json_boolean(http_header(reply, "Idempotency-Replayed", value, sizeof value)));
    if (reply->status < 300) {
        put(line, "answer", reply->body);
        return;
    }
    json_t *problem = json_loads(reply->body, 0, NULL);
    put(line, "code", json_string_value(json_object_get(problem, "code")));
    json_decref(problem);
}

static json_t *line_of(const struct ask *ask, long long op, const char *trace, int64_t sent)
{
    json_t *line = json_pack("{ss sI ss ss ss ss sI}", "kind", "request", "op", (json_int_t)op,
                             "service", service_names[ask->service], "method", ask->method, "path",
                             ask->path, "trace", trace, "sent", (json_int_t)sent);
    put(line, "body", ask->body);
    put(line, "key", ask->key);
    put(line, "if_match", ask->if_match);
    put(line, "token", ask->token);
    if (ask->reused)
        (void)json_object_set_new(line, "reused", json_true());
    return line;
}

static const char *headers_of(struct client *client, const struct ask *ask, const char *trace)
{
    struct cairn_arena *arena = &client->actor->arena;
    return cairn_print(arena, "traceparent: 00-%s-00000000000000ff-01\r\n%s%s%s%s%s%s%s%s%s%s",
                       trace, ask->body ? "Content-Type: application/json\r\n" : "",
                       ask->key ? "Idempotency-Key: " : "", ask->key ? ask->key : "",
                       ask->key ? "\r\n" : "", ask->if_match ? "If-Match: " : "",
                       ask->if_match ? ask->if_match : "", ask->if_match ? "\r\n" : "",
                       ask->token ? "Prefer: wait=3\r\nCairn-Position: " : "",
                       ask->token ? ask->token : "", ask->token ? "\r\n" : "");
}

/* Sends on the client's connection, or at random on a new one. */
static int talk(struct client *client, const struct ask *ask, const char *headers,
                struct http_reply *reply)
{
    int port = client->actor->stage->ports[ask->service];
    size_t bytes = ask->body ? strlen(ask->body) : 0;
    struct http_connection *connection = &client->connections[ask->service];
    if (dice(&client->actor->random, 4) == 0)
        return http_send(port, ask->method, ask->path, headers, ask->body, bytes, reply,
                         TIMEOUT_MS);
    *reply = (struct http_reply){0};
    int failed = connection->socket < 0 ? http_open(connection, port, TIMEOUT_MS) : 0;
    if (!failed)
        failed = http_ask(connection, ask->method, ask->path, headers, ask->body, bytes, reply,
                          TIMEOUT_MS);
    return failed;
}

int client_send(struct client *client, struct ask *ask, struct http_reply *reply)
{
    char trace[40];
    char value[160];
    struct stage *stage = client->actor->stage;
    long long op = ++stage->operations;
    (void)snprintf(trace, sizeof trace, "%016x%016llx", stage->seed | 1U, op);
    const char *headers = headers_of(client, ask, trace);
    json_t *line = line_of(ask, op, trace, history_now_us());
    int failed = talk(client, ask, headers, reply);
    (void)json_object_set_new(line, "done", json_integer(history_now_us()));
    (void)json_object_set_new(line, "status", json_integer(failed ? 0 : reply->status));
    if (!failed) {
        put_reply(line, reply);
        if (reply->status < 300 && http_header(reply, "Cairn-Position", value, sizeof value))
            (void)snprintf(client->token, sizeof client->token, "%.95s", value);
    }
    history_add(stage->history, line);
    return failed ? 0 : reply->status;
}

/* ---- commands ---- */

static bool is_to_be_repeated(int status, const struct http_reply *reply)
{
    return status == 0 || status == 503 ||
           (status == 409 && reply->body && strstr(reply->body, "\"code\":\"conflict\""));
}

/* Returns another process of the same service, if it has two. */
static int twin_of(int service)
{
    return service == SERVICE_HOTEL      ? SERVICE_HOTEL_B
           : service == SERVICE_HOTEL_B  ? SERVICE_HOTEL
           : service == SERVICE_SCHOOL   ? SERVICE_SCHOOL_B
           : service == SERVICE_SCHOOL_B ? SERVICE_SCHOOL
                                         : service;
}

int client_command(struct client *client, struct ask *ask)
{
    struct actor *actor = client->actor;
    struct http_reply reply = {0};
    char key[40];
    ask->method = ask->method ? ask->method : "POST";
    if (dice(&actor->random, 2)) {
        cairn_uuid_format(cairn_uuid_make(), key);
        ask->key = key;
    }
    int status = client_send(client, ask, &reply);
    for (int tries = 0; ask->key && tries < 6 && is_to_be_repeated(status, &reply); tries++) {
        rest_us(30000 << tries);
        http_reply_free(&reply);
        ask->service = twin_of(ask->service);
        status = client_send(client, ask, &reply);
    }
    if (status && status < 300 && http_header(&reply, "ETag", client->etag, sizeof client->etag))
        (void)snprintf(client->etag_of, sizeof client->etag_of, "%.36s",
                       strchr(ask->path + 1, '/') ? strchr(ask->path + 1, '/') + 1 : "");
    http_reply_free(&reply);
    if (ask->key && dice(&actor->random, 10) == 0) {
        ask->service = twin_of(ask->service);
        (void)client_send(client, ask, &reply);
        http_reply_free(&reply);
    }
    return status;
}

const char *client_own_id(struct client *client, const char *name, char id[static 40])
{
    cairn_uuid_format(cairn_uuid_make(), id);
    return cairn_print(&client->actor->arena, "\"%s\":\"%s\",", name, id);
}

void client_choose_version(struct client *client, const char *id, struct ask *ask)
{
    bool known = strcmp(client->etag_of, id) == 0;
    if (known && dice(&client->actor->random, 2))
        ask->if_match = cairn_copy_text(&client->actor->arena, client->etag);
    else if (dice(&client->actor->random, 12) == 0)
        ask->if_match =
            cairn_print(&client->actor->arena, "\"%d\"", 1 + dice(&client->actor->random, 4));
}

void client_read(struct client *client, int service, const char *path, const char *id)
{
    struct http_reply reply = {0};
    struct ask ask = {.service = service, .method = "GET", .path = path};
    if (client->token[0] && dice(&client->actor->random, 3))
        ask.token = cairn_copy_text(&client->actor->arena, client->token);
    int status = client_send(client, &ask, &reply);
    if (id && status == 200 && http_header(&reply, "ETag", client->etag, sizeof client->etag))
        (void)snprintf(client->etag_of, sizeof client->etag_of, "%.36s", id);
    http_reply_free(&reply);
}

void client_rest(struct client *client)
{
    bool burst = history_now_us() / 300000 % 6 == 0;
    int pause_us = client->actor->stage->pause_us;
    if (!burst && pause_us > 0)
        rest_us(dice(&client->actor->random, pause_us));
}

void client_play(struct client *client, const struct client_action actions[])
{
    int total = 0;
    for (int i = 0; actions[i].act; i++)
        total += actions[i].weight;
    while (!client->actor->stage->over) {
        cairn_arena_reset(&client->actor->arena);
        int chosen = dice(&client->actor->random, total);
        int i = 0;
        while (chosen >= actions[i].weight)
            chosen -= actions[i++].weight;
        actions[i].act(client);
        client_rest(client);
    }
}

/* ---- known ids ---- */

void world_remember(struct stage *stage, int kind, const char *id)
{
    struct world *world = &stage->world;
    cairn_lock(&world->lock);
    (void)snprintf(world->ids[kind][world->counts[kind]++ % WORLD_MAX], 40, "%.36s", id);
    cairn_unlock(&world->lock);
}

const char *world_pick(struct actor *actor, int kind)
{
    struct world *world = &actor->stage->world;
    unsigned *random = &actor->random;
    char *id = cairn_new(&actor->arena, char, 40);
    int how = dice(random, 20);
    cairn_lock(&world->lock);
    size_t count = world->counts[kind] < WORLD_MAX ? world->counts[kind] : WORLD_MAX;
    if (count == 0 || how == 0) {
        cairn_uuid_format(cairn_uuid_make(), id);
    } else {
        int near = count < 40 ? (int)count : 40;
        size_t at = how < 5    ? (size_t)dice(random, count < HOT ? (int)count : HOT)
                    : how < 16 ? count - 1 - (size_t)dice(random, near)
                               : (size_t)dice(random, (int)count);
        (void)snprintf(id, 40, "%s", world->ids[kind][at]);
    }
    cairn_unlock(&world->lock);
    return id;
}
