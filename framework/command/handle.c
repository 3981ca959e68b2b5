/* handle.c - one request for a command, from its body to its answer.
 *
 *     name   the command by its Idempotency-Key, if it has one      identify.c
 *     read   the id, If-Match and the body                          read_request
 *     load   the stream and the facts, fold them                    load_all
 *     decide                                                        decision.c
 *     append what was decided, if the streams still stand           append.c
 *     answer                                                        answer.c
 *
 * load, decide and append are done again after a conflict. */
#include "command/aggregate.h"
#include "command/attempt.h"
#include "command/endpoint.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "record/json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct cairn_metric outcomes =
    CAIRN_COUNTER("cairn_commands_total", "Commands, by what became of them.", "outcome");
static struct cairn_metric retries =
    CAIRN_COUNTER("cairn_command_retries_total", "Commands decided again after a conflict.", NULL);

/* ---- reading the request ---- */

/* If-Match is "VERSION" or "VERSION.GENERATION", as commands and queries hand it out. */
static int read_if_match(const struct cairn_http_request *request, int64_t *ret,
                         struct cairn_error *error)
{
    *ret = CAIRN_VERSION_ANY;
    const char *text = cairn_http_header(request, "If-Match");
    if (!text)
        return 0;
    char *end = NULL;
    long long version =
        text[0] == '"' && text[1] >= '1' && text[1] <= '9' ? strtoll(text + 1, &end, 10) : 0;
    if (version > 0 && *end == '.')
        end += 1 + strspn(end + 1, "0123456789");
    if (version <= 0 || strcmp(end, "\"") != 0 || cairn_http_header_count(request, "If-Match") > 1)
        return cairn_fail(error, CAIRN_MALFORMED,
                          "If-Match must be one strong ETag as it was handed out, such as \"3\"");
    *ret = version;
    return 0;
}

static int read_id(const struct cairn_http_request *request, struct cairn_uuid *ret,
                   struct cairn_error *error)
{
    if (cairn_uuid_parse(request->id, ret) < 0 || cairn_uuid_is_zero(*ret))
        return cairn_wrong(error, "{id}", "must be a uuid");
    return 0;
}

static int read_body(const struct attempt *attempt, struct cairn_uuid *ret_id,
                     struct cairn_error *error)
{
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    const struct cairn_http_request *request = attempt->request;
    void *at = (char *)attempt->command + endpoint->command->offset;
    const struct cairn_record *record = endpoint->command->record;
    if (endpoint->creates && !cairn_record_field(record, endpoint->id_name))
        return cairn_record_decode_with_id(record, endpoint->id_name, request->body,
                                           request->body_bytes, request->arena, at, ret_id, error);
    return cairn_record_decode(record, request->body, request->body_bytes, CAIRN_STRICT,
                               request->arena, at, error);
}

static int read_request(struct attempt *attempt, struct cairn_error *error)
{
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    int failed = read_if_match(attempt->request, &attempt->if_match, error);
    if (!failed && !endpoint->creates)
        failed = read_id(attempt->request, &attempt->id, error);
    if (failed)
        return failed;

    const struct cairn_commands *commands = endpoint->decider->commands;
    attempt->command =
        cairn_arena_alloc(attempt->request->arena, commands->size, _Alignof(max_align_t));
    memcpy((char *)attempt->command + commands->tag_offset, &endpoint->command->tag,
           sizeof endpoint->command->tag);
    failed = read_body(attempt, &attempt->id, error);
    attempt->stream =
        cairn_stream_name(attempt->request->arena, endpoint->decider->category, attempt->id);
    return failed;
}

/* ---- loading ---- */

/* A command that creates needs no look: the append is accepted only if there is no stream. */
static int load_self(struct attempt *attempt, struct cairn_error *error)
{
    const struct cairn_decider *decider = attempt->endpoint->decider;
    const struct cairn_folding folding = {.events = decider->events,
                                          .state = decider->state,
                                          .evolve = decider->evolve,
                                          .kind = decider->category,
                                          .state_version = decider->state_version,
                                          .snapshots = attempt->endpoint->snapshots};
    struct cairn_arena *arena = attempt->request->arena;
    if (attempt->endpoint->creates) {
        attempt->self = (struct cairn_aggregate){
            .at.stream = attempt->stream,
            .state = cairn_arena_alloc(arena, decider->state->size, decider->state->align)};
        return 0;
    }
    int failed = cairn_aggregate_load(attempt->store, &folding, attempt->stream, arena,
                                      &attempt->self, error);
    if (failed)
        return failed;
    if (attempt->self.at.version == 0)
        return cairn_fail(error, CAIRN_NOT_FOUND, "there is no %s", attempt->stream);
    return 0;
}

/* Another service may call a fact the same, and fold it otherwise. */
static struct cairn_folding folding_of(const struct attempt *attempt, const struct cairn_fact *fact)
{
    return (struct cairn_folding){
        .events = fact->events,
        .state = fact->state,
        .evolve = fact->evolve,
        .kind =
            cairn_print(attempt->request->arena, "%s:%s", attempt->endpoint->service, fact->name),
        .state_version = fact->state_version,
        .snapshots = attempt->endpoint->snapshots,
    };
}

static int load_fact(struct attempt *attempt, const struct cairn_need *need, int i,
                     struct cairn_error *error)
{
    const struct cairn_fact *fact = need->fact;
    const struct cairn_folding folding = folding_of(attempt, fact);
    struct cairn_uuid id;
    memcpy(&id, (char *)attempt->command + attempt->endpoint->command->offset + need->id_offset,
           sizeof id);
    struct cairn_arena *arena = attempt->request->arena;
    const char *stream = cairn_stream_name(arena, fact->events->category, id);
    struct cairn_aggregate known;
    int failed = cairn_aggregate_load(attempt->store, &folding, stream, arena, &known, error);
    if (failed)
        return failed;
    attempt->given.facts[i].fact = fact;
    attempt->given.facts[i].state = known.state;
    attempt->checks[i] = known.at;
    attempt->check_count = (size_t)i + 1;
    if (known.position > attempt->seen)
        attempt->seen = known.position;
    return 0;
}

static int load_all(struct attempt *attempt, struct cairn_error *error)
{
    int failed = cairn_store_timeline(attempt->store, &attempt->timeline, error);
    if (!failed)
        failed = load_self(attempt, error);
    if (failed)
        return failed;
    attempt->seen = attempt->self.position;
    attempt->given =
        (struct cairn_given){.id = attempt->id, .now = cairn_now(), .seed = attempt->command_id};
    const struct cairn_need *needs = attempt->endpoint->command->needs;
    for (int i = 0; i < CAIRN_NEEDS_MAX && needs[i].fact && !failed; i++)
        failed = load_fact(attempt, &needs[i], i, error);
    return failed;
}

/* ---- deciding ---- */

static int check_if_match(const struct attempt *attempt, struct cairn_error *error)
{
    if (attempt->if_match == CAIRN_VERSION_ANY || attempt->if_match == attempt->self.at.version)
        return 0;
    return cairn_fail(error, CAIRN_PRECONDITION,
                      "If-Match names version %" PRId64 ", %s is at version %" PRId64,
                      attempt->if_match, attempt->stream, attempt->self.at.version);
}

static int try_once(struct attempt *attempt, struct cairn_error *error)
{
    int failed = load_all(attempt, error);
    if (!failed)
        failed = check_if_match(attempt, error);
    if (!failed)
        failed =
            cairn_decision_make(&attempt->decision, attempt->endpoint->decider, attempt->self.state,
                                attempt->command, &attempt->given, attempt->request->arena, error);
    return failed ? failed : cairn_attempt_append(attempt, error);
}

/* ---- again ---- */

/* Waits 1 to 10 ms, so that those who collided do not collide again at once. */
static void step_back(void)
{
    struct cairn_uuid random = cairn_uuid_make();
    struct timespec pause = {.tv_nsec = (1 + random.bytes[15] % 10) * 1000000L};
    (void)nanosleep(&pause, NULL);
}

static int try_until_settled(struct attempt *attempt, struct cairn_error *error)
{
    for (int64_t tries = 0;; tries++) {
        struct cairn_error wrong = {0};
        int outcome = try_once(attempt, &wrong);
        bool again = outcome == -CAIRN_CONFLICT && tries < attempt->endpoint->retries;
        if (!again) {
            *error = wrong;
            return outcome;
        }
        cairn_metric_add(&retries, "", 1);
        step_back();
    }
}

/* Returns 0 or 1 as cairn_attempt_append() does, or what is wrong. */
static int carry_out(struct attempt *attempt, struct cairn_error *error)
{
    int failed = cairn_attempt_identify(attempt, error);
    if (!failed && attempt->known.known)
        return 1;
    if (!failed)
        failed = read_request(attempt, error);
    return failed ? failed : try_until_settled(attempt, error);
}

void cairn_endpoint_handle(const struct cairn_endpoint *endpoint, struct cairn_store *store,
                           struct cairn_http_request *request, struct cairn_http_response *response)
{
    struct attempt attempt = {.endpoint = endpoint, .store = store, .request = request};
    struct cairn_error error = {0};
    int outcome = carry_out(&attempt, &error);
    if (outcome == 1)
        outcome = cairn_attempt_replay(&attempt, response, &error) < 0 ? -(int)error.code : 1;
    else if (outcome == 0)
        cairn_attempt_answer(&attempt, response);
    if (outcome < 0)
        cairn_http_problem(request, response, &error);
    cairn_metric_add(&outcomes,
                     outcome < 0    ? cairn_code_info(outcome)->name
                     : outcome == 1 ? "replayed"
                                    : "accepted",
                     1);
}
