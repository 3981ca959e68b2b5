/* append_check.c - validates an append before the database is called. */
#include "store/append/append_batch.h"

#include "core/text/text.h"

#include <string.h>

static int check_tag(const char *tag, struct cairn_error *error)
{
    if (*tag && strlen(tag) <= CAIRN_TAG_MAX_BYTES)
        return 0;
    return cairn_fail(error, CAIRN_INVALID, "the tag \"%.40s…\" has %zu bytes, of 1 to %d", tag,
                      strlen(tag), CAIRN_TAG_MAX_BYTES);
}

static int check_boundaries(const struct cairn_append *append, struct cairn_error *error)
{
    if (append->boundary_count > CAIRN_APPEND_MAX_BOUNDARIES)
        return cairn_fail(error, CAIRN_BUG, "one append has at most %d boundaries, not %zu",
                          CAIRN_APPEND_MAX_BOUNDARIES, append->boundary_count);
    int failed = 0;
    for (size_t i = 0; i < append->boundary_count && !failed; i++)
        failed = check_tag(append->boundaries[i].tag, error);
    return failed;
}

static int check_event(const struct cairn_new_event *event, struct cairn_error *error)
{
    if (cairn_uuid_is_zero(event->id))
        return cairn_fail(error, CAIRN_BUG, "a new %s has no id", event->type);
    if (strlen(event->data) > CAIRN_EVENT_MAX_BYTES)
        return cairn_fail(error, CAIRN_INVALID, "a new %s is larger than %d bytes", event->type,
                          CAIRN_EVENT_MAX_BYTES);
    if (event->tag_count > CAIRN_EVENT_MAX_TAGS)
        return cairn_fail(error, CAIRN_INVALID, "a new %s has %zu tags, of at most %d", event->type,
                          event->tag_count, CAIRN_EVENT_MAX_TAGS);
    int failed = 0;
    for (size_t i = 0; i < event->tag_count && !failed; i++)
        failed = check_tag(event->tags[i], error);
    return failed;
}

static int check_write(const struct cairn_write *write, struct cairn_error *error)
{
    int failed = 0;
    if (write->event_count == 0 && (write->command_count == 0 || write->claim_count > 0))
        failed = cairn_fail(error, CAIRN_BUG, "nothing is written to %s that could be claimed by",
                            write->expected.stream);
    for (size_t i = 0; i < write->event_count && !failed; i++)
        failed = check_event(&write->events[i], error);
    for (size_t i = 0; i < write->command_count && !failed; i++) {
        const struct cairn_new_command *command = &write->commands[i];
        if (cairn_uuid_is_zero(command->key.id))
            failed = cairn_fail(error, CAIRN_BUG, "a command has no id");
        else if (command->events_to > write->event_count ||
                 command->event_count > command->events_to)
            failed = cairn_fail(error, CAIRN_BUG, "a command has events that are not there");
    }
    return failed;
}

const struct cairn_expected *cairn_append_condition(const struct cairn_append *append, size_t i)
{
    return i < append->write_count ? &append->writes[i].expected
                                   : &append->checks[i - append->write_count];
}

static int check_streams(const struct cairn_append *append, struct cairn_error *error)
{
    size_t count = append->write_count + append->check_count;
    for (size_t i = 0; i < count; i++) {
        const struct cairn_expected *one = cairn_append_condition(append, i);
        if (one->version < CAIRN_VERSION_ANY ||
            (one->version <= 0 && !cairn_uuid_is_zero(one->event_id)))
            return cairn_fail(error, CAIRN_BUG, "stream %s cannot be expected at version %" PRId64,
                              one->stream, one->version);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(one->stream, cairn_append_condition(append, k)->stream) == 0)
                return cairn_fail(error, CAIRN_BUG, "one append names stream %s twice",
                                  one->stream);
        }
    }
    return 0;
}

int cairn_append_check(const struct cairn_append *append, struct cairn_error *error)
{
    size_t events = cairn_append_events(append);
    for (size_t i = 0; i < append->write_count; i++) {
        int failed = check_write(&append->writes[i], error);
        if (failed)
            return failed;
    }
    if (append->write_count == 0 || events > CAIRN_APPEND_MAX_EVENTS ||
        append->write_count + append->check_count > CAIRN_APPEND_MAX_STREAMS)
        return cairn_fail(error, CAIRN_BUG,
                          "one append has 1 to %d streams and at most %d events, not %zu and %zu",
                          CAIRN_APPEND_MAX_STREAMS, CAIRN_APPEND_MAX_EVENTS,
                          append->write_count + append->check_count, events);
    if (cairn_append_bytes(append) > CAIRN_APPEND_MAX_BYTES)
        return cairn_fail(error, CAIRN_INVALID, "one append is larger than %d bytes",
                          CAIRN_APPEND_MAX_BYTES);
    int failed = check_boundaries(append, error);
    return failed ? failed : check_streams(append, error);
}

size_t cairn_append_events(const struct cairn_append *append)
{
    size_t events = 0;
    for (size_t i = 0; i < append->write_count; i++)
        events += append->writes[i].event_count;
    return events;
}

size_t cairn_append_bytes(const struct cairn_append *append)
{
    size_t bytes = 0;
    for (size_t i = 0; i < append->write_count; i++) {
        const struct cairn_write *write = &append->writes[i];
        for (size_t k = 0; k < write->event_count; k++)
            bytes += strlen(write->events[k].data) + strlen(write->events[k].meta);
    }
    return bytes;
}

bool cairn_claim_is_last_word(const struct cairn_write *write, size_t i)
{
    const struct cairn_claim *claim = &write->claims[i];
    for (size_t k = i + 1; k < write->claim_count; k++) {
        if (strcmp(write->claims[k].scope, claim->scope) == 0 &&
            strcmp(write->claims[k].key, claim->key) == 0)
            return false;
    }
    return true;
}
