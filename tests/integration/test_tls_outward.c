/* test_tls_outward.c - what a service connects to by TLS: PostgreSQL, Redis and other services,
 * verified, with certificates of its own. */
#include "../support/certificates.h"
#include "../support/fixture.h"
#include "../support/own_redis.h"
#include "../support/support.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "http/http.h"
#include "outbound/target/outbound_tls.h"
#include "outbound/target/target.h"
#include "postgres/postgres.h"
#include "redis/pipe.h"
#include "redis/redis.h"

#include <cairn/outbound.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct certificates pki;
static struct cairn_error error;

static const char *path(const char *file)
{
    return certificates_path(&pki, file);
}

/* ---- PostgreSQL ---- */

static int postgres_port;

static void start_postgres(void)
{
    char command[100];
    postgres_port = fixture_free_port();
    (void)snprintf(command, sizeof command, "\"$tree/tests/support/own_postgres\" start %d",
                   postgres_port);
    shell_expect(&pki.shell, command);
}

static int stop_postgres(void **state)
{
    (void)state;
    shell_expect(&pki.shell, "\"$tree/tests/support/own_postgres\" stop");
    return 0;
}

/* Connects by a URL with these parameters. Returns as cairn_pg_ready() does. */
static int connect_to_postgres(const char *host, const char *more)
{
    char url[2000];
    struct cairn_pg *pg = NULL;
    error = (struct cairn_error){0};
    (void)snprintf(url, sizeof url, "postgresql://ada@%s:%d/postgres?%s", host, postgres_port,
                   more);
    assert_int_equal(cairn_pg_open(url, "test", &pg, &error), 0);
    int failed = cairn_pg_ready(pg, &error);
    cairn_pg_close(pg);
    return failed;
}

static const char *files(const char *mode, const char *ca, const char *cert, const char *key)
{
    static char text[1800];
    (void)snprintf(text, sizeof text, "sslmode=%s&sslrootcert=%s&sslcert=%s&sslkey=%s", mode,
                   path(ca), path(cert), path(key));
    return text;
}

static void expect_no_postgres(const char *host, const char *more, const char *said)
{
    assert_int_equal(connect_to_postgres(host, more), -CAIRN_UNAVAILABLE);
    if (!strstr(error.message, said))
        fail_msg("no %s in %s", said, error.message);
}

static void a_service_uses_postgresql_by_verified_tls_with_a_certificate_of_its_own(void **state)
{
    (void)state;
    start_postgres();
    char good[1800];
    (void)snprintf(good, sizeof good, "%s",
                   files("verify-full", "ca.pem", "client.pem", "client.key"));
    assert_int_equal(connect_to_postgres("127.0.0.1", good), 0);
    assert_int_equal(connect_to_postgres("localhost", good), 0);
    expect_no_postgres("127.0.0.1", "sslmode=disable", "pg_hba.conf");
    expect_no_postgres("127.0.0.1", files("verify-full", "ca.pem", "server.pem", "server.key"),
                       "certificate authentication failed");
    expect_no_postgres("127.0.0.1", files("verify-full", "ca.pem", "stranger.pem", "stranger.key"),
                       "");
    expect_no_postgres("127.0.0.1", files("verify-full", "other.pem", "client.pem", "client.key"),
                       "certificate verify failed");
    expect_no_postgres("127.0.0.2", files("verify-full", "ca.pem", "client.pem", "client.key"),
                       "does not match host name");
}

/* ---- Redis ---- */

/* Answers PING by the URL. Returns as cairn_redis_call() does. */
static int ping(const char *login, const char *host, int port, const char *more)
{
    char url[2000];
    struct cairn_arena arena = {0};
    struct cairn_redis *redis = NULL;
    struct cairn_redis_reply reply;
    const struct cairn_redis_arg command = CAIRN_ARG("PING");
    error = (struct cairn_error){0};
    (void)snprintf(url, sizeof url, "rediss://%s@%s:%d/0?%s", login, host, port, more);
    assert_int_equal(cairn_redis_open(url, CAIRN_SECONDS(5), &redis, &error), 0);
    int failed = cairn_redis_call(redis, &command, 1, &arena, &reply, &error);
    for (int i = 0; i < 3 && !failed; i++) /* on the same connection, idle in between */
        failed = cairn_redis_call(redis, &command, 1, &arena, &reply, &error);
    cairn_redis_close(redis);
    cairn_arena_close(&arena);
    return failed;
}

static const char *redis_files(const char *ca, const char *cert, const char *key)
{
    static char text[1800];
    (void)snprintf(text, sizeof text, "sslrootcert=%s&sslcert=%s&sslkey=%s", path(ca), path(cert),
                   path(key));
    return text;
}

struct asked {
    struct cairn_redis_question question;
    struct cairn_arena arena;
    size_t bytes;
    int done;
};

static void on_reply(struct cairn_redis_question *question, const struct cairn_redis_reply *reply)
{
    struct asked *asked = question->context;
    asked->bytes = reply ? reply->bytes : 0;
    asked->done++;
}

enum { QUESTIONS = 500, LARGE_BYTES = 100000 };

/* Many questions whose answers, of many records of TLS, come at once. */
static void ask_many(const char *url)
{
    static struct asked all[QUESTIONS];
    struct cairn_redis_pipe *pipe = NULL;
    const struct cairn_redis_arg args[] = {CAIRN_ARG("GETRANGE"), CAIRN_ARG("large"),
                                           CAIRN_ARG("0"), CAIRN_ARG("20000")};
    int done = 0;
    int64_t until_us = cairn_monotonic_us() + CAIRN_SECONDS(60);
    assert_int_equal(cairn_redis_pipe_open(url, CAIRN_SECONDS(30), &pipe, NULL), 0);
    for (int i = 0; i < QUESTIONS; i++) {
        all[i].question = (struct cairn_redis_question){
            .done = on_reply, .context = &all[i], .arena = &all[i].arena};
        assert_true(cairn_redis_pipe_ask(pipe, args, 4, &all[i].question));
    }
    while (done < QUESTIONS && cairn_monotonic_us() < until_us) {
        struct pollfd fd = {.fd = -1};
        (void)cairn_redis_pipe_prepare(pipe, &fd);
        (void)poll(&fd, 1, 100);
        cairn_redis_pipe_go_on(pipe, fd.revents);
        for (done = 0; done < QUESTIONS && all[done].done; done++)
            continue;
    }
    for (int i = 0; i < QUESTIONS; i++) {
        assert_int_equal(all[i].done, 1);
        assert_int_equal(all[i].bytes, 20001);
        cairn_arena_close(&all[i].arena);
    }
    cairn_redis_pipe_close(pipe);
}

static void redis_by_tls_is_verified_and_pipelined(void **state)
{
    (void)state;
    if (!cairn_redis_has_tls()) {
        struct cairn_redis *redis = NULL;
        error = (struct cairn_error){0};
        assert_int_equal(cairn_redis_open("rediss://127.0.0.1", CAIRN_SECONDS(1), &redis, &error),
                         -CAIRN_CONFIG);
        assert_non_null(strstr(error.message, "needs hiredis 1.0 or newer"));
        return;
    }
    char url[2000];
    struct own_redis server;
    own_redis_start(&server, (const char *[]){"--tls-port",
                                              "PORT",
                                              "--tls-cert-file",
                                              path("server.pem"),
                                              "--tls-key-file",
                                              path("server.key"),
                                              "--tls-ca-cert-file",
                                              path("ca.pem"),
                                              "--tls-auth-clients",
                                              "yes",
                                              "--user",
                                              "default",
                                              "off",
                                              "--user",
                                              "ada",
                                              "on",
                                              ">S3cret",
                                              "~*",
                                              "&*",
                                              "+@all",
                                              "-@dangerous",
                                              NULL});
    const char *good = redis_files("ca.pem", "client.pem", "client.key");
    assert_int_equal(ping("ada:S3cret", "127.0.0.1", server.port, good), 0);
    assert_int_equal(ping("ada:S3cret", "localhost", server.port, good), 0);
    assert_int_equal(ping("ada:wrong", "localhost", server.port, good), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "WRONGPASS"));
    assert_int_equal(ping("ada:S3cret", "127.0.0.2", server.port, good), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "IP address mismatch"));
    assert_int_equal(ping("ada:S3cret", "127.0.0.1", server.port,
                          redis_files("other.pem", "client.pem", "client.key")),
                     -CAIRN_UNAVAILABLE);
    assert_int_equal(ping("ada:S3cret", "127.0.0.1", server.port,
                          redis_files("ca.pem", "stranger.pem", "stranger.key")),
                     -CAIRN_UNAVAILABLE);
    (void)snprintf(url, sizeof url, "rediss://ada:S3cret@localhost:%d/0?%s", server.port,
                   redis_files("ca.pem", "client.pem", "client.key"));
    struct cairn_arena arena = {0};
    struct cairn_redis *redis = NULL;
    struct cairn_redis_reply reply;
    char *large = cairn_arena_alloc(&arena, LARGE_BYTES + 1, 1);
    memset(large, 'x', LARGE_BYTES);
    large[LARGE_BYTES] = '\0';
    const struct cairn_redis_arg set[] = {CAIRN_ARG("SET"), CAIRN_ARG("large"), CAIRN_ARG(large)};
    assert_int_equal(cairn_redis_open(url, CAIRN_SECONDS(5), &redis, NULL), 0);
    assert_int_equal(cairn_redis_call(redis, set, 3, &arena, &reply, NULL), 0);
    ask_many(url);
    cairn_redis_close(redis);
    cairn_arena_close(&arena);
    own_redis_stop(&server);
}

/* ---- calls ---- */

static enum cairn_http_outcome answer(const void *self, void *worker,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    (void)self;
    (void)worker;
    (void)request;
    response->status = 204;
    return CAIRN_HTTP_DONE;
}

static const struct cairn_http_route routes[] = {
    {.method = "GET", .pattern = "/x", .handle = answer, .direct = true}};

static int call(const char *host, int port, struct cairn_target target)
{
    char url[100];
    const struct cairn_outbound_request request = {.method = "GET", .path = "/x"};
    struct cairn_outbound_response response = {0};
    error = (struct cairn_error){0};
    (void)snprintf(url, sizeof url, "https://%s:%d", host, port);
    target.name = "peer";
    target.url = url;
    int failed = cairn_outbound_call(&target, &request, &response, &error);
    if (!failed)
        assert_int_equal(response.status, 204);
    cairn_outbound_response_reset(&response);
    cairn_target_close(&target);
    return failed;
}

static void a_call_by_https_is_verified_and_shows_a_certificate(void **state)
{
    (void)state;
    const struct cairn_http_options options = {
        .workers = 1,
        .queue_max = 10,
        .body_max_bytes = 4096,
        .header_max_bytes = 8192,
        .deadline_us = CAIRN_SECONDS(10),
        .connections_max = 100,
        .routes = routes,
        .route_count = 1,
        .tls = {path("server.pem"), path("server.key"), path("ca.pem")},
    };
    struct cairn_http_options elsewhere = options; /* at an address that it is not named by */
    struct cairn_http *http = NULL;
    struct cairn_http *other = NULL;
    elsewhere.bind = "127.0.0.2";
    assert_int_equal(cairn_http_start(&options, &http, NULL), 0);
    assert_int_equal(cairn_http_start(&elsewhere, &other, NULL), 0);
    int port = cairn_http_port(http);
    int other_port = cairn_http_port(other);
    const struct cairn_target good = {
        .ca_file = path("ca.pem"), .cert_file = path("client.pem"), .key_file = path("client.key")};
    assert_int_equal(call("127.0.0.1", port, good), 0);
    assert_int_equal(call("localhost", port, good), 0);
    struct cairn_target wrong = good;
    wrong.ca_file = path("other.pem");
    assert_int_equal(call("localhost", port, wrong), -CAIRN_UNAVAILABLE);
    assert_int_equal(call("127.0.0.2", other_port, good), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "127.0.0.2"));
    assert_true(call("localhost", port, (struct cairn_target){.ca_file = good.ca_file}) < 0);
    /* The process' defaults, and its own listener. */
    const struct cairn_outbound_tls defaults = {good.ca_file, good.cert_file, good.key_file, false};
    cairn_outbound_tls_set(&defaults);
    assert_int_equal(call("localhost", port, (struct cairn_target){0}), 0);
    assert_int_equal(call("127.0.0.2", other_port, (struct cairn_target){0}), -CAIRN_UNAVAILABLE);
    assert_int_equal(call("127.0.0.2", other_port, (struct cairn_target){.is_itself = true}), 0);
    cairn_outbound_tls_set(&(struct cairn_outbound_tls){0});
    cairn_http_stop(http, CAIRN_SECONDS(5));
    cairn_http_stop(other, CAIRN_SECONDS(5));
}

/* Returns what becomes of a target with this URL where nothing may be unencrypted. */
static int judge(const char *url, bool mail, bool *ret_starttls)
{
    struct cairn_target target = {.name = "bank", .url = url};
    struct cairn_target_state *state = NULL;
    error = (struct cairn_error){0};
    int failed = cairn_target_state(&target, mail, &state, &error);
    *ret_starttls = !failed && cairn_target_limits(state)->tls_due;
    cairn_target_close(&target);
    return failed;
}

static void a_call_by_http_beyond_this_machine_is_refused(void **state)
{
    (void)state;
    bool starttls = false;
    cairn_outbound_tls_set(&(struct cairn_outbound_tls){.required = true});
    assert_int_equal(judge("http://ada:S3cret@bank.example.com/x", false, &starttls),
                     -CAIRN_CONFIG);
    assert_non_null(strstr(error.message, "bank is called by http, on bank.example.com"));
    assert_null(strstr(error.message, "S3cret"));
    assert_int_equal(judge("http://127.0.0.1.example.com", false, &starttls), -CAIRN_CONFIG);
    assert_int_equal(judge("http://127.0.0.1:80", false, &starttls), 0);
    assert_int_equal(judge("http://[::1]:80", false, &starttls), 0);
    assert_int_equal(judge("https://bank.example.com", false, &starttls), 0);
    assert_int_equal(judge("smtp://mail.example.com", true, &starttls), 0);
    assert_true(starttls);
    assert_int_equal(judge("smtp://127.0.0.1:25", true, &starttls), 0);
    assert_false(starttls);
    cairn_outbound_tls_set(&(struct cairn_outbound_tls){0});
    assert_int_equal(judge("http://bank.example.com/x", false, &starttls), 0);
    assert_int_equal(judge("smtp://mail.example.com", true, &starttls), 0);
    assert_false(starttls);
}

static int setup(void **state)
{
    (void)state;
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    certificates_make(&pki, "outward");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            a_service_uses_postgresql_by_verified_tls_with_a_certificate_of_its_own, stop_postgres),
        cmocka_unit_test(redis_by_tls_is_verified_and_pipelined),
        cmocka_unit_test(a_call_by_https_is_verified_and_shows_a_certificate),
        cmocka_unit_test(a_call_by_http_beyond_this_machine_is_refused),
    };
    return cmocka_run_group_tests_name("TLS outward", tests, setup, NULL);
}
