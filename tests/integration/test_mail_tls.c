/* test_mail_tls.c - mail where nothing may be unencrypted beyond this machine, with a real mail
 * server, npm's smtp-server (tests/node/smtp.mjs): one that offers STARTTLS, and one that does not.
 *
 * The server is at mail.localhost: libcurl takes it for this machine, and Cairn for another one. */
#include "../support/certificates.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "outbound/target/outbound_tls.h"
#include "outbound/target/target.h"

#include <cairn/outbound.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 30000 };

static struct bench {
    bool is_there; /* false without node or npm: the tests are skipped */
    struct certificates pki;
    struct child server;
    int port;
    char log[512], program[512];
    char said[4096]; /* by the server */
} bench;

static struct cairn_error error;

static int set_up(void **state)
{
    (void)state;
    char command[400];
    certificates_make(&bench.pki, "mail-tls");
    (void)snprintf(bench.log, sizeof bench.log, "%s/smtp.log", bench.pki.shell.directory);
    (void)snprintf(bench.program, sizeof bench.program, "%s/tests/node/smtp.mjs",
                   getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(command, sizeof command,
                   "\"$tree/tests/node/prepare\" '%s/tests/node' >log 2>&1",
                   getenv("CAIRN_TEST_BUILD"));
    int status = shell_run(&bench.pki.shell, command);
    bench.is_there = status == 0;
    return status == 0 || status == 77 ? 0 : -1;
}

static void read_log(void)
{
    FILE *file = fopen(bench.log, "re");
    bench.said[0] = '\0';
    if (!file)
        return;
    bench.said[fread(bench.said, 1, sizeof bench.said - 1, file)] = '\0';
    (void)fclose(file);
}

static bool server_said(void *words)
{
    read_log();
    return strstr(bench.said, words) != NULL;
}

static void wait_for(const char *words)
{
    char copy[100];
    (void)snprintf(copy, sizeof copy, "%s", words);
    fixture_wait(server_said, copy, PATIENCE_MS, words);
}

/* Skips the test where there can be no server. */
static void need_server(bool offers_starttls)
{
    if (!bench.is_there)
        skip();
    char port[20];
    const char *argv[6] = {"node", bench.program, port};
    bench.port = fixture_free_port();
    (void)snprintf(port, sizeof port, "%d", bench.port);
    if (offers_starttls) {
        argv[3] = certificates_path(&bench.pki, "server.pem");
        argv[4] = certificates_path(&bench.pki, "server.key");
    }
    (void)remove(bench.log);
    assert_int_equal(child_start(&bench.server, argv, NULL, bench.log), 0);
    wait_for("listens");
}

static int stop_server(void **state)
{
    (void)state;
    child_kill(&bench.server, SIGKILL);
    cairn_outbound_tls_set(&(struct cairn_outbound_tls){0});
    return 0;
}

/* Sends a message to a host that is this machine. Returns as cairn_outbound_mail() does. */
static int send_to(const char *host, const char *authority)
{
    static const char message[] = "Subject: hello\r\n\r\nhello\r\n";
    char url[100];
    const struct cairn_mail mail = {.from = "shop@example.com",
                                    .to = "ada@example.com",
                                    .message = message,
                                    .message_bytes = sizeof message - 1};
    (void)snprintf(url, sizeof url, "smtp://%s:%d", host, bench.port);
    struct cairn_target post = {.name = "post",
                                .url = url,
                                .deadline_us = CAIRN_SECONDS(20),
                                .ca_file =
                                    authority ? certificates_path(&bench.pki, authority) : NULL};
    error = (struct cairn_error){0};
    int failed = cairn_outbound_mail(&post, &mail, &error);
    cairn_target_close(&post);
    return failed;
}

static void require_tls(void)
{
    cairn_outbound_tls_set(&(struct cairn_outbound_tls){.required = true});
}

static void expect_refused(const char *host, const char *authority)
{
    assert_int_equal(send_to(host, authority), -CAIRN_UNAVAILABLE);
    read_log();
    if (strstr(bench.said, "from ") || strstr(bench.said, "took "))
        fail_msg("the server was sent %s", bench.said);
}

static void a_mail_server_that_offers_starttls_is_sent_encrypted_mail_only(void **state)
{
    (void)state;
    need_server(true);
    require_tls();
    if (send_to("mail.localhost", "ca.pem") < 0)
        fail_msg("%s", error.message);
    wait_for("took");
    assert_non_null(strstr(bench.said, "from shop@example.com encrypted\n"));
    assert_null(strstr(bench.said, "in the clear"));
}

static void a_mail_server_without_starttls_is_refused_and_sent_nothing(void **state)
{
    (void)state;
    need_server(false);
    require_tls();
    expect_refused("mail.localhost", "ca.pem");
    assert_non_null(strstr(error.message, "STARTTLS"));
    /* The same server is good where plaintext is: on this machine, and without the setting. */
    assert_int_equal(send_to("127.0.0.1", NULL), 0);
    cairn_outbound_tls_set(&(struct cairn_outbound_tls){0});
    assert_int_equal(send_to("mail.localhost", NULL), 0);
    wait_for("took 25 bytes in the clear");
}

static void a_mail_server_with_a_certificate_of_anothers_is_refused_and_sent_nothing(void **state)
{
    (void)state;
    need_server(true);
    require_tls();
    expect_refused("mail.localhost", "other.pem");
    expect_refused("mail.localhost", NULL);
    expect_refused("post.localhost", "ca.pem"); /* the name is another one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_mail_server_that_offers_starttls_is_sent_encrypted_mail_only,
                                  stop_server),
        cmocka_unit_test_teardown(a_mail_server_without_starttls_is_refused_and_sent_nothing,
                                  stop_server),
        cmocka_unit_test_teardown(
            a_mail_server_with_a_certificate_of_anothers_is_refused_and_sent_nothing, stop_server),
    };
    return cmocka_run_group_tests_name("mail by tls", tests, set_up, NULL);
}
