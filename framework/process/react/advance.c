/* advance.c - turns one reaction into one event. */
#include "process/react/advance.h"

#include "core/threads/clock.h"
#include "record/json.h"
#include "store/internal_key.h"

#include <string.h>

/* ---- outgoing commands ---- */

/* "/orders/{id}/pay" becomes "/orders/0193…/pay". */
static const char *path_of(const struct cairn_commands *commands,
                           const struct cairn_command_type *type, bool creates, const char *id,
                           struct cairn_arena *arena)
{
    if (!type->route)
        return cairn_print(arena, CAIRN_INTERNAL_PATH "%s/%s%s%s", commands->category, type->name,
                           creates ? "" : "/", creates ? "" : id);
    const char *path = strchr(type->route, ' ') + 1;
    const char *mark = strstr(path, "{id}");
    if (!mark)
        return path;
    return cairn_print(arena, "%.*s%s%s", (int)(mark - path), path, id, mark + 4);
}

static const char *method_of(const struct cairn_command_type *type, struct cairn_arena *arena)
{
    return type->route ? cairn_copy_bytes(arena, type->route, strcspn(type->route, " ")) : "POST";
}

/* Returns the command, which creates the stream that it is sent to, with its member NOUN_id set to
 * that stream's id; the sender's own struct is not changed. */
static const void *with_member_id(const struct cairn_command_type *type,
                                  const struct cairn_field *field, struct cairn_uuid id,
                                  const void *command, struct cairn_arena *arena)
{
    char *copy = cairn_arena_alloc(arena, type->record->size, type->record->align);
    memcpy(copy, command, type->record->size);
    memcpy(copy + field->offset, &id, sizeof id);
    return copy;
}

struct cairn_letter cairn_letter_of(const struct cairn_commands *commands,
                                    const struct cairn_command_type *type, struct cairn_uuid id,
                                    const void *command, struct cairn_arena *arena)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    struct cairn_buffer body = cairn_buffer(arena);
    const char *id_name = cairn_print(arena, "%s_id", commands->category);
    const struct cairn_field *member = cairn_record_field(type->record, id_name);
    bool creates = cairn_command_creates(type);
    if (creates && member && member->kind == CAIRN_KIND_UUID)
        command = with_member_id(type, member, id, command, arena);
    cairn_uuid_format(id, text);
    cairn_record_encode(type->record, command, &body);
    if (creates && !member) { /* creates, with an id chosen by the sender */
        const char *rest = body.text + 1;
        struct cairn_buffer with_id = cairn_buffer(arena);
        cairn_buffer_print(&with_id, "{\"%s\":\"%s\"%s%s", id_name, text, *rest == '}' ? "" : ",",
                           rest);
        body = with_id;
    }
    return (struct cairn_letter){
        .to = cairn_stream_name(arena, commands->category, id),
        .method = method_of(type, arena),
        .path = path_of(commands, type, creates, text, arena),
        .body = body.text,
    };
}

/* Adds the commands. `key`, the end of the Idempotency-Key, is random, so that only readers of the
 * log can know it. */
static void add_sent(struct cairn_buffer *out, const struct cairn_reaction *reaction)
{
    char key[CAIRN_UUID_TEXT_SIZE];
    cairn_buffer_text(out, ",\"sent\":[");
    for (size_t i = 0; i < reaction->sent_count; i++) {
        const struct cairn_sent *sent = &reaction->sent[i];
        const struct cairn_letter letter =
            cairn_letter_of(sent->commands, sent->type, sent->id, sent->command, out->arena);
        cairn_buffer_print(out, "%s{\"to\":\"%s\",\"command\":\"%s\",\"method\":\"%s\",\"path\":",
                           i ? "," : "", letter.to, sent->type->name, letter.method);
        cairn_buffer_json(out, letter.path);
        cairn_uuid_format(cairn_uuid_make(), key);
        cairn_buffer_print(out, ",\"key\":\"%s\",\"body\":%s}", key, letter.body);
    }
    cairn_buffer_text(out, "]}");
}

/* ---- timers ---- */

static void remove_timer(struct cairn_set_timer *items, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(items[i].name, name) == 0) {
            memmove(&items[i], &items[i + 1], (*count - i - 1) * sizeof *items);
            (*count)--;
            return;
        }
    }
}

/* Returns the timers set after the reaction: those before, without the one that fired, with the
 * reaction's changes. */
static struct cairn_set_timers timers_after(const struct cairn_instance *instance,
                                            const char *fired,
                                            const struct cairn_reaction *reaction,
                                            struct cairn_arena *arena)
{
    size_t count = instance->timers.timers.count;
    struct cairn_set_timer *items =
        cairn_new(arena, struct cairn_set_timer, count + reaction->timer_count + 1);
    if (count)
        memcpy(items, instance->timers.timers.items, count * sizeof *items);
    if (fired)
        remove_timer(items, &count, fired);
    for (size_t i = 0; i < reaction->timer_count; i++) {
        const struct cairn_timer_change *change = &reaction->timers[i];
        remove_timer(items, &count, change->name);
        if (!change->cancelled)
            items[count++] = (struct cairn_set_timer){change->name, change->at};
    }
    return (struct cairn_set_timers){{items, count}};
}

/* ---- associations ---- */

/* Returns the associations after the reaction. One that begins does not reach back to events that
 * were read before. */
static struct cairn_associations associations_after(const struct cairn_instance *instance,
                                                    const struct cairn_process_input *input,
                                                    const struct cairn_reaction *reaction,
                                                    struct cairn_arena *arena)
{
    struct cairn_instance after = {.associations = instance->associations};
    const int64_t since = input->position ? input->position : input->read;
    for (size_t i = 0; i < reaction->association_count; i++) {
        const struct cairn_association_change *change = &reaction->associations[i];
        const struct cairn_association *known =
            cairn_instance_association(&after, change->name, change->id);
        if (known && change->ended)
            CAIRN_REMOVE(arena, after.associations.associations, known);
        else if (!known && !change->ended)
            CAIRN_APPEND(arena, after.associations.associations, .name = change->name,
                         .id = change->id, .since = since);
    }
    return after.associations;
}

/* ---- the event ---- */

static const char *encode(const struct cairn_record *record, const void *value,
                          struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_record_encode(record, value, &out);
    return out.text;
}

static const char *make_meta(const struct cairn_process_input *input, const char *service,
                             struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    char cause[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(input->causation_id, cause);
    cairn_buffer_text(&out, "{\"correlation_id\":");
    cairn_buffer_json(&out, input->correlation_id ? input->correlation_id : cause);
    cairn_buffer_print(&out, ",\"causation_id\":\"%s\",\"service\":", cause);
    cairn_buffer_json(&out, service);
    cairn_buffer_text(&out, ",\"traceparent\":");
    cairn_buffer_json(&out, input->traceparent);
    if (input->tracestate) {
        cairn_buffer_text(&out, ",\"tracestate\":");
        cairn_buffer_json(&out, input->tracestate);
    }
    cairn_buffer_char(&out, '}');
    return out.text;
}

/* The instance after the reaction, and its texts. */
struct after {
    struct cairn_set_timers timers;
    struct cairn_associations associations;
    int64_t position;
    const char *state;
    const char *timers_json; /* {"timers":[…]} */
    const char *associations_json;
};

static const char *make_data(const struct cairn_process_input *input, const struct after *after,
                             const struct cairn_reaction *reaction, struct cairn_time now,
                             struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    char at[CAIRN_TIME_TEXT_SIZE];
    cairn_time_format(now, at);
    cairn_buffer_print(&out,
                       "{\"input\":%s,\"position\":%" PRId64 ",\"at\":\"%s\",\"state\":%s,%.*s",
                       input->description, after->position, at, after->state,
                       (int)(strlen(after->timers_json) - 2), after->timers_json + 1);
    if (after->associations.associations.count)
        cairn_buffer_print(&out, ",%.*s", (int)(strlen(after->associations_json) - 2),
                           after->associations_json + 1);
    add_sent(&out, reaction);
    return out.text;
}

/* Returns whether the reaction is recorded. An event that changed nothing is not: handling it again
 * changes nothing either. A timer that has fired and a refusal always are. */
static bool is_worth_an_event(const struct cairn_process *process,
                              const struct cairn_instance *instance,
                              const struct cairn_process_input *input, const struct after *after,
                              const struct cairn_reaction *reaction, struct cairn_arena *arena)
{
    return input->position == 0 || reaction->sent_count > 0 ||
           strcmp(encode(process->state, instance->state, arena), after->state) != 0 ||
           strcmp(encode(&cairn_set_timers_record, &instance->timers, arena), after->timers_json) !=
               0 ||
           strcmp(encode(&cairn_associations_record, &instance->associations, arena),
                  after->associations_json) != 0;
}

static int react(const struct cairn_process *process, const struct cairn_instance *instance,
                 const struct cairn_process_input *input, struct cairn_time now, void *state,
                 struct cairn_arena *arena, struct cairn_reaction *ret, struct cairn_error *error)
{
    const struct cairn_given given = {
        .id = instance->id, .now = now, .seed = input->seed, .meta = input->meta};
    memcpy(state, instance->state, process->state->size);
    if (!input->when) {
        cairn_reaction_init(ret, arena);
        return 0;
    }
    return cairn_process_step(process, input->when, state, input->payload, &given, arena, ret,
                              error);
}

int cairn_advance(const struct cairn_process *process, const char *service,
                  struct cairn_instance *instance, const struct cairn_process_input *input,
                  struct cairn_time now, struct cairn_arena *arena, struct cairn_new_event *ret,
                  struct cairn_error *error)
{
    struct cairn_reaction *reaction = cairn_new(arena, struct cairn_reaction, 1);
    void *state = cairn_arena_alloc(arena, process->state->size, process->state->align);
    int failed = react(process, instance, input, now, state, arena, reaction, error);
    if (failed)
        return failed;
    struct after after = {
        .timers = timers_after(instance, input->timer, reaction, arena),
        .associations = associations_after(instance, input, reaction, arena),
        .position = input->position > instance->position ? input->position : instance->position,
        .state = encode(process->state, state, arena),
    };
    after.timers_json = encode(&cairn_set_timers_record, &after.timers, arena);
    after.associations_json = encode(&cairn_associations_record, &after.associations, arena);
    if (after.associations.associations.count > CAIRN_ASSOCIATIONS_MAX)
        return cairn_fail(error, CAIRN_BUG, "a process %s has more than %d associations",
                          process->name, CAIRN_ASSOCIATIONS_MAX);
    if (!is_worth_an_event(process, instance, input, &after, reaction, arena))
        return 0;
    *ret = (struct cairn_new_event){
        .id = cairn_uuid_make(),
        .type = CAIRN_ADVANCED,
        .schema_version = CAIRN_ADVANCED_VERSION,
        .data = make_data(input, &after, reaction, now, arena),
        .meta = make_meta(input, service, arena),
    };
    if (strlen(ret->data) > CAIRN_EVENT_MAX_BYTES)
        return cairn_fail(error, CAIRN_BUG, "a reaction of %s is larger than %d bytes",
                          process->name, CAIRN_EVENT_MAX_BYTES);
    instance->version++;
    instance->event_id = ret->id;
    instance->position = after.position;
    instance->state = state;
    instance->timers = after.timers;
    instance->associations = after.associations;
    return 1;
}
