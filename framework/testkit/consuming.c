/* consuming.c - tests of consumers: when an event as it is published, then rows and an outcome. */
#include "process/reactor/teller.h"
#include "record/json.h"
#include "store/store.h"
#include "testkit/handled.h"
#include "testkit/running.h"
#include "testkit/test_database.h"

#include <cairn/consumer.h>

#include <string.h>

static const struct cairn_scenario_kind kind;

struct consuming {
    const struct cairn_consumer *consumer;
    struct cairn_test_database database;

    /* the event that is handled */
    const struct cairn_consumes *consumes;
    const void *data;
    struct cairn_meta meta;
    const char *key;
    int attempt;

    struct cairn_handled_outcome outcome; /* of the last WHEN */
};

struct cairn_scenario *cairn_scenario_consumer(const struct cairn_consumer *consumer)
{
    struct cairn_scenario *scenario = cairn_scenario_begin(&kind, sizeof(struct consuming));
    struct consuming *self = scenario->self;
    scenario->handlers = consumer->consumes;
    self->consumer = consumer;
    cairn_test_database_init(&self->database, scenario);
    return scenario;
}

/* ---- calling ---- */

/* A statement that failed makes the handler's success a failure, as in the service. */
static void keep_outcome(struct cairn_here here, enum cairn_outcome outcome,
                         struct cairn_error *error)
{
    struct consuming *self = here.scenario->self;
    bool clean = cairn_test_database_end(&self->database, outcome == CAIRN_DONE);
    if (outcome == CAIRN_DONE && !clean) {
        outcome = CAIRN_TRY_AGAIN;
        (void)cairn_fail(error, CAIRN_BUG, "a statement has failed, so that nothing is kept");
    }
    cairn_handled_outcome(here, &self->outcome, outcome, error);
}

static const char *type_name(const struct cairn_consumes *consumes)
{
    return cairn_events_of(consumes->handler.events, consumes->handler.record)->name;
}

/* ---- what it asks of other services: a test has none ---- */

static int fail_alone(const struct cairn_teller *teller, const char *what,
                      struct cairn_error *error)
{
    const struct cairn_here *here = teller->self;
    cairn_scenario_fail(*here,
                        "the consumer asks another service (%s): a test of a consumer alone has "
                        "none; run the services (CAIRN_SERVING)",
                        what);
    return cairn_fail(error, CAIRN_UNAVAILABLE, "a test of a consumer has no other services");
}

static int tell_command(const struct cairn_teller *teller, const struct cairn_call *call,
                        const struct cairn_sent *command, struct cairn_error *error)
{
    (void)call;
    return fail_alone(teller, command->type->name, error);
}

static int look_up_row(const struct cairn_teller *teller, const struct cairn_call *call,
                       const char *path, const struct cairn_record *record, void *ret,
                       struct cairn_error *error)
{
    (void)call;
    (void)record;
    (void)ret;
    return fail_alone(teller, path, error);
}

static void handle(struct cairn_here here)
{
    struct consuming *self = here.scenario->self;
    struct cairn_error error = {0};
    self->attempt++;
    const struct cairn_teller teller = {.self = &here, .tell = tell_command, .look = look_up_row};
    const struct cairn_call call = {.meta = &self->meta,
                                    .idempotency_key = self->key,
                                    .attempt = self->attempt,
                                    .arena = &here.scenario->arena,
                                    .teller_ = &teller};
    const struct cairn_consumed delivery = {
        .call = call,
        .meta = call.meta,
        .type = type_name(self->consumes),
        .idempotency_key = call.idempotency_key,
        .attempt = call.attempt,
        .sql = &self->database.sql,
    };
    cairn_test_database_begin(&self->database, here);
    const struct cairn_registered *handler = &self->consumes->handler;
    cairn_running_begin(here.scenario->step, handler->file, handler->line, "CAIRN_CONSUME(%s, %s)",
                        self->consumer->name, handler->record->name);
    enum cairn_outcome outcome = self->consumes->handle(self->data, &delivery, &error);
    cairn_running_end();
    keep_outcome(here, outcome, &error);
}

static const struct cairn_consumes *find_consumes(const struct cairn_consumer *consumer,
                                                  const struct cairn_record *record)
{
    for (const struct cairn_registered *at = consumer->consumes->first; at; at = at->next) {
        if (cairn_record_same(at->record, record))
            return (const struct cairn_consumes *)at;
    }
    return NULL;
}

static const char *word_of(enum cairn_bus_style style)
{
    return style == CAIRN_BUS_STATE  ? "WHEN_STATE or WHEN_DELETED"
           : style == CAIRN_BUS_THIN ? "WHEN_THIN"
                                     : "WHEN_EVENT";
}

/* Makes an event of this type the one that is handled. Fails the test, and returns false, if the
 * consumer does not handle it in this style. */
static bool deliver(struct cairn_here here, const struct cairn_record *event,
                    enum cairn_bus_style style)
{
    struct cairn_scenario *scenario = here.scenario;
    struct consuming *self = scenario->self;
    char id[CAIRN_UUID_TEXT_SIZE];
    self->consumes = find_consumes(self->consumer, event);
    if (!self->consumes) {
        cairn_scenario_fail(here, "%s does not consume %s", self->consumer->name, event->name);
        return false;
    }
    if (self->consumes->style != style) {
        cairn_scenario_fail(here, "%s consumes %s in another style: use %s", self->consumer->name,
                            event->name, word_of(self->consumes->style));
        self->consumes = NULL;
        return false;
    }
    self->meta = cairn_scenario_meta(scenario, self->consumes->handler.events->category);
    self->data = NULL;
    self->attempt = 0;
    cairn_uuid_format(self->meta.event_id, id);
    self->key = cairn_print(&scenario->arena, "%s-%s", self->consumer->name, id);
    return true;
}

/* ---- when ---- */

static void when_event(struct cairn_here here, struct cairn_any event)
{
    struct consuming *self = here.scenario->self;
    if (!deliver(here, event.record, CAIRN_BUS_EVENT))
        return;
    self->data = cairn_scenario_copy(here.scenario, event);
    handle(here);
}

void cairn_scenario_when_state(struct cairn_here here, const struct cairn_record *event,
                               struct cairn_any row)
{
    struct consuming *self = cairn_scenario_takes(here, "CAIRN_CONSUMING", "WHEN_STATE");
    if (!self)
        return;
    cairn_scenario_ask(here);
    if (!cairn_scenario_possible(here, row) || !deliver(here, event, CAIRN_BUS_STATE))
        return;
    if (!cairn_record_same(self->consumes->state, row.record)) {
        cairn_scenario_fail(here, "%s consumes %s with the state %s, not %s", self->consumer->name,
                            event->name, self->consumes->state->name, row.record->name);
        return;
    }
    self->data = cairn_scenario_copy(here.scenario, row);
    handle(here);
}

void cairn_scenario_when_bare(struct cairn_here here, const struct cairn_record *event, bool thin)
{
    struct consuming *self =
        cairn_scenario_takes(here, "CAIRN_CONSUMING", thin ? "WHEN_THIN" : "WHEN_DELETED");
    if (!self)
        return;
    cairn_scenario_ask(here);
    if (deliver(here, event, thin ? CAIRN_BUS_THIN : CAIRN_BUS_STATE))
        handle(here);
}

static void retry(struct cairn_here here)
{
    const struct consuming *self = here.scenario->self;
    if (self->consumes)
        handle(here);
    else
        cairn_scenario_fail(here, "WHEN_RETRIED without an event before it");
}

static const char *key_of(const struct cairn_scenario *scenario)
{
    const struct consuming *self = scenario->self;
    return self->key;
}

void cairn_scenario_when_worked(struct cairn_here here)
{
    struct consuming *self = cairn_scenario_takes(here, "CAIRN_CONSUMING", "WHEN_WORKED");
    struct cairn_error error = {0};
    if (!self)
        return;
    cairn_scenario_ask(here);
    if (!self->consumer->work) {
        cairn_scenario_fail(here, "%s has no .work", self->consumer->name);
        return;
    }
    cairn_test_database_begin(&self->database, here);
    cairn_running_begin(here.scenario->step, self->consumer->at, 0, ".work of the consumer %s",
                        self->consumer->name);
    enum cairn_outcome outcome = self->consumer->work(&self->database.sql, &error);
    cairn_running_end();
    bool clean = cairn_test_database_end(&self->database, true); /* each statement is its own */
    if (!clean && !error.code)
        (void)cairn_fail(&error, CAIRN_BUG, "a statement has failed");
    cairn_handled_outcome(here, &self->outcome, outcome, &error);
}

/* ---- the end ---- */

static void settle_delivery(struct cairn_here here)
{
    const struct consuming *self = here.scenario->self;
    cairn_handled_settle(here, &self->outcome);
}

static void forget(struct cairn_scenario *scenario)
{
    struct consuming *self = scenario->self;
    self->outcome = (struct cairn_handled_outcome){0};
}

static struct cairn_handled_outcome *outcome_of(struct cairn_scenario *scenario)
{
    struct consuming *self = scenario->self;
    return &self->outcome;
}

static struct cairn_test_database *database_of(struct cairn_scenario *scenario)
{
    struct consuming *self = scenario->self;
    return &self->database;
}

static void end(struct cairn_scenario *scenario)
{
    struct consuming *self = scenario->self;
    cairn_test_database_close(&self->database);
}

static const struct cairn_scenario_kind kind = {
    .name = "CAIRN_CONSUMING",
    .event = when_event,
    .retry = retry,
    .key = key_of,
    .settle = settle_delivery,
    .forget = forget,
    .outcome = outcome_of,
    .database = database_of,
    .end = end,
};
