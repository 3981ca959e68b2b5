/* outcome.c - turns the answer to a batch into an outcome and a message for each append. */
#include "store/append/append_batch.h"

#include <string.h>

static void describe_condition(const struct cairn_expected *expected, int64_t version,
                               struct cairn_buffer *out)
{
    cairn_buffer_print(out, "%sstream %s ", out->length ? "; " : "", expected->stream);
    if (version == expected->version)
        cairn_buffer_print(out, "has another event at version %" PRId64, version);
    else if (expected->version == 0)
        cairn_buffer_print(out, "exists, at version %" PRId64, version);
    else
        cairn_buffer_print(out, "is at version %" PRId64 ", not %" PRId64, version,
                           expected->version);
}

/* Fails with CAIRN_EXISTS if the failed conditions are only of streams to be created, which is
 * final; a stream that has moved, or was only checked, makes it CAIRN_CONFLICT: worth deciding
 * again. */
static int fail_conditions(const struct cairn_append_batch *batch,
                           const struct cairn_append_batch_cursor *cursor,
                           const struct cairn_append *append, struct cairn_appended *ret,
                           struct cairn_error *error)
{
    struct cairn_buffer out = cairn_buffer(batch->arena);
    enum cairn_code code = CAIRN_EXISTS;
    for (size_t i = 0; i < append->write_count + append->check_count; i++) {
        const struct cairn_expected *expected = cairn_append_condition(append, i);
        int64_t version = batch->versions[cursor->condition + i];
        if (i < append->write_count)
            ret[i] = (struct cairn_appended){.version = version};
        if (!batch->fails[cursor->condition + i])
            continue;
        describe_condition(expected, version, &out);
        if (expected->version != CAIRN_VERSION_NONE || i >= append->write_count)
            code = CAIRN_CONFLICT;
    }
    for (size_t i = 0; i < append->boundary_count; i++) {
        if (!batch->boundary_fails[cursor->boundary + i])
            continue;
        cairn_buffer_print(&out, "%san event with the tag %s has come meanwhile",
                           out.length ? "; " : "", append->boundaries[i].tag);
        code = CAIRN_CONFLICT;
    }
    return cairn_fail(error, code, "%s", out.text);
}

static int fail_claims(const struct cairn_append_batch *batch,
                       const struct cairn_append_batch_cursor *cursor,
                       const struct cairn_append *append, struct cairn_error *error)
{
    struct cairn_buffer out = cairn_buffer(batch->arena);
    size_t at = cursor->claim;
    for (size_t i = 0; i < append->write_count; i++) {
        const struct cairn_write *write = &append->writes[i];
        for (size_t k = 0; k < write->claim_count; k++) {
            const struct cairn_claim *claim = &write->claims[k];
            if (!cairn_claim_is_last_word(write, k) || !batch->claim_fails[at++])
                continue;
            cairn_buffer_text(&out, out.length ? "; " : "");
            if (claim->message)
                cairn_buffer_text(&out, claim->message);
            else
                cairn_buffer_print(&out, "another stream holds this %s", claim->scope);
        }
    }
    return cairn_fail(error, CAIRN_CLAIMED, "%s", out.text);
}

static size_t count_claims(const struct cairn_append *append)
{
    size_t count = 0;
    for (size_t i = 0; i < append->write_count; i++) {
        for (size_t k = 0; k < append->writes[i].claim_count; k++)
            count += cairn_claim_is_last_word(&append->writes[i], k);
    }
    return count;
}

static int read_outcome(const struct cairn_append_batch *batch,
                        const struct cairn_append_batch_cursor *cursor,
                        const struct cairn_append *append, struct cairn_appended *ret,
                        struct cairn_error *error)
{
    enum { APPENDED, REPLAYED, REUSED, CONFLICT, CLAIMED };
    switch (batch->outcomes[cursor->append]) {
    case APPENDED:
        for (size_t i = 0; i < append->write_count; i++)
            ret[i] = (struct cairn_appended){batch->versions[cursor->condition + i],
                                             batch->positions[cursor->condition + i]};
        return 0;
    case REPLAYED:
        return 1;
    case REUSED:
        return cairn_fail(error, CAIRN_KEY_REUSED,
                          "the Idempotency-Key belongs to another request");
    case CONFLICT:
        return fail_conditions(batch, cursor, append, ret, error);
    case CLAIMED:
        return fail_claims(batch, cursor, append, error);
    default:
        return cairn_fail(error, CAIRN_BUG, "cairn.append_batch answered %" PRId64,
                          batch->outcomes[cursor->append]);
    }
}

/* Of a batch that was appended as a whole, each write has at least one event. */
static int read_whole(const struct cairn_append_batch *batch,
                      struct cairn_append_batch_cursor *cursor, const struct cairn_append *append,
                      struct cairn_appended *ret)
{
    for (size_t i = 0; i < append->write_count; i++) {
        size_t count = append->writes[i].event_count;
        cursor->event += count;
        ret[i] = (struct cairn_appended){
            .version = append->writes[i].expected.version + (int64_t)count,
            .position = batch->from + (int64_t)cursor->event,
        };
    }
    return 0;
}

int cairn_append_batch_next(const struct cairn_append_batch *batch,
                            struct cairn_append_batch_cursor *cursor,
                            const struct cairn_append *append, struct cairn_appended *ret,
                            struct cairn_error *error)
{
    int outcome = batch->is_whole ? read_whole(batch, cursor, append, ret)
                                  : read_outcome(batch, cursor, append, ret, error);
    cursor->append++;
    cursor->condition += append->write_count + append->check_count;
    cursor->claim += count_claims(append);
    cursor->boundary += append->boundary_count;
    return outcome;
}
