/* decision.c - collecting what decide gives back, and what it is given. */
#include "command/decision.h"

#include "record/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLAIM_MAX_BYTES = 200 };

void cairn_decision_init(struct cairn_decision *ret, const struct cairn_events *events,
                         struct cairn_arena *arena)
{
    ret->events_of = events;
    ret->arena = arena;
    ret->event_count = 0;
    ret->claim_count = 0;
    ret->misuse = (struct cairn_error){0};
}

/* ---- events ---- */

void cairn_emit(struct cairn_decision *ret, const struct cairn_record *record, const void *event)
{
    const struct cairn_event_type *type = cairn_events_of(ret->events_of, record);
    if (!type) {
        (void)cairn_fail(&ret->misuse, CAIRN_BUG, "%s is no event of %s", record->name,
                         ret->events_of->category);
        return;
    }
    if (ret->event_count == CAIRN_DECISION_MAX_EVENTS) {
        (void)cairn_fail(&ret->misuse, CAIRN_BUG, "one decision emitted more than %d events",
                         CAIRN_DECISION_MAX_EVENTS);
        return;
    }
    char *copy = cairn_arena_alloc(ret->arena, ret->events_of->size, _Alignof(max_align_t));
    memcpy(copy + ret->events_of->tag_offset, &type->tag, sizeof type->tag);
    memcpy(copy + type->offset, event, record->size);
    ret->events[ret->event_count++] = (struct cairn_emitted){type, copy};
}

/* ---- claims ---- */

static void add_claim(struct cairn_decision *ret, bool taken, const char *scope, const char *key)
{
    if (ret->claim_count == CAIRN_DECISION_MAX_CLAIMS) {
        (void)cairn_fail(&ret->misuse, CAIRN_BUG, "one decision made more than %d claims",
                         CAIRN_DECISION_MAX_CLAIMS);
        return;
    }
    size_t bytes = strlen(key);
    if (bytes == 0 || bytes > CLAIM_MAX_BYTES)
        (void)cairn_fail(&ret->misuse, CAIRN_BUG, "a claim on %s has a key of %zu bytes", scope,
                         bytes);
    ret->claims[ret->claim_count++] = (struct cairn_claim){
        taken, cairn_copy_text(ret->arena, scope), cairn_copy_text(ret->arena, key)};
}

void cairn_claim(struct cairn_decision *ret, const char *scope, const char *key)
{
    add_claim(ret, true, scope, key);
}

void cairn_release(struct cairn_decision *ret, const char *scope, const char *key)
{
    add_claim(ret, false, scope, key);
}

const char *cairn_lower(struct cairn_decision *ret, const char *text)
{
    char *lower = cairn_copy_text(ret->arena, text);
    for (char *at = lower; *at; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    }
    return lower;
}

/* ---- checking ---- */

static int check_event(const struct cairn_emitted *emitted, struct cairn_error *error)
{
    struct cairn_error wrong = {0};
    const char *value = (const char *)emitted->event + emitted->type->offset;
    if (cairn_record_check(emitted->type->record, value, &wrong) == 0)
        return 0;
    return cairn_fail(error, CAIRN_BUG, "the decider emitted a %s whose %s %s", emitted->type->name,
                      wrong.wrong[0].pointer, wrong.wrong[0].message);
}

int cairn_decision_check(const struct cairn_decision *decision, struct cairn_error *error)
{
    if (decision->misuse.code != CAIRN_OK)
        return cairn_fail(error, decision->misuse.code, "%s", decision->misuse.message);
    if (decision->claim_count > 0 && decision->event_count == 0)
        return cairn_fail(error, CAIRN_BUG, "the decider claimed without an event");
    int failed = 0;
    for (size_t i = 0; i < decision->event_count && !failed; i++)
        failed = check_event(&decision->events[i], error);
    return failed;
}

/* ---- what decide is given ---- */

const void *cairn_known(const struct cairn_given *given, const struct cairn_fact *fact)
{
    for (int i = 0; i < CAIRN_NEEDS_MAX; i++) {
        if (given->facts[i].fact == fact)
            return given->facts[i].state;
    }
    (void)fprintf(stderr, "the fact %s is not among the .needs of this command\n", fact->name);
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

/* RFC 9562 section 5.8: a UUID of version 8, whose bits are the maker's own business. It is as
 * hard to guess as the seed. */
struct cairn_uuid cairn_new_id(const struct cairn_given *given, const char *label)
{
    uint64_t words[2];
    struct cairn_uuid id;
    memcpy(words, given->seed.bytes, sizeof words);
    for (; *label; label++) {
        words[0] = mix(words[0] ^ (unsigned char)*label) + words[1];
        words[1] = mix(words[1] + words[0]);
    }
    words[0] = mix(words[0] + words[1]);
    words[1] = mix(words[1] + words[0]);
    memcpy(id.bytes, words, sizeof id.bytes);
    id.bytes[6] = (uint8_t)(0x80 | (id.bytes[6] & 0x0F));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3F));
    return id;
}
