/* reacting.c - tests of reactors: when an event, then commands and an outcome. */
#include "core/containers/map.h"
#include "process/deliver/command_client.h"
#include "process/reactor/teller.h"
#include "record/json.h"
#include "testkit/handled.h"
#include "testkit/running.h"
#include "testkit/scenario.h"

#include <string.h>

static const struct cairn_scenario_kind kind;

/* A command that was told. */
struct told {
    struct cairn_sent sent;
    bool named;
    int answer; /* 0 or -code */
    const char *reason;
};

/* An answer that a command will get. */
struct answer {
    enum cairn_code code; /* CAIRN_OK: it is carried out */
    const char *reason;
};

/* What a read will find. */
struct found {
    struct cairn_any any; /* record NULL: nothing */
};

struct reacting {
    const struct cairn_reactor *reactor;
    struct cairn_teller teller;
    struct cairn_scenario *scenario;

    struct found *found; /* what the next reads find */
    size_t found_count, found_capacity, found_taken;

    struct answer *answers;
    size_t answer_count, answer_capacity, answers_taken;

    /* the event that is handled */
    const struct cairn_reacts *reacts;
    const void *event;
    struct cairn_meta meta;
    const char *key;
    int attempt;

    /* results of the last WHEN */
    struct told *told;
    size_t told_count, told_capacity;
    struct cairn_handled_outcome outcome;
};

/* ---- commands ---- */

/* Returns the same command, if the handler has told it for this event already: both have one
 * Idempotency-Key, so the second gets the answer of the first. */
static struct told *find_told(struct reacting *self, const struct cairn_sent *command)
{
    for (size_t i = 0; i < self->told_count; i++) {
        const struct cairn_sent *sent = &self->told[i].sent;
        if (strcmp(sent->type->name, command->type->name) == 0 &&
            cairn_uuid_equal(sent->id, command->id))
            return &self->told[i];
    }
    return NULL;
}

static bool is_same(struct reacting *self, const struct cairn_sent *a, const struct cairn_sent *b)
{
    return cairn_uuid_equal(a->id, b->id) &&
           strcmp(cairn_scenario_json(self->scenario, a->type->record, a->command),
                  cairn_scenario_json(self->scenario, b->type->record, b->command)) == 0;
}

static int give_answer(const struct told *told, struct cairn_error *error)
{
    if (told->answer == -CAIRN_REFUSED)
        return cairn_refuse(error, told->reason, "the test refuses it");
    return told->answer
               ? cairn_fail(error, (enum cairn_code) - told->answer, "the test answers so%s%s",
                            *told->reason ? ": " : "", told->reason)
               : 0;
}

static int tell_command(const struct cairn_teller *teller, const struct cairn_call *call,
                        const struct cairn_sent *command, struct cairn_error *error)
{
    (void)call;
    struct reacting *self = teller->self;
    struct cairn_scenario *scenario = self->scenario;
    const struct cairn_any any = {command->type->record, command->command};
    const struct told *before = find_told(self, command);
    if (before && is_same(self, &before->sent, command))
        return give_answer(before, error);
    if (before)
        return cairn_fail(error, CAIRN_KEY_REUSED,
                          "%s was told before for this event, with other values: both have the "
                          "same Idempotency-Key",
                          command->type->name);
    cairn_grow(&scenario->arena, self->told, self->told_count, &self->told_capacity);
    struct told *told = &self->told[self->told_count++];
    *told = (struct told){.sent = *command, .reason = ""};
    told->sent.command = cairn_scenario_copy(scenario, any);
    if (self->answers_taken < self->answer_count) {
        const struct answer *answer = &self->answers[self->answers_taken++];
        told->answer = -(int)answer->code;
        told->reason = answer->reason;
    }
    return give_answer(told, error);
}

/* ---- reads ---- */

static int look_up_row(const struct cairn_teller *teller, const struct cairn_call *call,
                       const char *path, const struct cairn_record *record, void *ret,
                       struct cairn_error *error)
{
    (void)call;
    struct reacting *self = teller->self;
    if (self->found_taken == self->found_count) {
        cairn_scenario_fail(self->scenario->when,
                            "it reads %s, and the test does not say what is there: LOOK_FINDS, or "
                            "LOOK_FINDS_NOTHING, before the WHEN_EVENT",
                            path);
        return cairn_fail(error, CAIRN_NOT_FOUND, "%s: the test does not say", path);
    }
    const struct found *found = &self->found[self->found_taken++];
    if (!found->any.record)
        return cairn_fail(error, CAIRN_NOT_FOUND, "%s: the test has nothing there", path);
    if (!cairn_record_same(found->any.record, record)) {
        cairn_scenario_fail(self->scenario->when, "%s is read as a %s, and LOOK_FINDS has a %s",
                            path, record->name, found->any.record->name);
        return cairn_fail(error, CAIRN_INVALID, "%s: the test has something else", path);
    }
    memcpy(ret, found->any.value, record->size);
    return 0;
}

void cairn_scenario_look_finds(struct cairn_here here, struct cairn_any any)
{
    struct cairn_scenario *scenario = here.scenario;
    struct reacting *self = cairn_scenario_takes(here, "CAIRN_REACTING", "LOOK_FINDS");
    if (!self)
        return;
    cairn_grow(&scenario->arena, self->found, self->found_count, &self->found_capacity);
    if (any.record)
        any.value = cairn_scenario_copy(scenario, any);
    self->found[self->found_count++] = (struct found){any};
}

struct cairn_scenario *cairn_scenario_reactor(const struct cairn_reactor *reactor)
{
    struct cairn_scenario *scenario = cairn_scenario_begin(&kind, sizeof(struct reacting));
    struct reacting *self = scenario->self;
    scenario->handlers = reactor->handles;
    self->reactor = reactor;
    self->scenario = scenario;
    self->teller = (struct cairn_teller){.self = self, .tell = tell_command, .look = look_up_row};
    return scenario;
}

void cairn_scenario_tell_answers(struct cairn_here here, enum cairn_code code, const char *reason)
{
    struct reacting *self = cairn_scenario_takes(here, "CAIRN_REACTING", "TELL_ANSWERS");
    if (!self)
        return;
    cairn_grow(&here.scenario->arena, self->answers, self->answer_count, &self->answer_capacity);
    self->answers[self->answer_count++] =
        (struct answer){code, cairn_copy_text(&here.scenario->arena, reason ? reason : "")};
}

/* ---- when ---- */

static const struct cairn_reacts *find_reacts(const struct cairn_reactor *reactor,
                                              const struct cairn_record *record)
{
    for (const struct cairn_registered *at = reactor->handles->first; at; at = at->next) {
        if (cairn_record_same(at->record, record))
            return (const struct cairn_reacts *)at;
    }
    return NULL;
}

static void handle(struct cairn_here here)
{
    struct reacting *self = here.scenario->self;
    struct cairn_error error = {0};
    self->attempt++;
    const struct cairn_call call = {
        .meta = &self->meta,
        .idempotency_key = self->key,
        .attempt = self->attempt,
        .arena = &here.scenario->arena,
        .teller_ = &self->teller,
    };
    const struct cairn_registered *handler = &self->reacts->handler;
    cairn_running_begin(here.scenario->step, handler->file, handler->line, "CAIRN_HANDLE(%s, %s)",
                        self->reactor->name, handler->record->name);
    enum cairn_outcome outcome = self->reacts->handle(self->event, &call, &error);
    cairn_running_end();
    cairn_handled_outcome(here, &self->outcome, outcome, &error);
}

static void when_event(struct cairn_here here, struct cairn_any event)
{
    struct cairn_scenario *scenario = here.scenario;
    struct reacting *self = scenario->self;
    char id[CAIRN_UUID_TEXT_SIZE];
    self->reacts = find_reacts(self->reactor, event.record);
    if (!self->reacts) {
        cairn_scenario_fail(here, "%s does not handle %s", self->reactor->name, event.record->name);
        return;
    }
    self->meta = cairn_scenario_meta(scenario, self->reacts->handler.events->category);
    self->event = cairn_scenario_copy(scenario, event);
    self->attempt = 0;
    cairn_uuid_format(self->meta.event_id, id);
    self->key = cairn_print(&scenario->arena, "%s/%s", self->reactor->name, id);
    handle(here);
}

static void retry(struct cairn_here here)
{
    const struct reacting *self = here.scenario->self;
    if (self->reacts)
        handle(here);
    else
        cairn_scenario_fail(here, "WHEN_RETRIED without an event before it");
}

static const char *key_of(const struct cairn_scenario *scenario)
{
    const struct reacting *self = scenario->self;
    return self->key;
}

/* ---- then ---- */

static const char *id_text(struct cairn_scenario *scenario, struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    return cairn_copy_text(&scenario->arena, text);
}

static struct told *next_told(struct reacting *self)
{
    for (size_t i = 0; i < self->told_count; i++) {
        if (!self->told[i].named)
            return &self->told[i];
    }
    return NULL;
}

void cairn_scenario_then_told(struct cairn_here here, struct cairn_uuid to,
                              struct cairn_any command)
{
    struct cairn_scenario *scenario = here.scenario;
    struct reacting *self = cairn_scenario_was_asked(here, "CAIRN_REACTING", "THEN_TOLD");
    struct told *told = self ? next_told(self) : NULL;
    if (self && !told)
        cairn_scenario_fail(here, "nothing more was told\n  wanted: %s %s\n  seen:   nothing",
                            command.record->name,
                            cairn_scenario_json(scenario, command.record, command.value));
    if (!told)
        return;
    const struct cairn_sent *seen = &told->sent;
    told->named = true;
    cairn_scenario_compare(here, "the command", command.record, command.value, seen->type->record,
                           seen->command);
    if (!cairn_uuid_is_zero(to) && !cairn_uuid_equal(to, seen->id))
        cairn_scenario_fail(here, "%s went to another stream\n  wanted: %s\n  seen:   %s",
                            seen->type->name, id_text(scenario, to), id_text(scenario, seen->id));
}

static void settle_reaction(struct cairn_here here)
{
    struct cairn_scenario *scenario = here.scenario;
    struct reacting *self = scenario->self;
    const struct told *told = next_told(self);
    if (told)
        cairn_scenario_fail(
            here, "a command that no THEN_TOLD names\n  wanted: nothing\n  seen:   %s %s",
            told->sent.type->name,
            cairn_scenario_json(scenario, told->sent.type->record, told->sent.command));
    else
        cairn_handled_settle(here, &self->outcome);
}

static void forget(struct cairn_scenario *scenario)
{
    struct reacting *self = scenario->self;
    self->told_count = 0;
    self->outcome = (struct cairn_handled_outcome){0};
}

static struct cairn_handled_outcome *outcome_of(struct cairn_scenario *scenario)
{
    struct reacting *self = scenario->self;
    return &self->outcome;
}

static void end(struct cairn_scenario *scenario)
{
    const struct reacting *self = scenario->self;
    size_t left = self->answer_count - self->answers_taken;
    size_t unread = self->found_count - self->found_taken;
    if (unread > 0 && !scenario->failed)
        cairn_scenario_fail(scenario->when, "%zu LOOK_FINDS that nothing reads", unread);
    if (left > 0 && !scenario->failed)
        cairn_scenario_fail(scenario->when, "%zu TELL_ANSWERS that no command took, %s first", left,
                            cairn_code_info((int)self->answers[self->answers_taken].code)->name);
}

static const struct cairn_scenario_kind kind = {
    .name = "CAIRN_REACTING",
    .event = when_event,
    .retry = retry,
    .key = key_of,
    .settle = settle_reaction,
    .forget = forget,
    .outcome = outcome_of,
    .end = end,
};
