/* check_appends.c - replays the appends by the C interface, one actor after the other, against a
 * model of the store that consists of streams, claims and commands alone. Each actor has streams,
 * claims and commands of its own and does one thing at a time, so every outcome follows from those
 * before it. */
#include "check.h"

#include <string.h>

struct model {
    struct evidence *evidence;
    struct verdict *verdict;
    struct cairn_map versions; /* stream -> json_t: [version, id of the last event] */
    struct cairn_map holders;  /* claim -> stream */
    struct cairn_map commands; /* command -> hash */
    json_t *kept;
};

static int64_t version_of(const struct model *model, const char *stream)
{
    return json_integer_value(json_array_get(cairn_map_get(&model->versions, stream), 0));
}

static const char *last_of(const struct model *model, const char *stream)
{
    const char *id = json_string_value(json_array_get(cairn_map_get(&model->versions, stream), 1));
    return id ? id : "";
}

/* {"stream", "version": -1 for any, "event_id": "" if it is unknown} */
static bool holds(const struct model *model, const json_t *expected)
{
    const char *stream = member_text(expected, "stream");
    int64_t version = member_number(expected, "version", -1);
    const char *id = member_text(expected, "event_id");
    return version < 0 || (version == version_of(model, stream) &&
                           (!*id || version == 0 || strcmp(id, last_of(model, stream)) == 0));
}

static const char *outcome_by_commands(const struct model *model, const json_t *writes)
{
    size_t i;
    const json_t *write;
    const char *outcome = NULL;
    json_array_foreach(writes, i, write)
    {
        const char *command = json_string_value(json_object_get(write, "command"));
        const char *hash = command ? cairn_map_get(&model->commands, command) : NULL;
        if (hash)
            outcome = strcmp(hash, member_text(write, "hash")) == 0 ? "replayed"
                                                                    : "idempotency-key-reused";
    }
    return outcome;
}

static const char *outcome_by_conditions(const struct model *model, const json_t *line)
{
    size_t i;
    const json_t *write;
    const char *outcome = NULL;
    const json_t *check = json_object_get(line, "check");
    json_array_foreach(json_object_get(line, "writes"), i, write)
    {
        if (holds(model, write))
            continue;
        if (!outcome)
            outcome = "already-exists";
        if (member_number(write, "version", -1) != 0)
            outcome = "conflict";
    }
    return check && !holds(model, check) ? "conflict" : outcome;
}

static const char *outcome_by_claims(const struct model *model, const json_t *writes)
{
    size_t i;
    const json_t *write;
    json_array_foreach(writes, i, write)
    {
        const char *claim = json_string_value(json_object_get(write, "takes"));
        const char *holder = claim ? cairn_map_get(&model->holders, claim) : NULL;
        if (holder && strcmp(holder, member_text(write, "stream")) != 0)
            return "claimed";
    }
    return "appended";
}

static const char *outcome_of(const struct model *model, const json_t *line)
{
    const json_t *writes = json_object_get(line, "writes");
    const char *outcome = outcome_by_commands(model, writes);
    if (!outcome)
        outcome = outcome_by_conditions(model, line);
    return outcome ? outcome : outcome_by_claims(model, writes);
}

/* ---- applying an append ---- */

static void *text_value(const char *text)
{
    return (void *)(uintptr_t)text; /* a map's values are not const; these are never written */
}

static void set_last(struct model *model, const char *stream, int64_t version, const char *id)
{
    json_t *state = json_pack("[Is]", (json_int_t)version, id);
    (void)json_array_append_new(model->kept, state);
    *cairn_map_at(&model->versions, stream) = state;
}

/* Checks that the write's events stand at the end of its stream, at the version and position that
 * were answered. */
static void expect_events(struct model *model, const json_t *write)
{
    size_t i;
    const json_t *id;
    const char *stream = member_text(write, "stream");
    const json_t *ids = json_object_get(write, "ids");
    int64_t version = version_of(model, stream);
    int64_t position = member_number(write, "position", 0) - (int64_t)json_array_size(ids);
    json_array_foreach(ids, i, id)
    {
        struct event *event = cairn_map_get(&model->evidence->ids, json_string_value(id));
        version++;
        position++;
        set_last(model, stream, version, json_string_value(id));
        if (!event || strcmp(event->stream, stream) != 0 || event->version != version ||
            (member_number(write, "position", 0) && event->position != position))
            verdict_add(model->verdict, "appends",
                        "%s was answered version %" PRId64 " at position %" PRId64
                        ", which is not what the log has",
                        stream, version, position);
    }
    if (member_number(write, "position", 0) && member_number(write, "answered", 0) != version)
        verdict_add(model->verdict, "appends",
                    "%s was answered version %" PRId64 ", it is %" PRId64, stream,
                    member_number(write, "answered", 0), version);
}

static void carry_out(struct model *model, const json_t *write)
{
    const char *stream = member_text(write, "stream");
    const char *takes = json_string_value(json_object_get(write, "takes"));
    const char *gives = json_string_value(json_object_get(write, "gives"));
    const char *command = json_string_value(json_object_get(write, "command"));
    expect_events(model, write);
    if (takes)
        *cairn_map_at(&model->holders, takes) = text_value(stream);
    const char *holder = gives ? cairn_map_get(&model->holders, gives) : NULL;
    if (holder && strcmp(holder, stream) == 0)
        *cairn_map_at(&model->holders, gives) = NULL;
    if (command)
        *cairn_map_at(&model->commands, command) = text_value(member_text(write, "hash"));
}

/* Returns how many of the append's events are in the log, and marks them as asked for. */
static size_t find_events(struct model *model, const json_t *line, size_t *ret_wanted)
{
    size_t i, k;
    const json_t *write, *id;
    size_t there = 0;
    *ret_wanted = 0;
    json_array_foreach(json_object_get(line, "writes"), i, write)
    {
        json_array_foreach(json_object_get(write, "ids"), k, id)
        {
            struct event *event = cairn_map_get(&model->evidence->ids, json_string_value(id));
            ++*ret_wanted;
            if (event) {
                event->asked = true;
                there++;
            }
        }
    }
    return there;
}

static void check_append(struct model *model, const json_t *line)
{
    size_t i, wanted;
    const json_t *write;
    const char *outcome = member_text(line, "outcome");
    const char *expected = outcome_of(model, line);
    size_t there = find_events(model, line, &wanted);
    bool unknown = strcmp(outcome, "outcome-unknown") == 0;
    bool away = strcmp(outcome, "unavailable") == 0 || strcmp(outcome, "busy") == 0;
    bool written = strcmp(outcome, "appended") == 0 || (unknown && there);
    if (there != (written ? wanted : 0))
        verdict_add(model->verdict, "appends", "%s: %s, and %zu of %zu events are there",
                    member_text(line, "actor"), outcome, there, wanted);
    if (!away && strcmp(written ? "appended" : unknown ? expected : outcome, expected) != 0)
        verdict_add(model->verdict, "appends", "%s: an append had to be %s and was %s",
                    member_text(line, "actor"), expected, outcome);
    if (!written)
        return;
    json_array_foreach(json_object_get(line, "writes"), i, write) carry_out(model, write);
}

void check_appends(struct evidence *evidence, struct verdict *verdict)
{
    size_t i;
    json_t *line;
    struct model model = {.evidence = evidence,
                          .verdict = verdict,
                          .versions = cairn_map(&evidence->arena),
                          .holders = cairn_map(&evidence->arena),
                          .commands = cairn_map(&evidence->arena),
                          .kept = json_array()};
    json_array_foreach(evidence->history, i, line)
    {
        if (strcmp(member_text(line, "kind"), "append") == 0)
            check_append(&model, line);
    }
    json_decref(model.kept);
}
