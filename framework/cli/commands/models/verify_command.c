/* verify_command.c - `cairn verify`: proves the log, and the tables beside it, range by range.
 *
 * The proofs are functions of migrations/repeatable/verify.sql and processes.sql; each row they
 * return is a problem. */
#include "cli/commands/commands.h"
#include "cli/projector_program.h"

#include <stdlib.h>
#include <string.h>

/* Positions per statement: its memory is bounded, and the progress moves. */
enum { RANGE = 50000 };

/* Problems shown of one check; all are counted. */
enum { SHOWN_MAX = 5 };

struct check {
    const char *name;
    int64_t examined;
    int64_t problems;
};

enum {
    POSITIONS = 0,
    TIMES,
    VERSIONS,
    EVENT_IDS,
    JSON,
    EVENT_TYPES,
    CLAIMS,
    TAGS,
    COMMANDS,
    PROCESSES,
    PROTECTION,
    CHECKS
};

struct verification {
    struct cairn_pg *pg;
    struct cairn_arena arena; /* of the problems that are shown */
    struct cairn_arena range; /* of one statement */
    int64_t from, head;       /* the events after `from`, up to `head` */
    struct check checks[CHECKS];
    const char *shown[1 + SHOWN_MAX * CHECKS][4];
    int64_t shown_count;
};

static const struct check no_checks[CHECKS] = {
    [POSITIONS] = {.name = "positions"}, [TIMES] = {.name = "times"},
    [VERSIONS] = {.name = "versions"},   [EVENT_IDS] = {.name = "event ids"},
    [JSON] = {.name = "json"},           [EVENT_TYPES] = {.name = "event types"},
    [CLAIMS] = {.name = "claims"},       [COMMANDS] = {.name = "commands"},
    [PROCESSES] = {.name = "processes"}, [PROTECTION] = {.name = "protection"},
    [TAGS] = {.name = "tags"},
};

/* ---- the statements ---- */

/* Rows: the check, its number of problems, and the first of them. */
#define PROBLEMS(sql)                                                                              \
    "select f.\"check\", f.problems, f.position, f.stream, f.problem from (select p.*,"            \
    " count(*) over (partition by p.\"check\") as problems,"                                       \
    " row_number() over (partition by p.\"check\" order by p.position) as n from (" sql ") p) f"   \
    " where f.n <= 5 order by f.n"
enum { CHECK, COUNT, POSITION, STREAM, PROBLEM };

static const struct cairn_statement of_a_range[] = {
    {"verify_order", PROBLEMS("select * from cairn.verify_order($1, $2)")},
    {"verify_content", PROBLEMS("select * from cairn.verify_content($1, $2)")},
    {"verify_tags", PROBLEMS("select * from cairn.verify_tags($1, $2)")},
    {NULL, NULL},
};

static const struct cairn_statement commands_statement = {
    "verify_commands",
    PROBLEMS("select 'commands' as \"check\", position, stream,"
             " format('%s…: %s', left(command_id, 12), problem) as problem"
             " from cairn.verify_commands($1, $2)"),
};

static const struct cairn_statement ids_statement = {
    "verify_event_ids",
    PROBLEMS("select * from cairn.verify_event_ids($1)"),
};

static const struct cairn_statement claims_statement = {
    "verify_claims",
    PROBLEMS("select 'claims' as \"check\", position, stream,"
             " format('%s %s: %s', scope, key, problem) as problem"
             " from cairn.verify_claims() where position > $1"),
};

static const struct cairn_statement tags_statement = {
    "verify_table_of_tags",
    PROBLEMS("select * from cairn.verify_table_of_tags($1)"),
};

static const struct cairn_statement processes_statement = {
    "verify_processes",
    PROBLEMS("select 'processes' as \"check\", position, stream, problem"
             " from cairn.verify_processes() where $1 is not null"),
};

static const struct cairn_statement protection_statement = {
    "verify_protection",
    PROBLEMS("select \"check\", null::bigint as position, null::text as stream, problem"
             " from cairn.verify_protection() where $1 is not null"),
};

static const struct cairn_statement count_statement = {
    "verify_count",
    "select (select count(*) from cairn.event_types) as event_types,"
    " (select count(*) from cairn.claims) as claims,"
    " (select count(*) from cairn.commands) as commands, cairn.head() as head,"
    " (select count(*) from cairn.tags) as tags,"
    " (select count(*) from cairn.timers) + (select count(*) from cairn.outgoing) as processes",
};

/* ---- running them ---- */

static struct check *find(struct verification *self, const char *name)
{
    for (int i = 0; i < CHECKS; i++) {
        if (strcmp(self->checks[i].name, name) == 0)
            return &self->checks[i];
    }
    return NULL;
}

static const char *copy_cell(struct verification *self, const char *text)
{
    return text ? cairn_copy_text(&self->arena, text) : "-";
}

/* Keeps the problem, unless SHOWN_MAX of its check are kept already. */
static void keep(struct verification *self, const struct cairn_pg_result *rows, int64_t row,
                 int64_t known)
{
    if (known >= SHOWN_MAX)
        return;
    const char **cells = self->shown[1 + self->shown_count++];
    int64_t position = cairn_pg_integer(rows, row, POSITION);
    cells[0] = copy_cell(self, cairn_pg_text(rows, row, CHECK));
    cells[1] =
        cairn_pg_null(rows, row, POSITION) ? "-" : cairn_print(&self->arena, "%" PRId64, position);
    cells[2] = copy_cell(self, cairn_pg_text(rows, row, STREAM));
    cells[3] = copy_cell(self, cairn_pg_text(rows, row, PROBLEM));
}

static void take(struct verification *self, const struct cairn_pg_result *rows, int64_t count)
{
    int64_t before[CHECKS];
    for (int i = 0; i < CHECKS; i++)
        before[i] = self->checks[i].problems;
    for (int64_t r = 0; r < count; r++) {
        struct check *check = find(self, cairn_pg_text(rows, r, CHECK));
        if (!check)
            continue;
        int64_t known = before[check - self->checks]++;
        keep(self, rows, r, known);
        if (known == check->problems) /* the first row of this check */
            check->problems += cairn_pg_integer(rows, r, COUNT);
    }
}

/* Runs one statement. A negative `to` stands for the end of the log at that time. */
static int64_t run_check(struct verification *self, const struct cairn_statement *statement,
                         int64_t from, int64_t to, bool is_range, struct cairn_error *error)
{
    cairn_arena_reset(&self->range);
    struct cairn_pg_params params = {.arena = &self->range};
    cairn_pg_add_integer(&params, from);
    if (is_range && to < 0)
        cairn_pg_add_null(&params);
    else if (is_range)
        cairn_pg_add_integer(&params, to);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(self->pg, statement, &params, &rows, error);
    if (count > 0)
        take(self, rows, count);
    return count;
}

/* ---- the order of the work ---- */

static int64_t verify_range(struct verification *self, int64_t from, int64_t to,
                            struct cairn_error *error)
{
    int64_t count = 0;
    for (const struct cairn_statement *at = of_a_range; at->name && count >= 0; at++)
        count = run_check(self, at, from, to, true, error);
    if (count < 0)
        return count;
    /* the rows of commands without events may be newer than every event */
    return run_check(self, &commands_statement, from, to == self->head ? -1 : to, true, error);
}

static int64_t verify_ranges(struct verification *self, struct cairn_progress *progress,
                             struct cairn_error *error)
{
    int64_t from = self->from;
    do {
        int64_t to = self->head - from > RANGE ? from + RANGE : self->head;
        int64_t count = verify_range(self, from, to, error);
        if (count < 0)
            return count;
        from = to;
        cairn_progress_at(progress, from - self->from);
    } while (from < self->head);
    return 0;
}

static int64_t verify_all(struct verification *self, struct cairn_progress *progress,
                          struct cairn_error *error)
{
    int64_t count = run_check(self, &protection_statement, self->from, 0, false, error);
    if (count >= 0)
        count = verify_ranges(self, progress, error);
    if (count < 0)
        return count;
    cairn_progress_note(progress, "looking for duplicate ids ...");
    count = run_check(self, &ids_statement, self->from, 0, false, error);
    if (count < 0)
        return count;
    cairn_progress_note(progress, "comparing the claims with the log ...");
    count = run_check(self, &claims_statement, self->from, 0, false, error);
    if (count < 0)
        return count;
    cairn_progress_note(progress, "comparing the tags with the log ...");
    count = run_check(self, &tags_statement, self->from, 0, false, error);
    if (count < 0)
        return count;
    cairn_progress_note(progress, "comparing timers and commands of processes with the log ...");
    return run_check(self, &processes_statement, self->from, 0, false, error);
}

/* Reads how much there is to examine, and the head. */
static int64_t count_all(struct verification *self, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(self->pg, &count_statement, NULL, &rows, error);
    if (count < 0)
        return count;
    self->head = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "head"));
    if (self->from > self->head)
        self->from = self->head;
    for (int i = 0; i < CHECKS; i++)
        self->checks[i].examined = self->head - self->from;
    self->checks[EVENT_TYPES].examined =
        cairn_pg_integer(rows, 0, cairn_pg_column(rows, "event_types"));
    self->checks[CLAIMS].examined = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "claims"));
    self->checks[TAGS].examined = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "tags"));
    self->checks[COMMANDS].examined = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "commands"));
    self->checks[PROCESSES].examined =
        cairn_pg_integer(rows, 0, cairn_pg_column(rows, "processes"));
    self->checks[PROTECTION].examined = 1;
    return 0;
}

/* ---- results ---- */

static void show_table(struct verification *self)
{
    const char *cells[1 + CHECKS][3] = {{"check", "examined", "problems"}};
    for (int i = 0; i < CHECKS; i++) {
        const struct check *check = &self->checks[i];
        cells[1 + i][0] = check->name;
        cells[1 + i][1] = cairn_print(&self->arena, "%" PRId64, check->examined);
        cells[1 + i][2] = cairn_print(&self->arena, "%" PRId64, check->problems);
    }
    cairn_cli_table(cells[0], 3, CHECKS);
    if (self->shown_count == 0)
        return;
    static const char *const headings[] = {"check", "position", "stream", "problem"};
    memcpy(self->shown[0], headings, sizeof headings);
    (void)printf("\n");
    cairn_cli_table(self->shown[0], 4, self->shown_count);
}

static void show_lines(struct verification *self)
{
    for (int i = 0; i < CHECKS; i++)
        (void)printf("{\"check\":\"%s\",\"examined\":%" PRId64 ",\"problems\":%" PRId64 "}\n",
                     self->checks[i].name, self->checks[i].examined, self->checks[i].problems);
    for (int64_t i = 1; i <= self->shown_count; i++) {
        const char *const *cells = self->shown[i];
        struct cairn_buffer line = cairn_buffer(&self->arena);
        cairn_buffer_print(&line, "{\"check\":\"%s\",\"position\":%s,\"stream\":", cells[0],
                           strcmp(cells[1], "-") == 0 ? "null" : cells[1]);
        cairn_buffer_json(&line, strcmp(cells[2], "-") == 0 ? NULL : cells[2]);
        cairn_buffer_text(&line, ",\"problem\":");
        cairn_buffer_json(&line, cells[3]);
        (void)printf("%s}\n", line.text);
    }
}

static int64_t count_problems(const struct verification *self)
{
    int64_t problems = 0;
    for (int i = 0; i < CHECKS; i++)
        problems += self->checks[i].problems;
    return problems;
}

static int64_t verify(struct verification *self, struct cairn_error *error)
{
    int64_t outcome = cairn_cli_open(&self->pg, error);
    if (outcome < 0)
        return outcome;
    cairn_pg_set_deadline(self->pg, CAIRN_HOURS(1));
    outcome = count_all(self, error);
    if (outcome < 0)
        return outcome;
    struct cairn_progress progress;
    cairn_progress_begin(&progress, "verify", self->head - self->from);
    outcome = verify_all(self, &progress, error);
    cairn_progress_end(&progress);
    return outcome;
}

/* ---- a read model ---- */

static int verify_read_model(const struct cairn_cli_command *command,
                             const struct cairn_cli_options *options)
{
    const char *const words[] = {"verify", options->words[0], options->json ? "--json" : NULL,
                                 NULL};
    return cairn_cli_become_projector(command, words);
}

static int run_verify(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --from", 1, &options);
    if (status >= 0)
        return status;
    if (options.word_count > 0)
        return verify_read_model(command, &options);
    struct cairn_error error = {0};
    struct verification self = {.from = options.from > 0 ? options.from - 1 : 0};
    memcpy(self.checks, no_checks, sizeof no_checks);
    int64_t outcome = verify(&self, &error);
    if (outcome >= 0 && options.json)
        show_lines(&self);
    else if (outcome >= 0)
        show_table(&self);
    status = cairn_cli_end(command, self.pg, outcome, &error);
    if (status == 0 && count_problems(&self) > 0)
        status = 1;
    cairn_arena_close(&self.range);
    cairn_arena_close(&self.arena);
    return status;
}

const struct cairn_cli_command cairn_cli_verify = {
    .name = "verify",
    .usage = "verify [NAME] [--from POSITION] [--json]",
    .summary = "prove the log and what is derived from it, or a read model",
    .details =
        "Proves that positions and versions have no gaps, times do not decrease, ids are unique, data and\n"
        "meta are readable, the log is protected against changes, and that event types, claims and commands\n"
        "are what the log says; for the events from a position on (1). It only reads, and appends continue.\n"
        "Ends with 1 if it has found a problem.\n"
        "\n"
        "With the NAME of a read model it folds the log and compares every row with it, in PostgreSQL and in\n"
        "Redis, while the projector continues; it reports differences and the last event of each such row.\n"
        "The program that has the projections does that: the one that CAIRN_PROJECTOR names (any service:\n"
        "`my-service verify NAME`), or else cairn-projector.",
    .example = "cairn verify order_summary",
    .run = run_verify,
};
