/* test_authenticated_starts.c - every program of this repository starts with authentication on: all
 * rows of its tables have policies, and what is not open is closed without a token. With it off, a
 * service that others could reach starts only where that was said twice. */
#include "../support/cairn.h"
#include "../support/callers.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/service.h"
#include "../support/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID "0199aaaa-0000-7000-8000-000000000001"

/* A program, and what it answers to a caller only. */
struct program {
    const char *name; /* of services/, or of docs/examples/ */
    struct {
        const char *method;
        const char *path; /* NULL: there is no more */
        const char *roles;
    } closed[6];
};

static const struct program programs[] = {
    {"user", {{"POST", "/users", ""}, {"PUT", "/users/" ID "/email", ""}}},
    {"order", {{"POST", "/orders", ""}, {"POST", "/orders/" ID "/ship", "clerk"}}},
    {"payment", {{"POST", "/payments/" ID "/refund", "finance"}}},
    {"notification", {{NULL, NULL, NULL}}},
    {"projector", {{NULL, NULL, NULL}}},
    {"query",
     {{"GET", "/users/" ID, ""},
      {"GET", "/orders/" ID, ""},
      {"GET", "/users/" ID "/orders", ""},
      {"GET", "/payments/" ID, "support"},
      {"GET", "/reports/sales", "finance"}}},
    {"enrolment", {{"POST", "/courses", "registrar"}, {"POST", "/enrolments", ""}}},
    {"acquirer", {{NULL, NULL, NULL}}}, /* of another company: open */
    {"console", {{"GET", "/admin/status", "reader"}, {"POST", "/admin/rebuilds", "operator"}}},
    {"log", {{"GET", "/events", "reader"}, {"GET", "/feeds/payment", "operator"}}},
    {"bff", {{NULL, NULL, NULL}}}, /* test_dashboard.c: it needs the query service to answer */
    {"web", {{"GET", "/mail", "support"}}},
    {"monolith", {{"POST", "/users", ""}, {"GET", "/reports/sales", "support"}}},
};

static struct service service, projector;

static int set_up(void **state)
{
    (void)state;
    callers_open();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    callers_close();
    return 0;
}

static void expect_program(const struct program *program)
{
    service_join(&service, program->name, &projector);
    for (int i = 0; i < 6 && program->closed[i].path; i++)
        callers_expect_closed(service.port, program->closed[i].method, program->closed[i].path,
                              program->closed[i].roles);
    service_leave(&service);
}

static void every_service_starts_with_authentication_on(void **state)
{
    (void)state;
    char ledger[512];
    (void)snprintf(ledger, sizeof ledger, "%s/ledger-of-starts", getenv("CAIRN_TEST_SERVERS"));
    (void)setenv("CAIRN_ACQUIRER_LEDGER", ledger, 1);
    service_start(&projector, "projector"); /* queries wait for its read models */
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        expect_program(&programs[i]);
    service_stop(&projector);
    (void)unsetenv("CAIRN_ACQUIRER_LEDGER");
}

static bool is_listed(const char *name)
{
    bool listed = strcmp(name, "mailbox") == 0; /* speaks SMTP */
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        listed = listed || strcmp(programs[i].name, name) == 0;
    return listed;
}

/* A service that is added belongs into the list above. */
static void no_service_is_forgotten(void **state)
{
    (void)state;
    DIR *directory = opendir("services");
    assert_non_null(directory);
    for (const struct dirent *at = readdir(directory); at; at = readdir(directory)) {
        if (at->d_name[0] != '.' && !is_listed(at->d_name))
            fail_msg("services/%s is not started with authentication on", at->d_name);
    }
    (void)closedir(directory);
}

/* ---- where nothing, or "off", was said ---- */

enum { PATIENCE_MS = 60000 };

static int set_up_database(void **state)
{
    (void)state;
    fixture_database(service.url, sizeof service.url);
    return 0;
}

static int drop_database(void **state)
{
    (void)state;
    fixture_drop(service.url);
    return 0;
}

static void launch(const char *address, const char *auth)
{
    char bind[60], word[60];
    const char *const env[] = {bind, auth ? word : NULL, NULL};
    (void)snprintf(bind, sizeof bind, "CAIRN_BIND=%s", address);
    (void)snprintf(word, sizeof word, "CAIRN_AUTH=%s", auth ? auth : "");
    service.port = fixture_free_port();
    service_launch(&service.child, "user", service.url, service.port, env);
}

static void an_open_service_beyond_this_machine_has_to_be_said_twice(void **state)
{
    (void)state;
    static const char *const addresses[] = {"0.0.0.0", "::", "192.0.2.1"};
    static const char *const words[] = {NULL, "", "off"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
            launch(addresses[i], words[k]);
            assert_int_equal(child_wait(&service.child, PATIENCE_MS), 64);
        }
    }
    launch("0.0.0.0", "off anywhere");
    fixture_wait_http(service.port, "/readyz", PATIENCE_MS);
    assert_int_equal(child_stop(&service.child, PATIENCE_MS), 0);
    launch("127.0.0.1", NULL);
    fixture_wait_http(service.port, "/readyz", PATIENCE_MS);
    assert_int_equal(child_stop(&service.child, PATIENCE_MS), 0);
}

/* As in a container, whose image sets the address for services. */
static void a_command_that_serves_nothing_needs_no_word_on_authentication(void **state)
{
    (void)state;
    assert_int_equal(setenv("CAIRN_BIND", "0.0.0.0", 1), 0);
    assert_int_equal(setenv("CAIRN_AUTH", "", 1), 0);
    cairn_expect(service.url, 0, "migrate", "");
    cairn_expect(service.url, 0, "status", "");
    assert_int_equal(unsetenv("CAIRN_BIND"), 0);
    assert_int_equal(unsetenv("CAIRN_AUTH"), 0);
}

int main(void)
{
    const struct CMUnitTest open[] = {
        cmocka_unit_test(an_open_service_beyond_this_machine_has_to_be_said_twice),
        cmocka_unit_test(a_command_that_serves_nothing_needs_no_word_on_authentication),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_service_starts_with_authentication_on),
        cmocka_unit_test(no_service_is_forgotten),
    };
    int failed = cmocka_run_group_tests_name("open starts", open, set_up_database, drop_database);
    return failed + cmocka_run_group_tests_name("authenticated starts", tests, set_up, tear_down);
}
