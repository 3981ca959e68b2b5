/* import_command.c - `cairn import`: loads a file of `cairn export` into an empty store, all of it
 * or nothing.
 *
 * One transaction takes the lock that appends take, copies the events, proves their order, derives
 * the tables beside the log, and adopts the timeline. An error or a crash before its commit leaves
 * the store as empty as it was. */
#include "cli/commands/commands.h"
#include "cli/commands/log/export_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

struct amended {
    struct cairn_line_amendment amendment;
    struct amended *next;
};

struct import_job {
    struct cairn_pg *pg;
    struct cairn_pg_copy copy;
    struct cairn_line_header header;
    char *text; /* of the line that is read */
    size_t capacity;
    int64_t number; /* of the line, from 1 */
    uint64_t sum;
    int64_t position; /* of the newest event */

    /* amendments: kept here until the events are copied */
    struct cairn_arena arena;
    struct amended *amendments, **last;

    bool committing;
    struct cairn_progress progress;
};

/* ---- lines ---- */

static int fail_line(const struct import_job *self, const char *what, struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_INVALID, "line %" PRId64 ": %s", self->number, what);
}

/* Reads the next line. Returns 1, or 0 at the end of the file. */
static int next_line(struct import_job *self, struct cairn_line *ret, struct cairn_error *error)
{
    self->number++;
    ssize_t length = getline(&self->text, &self->capacity, stdin);
    if (length < 0 && ferror(stdin))
        return fail_line(self, strerror(errno), error);
    if (length < 0)
        return 0;
    if (self->text[length - 1] != '\n')
        return fail_line(self, "the file ends within it: it was cut off", error);
    self->text[length - 1] = '\0';
    cairn_line_read(self->text, (size_t)length - 1, &self->sum, ret);
    if (ret->kind == CAIRN_LINE_RUBBISH)
        return fail_line(self, "it is not as `cairn export` writes it", error);
    return 1;
}

static int check_intact(const struct import_job *self, const struct cairn_line *line,
                        struct cairn_error *error)
{
    return line->intact
               ? 0
               : fail_line(self, "the file was changed here: the checksum is wrong", error);
}

static int read_header(struct import_job *self, struct cairn_error *error)
{
    struct cairn_line line = {0};
    int got = next_line(self, &line, error);
    if (got < 0)
        return got;
    if (got == 0 || line.kind != CAIRN_LINE_HEADER)
        return fail_line(self, "an export begins with its header, this does not", error);
    if (line.format != CAIRN_LINE_FORMAT)
        return fail_line(self,
                         "a later release has written it, in a format that this one does "
                         "not know",
                         error);
    self->header = line.header;
    if (line.header.from != 1 && line.intact)
        return fail_line(self, "it is a part of a log: an import needs all from position 1", error);
    return check_intact(self, &line, error);
}

/* ---- events ---- */

static int copy_event(struct import_job *self, const struct cairn_stored_event *event,
                      struct cairn_error *error)
{
    enum { COLUMNS = 10 };
    int failed = cairn_pg_copy_row(&self->copy, COLUMNS, error);
    cairn_pg_copy_smallint(&self->copy, 0);
    cairn_pg_copy_integer(&self->copy, event->position);
    cairn_pg_copy_text(&self->copy, event->stream);
    cairn_pg_copy_integer(&self->copy, event->version);
    cairn_pg_copy_text(&self->copy, event->type);
    cairn_pg_copy_int(&self->copy, (int32_t)event->schema_version);
    cairn_pg_copy_uuid(&self->copy, event->event_id);
    cairn_pg_copy_text(&self->copy, event->data);
    cairn_pg_copy_text(&self->copy, event->meta);
    cairn_pg_copy_time(&self->copy, event->recorded_at);
    return failed;
}

static int take_event(struct import_job *self, const struct cairn_line *line,
                      struct cairn_error *error)
{
    if (line->event.position != self->position + 1)
        return cairn_fail(error, CAIRN_INVALID,
                          "line %" PRId64 ": it has position %" PRId64 " where %" PRId64
                          " comes next: lines are missing, doubled or moved",
                          self->number, line->event.position, self->position + 1);
    int failed = check_intact(self, line, error);
    if (failed)
        return failed;
    self->position++;
    cairn_progress_at(&self->progress, self->position);
    return copy_event(self, &line->event, error);
}

static const char *keep(struct import_job *self, const char *text)
{
    return text ? cairn_copy_text(&self->arena, text) : NULL;
}

static int take_amendment(struct import_job *self, const struct cairn_line *line,
                          struct cairn_error *error)
{
    const struct cairn_line_amendment *amendment = &line->amendment;
    int failed = check_intact(self, line, error);
    if (failed)
        return failed;
    if (self->position != self->header.to || amendment->position > self->position)
        return fail_line(self, "it refers to an event that does not precede it", error);
    struct amended *one = cairn_new(&self->arena, struct amended, 1);
    one->amendment = *amendment;
    one->amendment.data = keep(self, amendment->data);
    one->amendment.reason = keep(self, amendment->reason);
    one->amendment.made_by = keep(self, amendment->made_by);
    *(self->last ? self->last : &self->amendments) = one;
    self->last = &one->next;
    return 0;
}

static int take_trailer(struct import_job *self, const struct cairn_line *line,
                        struct cairn_error *error)
{
    int failed = check_intact(self, line, error);
    if (failed)
        return failed;
    if (line->events != self->position || self->header.to != self->position)
        return fail_line(self, "the number of events differs from the header", error);
    self->number++;
    return getc(stdin) == EOF ? 0 : fail_line(self, "something follows the end", error);
}

static int copy_lines(struct import_job *self, struct cairn_error *error)
{
    struct cairn_line line = {0};
    for (;;) {
        int got = next_line(self, &line, error);
        if (got < 0)
            return got;
        if (got == 0)
            return fail_line(self, "the file ends before its last line: it was cut off", error);
        if (line.kind == CAIRN_LINE_TRAILER)
            return take_trailer(self, &line, error);
        int failed = line.kind == CAIRN_LINE_EVENT ? take_event(self, &line, error)
                     : line.kind == CAIRN_LINE_AMENDMENT
                         ? take_amendment(self, &line, error)
                         : fail_line(self, "a second header", error);
        if (failed)
            return failed;
    }
}

/* ---- the transaction ---- */

#define COPY                                                                                       \
    "copy cairn.events (shard, position, stream, version, type, schema_version, event_id, data,"   \
    " meta, recorded_at) from stdin (format binary)"

static int copy_events(struct import_job *self, struct cairn_error *error)
{
    int failed = cairn_pg_copy_begin(self->pg, COPY, &self->copy, error);
    if (failed)
        return failed;
    failed = copy_lines(self, error);
    if (!failed)
        failed = cairn_pg_copy_end(&self->copy, error);
    int64_t row = cairn_pg_refused_row(self->pg);
    if (failed && row > 0)
        cairn_error_context(error, "line %" PRId64, row + 1); /* after the header */
    cairn_pg_copy_close(&self->copy);
    return failed;
}

static const struct cairn_statement amend_statement = {
    "import_amendment",
    "insert into cairn.amendments (position, event_id, data, reason, made_by, made_at)"
    " select e.position, e.event_id, $3::json, $4, $5, $6 from cairn.events e"
    " where e.shard = 0 and e.position = $1 and e.event_id = $2 returning 1",
};

static int put_amendments(struct import_job *self, struct cairn_error *error)
{
    for (const struct amended *at = self->amendments; at; at = at->next) {
        const struct cairn_line_amendment *one = &at->amendment;
        struct cairn_pg_params params = {.arena = &self->arena};
        cairn_pg_add_integer(&params, one->position);
        cairn_pg_add_uuid(&params, one->event_id);
        cairn_pg_add_text(&params, one->data);
        cairn_pg_add_text(&params, one->reason);
        cairn_pg_add_text(&params, one->made_by);
        cairn_pg_add_time(&params, one->made_at);
        CAIRN_PG_RESULT *rows = NULL;
        int64_t count = cairn_pg_call(self->pg, &amend_statement, &params, &rows, error);
        if (count < 0)
            return (int)count;
        if (count == 0)
            return cairn_fail(error, CAIRN_INVALID,
                              "the amendment of position %" PRId64 " is about another event",
                              one->position);
    }
    return 0;
}

static const struct cairn_statement finish_statement = {
    "finish_import",
    "select claims, commands, left_over from cairn.finish_import($1, $2, $3)",
};

static int finish(struct import_job *self, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    cairn_pg_add_uuid(&params, self->header.store_id);
    cairn_pg_add_integer(&params, self->header.epoch);
    cairn_pg_add_integer(&params, self->position);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(self->pg, &finish_statement, &params, &rows, error);
    cairn_arena_close(&arena);
    if (count < 0)
        return (int)count;
    self->committing = true;
    int failed = cairn_pg_script(self->pg, "commit", error);
    if (failed)
        return failed;
    (void)printf("imported %" PRId64 " events, %" PRId64 " claims, %" PRId64 " commands\n",
                 self->position, cairn_pg_integer(rows, 0, 0), cairn_pg_integer(rows, 0, 1));
    if (!cairn_pg_null(rows, 0, 2))
        (void)printf("restart these, which may know another timeline: %s\n",
                     cairn_pg_text(rows, 0, 2));
    if (self->header.head > self->header.to)
        (void)printf("the exported log went on to position %" PRId64
                     ": run `cairn recover` before anything uses this store\n",
                     self->header.head);
    return 0;
}

static int import_all(struct import_job *self, struct cairn_error *error)
{
    int failed = read_header(self, error);
    if (!failed)
        failed = cairn_cli_open(&self->pg, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(self->pg, CAIRN_HOURS(4));
    failed = cairn_pg_script(self->pg, "begin; select cairn.begin_import()", error);
    if (failed)
        return failed;
    cairn_progress_begin(&self->progress, "import", self->header.to);
    failed = copy_events(self, error);
    if (!failed)
        failed = put_amendments(self, error);
    if (!failed) {
        cairn_progress_note(&self->progress, "proves what was copied ...");
        failed = finish(self, error);
    }
    if (!failed) /* the planner has statistics of an empty table only */
        (void)!cairn_pg_script(self->pg, "analyze cairn.events", NULL);
    cairn_progress_end(&self->progress);
    return failed;
}

static int run_import(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, "", 0, &options);
    if (status >= 0)
        return status;
    if (isatty(STDIN_FILENO)) {
        (void)fprintf(stderr, "cairn import: it reads standard input: cairn import < FILE\n");
        return EX_USAGE;
    }
    struct import_job self = {0};
    struct cairn_error error = {0};
    int failed = import_all(&self, &error);
    free(self.text);
    cairn_arena_close(&self.arena);
    status = cairn_cli_end(command, self.pg, failed, &error);
    if (failed)
        (void)fprintf(stderr, "%s\n",
                      self.committing
                          ? "It was about to be committed: `cairn status` tells whether "
                            "the events are there."
                          : "Nothing was imported.");
    return status;
}

const struct cairn_cli_command cairn_cli_import = {
    .name = "import",
    .usage = "import",
    .summary = "fill an empty store from an export",
    .details =
        "Reads a file of `cairn export` from standard input, completely or not at all: positions, versions,\n"
        "ids, times and the store's identity are those of the exported store; event types, claims and\n"
        "commands are derived from the events. The store must be empty, and the role its owner. If the\n"
        "exported store continued after the export, run `cairn recover` next: clients and read models may\n"
        "know events that are not in the file.",
    .example = "cairn migrate && gunzip < shop.jsonl.gz | cairn import",
    .run = run_import,
};
