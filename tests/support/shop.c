/* shop.c - runs the services of a shop as children of a test. */
#include "shop.h"

#include "fixture.h"
#include "http_client.h"
#include "support.h"
#include "system.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {"user", "order", "payment", "acquirer"};

/* ---- processes ---- */

static enum shop_part process_of(const struct shop *shop, enum shop_part part)
{
    return shop->monolith && part != SHOP_ACQUIRER ? SHOP_USER : part;
}

static void set(char ret[static 600], const char *name, const char *value)
{
    (void)snprintf(ret, 600, "%s=%s", name, value);
}

static void start_process(struct shop *shop, enum shop_part part)
{
    char binary[512], log[600], number[32];
    char env[8][600];
    const char *const name = shop->monolith && part != SHOP_ACQUIRER ? "monolith" : names[part];
    const char *const argv[] = {binary, NULL};
    const char *list[] = {env[0], env[1], env[2], env[3], env[4], env[5], env[6], env[7], NULL};
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-%s", getenv("CAIRN_TEST_BUILD"), name);
    (void)snprintf(log, sizeof log, "%s.%s.%d.log", shop->ledger, name, shop->starts++);
    set(env[0], "DATABASE_URL", shop->url);
    (void)snprintf(number, sizeof number, "%d", shop->port[part]);
    set(env[1], "PORT", number);
    for (int i = 0; i < SHOP_PARTS; i++) {
        char variable[32];
        char url[64];
        (void)snprintf(variable, sizeof variable, "CAIRN_%s_URL",
                       (const char *[]){"USER", "ORDER", "PAYMENT", "ACQUIRER"}[i]);
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", shop->port[i]);
        set(env[2 + i], variable, url);
    }
    set(env[6], "CAIRN_ACQUIRER_LEDGER", shop->ledger);
    set(env[7], "REDIS_URL", shop->redis_url);
    assert_int_equal(child_start(&shop->child[part], argv, list, log), 0);
}

void shop_restart(struct shop *shop, enum shop_part part)
{
    enum shop_part process = process_of(shop, part);
    if (!child_lives(&shop->child[process]))
        start_process(shop, process);
}

void shop_kill(struct shop *shop, enum shop_part part)
{
    child_kill(&shop->child[process_of(shop, part)], SIGKILL);
}

void shop_wait_ready(struct shop *shop, enum shop_part part)
{
    fixture_wait_http(shop->port[part], "/readyz", SHOP_PATIENCE_MS);
}

void shop_start(struct shop *shop, bool monolith)
{
    static int number;
    *shop = (struct shop){.monolith = monolith, .redis_url = fixture_redis()};
    fixture_database(shop->url, sizeof shop->url);
    (void)snprintf(shop->ledger, sizeof shop->ledger, "%s/shop-%d-%d", getenv("CAIRN_TEST_SERVERS"),
                   (int)getpid(), ++number);
    int port = fixture_free_port();
    for (int i = 0; i < SHOP_PARTS; i++)
        shop->port[i] = monolith && i != SHOP_ACQUIRER ? port : fixture_free_port();
    for (int i = 0; i < SHOP_PARTS; i++)
        shop_restart(shop, (enum shop_part)i);
    for (int i = 0; i < SHOP_PARTS; i++)
        shop_wait_ready(shop, (enum shop_part)i);
}

void shop_stop(struct shop *shop)
{
    for (int i = 0; i < SHOP_PARTS; i++) {
        if (child_lives(&shop->child[i]))
            assert_int_equal(child_stop(&shop->child[i], 30000), 0);
    }
    fixture_drop(shop->url);
}

/* ---- customer actions ---- */

void shop_register(struct shop *shop, char ret_id[static SHOP_ID_SIZE])
{
    static int number;
    struct http_reply reply = {0};
    char body[200];
    (void)snprintf(body, sizeof body, "{\"email\":\"buyer%d@example.com\",\"name\":\"Buyer\"}",
                   ++number);
    ask_for(201, shop->port[SHOP_USER], "POST", "/users", NULL, body, &reply);
    (void)reply_id(&reply, ret_id, SHOP_ID_SIZE);
    http_reply_free(&reply);
}

static void order_body(const char *user, const char *card, char ret[static 400])
{
    char token[120] = "";
    if (card)
        (void)snprintf(token, sizeof token, ",\"card_token\":\"%s\"", card);
    (void)snprintf(ret, 400,
                   "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"lines\":[{\"sku\":\"tea-100\","
                   "\"quantity\":2,\"unit_price\":450}]%s}",
                   user, token);
}

void shop_place(struct shop *shop, const char *user, const char *card,
                char ret_id[static SHOP_ID_SIZE])
{
    struct http_reply reply = {0};
    char body[400];
    order_body(user, card, body);
    ask_for(201, shop->port[SHOP_ORDER], "POST", "/orders", NULL, body, &reply);
    (void)reply_id(&reply, ret_id, SHOP_ID_SIZE);
    http_reply_free(&reply);
}

int shop_try_place(struct shop *shop, const char *user, const char *card, const char *key,
                   char ret_id[static SHOP_ID_SIZE])
{
    struct http_reply reply = {0};
    char body[400];
    char headers[300];
    order_body(user, card, body);
    (void)snprintf(headers, sizeof headers,
                   "Content-Type: application/json\r\nIdempotency-Key: %s\r\n", key);
    int failed = http_send(shop->port[SHOP_ORDER], "POST", "/orders", headers, body, strlen(body),
                           &reply, 10000);
    int status = failed ? failed : reply.status;
    if (status == 201)
        (void)reply_id(&reply, ret_id, SHOP_ID_SIZE);
    http_reply_free(&reply);
    return status;
}

void shop_do(struct shop *shop, int status, const char *order, const char *verb, const char *body)
{
    struct http_reply reply = {0};
    char path[200];
    (void)snprintf(path, sizeof path, "/orders/%s/%s", order, verb);
    ask_for(status, shop->port[SHOP_ORDER], "POST", path, NULL, body, &reply);
    http_reply_free(&reply);
}

/* ---- events ---- */

int64_t shop_count(struct shop *shop, const char *category, const char *id, const char *type)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from cairn.events where stream = '%s-%s' and type = '%s'",
                   category, id, type);
    return fixture_sql_int(shop->url, sql);
}

struct wanted {
    struct shop *shop;
    const char *category, *id, *type;
};

static bool has_happened(void *context)
{
    const struct wanted *wanted = context;
    return shop_count(wanted->shop, wanted->category, wanted->id, wanted->type) > 0;
}

void shop_wait_event(struct shop *shop, const char *category, const char *id, const char *type)
{
    struct wanted wanted = {shop, category, id, type};
    fixture_wait(has_happened, &wanted, SHOP_PATIENCE_MS, type);
}

static bool is_requested(void *context)
{
    const struct wanted *wanted = context;
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from cairn.events where type = 'PaymentRequested'"
                   " and data ->> 'order_id' = '%s'",
                   wanted->id);
    return fixture_sql_int(wanted->shop->url, sql) > 0;
}

void shop_payment_of(struct shop *shop, const char *order, char ret_id[static SHOP_ID_SIZE])
{
    struct wanted wanted = {.shop = shop, .id = order};
    char sql[300];
    fixture_wait(is_requested, &wanted, SHOP_PATIENCE_MS, "a payment to be requested");
    (void)snprintf(sql, sizeof sql,
                   "select substr(stream, 9) from cairn.events where type = 'PaymentRequested'"
                   " and data ->> 'order_id' = '%s'",
                   order);
    fixture_sql_text(shop->url, sql, ret_id, SHOP_ID_SIZE);
}

static bool is_quiet(void *context)
{
    const struct shop *shop = context;
    return fixture_sql_int(shop->url, "select (select count(*) from cairn.outgoing)"
                                      " + (select count(*) from cairn.followers"
                                      "    where position < cairn.head())") == 0;
}

void shop_wait_quiet(struct shop *shop)
{
    fixture_wait(is_quiet, shop, SHOP_PATIENCE_MS, "all that was sent to be delivered");
}

/* ---- the acquirer ---- */

void shop_acquirer(struct shop *shop, const char *mode)
{
    struct http_reply reply = {0};
    assert_int_equal(http_send(shop->port[SHOP_ACQUIRER], "POST", "/admin/mode",
                               "Content-Type: application/x-www-form-urlencoded\r\n", mode,
                               strlen(mode), &reply, SHOP_PATIENCE_MS),
                     0);
    assert_int_equal(reply.status, 200);
    http_reply_free(&reply);
}

char *shop_ledger(struct shop *shop)
{
    char *all = calloc(1, 1);
    char path[64] = "/ledger";
    for (bool more = true; more;) {
        struct http_reply reply = {0};
        ask_for(200, shop->port[SHOP_ACQUIRER], "GET", path, NULL, NULL, &reply);
        all = realloc(all, strlen(all) + reply.body_bytes + 1);
        assert_non_null(all);
        strcat(all, reply.body);
        const char *next = strstr(reply.body, "],\"next\":");
        assert_non_null(next);
        more = next[9] != 'n';
        (void)snprintf(path, sizeof path, "/ledger?after=%s", next + 9);
        path[strcspn(path, "}")] = '\0';
        http_reply_free(&reply);
    }
    return all;
}

int shop_charges(struct shop *shop, const char *function, const char *payment)
{
    char wanted[200];
    char *ledger = shop_ledger(shop);
    int count = 0;
    (void)snprintf(wanted, sizeof wanted,
                   "\"function\":\"%s\",\"result\":\"00\",\"reference\":\"P-%s\"", function,
                   payment);
    for (const char *at = ledger; (at = strstr(at, wanted)); at += strlen(wanted))
        count++;
    free(ledger);
    return count;
}
