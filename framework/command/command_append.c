/* command_append.c - turns a decision into an append: encodes the events and their meta as JSON. */
#include "command/attempt.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"
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

static void add_actor(struct cairn_buffer *out, const struct cairn_actor *actor)
{
    cairn_buffer_text(out, "\"actor\":{\"sub\":");
    cairn_buffer_json(out, actor->sub);
    cairn_buffer_text(out, ",\"iss\":");
    cairn_buffer_json(out, actor->iss);
    cairn_buffer_text(out, "},");
}

/* Makes an event's meta. The append's claims are stored with its first event, so that the claims
 * table can be verified against the log and rebuilt from it. */
static const char *make_meta(const struct attempt *attempt, bool with_claims,
                             const struct cairn_new_event *event)
{
    struct cairn_buffer out = cairn_buffer(attempt->request->arena);
    cairn_buffer_char(&out, '{');
    cairn_buffer_text(&out, "\"correlation_id\":");
    cairn_buffer_json(&out, attempt->correlation_id);
    cairn_buffer_char(&out, ',');
    add_uuid(&out, "causation_id", attempt->command_id);
    add_uuid(&out, "command_id", attempt->command_id);
    cairn_buffer_print(&out, "\"command\":\"%s\",", attempt->endpoint->command->name);
    if (attempt->keyed)
        cairn_buffer_print(&out, "\"request_hash\":\"%016" PRIx64 "\",",
                           (uint64_t)attempt->known.key.request_hash);
    if (attempt->request->actor)
        add_actor(&out, attempt->request->actor);
    cairn_buffer_text(&out, "\"service\":");
    cairn_buffer_json(&out, attempt->endpoint->service);
    cairn_buffer_text(&out, ",\"traceparent\":");
    cairn_buffer_json(&out, attempt->traceparent);
    if (attempt->request->trace.state) {
        cairn_buffer_text(&out, ",\"tracestate\":");
        cairn_buffer_json(&out, attempt->request->trace.state);
    }
    if (with_claims)
        add_claims(&out, &attempt->decision);
    if (event->tag_count > 0)
        cairn_tags_json(event->tags, event->tag_count, &out);
    cairn_buffer_char(&out, '}');
    return out.text;
}

static int make_event(const struct attempt *attempt, size_t i, struct cairn_new_event *ret,
                      struct cairn_error *error)
{
    const struct cairn_emitted *emitted = &attempt->decision.events[i];
    struct cairn_buffer data = cairn_buffer(attempt->request->arena);
    cairn_record_encode(emitted->type->record, emitted->event, &data);
    if (data.length > CAIRN_EVENT_MAX_BYTES)
        return cairn_fail(error, CAIRN_BUG, "%s is larger than %d bytes", emitted->type->name,
                          CAIRN_EVENT_MAX_BYTES);
    *ret = (struct cairn_new_event){
        .id = cairn_uuid_make(),
        .type = emitted->type->name,
        .schema_version = emitted->type->schema_version,
        .data = data.text,
    };
    ret->tag_count = cairn_event_tags(emitted->type->record, emitted->event,
                                      attempt->request->arena, &ret->tags);
    ret->meta = make_meta(attempt, i == 0 && attempt->decision.claim_count > 0, ret);
    return 0;
}

/* ---- submitting ---- */

/* Runs on a thread of the appender, or on this one while it leads (appender.h). Once the request is
 * resumed, the attempt may have been freed. */
static void on_done(struct cairn_appending *appending)
{
    struct attempt *attempt = appending->context;
    struct cairn_cached *entry = attempt->own.entry;
    cairn_attempt_has_appended(attempt, appending->outcome, &appending->error);
    if (entry) {
        cairn_lock(&entry->lock);
        struct cairn_waiter *waiters = cairn_cached_end(
            entry, attempt->branch, attempt->turn, appending->outcome == 0, &attempt->appended);
        cairn_unlock(&entry->lock);
        cairn_waiters_resume(waiters);
    }
    cairn_attempt_parts_end(attempt);
    cairn_http_resume(attempt->request);
}

static int make_events(struct attempt *attempt, struct cairn_error *error)
{
    const struct cairn_decision *decision = &attempt->decision;
    struct cairn_new_event *events =
        cairn_new(attempt->request->arena, struct cairn_new_event, decision->event_count);
    for (size_t i = 0; i < decision->event_count; i++) {
        int failed = make_event(attempt, i, &events[i], error);
        if (failed)
            return failed;
    }
    attempt->write = (struct cairn_write){
        .expected = attempt->expected,
        .events = events,
        .event_count = decision->event_count,
        .claims = decision->claims,
        .claim_count = decision->claim_count,
        .commands = &attempt->new_command,
        .command_count = attempt->keyed,
    };
    attempt->new_command = (struct cairn_new_command){
        .key = attempt->known.key,
        .status = attempt->endpoint->creates ? 201 : 200,
        .events_to = decision->event_count,
        .event_count = decision->event_count,
    };
    return 0;
}

/* Applies the submitted events to `ahead`. The entry's lock is held, so the append cannot end
 * before. */
static void go_ahead(struct attempt *attempt)
{
    const struct cairn_decision *decision = &attempt->decision;
    size_t count = decision->event_count;
    attempt->turn = cairn_cached_begin(
        attempt->own.entry, decision->events, count,
        count ? attempt->write.events[count - 1].id : (struct cairn_uuid){{0}}, &attempt->branch);
}

static int submit(struct attempt *attempt, struct cairn_error *error)
{
    struct cairn_appending *appending = &attempt->appending;
    cairn_attempt_set_boundaries(attempt);
    appending->append = (struct cairn_append){.writes = &attempt->write,
                                              .write_count = 1,
                                              .checks = attempt->checks,
                                              .check_count = attempt->check_count,
                                              .boundaries = attempt->boundaries,
                                              .boundary_count = attempt->part_count};
    appending->ret = &attempt->appended;
    appending->done = on_done;
    appending->context = attempt;
    appending->trace = *cairn_span_trace(attempt->span, &attempt->request->trace);
    appending->batch = (struct cairn_trace){.state = NULL};
    appending->outcome = 0;
    cairn_error_reset(&appending->error);
    return attempt->request->writes
               ? cairn_leader_submit(attempt->request->writes, appending, error)
               : cairn_appender_submit(attempt->endpoint->side->appender, appending, error);
}

int cairn_attempt_append(struct attempt *attempt, struct cairn_error *error)
{
    int failed = cairn_attempt_check_parts(attempt, error);
    if (failed)
        return failed;
    cairn_attempt_appends(attempt);
    failed = make_events(attempt, error);
    if (!failed)
        failed = submit(attempt, error);
    if (failed) {
        cairn_attempt_has_appended(attempt, failed, error);
        return failed;
    }
    if (attempt->own.entry)
        go_ahead(attempt);
    cairn_attempt_parts_ahead(attempt);
    return 0;
}

void cairn_attempt_keep(struct attempt *attempt)
{
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    const struct cairn_record *record = endpoint->self.state;
    const struct cairn_write *write = &attempt->write;
    if (write->event_count == 0)
        return;
    struct cairn_aggregate made = {
        .at = {attempt->stream, attempt->appended.version,
               write->events[write->event_count - 1].id},
        .position = attempt->appended.position,
        .state = cairn_arena_alloc(attempt->request->arena, record->size, record->align),
    };
    for (size_t i = 0; i < write->event_count; i++)
        cairn_folding_apply(&endpoint->self, attempt->decision.events[i].type,
                            attempt->decision.events[i].event, attempt->request->arena, made.state);
    struct cairn_cached *entry =
        cairn_cache_pin(endpoint->side->cache, &endpoint->self, attempt->stream);
    cairn_lock(&entry->lock);
    if (entry->turns == 0 && entry->settled.aggregate.at.version < made.at.version)
        cairn_cached_settle(entry, &made);
    cairn_unlock(&entry->lock);
    cairn_cache_unpin(endpoint->side->cache, entry);
}
