/* feed_fetch.c - asks a feed for its next events, and classifies what comes back. */
#include "feed/follow/feed_fetch.h"

#include "core/threads/clock.h"
#include "feed/face/log_text.h"
#include "http/request/media_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLACK_US CAIRN_SECONDS(10) /* beyond the time that the other side waits */
enum { SAID_BYTES = 200 };         /* of a refusal, at most, in messages */

static void ask_after(const struct cairn_feed_source *source, const struct cairn_feed_place *place,
                      struct cairn_buffer *path)
{
    cairn_buffer_text(path, source->path);
    cairn_buffer_char(path, strchr(source->path, '?') ? '&' : '?');
    cairn_buffer_print(path, "timeout=%" PRId64, source->timeout_ms);
    if (!cairn_uuid_is_zero(place->event_id))
        cairn_buffer_print(path, "&lastEventId=%s", cairn_uuid_text(place->event_id));
}

/* Reads "3f2a9c1e-1-4711": the history, then the position. */
static void take_position(const char *token, struct cairn_feed_batch *ret)
{
    const char *dash = token ? strrchr(token, '-') : NULL;
    if (!dash || (size_t)(dash - token) >= sizeof ret->history)
        return;
    (void)snprintf(ret->history, sizeof ret->history, "%.*s", (int)(dash - token), token);
    ret->position = strtoll(dash + 1, NULL, 10);
}

static int refused(const struct cairn_feed_source *source,
                   const struct cairn_outbound_response *response, struct cairn_error *error)
{
    int status = response->status;
    if (status == 412 || status == 410)
        return cairn_fail(error, CAIRN_TIMELINE,
                          "the feed does not know the event that was handled last: the other store "
                          "was restored to an older state, or the URL leads to another store");
    enum cairn_code code =
        status == 429 || status >= 500 || status == 401 ? CAIRN_UNAVAILABLE : CAIRN_REFUSED;
    return cairn_fail(error, code, "%s answers %d: %.*s", source->target.name, status,
                      (int)SAID_BYTES, response->body);
}

static int read_batch(const struct cairn_feed_source *source, struct cairn_arena *arena,
                      struct cairn_feed_batch *ret, struct cairn_error *error)
{
    const struct cairn_outbound_response *response = &ret->response;
    if (response->status != 200)
        return refused(source, response, error);
    if (!cairn_media_type_is(response->content_type, CAIRN_CLOUDEVENTS))
        return cairn_fail(error, CAIRN_MALFORMED, "%s answers with %s, not with " CAIRN_CLOUDEVENTS,
                          source->target.name,
                          *response->content_type ? response->content_type : "no media type");
    take_position(cairn_outbound_header(response, "Cairn-Position"), ret);
    ret->count = cairn_json_items(response->body, response->body_bytes, arena, &ret->items, error);
    if (ret->count >= 0)
        return 0;
    cairn_error_context(error, "%s answers with what is no batch", source->target.name);
    return (int)ret->count;
}

int cairn_feed_fetch(struct cairn_feed_source *source, const struct cairn_feed_place *place,
                     struct cairn_arena *arena, struct cairn_feed_batch *ret,
                     struct cairn_error *error)
{
    const char *token = NULL;
    struct cairn_error lost = {0};
    struct cairn_buffer path = cairn_buffer(arena);
    int64_t deadline_us = CAIRN_MILLISECONDS(source->timeout_ms) + SLACK_US;
    ask_after(source, place, &path);
    *ret = (struct cairn_feed_batch){.count = 0};
    if (source->credentials &&
        cairn_own_token_get(source->credentials, cairn_monotonic_us() + SLACK_US, arena, &token,
                            error) < 0)
        return -(int)error->code;
    struct cairn_outbound_request request = {
        .method = "GET",
        .path = path.text,
        .headers = {{"Accept", CAIRN_CLOUDEVENTS}},
        .deadline_us = deadline_us,
    };
    if (token) {
        request.headers[1].name = "Authorization";
        request.headers[1].value = cairn_print(arena, "Bearer %s", token);
    }
    if (cairn_outbound_call(&source->target, &request, &ret->response, &lost) < 0)
        return cairn_error_pass_as(error, CAIRN_UNAVAILABLE, &lost);
    if (ret->response.status == 401 && token)
        cairn_own_token_refused(source->credentials, token);
    return read_batch(source, arena, ret, error);
}
