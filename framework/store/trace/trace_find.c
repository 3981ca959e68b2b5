/* trace_find.c - finds out what an id is, and which events belong to it. */
#include "store/trace/trace_find.h"

#include <stdlib.h>
#include <string.h>

/* How many events are searched for a command that has no row, around the time that its id says. */
enum {
    SEARCHED_MAX = 1000000,
    ID_MAX_BYTES = 100,
    TRACE_AT = 3,
    TRACE_BYTES = 32,
    PARENT_BYTES = 55
};

static const struct cairn_statement find_statement = {
    .name = "find_trace",
    .sql = "select kind, position, correlation_id from cairn.find_trace($1, $2, $3)",
};
static const struct cairn_statement position_statement = {
    .name = "correlation_at",
    .sql = "select 'position', e.position, e.meta ->> 'correlation_id' from cairn.events e"
           " where e.shard = 0 and e.position = $1",
};

static const char *const kinds[] = {"correlation", "command", "event", "trace", "position"};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* An id, and what it is said to be. */
struct wanted {
    const char *kind; /* NULL: anything */
    const char *id;
};

/* ---- the form of an id ---- */

static bool is_hex(const char *text, size_t count)
{
    return strspn(text, "0123456789abcdef") >= count;
}

static bool is_position(const char *id)
{
    size_t digits = strspn(id, "0123456789");
    return digits > 0 && digits <= 18 && !id[digits];
}

static bool is_trace(const char *id)
{
    return strlen(id) == TRACE_BYTES && is_hex(id, TRACE_BYTES);
}

static bool is_uuid(const char *id)
{
    struct cairn_uuid ignored;
    return strlen(id) == CAIRN_UUID_TEXT_SIZE - 1 && cairn_uuid_parse(id, &ignored) == 0;
}

static bool is_visible(const char *id)
{
    size_t bytes = strlen(id);
    bool good = bytes > 0 && bytes <= ID_MAX_BYTES;
    for (size_t i = 0; i < bytes && good; i++)
        good = id[i] >= ' ' && id[i] < 0x7F;
    return good;
}

static bool fits(const char *kind, const char *id)
{
    if (strcmp(kind, "correlation") == 0)
        return true;
    if (strcmp(kind, "position") == 0)
        return is_position(id);
    return strcmp(kind, "trace") == 0 ? is_trace(id) : is_uuid(id);
}

/* Returns the id without its kind: UUIDs and trace ids in lower case; of a traceparent, its
 * trace. */
static struct wanted understand(const char *text, struct cairn_arena *arena)
{
    struct wanted wanted = {.id = text};
    for (size_t i = 0; i < KINDS; i++) {
        size_t bytes = strlen(kinds[i]);
        if (strncmp(text, kinds[i], bytes) == 0 && text[bytes] == ':')
            wanted = (struct wanted){kinds[i], text + bytes + 1};
    }
    const char *lower = cairn_lower(arena, wanted.id);
    if (strlen(lower) == PARENT_BYTES && lower[2] == '-' && lower[TRACE_AT + TRACE_BYTES] == '-')
        wanted.id = cairn_copy_bytes(arena, lower + TRACE_AT, TRACE_BYTES);
    else if (is_uuid(lower) || is_trace(lower))
        wanted.id = lower;
    return wanted;
}

static int check(const struct wanted *wanted, struct cairn_error *error)
{
    if (!is_visible(wanted->id))
        return cairn_fail(
            error, CAIRN_MALFORMED,
            "an id has 1 to %d visible characters: a correlation, the UUID of a command"
            " or an event, a trace id of 32 hex digits, a traceparent, a position",
            ID_MAX_BYTES);
    if (wanted->kind && !fits(wanted->kind, wanted->id))
        return cairn_fail(error, CAIRN_MALFORMED,
                          "%s is no %s: a trace has 32 hex digits, a command and an event have a"
                          " UUID, a position is a number",
                          wanted->id, wanted->kind);
    return 0;
}

/* ---- what was found ---- */

/* The event itself, too: its meta may have no correlation, or have it where the index does not look
 * for it. */
static void add(struct cairn_trace_found *found, const char *correlation, int64_t position,
                struct cairn_arena *arena)
{
    found->positions[found->position_count++] = position;
    if (!correlation)
        return;
    for (size_t i = 0; i < found->correlation_count; i++) {
        if (strcmp(found->correlations[i], correlation) == 0)
            return;
    }
    found->correlations[found->correlation_count++] = cairn_copy_text(arena, correlation);
}

/* Returns whether the row belongs to the kind of the row before, or to the same tree. */
static bool agree(const struct cairn_pg_result *rows, int64_t a, int64_t b)
{
    const char *one = cairn_pg_text(rows, a, 2);
    const char *other = cairn_pg_text(rows, b, 2);
    return strcmp(cairn_pg_text(rows, a, 0), cairn_pg_text(rows, b, 0)) == 0 ||
           (one && other && strcmp(one, other) == 0);
}

static int ambiguous(const char *id, const char *one, int64_t at, const char *other,
                     int64_t other_at, struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_INVALID,
                      "%s is a %s (position %" PRId64 ") and a %s (position %" PRId64
                      ") of different trees: write %s:%s or %s:%s",
                      id, one, at, other, other_at, one, id, other, id);
}

/* Takes the rows of the wanted kind. A command without events has nothing to show. */
static int take(const struct cairn_pg_result *rows, int64_t count, const struct wanted *wanted,
                struct cairn_arena *arena, struct cairn_trace_found *found,
                struct cairn_error *error)
{
    int64_t before = -1;
    for (int64_t i = 0; i < count; i++) {
        const char *kind = cairn_pg_text(rows, i, 0);
        if (strcmp(kind, "command without events") == 0)
            return cairn_fail(error, CAIRN_NOT_FOUND,
                              "command %s was carried out and had no events; the log ended at"
                              " position %" PRId64,
                              wanted->id, cairn_pg_integer(rows, i, 1));
        if (wanted->kind && strcmp(kind, wanted->kind) != 0)
            continue;
        if (before >= 0 && !agree(rows, before, i))
            return ambiguous(wanted->id, cairn_pg_text(rows, before, 0),
                             cairn_pg_integer(rows, before, 1), kind, cairn_pg_integer(rows, i, 1),
                             error);
        before = i;
        add(found, cairn_pg_text(rows, i, 2), cairn_pg_integer(rows, i, 1), arena);
    }
    return 0;
}

static int not_found(const struct wanted *wanted, struct cairn_error *error)
{
    if (is_trace(wanted->id))
        return cairn_fail(
            error, CAIRN_NOT_FOUND,
            "no event of the log has the trace %s: ask for the id of an event or a command",
            wanted->id);
    return cairn_fail(error, CAIRN_NOT_FOUND, "the log has no %s %s%s",
                      wanted->kind ? wanted->kind : "id", wanted->id,
                      is_uuid(wanted->id)
                          ? "; commands are forgotten after a time: ask for the id of"
                            " one of its events"
                          : "");
}

static int64_t ask(struct cairn_pg *pg, const struct wanted *wanted, struct cairn_arena *arena,
                   struct cairn_pg_result **ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, wanted->id);
    cairn_pg_add_text(&params, wanted->kind);
    cairn_pg_add_integer(&params, SEARCHED_MAX);
    return cairn_pg_call(pg, &find_statement, &params, ret, error);
}

/* A number is a correlation, if there is one, and else a position. */
static int find_position(struct cairn_pg *pg, const struct wanted *wanted,
                         struct cairn_arena *arena, struct cairn_trace_found *found,
                         struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_integer(&params, strtoll(wanted->id, NULL, 10));
    int64_t count = cairn_pg_call(pg, &position_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    found->positions = cairn_new(arena, int64_t, (size_t)count + 1);
    found->correlations = cairn_new(arena, const char *, (size_t)count + 1);
    return take(rows, count, wanted, arena, found, error);
}

static bool is_empty(const struct cairn_trace_found *found)
{
    return found->correlation_count + found->position_count == 0;
}

/* Finds what is no position. */
static int find_id(struct cairn_pg *pg, const struct wanted *wanted, struct cairn_arena *arena,
                   struct cairn_trace_found *found, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = ask(pg, wanted, arena, &rows, error);
    if (count < 0)
        return (int)count;
    found->correlations = cairn_new(arena, const char *, (size_t)count + 1);
    found->positions = cairn_new(arena, int64_t, (size_t)count + 1);
    return take(rows, count, wanted, arena, found, error);
}

int cairn_trace_find(struct cairn_pg *pg, const char *id, struct cairn_arena *arena,
                     struct cairn_trace_found *ret, struct cairn_error *error)
{
    struct wanted wanted = understand(id, arena);
    bool says_position = wanted.kind && strcmp(wanted.kind, "position") == 0;
    int failed = check(&wanted, error);
    if (failed)
        return failed;
    *ret = (struct cairn_trace_found){0};
    if (!says_position)
        failed = find_id(pg, &wanted, arena, ret, error);
    if (!failed && is_empty(ret) && is_position(wanted.id) && (says_position || !wanted.kind))
        failed = find_position(pg, &wanted, arena, ret, error);
    return failed || !is_empty(ret) ? failed : not_found(&wanted, error);
}
