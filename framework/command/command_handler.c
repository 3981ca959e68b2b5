/* command_handler.c - executes one command request, from its body to its answer.
 *
 *     name    the command by its Idempotency-Key, if it has one      identify.c
 *     read    the id, preconditions and the body                     read_request
 *     recall  the states of its stream, of the facts and of the      recall.c, recall_parts.c,
 *             parts of a boundary                                    cache.c
 *     decide                                                         decision.c
 *     append  what was decided, if the streams have not changed      command_append.c
 *     answer                                                         command_answer.c
 *
 * The steps and where they may be suspended are in attempt.h. */
#include "command/attempt.h"
#include "command/endpoint.h"
#include "core/report/metrics.h"
#include "core/threads/backoff.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "http/request/conditional.h"
#include "record/json.h"
#include "store/commit/resolve_outcome.h"
#include "store/internal_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cairn_metric outcomes =
    CAIRN_COUNTER("cairn_commands_total", "Commands, by outcome.", "outcome");
static struct cairn_metric retries =
    CAIRN_COUNTER("cairn_command_retries_total", "Commands decided again after a conflict.", NULL);
/* refusal: a refusal, or an answer without events, was based on cached state; undone: the append of
 * a state that the decision was based on failed. */
static struct cairn_metric decided_again =
    CAIRN_COUNTER("cairn_commands_decided_again_total",
                  "Commands decided again before anything was appended.", "why");

/* ---- reading the request ---- */

static int read_preconditions(struct attempt *attempt, struct cairn_error *error)
{
    attempt->if_match = cairn_http_header_list(attempt->request, "If-Match");
    attempt->if_none_match = cairn_http_header_list(attempt->request, "If-None-Match");
    if (attempt->if_match && !cairn_etags_valid(attempt->if_match))
        return cairn_fail(
            error, CAIRN_MALFORMED,
            "If-Match must be a list of ETags from earlier answers, such as \"3\", or *");
    if (attempt->if_none_match && !cairn_etags_valid(attempt->if_none_match))
        return cairn_fail(error, CAIRN_MALFORMED,
                          "If-None-Match must be a list of ETags from earlier answers, or *");
    return 0;
}

enum { HEADER_MAX_BYTES = 1000, CORRELATION_MAX_BYTES = 100 };

static bool is_visible(const char *value, size_t most)
{
    size_t bytes = strlen(value);
    bool good = bytes > 0 && bytes <= most;
    for (size_t i = 0; i < bytes && good; i++)
        good = value[i] >= ' ' && value[i] < 0x7F;
    return good;
}

/* Reads the headers that the command declares, and the one that names its correlation. */
static int read_headers(struct attempt *attempt, struct cairn_error *error)
{
    const char *const *names = attempt->endpoint->command->headers;
    attempt->correlation_id = cairn_http_header(attempt->request, "Correlation-Id");
    if (attempt->correlation_id && !is_visible(attempt->correlation_id, CORRELATION_MAX_BYTES))
        return cairn_fail(error, CAIRN_MALFORMED,
                          "Correlation-Id must be 1 to %d visible ASCII characters",
                          CORRELATION_MAX_BYTES);
    if (!attempt->correlation_id) {
        char *id = cairn_new(attempt->request->arena, char, CAIRN_UUID_TEXT_SIZE);
        cairn_uuid_format(attempt->command_id, id);
        attempt->correlation_id = id;
    }
    for (int i = 0; i < CAIRN_HEADERS_MAX && names[i]; i++) {
        const char *value = cairn_http_header(attempt->request, names[i]);
        if (value && !is_visible(value, HEADER_MAX_BYTES))
            return cairn_fail(error, CAIRN_MALFORMED, "%s must be 1 to %d visible ASCII characters",
                              names[i], HEADER_MAX_BYTES);
        attempt->given.headers[i].name = names[i];
        attempt->given.headers[i].value = value;
    }
    return 0;
}

static int read_id(const struct cairn_http_request *request, struct cairn_uuid *ret,
                   struct cairn_error *error)
{
    if (cairn_uuid_parse(request->id, ret) < 0 || cairn_uuid_is_zero(*ret))
        return cairn_wrong(error, "{id}", "must be a uuid");
    return 0;
}

/* Takes the stream's id from the record's member NOUN_id. If that is absent or zero, `ret` keeps
 * the id that was made. */
static void take_member_id(const struct cairn_endpoint *endpoint, const void *command,
                           struct cairn_uuid *ret)
{
    struct cairn_uuid id;
    const struct cairn_field *field =
        cairn_record_field(endpoint->command->record, endpoint->id_name);
    memcpy(&id, (const char *)command + field->offset, sizeof id);
    if (!cairn_uuid_is_zero(id))
        *ret = id;
}

static int read_body(const struct attempt *attempt, struct cairn_uuid *ret_id,
                     struct cairn_error *error)
{
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    const struct cairn_http_request *request = attempt->request;
    void *at = attempt->command;
    const struct cairn_record *record = endpoint->command->record;
    if (endpoint->creates && !cairn_record_field(record, endpoint->id_name))
        return cairn_record_decode_with_id(record, endpoint->id_name, request->body,
                                           request->body_bytes, request->arena, at, ret_id, error);
    int failed = cairn_record_decode(record, request->body, request->body_bytes, CAIRN_STRICT,
                                     request->arena, at, error);
    if (!failed && endpoint->creates && endpoint->part_count == 0)
        take_member_id(endpoint, at, ret_id);
    return failed;
}

/* Chooses the id of a new stream, which the body may name. */
static void choose_id(struct attempt *attempt)
{
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    struct cairn_uuid id =
        cairn_command_owner_id(&endpoint->owner, endpoint->command, attempt->request->actor);
    if (endpoint->creates && !cairn_uuid_is_zero(id))
        attempt->id = id;
}

static int read_request(struct attempt *attempt, struct cairn_error *error)
{
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    int failed = read_preconditions(attempt, error);
    if (!failed)
        failed = read_headers(attempt, error);
    if (!failed && !endpoint->creates)
        failed = read_id(attempt->request, &attempt->id, error);
    if (failed)
        return failed;

    const struct cairn_record *record = endpoint->command->record;
    attempt->command = cairn_arena_alloc(attempt->request->arena, record->size, record->align);
    choose_id(attempt);
    failed = read_body(attempt, &attempt->id, error);
    attempt->stream =
        cairn_stream_name(attempt->request->arena, endpoint->decider->category, attempt->id);
    return failed;
}

/* ---- deciding ---- */

/* Returns whether an ETag names the version: "VERSION" (of a command) or "VERSION.GENERATION" (of a
 * query). */
static bool names_version(const struct cairn_etag *tag, int64_t version)
{
    char text[24];
    size_t digits = (size_t)snprintf(text, sizeof text, "%" PRId64, version);
    if (tag->bytes < digits || memcmp(tag->text, text, digits) != 0)
        return false;
    size_t at = digits + (tag->bytes > digits && tag->text[digits] == '.');
    bool good = tag->bytes == digits || (at > digits && tag->bytes > at);
    for (size_t i = at; i < tag->bytes && good; i++)
        good = tag->text[i] >= '0' && tag->text[i] <= '9';
    return good;
}

/* Returns whether the list names the version; 0, no stream, has no ETag. `strong`: RFC 9110 section
 * 8.8.3.2. */
static bool is_named(const char *list, int64_t version, bool strong)
{
    struct cairn_etag tag;
    bool named = version > 0 && cairn_etags_any(list);
    while (version > 0 && !named && cairn_etag_next(&list, &tag) > 0)
        named = !(strong && tag.weak) && names_version(&tag, version);
    return named;
}

/* Evaluates the preconditions as in RFC 9110 section 13.2.2. */
static int check_preconditions(const struct attempt *attempt, struct cairn_error *error)
{
    int64_t version = attempt->expected.version;
    if (attempt->if_match && !is_named(attempt->if_match, version, true))
        return cairn_fail(error, CAIRN_PRECONDITION,
                          "If-Match does not name version %" PRId64 ", which %s is at", version,
                          attempt->stream);
    if (attempt->if_none_match && is_named(attempt->if_none_match, version, false))
        return cairn_fail(error, CAIRN_PRECONDITION,
                          "If-None-Match names version %" PRId64 ", which %s is at", version,
                          attempt->stream);
    return 0;
}

/* Compares the owner with the caller. A service of the same store is told that it lacks a role: to
 * its process "there is no such stream" would be an answer of the domain. */
static int check_owner(const struct attempt *attempt, const void *state, struct cairn_error *error)
{
    struct cairn_error other = {0};
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    int failed =
        cairn_command_owner_check(&endpoint->owner, endpoint->command, attempt->request->actor,
                                  state, attempt->command, attempt->id, attempt->stream, &other);
    if (failed == -CAIRN_NOT_FOUND && attempt->by_service)
        return cairn_fail(
            error, CAIRN_FORBIDDEN,
            "%s is of another owner than %s: this service needs a role that %s allows",
            attempt->stream, attempt->request->actor->sub, endpoint->command->name);
    return failed ? cairn_error_pass(error, &other) : 0;
}

static int decide_on(struct attempt *attempt, const void *state, struct cairn_error *error)
{
    const struct cairn_endpoint *endpoint = attempt->endpoint;
    int failed = 0;
    if (!endpoint->creates && attempt->expected.version == 0)
        failed = cairn_fail(error, CAIRN_NOT_FOUND, "there is no %s", attempt->stream);
    if (!failed)
        failed = check_owner(attempt, state, error);
    if (!failed)
        failed = check_preconditions(attempt, error);
    if (failed)
        return failed;
    return cairn_decision_make(&attempt->decision, endpoint->decider, endpoint->command, state,
                               attempt->command, &attempt->given, attempt->request->arena, error);
}

/* Returns the state to decide on. The command's own entry, if it has one, is locked. */
static const void *state_of(const struct attempt *attempt)
{
    const struct cairn_record *record = attempt->endpoint->decider->state;
    if (attempt->endpoint->part_count > 0)
        return cairn_attempt_parts_state(attempt);
    if (attempt->own.entry)
        return cairn_cached_state(attempt->own.entry)->state;
    return cairn_arena_alloc(attempt->request->arena, record->size, record->align);
}

/* Returns whether cached states must be read first: no refusal is returned from them alone. */
static bool must_reread(struct attempt *attempt)
{
    if (attempt->must_reread || !cairn_attempt_is_cached(attempt))
        return false;
    cairn_metric_add(&decided_again, "refusal", 1);
    return attempt->must_reread = true;
}

enum next { SUSPEND, AGAIN, WORKER, ANSWER };

/* Returns how an attempt continues that did not complete a step. */
static enum next next_after(struct attempt *attempt, enum cairn_attempt_outcome outcome)
{
    switch (outcome) {
    case CAIRN_ATTEMPT_WAITS:
        return SUSPEND;
    case CAIRN_ATTEMPT_NEEDS_STORE:
        return WORKER;
    case CAIRN_ATTEMPT_UNDONE:
        cairn_metric_add(&decided_again, "undone", 1);
        return AGAIN;
    case CAIRN_ATTEMPT_FAILED:
        attempt->verdict = CAIRN_VERDICT_FAILED;
        return ANSWER;
    case CAIRN_ATTEMPT_DONE:
        break;
    }
    return ANSWER;
}

/* Concludes a decision that writes nothing. Its answer waits until the states that it is based on
 * are in the log, and has a position not before theirs, so that a read that waits for it shows
 * them. */
static enum next conclude(struct attempt *attempt)
{
    enum cairn_attempt_outcome outcome = cairn_attempt_stand(attempt);
    if (outcome != CAIRN_ATTEMPT_DONE)
        return next_after(attempt, outcome);
    attempt->appended.position = attempt->seen;
    return must_reread(attempt) ? AGAIN : ANSWER;
}

static enum next hand_over(struct attempt *attempt)
{
    attempt->step = CAIRN_ATTEMPT_APPEND;
    if (cairn_attempt_append(attempt, &attempt->error) == 0)
        return SUSPEND;
    attempt->verdict = CAIRN_VERDICT_FAILED;
    return ANSWER;
}

/* Decides, with the locks of the command's own entry and its parts held, and releases them. */
static enum next decide(struct attempt *attempt)
{
    enum next next = ANSWER;
    cairn_error_reset(&attempt->error);
    struct cairn_span room;
    struct cairn_span *span = cairn_attempt_decides(attempt, &room);
    int failed = decide_on(attempt, state_of(attempt), &attempt->error);
    cairn_attempt_decided(attempt, span, failed);
    attempt->verdict = failed ? CAIRN_VERDICT_FAILED : CAIRN_VERDICT_ACCEPTED;
    attempt->appended = (struct cairn_appended){attempt->expected.version, attempt->seen};
    bool writes = !failed && (attempt->decision.event_count > 0 || attempt->keyed);
    if (writes)
        next = hand_over(attempt);
    cairn_attempt_unlock(attempt); /* after this another thread may own a suspended attempt */
    return writes ? next : conclude(attempt);
}

static enum next recall_and_decide(struct attempt *attempt)
{
    attempt->step = CAIRN_ATTEMPT_DECIDE;
    cairn_error_reset(&attempt->error);
    enum cairn_attempt_outcome outcome = cairn_attempt_recall(attempt);
    if (outcome == CAIRN_ATTEMPT_DONE && attempt->endpoint->part_count > 0)
        outcome = cairn_attempt_recall_parts(attempt);
    return outcome == CAIRN_ATTEMPT_DONE ? decide(attempt) : next_after(attempt, outcome);
}

/* ---- after a suspension ---- */

static enum next after_append(struct attempt *attempt)
{
    int failed = attempt->appending.outcome;
    if (failed > 0) { /* another request with the same key was faster */
        attempt->verdict = CAIRN_VERDICT_REPLAYED;
        return ANSWER;
    }
    if (failed == 0) {
        attempt->timeline = attempt->appending.timeline;
        if (attempt->endpoint->creates && attempt->endpoint->self.state)
            cairn_attempt_keep(attempt);
        return ANSWER;
    }
    attempt->verdict = CAIRN_VERDICT_FAILED;
    attempt->error = attempt->appending.error;
    if (failed == -CAIRN_EXISTS && attempt->if_none_match) {
        cairn_error_reset(&attempt->error);
        (void)cairn_fail(&attempt->error, CAIRN_PRECONDITION, "If-None-Match: %s already exists",
                         attempt->stream);
    }
    if (failed != -CAIRN_CONFLICT)
        return ANSWER;
    cairn_attempt_mark_stale(attempt);
    attempt->since_us = cairn_monotonic_us();
    return attempt->tries++ < attempt->endpoint->side->retries ? AGAIN : ANSWER;
}

/* ---- before a refusal ---- */

/* Returns whether the key must be looked up again before a refusal. The refusal may be based on
 * what another request with the same key has written meanwhile, here or in another process. A
 * lookup after that state was read finds that request. */
static bool is_doubtful(const struct attempt *attempt)
{
    bool decided = attempt->step == CAIRN_ATTEMPT_DECIDE || attempt->step == CAIRN_ATTEMPT_WAIT;
    return attempt->keyed && !attempt->refusal && attempt->verdict == CAIRN_VERDICT_FAILED &&
           decided && cairn_code_info((int)attempt->error.code)->http_status < 500;
}

static enum next after_recheck(struct attempt *attempt, enum cairn_attempt_outcome outcome)
{
    if (outcome != CAIRN_ATTEMPT_DONE)
        return next_after(attempt, outcome);
    if (attempt->known.known)
        attempt->verdict = CAIRN_VERDICT_REPLAYED;
    else
        attempt->error = *attempt->refusal;
    return ANSWER;
}

static enum next look_up_again(struct attempt *attempt)
{
    return after_recheck(attempt, cairn_attempt_identify(attempt));
}

static enum next recheck_refusal(struct attempt *attempt)
{
    attempt->refusal = cairn_new(attempt->request->arena, struct cairn_error, 1);
    *attempt->refusal = attempt->error;
    cairn_error_reset(&attempt->error);
    cairn_attempt_forget(attempt);
    attempt->step = CAIRN_ATTEMPT_BEGIN;
    return look_up_again(attempt);
}

/* ---- from the beginning ---- */

/* Reads the request, recalls and decides, unless the command was executed before. */
static enum next after_identify(struct attempt *attempt, enum cairn_attempt_outcome outcome)
{
    if (outcome != CAIRN_ATTEMPT_DONE)
        return next_after(attempt, outcome);
    if (attempt->known.known) {
        attempt->verdict = CAIRN_VERDICT_REPLAYED;
        return ANSWER;
    }
    if (read_request(attempt, &attempt->error) < 0)
        return next_after(attempt, CAIRN_ATTEMPT_FAILED);
    return recall_and_decide(attempt);
}

/* Continues when the awaited state was read, or could not be. */
static enum next after_load(struct attempt *attempt)
{
    return attempt->load_failed ? next_after(attempt, CAIRN_ATTEMPT_FAILED)
                                : recall_and_decide(attempt);
}

/* Returns whether the command may be sent by this client: an internal one only by a service of the
 * same store. */
static bool is_open_to(const struct attempt *attempt)
{
    return attempt->endpoint->command->route || attempt->by_service;
}

static enum next refuse_client(struct attempt *attempt)
{
    (void)cairn_fail(&attempt->error, CAIRN_NO_PATH, "there is nothing at this path");
    attempt->verdict = CAIRN_VERDICT_FAILED;
    attempt->step = CAIRN_ATTEMPT_ANSWER;
    return ANSWER;
}

static enum next continue_attempt(struct attempt *attempt)
{
    if (attempt->step == CAIRN_ATTEMPT_BEGIN && !is_open_to(attempt))
        return refuse_client(attempt);
    switch (attempt->step) {
    case CAIRN_ATTEMPT_BEGIN:
        return attempt->refusal ? look_up_again(attempt)
                                : after_identify(attempt, cairn_attempt_identify(attempt));
    case CAIRN_ATTEMPT_IDENTIFIED:
        return attempt->refusal ? after_recheck(attempt, cairn_attempt_identified(attempt))
                                : after_identify(attempt, cairn_attempt_identified(attempt));
    case CAIRN_ATTEMPT_DECIDE:
        return after_load(attempt);
    case CAIRN_ATTEMPT_APPEND:
        return after_append(attempt);
    case CAIRN_ATTEMPT_WAIT:
        return conclude(attempt);
    case CAIRN_ATTEMPT_ANSWER:
        break;
    }
    return ANSWER;
}

/* ---- answering ---- */

/* Returns whether the timeline is known. If not, nothing was written, and the answer is for the
 * timeline that can be read now. */
static bool has_timeline(const struct attempt *attempt)
{
    return !cairn_uuid_is_zero(attempt->timeline.store_id);
}

static bool answer_needs_store(const struct attempt *attempt)
{
    return attempt->verdict == CAIRN_VERDICT_REPLAYED ||
           (attempt->verdict == CAIRN_VERDICT_ACCEPTED && !has_timeline(attempt));
}

/* Writes the answer to a command that was accepted, now or before. */
static int answer_accepted(struct attempt *attempt, struct cairn_http_response *response)
{
    struct cairn_error *error = &attempt->error;
    if (attempt->verdict == CAIRN_VERDICT_REPLAYED)
        return cairn_attempt_replay(attempt, response, error);
    int failed = 0;
    if (!has_timeline(attempt)) { /* it acknowledges what it found */
        failed = cairn_store_timeline(attempt->store, &attempt->timeline, error);
        if (!failed)
            failed = cairn_store_confirm(attempt->store, attempt->request->arena, error);
    }
    if (!failed)
        cairn_attempt_answer(attempt, response);
    return failed;
}

static void answer(struct attempt *attempt, struct cairn_http_response *response)
{
    const char *outcome = attempt->verdict == CAIRN_VERDICT_REPLAYED ? "replayed" : "accepted";
    cairn_attempt_forget(attempt);
    if (attempt->verdict == CAIRN_VERDICT_FAILED || answer_accepted(attempt, response) < 0) {
        outcome = cairn_code_info((int)attempt->error.code)->name;
        cairn_http_problem(attempt->request, response, &attempt->error);
    }
    cairn_metric_add(&outcomes, outcome, 1);
}

/* Random 1-10 ms delay, so that conflicting commands do not retry in lockstep. */
static int64_t retry_delay_us(void)
{
    return cairn_jitter_us(CAIRN_MILLISECONDS(1), CAIRN_MILLISECONDS(10));
}

static struct attempt *attempt_of(const struct cairn_endpoint *endpoint,
                                  struct cairn_http_request *request)
{
    if (!request->memo) {
        struct attempt *attempt = cairn_new(request->arena, struct attempt, 1);
        attempt->endpoint = endpoint;
        attempt->request = request;
        attempt->since_us = request->received_us;
        attempt->by_service =
            cairn_internal_is_signed(endpoint->side->internal_key, request->path,
                                     cairn_http_header(request, "Idempotency-Key"),
                                     cairn_http_header(request, CAIRN_INTERNAL_HEADER));
        request->memo = attempt;
    }
    return request->memo;
}

enum cairn_http_outcome cairn_endpoint_handle(const struct cairn_endpoint *endpoint,
                                              struct cairn_store *store,
                                              struct cairn_http_request *request,
                                              struct cairn_http_response *response)
{
    struct attempt *attempt = attempt_of(endpoint, request);
    attempt->store = store;
    bool appended = attempt->step == CAIRN_ATTEMPT_APPEND;
    enum next next = continue_attempt(attempt);
    while (next == AGAIN && !appended)
        next = recall_and_decide(attempt);
    if (next == ANSWER && is_doubtful(attempt))
        next = recheck_refusal(attempt);
    switch (next) {
    case SUSPEND:
        return CAIRN_HTTP_SUSPENDED;
    case AGAIN: /* after a conflict */
        cairn_metric_add(&retries, "", 1);
        attempt->step = CAIRN_ATTEMPT_DECIDE;
        response->again_us = retry_delay_us();
        return CAIRN_HTTP_LATER;
    case WORKER:
        return CAIRN_HTTP_WORKER;
    case ANSWER:
        if (!store && answer_needs_store(attempt)) {
            attempt->step = CAIRN_ATTEMPT_ANSWER;
            return CAIRN_HTTP_WORKER;
        }
        answer(attempt, response);
        return CAIRN_HTTP_DONE;
    }
    return CAIRN_HTTP_DONE;
}

void cairn_endpoint_leave(struct cairn_http_request *request)
{
    struct attempt *attempt = request->memo;
    if (!attempt)
        return;
    cairn_attempt_forget(attempt);
    cairn_metric_add(&outcomes, "left", 1);
}
