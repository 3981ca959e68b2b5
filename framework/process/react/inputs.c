/* inputs.c - makes the three kinds of input: events, timers, refusals. */
#include "process/react/inputs.h"

#include "record/json.h"
#include "store/events/amend.h"
#include "store/events/handlers.h"
#include "telemetry/trace_context.h"

#include <string.h>

/* ---- handlers ---- */

static bool is_of(const char *stream, const char *category)
{
    size_t length = strlen(category);
    return strncmp(stream, category, length) == 0 && stream[length] == '-';
}

const struct cairn_when *cairn_when_refused(const struct cairn_process *process,
                                            const char *command)
{
    for (const struct cairn_registered *at = process->when->first; at; at = at->next) {
        const struct cairn_when *when = (const struct cairn_when *)at;
        if (when->input == CAIRN_INPUT_REFUSAL && strcmp(at->record->name, command) == 0)
            return when;
    }
    return NULL;
}

struct cairn_uuid cairn_when_process(const struct cairn_when *when, const void *event,
                                     const struct cairn_meta *meta)
{
    struct cairn_uuid id = meta->id;
    if (when->by_member)
        memcpy(&id, (const char *)event + when->member_offset, sizeof id);
    return id;
}

struct cairn_event_filter cairn_process_filter(const struct cairn_process *process,
                                               struct cairn_arena *arena)
{
    return cairn_handlers_filter(process->when, CAIRN_ADVANCED, process->name, arena);
}

bool cairn_is_own_event(const struct cairn_process *process, const struct cairn_stored_event *event)
{
    return is_of(event->stream, process->name) && strcmp(event->type, CAIRN_ADVANCED) == 0;
}

/* ---- events ---- */

struct cairn_origin cairn_origin_of(const struct cairn_stored_event *event,
                                    struct cairn_arena *arena)
{
    struct cairn_origin origin = {0};
    if (cairn_record_decode(&cairn_origin_record, event->meta, strlen(event->meta), CAIRN_LENIENT,
                            arena, &origin, NULL) < 0)
        return (struct cairn_origin){0};
    origin.tracestate = cairn_tracestate_check(origin.tracestate);
    return origin;
}

static const char *describe_event(const struct cairn_stored_event *event, struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_print(&out,
                       "{\"kind\":\"event\",\"position\":%" PRId64 ",\"stream\":", event->position);
    cairn_buffer_json(&out, event->stream);
    cairn_buffer_print(&out, ",\"type\":\"%s\"}", event->type);
    return out.text;
}

static int decode(const struct cairn_event_type *type, const struct cairn_stored_event *event,
                  struct cairn_arena *arena, const void **ret, struct cairn_meta *ret_meta,
                  struct cairn_error *error)
{
    void *value = cairn_arena_alloc(arena, type->record->size, type->record->align);
    int failed = cairn_event_meta(event, ret_meta, error);
    if (!failed)
        failed = cairn_event_decode(type, event, arena, value, error);
    *ret = value;
    return failed;
}

/* Assigns an event that cannot be decoded to the process that its stream names, unless a member of
 * the event would name it. */
static int arrive_unreadable(const struct cairn_when *when, const struct cairn_stored_event *event,
                             struct cairn_arena *arena, const struct cairn_error *wrong,
                             struct cairn_process_input *ret, struct cairn_uuid *ret_id,
                             struct cairn_error *error)
{
    bool known = wrong->code == CAIRN_UNREADABLE && !when->by_member && !when->association &&
                 cairn_stream_id(event->stream, ret_id) == 0;
    if (!known)
        return cairn_error_pass(error, wrong);
    *ret = (struct cairn_process_input){.position = event->position,
                                        .unreadable = cairn_copy_text(arena, wrong->message)};
    return 1;
}

int cairn_input_from_event(const struct cairn_process *process,
                           const struct cairn_stored_event *event, struct cairn_arena *arena,
                           struct cairn_process_input *ret, struct cairn_uuid *ret_id,
                           struct cairn_error *error)
{
    const struct cairn_event_type *type = NULL;
    const struct cairn_when *when = (const struct cairn_when *)cairn_handlers_find_stream(
        process->when, event->stream, event->type, &type);
    struct cairn_error wrong = {0};
    struct cairn_meta *meta = cairn_new(arena, struct cairn_meta, 1);
    const void *input = NULL;
    if (!when || cairn_is_passed_over(event))
        return 0;
    if (decode(type, event, arena, &input, meta, &wrong) < 0)
        return arrive_unreadable(when, event, arena, &wrong, ret, ret_id, error);
    *ret_id = cairn_when_process(when, input, meta);
    if (cairn_uuid_is_zero(*ret_id)) /* for no process */
        return 0;
    const struct cairn_origin origin = cairn_origin_of(event, arena);
    *ret = (struct cairn_process_input){
        .when = when,
        .payload = input,
        .meta = meta,
        .description = describe_event(event, arena),
        .position = event->position,
        .seed = event->event_id,
        .causation_id = event->event_id,
        .correlation_id = origin.correlation_id,
        .traceparent = origin.traceparent,
        .tracestate = origin.tracestate,
    };
    return 1;
}

struct cairn_process_input cairn_input_for(const struct cairn_process_input *input,
                                           const struct cairn_instance *instance)
{
    struct cairn_process_input own = *input;
    for (size_t i = 0; i < sizeof own.seed.bytes; i++)
        own.seed.bytes[i] ^= instance->id.bytes[i];
    return own;
}

/* ---- timers and refusals: caused by the last event of their stream ---- */

static struct cairn_process_input arrival_of(const struct cairn_instance *instance,
                                             const struct cairn_when *when, const void *input,
                                             const char *description)
{
    return (struct cairn_process_input){
        .when = when,
        .payload = input,
        .description = description,
        .seed = instance->event_id,
        .causation_id = instance->event_id,
        .correlation_id = instance->correlation_id,
        .traceparent = instance->traceparent,
        .tracestate = cairn_tracestate_check(instance->tracestate),
    };
}

struct cairn_process_input cairn_input_from_timer(const struct cairn_process *process,
                                                  const struct cairn_instance *instance,
                                                  const char *name, struct cairn_time due,
                                                  struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    char text[CAIRN_TIME_TEXT_SIZE];
    cairn_time_format(due, text);
    cairn_buffer_text(&out, "{\"kind\":\"timer\",\"name\":");
    cairn_buffer_json(&out, name);
    cairn_buffer_print(&out, ",\"due\":\"%s\"}", text);
    struct cairn_process_input input =
        arrival_of(instance, cairn_when_timer(process, name), name, out.text);
    input.timer = name;
    return input;
}

/* The reaction by which a schedule begins: its payload is the handler. */
static void begin_schedule(void *state, const void *input, const struct cairn_given *given,
                           struct cairn_reaction *ret)
{
    const struct cairn_when *when = input;
    (void)state;
    cairn_schedule(ret, when->timer, cairn_next_period(given->now, when->every_us));
}

struct cairn_process_input cairn_input_of_schedule(const struct cairn_process *process,
                                                   const struct cairn_when *when,
                                                   struct cairn_arena *arena,
                                                   struct cairn_uuid *ret_id)
{
    static const struct cairn_when begins = {.input = CAIRN_INPUT_TIMER, .react = begin_schedule};
    const struct cairn_given nothing = {.now = {0}};
    struct cairn_buffer out = cairn_buffer(arena);
    *ret_id = cairn_new_id(&nothing, cairn_print(arena, "%s %s", process->name, when->timer));
    cairn_buffer_text(&out, "{\"kind\":\"schedule\",\"name\":");
    cairn_buffer_json(&out, when->timer);
    cairn_buffer_char(&out, '}');
    return (struct cairn_process_input){.when = &begins,
                                        .payload = when,
                                        .description = out.text,
                                        .seed = *ret_id,
                                        .causation_id = *ret_id};
}

struct cairn_process_input cairn_input_from_refusal(const struct cairn_process *process,
                                                    const struct cairn_instance *instance,
                                                    const struct cairn_delivered *refused,
                                                    struct cairn_arena *arena)
{
    const struct cairn_outgoing *outgoing = &refused->outgoing;
    struct cairn_buffer out = cairn_buffer(arena);
    struct cairn_refusal *refusal = cairn_new(arena, struct cairn_refusal, 1);
    if (cairn_stream_id(outgoing->target, &refusal->id) < 0)
        refusal->id = (struct cairn_uuid){{0}};
    refusal->code = refused->error.code;
    refusal->reason = cairn_copy_text(arena, refused->error.reason);
    cairn_buffer_print(&out,
                       "{\"kind\":\"refusal\",\"version\":%" PRId64 ",\"number\":%" PRId64
                       ",\"command\":\"%s\",\"to\":",
                       outgoing->version, outgoing->number, outgoing->command);
    cairn_buffer_json(&out, outgoing->target);
    cairn_buffer_print(&out,
                       ",\"code\":\"%s\",\"reason\":", cairn_code_info((int)refusal->code)->name);
    cairn_buffer_json(&out, refusal->reason);
    cairn_buffer_text(&out, ",\"detail\":");
    cairn_buffer_json(&out, refused->error.message);
    cairn_buffer_char(&out, '}');
    return arrival_of(instance, cairn_when_refused(process, outgoing->command), refusal, out.text);
}
