/* serving.c - tests of running services: starts them in this process, at the first request or given
 * event, and stops them. */
#include "testkit/serving/serving.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "runtime/start_gate.h"
#include "testkit/outside/loopback.h"
#include "testkit/serving/given_events.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define READY_US CAIRN_SECONDS(30)

static const struct cairn_scenario_kind kind;

/* ---- starting ---- */

/* Reads the configuration from the environment, as the process does, but for what is the test's. */
static int read_config(struct cairn_serving *self, const char *url, struct cairn_error *error)
{
    bool is_set = getenv("DATABASE_URL") != NULL;
    if (!is_set) /* it must be, to be read */
        (void)setenv("DATABASE_URL", url, 1);
    int failed = cairn_config_read(&self->config, self->services, error);
    if (!is_set)
        (void)unsetenv("DATABASE_URL");
    self->config.database_url = self->config.database_url ? url : NULL;
    self->config.redis_url = "";
    self->config.port = 0;
    self->config.bind = "127.0.0.1";
    return failed;
}

static void set_log_level(const struct cairn_serving *self)
{
    enum cairn_log_level level = CAIRN_LOG_ERROR;
    const char *text = getenv("CAIRN_LOG_LEVEL");
    (void)!cairn_log_level_parse(text ? text : "error", &level);
    cairn_log_setup(self->services[0]->name, level);
}

static int prepare(struct cairn_serving *self, struct cairn_error *error)
{
    const char *url = self->given_url;
    int failed = cairn_host_check(self->services, error);
    if (!failed && !url) {
        failed = cairn_scratch_open(&self->scratch, error);
        url = self->scratch.url;
    }
    if (!failed)
        failed = read_config(self, url, error);
    if (!failed && self->config.database_url)
        failed = cairn_host_check_database(url, self->services, error);
    if (!failed && self->config.database_url)
        failed = cairn_store_open(url, "test", &self->store, error);
    if (!failed && self->store)
        failed = cairn_store_timeline(self->store, &self->timeline, error);
    return failed;
}

/* The targets of the test get their settings after the configuration was read. */
static void set_targets(struct cairn_scenario *scenario)
{
    for (struct cairn_scenario_part *part = scenario->parts; part; part = part->next)
        part->start(scenario, part->self);
}

/* Waits until the process is ready: read models of this version are built. */
static int wait_until_ready(struct cairn_serving *self, struct cairn_error *error)
{
    static const char request[] = "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                  "Connection: close\r\n\r\n";
    const struct timespec pause = {.tv_nsec = 5000000};
    int64_t until_us = cairn_monotonic_us() + READY_US;
    struct cairn_loopback_message answer = {.body = ""};
    int status = 0;
    for (;;) {
        status = cairn_loopback_ask(cairn_host_port(self->host), request, true,
                                    &self->scenario->arena, &answer, error);
        if (status < 0 || status == 200 || cairn_monotonic_us() > until_us)
            break;
        (void)nanosleep(&pause, NULL);
    }
    if (status < 0 || status == 200)
        return status < 0 ? status : 0;
    return cairn_fail(error, CAIRN_UNAVAILABLE, "it is not ready after %d s: %s",
                      (int)(READY_US / 1000000), answer.body);
}

bool cairn_serving_start(struct cairn_here here)
{
    struct cairn_serving *self = here.scenario->self;
    struct cairn_error error = {0};
    if (self->host)
        return true;
    if (here.scenario->failed) /* it has been tried */
        return false;
    (void)signal(SIGPIPE, SIG_IGN);
    set_log_level(self);
    int failed = prepare(self, &error);
    if (!failed) {
        set_targets(here.scenario);
        here.scenario->services_run = true;
        failed = cairn_host_start(&self->config, self->services, &self->host, &error);
    }
    if (!failed)
        failed = wait_until_ready(self, &error);
    if (failed)
        cairn_scenario_fail(here, "the service %s cannot start: %s", self->services[0]->name,
                            error.message);
    return !failed;
}

/* ---- stopping ---- */

/* What runs. A failed assertion may leave a test without its end: then the next one, or the end of
 * the process, stops it. */
static struct cairn_serving *running;

static void stop(struct cairn_serving *self)
{
    if (self->host)
        cairn_host_stop(self->host);
    cairn_store_close(self->store);
    self->host = NULL;
    self->store = NULL;
    cairn_scratch_close(&self->scratch);
    running = running == self ? NULL : running;
}

static void stop_left_over(void)
{
    if (running)
        stop(running);
}

static void end(struct cairn_scenario *scenario)
{
    stop(scenario->self);
}

struct cairn_scenario *cairn_scenario_service(const struct cairn_service *service, const char *url)
{
    static bool prepared;
    struct cairn_scenario *scenario = cairn_scenario_begin(&kind, sizeof(struct cairn_serving));
    struct cairn_serving *self = scenario->self;
    if (!prepared)
        (void)atexit(stop_left_over);
    prepared = true;
    stop_left_over();
    running = self;
    self->scenario = scenario;
    self->services[self->service_count++] = service;
    self->given_url = cairn_copy_text(&scenario->arena, url);
    return scenario;
}

void cairn_scenario_serving_too(struct cairn_here here, const struct cairn_service *service)
{
    struct cairn_serving *self = cairn_scenario_takes(here, "CAIRN_SERVING", "SERVING_TOO");
    if (!self)
        return;
    if (self->host || self->service_count == CAIRN_SERVING_MAX)
        cairn_scenario_fail(here, self->host ? "SERVING_TOO comes before the first request"
                                             : "more services than a process may have");
    else
        self->services[self->service_count++] = service;
}

/* ---- the scenario ---- */

static void give(struct cairn_here here, struct cairn_any event)
{
    struct cairn_serving *self = here.scenario->self;
    const struct cairn_stored_as as = cairn_stored_as(self, event.record);
    struct cairn_error error = {0};
    if (!as.type)
        cairn_scenario_fail(here, "%s is not an event that %s decides on or handles",
                            event.record->name, self->services[0]->name);
    else if (cairn_serving_start(here) &&
             cairn_given_append(self, &as, event.value, event.record, &error) < 0)
        cairn_scenario_fail(here, "the event cannot be appended: %s", error.message);
}

static void settle_answer(struct cairn_here here)
{
    struct cairn_serving *self = here.scenario->self;
    if (self->answer.status >= 300 && !self->answer.status_named)
        cairn_scenario_fail(here, "a status that no THEN_STATUS names\n  seen:   %s: %d %s",
                            self->answer.asked, self->answer.status, self->answer.body);
}

static void forget(struct cairn_scenario *scenario)
{
    struct cairn_serving *self = scenario->self;
    self->answer = (struct cairn_served){0};
}

static const struct cairn_scenario_kind kind = {
    .name = "CAIRN_SERVING",
    .given = give,
    .settle = settle_answer,
    .forget = forget,
    .end = end,
    .runs_services = true,
};
