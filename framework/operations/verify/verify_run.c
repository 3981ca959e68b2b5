/* verify_run.c - keeps what a verification finds, and writes it as JSON. */
#include "operations/verify/verify_run.h"

#include "core/threads/clock.h"
#include "record/json.h"

void cairn_verify_run_note(struct cairn_verify_run *run, const struct cairn_difference *difference)
{
    if (run->example_count == CAIRN_VERIFY_EXAMPLES)
        return;
    run->examples[run->example_count++] = (struct cairn_difference){
        .key = cairn_copy_text(&run->arena, difference->key),
        .store = cairn_copy_text(&run->arena, difference->store),
        .what = cairn_copy_text(&run->arena, difference->what),
        .position = difference->position,
        .type = cairn_copy_text(&run->arena, difference->type),
        .stream = cairn_copy_text(&run->arena, difference->stream),
    };
}

static void add_counts(const struct cairn_verify *result, struct cairn_buffer *out)
{
    cairn_buffer_print(out, "\"generation\":%" PRId64 ",\"position\":%" PRId64 ",\"rows\":%" PRId64,
                       result->generation, result->position, result->rows);
    cairn_buffer_print(out, ",\"differences\":%" PRId64 ",\"parked\":%" PRId64, result->differences,
                       result->parked);
    cairn_buffer_print(out, ",\"copied\":%" PRId64 ",\"copy_differences\":%" PRId64, result->copied,
                       result->copy_differences);
    if (result->copy_problem[0])
        cairn_buffer_member(out, "copy_problem", result->copy_problem);
}

void cairn_verify_run_outcome(const struct cairn_verify_run *run, struct cairn_buffer *out)
{
    cairn_buffer_char(out, '{');
    add_counts(&run->result, out);
    cairn_buffer_char(out, '}');
}

static void add_example(const struct cairn_difference *example, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "{\"key\":");
    cairn_buffer_json(out, example->key);
    cairn_buffer_member(out, "store", example->store);
    cairn_buffer_member(out, "difference", example->what);
    cairn_buffer_print(out, ",\"position\":%" PRId64, example->position);
    cairn_buffer_member(out, "type", example->type);
    cairn_buffer_member(out, "stream", example->stream);
    cairn_buffer_char(out, '}');
}

void cairn_verify_run_json(const struct cairn_verify_run *run, struct cairn_buffer *out)
{
    static const char *const states[] = {[CAIRN_VERIFY_RUNNING] = "running",
                                         [CAIRN_VERIFY_DONE] = "done",
                                         [CAIRN_VERIFY_FAILED] = "failed",
                                         [CAIRN_VERIFY_CANCELLED] = "cancelled"};
    char at[CAIRN_TIME_TEXT_SIZE];
    int64_t until_us = run->ended_us ? run->ended_us : cairn_monotonic_us();
    cairn_time_format(run->begun_at, at);
    cairn_buffer_print(out, "{\"operation\":\"%s\",\"read_model\":\"%s\",\"state\":\"%s\"",
                       run->operation, run->result.projection->name, states[run->state]);
    cairn_buffer_member(out, "by", run->by.sub);
    cairn_buffer_print(out, ",\"begun_at\":\"%s\",\"spent_ms\":%" PRId64, at,
                       (until_us - run->begun_us) / 1000);
    cairn_buffer_print(out, ",\"done\":%" PRId64 ",\"total\":%" PRId64 ",", run->done, run->total);
    add_counts(&run->result, out);
    cairn_buffer_member(out, "problem", run->problem);
    cairn_buffer_text(out, ",\"examples\":[");
    for (size_t i = 0; i < run->example_count; i++) {
        cairn_buffer_text(out, i ? "," : "");
        add_example(&run->examples[i], out);
    }
    cairn_buffer_text(out, "]}");
}
