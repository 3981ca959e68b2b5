/* test_tls.c - a listener with TLS: which versions, ciphers and certificates it takes, that a
 * client that means harm holds nothing up, and what a reload changes. */
#include "../support/certificates.h"
#include "../support/fixture.h"
#include "../support/logged.h"
#include "../support/support.h"
#include "../support/tls_client.h"
#include "../support/wire.h"

#include "core/containers/buffer.h"
#include "core/report/log.h"
#include "core/threads/clock.h"
#include "http/http.h"

#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct certificates pki;

/* ---- the server ---- */

static enum cairn_http_outcome echo(const void *self, void *worker,
                                    struct cairn_http_request *request,
                                    struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    response->status = 200;
    response->body = cairn_copy_bytes(request->arena, request->body, request->body_bytes);
    response->body_bytes = request->body_bytes;
    return CAIRN_HTTP_DONE;
}

/* A stream of three lines, each of which is pulled for itself. */
static int64_t pull(void *self, char *ret, size_t room)
{
    int *left = self;
    return (*left)-- > 0 ? snprintf(ret, room, "line\n") : -1;
}

static void close_stream(void *self)
{
    free(self);
}

static enum cairn_http_outcome stream(const void *self, void *worker,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    int *left = cairn_allocate(sizeof *left);
    (void)self;
    (void)worker;
    (void)request;
    *left = 3;
    response->status = 200;
    response->stream = (struct cairn_http_stream){pull, close_stream, left};
    return CAIRN_HTTP_DONE;
}

static const struct cairn_http_route routes[] = {
    {.method = "GET", .pattern = "/worker", .handle = echo},
    {.method = "GET", .pattern = "/direct", .handle = echo, .direct = true},
    {"POST", "/echo", echo, NULL, .takes_body = true, .eager = true},
    {.method = "GET", .pattern = "/stream", .handle = stream},
};

static struct cairn_http *serve(const char *cert, const char *key, const char *client_ca,
                                int64_t deadline_us, int connections)
{
    const struct cairn_http_options options = {
        .workers = 2,
        .queue_max = 100,
        .body_max_bytes = 65536,
        .header_max_bytes = 8192,
        .deadline_us = deadline_us,
        .connections_max = connections,
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .tls = {.cert_file = certificates_path(&pki, cert),
                .key_file = certificates_path(&pki, key),
                .client_ca_file = client_ca ? certificates_path(&pki, client_ca) : NULL},
    };
    struct cairn_http *http = NULL;
    struct cairn_error error = {0};
    if (cairn_http_start(&options, &http, &error) < 0)
        fail_msg("%s", error.message);
    return http;
}

static struct cairn_http *serve_usual(void)
{
    return serve("server.pem", "server.key", NULL, CAIRN_SECONDS(10), 100);
}

static void stop(struct cairn_http *http)
{
    cairn_http_stop(http, CAIRN_SECONDS(5));
}

static int setup(void **state)
{
    (void)state;
    cairn_log_setup("test", CAIRN_LOG_WARN);
    certificates_make(&pki, "tls");
    return 0;
}

/* ---- clients ---- */

#define ASK(method, path, more) method " " path " HTTP/1.1\r\nHost: localhost\r\n" more "\r\n"
#define JSON_OF(bytes) "Content-Type: application/json\r\nContent-Length: " bytes "\r\n"

static struct tls_client connect_to(const struct cairn_http *http)
{
    struct tls_client client;
    bool connected = tls_client_open(&client, cairn_http_port(http),
                                     certificates_path(&pki, "ca.pem"), NULL, NULL);
    assert_true(connected);
    return client;
}

/* Returns the status of a request on a connection of its own, -1 if there is none. */
static int ask_as(const struct cairn_http *http, const char *cert, const char *key)
{
    struct tls_client client;
    if (!tls_client_open(&client, cairn_http_port(http), certificates_path(&pki, "ca.pem"),
                         cert ? certificates_path(&pki, cert) : NULL,
                         cert ? certificates_path(&pki, key) : NULL))
        return -1;
    int status = tls_client_ask(&client, ASK("GET", "/direct", ""), NULL, 0);
    tls_client_close(&client);
    return status;
}

static void expect_served(const struct cairn_http *http)
{
    assert_int_equal(ask_as(http, NULL, NULL), 200);
}

/* Sets $port for the shell. */
static void tell_port(const struct cairn_http *http)
{
    char port[12];
    (void)snprintf(port, sizeof port, "%d", cairn_http_port(http));
    (void)setenv("port", port, 1);
}

/* ---- what is spoken ---- */

static void requests_are_answered_by_tls_as_they_are_without(void **state)
{
    (void)state;
    char answer[16384];
    struct cairn_http *http = serve_usual();
    struct tls_client client = connect_to(http);
    assert_int_equal(tls_client_ask(&client, ASK("GET", "/worker", ""), NULL, 0), 200);
    assert_int_equal(tls_client_ask(&client, ASK("GET", "/direct", ""), NULL, 0), 200);
    assert_int_equal(tls_client_ask(&client, ASK("POST", "/echo", JSON_OF("7")) "{\"a\":1}", answer,
                                    sizeof answer),
                     200);
    assert_non_null(strstr(answer, "{\"a\":1}"));
    assert_int_equal(tls_client_ask(&client, ASK("GET", "/unknown", ""), NULL, 0), 404);
    assert_int_equal(tls_client_ask(&client, ASK("GET", "/stream", ""), answer, sizeof answer),
                     200);
    tls_client_close(&client);
    /* Answers that bypass the library, since the request still arrives. */
    client = connect_to(http);
    assert_int_equal(
        tls_client_ask(&client, ASK("POST", "/echo", JSON_OF("99999999")), answer, sizeof answer),
        413);
    tls_client_close(&client);
    client = connect_to(http);
    assert_int_equal(tls_client_ask(&client,
                                    ASK("POST", "/echo",
                                        "Content-Type: application/json\r\nContent-Length: x\r\n"),
                                    answer, sizeof answer),
                     400);
    assert_non_null(strstr(answer, "Content-Length is not a number"));
    tls_client_close(&client);
    stop(http);
}

static void a_large_body_arrives_whole_by_tls(void **state)
{
    (void)state;
    enum { BYTES = 60000 };
    static char request[BYTES + 500], answer[BYTES + 2000], body[BYTES + 1];
    struct cairn_http *http = serve_usual();
    for (int i = 0; i < BYTES; i++)
        body[i] = (char)('a' + i % 26);
    (void)snprintf(request, sizeof request, ASK("POST", "/echo", JSON_OF("%d")) "%s", (int)BYTES,
                   body);
    struct tls_client client = connect_to(http);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tls_client_ask(&client, request, answer, sizeof answer), 200);
        assert_non_null(strstr(answer, body));
    }
    tls_client_close(&client);
    stop(http);
}

static void only_tls_1_2_and_newer_is_spoken(void **state)
{
    (void)state;
    struct cairn_http *http = serve_usual();
    tell_port(http);
    shell_expect(&pki.shell,
                 "speak() { openssl s_client -connect 127.0.0.1:$port -CAfile ca.pem"
                 " -verify_return_error -cipher ALL:@SECLEVEL=0 \"$@\" </dev/null >said 2>&1; };"
                 " speak -tls1_2 && grep -q 'Protocol *: TLSv1.2' said"
                 " && speak -tls1_3 && grep -q 'TLSv1.3' said"
                 " && ! speak -tls1_1 && grep -qE 'alert protocol version|unexpected eof' said"
                 " && ! speak -tls1 && grep -qE 'alert protocol version|unexpected eof' said");
    expect_served(http);
    stop(http);
}

/* Both with a key of RSA, for which there are the most ciphers, and one of ECDSA. */
static void only_ciphers_with_forward_secrecy_and_authenticated_encryption_are_taken(void **state)
{
    (void)state;
    static const char *const names[] = {"server", "rsa"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char cert[20], key[20];
        (void)snprintf(cert, sizeof cert, "%s.pem", names[i]);
        (void)snprintf(key, sizeof key, "%s.key", names[i]);
        struct cairn_http *http = serve(cert, key, NULL, CAIRN_SECONDS(10), 1000);
        tell_port(http);
        shell_expect(
            &pki.shell,
            "taken=0 refused=0;"
            " for cipher in $(openssl ciphers -tls1_2 -s 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'"
            " | tr : ' '); do"
            "   if openssl s_client -connect 127.0.0.1:$port -tls1_2 -cipher \"$cipher:@SECLEVEL=0\""
            " </dev/null >said 2>&1; then taken=$((taken + 1)); echo \"takes $cipher\";"
            "     case $cipher in ECDHE-*-GCM-SHA*|ECDHE-*-CHACHA20-POLY1305) ;; *) exit 1;; esac;"
            "   else refused=$((refused + 1)); fi; done;"
            " echo $taken taken, $refused refused; [ $taken -eq 3 ] && [ $refused -gt 20 ]");
        stop(http);
    }
}

static void a_renegotiation_is_refused(void **state)
{
    (void)state;
    struct cairn_http *http = serve_usual();
    tell_port(http);
    /* The fifo stays open, so that the client does not end by itself. */
    shell_expect(&pki.shell, "mkfifo keys && exec 3<>keys && echo R >&3 &&"
                             " timeout 10 openssl s_client -connect 127.0.0.1:$port -tls1_2"
                             " -CAfile ca.pem <&3 >said 2>&1; status=$?;"
                             " grep -A1 RENEGOTIATING said | grep closed && [ $status -ne 124 ]");
    expect_served(http);
    stop(http);
}

static void plain_http_at_a_port_with_tls_gets_no_answer(void **state)
{
    (void)state;
    struct cairn_http *http = serve_usual();
    struct wire wire = wire_open(cairn_http_port(http));
    wire_send(&wire, "GET /direct HTTP/1.1\r\nHost: localhost\r\n\r\n");
    char got[4096];
    size_t used = 0;
    ssize_t count;
    while (used < sizeof got - 1 &&
           (count = recv(wire.socket, got + used, sizeof got - 1 - used, 0)) > 0)
        used += (size_t)count;
    got[used] = '\0';
    assert_null(strstr(got, "HTTP/1.1"));
    wire_close(&wire);
    expect_served(http);
    stop(http);
}

/* ---- clients that mean harm ---- */

enum { STALLED = 40 };

/* The beginning of a ClientHello: a record of 512 bytes, of which seven are there. */
static const unsigned char half_hello[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00};

static void open_stalled(const struct cairn_http *http, struct wire wires[], int count)
{
    for (int i = 0; i < count; i++) {
        wires[i] = wire_open(cairn_http_port(http));
        if (i % 2) /* the others say nothing at all */
            wire_send_bytes(&wires[i], half_hello, sizeof half_hello);
    }
}

static void half_handshakes_hold_nothing_up_and_end_at_the_deadline(void **state)
{
    (void)state;
    struct wire stalled[STALLED];
    struct cairn_http *http =
        serve("server.pem", "server.key", NULL, CAIRN_SECONDS(2), STALLED + 20);
    int64_t begun_us = cairn_monotonic_us();
    open_stalled(http, stalled, STALLED);
    for (int i = 0; i < 10; i++)
        expect_served(http);
    assert_true(cairn_monotonic_us() - begun_us < CAIRN_SECONDS(2));
    for (int i = 0; i < STALLED; i++) { /* each within ten seconds */
        wire_read_end(&stalled[i]);
        wire_close(&stalled[i]);
    }
    expect_served(http);
    stop(http);
}

static void handshakes_count_among_the_connections(void **state)
{
    (void)state;
    struct wire stalled[STALLED];
    struct cairn_http *http = serve("server.pem", "server.key", NULL, CAIRN_SECONDS(30), STALLED);
    open_stalled(http, stalled, STALLED);
    int64_t begun_us = cairn_monotonic_us();
    expect_served(http); /* one that has stalled for a second makes room */
    assert_true(cairn_monotonic_us() - begun_us > CAIRN_MILLISECONDS(300));
    for (int i = 0; i < STALLED; i++)
        wire_close(&stalled[i]);
    stop(http);
}

static void bytes_that_are_no_tls_harm_nothing(void **state)
{
    (void)state;
    struct cairn_http *http = serve_usual();
    uint64_t seed = 1;
    for (int i = 0; i < 300; i++) {
        unsigned char bytes[300];
        size_t count = sizeof bytes;
        for (size_t k = 0; k < count; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bytes[k] = (unsigned char)(seed >> 56);
        }
        if (i % 2)
            memcpy(bytes, half_hello, 3);
        struct wire wire = wire_open(cairn_http_port(http));
        wire_send_bytes(&wire, bytes, count);
        wire_close(&wire);
    }
    expect_served(http);
    stop(http);
}

/* ---- certificates of clients ---- */

static void a_client_needs_a_certificate_where_an_authority_is_set(void **state)
{
    (void)state;
    struct cairn_http *http = serve("server.pem", "server.key", "ca.pem", CAIRN_SECONDS(10), 100);
    assert_int_equal(ask_as(http, "client.pem", "client.key"), 200);
    assert_int_equal(ask_as(http, NULL, NULL), -1);
    assert_int_equal(ask_as(http, "stranger.pem", "stranger.key"), -1);
    assert_int_equal(ask_as(http, "expired.pem", "expired.key"), -1);
    assert_int_equal(ask_as(http, "client.pem", "client.key"), 200);
    stop(http);
}

/* ---- files ---- */

static void expect_refused_files(const char *cert, const char *key, const char *client_ca,
                                 const char *said)
{
    struct cairn_http_options options = {
        .workers = 1,
        .queue_max = 10,
        .body_max_bytes = 4096,
        .header_max_bytes = 8192,
        .deadline_us = CAIRN_SECONDS(10),
        .connections_max = 10,
        .routes = routes,
        .route_count = 1,
        .tls = {.cert_file = certificates_path(&pki, cert),
                .key_file = certificates_path(&pki, key),
                .client_ca_file = client_ca ? certificates_path(&pki, client_ca) : NULL},
    };
    struct cairn_http *http = NULL;
    struct cairn_error error = {0};
    assert_int_equal(cairn_http_start(&options, &http, &error), -CAIRN_CONFIG);
    if (!strstr(error.message, said))
        fail_msg("no %s in %s", said, error.message);
}

static void files_that_do_not_fit_stop_the_start_and_are_named(void **state)
{
    (void)state;
    shell_expect(&pki.shell,
                 "echo nonsense >broken.pem; : >empty.pem; head -c 100 server.pem >cut.pem");
    expect_refused_files("missing.pem", "server.key", NULL, "CAIRN_TLS_CERT_FILE: ");
    expect_refused_files("missing.pem", "server.key", NULL, "missing.pem cannot be read: No such");
    expect_refused_files("broken.pem", "server.key", NULL,
                         "broken.pem is not a certificate in PEM");
    expect_refused_files("empty.pem", "server.key", NULL, "empty.pem is not a certificate in PEM");
    expect_refused_files("cut.pem", "server.key", NULL, "cut.pem is not a certificate in PEM");
    expect_refused_files("server.key", "server.key", NULL, "is not a certificate in PEM");
    expect_refused_files("server.pem", "missing.key", NULL, "CAIRN_TLS_KEY_FILE: ");
    expect_refused_files("server.pem", "broken.pem", NULL, "are not a certificate and its key");
    expect_refused_files("server.pem", "renewed.key", NULL, "is not that of the certificate in");
    expect_refused_files("server.pem", "server.key", "missing.pem", "CAIRN_TLS_CLIENT_CA_FILE: ");
    expect_refused_files("server.pem", "server.key", "broken.pem", "has no certificate in PEM");
}

static void a_certificate_that_has_expired_is_warned_of(void **state)
{
    (void)state;
    char line[2000];
    struct logged logged = logged_begin();
    struct cairn_http *http = serve("expired.pem", "expired.key", NULL, CAIRN_SECONDS(10), 10);
    logged_line(&logged, "has expired", line, sizeof line);
    logged_end(&logged);
    stop(http);
    assert_non_null(strstr(line, "\"level\":\"warn\""));
    assert_non_null(strstr(line, "expired.pem"));
    logged = logged_begin();
    stop(serve_usual());
    logged_line(&logged, "certificate", line, sizeof line);
    logged_end(&logged);
    assert_string_equal(line, "");
}

static void a_key_that_every_user_can_read_is_warned_of(void **state)
{
    (void)state;
    shell_expect(&pki.shell, "cp server.key open.key && chmod 644 open.key");
    struct logged logged = logged_begin();
    struct cairn_http *http = serve("server.pem", "open.key", NULL, CAIRN_SECONDS(10), 10);
    int lines = logged_lines(&logged, "can be read by every user");
    logged_end(&logged);
    stop(http);
    assert_int_equal(lines, 1);
}

/* ---- reload ---- */

static void expect_peer(const struct tls_client *client, const char *name)
{
    char peer[100];
    tls_client_peer(client, peer, sizeof peer);
    assert_string_equal(peer, name);
}

static void put_in_use(const char *name)
{
    char cert[40], key[40];
    (void)snprintf(cert, sizeof cert, "%s.pem", name);
    (void)snprintf(key, sizeof key, "%s.key", name);
    certificates_replace(&pki, "used.pem", cert);
    certificates_replace(&pki, "used.key", key);
}

static void a_reload_is_for_new_connections_and_leaves_open_ones(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    put_in_use("server");
    struct cairn_http *http = serve("used.pem", "used.key", NULL, CAIRN_SECONDS(10), 100);
    struct tls_client before = connect_to(http);
    put_in_use("renewed");
    assert_int_equal(cairn_http_reload(http, &error), 0);
    struct tls_client after = connect_to(http);
    expect_peer(&before, "server");
    expect_peer(&after, "renewed");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tls_client_ask(&before, ASK("GET", "/worker", ""), NULL, 0), 200);
        assert_int_equal(tls_client_ask(&after, ASK("GET", "/worker", ""), NULL, 0), 200);
    }
    tls_client_close(&before);
    tls_client_close(&after);
    stop(http);
}

static void broken_files_change_nothing_at_a_reload(void **state)
{
    (void)state;
    static const char *const breakages[] = {"echo nonsense >used.pem", "rm used.pem",
                                            "cp renewed.key used.key", ": >used.key"};
    put_in_use("server");
    struct cairn_http *http = serve("used.pem", "used.key", NULL, CAIRN_SECONDS(10), 100);
    for (size_t i = 0; i < sizeof breakages / sizeof *breakages; i++) {
        struct cairn_error error = {0};
        shell_expect(&pki.shell, breakages[i]);
        assert_int_equal(cairn_http_reload(http, &error), -CAIRN_CONFIG);
        assert_non_null(strstr(error.message, "CAIRN_TLS_"));
        struct tls_client client = connect_to(http);
        expect_peer(&client, "server");
        assert_int_equal(tls_client_ask(&client, ASK("GET", "/worker", ""), NULL, 0), 200);
        tls_client_close(&client);
        put_in_use("server");
    }
    put_in_use("renewed");
    assert_int_equal(cairn_http_reload(http, NULL), 0);
    struct tls_client client = connect_to(http);
    expect_peer(&client, "renewed");
    tls_client_close(&client);
    stop(http);
}

struct load {
    const struct cairn_http *http;
    const char *authority;
    atomic_bool ending;
    atomic_int answered, failed;
};

/* Asks on a connection that it keeps for a while, then on the next one. */
static void *ask_on(void *context)
{
    struct load *load = context;
    while (!atomic_load(&load->ending)) {
        struct tls_client client;
        if (!tls_client_open(&client, cairn_http_port(load->http), load->authority, NULL, NULL)) {
            atomic_fetch_add(&load->failed, 1);
            continue;
        }
        for (int i = 0; i < 20; i++) {
            int status = tls_client_ask(&client, ASK("GET", "/worker", ""), NULL, 0);
            atomic_fetch_add(status == 200 ? &load->answered : &load->failed, 1);
        }
        tls_client_close(&client);
    }
    return NULL;
}

static void reloads_under_load_fail_no_request(void **state)
{
    (void)state;
    enum { CLIENTS = 4, RELOADS = 40 };
    pthread_t clients[CLIENTS];
    static const char *const names[] = {"server", "renewed"};
    put_in_use("server");
    struct cairn_http *http = serve("used.pem", "used.key", NULL, CAIRN_SECONDS(10), 100);
    char authority[400];
    (void)snprintf(authority, sizeof authority, "%s", certificates_path(&pki, "ca.pem"));
    struct load load = {.http = http, .authority = authority};
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i], NULL, ask_on, &load), 0);
    for (int i = 0; i < RELOADS; i++) {
        struct cairn_error error = {0};
        put_in_use(names[i % 2]);
        int wanted = atomic_load(&load.answered) + 20;
        if (cairn_http_reload(http, &error) < 0)
            fail_msg("%s", error.message);
        while (atomic_load(&load.answered) < wanted && atomic_load(&load.failed) == 0)
            fixture_nap();
    }
    atomic_store(&load.ending, true);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_join(clients[i], NULL), 0);
    assert_int_equal(atomic_load(&load.failed), 0);
    stop(http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered_by_tls_as_they_are_without),
        cmocka_unit_test(a_large_body_arrives_whole_by_tls),
        cmocka_unit_test(only_tls_1_2_and_newer_is_spoken),
        cmocka_unit_test(only_ciphers_with_forward_secrecy_and_authenticated_encryption_are_taken),
        cmocka_unit_test(a_renegotiation_is_refused),
        cmocka_unit_test(plain_http_at_a_port_with_tls_gets_no_answer),
        cmocka_unit_test(half_handshakes_hold_nothing_up_and_end_at_the_deadline),
        cmocka_unit_test(handshakes_count_among_the_connections),
        cmocka_unit_test(bytes_that_are_no_tls_harm_nothing),
        cmocka_unit_test(a_client_needs_a_certificate_where_an_authority_is_set),
        cmocka_unit_test(files_that_do_not_fit_stop_the_start_and_are_named),
        cmocka_unit_test(a_certificate_that_has_expired_is_warned_of),
        cmocka_unit_test(a_key_that_every_user_can_read_is_warned_of),
        cmocka_unit_test(a_reload_is_for_new_connections_and_leaves_open_ones),
        cmocka_unit_test(broken_files_change_nothing_at_a_reload),
        cmocka_unit_test(reloads_under_load_fail_no_request),
    };
    return cmocka_run_group_tests_name("TLS of a listener", tests, setup, NULL);
}
