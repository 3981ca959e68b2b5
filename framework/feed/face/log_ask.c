/* log_ask.c - parses what a request asks of the log. */
#include "feed/face/log_ask.h"

#include "core/threads/clock.h"
#include "operations/http/http_question.h"
#include "record/json.h"

#include <string.h>

enum { TYPES_MAX = 100 };

CAIRN_ENUM(log_direction, (FORWARDS, "forwards"), (BACKWARDS, "backwards"));

#define LOG_LIMIT                                                                                  \
    INT(limit, .optional = true, CAIRN_RANGE(1, 1000), .help = "How many events, at most; 100."),  \
        INT(timeout, .optional = true, CAIRN_RANGE(0, 30000),                                      \
            .help = "Milliseconds to wait for an event, if there is none."),                       \
        TEXT(types, .optional = true, .max_bytes = 4000,                                           \
             .help = "Only events of these types, separated by commas.")

CAIRN_STRUCT(log_page_question,
             INT(from, .optional = true, CAIRN_RANGE(0, CAIRN_LOG_START_MAX),
                 .help = "Events after this position, of a stream after this version; backwards: "
                         "before it."),
             ENUM(direction, log_direction, .optional = true), LOG_LIMIT);

CAIRN_STRUCT(log_feed_question,
             TEXT(lastEventId, .optional = true, .max_bytes = 100,
                  .help = "The id of the last event that was handled."),
             INT(from, .optional = true, CAIRN_RANGE(0, CAIRN_LOG_START_MAX),
                 .help = "Beyond that event: what was seen up to here was nothing."),
             LOG_LIMIT);

const struct cairn_record *cairn_log_parameters(enum cairn_log_question question)
{
    if (question == CAIRN_LOG_ASKS_NOTHING)
        return NULL;
    return question == CAIRN_LOG_ASKS_PAGE ? &log_page_question_record : &log_feed_question_record;
}

/* ---- parameters ---- */

static const char *const *split_types(const char *text, struct cairn_arena *arena,
                                      struct cairn_error *error)
{
    const char **types = cairn_new(arena, const char *, TYPES_MAX + 1);
    char *rest = cairn_copy_text(arena, text);
    size_t count = 0;
    for (const char *one; (one = strsep(&rest, ","));) {
        if (!*one)
            (void)cairn_wrong(error, "?types", "has an empty name");
        else if (count == TYPES_MAX)
            (void)cairn_wrong(error, "?types", "has more than %d names", (int)TYPES_MAX);
        else
            types[count++] = one;
    }
    return types;
}

static void take_last(struct cairn_log_ask *ask, const char *text, const char *pointer,
                      struct cairn_error *error)
{
    ask->has_last = true;
    if (cairn_uuid_parse(text, &ask->last) < 0)
        (void)cairn_wrong(error, pointer, "is no id of an event");
}

static int read_page_question(const struct cairn_http_request *request, struct cairn_log_ask *ask,
                              struct cairn_error *error)
{
    const void *value = NULL;
    if (cairn_http_question(request, &log_page_question_record, &value, error) < 0)
        return -(int)error->code;
    const struct log_page_question *question = value;
    const bool is_given = cairn_http_query(request, "from") != NULL;
    const char *last = cairn_http_header(request, "Last-Event-ID");
    ask->backwards = question->direction == BACKWARDS;
    ask->from = ask->backwards && !is_given ? -1 : question->from;
    ask->limit = question->limit;
    ask->timeout_us = CAIRN_MILLISECONDS(question->timeout);
    if (question->types)
        ask->filter.types = split_types(question->types, request->arena, error);
    if (last && *last)
        take_last(ask, last, "Last-Event-ID", error);
    if (ask->backwards && (ask->timeout_us || ask->has_last))
        (void)cairn_wrong(error, "?direction",
                          "is forwards where an event is waited for, or resumed from");
    return -(int)error->code;
}

static int read_feed_question(const struct cairn_http_request *request, struct cairn_log_ask *ask,
                              struct cairn_error *error)
{
    const void *value = NULL;
    if (cairn_http_question(request, &log_feed_question_record, &value, error) < 0)
        return -(int)error->code;
    const struct log_feed_question *question = value;
    ask->from = question->from;
    ask->limit = question->limit;
    ask->timeout_us = CAIRN_MILLISECONDS(question->timeout);
    if (question->types)
        ask->filter.types = split_types(question->types, request->arena, error);
    if (question->lastEventId)
        take_last(ask, question->lastEventId, "?lastEventId", error);
    return -(int)error->code;
}

/* ---- what may be read ---- */

static int take_one(const struct cairn_log_side *side, const char *category,
                    const struct cairn_http_request *request, struct cairn_log_ask *ask,
                    struct cairn_error *error)
{
    const struct cairn_log_face *face = cairn_log_face_find(side, category);
    if (!face)
        return cairn_fail(error, CAIRN_NOT_FOUND, "there is no %.200s", request->path);
    const char **categories = cairn_new(request->arena, const char *, 2);
    categories[0] = face->events->category;
    ask->filter.categories = categories;
    return cairn_log_allows(side, &face->read, request->actor, error);
}

/* The categories that the caller may read. If there are none, the policy of the first one says
 * why. */
static int take_all(const struct cairn_log_side *side, const struct cairn_http_request *request,
                    struct cairn_log_ask *ask, struct cairn_error *error)
{
    size_t count = 0;
    size_t allowed = 0;
    while (side->faces[count])
        count++;
    const char **categories = cairn_new(request->arena, const char *, count + 1);
    struct cairn_error first = {0};
    for (size_t i = 0; i < count; i++) {
        struct cairn_error why = {0};
        if (cairn_log_allows(side, &side->faces[i]->read, request->actor, &why) == 0)
            categories[allowed++] = side->faces[i]->events->category;
        else if (!first.code)
            first = why;
    }
    ask->filter.categories = categories;
    return allowed ? 0 : cairn_error_pass(error, &first);
}

int cairn_log_ask_read(const struct cairn_log_side *side, enum cairn_log_scope scope, bool feed,
                       const struct cairn_http_request *request, struct cairn_log_ask *ret,
                       struct cairn_error *error)
{
    int failed = 0;
    *ret = (struct cairn_log_ask){.stream = scope == CAIRN_LOG_STREAM ? request->id : NULL};
    if (scope == CAIRN_LOG_ALL)
        failed = take_all(side, request, ret, error);
    else if (scope == CAIRN_LOG_CATEGORY)
        failed = take_one(side, request->id, request, ret, error);
    else
        failed =
            take_one(side, cairn_log_category_of(request->id, request->arena), request, ret, error);
    if (!failed)
        failed = feed ? read_feed_question(request, ret, error)
                      : read_page_question(request, ret, error);
    ret->limit = ret->limit ? ret->limit : CAIRN_LOG_LIMIT;
    return failed;
}

/* ---- copying ---- */

static const char *const *keep_texts(const char *const *texts, struct cairn_arena *arena)
{
    size_t count = 0;
    while (texts && texts[count])
        count++;
    const char **kept = cairn_new(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        kept[i] = cairn_copy_text(arena, texts[i]);
    return texts ? kept : NULL;
}

struct cairn_log_ask *cairn_log_ask_keep(const struct cairn_log_ask *ask, struct cairn_arena *arena)
{
    struct cairn_log_ask *kept = cairn_new(arena, struct cairn_log_ask, 1);
    *kept = *ask;
    kept->stream = cairn_copy_text(arena, ask->stream);
    kept->filter.types = keep_texts(ask->filter.types, arena);
    kept->filter.categories = keep_texts(ask->filter.categories, arena);
    return kept;
}
