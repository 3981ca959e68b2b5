/* evidence.c - reads the files that a fault run leaves behind, and attributes events to
 * requests. */
#include "evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_LENGTH = 36 };

const char *member_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

int64_t member_number(const json_t *object, const char *name, int64_t otherwise)
{
    const json_t *number = json_object_get(object, name);
    return json_is_integer(number) ? json_integer_value(number) : otherwise;
}

int64_t token_position(const char *token)
{
    const char *last = strrchr(token, '-');
    char *end;
    if (!last || last[1] < '0' || last[1] > '9')
        return -1;
    long long position = strtoll(last + 1, &end, 10);
    return *end ? -1 : position;
}

int64_t stream_version_at(const struct stream *stream, int64_t position)
{
    size_t low = 0;
    size_t high = stream ? stream->count : 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (stream->events[middle]->position <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return (int64_t)low;
}

/* ---- the log ---- */

static const char *trace_of(struct evidence *evidence, const json_t *meta)
{
    const char *traceparent = member_text(meta, "traceparent");
    return strlen(traceparent) == 55 ? cairn_copy_bytes(&evidence->arena, traceparent + 3, 32)
                                     : NULL;
}

static void add_to_stream(struct evidence *evidence, struct event *event)
{
    void **place = cairn_map_at(&evidence->streams, event->stream);
    struct stream *stream = *place;
    if (!stream) {
        stream = *place = cairn_new(&evidence->arena, struct stream, 1);
        stream->name = event->stream;
    }
    if (stream->count == stream->capacity) {
        size_t capacity = stream->capacity ? stream->capacity * 2 : 4;
        struct event **grown = cairn_new(&evidence->arena, struct event *, capacity);
        if (stream->count)
            memcpy(grown, stream->events, stream->count * sizeof(struct event *));
        stream->events = grown;
        stream->capacity = capacity;
    }
    stream->events[stream->count++] = event;
}

static void take_events(struct evidence *evidence)
{
    size_t i;
    json_t *line;
    evidence->events =
        cairn_new(&evidence->arena, struct event, json_array_size(evidence->log) + 1);
    json_array_foreach(evidence->log, i, line)
    {
        struct event *event = &evidence->events[evidence->event_count++];
        *event = (struct event){
            .json = line,
            .position = member_number(line, "position", 0),
            .version = member_number(line, "version", 0),
            .recorded_us = member_number(line, "recorded_us", 0),
            .stream = member_text(line, "stream"),
            .type = member_text(line, "type"),
            .id = member_text(line, "event_id"),
            .trace = trace_of(evidence, json_object_get(line, "meta")),
            .data = json_object_get(line, "data"),
        };
        add_to_stream(evidence, event);
        *cairn_map_at(&evidence->ids, event->id) = event;
    }
}

static void mark_spoiled(struct evidence *evidence)
{
    size_t i;
    json_t *line;
    json_array_foreach(evidence->history, i, line)
    {
        if (strcmp(member_text(line, "kind"), "spoiled") != 0)
            continue;
        struct event *event = cairn_map_get(&evidence->ids, member_text(line, "id"));
        if (event)
            event->spoiled = true;
    }
}

/* ---- the requests ---- */

static json_t *parse_member(struct evidence *evidence, json_t *line, const char *name)
{
    const char *text = json_string_value(json_object_get(line, name));
    json_t *parsed = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    (void)evidence;
    if (parsed) /* the line keeps it alive */
        (void)json_object_set_new(line, name, parsed);
    return parsed;
}

static struct request make_request(struct evidence *evidence, json_t *line)
{
    struct request request = {
        .json = line,
        .sent = member_number(line, "sent", 0),
        .done = member_number(line, "done", INT64_MAX),
        .status = member_number(line, "status", 0),
        .position = token_position(member_text(line, "position")),
        .service = member_text(line, "service"),
        .method = member_text(line, "method"),
        .path = member_text(line, "path"),
        .code = member_text(line, "code"),
        .key = json_string_value(json_object_get(line, "key")),
        .replayed = json_is_true(json_object_get(line, "replayed")),
    };
    request.body = parse_member(evidence, line, "body");
    request.answer = parse_member(evidence, line, "answer");
    return request;
}

static void take_requests(struct evidence *evidence)
{
    size_t i;
    json_t *line;
    evidence->requests =
        cairn_new(&evidence->arena, struct request, json_array_size(evidence->history) + 1);
    json_array_foreach(evidence->history, i, line)
    {
        if (strcmp(member_text(line, "kind"), "request") != 0)
            continue;
        struct request *request = &evidence->requests[evidence->request_count++];
        *request = make_request(evidence, line);
        *cairn_map_at(&evidence->traces, member_text(line, "trace")) = request;
    }
}

/* The events that each command may write, by the end of the command's path. */
static const struct {
    const char *path, *type;
} commands[] = {
    {"/users", "UserRegistered"},
    {"/email", "UserEmailChanged"},
    {"/deactivate", "UserDeactivated"},
    {"/orders", "OrderPlaced"},
    {"/pay", "OrderPaid"},
    {"/ship", "OrderShipped"},
    {"/cancel", "OrderCancelled"},
    {"/payments", "PaymentRequested"},
    {"/authorize", "PaymentAuthorized"},
    {"/decline", "PaymentDeclined"},
    {"/capture", "PaymentCaptured"},
    {"/refund", "PaymentRefunded"},
    {"/rooms", "RoomAdded"},
    {"/close", "RoomClosed"},
    {"/confirm", "ReservationConfirmed"},
    {"/move", "NightsFreed"},
    {"/move", "NightsTaken"},
    {"/cancel", "NightsFreed"},
    {"/cancel", "ReservationReleased"},
};

/* Reservations wait or are held, as the request says. What a held one leads to when it expires has
 * its trace id, too. */
static bool is_of_reservation(const struct request *request, const struct event *event)
{
    const char *id = member_text(request->body, "reservation_id");
    if (strncmp(event->stream, "reservation-", 12) != 0 || strcmp(event->stream + 12, id) != 0)
        return false;
    if (json_is_true(json_object_get(request->body, "wait")))
        return strcmp(event->type, "ReservationQueued") == 0;
    return strcmp(event->type, "ReservationHeld") == 0 || strcmp(event->type, "NightsTaken") == 0;
}

/* Returns whether the request itself wrote the event. The trace id alone does not tell: events that
 * a process manager wrote because of the request have it, too. The request's own event has the type
 * and the stream that the request asked for. */
static bool is_of_request(const struct request *request, const struct event *event)
{
    const char *end = strrchr(request->path, '/');
    const char *id = strchr(request->path + 1, '/');
    bool names_stream = id && strlen(id + 1) >= ID_LENGTH; /* not "/enrolments/end" */
    if (names_stream &&
        (strlen(event->stream) < ID_LENGTH ||
         strncmp(event->stream + strlen(event->stream) - ID_LENGTH, id + 1, ID_LENGTH) != 0))
        return false;
    if (strcmp(end, "/reservations") == 0)
        return is_of_reservation(request, event);
    bool known = false;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        bool same = strcmp(end, commands[i].path) == 0;
        if (same && strcmp(event->type, commands[i].type) == 0)
            return true;
        known = known || same;
    }
    return !known; /* a command that is not in the table wrote every event with its trace id */
}

static void find_causes(struct evidence *evidence)
{
    for (size_t i = 0; i < evidence->event_count; i++) {
        struct event *event = &evidence->events[i];
        struct request *cause =
            event->trace ? cairn_map_get(&evidence->traces, event->trace) : NULL;
        if (!cause)
            continue;
        event->asked = true;
        if (!is_of_request(cause, event))
            continue;
        event->cause = cause;
        if (cause->events++ == 0)
            cause->first = event;
        cause->times += strcmp(event->type, cause->first->type) == 0;
    }
}

/* ---- real time ---- */

static int by_done(const void *a, const void *b)
{
    const struct request *const *left = a;
    const struct request *const *right = b;
    return ((*left)->done > (*right)->done) - ((*left)->done < (*right)->done);
}

static int by_sent(const void *a, const void *b)
{
    const struct request *const *left = a;
    const struct request *const *right = b;
    return ((*left)->sent > (*right)->sent) - ((*left)->sent < (*right)->sent);
}

static struct request **sorted(struct evidence *evidence,
                               int (*compare)(const void *a, const void *b))
{
    struct request **list =
        cairn_new(&evidence->arena, struct request *, evidence->request_count + 1);
    for (size_t i = 0; i < evidence->request_count; i++)
        list[i] = &evidence->requests[i];
    qsort(list, evidence->request_count, sizeof(struct request *), compare);
    return list;
}

static void find_known(struct evidence *evidence)
{
    struct request **done = sorted(evidence, by_done);
    struct request **sent = sorted(evidence, by_sent);
    size_t answered = 0;
    int64_t known = 0;
    for (size_t i = 0; i < evidence->request_count; i++) {
        for (; answered < evidence->request_count && done[answered]->done < sent[i]->sent;
             answered++) {
            if (done[answered]->status && done[answered]->position > known)
                known = done[answered]->position;
        }
        sent[i]->known = known;
    }
}

void evidence_take(struct evidence *ret, const struct evidence_files *files)
{
    *ret = (struct evidence){.history = files->history,
                             .log = files->log,
                             .rows = files->rows,
                             .bus = files->bus,
                             .generations = files->generations,
                             .tags = files->tags};
    ret->streams = cairn_map(&ret->arena);
    ret->ids = cairn_map(&ret->arena);
    ret->traces = cairn_map(&ret->arena);
    take_events(ret);
    mark_spoiled(ret);
    take_requests(ret);
    find_causes(ret);
    find_known(ret);
}

/* ---- files ---- */

/* Returns an array of the file's lines, NULL if one of them is not JSON. A missing file has
 * none. */
static json_t *read_lines(const char *directory, const char *name)
{
    char path[512];
    char *line = NULL;
    size_t size = 0;
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    json_t *lines = json_array();
    FILE *file = fopen(path, "re");
    while (file && lines && getline(&line, &size, file) > 0) {
        json_error_t why;
        json_t *parsed = json_loads(line, 0, &why);
        if (!parsed || json_array_append_new(lines, parsed) != 0) {
            (void)fprintf(stderr, "%s, line %zu: %s\n", path, json_array_size(lines) + 1, why.text);
            json_decref(lines);
            lines = NULL;
        }
    }
    if (file)
        (void)fclose(file);
    free(line);
    return lines;
}

int evidence_read(struct evidence *ret, const char *directory)
{
    const struct evidence_files files = {
        .history = read_lines(directory, "history.jsonl"),
        .log = read_lines(directory, "log.jsonl"),
        .rows = read_lines(directory, "rows.jsonl"),
        .bus = read_lines(directory, "bus.jsonl"),
        .generations = read_lines(directory, "generations.jsonl"),
        .tags = read_lines(directory, "tags.jsonl"),
    };
    if (!files.history || !files.log || !files.rows || !files.bus || !files.generations ||
        !files.tags)
        return -1;
    evidence_take(ret, &files);
    return 0;
}

void evidence_close(struct evidence *evidence)
{
    json_decref(evidence->history);
    json_decref(evidence->log);
    json_decref(evidence->rows);
    json_decref(evidence->bus);
    json_decref(evidence->generations);
    json_decref(evidence->tags);
    cairn_arena_close(&evidence->arena);
}
