/* test_tls_settings.c - a service with TLS as a process of its own: SIGHUP, and what its settings
 * and those of limits refuse. */
#include "../support/certificates.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/tls_client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct certificates pki;
static char said_path[500];

static int setup(void **state)
{
    (void)state;
    certificates_make(&pki, "settings");
    (void)snprintf(said_path, sizeof said_path, "%s", certificates_path(&pki, "said"));
    return 0;
}

/* ---- SIGHUP ---- */

#define ASK "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

struct seen {
    int port;
    const char *name;
};

/* Returns whether a new connection is shown this certificate, and is answered. */
static bool is_shown(const struct seen *seen, const char *cert, const char *key)
{
    struct tls_client client;
    char peer[100];
    if (!tls_client_open(&client, seen->port, certificates_path(&pki, "ca.pem"), cert, key))
        return false;
    tls_client_peer(&client, peer, sizeof peer);
    bool answered = tls_client_ask(&client, ASK, NULL, 0) == 200;
    tls_client_close(&client);
    return answered && strcmp(peer, seen->name) == 0;
}

static bool shows(void *context)
{
    return is_shown(context, NULL, NULL);
}

/* The same, to a client with a certificate. */
static bool shows_to_ada(void *context)
{
    return is_shown(context, certificates_path(&pki, "client.pem"),
                    certificates_path(&pki, "client.key"));
}

static bool has_said(void *context)
{
    char command[400];
    (void)snprintf(command, sizeof command, "grep -q '%s' said", (const char *)context);
    return shell_run(&pki.shell, command) == 0;
}

static void start(struct child *ret, const char *name, int port, const char *const more[])
{
    char binary[500], listen[30];
    const char *env[12] = {listen};
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-%s", getenv("CAIRN_TEST_BUILD"), name);
    (void)snprintf(listen, sizeof listen, "PORT=%d", port);
    for (int i = 0; more[i]; i++)
        env[1 + i] = more[i];
    assert_int_equal(child_start(ret, (const char *[]){binary, NULL}, env, said_path), 0);
}

static const char *setting(const char *name, const char *file)
{
    enum { KEPT = 4 };
    static char texts[KEPT][500];
    static unsigned next;
    char *text = texts[next++ % KEPT];
    (void)snprintf(text, sizeof texts[0], "%s=%s", name, certificates_path(&pki, file));
    return text;
}

static void sighup_reads_the_files_again(void **state)
{
    (void)state;
    struct child child;
    int port = fixture_free_port();
    certificates_replace(&pki, "used.pem", "server.pem");
    certificates_replace(&pki, "used.key", "server.key");
    start(&child, "web", port,
          (const char *[]){setting("CAIRN_TLS_CERT_FILE", "used.pem"),
                           setting("CAIRN_TLS_KEY_FILE", "used.key"), NULL});
    struct seen old = {port, "server"};
    struct seen new = {port, "renewed"};
    fixture_wait(shows, &old, 20000, "the first certificate");
    struct tls_client kept;
    assert_true(tls_client_open(&kept, port, certificates_path(&pki, "ca.pem"), NULL, NULL));
    certificates_replace(&pki, "used.pem", "renewed.pem");
    child_kill(&child, SIGHUP); /* the key is still the old one */
    fixture_wait(has_said, (void *)(uintptr_t) "those before stay in use", 20000, "a refusal");
    assert_true(shows(&old));
    certificates_replace(&pki, "used.key", "renewed.key");
    child_kill(&child, SIGHUP);
    fixture_wait(shows, &new, 20000, "the second certificate");
    assert_int_equal(tls_client_ask(&kept, ASK, NULL, 0), 200);
    tls_client_close(&kept);
    assert_int_equal(child_stop(&child, 20000), 0);
}

/* ---- commands to its own services ---- */

/* Sends a command by TLS and copies the id that it has made. */
static void post(int port, const char *path, const char *body, char ret_id[static 40])
{
    char request[1000], answer[4000];
    struct tls_client client;
    assert_true(tls_client_open(&client, port, certificates_path(&pki, "ca.pem"),
                                certificates_path(&pki, "client.pem"),
                                certificates_path(&pki, "client.key")));
    (void)snprintf(request, sizeof request,
                   "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   path, strlen(body), body);
    int status = tls_client_ask(&client, request, answer, sizeof answer);
    tls_client_close(&client);
    const char *location = strstr(answer, "Location: ");
    if (status != 201 || !location)
        fail_msg("%s", answer);
    location = strchr(location + strlen("Location: /"), '/') + 1;
    (void)snprintf(ret_id, 40, "%.36s", location);
}

/* The shop as one process, whose process manager sends the commands for a payment to the listener
 * of its own process, which asks for a certificate. */
static void a_process_sends_commands_to_itself_by_tls(void **state)
{
    (void)state;
    struct child child;
    char url[512], database[600], redis[300], body[300], user[40], order[40];
    int port = fixture_free_port();
    fixture_database(url, sizeof url);
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", url);
    (void)snprintf(redis, sizeof redis, "REDIS_URL=%s", fixture_redis());
    char outbound[3][500];
    (void)snprintf(outbound[0], sizeof outbound[0], "%s",
                   setting("CAIRN_OUTBOUND_CERT_FILE", "client.pem"));
    (void)snprintf(outbound[1], sizeof outbound[1], "%s",
                   setting("CAIRN_OUTBOUND_KEY_FILE", "client.key"));
    (void)snprintf(outbound[2], sizeof outbound[2], "%s", "CAIRN_REQUIRE_TLS=1");
    start(&child, "monolith", port,
          (const char *[]){database, redis, outbound[0], outbound[1], outbound[2],
                           setting("CAIRN_TLS_CERT_FILE", "server.pem"),
                           setting("CAIRN_TLS_KEY_FILE", "server.key"),
                           setting("CAIRN_TLS_CLIENT_CA_FILE", "ca.pem"), NULL});
    struct seen mine = {port, "server"};
    fixture_wait(shows_to_ada, &mine, 60000, "the shop");
    post(port, "/users", "{\"email\":\"ada@example.com\",\"name\":\"Ada\"}", user);
    (void)snprintf(body, sizeof body,
                   "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"lines\":[{\"sku\":\"tea-100\","
                   "\"quantity\":2,\"unit_price\":450}],\"card_token\":\"tok_ada\"}",
                   user);
    post(port, "/orders", body, order);
    fixture_wait_sql(
        url, "select least(count(*), 1) from cairn.events where stream like 'payment-%'", 1, 60000);
    assert_int_equal(child_stop(&child, 20000), 0);
    fixture_drop(url);
}

/* ---- what is refused ---- */

static void expect_refused(const char *const settings[], const char *name, const char *said)
{
    struct child child;
    char wanted[300];
    start(&child, "user", fixture_free_port(), settings);
    int status = child_wait(&child, 20000);
    (void)snprintf(wanted, sizeof wanted, "%s %s", name, said);
    if (status != 64 || !has_said(wanted)) {
        (void)shell_run(&pki.shell, "cat said");
        shell_expect(&pki.shell, "cat said; false");
    }
}

#define LOCAL_DATABASE "DATABASE_URL=postgresql://u@127.0.0.1:1/d"
#define REQUIRED "CAIRN_REQUIRE_TLS=1"

static void plaintext_beyond_this_machine_is_refused_and_named(void **state)
{
    (void)state;
    static const char *const databases[] = {
        "DATABASE_URL=postgresql://u:S3cret@db.example.com/d",
        "DATABASE_URL=postgresql://u:S3cret@db.example.com/d?sslmode=prefer",
        "DATABASE_URL=postgresql://u:S3cret@127.0.0.1,10.0.0.1/d",
        "DATABASE_URL=host=127.0.0.1.example.com password=S3cret",
        "DATABASE_URL=hostaddr=10.0.0.1 host=localhost",
        "DATABASE_URL=service=shop",
    };
    for (size_t i = 0; i < sizeof databases / sizeof *databases; i++)
        expect_refused((const char *[]){REQUIRED, databases[i], NULL}, "DATABASE_URL",
                       "connects to another machine, and CAIRN_REQUIRE_TLS is set");
    expect_refused((const char *[]){REQUIRED, LOCAL_DATABASE,
                                    "REDIS_URL=redis://:S3cret@redis.example.com", NULL},
                   "REDIS_URL", "connects to another machine, and CAIRN_REQUIRE_TLS is set");
    expect_refused((const char *[]){REQUIRED, LOCAL_DATABASE, "CAIRN_BIND=0.0.0.0", NULL},
                   "CAIRN_TLS_CERT_FILE", "is not set, and CAIRN_REQUIRE_TLS is");
    shell_expect(&pki.shell, "! grep -q S3cret said");
}

/* These get as far as to the database, which is not there. */
static void what_does_not_leave_this_machine_may_be_plain(void **state)
{
    (void)state;
    static const char *const databases[] = {
        LOCAL_DATABASE,
        "DATABASE_URL=postgresql:///d?host=/nowhere",
        "DATABASE_URL=postgresql://u@[::1]:1,localhost:1/d",
        "DATABASE_URL=postgresql://u@127.9.9.9:1/d?sslmode=disable",
        "DATABASE_URL=postgresql://u@db.invalid/d?sslmode=verify-full",
    };
    for (size_t i = 0; i < sizeof databases / sizeof *databases; i++) {
        struct child child;
        start(&child, "user", fixture_free_port(),
              (const char *[]){REQUIRED, databases[i], "REDIS_URL=redis://127.0.0.1:1",
                               "CAIRN_START_WAIT_S=0", NULL});
        assert_int_equal(child_wait(&child, 20000), 69);
        assert_true(has_said((void *)(uintptr_t) "PostgreSQL is unavailable"));
    }
}

static void settings_of_tls_that_do_not_fit_are_named(void **state)
{
    (void)state;
    expect_refused(
        (const char *[]){LOCAL_DATABASE, setting("CAIRN_TLS_CERT_FILE", "server.pem"), NULL},
        "CAIRN_TLS_KEY_FILE", "is not set");
    expect_refused(
        (const char *[]){LOCAL_DATABASE, setting("CAIRN_TLS_KEY_FILE", "server.key"), NULL},
        "CAIRN_TLS_CERT_FILE", "is not set");
    expect_refused(
        (const char *[]){LOCAL_DATABASE, setting("CAIRN_TLS_CLIENT_CA_FILE", "ca.pem"), NULL},
        "CAIRN_TLS_CLIENT_CA_FILE", "is set without CAIRN_TLS_CERT_FILE");
    expect_refused(
        (const char *[]){LOCAL_DATABASE, setting("CAIRN_OUTBOUND_CERT_FILE", "client.pem"), NULL},
        "CAIRN_OUTBOUND_KEY_FILE", "is not set");
}

static void settings_of_limits_that_do_not_fit_are_named(void **state)
{
    (void)state;
    expect_refused((const char *[]){LOCAL_DATABASE, "CAIRN_ADDRESS_BURST=10", NULL},
                   "CAIRN_ADDRESS_BURST", "is set without CAIRN_ADDRESS_RATE");
    expect_refused((const char *[]){LOCAL_DATABASE, "CAIRN_CALLER_BURST=10", NULL},
                   "CAIRN_CALLER_BURST", "is set without CAIRN_CALLER_RATE");
    expect_refused((const char *[]){LOCAL_DATABASE, "CAIRN_TRUSTED_PROXIES=10.0.0.1,edge", NULL},
                   "CAIRN_TRUSTED_PROXIES", "has to be addresses or networks");
    expect_refused((const char *[]){LOCAL_DATABASE, "CAIRN_CORS_ORIGINS=shop.example.com", NULL},
                   "CAIRN_CORS_ORIGINS", "has to be origins");
    expect_refused(
        (const char *[]){LOCAL_DATABASE, "CAIRN_CORS_ORIGINS=*,https://shop.example.com/x", NULL},
        "CAIRN_CORS_ORIGINS", "has to be origins");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sighup_reads_the_files_again),
        cmocka_unit_test(a_process_sends_commands_to_itself_by_tls),
        cmocka_unit_test(plaintext_beyond_this_machine_is_refused_and_named),
        cmocka_unit_test(what_does_not_leave_this_machine_may_be_plain),
        cmocka_unit_test(settings_of_tls_that_do_not_fit_are_named),
        cmocka_unit_test(settings_of_limits_that_do_not_fit_are_named),
    };
    return cmocka_run_group_tests_name("settings of TLS", tests, setup, NULL);
}
