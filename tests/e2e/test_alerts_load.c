/* test_alerts_load.c - alerts of what is slow, full, behind or set aside, fired by real faults and
 * resolved by their repair: see test_alerts.c. */
#include "../support/fixture.h"
#include "../support/issuer.h"
#include "../support/observed.h"
#include "../support/service.h"
#include "../support/signer.h"
#include "../support/support.h"
#include "../support/wire.h"

#include <fcntl.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct observed observed;
static struct system_under_test *const shop = &observed.shop;

#define FIRES(alert) observed_fires(&observed, alert)
#define IS_RESOLVED(alert) observed_is_resolved(&observed, alert)

static int setup(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    observed_start(&observed, "alerts-load");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    observed_stop(&observed);
    return 0;
}

static void begin(void)
{
    observed_need(&observed);
    observed_wait_quiet(&observed);
}

/* Starts one more instance of a service on the shop's log, which Prometheus scrapes, too. */
static int start_instance(struct child *child, const char *name, const char *const env[])
{
    int port = fixture_free_port();
    service_launch(child, name, shop->database_url, port, env);
    observed_watch(&observed, "cairn", name, port);
    return port;
}

static void stop_instance(struct child *child, int port)
{
    observed_forget(&observed, port);
    assert_int_equal(child_stop(child, 20000), 0);
}

/* Opens a session that holds a lock until it is closed. */
static struct pg_conn *hold_lock(const char *lock)
{
    char statement[200];
    struct pg_conn *session = fixture_connect(observed.superuser_url);
    (void)snprintf(statement, sizeof statement, "begin; lock table %s", lock);
    PGresult *locked = PQexec(session, statement);
    assert_int_equal(PQresultStatus(locked), PGRES_COMMAND_OK);
    PQclear(locked);
    return session;
}

/* ---- slow ---- */

/* A server that needs so long for each write to a table. */
static void slow_down(const char *table, double seconds)
{
    char statement[600];
    (void)snprintf(statement, sizeof statement,
                   "create or replace function public.linger() returns trigger language plpgsql as"
                   " $$begin perform pg_sleep(%g); return null; end$$;"
                   " create trigger linger before insert on %s"
                   " for each statement execute function public.linger();"
                   " alter table %s enable always trigger linger",
                   seconds, table, table);
    fixture_sql(observed.superuser_url, statement);
}

static void speed_up(const char *table)
{
    char statement[200];
    (void)snprintf(statement, sizeof statement, "drop trigger linger on %s", table);
    fixture_sql(observed.superuser_url, statement);
}

enum { CUSTOMERS = 6 };

/* Threads that post orders without pause, so that some are answered at every time. */
struct customers {
    pthread_t threads[CUSTOMERS];
    bool left;
};

static void *order_on_and_on(void *context)
{
    const struct customers *customers = context;
    char body[300];
    observed_order_body(&observed, body);
    while (!__atomic_load_n(&customers->left, __ATOMIC_RELAXED)) {
        struct http_reply reply = {0};
        (void)http_send(shop->order, "POST", "/orders", "Content-Type: application/json\r\n", body,
                        strlen(body), &reply, 30000);
        http_reply_free(&reply);
    }
    return NULL;
}

static void a_log_that_is_slow_makes_commands_slow(void **state)
{
    (void)state;
    struct customers customers = {.left = false};
    begin();
    slow_down("cairn.events", 1.3);
    for (int i = 0; i < CUSTOMERS; i++)
        assert_int_equal(pthread_create(&customers.threads[i], NULL, order_on_and_on, &customers),
                         0);
    FIRES("CairnSlow");
    __atomic_store_n(&customers.left, true, __ATOMIC_RELAXED);
    for (int i = 0; i < CUSTOMERS; i++)
        assert_int_equal(pthread_join(customers.threads[i], NULL), 0);
    speed_up("cairn.events");
    IS_RESOLVED("CairnSlow");
}

static void register_somebody(void *context)
{
    int *number = context;
    char email[60];
    (void)snprintf(email, sizeof email, "somebody-%d@example.com", ++*number);
    observed_register(&observed, email);
}

static void a_table_that_is_slow_makes_its_read_model_stale(void **state)
{
    (void)state;
    int number = 0;
    begin();
    slow_down("read.users_g1", 4);
    observed_fires_while(&observed, "CairnReadModelStale", register_somebody, &number);
    speed_up("read.users_g1");
    IS_RESOLVED("CairnReadModelStale");
}

/* ---- full ---- */

enum { MANY = 300 };

struct crowd {
    struct wire wires[MANY];
    int count;
    int port;
    const char *request;
};

/* One more client sends its request, and does not wait for the answer. */
static void one_more(void *context)
{
    struct crowd *crowd = context;
    if (crowd->count == MANY)
        return;
    struct wire *wire = &crowd->wires[crowd->count++];
    *wire = wire_open(crowd->port);
    (void)wire_try_send(wire, crowd->request);
}

static void disperse(struct crowd *crowd)
{
    for (int i = 0; i < crowd->count; i++)
        wire_close(&crowd->wires[i]);
}

static void a_service_with_too_many_open_requests_refuses_others(void **state)
{
    (void)state;
    static struct crowd crowd;
    char body[300];
    char request[600];
    struct child child;
    begin();
    crowd.port = start_instance(&child, "order", (const char *[]){"CAIRN_HTTP_OPEN_MAX=4", NULL});
    fixture_wait_http(crowd.port, "/readyz", 60000);
    observed_order_body(&observed, body);
    (void)snprintf(request, sizeof request,
                   "POST /orders HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    crowd.request = request;
    struct pg_conn *session = hold_lock("cairn.events in share mode");
    observed_fires_while(&observed, "CairnSaturated", one_more, &crowd);
    PQfinish(session);
    disperse(&crowd);
    IS_RESOLVED("CairnSaturated");
    stop_instance(&child, crowd.port);
}

static int64_t open_files(int pid)
{
    char command[80];
    int ret = 0;
    (void)snprintf(command, sizeof command, "ls /proc/%d/fd | wc -l", pid);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%d", &ret), 1);
    assert_int_equal(pclose(pipe), 0);
    return ret;
}

/* The limit is twice of what is open: clients come until four fifths are. */
static void clients_that_stay_use_up_the_descriptors(void **state)
{
    (void)state;
    static struct crowd crowd = {.request = "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n"};
    struct rlimit before;
    begin();
    int pid = system_pid(shop, "query");
    rlim_t limit = (rlim_t)open_files(pid) * 2;
    assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &before), 0);
    assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &(struct rlimit){limit, before.rlim_max}, NULL),
                     0);
    crowd.port = shop->query;
    for (rlim_t i = 0; i < limit / 2 * 7 / 10; i++)
        one_more(&crowd);
    FIRES("CairnFilesNearlyOut");
    disperse(&crowd);
    IS_RESOLVED("CairnFilesNearlyOut");
    assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &before, NULL), 0);
}

/* ---- unheard ---- */

static void ask_nothing(void *context)
{
    struct wire *wire = context;
    for (int i = 0; i < 200; i++) {
        wire_send(wire, "GET /nowhere HTTP/1.1\r\nHost: test\r\n\r\n");
        assert_int_equal(wire_read(wire).status, 404);
    }
}

static void a_log_that_is_not_read_loses_lines(void **state)
{
    (void)state;
    char path[600];
    char binary[512];
    char listen[40];
    char ledger[640];
    struct child child;
    begin();
    int port = fixture_free_port();
    (void)snprintf(path, sizeof path, "%s/unread", observed.place.directory);
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-acquirer", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(listen, sizeof listen, "PORT=%d", port);
    (void)snprintf(ledger, sizeof ledger, "CAIRN_ACQUIRER_LEDGER=%s.ledger", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDWR | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_int_equal(child_start(&child, (const char *[]){binary, NULL},
                                 (const char *[]){listen, ledger, NULL}, path),
                     0);
    fixture_wait_http(port, "/readyz", 60000);
    observed_watch(&observed, "cairn", "acquirer", port);
    struct wire wire = wire_open(port);
    observed_fires_while(&observed, "CairnLogLinesLost", ask_nothing, &wire);
    wire_close(&wire);
    IS_RESOLVED("CairnLogLinesLost");
    stop_instance(&child, port);
    (void)close(reader);
}

static void an_issuer_that_is_away_is_told_until_its_keys_are_read(void **state)
{
    (void)state;
    struct issuer issuer;
    struct child child;
    char setting[100];
    begin();
    struct signer *signer = signer_ec("first", "P-256");
    issuer_start(&issuer);
    issuer_publish(&issuer, (struct signer *[]){signer, NULL});
    issuer.away = true;
    (void)snprintf(setting, sizeof setting, "CAIRN_AUTH_ISSUER=%s", issuer.url);
    int port = start_instance(
        &child, "user",
        (const char *[]){"CAIRN_AUTH=on", "CAIRN_AUTH_AUDIENCE=shop", setting, NULL});
    FIRES("CairnKeysNotFetched");
    issuer.away = false;
    IS_RESOLVED("CairnKeysNotFetched");
    stop_instance(&child, port);
    issuer_stop(&issuer);
    signer_free(signer);
}

/* ---- behind ---- */

static void a_read_model_that_is_locked_lags_behind_an_import(void **state)
{
    (void)state;
    begin();
    struct pg_conn *session = hold_lock("read.users_g1");
    observed_write(&observed, "select n, 'user-' || gen_random_uuid(), 'UserRegistered',"
                              " json_build_object('email', n || '@example.com', 'name', 'Bob')"
                              " from generate_series(1, 10100) n");
    observed_register(&observed, "behind@example.com");
    FIRES("CairnReadModelLags");
    PQfinish(session);
    IS_RESOLVED("CairnReadModelLags");
}

static void a_process_whose_place_cannot_be_kept_stands(void **state)
{
    (void)state;
    begin();
    struct pg_conn *session = hold_lock("cairn.followers");
    observed_order(&observed, 201, shop->order);
    FIRES("CairnFollowerStands");
    PQfinish(session);
    IS_RESOLVED("CairnFollowerStands");
}

/* ---- set aside ---- */

static void an_event_that_cannot_be_read_is_set_aside_by_reactors_and_consumers(void **state)
{
    (void)state;
    begin();
    observed_write(&observed,
                   "values (1, 'payment-' || gen_random_uuid(), 'PaymentRequested', '{}'::json),"
                   " (2, 'order-' || gen_random_uuid(), 'OrderPlaced', '{}')");
    observed_order(&observed, 201, shop->order);
    FIRES("CairnReactorParked");
    FIRES("CairnDeadLetters");
    IS_RESOLVED("CairnReactorParked");
    IS_RESOLVED("CairnDeadLetters");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_is_slow_makes_commands_slow),
        cmocka_unit_test(a_table_that_is_slow_makes_its_read_model_stale),
        cmocka_unit_test(a_service_with_too_many_open_requests_refuses_others),
        cmocka_unit_test(clients_that_stay_use_up_the_descriptors),
        cmocka_unit_test(a_log_that_is_not_read_loses_lines),
        cmocka_unit_test(an_issuer_that_is_away_is_told_until_its_keys_are_read),
        cmocka_unit_test(a_read_model_that_is_locked_lags_behind_an_import),
        cmocka_unit_test(a_process_whose_place_cannot_be_kept_stands),
        cmocka_unit_test(an_event_that_cannot_be_read_is_set_aside_by_reactors_and_consumers),
    };
    return cmocka_run_group_tests_name("alerts of load", tests, setup, teardown);
}
