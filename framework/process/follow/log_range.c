/* log_range.c - reacts to the events of a range, and appends the reactions of a process manager. */
#include "process/follow/log_range.h"

#include "process/react/inputs.h"

#include <stdio.h>

struct arrived {
    struct cairn_instance *instance; /* NULL: for all that are associated with what it is about */
    struct cairn_process_input input;
};

static bool is_for_all(const struct cairn_process_input *input)
{
    return input->when && input->when->association;
}

static void stop_before(struct cairn_log_range *range, int64_t position, int failed,
                        const struct cairn_error *why)
{
    range->to = position - 1;
    range->newer = failed == -CAIRN_NEWER_EVENT;
    (void)snprintf(range->problem, sizeof range->problem, "%s", why->message);
}

/* Decodes the events. Returns how many are inputs; the range ends before the first that cannot be
 * read. */
static size_t decode_all(struct cairn_input_batch *inputs, const struct cairn_stored_event *events,
                         int64_t count, struct arrived *ret, struct cairn_log_range *range)
{
    size_t taken = 0;
    for (int64_t i = 0; i < count; i++) {
        struct cairn_error wrong = {0};
        struct cairn_uuid id = {{0}};
        if (cairn_is_own_event(inputs->process, &events[i])) {
            range->own++;
            continue;
        }
        int outcome = cairn_input_from_event(inputs->process, &events[i], inputs->arena,
                                             &ret[taken].input, &id, &wrong);
        if (outcome < 0) {
            stop_before(range, events[i].position, outcome, &wrong);
            return taken;
        }
        if (outcome == 0)
            continue;
        ret[taken].input.about = id;
        ret[taken].instance =
            is_for_all(&ret[taken].input) ? NULL : cairn_input_batch_want(inputs, id);
        taken++;
    }
    return taken;
}

static void react_to_all(struct cairn_input_batch *inputs, const struct arrived *arrived,
                         size_t count, struct cairn_log_range *range)
{
    for (size_t i = 0; i < count; i++) {
        struct cairn_error wrong = {0};
        const struct cairn_process_input *input = &arrived[i].input;
        int failed = arrived[i].instance
                         ? cairn_input_batch_take(inputs, arrived[i].instance, input, &wrong)
                         : cairn_input_batch_take_all(inputs, input, &wrong);
        if (failed) {
            cairn_error_context(&wrong, "event %" PRId64, arrived[i].input.position);
            stop_before(range, arrived[i].input.position, failed, &wrong);
            return;
        }
    }
}

static int want_associated(const struct cairn_log_cursor *cursor, struct cairn_input_batch *inputs,
                           const struct arrived *arrived, size_t count, struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; i < count && !failed; i++) {
        if (!arrived[i].instance)
            failed =
                cairn_input_batch_want_all(inputs, cairn_log_cursor_pg(cursor), &arrived[i].input,
                                           cursor->checkpoint, INT64_MAX, error);
    }
    return failed;
}

int cairn_log_range_react(const struct cairn_log_cursor *cursor,
                          const struct cairn_event_filter *filter, struct cairn_input_batch *inputs,
                          struct cairn_log_range *range, struct cairn_error *error)
{
    const struct cairn_stored_event *events = NULL;
    int64_t count = cairn_store_read_filtered(cursor->store, cursor->position, range->to, filter,
                                              inputs->arena, &events, error);
    if (count < 0)
        return (int)count;
    struct arrived *arrived = cairn_new(inputs->arena, struct arrived, (size_t)count + 1);
    size_t taken = decode_all(inputs, events, count, arrived, range);
    int failed = want_associated(cursor, inputs, arrived, taken, error);
    if (!failed)
        failed = cairn_input_batch_load(inputs, cairn_log_cursor_pg(cursor), error);
    if (failed)
        return failed;
    react_to_all(inputs, arrived, taken, range);
    return cairn_input_batch_append(inputs, cursor->parts.appender, error);
}
