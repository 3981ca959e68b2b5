/* decision.c - collects the events and claims of a decision, and provides what decide is given. */
#include "command/decision.h"

#include "record/json.h"
#include "record/rules.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CLAIM_MAX_BYTES = 200 };

void cairn_decision_init(struct cairn_decision *ret, const struct cairn_events *events,
                         struct cairn_arena *arena)
{
    ret->events_of = events;
    ret->arena = arena;
    ret->event_count = 0;
    ret->claims = NULL;
    ret->claim_count = ret->claim_capacity = 0;
    cairn_error_reset(&ret->misuse);
}

/* ---- events ---- */

void cairn_emit(struct cairn_decision *ret, const struct cairn_record *record, const void *event)
{
    const struct cairn_event_type *type = cairn_events_of(ret->events_of, record);
    if (!type) {
        const char *at = ret->events_of->at;
        (void)cairn_fail(&ret->misuse, CAIRN_BUG,
                         "the decider emitted a %s, which is not an event of %s: write "
                         "EVENT(%s, …) in CAIRN_EVENTS(%s, …)%s%s, or emit another one",
                         record->name, ret->events_of->category, record->name,
                         ret->events_of->category, at ? ", at " : "", at ? at : "");
        return;
    }
    if (ret->event_count == CAIRN_DECISION_MAX_EVENTS) {
        (void)cairn_fail(&ret->misuse, CAIRN_BUG,
                         "one decision emitted more than %d events: refuse the command, or let a "
                         "process send several",
                         CAIRN_DECISION_MAX_EVENTS);
        return;
    }
    void *copy = cairn_arena_alloc(ret->arena, record->size, record->align);
    memcpy(copy, event, record->size);
    ret->events[ret->event_count++] = (struct cairn_emitted){type, copy};
}

/* ---- claims ---- */

static bool fits(const char *text)
{
    return text && *text && strlen(text) <= CLAIM_MAX_BYTES;
}

static struct cairn_claim *next_claim(struct cairn_decision *ret)
{
    cairn_grow(ret->arena, ret->claims, ret->claim_count, &ret->claim_capacity);
    return &ret->claims[ret->claim_count++];
}

static void add_claim(struct cairn_decision *ret, const struct cairn_claim *claim)
{
    const char *scope = claim->scope;
    const char *key = claim->key;
    if (!fits(scope) || !fits(key)) {
        (void)cairn_fail(&ret->misuse, CAIRN_BUG,
                         "a claim on (%s, %s): scope and key take 1 to %d bytes each",
                         scope ? scope : "", key ? key : "", CLAIM_MAX_BYTES);
        return;
    }
    if (ret->claim_count == CAIRN_DECISION_MAX_CLAIMS) {
        (void)cairn_fail(&ret->misuse, CAIRN_BUG,
                         "one decision made more than %d claims: claim ranges "
                         "(cairn_claim_range), or refuse the command",
                         CAIRN_DECISION_MAX_CLAIMS);
        return;
    }
    *next_claim(ret) = (struct cairn_claim){
        .taken = claim->taken,
        .is_range = claim->is_range,
        .scope = cairn_copy_text(ret->arena, scope),
        .key = cairn_copy_text(ret->arena, key),
        .message = claim->message ? cairn_copy_text(ret->arena, claim->message) : NULL};
}

void cairn_claim(struct cairn_decision *ret, const char *scope, const char *key, const char *taken)
{
    add_claim(ret, &(const struct cairn_claim){
                       .taken = true, .scope = scope, .key = key, .message = taken});
}

void cairn_release(struct cairn_decision *ret, const char *scope, const char *key)
{
    add_claim(ret, &(const struct cairn_claim){.scope = scope, .key = key});
}

void cairn_change_range(struct cairn_decision *ret, const char *scope, const char *key,
                        int64_t from, int64_t to, bool claimed, const char *taken)
{
    const int64_t most = INT64_C(999999999999999999);
    if (!key || from >= to || from < -most || to > most) {
        (void)cairn_fail(&ret->misuse, CAIRN_BUG,
                         "a claim on %s of the range from %" PRId64 " to %" PRId64
                         ": it is empty, or has more than 18 digits",
                         key ? key : "nothing", from, to);
        return;
    }
    add_claim(ret, &(const struct cairn_claim){
                       .taken = claimed,
                       .is_range = true,
                       .scope = scope,
                       .key = cairn_range_key(ret->arena, key, from, to),
                       .message = taken,
                   });
}

const char *cairn_range_key(struct cairn_arena *arena, const char *key, int64_t from, int64_t to)
{
    return cairn_print(arena, "%s [%" PRId64 ",%" PRId64 ")", key, from, to);
}

/* ---- checking ---- */

static int check_event(const struct cairn_emitted *emitted, struct cairn_error *error)
{
    struct cairn_error wrong = {0};
    if (cairn_record_check(emitted->type->record, emitted->event, &wrong) == 0)
        return 0;
    return cairn_record_misfit(emitted->type->record, &wrong, error, "the decider emitted a %s",
                               emitted->type->name);
}

int cairn_decision_check(const struct cairn_decision *decision, struct cairn_error *error)
{
    if (decision->misuse.code != CAIRN_OK)
        return cairn_error_pass(error, &decision->misuse);
    if (decision->claim_count > 0 && decision->event_count == 0)
        return cairn_fail(error, CAIRN_BUG,
                          "the decider claimed without an event: claims are stored with the events "
                          "of their stream, so emit one");
    int failed = 0;
    for (size_t i = 0; i < decision->event_count && !failed; i++)
        failed = check_event(&decision->events[i], error);
    return failed;
}

/* Returns decide's outcome if it follows the rules; else -CAIRN_BUG, discarding the error it
 * set. */
static int check_outcome(int outcome, struct cairn_error *error)
{
    if (outcome == 0 || outcome == -(int)error->code)
        return outcome;
    cairn_error_reset(error);
    return cairn_fail(
        error, CAIRN_BUG,
        "the decision returned %d: it is to return 0, or what cairn_refuse() returned", outcome);
}

const struct cairn_decides *cairn_decides_of(const struct cairn_decider *decider,
                                             const struct cairn_command_type *command)
{
    uint32_t at = 0;
    while (at < decider->commands->count && &decider->commands->types[at] != command &&
           !cairn_record_same(decider->commands->types[at].record, command->record))
        at++;
    assert(at < decider->commands->count);
    return decider->decides()[at];
}

/* Checks that the state after the events stays within the bounds of its lists: a state that grows
 * without limit could be neither cached nor snapshotted. */
static int check_growth(const struct cairn_decision *decision, const struct cairn_decider *decider,
                        const void *state, struct cairn_error *error)
{
    const struct cairn_record *record = decider->state;
    if (decision->event_count == 0 || !cairn_record_grows(record))
        return 0;
    const struct cairn_folding folding = cairn_folding_of_decider(decider);
    void *next = cairn_arena_alloc(decision->arena, record->size, record->align);
    memcpy(next, state, record->size);
    for (size_t i = 0; i < decision->event_count; i++)
        cairn_folding_apply(&folding, decision->events[i].type, decision->events[i].event,
                            decision->arena, next);
    const struct cairn_field *field = cairn_record_overflow(record, next);
    if (!field)
        return 0;
    return cairn_fail(error, CAIRN_BUG,
                      "the state of %s would have more than %u items in %s: refuse the command "
                      "before that, or raise the field's .max_count",
                      decider->category, cairn_field_max_count(field), field->name);
}

int cairn_decision_make(struct cairn_decision *ret, const struct cairn_decider *decider,
                        const struct cairn_command_type *type, const void *state,
                        const void *command, const struct cairn_given *given,
                        struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_given with_arena = *given;
    with_arena.arena = arena;
    cairn_decision_init(ret, decider->events, arena);
    int outcome = cairn_decides_of(decider, type)->decide(state, command, &with_arena, ret, error);
    outcome = check_outcome(outcome, error);
    if (outcome == 0)
        outcome = cairn_decision_check(ret, error);
    if (outcome == 0 && !decider->overs)
        outcome = check_growth(ret, decider, state, error);
    if (outcome < 0) /* a refusal has no events and no claims */
        ret->event_count = ret->claim_count = 0;
    if (outcome == -CAIRN_BUG)
        cairn_error_context(error, "%s%s%s on %s", decider->at ? decider->at : "",
                            decider->at ? ": " : "", decider->category, type->name);
    return outcome;
}

/* ---- what decide is given ---- */

const void *cairn_known(const struct cairn_given *given, const struct cairn_fact *fact)
{
    for (int i = 0; i < CAIRN_NEEDS_MAX; i++) {
        if (given->facts[i].fact == fact)
            return given->facts[i].state;
    }
    (void)fprintf(stderr, "the fact %s is no NEED of this command's CAIRN_DECIDE\n", fact->name);
    abort();
}

const char *cairn_header(const struct cairn_given *given, const char *name)
{
    for (int i = 0; i < CAIRN_HEADERS_MAX && given->headers[i].name; i++) {
        if (strcasecmp(given->headers[i].name, name) == 0)
            return given->headers[i].value;
    }
    (void)fprintf(stderr, "the header %s is not among the .headers of this command\n", name);
    abort();
}

/* Spreads every bit of the input over the whole word: the finaliser of MurmurHash3. */
static uint64_t mix(uint64_t value)
{
    value ^= value >> 33;
    value *= UINT64_C(0xff51afd7ed558ccd);
    value ^= value >> 33;
    value *= UINT64_C(0xc4ceb9fe1a85ec53);
    return value ^ value >> 33;
}

static uint64_t word_from(const uint8_t *bytes)
{
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--)
        word = word << 8 | bytes[i];
    return word;
}

static void word_to(uint8_t *ret, uint64_t word)
{
    for (int i = 0; i < 8; i++)
        ret[i] = (uint8_t)(word >> 8 * i);
}

/* Makes a UUID of version 8 (RFC 9562 section 5.8: custom layout), the same on every machine. The
 * mixing is not cryptographic: the id can be computed from the seed and the label. */
struct cairn_uuid cairn_new_id(const struct cairn_given *given, const char *label)
{
    uint64_t low = word_from(given->seed.bytes);
    uint64_t high = word_from(given->seed.bytes + 8);
    for (; *label; label++) {
        low = mix(low ^ (unsigned char)*label) + high;
        high = mix(high + low);
    }
    low = mix(low + high);
    high = mix(high + low);
    struct cairn_uuid id;
    word_to(id.bytes, low);
    word_to(id.bytes + 8, high);
    id.bytes[6] = (uint8_t)(0x80 | (id.bytes[6] & 0x0F));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3F));
    return id;
}
