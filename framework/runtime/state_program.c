/* state_program.c - folds the state of a stream from the log, for a user or a script. */
#include "runtime/state_program.h"

#include "core/threads/clock.h"
#include "operations/past/stream_state.h"
#include "projection/history/row_when.h"
#include "runtime/serve/operators/operators.h"

#include <sysexits.h>

static int read_state(const struct cairn_config *config, struct cairn_state_question *question,
                      const char *when, struct cairn_arena *arena, struct cairn_stream_state *ret,
                      struct cairn_error *error)
{
    struct cairn_store *store = NULL;
    int failed = cairn_store_open(config->database_url, "history", &store, error);
    if (!failed) {
        cairn_pg_set_deadline(cairn_store_pg(store), CAIRN_MINUTES(1));
        failed = cairn_position_when(store, when, arena, &question->position, error);
    }
    if (!failed && question->position == 0)
        failed = cairn_fail(error, CAIRN_NOT_FOUND, "the log was empty then");
    if (!failed)
        failed = cairn_stream_state_read(store, question, arena, ret, error);
    cairn_store_close(store);
    return failed;
}

static int report(const char *stream, const struct cairn_error *error)
{
    (void)fprintf(stderr, "at %s: %s\n", stream, error->message);
    if (error->code == CAIRN_MALFORMED)
        return EX_USAGE;
    return error->code == CAIRN_UNAVAILABLE || error->code == CAIRN_BUSY ? EX_UNAVAILABLE : 1;
}

int cairn_host_state(const struct cairn_config *config,
                     const struct cairn_service *const services[], const char *when,
                     const char *stream, bool json)
{
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    struct cairn_stream_state state;
    struct cairn_state_question question = {.services = cairn_operators_system(services),
                                            .stream = stream,
                                            .deadline_us = cairn_monotonic_us() + CAIRN_MINUTES(1)};
    int failed = read_state(config, &question, when, &arena, &state, &error);
    struct cairn_buffer out = cairn_buffer(&arena);
    if (!failed && json)
        cairn_stream_state_json(stream, &state, &out);
    else if (!failed)
        cairn_buffer_text(&out, state.after);
    if (!failed)
        (void)printf("%s\n", out.text);
    cairn_arena_close(&arena);
    return failed ? report(stream, &error) : 0;
}
