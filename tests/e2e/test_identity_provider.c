/* test_identity_provider.c - the shop with a real identity provider, oidc-provider, as `make up`
 * starts it: people, services, keys that rotate under load, and a provider that is away. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include "core/threads/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct system_under_test shop;
static struct shell place;

static int set_up(void **state)
{
    (void)state;
    shop.authenticates = true;
    system_start(&shop);
    shell_open(&place, "identity");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    system_stop(&shop);
    return 0;
}

/* ---- tokens ---- */

/* Runs `command` in a shell that knows the system; $cairn is the command. */
static void in_shop(const char *command)
{
    char line[1200];
    (void)snprintf(line, sizeof line, ". '%s/env'; cairn=\"$build/bin/cairn\"; %s", shop.run_dir,
                   command);
    shell_expect(&place, line);
}

/* Asks the provider, as `cairn token` does. Returns the header for a request, which the caller
 * frees. */
static char *token_of(const char *name)
{
    char body[200];
    char *token = malloc(4096);
    char *ret = NULL;
    struct http_reply reply = {0};
    (void)snprintf(body, sizeof body,
                   "grant_type=urn:cairn:grant-type:persona&client_id=cairn-cli&username=%s", name);
    assert_int_equal(http_send(shop.identity, "POST", "/token",
                               "Content-Type: application/x-www-form-urlencoded\r\n", body,
                               strlen(body), &reply, 20000),
                     0);
    assert_int_equal(reply.status, 200);
    (void)reply_member(&reply, "access_token", token, 4096);
    assert_true(asprintf(&ret, "Authorization: Bearer %s\r\n", token) > 0);
    http_reply_free(&reply);
    free(token);
    return ret;
}

static int64_t sql(const char *text)
{
    return fixture_sql_int(shop.database_url, text);
}

static void expect_soon(const char *text, int64_t wanted)
{
    fixture_wait_sql(shop.database_url, text, wanted, 60000);
}

/* ---- tests ---- */

static void the_story_is_played_with_tokens_of_a_real_provider(void **state)
{
    (void)state;
    char command[600];
    (void)snprintf(command, sizeof command,
                   "cd \"$tree\" && CAIRN_BUILD=\"$build\" CAIRN_RUN_DIR='%s' deploy/native/demo",
                   shop.run_dir);
    shell_expect(&place, command);
    assert_int_equal(sql("select count(*) from cairn.events where type <> 'ProcessAdvanced'"
                         " and meta #>> '{actor,sub}' is null"),
                     0);
    assert_true(sql("select count(*) from cairn.events where type = 'OrderPaid'"
                    " and meta #>> '{actor,sub}' = 'order'") > 0);
    assert_true(sql("select count(*) from cairn.events where type = 'PaymentAuthorized'"
                    " and meta #>> '{actor,sub}' = 'payment'") > 0);
    assert_int_equal(sql("select count(*) from cairn.verify_processes()"), 0);
}

static void services_and_people_get_tokens_and_strangers_get_none(void **state)
{
    (void)state;
    in_shop("$cairn token ada | grep -qE '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$'");
    char command[900];
    (void)snprintf(command, sizeof command,
                   "export CAIRN_AUTH_CLIENT_ID=order; export CAIRN_AUTH_CLIENT_SECRET_FILE="
                   "'%s/identity/secrets/order'; $cairn token | grep -q . && unset "
                   "CAIRN_AUTH_CLIENT_SECRET_FILE && CAIRN_AUTH_CLIENT_SECRET=guessed $cairn token "
                   "2>said; test $? = 1 && grep -q 'gives the client order no token: "
                   "invalid_client' said",
                   shop.run_dir);
    in_shop(command);
    in_shop("$cairn token 'no name' 2>said; test $? = 1 && grep -q invalid_grant said");
    (void)snprintf(command, sizeof command, "test \"$(stat -c %%a '%s/identity/keys.json')\" = 600",
                   shop.run_dir);
    in_shop(command);
}

/* ---- rotation ---- */

enum { CALLERS = 4 };

struct load {
    _Atomic bool ends;
    _Atomic int answered, failed;
    _Atomic int last_status;
    char name[60];
    const char *user;
};

/* A caller gets a new token for each second request, so that those of all keys are used at once. */
static void *call_on(void *context)
{
    struct load *load = context;
    char path[100];
    char *token = token_of(load->name);
    (void)snprintf(path, sizeof path, "/users/%s", load->user);
    for (int i = 1; !atomic_load(&load->ends); i++) {
        struct http_reply reply = {0};
        if (i % 2 == 0) {
            free(token);
            token = token_of(load->name);
        }
        int failed = http_send(shop.query, "GET", path, token, NULL, 0, &reply, 30000);
        if (!failed && reply.status == 200) {
            atomic_fetch_add(&load->answered, 1);
        } else {
            atomic_fetch_add(&load->failed, 1);
            atomic_store(&load->last_status, failed ? -1 : reply.status);
        }
        http_reply_free(&reply);
    }
    free(token);
    return NULL;
}

static int answered_now(const struct load *load)
{
    return atomic_load(&load->answered);
}

struct rotation {
    struct load *load;
    char kid[100]; /* of the key that signed before */
    int answered;
};

static void first_kid(char ret[static 100])
{
    struct http_reply reply = {0};
    assert_int_equal(http_send(shop.identity, "GET", "/jwks", NULL, NULL, 0, &reply, 20000), 0);
    (void)reply_member(&reply, "kid", ret, 100);
    http_reply_free(&reply);
}

static bool has_rotated(void *context)
{
    const struct rotation *rotation = context;
    char kid[100];
    first_kid(kid);
    return strcmp(kid, rotation->kid) != 0;
}

/* So many requests were answered since the rotation that each caller has used a new token twice. */
static bool goes_on(void *context)
{
    const struct rotation *rotation = context;
    return answered_now(rotation->load) >= rotation->answered + 8 * CALLERS;
}

/* Registers a person, and waits until the row is there. */
static void register_user(const char *name, char user[static 60])
{
    char body[200];
    char position[300];
    char path[100];
    char *headers = NULL;
    struct http_reply reply = {0};
    char *token = token_of(name);
    (void)snprintf(body, sizeof body, "{\"email\":\"%s@example.com\",\"name\":\"Ada\"}", name);
    ask_for(201, shop.user, "POST", "/users", token, body, &reply);
    (void)reply_id(&reply, user, 60);
    (void)snprintf(path, sizeof path, "/users/%s", user);
    assert_true(
        asprintf(&headers, "%s%s", token, reply_position(&reply, position, sizeof position)) > 0);
    ask_for(200, shop.query, "GET", path, headers, NULL, &reply);
    http_reply_free(&reply);
    free(headers);
    free(token);
}

static void keys_rotate_at_the_provider_under_load_without_a_failed_request(void **state)
{
    (void)state;
    char user[60];
    pthread_t callers[CALLERS];
    struct load load = {.user = user};
    (void)snprintf(load.name, sizeof load.name, "ada.rotates");
    register_user(load.name, user);
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&callers[i], NULL, call_on, &load), 0);
    for (int i = 0; i < 3; i++) {
        struct rotation rotation = {.load = &load};
        first_kid(rotation.kid);
        system_kill(&shop, "identity", SIGHUP);
        fixture_wait(has_rotated, &rotation, 20000, "the keys to be rotated");
        rotation.answered = answered_now(&load);
        fixture_wait(goes_on, &rotation, 60000, "requests with tokens of the new key");
    }
    atomic_store(&load.ends, true);
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_join(callers[i], NULL), 0);
    if (atomic_load(&load.failed) > 0)
        fail_msg("%d of %d requests failed, the last with %d", atomic_load(&load.failed),
                 atomic_load(&load.answered), atomic_load(&load.last_status));
}

/* ---- away ---- */

static bool has_left(void *context)
{
    struct http_reply reply = {0};
    (void)context;
    bool answers = http_send(shop.identity, "GET", "/jwks", NULL, NULL, 0, &reply, 1000) == 0;
    http_reply_free(&reply);
    return !answers;
}

/* Orders are paid by the services' own tokens. */
static void place_and_await(const char *token, const char *user)
{
    char body[400];
    char text[200];
    char order[60];
    struct http_reply reply = {0};
    (void)snprintf(body, sizeof body,
                   "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"card_token\":\"tok_visa\","
                   "\"lines\":[{\"sku\":\"tea-100\",\"quantity\":2,\"unit_price\":450}]}",
                   user);
    ask_for(201, shop.order, "POST", "/orders", token, body, &reply);
    (void)reply_id(&reply, order, sizeof order);
    http_reply_free(&reply);
    (void)snprintf(text, sizeof text,
                   "select count(*) from cairn.events where stream = 'order-%s' and type = "
                   "'OrderPaid'",
                   order);
    expect_soon(text, 1);
}

static void a_provider_that_is_away_for_a_while_stops_no_caller_with_a_token(void **state)
{
    (void)state;
    char user[60];
    char path[100];
    struct http_reply reply = {0};
    register_user("ada.waits", user);
    (void)snprintf(path, sizeof path, "/users/%s", user);
    char *token = token_of("ada.waits");
    place_and_await(token, user);
    system_kill(&shop, "identity", SIGTERM);
    fixture_wait(has_left, NULL, 20000, "the provider to be away");
    for (int i = 0; i < 3; i++)
        place_and_await(token, user);
    ask_for(200, shop.query, "GET", path, token, NULL, &reply);
    ask_for(401, shop.query, "GET", path, NULL, NULL, &reply);
    in_shop("$cairn token ada 2>said; test $? = 69");
    system_heal(&shop);
    char *later = token_of("ada.waits");
    place_and_await(later, user);
    place_and_await(token, user); /* its keys are kept */
    http_reply_free(&reply);
    free(token);
    free(later);
}

/* ---- keys of a process ---- */

static void order_with_key(const char *token, const char *user, const char *order, const char *key)
{
    char body[400];
    char headers[5000];
    struct http_reply reply = {0};
    (void)snprintf(headers, sizeof headers, "%sIdempotency-Key: %s\r\n", token, key);
    (void)snprintf(body, sizeof body,
                   "{%s%s%s\"user_id\":\"%s\",\"currency\":\"EUR\",\"card_token\":\"tok_visa\","
                   "\"lines\":[{\"sku\":\"cup-1\",\"quantity\":1,\"unit_price\":1200}]}",
                   order ? "\"order_id\":\"" : "", order ? order : "", order ? "\"," : "", user);
    ask_for(201, shop.order, "POST", "/orders", headers, body, &reply);
    http_reply_free(&reply);
}

/* Sends the keys that fulfilment's commands for the order could have, before it sends them. */
static void a_key_of_a_process_from_outside_turns_no_payment_into_a_refund(void **state)
{
    (void)state;
    static const char order[] = "0199aaaa-0000-7000-8000-00000000beef";
    char user[60];
    char key[100];
    register_user("bob.guesses", user);
    char *token = token_of("bob.guesses");
    for (int version = 1; version <= 4; version++) {
        (void)snprintf(key, sizeof key, "fulfilment-%s/%d/0", order, version);
        order_with_key(token, user, NULL, key);
    }
    order_with_key(token, user, order, "\"the-order\"");
    expect_soon("select count(*) from cairn.events where stream ="
                " 'order-0199aaaa-0000-7000-8000-00000000beef' and type = 'OrderPaid'",
                1);
    expect_soon("select count(*) from cairn.outgoing", 0);
    assert_int_equal(sql("select count(*) from cairn.events where type = 'PaymentRefunded' and"
                         " data ->> 'order_id' = '0199aaaa-0000-7000-8000-00000000beef'"),
                     0);
    assert_int_equal(sql("select count(*) from cairn.events where stream ="
                         " 'fulfilment-0199aaaa-0000-7000-8000-00000000beef' and"
                         " data #>> '{input,kind}' = 'refusal'"),
                     0);
    free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_story_is_played_with_tokens_of_a_real_provider),
        cmocka_unit_test(services_and_people_get_tokens_and_strangers_get_none),
        cmocka_unit_test(a_key_of_a_process_from_outside_turns_no_payment_into_a_refund),
        cmocka_unit_test(keys_rotate_at_the_provider_under_load_without_a_failed_request),
        cmocka_unit_test(a_provider_that_is_away_for_a_while_stops_no_caller_with_a_token),
    };
    return cmocka_run_group_tests_name("identity provider", tests, set_up, tear_down);
}
