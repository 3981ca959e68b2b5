/* identify.c - identifies commands: requests with the same Idempotency-Key are the same command.
 *
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
#include "command/attempt.h"

#include "command/state/loader.h"
#include "core/containers/buffer.h"
#include "core/text/text.h"
#include "core/threads/clock.h"
#include "store/read/token.h"

#include <string.h>

/* Returns the key as it is stored. Keys of services of this store are as they send them, whichever
 * token they have; keys of callers with a token are their own; and where callers authenticate,
 * those of callers without one are apart from both. A key has no line breaks, and neither have
 * subject and issuer. */
static const char *own_key(const struct attempt *attempt, const char *key)
{
    const struct cairn_http_request *request = attempt->request;
    const struct cairn_actor *actor = request->actor;
    if (attempt->by_service)
        return key;
    if (actor)
        return cairn_print(request->arena, "%s\n%s\n%s", key, actor->sub, actor->iss);
    return attempt->endpoint->side->authenticates ? cairn_print(request->arena, "%s\n", key) : key;
}

/* Returns the text that identifies this request. */
static struct cairn_buffer describe(const struct attempt *attempt)
{
    const struct cairn_http_request *request = attempt->request;
    const char *const *names = attempt->endpoint->command->headers;
    const char *if_match = cairn_http_header_list(request, "If-Match");
    const char *if_none_match = cairn_http_header_list(request, "If-None-Match");
    struct cairn_buffer out = cairn_buffer(request->arena);
    cairn_buffer_print(&out, "%s\n%s\n%s\n", request->method, request->path,
                       if_match ? if_match : "");
    if (if_none_match)
        cairn_buffer_print(&out, "If-None-Match: %s\n", if_none_match);
    for (int i = 0; i < CAIRN_HEADERS_MAX && names[i]; i++) {
        const char *value = cairn_http_header(request, names[i]);
        if (value)
            cairn_buffer_print(&out, "%s: %s\n", names[i], value);
    }
    cairn_buffer_bytes(&out, request->body, request->body_bytes);
    return out;
}

/* The stream that a keyed command makes has the command's id: a repeat makes none of its own, even
 * after the key's row has expired. */
static void take_ids(struct attempt *attempt)
{
    attempt->command_id = attempt->id = attempt->known.key.id;
}

/* Runs on the loader's thread. */
static void on_found(struct cairn_loading *loading)
{
    struct attempt *attempt =
        (struct attempt *)((char *)loading - offsetof(struct attempt, loading));
    cairn_http_resume(attempt->request);
}

/* Asks the loader to look the command up. If the loader is full, a worker does. */
static enum cairn_attempt_outcome ask_loader(struct attempt *attempt, const char *key,
                                             const struct cairn_buffer *request)
{
    attempt->loading = (struct cairn_loading){
        .command = {.service = attempt->endpoint->service,
                    .key = key,
                    .request = request->text,
                    .request_bytes = request->length,
                    .arena = attempt->request->arena,
                    .ret = &attempt->known},
        .done = on_found,
        .error = &attempt->error,
    };
    attempt->step = CAIRN_ATTEMPT_IDENTIFIED;
    if (cairn_loader_submit(attempt->endpoint->side->loader, &attempt->loading) == 0)
        return CAIRN_ATTEMPT_WAITS;
    attempt->step = CAIRN_ATTEMPT_BEGIN;
    return CAIRN_ATTEMPT_NEEDS_STORE;
}

enum cairn_attempt_outcome cairn_attempt_identify(struct attempt *attempt)
{
    const char *key = NULL;
    struct cairn_error *error = &attempt->error;
    if (cairn_http_idempotency_key(attempt->request, &key, error) < 0)
        return CAIRN_ATTEMPT_FAILED;
    attempt->keyed = key != NULL;
    if (!key) {
        attempt->command_id = cairn_uuid_make();
        attempt->id = cairn_uuid_make();
        return CAIRN_ATTEMPT_DONE;
    }
    key = own_key(attempt, key);
    struct cairn_buffer request = describe(attempt);
    if (!attempt->store)
        return ask_loader(attempt, key, &request);
    if (cairn_store_find_command(attempt->store, attempt->endpoint->service, key, request.text,
                                 request.length, attempt->request->arena, &attempt->known,
                                 error) < 0)
        return CAIRN_ATTEMPT_FAILED;
    take_ids(attempt);
    return CAIRN_ATTEMPT_DONE;
}

enum cairn_attempt_outcome cairn_attempt_identified(struct attempt *attempt)
{
    if (attempt->loading.outcome < 0)
        return CAIRN_ATTEMPT_FAILED;
    take_ids(attempt);
    return CAIRN_ATTEMPT_DONE;
}
