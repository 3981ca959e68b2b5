/* row_step_json.c - writes a step of a row's history as JSON. */
#include "projection/history/row_history.h"

const char *cairn_row_effect_name(enum cairn_row_effect effect)
{
    static const char *const names[] = {
        [CAIRN_ROW_CREATED] = "created",     [CAIRN_ROW_CHANGED] = "changed",
        [CAIRN_ROW_UNCHANGED] = "unchanged", [CAIRN_ROW_DELETED] = "deleted",
        [CAIRN_ROW_PARKED] = "parked",       [CAIRN_ROW_WAITS] = "waits",
        [CAIRN_ROW_SKIPPED] = "skipped",
    };
    return names[effect];
}

void cairn_row_step_json(const struct cairn_row_step *step, struct cairn_buffer *out)
{
    char at[CAIRN_TIME_TEXT_SIZE];
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_time_format(step->recorded_at, at);
    cairn_uuid_format(step->event_id, id);
    cairn_buffer_print(out, "{\"position\":%" PRId64 ",\"recorded_at\":\"%s\"", step->position, at);
    cairn_buffer_member(out, "stream", step->stream);
    cairn_buffer_print(out, ",\"version\":%" PRId64, step->version);
    cairn_buffer_member(out, "type", step->type);
    cairn_buffer_member(out, "event_id", id);
    cairn_buffer_member(out, "effect", cairn_row_effect_name(step->effect));
    cairn_buffer_text(out, ",\"changes\":");
    cairn_json_changes_write(step->changes, step->change_count, out);
    cairn_buffer_member(out, "command_id", step->command_id);
    cairn_buffer_member(out, "command", step->command);
    cairn_buffer_member(out, "service", step->service);
    cairn_buffer_member(out, "actor", step->actor);
    cairn_buffer_member(out, "issuer", step->issuer);
    cairn_buffer_member(out, "correlation_id", step->correlation_id);
    cairn_buffer_member(out, "traceparent", step->traceparent);
    cairn_buffer_char(out, '}');
}

void cairn_row_history_json(const struct cairn_row_history *history,
                            const struct cairn_row_question *question, bool past,
                            struct cairn_buffer *out)
{
    cairn_buffer_print(out, "{\"read_model\":\"%s\",\"key\":", question->projection->name);
    cairn_buffer_json(out, question->key);
    cairn_buffer_print(out, ",\"position\":%" PRId64, question->to);
    if (!past)
        cairn_buffer_print(out, ",\"left_out\":%" PRId64, history->left_out);
    cairn_buffer_print(out,
                       ",\"changed\":%" PRId64 ",\"version\":%" PRId64 ",\"parked\":%s,\"row\":%s}",
                       history->position, history->version, history->parked ? "true" : "false",
                       *history->row ? history->row : "null");
}
