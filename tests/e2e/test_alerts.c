/* test_alerts.c - real faults fire the alerts of deploy/observe in a real Prometheus, with the
 * exporters of PostgreSQL and Redis, and their repair resolves them.
 *
 * The rules are used as they are, but for the unit of time: minutes and hours are seconds here.
 * What no test can cause is in deploy/observe/rules/test. */
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <jansson.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

static struct system_under_test shop;
static struct shell place;
static struct child prometheus, postgres_exporter, redis_exporter;
static int prometheus_port;
static struct http_reply reply;
static char user[64];

#define PROGRAMS                                                                                        \
    "for program in prometheus promtool amtool prometheus-postgres-exporter prometheus-redis-exporter;" \
    " do command -v $program || { echo $program is not installed; exit 1; }; done"

static bool can_run(void)
{
    return getenv("CI") || shell_run(&place, PROGRAMS) == 0;
}

/* ---- Prometheus ---- */

static void start(struct child *child, const char *name, const char *command)
{
    char log[400];
    char line[1500];
    (void)snprintf(log, sizeof log, "%s/%s.log", place.directory, name);
    (void)snprintf(line, sizeof line, "cd '%s' && exec %s", place.directory, command);
    const char *const argv[] = {"sh", "-c", line, NULL};
    assert_int_equal(child_start(child, argv, NULL, log), 0);
}

static void add_target(FILE *file, const char *job, const char *service, int port)
{
    (void)fprintf(file,
                  "  - job_name: %s_%d\n    static_configs:\n"
                  "      - targets: ['127.0.0.1:%d']\n        labels: {service: %s}\n"
                  "    relabel_configs:\n      - {target_label: job, replacement: %s}\n",
                  job, port, port, service, job);
}

static void write_settings(int postgres_port, int redis_port)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s/prometheus.yaml", place.directory);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs(
        "global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}\n"
        "rule_files: [cairn.rules.yaml, cairn.alerts.yaml]\nscrape_configs:\n",
        file);
    add_target(file, "cairn", "user", system_admin_port(&shop, shop.user));
    add_target(file, "cairn", "order", system_admin_port(&shop, shop.order));
    add_target(file, "cairn", "payment", system_admin_port(&shop, shop.payment));
    add_target(file, "cairn", "notification", system_admin_port(&shop, shop.notification));
    add_target(file, "cairn", "query", system_admin_port(&shop, shop.query));
    add_target(file, "cairn", "projector", system_admin_port(&shop, shop.projector));
    add_target(file, "postgres", "postgres", postgres_port);
    (void)fputs("    scrape_interval: 2s\n    scrape_timeout: 2s\n",
                file); /* it tries for a second */
    add_target(file, "redis", "redis", redis_port);
    assert_int_equal(fclose(file), 0);
}

static void start_observers(void)
{
    char command[1500];
    int postgres_port = fixture_free_port();
    int redis_port = fixture_free_port();
    prometheus_port = fixture_free_port();
    write_settings(postgres_port, redis_port);
    shell_expect(&place,
                 "for name in rules alerts; do sed -E 's/\\b([0-9]+)[mh]\\b/\\1s/g; s/ > 60$/ > 3/'"
                 " \"$tree/deploy/observe/rules/cairn.$name.yaml\" >cairn.$name.yaml; done"
                 " && promtool check config prometheus.yaml");
    (void)snprintf(command, sizeof command,
                   "env DATA_SOURCE_NAME='%s' prometheus-postgres-exporter"
                   " --web.listen-address=127.0.0.1:%d",
                   shop.database_url, postgres_port);
    start(&postgres_exporter, "postgres_exporter", command);
    (void)snprintf(command, sizeof command,
                   "sh -c '. %s/env; exec prometheus-redis-exporter -redis.addr \"$REDIS_URL\""
                   " -web.listen-address 127.0.0.1:%d'",
                   shop.run_dir, redis_port);
    start(&redis_exporter, "redis_exporter", command);
    (void)snprintf(command, sizeof command,
                   "prometheus --config.file=prometheus.yaml --storage.tsdb.path=data"
                   " --web.listen-address=127.0.0.1:%d --query.lookback-delta=3s",
                   prometheus_port);
    start(&prometheus, "prometheus", command);
    fixture_wait_http(prometheus_port, "/-/ready", PATIENCE_MS);
}

/* Returns the state of an alert: "firing", "pending", or "" if there is none. */
static const char *state_of(const char *name)
{
    static char ret[20];
    json_t *alert;
    size_t i;
    ret[0] = '\0';
    ask_for(200, prometheus_port, "GET", "/api/v1/alerts", NULL, NULL, &reply);
    json_t *all = json_loads(reply.body, 0, NULL);
    json_array_foreach(json_object_get(json_object_get(all, "data"), "alerts"), i, alert)
    {
        const char *found =
            json_string_value(json_object_get(json_object_get(alert, "labels"), "alertname"));
        const char *state = json_string_value(json_object_get(alert, "state"));
        if (strcmp(found, name) == 0 && strcmp(ret, "firing") != 0)
            (void)snprintf(ret, sizeof ret, "%s", state);
    }
    json_decref(all);
    return ret;
}

struct expected {
    const char *alert;
    const char *state;
};

static bool is_in_state(void *context)
{
    const struct expected *expected = context;
    return strcmp(state_of(expected->alert), expected->state) == 0;
}

static void wait_until(const char *alert, const char *state)
{
    struct expected expected = {alert, state};
    char what[100];
    (void)snprintf(what, sizeof what, "%s to be %s", alert, state[0] ? state : "resolved");
    fixture_wait(is_in_state, &expected, PATIENCE_MS, what);
    print_message("%s is %s\n", alert, state[0] ? state : "resolved");
}

#define FIRES(alert) wait_until(alert, "firing")
#define IS_RESOLVED(alert) wait_until(alert, "")

/* ---- the shop ---- */

static void register_user(const char *email)
{
    char body[200];
    (void)snprintf(body, sizeof body, "{\"email\":\"%s\",\"name\":\"Ada\"}", email);
    ask_for(201, shop.user, "POST", "/users", NULL, body, &reply);
}

static void order_body(char ret[static 300])
{
    (void)snprintf(ret, 300,
                   "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"card_token\":\"tok_visa\","
                   "\"lines\":[{\"sku\":\"a\",\"quantity\":1,\"unit_price\":100}]}",
                   user);
}

static void place_order(void)
{
    char body[300];
    order_body(body);
    ask_for(201, shop.order, "POST", "/orders", NULL, body, &reply);
}

static int setup(void **state)
{
    (void)state;
    shell_open(&place, "alerts");
    if (!can_run())
        return 0;
    system_start(&shop);
    register_user("ada@example.com");
    reply_id(&reply, user, sizeof user);
    start_observers();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_reply_free(&reply);
    if (!prometheus.pid)
        return 0;
    (void)child_stop(&prometheus, 10000);
    (void)child_stop(&postgres_exporter, 10000);
    (void)child_stop(&redis_exporter, 10000);
    system_stop(&shop);
    return 0;
}

/* ---- faults ---- */

static const char *const all_alerts[] = {
    "CairnInstanceDown",
    "CairnErrorRatio",
    "CairnBreakerOpen",
    "CairnDeliveriesWait",
    "CairnReadModelStands",
    "CairnReadModelStopped",
    "CairnKeysParked",
    "CairnBusStopped",
    "PostgresDown",
    "PostgresLockHeld",
    "RedisDown",
    "PostgresTransactionStaysOpen",
};

static bool is_quiet(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof all_alerts / sizeof all_alerts[0]; i++) {
        if (state_of(all_alerts[i])[0])
            return false;
    }
    return true;
}

static void wait_for_quiet(void)
{
    fixture_wait(is_quiet, NULL, PATIENCE_MS, "every alert to be resolved");
}

static void skip_without_prometheus(void)
{
    if (!prometheus.pid)
        skip(); /* it was printed what is not installed */
}

/* The slowest collector of PostgreSQL's exporter has been scraped. */
static bool has_scraped_all(void *unused)
{
    (void)unused;
    ask_for(200, prometheus_port, "GET", "/api/v1/label/__name__/values", NULL, NULL, &reply);
    return strstr(reply.body, "\"pg_database_size_bytes\"") &&
           strstr(reply.body, "\"pg_locks_count\"") && strstr(reply.body, "\"redis_up\"");
}

static void the_rules_and_dashboards_are_valid_and_name_what_there_is(void **state)
{
    (void)state;
    char command[200];
    skip_without_prometheus();
    fixture_wait(has_scraped_all, NULL, PATIENCE_MS, "all exporters to be scraped");
    (void)snprintf(command, sizeof command,
                   "\"$tree/tests/observe/check\" queries http://127.0.0.1:%d", prometheus_port);
    shell_expect(&place, command);
}

static void a_killed_service_is_down_until_it_runs_again(void **state)
{
    (void)state;
    skip_without_prometheus();
    wait_for_quiet();
    system_kill(&shop, "query", SIGKILL);
    FIRES("CairnInstanceDown");
    system_heal(&shop);
    IS_RESOLVED("CairnInstanceDown");
}

static void a_command_that_nothing_takes_waits_and_opens_the_breaker(void **state)
{
    (void)state;
    skip_without_prometheus();
    wait_for_quiet();
    system_kill(&shop, "payment", SIGKILL);
    for (int i = 0; i < 10; i++)
        place_order();
    FIRES("CairnDeliveriesWait");
    FIRES("CairnBreakerOpen");
    system_heal(&shop);
    IS_RESOLVED("CairnDeliveriesWait");
    IS_RESOLVED("CairnBreakerOpen");
}

static void a_lock_on_a_table_stops_its_read_model(void **state)
{
    (void)state;
    skip_without_prometheus();
    wait_for_quiet();
    struct pg_conn *session = fixture_connect(shop.database_url);
    PGresult *locked = PQexec(session, "begin; lock table read.users_g1");
    assert_int_equal(PQresultStatus(locked), PGRES_COMMAND_OK);
    PQclear(locked);
    register_user("bob@example.com");
    FIRES("PostgresLockHeld");
    FIRES("PostgresTransactionStaysOpen");
    FIRES("CairnReadModelStands");
    PQfinish(session);
    IS_RESOLVED("PostgresLockHeld");
    IS_RESOLVED("CairnReadModelStands");
}

static void an_event_that_cannot_be_read_parks_its_key_until_it_is_skipped(void **state)
{
    (void)state;
    skip_without_prometheus();
    wait_for_quiet();
    fixture_sql(shop.database_url,
                "insert into cairn.events (shard, position, stream, version, type, schema_version,"
                " event_id, data, meta, recorded_at) values (0, cairn.head() + 1, 'user-' ||"
                " gen_random_uuid(), 1, 'UserRegistered', 1, gen_random_uuid(), '{}', '{}',"
                " clock_timestamp())");
    register_user("carol@example.com");
    FIRES("CairnKeysParked");
    (void)setenv("run_dir", shop.run_dir, 1);
    shell_expect(
        &place,
        ". \"$run_dir/env\" && set -- $(\"$build/bin/cairn\" parked users --json |"
        " jq -r '\"\\(.key) \\(.position)\"') && \"$build/bin/cairn\" parked skip users $1 $2");
    IS_RESOLVED("CairnKeysParked");
}

static void without_redis_the_bus_stops(void **state)
{
    (void)state;
    skip_without_prometheus();
    wait_for_quiet();
    system_kill(&shop, "redis", SIGKILL);
    place_order();
    FIRES("RedisDown");
    FIRES("CairnBusStopped");
    system_heal(&shop);
    IS_RESOLVED("RedisDown");
    IS_RESOLVED("CairnBusStopped");
}

/* Sends an order, which is answered with 503, and looks at the alert. */
static bool errors_fire(void *unused)
{
    char body[300];
    (void)unused;
    order_body(body);
    ask_for(503, shop.order, "POST", "/orders", NULL, body, &reply);
    return strcmp(state_of("CairnErrorRatio"), "firing") == 0;
}

static void without_postgresql_requests_fail_and_nothing_leads(void **state)
{
    (void)state;
    skip_without_prometheus();
    wait_for_quiet();
    system_kill(&shop, "postgres", SIGKILL);
    FIRES("PostgresDown");
    fixture_wait(errors_fire, NULL, PATIENCE_MS, "CairnErrorRatio to be firing");
    FIRES("CairnReadModelStopped");
    system_heal(&shop);
    IS_RESOLVED("PostgresDown");
    IS_RESOLVED("CairnReadModelStopped");
    IS_RESOLVED("CairnErrorRatio");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rules_and_dashboards_are_valid_and_name_what_there_is),
        cmocka_unit_test(a_killed_service_is_down_until_it_runs_again),
        cmocka_unit_test(a_command_that_nothing_takes_waits_and_opens_the_breaker),
        cmocka_unit_test(a_lock_on_a_table_stops_its_read_model),
        cmocka_unit_test(an_event_that_cannot_be_read_parks_its_key_until_it_is_skipped),
        cmocka_unit_test(without_redis_the_bus_stops),
        cmocka_unit_test(without_postgresql_requests_fail_and_nothing_leads),
    };
    return cmocka_run_group_tests_name("alerts", tests, setup, teardown);
}
