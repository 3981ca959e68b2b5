/* trace_load.c - reads the events of a trace, and then what the tables say of them. */
#include "store/trace/trace_find.h"
#include "store/trace/trace_tree.h"

#include "core/threads/clock.h"

#include <string.h>

/* Pairs of a command and an event that may have sent it, which are compared at most. */
enum { PAIRS_MAX = 400000 };

static const struct cairn_statement events_statement = {
    .name = "traced_events",
    .sql = "select position, stream, version, type, event_id, recorded_at, correlation_id,"
           " causation_id, command_id, command, service, traceparent, actor, issuer, input"
           " from cairn.traced_events($1, $2, $3)",
};
static const struct cairn_statement sends_statement = {
    .name = "traced_sends",
    .sql = "select position, number, target, command, command_id, status, attempts, problem"
           " from cairn.traced_sends($1)",
};
static const struct cairn_statement senders_statement = {
    .name = "traced_senders",
    .sql = "select command_id, kind, name, position"
           " from cairn.traced_senders($1, $2, $3, $4, $5, $6)",
};
static const struct cairn_statement timers_statement = {
    .name = "traced_timers",
    .sql = "select stream, version, name, due_at from cairn.traced_timers($1)",
};
#define EFFECTS "select position, kind, name, key, state, at, note from cairn."
static const struct cairn_statement effect_statements[] = {
    {.name = "traced_rows", .sql = EFFECTS "traced_rows($1)"},
    {.name = "traced_handling", .sql = EFFECTS "traced_handling($1)"},
    {.name = "traced_work", .sql = EFFECTS "traced_work($1)"},
};

/* One load: the connection, the tree, and the positions that are in it. */
struct load {
    struct cairn_pg *pg;
    struct cairn_trace_tree tree;
    struct cairn_pg_array positions;
};

static const char *text_at(const struct load *load, const struct cairn_pg_result *rows, int64_t row,
                           const char *column)
{
    return cairn_copy_text(load->tree.arena,
                           cairn_pg_text(rows, row, cairn_pg_column(rows, column)));
}

static int64_t integer_at(const struct cairn_pg_result *rows, int64_t row, const char *column)
{
    int at = cairn_pg_column(rows, column);
    return cairn_pg_null(rows, row, at) ? 0 : cairn_pg_integer(rows, row, at);
}

static struct cairn_time time_at(const struct cairn_pg_result *rows, int64_t row,
                                 const char *column)
{
    int at = cairn_pg_column(rows, column);
    struct cairn_time ret = {0};
    if (!cairn_pg_null(rows, row, at))
        ret = cairn_pg_time(rows, row, at);
    return ret;
}

/* ---- events, their commands, reactions ---- */

static const char *category_of(struct cairn_arena *arena, const char *stream)
{
    return cairn_copy_bytes(arena, stream, strcspn(stream, "-"));
}

/* Returns the command of an event, NULL if it has none. It is attached when its sender is known. */
static struct cairn_trace_node *command_of(struct load *load, const struct cairn_pg_result *rows,
                                           int64_t row, const struct cairn_trace_node *event)
{
    const char *id = text_at(load, rows, row, "command_id");
    if (!id)
        return NULL;
    void **at = cairn_map_at(&load->tree.commands, id);
    struct cairn_trace_node *known = *at;
    if (known)
        return known;
    struct cairn_trace_node *command = cairn_trace_node(&load->tree, CAIRN_TRACE_COMMAND);
    *at = command;
    command->name = text_at(load, rows, row, "command");
    command->id = id;
    command->stream = event->stream;
    command->position = event->position;
    command->service = event->service;
    command->actor = text_at(load, rows, row, "actor");
    command->issuer = text_at(load, rows, row, "issuer");
    command->correlation_id = event->correlation_id;
    command->traceparent = event->traceparent;
    command->at = event->at;
    return command;
}

static void take_event(struct load *load, const struct cairn_pg_result *rows, int64_t row)
{
    const char *input = text_at(load, rows, row, "input");
    struct cairn_trace_node *node =
        cairn_trace_node(&load->tree, input ? CAIRN_TRACE_REACTION : CAIRN_TRACE_EVENT);
    node->id = text_at(load, rows, row, "event_id");
    node->stream = text_at(load, rows, row, "stream");
    node->version = integer_at(rows, row, "version");
    node->position = integer_at(rows, row, "position");
    node->at = time_at(rows, row, "recorded_at");
    node->name =
        input ? category_of(load->tree.arena, node->stream) : text_at(load, rows, row, "type");
    node->input = input;
    node->service = text_at(load, rows, row, "service");
    node->correlation_id = text_at(load, rows, row, "correlation_id");
    node->traceparent = text_at(load, rows, row, "traceparent");
    struct cairn_trace_node *parent = command_of(load, rows, row, node);
    if (!parent)
        parent = cairn_trace_event_of(&load->tree, text_at(load, rows, row, "causation_id"));
    cairn_trace_attach(&load->tree, parent, node);
    cairn_trace_know_event(&load->tree, node);
    cairn_pg_array_integer(&load->positions, node->position);
}

static int read_events(struct load *load, const struct cairn_trace_found *found, int64_t limit,
                       struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = load->tree.arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_texts(&params, found->correlations, sizeof *found->correlations,
                       found->correlation_count);
    cairn_pg_add_integers(&params, found->positions, sizeof *found->positions,
                          found->position_count);
    cairn_pg_add_integer(&params, limit + 1);
    int64_t count = cairn_pg_call(load->pg, &events_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    struct cairn_trace_report *trace = load->tree.trace;
    trace->more = count > limit;
    trace->events = trace->more ? limit : count;
    for (int64_t row = 0; row < trace->events; row++)
        take_event(load, rows, row);
    if (trace->more)
        cairn_trace_note(
            &load->tree,
            cairn_print(load->tree.arena, "only the first %" PRId64 " events are shown", limit));
    return 0;
}

/* ---- what processes send ---- */

/* Returns whether a reaction of the stream says that this command of its was refused. */
static const char *refusal_of(const struct load *load, const struct cairn_trace_node *reaction,
                              const char *command)
{
    const char *begins = cairn_print(load->tree.arena, "refusal of %s: ", command);
    size_t bytes = strlen(begins);
    for (size_t i = 0; i < load->tree.positions.count; i++) {
        const struct cairn_trace_node *at = load->tree.positions.entries[i].value;
        if (at->kind == CAIRN_TRACE_REACTION && at->position > reaction->position &&
            strcmp(at->stream, reaction->stream) == 0 && strncmp(at->input, begins, bytes) == 0)
            return at->input + bytes;
    }
    return NULL;
}

static void judge(const struct load *load, struct cairn_trace_node *sent,
                  const struct cairn_pg_result *rows, int64_t row, bool is_known)
{
    int64_t status = integer_at(rows, row, "status");
    int64_t attempts = integer_at(rows, row, "attempts");
    const char *problem = text_at(load, rows, row, "problem");
    const char *refusal = refusal_of(load, sent->parent, sent->name);
    if (status || is_known) {
        sent->state = "delivered";
    } else if (!cairn_pg_null(rows, row, cairn_pg_column(rows, "attempts"))) {
        sent->state = attempts ? "retried" : "waiting";
        sent->note =
            problem ? cairn_print(load->tree.arena, "%" PRId64 " attempts: %s", attempts, problem)
                    : NULL;
    } else if (refusal) {
        sent->state = "refused";
        sent->note = refusal;
    } else {
        sent->state = "settled";
        sent->note = "no longer to be delivered; nothing in the tree says how it ended";
    }
}

static void take_sent(struct load *load, const struct cairn_pg_result *rows, int64_t row)
{
    struct cairn_trace_node *reaction =
        cairn_trace_event_at(&load->tree, integer_at(rows, row, "position"));
    struct cairn_trace_node *command =
        cairn_trace_command_of(&load->tree, text_at(load, rows, row, "command_id"));
    int64_t number = integer_at(rows, row, "number");
    struct cairn_trace_node *sent = NULL;
    for (struct cairn_trace_node *at = reaction->first; at; at = at->next)
        sent = at->kind == CAIRN_TRACE_SENT && at->version == number + 1 ? at : sent;
    if (!sent) {
        sent = cairn_trace_node(&load->tree, CAIRN_TRACE_SENT);
        sent->name = text_at(load, rows, row, "command");
        sent->stream = text_at(load, rows, row, "target");
        sent->version = number + 1;
        cairn_trace_attach(&load->tree, reaction, sent);
        judge(load, sent, rows, row, command != NULL);
    }
    if (command && !command->parent) {
        cairn_trace_attach(&load->tree, sent, command);
        judge(load, sent, rows, row, true);
    }
}

static int read_sends(struct load *load, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = load->tree.arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_array(&params, &load->positions);
    int64_t count = cairn_pg_call(load->pg, &sends_statement, &params, &rows, error);
    for (int64_t row = 0; row < count; row++)
        take_sent(load, rows, row);
    return count < 0 ? (int)count : 0;
}

static int read_timers(struct load *load, struct cairn_error *error)
{
    struct cairn_pg_array streams = cairn_pg_array(CAIRN_PG_TEXTS, load->tree.arena);
    struct cairn_pg_params params = {.arena = load->tree.arena};
    CAIRN_PG_RESULT *rows = NULL;
    struct cairn_map reactions = cairn_map(load->tree.arena); /* by "STREAM VERSION" */
    for (size_t i = 0; i < load->tree.positions.count; i++) {
        struct cairn_trace_node *at = load->tree.positions.entries[i].value;
        if (at->kind != CAIRN_TRACE_REACTION)
            continue;
        *cairn_map_at(&reactions,
                      cairn_print(load->tree.arena, "%s %" PRId64, at->stream, at->version)) = at;
        cairn_pg_array_text(&streams, at->stream);
    }
    cairn_pg_add_array(&params, &streams);
    int64_t count = cairn_pg_call(load->pg, &timers_statement, &params, &rows, error);
    for (int64_t row = 0; row < count; row++) {
        const char *name = cairn_print(load->tree.arena, "%s %" PRId64, cairn_pg_text(rows, row, 0),
                                       cairn_pg_integer(rows, row, 1));
        struct cairn_trace_node *reaction = cairn_map_get(&reactions, name);
        if (!reaction)
            continue;
        struct cairn_trace_node *timer = cairn_trace_child(&load->tree, reaction, CAIRN_TRACE_TIMER,
                                                           cairn_pg_text(rows, row, 2));
        char due[CAIRN_TIME_TEXT_SIZE];
        cairn_time_format(cairn_pg_time(rows, row, 3), due);
        timer->state = "set";
        timer->note = cairn_print(load->tree.arena, "due at %s", due);
    }
    return count < 0 ? (int)count : 0;
}

/* ---- what reactors and consumers send ---- */

static void take_sender(struct load *load, const struct cairn_pg_result *rows, int64_t row)
{
    struct cairn_trace_node *command =
        cairn_trace_command_of(&load->tree, cairn_pg_text(rows, row, 0));
    struct cairn_trace_node *event =
        cairn_trace_event_at(&load->tree, cairn_pg_integer(rows, row, 3));
    if (command->parent || !event)
        return;
    bool is_reactor = strcmp(cairn_pg_text(rows, row, 1), "reactor") == 0;
    struct cairn_trace_node *sender = cairn_trace_child(
        &load->tree, event, is_reactor ? CAIRN_TRACE_REACTOR : CAIRN_TRACE_CONSUMPTION,
        cairn_pg_text(rows, row, 2));
    if (!sender->state)
        sender->state = is_reactor ? "sent" : "consumed";
    cairn_trace_attach(&load->tree, sender, command);
}

static int read_senders(struct load *load, struct cairn_error *error)
{
    struct cairn_arena *arena = load->tree.arena;
    struct cairn_pg_array ids = cairn_pg_array(CAIRN_PG_TEXTS, arena);
    struct cairn_pg_array services = cairn_pg_array(CAIRN_PG_TEXTS, arena);
    struct cairn_pg_array names = cairn_pg_array(CAIRN_PG_TEXTS, arena);
    struct cairn_pg_array streams = cairn_pg_array(CAIRN_PG_TEXTS, arena);
    struct cairn_pg_array before = cairn_pg_array(CAIRN_PG_INTEGERS, arena);
    for (size_t i = 0; i < load->tree.commands.count; i++) {
        const struct cairn_trace_node *command = load->tree.commands.entries[i].value;
        if (command->parent || !command->name || !command->service)
            continue;
        if ((int64_t)(ids.count + 1) * load->positions.count > PAIRS_MAX) {
            cairn_trace_note(
                &load->tree,
                "there are too many commands to find out which reactor sent which: some are at the top");
            break;
        }
        cairn_pg_array_text(&ids, command->id);
        cairn_pg_array_text(&services, command->service);
        cairn_pg_array_text(&names, command->name);
        cairn_pg_array_text(&streams, command->stream);
        cairn_pg_array_integer(&before, command->position);
    }
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_array(&params, &ids);
    cairn_pg_add_array(&params, &services);
    cairn_pg_add_array(&params, &names);
    cairn_pg_add_array(&params, &streams);
    cairn_pg_add_array(&params, &before);
    cairn_pg_add_array(&params, &load->positions);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count =
        ids.count ? cairn_pg_call(load->pg, &senders_statement, &params, &rows, error) : 0;
    for (int64_t row = 0; row < count; row++)
        take_sender(load, rows, row);
    return count < 0 ? (int)count : 0;
}

/* ---- what the tables say ---- */

static enum cairn_trace_kind kind_of(const char *name)
{
    int kind = CAIRN_TRACE_COMMAND;
    while (kind < CAIRN_TRACE_REACTION &&
           strcmp(cairn_trace_kind_name((enum cairn_trace_kind)kind), name) != 0)
        kind++;
    return (enum cairn_trace_kind)kind;
}

static void take_effect(struct load *load, const struct cairn_pg_result *rows, int64_t row)
{
    const char *name = text_at(load, rows, row, "name");
    const char *note = text_at(load, rows, row, "note");
    struct cairn_trace_node *event =
        cairn_trace_event_at(&load->tree, integer_at(rows, row, "position"));
    if (!event) {
        cairn_trace_note(&load->tree,
                         cairn_print(load->tree.arena, "%s: %s", name, note ? note : ""));
        return;
    }
    struct cairn_trace_node *node =
        cairn_trace_node(&load->tree, kind_of(text_at(load, rows, row, "kind")));
    node->name = name;
    node->key = text_at(load, rows, row, "key");
    node->state = text_at(load, rows, row, "state");
    node->at = time_at(rows, row, "at");
    node->note = note;
    cairn_trace_attach(&load->tree, event, node);
}

static int read_effects(struct load *load, struct cairn_error *error)
{
    for (size_t i = 0; i < sizeof effect_statements / sizeof *effect_statements; i++) {
        struct cairn_pg_params params = {.arena = load->tree.arena};
        CAIRN_PG_RESULT *rows = NULL;
        cairn_pg_add_array(&params, &load->positions);
        int64_t count = cairn_pg_call(load->pg, &effect_statements[i], &params, &rows, error);
        if (count < 0)
            return (int)count;
        for (int64_t row = 0; row < count; row++)
            take_effect(load, rows, row);
    }
    return 0;
}

/* ---- the whole ---- */

static int fill(struct load *load, const char *id, int64_t limit, struct cairn_error *error)
{
    struct cairn_trace_found found;
    int failed = cairn_trace_find(load->pg, id, load->tree.arena, &found, error);
    if (!failed)
        failed = read_events(load, &found, limit, error);
    if (!failed)
        failed = read_effects(load, error);
    if (!failed)
        failed = read_sends(load, error);
    if (!failed)
        failed = read_senders(load, error);
    if (!failed)
        failed = read_timers(load, error);
    if (!failed)
        cairn_trace_finish(&load->tree);
    return failed;
}

int cairn_trace_load(struct cairn_pg *pg, const char *id, int64_t limit, struct cairn_arena *arena,
                     struct cairn_trace_report *ret, struct cairn_error *error)
{
    *ret = (struct cairn_trace_report){.id = cairn_copy_text(arena, id)};
    struct load load = {.pg = pg,
                        .tree = cairn_trace_tree(ret, arena),
                        .positions = cairn_pg_array(CAIRN_PG_INTEGERS, arena)};
    limit = limit <= 0                      ? CAIRN_TRACE_LIMIT
            : limit < CAIRN_TRACE_LIMIT_MAX ? limit
                                            : CAIRN_TRACE_LIMIT_MAX;
    return fill(&load, id, limit, error);
}
