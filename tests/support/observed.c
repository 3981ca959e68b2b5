/* observed.c - the shop, a Prometheus with the rules of deploy/observe, and exporters. */
#include "observed.h"

#include "fixture.h"
#include "support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 90000 };

#define PROGRAMS                                                                                        \
    "for program in prometheus promtool amtool prometheus-postgres-exporter prometheus-redis-exporter"  \
    " prometheus-node-exporter; do command -v $program || { echo $program is not installed; exit 1; };" \
    " done"

/* Minutes and hours become seconds, thresholds of times shorter, and a tmpfs a disk. */
#define RULES                                                                                      \
    "for name in rules alerts; do sed -E 's/\\b([0-9]+)[mh]\\b/\\1s/g; s/ > [36]0$/ > 3/;"         \
    " s/tmpfs[|]//' \"$tree/deploy/observe/rules/cairn.$name.yaml\" >cairn.$name.yaml; done"       \
    " && promtool check config prometheus.yaml"

/* PostgreSQL's exporter tries for a second. */
static const char settings[] =
    "global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}\n"
    "rule_files: [cairn.rules.yaml, cairn.alerts.yaml]\n"
    "scrape_configs:\n"
    "  - job_name: quick\n"
    "    file_sd_configs: [{files: [quick.json], refresh_interval: 1s}]\n"
    "  - job_name: slow\n"
    "    scrape_interval: 2s\n"
    "    scrape_timeout: 2s\n"
    "    file_sd_configs: [{files: [slow.json], refresh_interval: 1s}]\n";

/* ---- what is scraped ---- */

static void write_file(const struct observed *observed, const char *name, const char *text)
{
    char path[400];
    char before[420];
    (void)snprintf(path, sizeof path, "%s/%s", observed->place.directory, name);
    (void)snprintf(before, sizeof before, "%s.new", path);
    FILE *file = fopen(before, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(before, path), 0);
}

static void write_targets(const struct observed *observed)
{
    json_t *groups[] = {json_array(), json_array()};
    static const char *const names[] = {"quick.json", "slow.json"};
    char address[40];
    for (int i = 0; i < observed->target_count; i++) {
        const struct observed_target *target = &observed->targets[i];
        (void)snprintf(address, sizeof address, "127.0.0.1:%d", target->port);
        (void)json_array_append_new(groups[strcmp(target->job, "postgres") == 0],
                                    json_pack("{s:[s],s:{s:s,s:s}}", "targets", address, "labels",
                                              "job", target->job, "service", target->service));
    }
    for (int i = 0; i < 2; i++) {
        char *text = json_dumps(groups[i], 0);
        write_file(observed, names[i], text);
        free(text);
        json_decref(groups[i]);
    }
}

static void add_target(struct observed *observed, const char *job, const char *service, int port)
{
    assert_true(observed->target_count < OBSERVED_TARGETS);
    observed->targets[observed->target_count++] = (struct observed_target){job, service, port};
}

void observed_watch(struct observed *observed, const char *job, const char *service, int port)
{
    add_target(observed, job, service, port);
    write_targets(observed);
}

void observed_forget(struct observed *observed, int port)
{
    for (int i = 0; i < observed->target_count; i++) {
        if (observed->targets[i].port == port)
            observed->targets[i--] = observed->targets[--observed->target_count];
    }
    write_targets(observed);
}

/* ---- programs ---- */

static void start(const struct observed *observed, struct child *child, const char *name,
                  const char *command)
{
    char log[400];
    char line[1800];
    (void)snprintf(log, sizeof log, "%s/%s.log", observed->place.directory, name);
    (void)snprintf(line, sizeof line, "cd '%s' && exec %s", observed->place.directory, command);
    const char *const argv[] = {"sh", "-c", line, NULL};
    assert_int_equal(child_start(child, argv, NULL, log), 0);
}

void observed_export(struct observed *observed, const char *job, int port, const char *command)
{
    char name[60];
    assert_true(observed->exporter_count < OBSERVED_EXPORTERS);
    (void)snprintf(name, sizeof name, "%s-exporter-%d", job, port);
    start(observed, &observed->exporters[observed->exporter_count++], name, command);
    observed_watch(observed, job, job, port);
}

static void start_exporters(struct observed *observed)
{
    char command[1500];
    int port = fixture_free_port();
    (void)snprintf(command, sizeof command,
                   "env DATA_SOURCE_NAME='%s' prometheus-postgres-exporter"
                   " --web.listen-address=127.0.0.1:%d",
                   observed->superuser_url, port);
    observed_export(observed, "postgres", port, command);
    port = fixture_free_port();
    (void)snprintf(command, sizeof command,
                   "sh -c '. %s/env; exec prometheus-redis-exporter -redis.addr \"$REDIS_URL\""
                   " -web.listen-address 127.0.0.1:%d'",
                   observed->shop.run_dir, port);
    observed_export(observed, "redis", port, command);
}

static void add_services(struct observed *observed)
{
    const struct system_under_test *shop = &observed->shop;
    const struct {
        const char *name;
        int port;
    } services[] = {
        {"user", shop->user},
        {"order", shop->order},
        {"payment", shop->payment},
        {"query", shop->query},
        {"notification", shop->notification},
        {"console", shop->console},
        {"projector", shop->projector},
        {"log", shop->log},
        {"bff", shop->bff},
    };
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        add_target(observed, "cairn", services[i].name, system_admin_port(shop, services[i].port));
}

static void start_prometheus(struct observed *observed)
{
    char command[300];
    observed->port = fixture_free_port();
    write_file(observed, "prometheus.yaml", settings);
    write_targets(observed);
    shell_expect(&observed->place, RULES);
    (void)snprintf(command, sizeof command,
                   "prometheus --config.file=prometheus.yaml --storage.tsdb.path=data"
                   " --web.listen-address=127.0.0.1:%d --query.lookback-delta=3s",
                   observed->port);
    start(observed, &observed->prometheus, "prometheus", command);
    fixture_wait_http(observed->port, "/-/ready", PATIENCE_MS);
}

static void name_superuser(struct observed *observed)
{
    const char *url = observed->shop.database_url;
    const char *role = strstr(url, "cairn_owner");
    assert_non_null(role);
    (void)snprintf(observed->superuser_url, sizeof observed->superuser_url, "%.*spostgres%s",
                   (int)(role - url), url, role + strlen("cairn_owner"));
}

void observed_start(struct observed *ret, const char *name)
{
    shell_open(&ret->place, name);
    if (shell_run(&ret->place, PROGRAMS) != 0) {
        if (getenv("CI"))
            fail_msg("a program is not installed: it was printed which");
        return;
    }
    system_start(&ret->shop);
    name_superuser(ret);
    observed_register(ret, "ada@example.com");
    reply_id(&ret->reply, ret->user, sizeof ret->user);
    add_services(ret);
    start_exporters(ret);
    start_prometheus(ret);
}

void observed_need(const struct observed *observed)
{
    if (!observed->prometheus.pid)
        skip(); /* it was printed what is not installed */
}

void observed_stop(struct observed *observed)
{
    http_reply_free(&observed->reply);
    if (!observed->prometheus.pid)
        return;
    (void)child_stop(&observed->prometheus, 10000);
    for (int i = 0; i < observed->exporter_count; i++)
        (void)child_stop(&observed->exporters[i], 10000);
    system_stop(&observed->shop);
}

/* ---- alerts ---- */

/* Returns whether an alert is in one of its states; NULL: any alert. */
static bool is_seen(struct observed *observed, const char *name, bool firing_only)
{
    json_t *alert;
    size_t i;
    bool ret = false;
    ask_for(200, observed->port, "GET", "/api/v1/alerts", NULL, NULL, &observed->reply);
    json_t *all = json_loads(observed->reply.body, 0, NULL);
    json_array_foreach(json_object_get(json_object_get(all, "data"), "alerts"), i, alert)
    {
        json_t *labels = json_object_get(alert, "labels");
        const char *found = json_string_value(json_object_get(labels, "alertname"));
        const char *state = json_string_value(json_object_get(alert, "state"));
        ret = ret || ((!name || strcmp(found, name) == 0) &&
                      (!firing_only || strcmp(state, "firing") == 0));
    }
    json_decref(all);
    return ret;
}

struct awaited {
    struct observed *observed;
    const char *alert;
    bool fires;
    void (*happen)(void *context);
    void *context;
};

static bool has_come(void *context)
{
    const struct awaited *awaited = context;
    if (awaited->happen)
        awaited->happen(awaited->context);
    return is_seen(awaited->observed, awaited->alert, awaited->fires) == awaited->fires;
}

static void await(struct awaited awaited, const char *what)
{
    char text[100];
    (void)snprintf(text, sizeof text, "%s to %s", awaited.alert ? awaited.alert : "every alert",
                   what);
    fixture_wait(has_come, &awaited, PATIENCE_MS, text);
    print_message("%s\n", text);
}

void observed_fires(struct observed *observed, const char *alert)
{
    await((struct awaited){.observed = observed, .alert = alert, .fires = true}, "fire");
}

void observed_fires_while(struct observed *observed, const char *alert,
                          void (*happen)(void *context), void *context)
{
    await((struct awaited){observed, alert, true, happen, context}, "fire");
}

void observed_is_resolved(struct observed *observed, const char *alert)
{
    await((struct awaited){.observed = observed, .alert = alert}, "be resolved");
}

void observed_wait_quiet(struct observed *observed)
{
    await((struct awaited){.observed = observed}, "be resolved");
}

/* ---- the shop ---- */

/* Under the lock of the log, as every append. */
void observed_write(const struct observed *observed, const char *rows)
{
    char statement[1000];
    (void)snprintf(
        statement, sizeof statement,
        "lock table cairn.append_lock in share update exclusive mode;"
        " insert into cairn.events (shard, position, stream, version, type, schema_version,"
        " event_id, data, meta, recorded_at) select 0, cairn.head() + n, stream, 1, type, 1,"
        " gen_random_uuid(), data, '{}', clock_timestamp() from (%s) as rows (n, stream, type, data)",
        rows);
    fixture_sql(observed->shop.database_url, statement);
}

void observed_register(struct observed *observed, const char *email)
{
    char body[200];
    (void)snprintf(body, sizeof body, "{\"email\":\"%s\",\"name\":\"Ada\"}", email);
    ask_for(201, observed->shop.user, "POST", "/users", NULL, body, &observed->reply);
}

void observed_order_body(const struct observed *observed, char ret[static 300])
{
    (void)snprintf(ret, 300,
                   "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"card_token\":\"tok_visa\","
                   "\"lines\":[{\"sku\":\"a\",\"quantity\":1,\"unit_price\":100}]}",
                   observed->user);
}

void observed_order(struct observed *observed, int status, int port)
{
    char body[300];
    observed_order_body(observed, body);
    ask_for(status, port, "POST", "/orders", NULL, body, &observed->reply);
}
