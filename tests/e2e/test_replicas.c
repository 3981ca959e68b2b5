/* test_replicas.c - two order services on one log, each with its own cached states: a stale one
 * never leads to a wrong answer. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/service.h"
#include "../support/support.h"
#include "../support/system.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { USER, ORDER, OTHER_ORDER, PROCESSES, ROUNDS = 12, CLIENTS = 8, COMMANDS = 40 };

static char url[512];
static struct child children[PROCESSES];
static int ports[PROCESSES];
static struct http_reply reply;

static void start_service(int i, const char *name)
{
    /* There is no payment service here. The default URL could be that of a running `make demo`. */
    static const char *const env[] = {"CAIRN_PAYMENT_URL=http://127.0.0.1:1", NULL};
    ports[i] = fixture_free_port();
    service_launch(&children[i], name, url, ports[i], env);
}

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    start_service(USER, "user");
    start_service(ORDER, "order");
    start_service(OTHER_ORDER, "order");
    for (int i = 0; i < PROCESSES; i++)
        fixture_wait_http(ports[i], "/readyz", 20000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_reply_free(&reply);
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(child_stop(&children[i], 15000), 0);
    fixture_drop(url);
    return 0;
}

/* ---- requests ---- */

#define ID 40

static void make_user(char id[ID])
{
    static int number;
    char body[120];
    (void)snprintf(body, sizeof body, "{\"email\":\"c%d@example.com\",\"name\":\"C\"}", number++);
    ask_for(201, ports[USER], "POST", "/users", NULL, body, &reply);
    (void)reply_id(&reply, id, ID);
}

static void deactivate(const char *user)
{
    char path[100];
    (void)snprintf(path, sizeof path, "/users/%s/deactivate", user);
    ask_for(200, ports[USER], "POST", path, NULL, "{}", &reply);
}

static void order_body(const char *user, char body[300])
{
    (void)snprintf(body, 300,
                   "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"lines\":[{\"sku\":\"tea\","
                   "\"quantity\":1,\"unit_price\":450}]}",
                   user);
}

static void place(int status, int port, const char *user, char id[ID])
{
    char body[300];
    order_body(user, body);
    ask_for(status, port, "POST", "/orders", NULL, body, &reply);
    if (id)
        (void)reply_id(&reply, id, ID);
}

static void command(int status, int port, const char *order, const char *verb, const char *body)
{
    char path[120];
    (void)snprintf(path, sizeof path, "/orders/%s/%s", order, verb);
    ask_for(status, port, "POST", path, NULL, body, &reply);
}

static const char pay[] = "{\"payment_id\":\"01890000-0000-7000-8000-00000000000a\"}";
static const char ship[] = "{\"carrier\":\"DHL\",\"tracking\":\"1\"}";

/* ---- facts ---- */

static void a_stale_cached_user_is_read_again(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char user[ID];
        make_user(user);
        place(201, ports[ORDER], user, NULL); /* the fact is cached now */
        place(201, ports[OTHER_ORDER], user, NULL);
        deactivate(user);
        place(422, ports[ORDER], user, NULL);
        place(422, ports[OTHER_ORDER], user, NULL);
        assert_non_null(strstr(reply.body, "user"));
    }
}

static void a_user_registered_after_a_refusal_may_order(void **state)
{
    (void)state;
    char body[300];
    for (int round = 0; round < ROUNDS; round++) {
        char user[ID];
        (void)snprintf(user, sizeof user, "01890000-0000-7000-8000-%012d", 1000 + round);
        place(422, ports[ORDER], user, NULL);
        (void)snprintf(body, sizeof body,
                       "{\"user_id\":\"%s\",\"email\":\"late%d@example.com\",\"name\":\"L\"}", user,
                       round);
        ask_for(201, ports[USER], "POST", "/users", NULL, body, &reply);
        place(201, ports[ORDER], user, NULL);
    }
}

struct shot {
    pthread_t thread;
    pthread_barrier_t *barrier;
    int port;
    const char *method;
    char path[120];
    char body[300];
    struct http_reply reply;
};

static void *fire(void *context)
{
    struct shot *shot = context;
    (void)pthread_barrier_wait(shot->barrier);
    if (http_send(shot->port, shot->method, shot->path, "Content-Type: application/json\r\n",
                  shot->body, strlen(shot->body), &shot->reply, 20000) < 0)
        shot->reply.status = -1;
    return NULL;
}

static void fire_all(struct shot *shots, unsigned count)
{
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, count), 0);
    for (unsigned i = 0; i < count; i++) {
        shots[i].barrier = &barrier;
        assert_int_equal(pthread_create(&shots[i].thread, NULL, fire, &shots[i]), 0);
    }
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(pthread_join(shots[i].thread, NULL), 0);
    (void)pthread_barrier_destroy(&barrier);
}

/* Whatever the timing, no order of a user comes after the user's deactivation. */
static void no_order_follows_a_deactivation_in_any_interleaving(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char user[ID];
        make_user(user);
        place(201, ports[ORDER], user, NULL);
        place(201, ports[OTHER_ORDER], user, NULL);
        struct shot shots[3] = {
            {.port = ports[USER], .method = "POST", .body = "{}"},
            {.port = ports[ORDER], .method = "POST", .path = "/orders"},
            {.port = ports[OTHER_ORDER], .method = "POST", .path = "/orders"},
        };
        (void)snprintf(shots[0].path, sizeof shots[0].path, "/users/%s/deactivate", user);
        order_body(user, shots[1].body);
        order_body(user, shots[2].body);
        fire_all(shots, 3);
        assert_int_equal(shots[0].reply.status, 200);
        for (int i = 1; i < 3; i++) {
            if (shots[i].reply.status != 201)
                assert_int_equal(shots[i].reply.status, 422);
        }
        for (int i = 0; i < 3; i++)
            http_reply_free(&shots[i].reply);
    }
    assert_int_equal(
        fixture_sql_int(url, "select count(*) from cairn.events o join cairn.events u on u.stream ="
                             " 'user-' || (o.data::jsonb ->> 'user_id') and u.type ="
                             " 'UserDeactivated' where o.type = 'OrderPlaced' and o.position >"
                             " u.position"),
        0);
}

/* ---- states ---- */

static void what_another_process_did_is_seen(void **state)
{
    (void)state;
    char user[ID];
    make_user(user);
    for (int round = 0; round < ROUNDS; round++) {
        char order[ID];
        place(201, ports[ORDER], user, order);
        command(422, ports[ORDER], order, "ship", ship); /* not paid in its cached state */
        command(422, ports[OTHER_ORDER], order, "ship", ship);
        command(200, ports[OTHER_ORDER], order, "pay", pay);
        command(200, ports[ORDER], order, "ship", ship); /* which is no reason to refuse */
        command(422, ports[OTHER_ORDER], order, "cancel", "{\"reason\":\"late\"}");
        command(404, ports[ORDER], user, "ship", ship);
    }
}

/* ---- one hot stream ---- */

struct client {
    pthread_t thread;
    int port;
    const char *user;
    int number;
    int done;
    int conflicts;
};

static void *change_address(void *context)
{
    struct client *client = context;
    char path[100];
    char body[120];
    struct http_reply answer = {0};
    (void)snprintf(path, sizeof path, "/users/%s/email", client->user);
    for (int i = 0; i < COMMANDS; i++) {
        (void)snprintf(body, sizeof body, "{\"email\":\"hot-%.8s-%d-%d@example.com\"}",
                       client->user + 28, client->number, i);
        int failed = http_send(client->port, "PUT", path, "Content-Type: application/json\r\n",
                               body, strlen(body), &answer, 20000);
        client->done += !failed && answer.status == 200;
        client->conflicts += !failed && answer.status == 409;
        http_reply_free(&answer);
    }
    return NULL;
}

static void heat(const int *of, int count, const char *user, int *ret_done, int *ret_conflicts)
{
    struct client clients[CLIENTS] = {0};
    *ret_done = *ret_conflicts = 0;
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.port = of[i % count], .user = user, .number = i};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, change_address, &clients[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
        *ret_done += clients[i].done;
        *ret_conflicts += clients[i].conflicts;
    }
}

static int64_t version_of(const char *user)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "select max(version) from cairn.events where stream = 'user-%s'", user);
    return fixture_sql_int(url, sql);
}

static void all_commands_on_one_hot_stream_are_carried_out(void **state)
{
    (void)state;
    int done = 0;
    int conflicts = 0;
    char user[ID];
    make_user(user);
    heat(&ports[USER], 1, user, &done, &conflicts);
    assert_int_equal(done, CLIENTS * COMMANDS);
    assert_int_equal(version_of(user), 1 + done);
    char sql[200];
    (void)snprintf(sql, sizeof sql, "select count(*) from cairn.claims where stream = 'user-%s'",
                   user);
    assert_int_equal(fixture_sql_int(url, sql), 1);
}

static void two_processes_share_a_hot_stream(void **state)
{
    (void)state;
    int done = 0;
    int conflicts = 0;
    char user[ID];
    int both[2] = {ports[USER]};
    struct child kept = children[ORDER];
    int kept_port = ports[ORDER];
    make_user(user);
    start_service(ORDER, "user"); /* a second user service, temporarily in another's slot */
    fixture_wait_http(ports[ORDER], "/readyz", 20000);
    both[1] = ports[ORDER];
    heat(both, 2, user, &done, &conflicts);
    assert_int_equal(child_stop(&children[ORDER], 15000), 0);
    children[ORDER] = kept;
    ports[ORDER] = kept_port;
    assert_int_equal(done + conflicts, CLIENTS * COMMANDS);
    assert_true(done > 0);
    assert_int_equal(version_of(user), 1 + done);
    char sql[200];
    (void)snprintf(sql, sizeof sql, "select count(*) from cairn.claims where stream = 'user-%s'",
                   user);
    assert_int_equal(fixture_sql_int(url, sql), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stale_cached_user_is_read_again),
        cmocka_unit_test(a_user_registered_after_a_refusal_may_order),
        cmocka_unit_test(no_order_follows_a_deactivation_in_any_interleaving),
        cmocka_unit_test(what_another_process_did_is_seen),
        cmocka_unit_test(all_commands_on_one_hot_stream_are_carried_out),
        cmocka_unit_test(two_processes_share_a_hot_stream),
    };
    return cmocka_run_group_tests_name("replicas", tests, setup, teardown);
}
