/* load_shop.c - clients of the shop: commands with and without Idempotency-Key and If-Match, reads
 * with and without Cairn-Position, a few hot streams that all clients contend for. */
#include "client.h"

#include "core/threads/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- commands ---- */

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
    const char *own = client_own_id(client, name, id);
    ask.body = cairn_print(&client->actor->arena, "{%s%s}", own, members);
    (void)client_command(client, &ask);
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
    client_choose_version(client, id, &ask);
    (void)client_command(client, &ask);
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
    client_read(client, SERVICE_QUERY, path, id);
}

static void read_row(struct client *client)
{
    static const char *const places[] = {"/users/", "/orders/", "/payments/"};
    int kind = dice(&client->actor->random, sizeof places / sizeof places[0]);
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

static const struct client_action actions[] = {
    {register_user, 6}, {change_email, 14}, {deactivate, 1},  {place_order, 20},
    {pay, 9},           {ship, 6},          {cancel, 6},      {request_payment, 5},
    {authorize, 5},     {decline, 2},       {capture, 4},     {refund, 3},
    {reuse_key, 1},     {read_row, 20},     {read_orders, 6}, {read_sales, 2},
    {NULL, 0},
};

void load_client(struct actor *actor)
{
    struct client client = {.actor = actor};
    for (int i = 0; i < SERVICES; i++)
        client.connections[i].socket = -1;
    client_play(&client, actions);
    for (int i = 0; i < SERVICES; i++)
        http_close(&client.connections[i]);
}
