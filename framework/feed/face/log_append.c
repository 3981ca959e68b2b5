/* log_append.c - appends events that have come by HTTP: one append for a request, all or nothing,
 * and once for each Idempotency-Key. */
#include "feed/face/log_append.h"

#include "command/state/part.h"
#include "core/threads/clock.h"
#include "store/commit/resolve_outcome.h"
#include "store/read/token.h"

#include <string.h>

/* A request that appends. */
struct appending {
    const struct cairn_log_side *side;
    struct cairn_store *store;
    struct cairn_http_request *request;
    struct cairn_log_request incoming;
    bool keyed;
    struct cairn_known_command known;
    struct cairn_uuid command_id;
    struct cairn_new_command command;
    struct cairn_write *writes; /* one for each stream, in the order of its first event */
    size_t write_count;
    struct cairn_expected *checks;
    size_t check_count;
    struct cairn_appended *appended; /* one for each write */
};

/* ---- the command's identity ---- */

/* Keys of callers with a token are their own, and apart from those of commands. */
static const char *own_key(const struct appending *appending, const char *key)
{
    const struct cairn_http_request *request = appending->request;
    const struct cairn_actor *actor = request->actor;
    if (actor)
        return cairn_print(request->arena, "append\n%s\n%s\n%s", key, actor->sub, actor->iss);
    return cairn_print(request->arena, "append\n%s\n", key);
}

static int identify(struct appending *appending, struct cairn_error *error)
{
    const char *key = NULL;
    const struct cairn_http_request *request = appending->request;
    struct cairn_buffer text = cairn_buffer(request->arena);
    int failed = cairn_http_idempotency_key(request, &key, error);
    appending->keyed = key != NULL;
    appending->command_id = cairn_uuid_make();
    if (failed || !key)
        return failed;
    static const char *const names[] = {"If-Match", "If-None-Match", "Content-Type", "ce-type"};
    cairn_buffer_print(&text, "%s\n%s\n", request->method, request->path);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = cairn_http_header_list(request, names[i]);
        cairn_buffer_print(&text, "%s: %s\n", names[i], value ? value : "");
    }
    cairn_buffer_bytes(&text, request->body, request->body_bytes);
    failed = cairn_store_find_command(appending->store, appending->side->service,
                                      own_key(appending, key), text.text, text.length,
                                      request->arena, &appending->known, error);
    appending->command_id = appending->known.key.id;
    return failed;
}

/* ---- the append ---- */

static const char *make_meta(const struct appending *appending,
                             const struct cairn_log_incoming *event)
{
    const struct cairn_http_request *request = appending->request;
    struct cairn_buffer out = cairn_buffer(request->arena);
    const char *id = cairn_copy_text(request->arena, cairn_uuid_text(appending->command_id));
    cairn_buffer_print(&out,
                       "{\"correlation_id\":\"%s\",\"causation_id\":\"%s\",\"command_id\":\"%s\","
                       "\"command\":\"append\"",
                       id, id, id);
    if (appending->keyed)
        cairn_buffer_print(&out, ",\"request_hash\":\"%016" PRIx64 "\"",
                           (uint64_t)appending->known.key.request_hash);
    if (request->actor) {
        cairn_buffer_text(&out, ",\"actor\":{\"sub\":");
        cairn_buffer_json(&out, request->actor->sub);
        cairn_buffer_text(&out, ",\"iss\":");
        cairn_buffer_json(&out, request->actor->iss);
        cairn_buffer_char(&out, '}');
    }
    cairn_buffer_member(&out, "service", appending->side->service);
    cairn_buffer_member(&out, "traceparent", request->traceparent);
    if (event->source || event->id) {
        cairn_buffer_text(&out, ",\"origin\":{\"source\":");
        cairn_buffer_json(&out, event->source);
        cairn_buffer_member(&out, "id", event->id);
        cairn_buffer_char(&out, '}');
    }
    if (event->tag_count > 0)
        cairn_tags_json(event->tags, event->tag_count, &out);
    cairn_buffer_char(&out, '}');
    return out.text;
}

static struct cairn_expected expected_of(const struct appending *appending, const char *stream)
{
    for (size_t i = 0; i < appending->incoming.expected_count; i++) {
        if (strcmp(appending->incoming.expected[i].stream, stream) == 0)
            return appending->incoming.expected[i];
    }
    return (struct cairn_expected){.stream = stream, .version = CAIRN_VERSION_ANY};
}

static size_t find_write(const struct appending *appending, const char *stream)
{
    size_t i = 0;
    while (i < appending->write_count && strcmp(appending->writes[i].expected.stream, stream) != 0)
        i++;
    return i;
}

/* Makes the events of one stream, in the order sent. */
static void make_write(struct appending *appending, const char *stream)
{
    struct cairn_arena *arena = appending->request->arena;
    const struct cairn_log_request *incoming = &appending->incoming;
    struct cairn_new_event *events =
        cairn_new(arena, struct cairn_new_event, incoming->event_count);
    size_t count = 0;
    for (size_t i = 0; i < incoming->event_count; i++) {
        const struct cairn_log_incoming *event = &incoming->events[i];
        if (strcmp(event->stream, stream) != 0)
            continue;
        events[count++] = (struct cairn_new_event){.id = cairn_uuid_make(),
                                                   .type = event->type->name,
                                                   .schema_version = event->type->schema_version,
                                                   .data = event->data,
                                                   .meta = make_meta(appending, event),
                                                   .tags = event->tags,
                                                   .tag_count = event->tag_count};
    }
    appending->writes[appending->write_count++] = (struct cairn_write){
        .expected = expected_of(appending, stream), .events = events, .event_count = count};
}

/* Makes a write for each stream; conditions on other streams become checks. The command is recorded
 * with the first one. */
static void make_writes(struct appending *appending)
{
    struct cairn_arena *arena = appending->request->arena;
    const struct cairn_log_request *incoming = &appending->incoming;
    appending->writes = cairn_new(arena, struct cairn_write, incoming->event_count);
    appending->checks = cairn_new(arena, struct cairn_expected, incoming->expected_count + 1);
    for (size_t i = 0; i < incoming->event_count; i++) {
        const char *stream = incoming->events[i].stream;
        if (find_write(appending, stream) == appending->write_count)
            make_write(appending, stream);
    }
    for (size_t i = 0; i < incoming->expected_count; i++) {
        if (find_write(appending, incoming->expected[i].stream) == appending->write_count)
            appending->checks[appending->check_count++] = incoming->expected[i];
    }
    appending->appended = cairn_new(arena, struct cairn_appended, appending->write_count);
    if (!appending->keyed)
        return;
    struct cairn_write *first = &appending->writes[0];
    appending->command = (struct cairn_new_command){.key = appending->known.key,
                                                    .status = 201,
                                                    .events_to = first->event_count,
                                                    .event_count = first->event_count};
    first->commands = &appending->command;
    first->command_count = 1;
}

/* ---- the answer ---- */

static int answer(const struct appending *appending, struct cairn_http_response *response,
                  struct cairn_error *error)
{
    struct cairn_arena *arena = appending->request->arena;
    struct cairn_buffer body = cairn_buffer(arena);
    struct cairn_timeline timeline;
    int64_t position = 0;
    int failed = cairn_store_timeline(appending->store, &timeline, error);
    if (failed)
        return failed;
    cairn_buffer_text(&body, "{\"streams\":[");
    for (size_t i = 0; i < appending->write_count; i++) {
        const struct cairn_appended *at = &appending->appended[i];
        position = at->position > position ? at->position : position;
        cairn_buffer_text(&body, i ? ",{\"stream\":" : "{\"stream\":");
        cairn_buffer_json(&body, appending->writes[i].expected.stream);
        cairn_buffer_print(&body, ",\"version\":%" PRId64 ",\"position\":%" PRId64 "}", at->version,
                           at->position);
    }
    cairn_buffer_print(&body, "],\"position\":%" PRId64 "}", position);
    char *token = cairn_new(arena, char, CAIRN_TOKEN_TEXT_SIZE);
    cairn_token_format(&timeline, position, token);
    cairn_http_set_header(response, "Cairn-Position", token);
    if (appending->write_count == 1)
        cairn_http_set_header(
            response, "ETag",
            cairn_print(arena, "\"%" PRId64 "\"", appending->appended[0].version));
    response->status = 201;
    response->body = body.text;
    response->body_bytes = body.length;
    return 0;
}

/* Reads what an earlier request with this key has appended: its events are one after the other. */
static int replay(struct appending *appending, struct cairn_http_response *response,
                  struct cairn_error *error)
{
    const struct cairn_known_command *known = &appending->known;
    const struct cairn_stored_event *events = NULL;
    int64_t before = known->position - known->event_count;
    int64_t count = cairn_store_read_range(appending->store, before,
                                           before + (int64_t)appending->incoming.event_count, NULL,
                                           appending->request->arena, &events, error);
    if (count < 0)
        return (int)count;
    int failed = cairn_store_confirm(appending->store, appending->request->arena, error);
    if (failed)
        return failed;
    for (int64_t i = 0; i < count; i++) {
        size_t write = find_write(appending, events[i].stream);
        if (write < appending->write_count)
            appending->appended[write] =
                (struct cairn_appended){events[i].version, events[i].position};
    }
    cairn_http_set_header(response, "Idempotency-Replayed", "true");
    return answer(appending, response, error);
}

/* A precondition of one stream has its own code. */
static int refused(const struct appending *appending, int failed, const struct cairn_error *why,
                   struct cairn_error *error)
{
    bool one = appending->incoming.expected_count == 1 && appending->request->id;
    if (one && (failed == -CAIRN_CONFLICT || failed == -CAIRN_EXISTS))
        return cairn_error_pass_as(error, CAIRN_PRECONDITION, why);
    return cairn_error_pass(error, why);
}

static int append(struct appending *appending, struct cairn_http_response *response,
                  struct cairn_error *error)
{
    struct cairn_error why = {0};
    make_writes(appending);
    if (appending->known.known)
        return replay(appending, response, error);
    const struct cairn_append all = {.writes = appending->writes,
                                     .write_count = appending->write_count,
                                     .checks = appending->checks,
                                     .check_count = appending->check_count};
    int done = cairn_appender_append(appending->side->appender, &all, appending->appended, &why);
    if (done < 0)
        return refused(appending, done, &why, error);
    if (done == 0)
        return answer(appending, response, error);
    int failed = identify(appending, error); /* another request with the key was first */
    return failed ? failed : replay(appending, response, error);
}

enum cairn_http_outcome cairn_log_append(const struct cairn_log_side *side, bool several,
                                         struct cairn_store *store,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct appending *appending = cairn_new(request->arena, struct appending, 1);
    *appending = (struct appending){.side = side, .store = store, .request = request};
    int failed = cairn_log_incoming_read(side, several ? NULL : request->id, request,
                                         &appending->incoming, &error);
    if (!failed)
        failed = identify(appending, &error);
    if (!failed)
        failed = append(appending, response, &error);
    if (failed)
        cairn_http_problem(request, response, &error);
    return CAIRN_HTTP_DONE;
}
