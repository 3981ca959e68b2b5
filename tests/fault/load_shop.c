/* load_shop.c - clients of the shop: commands with and without Idempotency-Key and If-Match, reads
 * with and without Cairn-Position, a few hot streams that all clients contend for. */
#include "client.h"

#include "core/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- commands ---- */

static bool is_to_be_repeated(int status, const struct http_reply *reply)
{
    return status == 0 || status == 503 ||
           (status == 409 && reply->body && strstr(reply->body, "\"code\":\"conflict\""));
}

/* Sends a command; one with a key is retried until its outcome is known, and now and then once
 * more. */
static int command(struct client *client, struct ask *ask)
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
        status = client_send(client, ask, &reply);
    }
    if (status && status < 300 && http_header(&reply, "ETag", client->etag, sizeof client->etag))
        (void)snprintf(client->etag_of, sizeof client->etag_of, "%.36s",
                       strchr(ask->path + 1, '/') ? strchr(ask->path + 1, '/') + 1 : "");
    http_reply_free(&reply);
    if (ask->key && dice(&actor->random, 10) == 0) {
        (void)client_send(client, ask, &reply);
        http_reply_free(&reply);
    }
    return status;
}

/* Returns the body's member with a new id that the client chooses. */
static const char *own_id(struct client *client, const char *name, char id[static 40])
{
    cairn_uuid_format(cairn_uuid_make(), id);
    return cairn_print(&client->actor->arena, "\"%s\":\"%s\",", name, id);
}

static const char *email(struct client *client)
{
    unsigned *random = &client->actor->random;
    if (dice(random, 4) == 0)
        return cairn_print(&client->actor->arena, "%s%d@example.com",
                           dice(random, 2) ? "popular" : "Popular", dice(random, 5));
    return cairn_print(&client->actor->arena, "u%lld@example.com",
                       (long long)++client->actor->stage->operations);
}

static void create(struct client *client, int service, int kind, const char *name,
                   const char *members)
{
    char id[40];
    struct ask ask = {.service = service,
                      .path = kind == USERS    ? "/users"
                              : kind == ORDERS ? "/orders"
                                               : "/payments"};
    const char *own = own_id(client, name, id);
    ask.body = cairn_print(&client->actor->arena, "{%s%s}", own, members);
    (void)command(client, &ask);
    world_remember(client->actor->stage, kind, id); /* also if the outcome is unknown */
}

static void register_user(struct client *client)
{
    create(client, SERVICE_USER, USERS, "user_id",
           cairn_print(&client->actor->arena, "\"email\":\"%s\",\"name\":\"N %s\"", email(client),
                       client->actor->name));
}

static void place_order(struct client *client)
{
    static const char *const currencies[] = {"EUR", "USD", "JPY"};
    unsigned *random = &client->actor->random;
    create(client, SERVICE_ORDER, ORDERS, "order_id",
           cairn_print(&client->actor->arena,
                       "\"user_id\":\"%s\",\"currency\":\"%s\",\"lines\":[{\"sku\":\"tea-%d\","
                       "\"quantity\":%d,\"unit_price\":%d},{\"sku\":\"cup\",\"quantity\":1,"
                       "\"unit_price\":%d}]",
                       world_pick(client->actor, USERS), currencies[dice(random, 3)],
                       dice(random, 100), 1 + dice(random, 9), dice(random, 5000),
                       dice(random, 900)));
}

static void request_payment(struct client *client)
{
    create(client, SERVICE_PAYMENT, PAYMENTS, "payment_id",
           cairn_print(&client->actor->arena,
                       "\"order_id\":\"%s\",\"amount\":%d,\"currency\":\"EUR\",\"card_token\":"
                       "\"tok_visa\"",
                       world_pick(client->actor, ORDERS), 1 + dice(&client->actor->random, 9999)));
}

/* Sends a command on an id that may or may not exist. */
static void change(struct client *client, int service, int kind, const char *pattern,
                   const char *body)
{
    struct ask ask = {.service = service, .body = body};
    const char *id = world_pick(client->actor, kind);
    ask.path = cairn_print(&client->actor->arena, "%s%s%s",
                           kind == USERS    ? "/users/"
                           : kind == ORDERS ? "/orders/"
                                            : "/payments/",
                           id, pattern);
    if (strcmp(pattern, "/email") == 0)
        ask.method = "PUT";
    bool known = strcmp(client->etag_of, id) == 0;
    if (known && dice(&client->actor->random, 2))
        ask.if_match = cairn_copy_text(&client->actor->arena, client->etag);
    else if (dice(&client->actor->random, 12) == 0)
        ask.if_match =
            cairn_print(&client->actor->arena, "\"%d\"", 1 + dice(&client->actor->random, 4));
    (void)command(client, &ask);
}

static const char *marked(struct client *client, const char *format)
{
    char *text = cairn_print(&client->actor->arena, "%s-%lld", client->actor->name,
                             (long long)client->actor->stage->operations);
    struct cairn_arena *arena = &client->actor->arena;
    if (strcmp(format, "reason") == 0)
        return cairn_print(arena, "{\"reason\":\"%s\"}", text);
    if (strcmp(format, "reference") == 0)
        return cairn_print(arena, "{\"reference\":\"%s\"}", text);
    return cairn_print(arena, "{\"carrier\":\"Post\",\"tracking\":\"%s\"}", text);
}

static void change_email(struct client *client)
{
    change(client, SERVICE_USER, USERS, "/email",
           cairn_print(&client->actor->arena, "{\"email\":\"%s\"}", email(client)));
}

static void deactivate(struct client *client)
{
    change(client, SERVICE_USER, USERS, "/deactivate", "{}");
}

static void pay(struct client *client)
{
    change(client, SERVICE_ORDER, ORDERS, "/pay",
           cairn_print(&client->actor->arena, "{\"payment_id\":\"%s\"}",
                       world_pick(client->actor, PAYMENTS)));
}

static void ship(struct client *client)
{
    change(client, SERVICE_ORDER, ORDERS, "/ship", marked(client, "ship"));
}

static void cancel(struct client *client)
{
    change(client, SERVICE_ORDER, ORDERS, "/cancel", marked(client, "reason"));
}

static void authorize(struct client *client)
{
    change(client, SERVICE_PAYMENT, PAYMENTS, "/authorize", marked(client, "reference"));
}

static void decline(struct client *client)
{
    change(client, SERVICE_PAYMENT, PAYMENTS, "/decline", marked(client, "reason"));
}

static void capture(struct client *client)
{
    change(client, SERVICE_PAYMENT, PAYMENTS, "/capture", "{}");
}

static void refund(struct client *client)
{
    change(client, SERVICE_PAYMENT, PAYMENTS, "/refund", marked(client, "reason"));
}

/* Sends different requests with one key: the first one to arrive gets it. */
static void reuse_key(struct client *client)
{
    struct http_reply reply = {0};
    char key[40];
    cairn_uuid_format(cairn_uuid_make(), key);
    for (int i = 0; i < 3; i++) {
        struct ask ask = {
            .service = SERVICE_USER,
            .method = "POST",
            .path = "/users",
            .key = key,
            .reused = i > 0,
            .body = cairn_print(&client->actor->arena,
                                "{\"email\":\"%s.%d@example.com\",\"name\":\"K\"}", key, i % 2),
        };
        (void)client_send(client, &ask, &reply);
        http_reply_free(&reply);
    }
}

/* ---- reads ---- */

static void read_path(struct client *client, const char *path, const char *id)
{
    struct http_reply reply = {0};
    struct ask ask = {.service = SERVICE_QUERY, .method = "GET", .path = path};
    if (client->token[0] && dice(&client->actor->random, 3))
        ask.token = cairn_copy_text(&client->actor->arena, client->token);
    int status = client_send(client, &ask, &reply);
    if (id && status == 200 && http_header(&reply, "ETag", client->etag, sizeof client->etag))
        (void)snprintf(client->etag_of, sizeof client->etag_of, "%.36s", id);
    http_reply_free(&reply);
}

static void read_row(struct client *client)
{
    static const char *const places[] = {"/users/", "/orders/", "/payments/"};
    int kind = dice(&client->actor->random, KINDS);
    const char *id = world_pick(client->actor, kind);
    read_path(client, cairn_print(&client->actor->arena, "%s%s", places[kind], id), id);
}

static void read_orders(struct client *client)
{
    static const char *const status[] = {"", "", "&status=placed", "&status=paid"};
    read_path(client,
              cairn_print(&client->actor->arena, "/users/%s/orders?limit=%d%s",
                          world_pick(client->actor, USERS), 1 + dice(&client->actor->random, 20),
                          status[dice(&client->actor->random, 4)]),
              NULL);
}

static void read_sales(struct client *client)
{
    read_path(client, "/reports/sales?from=2000-01-01&to=2200-12-31", NULL);
}

/* ---- one client ---- */

static const struct {
    void (*act)(struct client *client);
    int weight;
} actions[] = {
    {register_user, 6}, {change_email, 14}, {deactivate, 1},  {place_order, 20},
    {pay, 9},           {ship, 6},          {cancel, 6},      {request_payment, 5},
    {authorize, 5},     {decline, 2},       {capture, 4},     {refund, 3},
    {reuse_key, 1},     {read_row, 20},     {read_orders, 6}, {read_sales, 2},
};

static void act(struct client *client)
{
    int total = 0;
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        total += actions[i].weight;
    int chosen = dice(&client->actor->random, total);
    size_t i = 0;
    while (chosen >= actions[i].weight)
        chosen -= actions[i++].weight;
    actions[i].act(client);
}

/* Pauses between requests, except for 300 ms of every 1.8 s, when all clients go at full speed, so
 * that many requests coincide. */
static void rest(struct client *client)
{
    bool burst = history_now_us() / 300000 % 6 == 0;
    int pause_us = client->actor->stage->pause_us;
    if (!burst && pause_us > 0)
        rest_us(dice(&client->actor->random, pause_us));
}

void load_client(struct actor *actor)
{
    struct client client = {.actor = actor};
    for (int i = 0; i < SERVICES; i++)
        client.connections[i].socket = -1;
    while (!actor->stage->over) {
        cairn_arena_reset(&actor->arena);
        act(&client);
        rest(&client);
    }
    for (int i = 0; i < SERVICES; i++)
        http_close(&client.connections[i]);
}
