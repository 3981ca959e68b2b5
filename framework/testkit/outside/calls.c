/* calls.c - the targets of a test that are called, and the THENs that name the calls. */
#include "outbound/target/targets.h"
#include "record/json_text.h"
#include "testkit/outside/fake_target.h"
#include "testkit/outside/loopback.h"
#include "testkit/scenario.h"

#include <stdlib.h>
#include <string.h>

#define LATE_US CAIRN_SECONDS(5) /* a call may arrive after its caller has given up */

/* A system of the test. */
struct fake {
    struct cairn_fake_target *target;
    const char *name;
    struct cairn_target *called; /* whose URL was replaced; or */
    const struct cairn_service *service;
    const struct cairn_setting *setting;
    bool started; /* the service, with this setting */
    const char *old_url;
    size_t named; /* calls that a THEN has named */
    struct fake *next;
};

struct calls {
    struct cairn_scenario_part part;
    struct fake *first;
    struct fake *chosen;                /* by TARGET */
    const struct cairn_fake_call *last; /* that a THEN has named */
};

/* ---- the end of a WHEN, and of the test ---- */

static const char *describe(struct cairn_scenario *scenario, const struct cairn_fake_call *call)
{
    return cairn_print(&scenario->arena, "%s %s %s", call->method, call->path, call->body);
}

static void settle_calls(struct cairn_here here, void *context)
{
    const struct calls *calls = context;
    for (struct fake *at = calls->first; at && !here.scenario->failed; at = at->next) {
        const struct cairn_fake_call *call = cairn_fake_target_call(at->target, at->named, 0);
        if (call && !call->answered)
            cairn_scenario_fail(here, "a call of %s that no CALL_ANSWERS answers\n  seen:   %s",
                                at->name, describe(here.scenario, call));
        else if (call)
            cairn_scenario_fail(here,
                                "a call of %s that no THEN_CALLED names\n  wanted: nothing\n"
                                "  seen:   %s",
                                at->name, describe(here.scenario, call));
    }
}

/* Restores the URL. */
static void restore(const struct fake *fake)
{
    if (fake->called)
        fake->called->url = fake->old_url;
    if (fake->setting)
        *fake->setting->text = fake->old_url;
    if (fake->started && fake->service->stop)
        fake->service->stop();
    cairn_fake_target_close(fake->target);
}

static void end(struct cairn_scenario *scenario, void *context)
{
    const struct calls *calls = context;
    for (const struct fake *at = calls->first; at; at = at->next) {
        size_t left = cairn_fake_target_answers_left(at->target);
        if (left > 0 && !scenario->failed)
            cairn_scenario_fail(scenario->when, "%zu CALL_ANSWERS of %s that no call took", left,
                                at->name);
    }
    cairn_targets_close(); /* they have the URLs, and connections */
    for (const struct fake *at = calls->first; at; at = at->next)
        restore(at);
}

/* ---- targets ---- */

/* Sets the URLs again: reading the configuration has overwritten the settings. */
static void set_urls(struct cairn_scenario *scenario, void *context)
{
    const struct calls *calls = context;
    (void)scenario;
    for (const struct fake *at = calls->first; at; at = at->next) {
        if (at->setting)
            *at->setting->text = cairn_fake_target_url(at->target);
    }
}

static struct calls *calls_of(struct cairn_scenario *scenario)
{
    struct cairn_scenario_part *part = scenario->parts;
    while (part && part->settle != settle_calls)
        part = part->next;
    if (part)
        return part->self;
    struct calls *calls = cairn_new(&scenario->arena, struct calls, 1);
    calls->part = (struct cairn_scenario_part){.self = calls,
                                               .start = set_urls,
                                               .settle = settle_calls,
                                               .end = end,
                                               .next = scenario->parts};
    scenario->parts = &calls->part;
    return calls;
}

/* Adds a system of the test, and chooses it. Returns NULL, having failed the test, if there can be
 * no further one. */
static struct fake *add_fake(struct cairn_here here, const char *name)
{
    struct calls *calls = calls_of(here.scenario);
    struct fake *fake = cairn_new(&here.scenario->arena, struct fake, 1);
    struct cairn_error error = {0};
    if (here.scenario->services_run) { /* they may call their targets at any time */
        cairn_scenario_fail(here, "the target %s comes before the first request", name);
        return NULL;
    }
    if (cairn_fake_target_open(&fake->target, &error) < 0) {
        cairn_scenario_fail(here, "%s", error.message);
        return NULL;
    }
    cairn_targets_close(); /* what an earlier test has called */
    fake->name = name;
    fake->next = calls->first;
    calls->first = calls->chosen = fake;
    return fake;
}

void cairn_scenario_target(struct cairn_here here, struct cairn_target *target)
{
    struct calls *calls = calls_of(here.scenario);
    struct fake *fake = calls->first;
    while (fake && fake->called != target)
        fake = fake->next;
    calls->chosen = fake;
    if (fake)
        return;
    fake = add_fake(here, target->name);
    if (!fake)
        return;
    fake->called = target;
    fake->old_url = target->url;
    target->url = cairn_fake_target_url(fake->target);
}

/* Fills in the settings of a service from their fallbacks. */
static void fill_settings(const struct cairn_service *service)
{
    for (const struct cairn_setting *at = service->settings; at->name; at++) {
        if (at->text && at->fallback)
            *at->text = at->fallback;
        else if (at->number && at->fallback)
            *at->number = strtoll(at->fallback, NULL, 10);
    }
}

/* Starts the service, as the process does when the settings are read. */
static void start_service(struct cairn_here here, struct fake *fake)
{
    const struct cairn_service *service = fake->service;
    struct cairn_error error = {0};
    fake->started = !service->start || service->start(&error) >= 0;
    if (!fake->started)
        cairn_scenario_fail(here, "the start of the service %s fails: %s", service->name,
                            error.message);
}

static const struct cairn_setting *find_setting(const struct cairn_service *service,
                                                const char *name)
{
    const struct cairn_setting *at = service->settings;
    while (at && at->name && strcmp(at->name, name) != 0)
        at++;
    return at && at->name && at->text ? at : NULL;
}

void cairn_scenario_target_setting(struct cairn_here here, const struct cairn_service *service,
                                   const char *name)
{
    struct calls *calls = calls_of(here.scenario);
    const struct cairn_setting *setting = find_setting(service, name);
    bool is_new = true;
    if (!setting) {
        cairn_scenario_fail(here, "the service %s has no setting %s that is a text", service->name,
                            name);
        return;
    }
    for (struct fake *at = calls->first; at; at = at->next) {
        is_new = is_new && at->service != service;
        if (at->setting == setting) {
            calls->chosen = at;
            return;
        }
    }
    const char *old_url = *setting->text;
    struct fake *fake = add_fake(here, name);
    if (!fake)
        return;
    fake->service = service;
    fake->setting = setting;
    fake->old_url = old_url;
    is_new = is_new && !here.scenario->kind->runs_services;
    if (is_new)
        fill_settings(service);
    *setting->text = cairn_fake_target_url(fake->target);
    if (is_new)
        start_service(here, fake);
}

/* ---- the script ---- */

/* Returns the system that a macro is about; NULL, having failed the test, if there is none. */
static struct fake *choose(struct cairn_here here, const char *word)
{
    struct calls *calls = calls_of(here.scenario);
    if (!calls->chosen)
        cairn_scenario_fail(here, "%s without a TARGET before it", word);
    return calls->chosen;
}

void cairn_scenario_call_answers(struct cairn_here here, const struct cairn_test_answer *answer)
{
    struct fake *fake = choose(here, "CALL_ANSWERS");
    if (fake && !answer->cut && (answer->status < 200 || answer->status > 599))
        cairn_scenario_fail(here, "CALL_ANSWERS with status %d: one is from 200 to 599",
                            answer->status);
    else if (fake)
        cairn_fake_target_answer(fake->target, answer);
}

void cairn_scenario_target_away(struct cairn_here here, bool away)
{
    struct fake *fake = choose(here, away ? "TARGET_AWAY" : "TARGET_BACK");
    struct cairn_error error = {0};
    if (fake && cairn_fake_target_away(fake->target, away, &error) < 0)
        cairn_scenario_fail(here, "%s", error.message);
}

/* ---- then ---- */

static bool is_same_body(const char *wanted, const char *seen)
{
    return !wanted || strcmp(wanted, seen) == 0 || cairn_json_same(wanted, seen);
}

void cairn_scenario_then_called(struct cairn_here here, const char *method, const char *path,
                                const char *body)
{
    struct cairn_scenario *scenario = here.scenario;
    struct calls *calls = calls_of(scenario);
    struct fake *fake = choose(here, "THEN_CALLED");
    const char *shown = body ? body : "(any body)";
    if (!fake || !cairn_scenario_was_asked(here, scenario->kind->name, "THEN_CALLED"))
        return;
    calls->last = cairn_fake_target_call(fake->target, fake->named, LATE_US);
    if (!calls->last) {
        cairn_scenario_fail(here,
                            "%s was not called any more\n  wanted: %s %s %s\n"
                            "  seen:   nothing",
                            fake->name, method, path, shown);
        return;
    }
    fake->named++;
    const struct cairn_fake_call *seen = calls->last;
    if (strcmp(seen->method, method) != 0 || strcmp(seen->path, path) != 0 ||
        !is_same_body(body, seen->body))
        cairn_scenario_fail(here, "the call of %s differs\n  wanted: %s %s %s\n  seen:   %s",
                            fake->name, method, path, shown, describe(scenario, seen));
    else if (!seen->answered)
        cairn_scenario_fail(here, "a call of %s that no CALL_ANSWERS answers\n  seen:   %s",
                            fake->name, describe(scenario, seen));
}

void cairn_scenario_then_call_header(struct cairn_here here, const char *name, const char *value)
{
    struct cairn_scenario *scenario = here.scenario;
    const struct calls *calls = calls_of(scenario);
    if (!calls->last) {
        cairn_scenario_fail(here, "THEN_CALL_HEADER without a THEN_CALLED before it");
        return;
    }
    const char *seen = cairn_loopback_header(calls->last->headers, name, &scenario->arena);
    bool same = seen && value ? strcmp(seen, value) == 0 : seen == value;
    if (!same)
        cairn_scenario_fail(here, "the header %s differs\n  wanted: %s\n  seen:   %s", name,
                            value ? value : "nothing", seen ? seen : "nothing");
}
