/* step_line.c - writes the steps of a sequence, and their results, as lines of a test. */
#include "testkit/property/literal.h"
#include "testkit/property/steps/steps.h"

#define INDENT "    "

static void add_struct(const char *macro, const char *tag, const struct cairn_record *record,
                       const void *value, struct cairn_buffer *out)
{
    cairn_buffer_print(out, INDENT "%s(%s", macro, tag);
    cairn_literal_members(record, value, out);
    cairn_buffer_text(out, ");\n");
}

static void add_time(struct cairn_time time, struct cairn_buffer *out)
{
    char text[CAIRN_TIME_TEXT_SIZE];
    cairn_time_format(time, text);
    cairn_buffer_print(out, INDENT "AT(\"%s\");\n", text);
}

void cairn_step_line(const struct cairn_step *step, struct cairn_buffer *out)
{
    switch (step->kind) {
    case CAIRN_STEP_COMMAND:
        add_struct("WHEN", step->command->record->name, step->command->record, step->value, out);
        break;
    case CAIRN_STEP_FACT:
        add_struct("GIVEN_FACT", step->fact->name, step->fact->state, step->value, out);
        break;
    case CAIRN_STEP_STREAM:
        cairn_buffer_text(out, INDENT "STREAM(");
        cairn_literal_id(step->stream, out);
        cairn_buffer_text(out, ");\n");
        break;
    case CAIRN_STEP_TIME:
        add_time(step->time, out);
        break;
    case CAIRN_STEP_GIVEN: /* by a command: its results are the lines */
        if (step->event)
            add_struct("GIVEN", step->event->record->name, step->event->record, step->value, out);
        break;
    }
}

/* ---- results ---- */

static void add_claim(const struct cairn_sequence *sequence, const struct cairn_claim *claim,
                      struct cairn_buffer *out)
{
    const struct cairn_held_claim held =
        cairn_held_claim_of(out->arena, sequence->scenario->id, claim);
    cairn_buffer_print(out, INDENT "THEN_%s%s(", claim->taken ? "CLAIMED" : "RELEASED",
                       held.is_range ? "_RANGE" : "");
    cairn_literal_text(held.scope, out);
    cairn_buffer_text(out, ", ");
    cairn_literal_text(held.key, out);
    if (held.is_range)
        cairn_buffer_print(out, ", %" PRId64 ", %" PRId64, held.from, held.to);
    cairn_buffer_text(out, ");\n");
}

static void add_events(const char *macro, const struct cairn_decision *decision,
                       struct cairn_buffer *out)
{
    for (size_t i = 0; i < decision->event_count; i++)
        add_struct(macro, decision->events[i].type->record->name, decision->events[i].type->record,
                   decision->events[i].event, out);
}

void cairn_step_results(const struct cairn_sequence *sequence, const struct cairn_step *step,
                        struct cairn_buffer *out)
{
    const struct cairn_deciding *deciding = sequence->deciding;
    const struct cairn_decision *decision = &deciding->decision;
    if (step->kind == CAIRN_STEP_GIVEN) {
        add_events("GIVEN", decision, out);
        return;
    }
    if (step->kind != CAIRN_STEP_COMMAND)
        return;
    if (deciding->outcome < 0)
        cairn_buffer_print(out, INDENT "THEN_REFUSED(\"%s\");\n",
                           cairn_deciding_refused_as(deciding));
    else if (decision->event_count == 0)
        cairn_buffer_text(out, INDENT "THEN_NOTHING();\n");
    add_events("THEN", decision, out);
    for (size_t i = 0; i < decision->claim_count; i++)
        add_claim(sequence, &decision->claims[i], out);
}
