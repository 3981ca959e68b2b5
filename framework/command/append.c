/* append.c - from a decision to an append: events as JSON, and how they came about. */
#include "command/attempt.h"

#include "core/clock.h"
#include "record/json.h"

#include <string.h>

static void add_uuid(struct cairn_buffer *out, const char *name, struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    cairn_buffer_print(out, "\"%s\":\"%s\",", name, text);
}

static void add_claims(struct cairn_buffer *out, const struct cairn_decision *decision)
{
    cairn_buffer_text(out, ",\"claims\":[");
    for (size_t i = 0; i < decision->claim_count; i++) {
        const struct cairn_claim *claim = &decision->claims[i];
        cairn_buffer_print(out, "%s{\"%s\":", i ? "," : "", claim->taken ? "take" : "release");
        cairn_buffer_json(out, claim->scope);
        cairn_buffer_text(out, ",\"key\":");
        cairn_buffer_json(out, claim->key);
        cairn_buffer_char(out, '}');
    }
    cairn_buffer_char(out, ']');
}

/* How the events came about. The claims of the append stand with its first event, so that their
 * table can be proved, and made again, from the log. */
static const char *make_meta(const struct attempt *attempt, bool with_claims)
{
    struct cairn_buffer out = cairn_buffer(attempt->request->arena);
    cairn_buffer_char(&out, '{');
    add_uuid(&out, "correlation_id", attempt->command_id);
    add_uuid(&out, "causation_id", attempt->command_id);
    add_uuid(&out, "command_id", attempt->command_id);
    if (attempt->keyed)
        cairn_buffer_print(&out, "\"command_key\":\"%s\",\"request_hash\":\"%s\",",
                           attempt->known.key.id, attempt->known.key.request_hash);
    cairn_buffer_text(&out, "\"service\":");
    cairn_buffer_json(&out, attempt->endpoint->service);
    cairn_buffer_text(&out, ",\"traceparent\":");
    cairn_buffer_json(&out, attempt->request->traceparent);
    if (with_claims)
        add_claims(&out, &attempt->decision);
    cairn_buffer_char(&out, '}');
    return out.text;
}

static int make_event(const struct attempt *attempt, size_t i, struct cairn_new_event *ret,
                      struct cairn_error *error)
{
    const struct cairn_emitted *emitted = &attempt->decision.events[i];
    struct cairn_buffer data = cairn_buffer(attempt->request->arena);
    cairn_record_encode(emitted->type->record, (const char *)emitted->event + emitted->type->offset,
                        &data);
    if (data.length > CAIRN_EVENT_MAX_BYTES)
        return cairn_fail(error, CAIRN_BUG, "%s is larger than %d bytes", emitted->type->name,
                          CAIRN_EVENT_MAX_BYTES);
    *ret = (struct cairn_new_event){
        .id = cairn_uuid_make(),
        .type = emitted->type->name,
        .schema_version = emitted->type->schema_version,
        .data = data.text,
        .meta = make_meta(attempt, i == 0 && attempt->decision.claim_count > 0),
    };
    return 0;
}

/* Whoever pinned a version wants to know that it moved, not to have the command decided again. */
static int pinned(const struct attempt *attempt, int outcome, struct cairn_error *error)
{
    if (outcome != -CAIRN_CONFLICT || attempt->if_match == CAIRN_VERSION_ANY)
        return outcome;
    error->code = CAIRN_PRECONDITION;
    return -CAIRN_PRECONDITION;
}

int cairn_attempt_append(struct attempt *attempt, struct cairn_error *error)
{
    const struct cairn_decision *decision = &attempt->decision;
    attempt->appended = (struct cairn_appended){attempt->self.at.version, attempt->seen};
    if (decision->event_count == 0 && !attempt->keyed)
        return 0;

    struct cairn_arena *arena = attempt->request->arena;
    struct cairn_new_event *events =
        cairn_new(arena, struct cairn_new_event, decision->event_count);
    for (size_t i = 0; i < decision->event_count; i++) {
        int failed = make_event(attempt, i, &events[i], error);
        if (failed)
            return failed;
    }
    const struct cairn_new_command command = {
        .key = attempt->known.key,
        .status = attempt->endpoint->creates ? 201 : 200,
        .events_to = decision->event_count,
        .event_count = decision->event_count,
    };
    const struct cairn_write write = {
        .expected = attempt->self.at,
        .events = events,
        .event_count = decision->event_count,
        .claims = decision->claims,
        .claim_count = decision->claim_count,
        .commands = &command,
        .command_count = attempt->keyed,
    };
    const struct cairn_append append = {
        .writes = &write,
        .write_count = 1,
        .checks = attempt->checks,
        .check_count = attempt->check_count,
    };
    return pinned(
        attempt,
        cairn_appender_append(attempt->endpoint->appender, &append, &attempt->appended, error),
        error);
}
