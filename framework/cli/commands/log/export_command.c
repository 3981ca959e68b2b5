/* export_command.c - `cairn export`: writes the log to standard output. The head is read once, and
 * positions up to it never change, so the file is a consistent copy although it is read range by
 * range. */
#include "cli/commands/commands.h"
#include "cli/commands/log/export_line.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Positions read at once, fewer where events are large. */
enum { RANGE_FIRST = 200, RANGE_MAX = 5000, LIGHT_BYTES = 1 << 21, HEAVY_BYTES = 1 << 23 };

struct export_job {
    struct cairn_pg *pg;
    struct cairn_arena arena; /* of one range */
    struct cairn_line_header header;
    uint64_t sum;
    int64_t range;
};

static const struct cairn_statement store_statement = {
    "export_store",
    "select store_id, epoch, cairn.head() from cairn.store",
};

static const struct cairn_statement range_statement = {
    "export_range",
    "select position, stream, version, type, schema_version, event_id, recorded_at, data, meta"
    " from cairn.read_range($1, $2)",
};
enum { POSITION, STREAM, VERSION, TYPE, SCHEMA_VERSION, EVENT_ID, RECORDED_AT, DATA, META };

static const struct cairn_statement amendments_statement = {
    "export_amendments",
    "select position, event_id, data, reason, made_by::text, made_at from cairn.amendments"
    " where position between $1 and $2 order by position",
};

/* ---- writing ---- */

static int write_out(const struct cairn_buffer *out, struct cairn_error *error)
{
    if (fwrite(out->text, 1, out->length, stdout) == out->length)
        return 0;
    return cairn_fail(error, CAIRN_INVALID, "cannot write: %s", strerror(errno));
}

static int write_header(struct export_job *self, struct cairn_error *error)
{
    struct cairn_buffer out = cairn_buffer(&self->arena);
    cairn_line_put_header(&out, &self->header, &self->sum);
    return write_out(&out, error);
}

static int write_trailer(struct export_job *self, struct cairn_error *error)
{
    struct cairn_buffer out = cairn_buffer(&self->arena);
    cairn_line_put_trailer(&out, self->header.to - self->header.from + 1, &self->sum);
    int failed = write_out(&out, error);
    if (!failed && fflush(stdout) != 0)
        failed = cairn_fail(error, CAIRN_INVALID, "cannot write: %s", strerror(errno));
    return failed;
}

/* ---- reading ---- */

static struct cairn_stored_event event_at(const struct cairn_pg_result *rows, int64_t row)
{
    return (struct cairn_stored_event){
        .position = cairn_pg_integer(rows, row, POSITION),
        .stream = cairn_pg_text(rows, row, STREAM),
        .version = cairn_pg_integer(rows, row, VERSION),
        .type = cairn_pg_text(rows, row, TYPE),
        .schema_version = cairn_pg_integer(rows, row, SCHEMA_VERSION),
        .event_id = cairn_pg_uuid(rows, row, EVENT_ID),
        .recorded_at = cairn_pg_time(rows, row, RECORDED_AT),
        .data = cairn_pg_text(rows, row, DATA),
        .meta = cairn_pg_text(rows, row, META),
    };
}

static void fit_range(struct export_job *self, size_t bytes)
{
    if (bytes > HEAVY_BYTES && self->range > 1)
        self->range /= 2;
    else if (bytes < LIGHT_BYTES && self->range < RANGE_MAX)
        self->range = self->range * 2 < RANGE_MAX ? self->range * 2 : RANGE_MAX;
}

/* Writes the events after `from`, up to `to`. */
static int export_range(struct export_job *self, int64_t from, int64_t to,
                        struct cairn_error *error)
{
    cairn_arena_reset(&self->arena);
    struct cairn_pg_params params = {.arena = &self->arena};
    cairn_pg_add_integer(&params, from);
    cairn_pg_add_integer(&params, to);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(self->pg, &range_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    struct cairn_buffer out = cairn_buffer(&self->arena);
    for (int64_t i = 0; i < count; i++) {
        const struct cairn_stored_event event = event_at(rows, i);
        cairn_line_put_event(&out, &event, &self->sum);
    }
    if (count != to - from)
        return cairn_fail(error, CAIRN_INVALID,
                          "events are missing between the positions %" PRId64 " and %" PRId64
                          ": `cairn verify` names them",
                          from + 1, to);
    fit_range(self, out.length);
    return write_out(&out, error);
}

static int export_events(struct export_job *self, struct cairn_error *error)
{
    int64_t from = self->header.from - 1;
    struct cairn_progress progress;
    cairn_progress_begin(&progress, "export", self->header.to - from);
    if (isatty(STDOUT_FILENO))
        progress.columns = 0; /* the terminal shows the events themselves */
    int failed = 0;
    while (!failed && from < self->header.to) {
        int64_t left = self->header.to - from;
        int64_t to = from + (left < self->range ? left : self->range);
        failed = export_range(self, from, to, error);
        from = to;
        cairn_progress_at(&progress, from - self->header.from + 1);
    }
    cairn_progress_end(&progress);
    return failed;
}

/* Writes the amendments of the exported events; later amendments are not in the file. */
static int export_amendments(struct export_job *self, struct cairn_error *error)
{
    cairn_arena_reset(&self->arena);
    struct cairn_pg_params params = {.arena = &self->arena};
    cairn_pg_add_integer(&params, self->header.from);
    cairn_pg_add_integer(&params, self->header.to);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(self->pg, &amendments_statement, &params, &rows, error);
    struct cairn_buffer out = cairn_buffer(&self->arena);
    for (int64_t i = 0; i < count; i++) {
        const struct cairn_line_amendment amendment = {
            .position = cairn_pg_integer(rows, i, 0),
            .event_id = cairn_pg_uuid(rows, i, 1),
            .data = cairn_pg_null(rows, i, 2) ? NULL : cairn_pg_text(rows, i, 2),
            .reason = cairn_pg_text(rows, i, 3),
            .made_by = cairn_pg_text(rows, i, 4),
            .made_at = cairn_pg_time(rows, i, 5),
        };
        cairn_line_put_amendment(&out, &amendment, &self->sum);
    }
    if (count <= 0)
        return (int)count;
    return write_out(&out, error);
}

/* ---- the export ---- */

static int read_store(struct export_job *self, struct cairn_error *error)
{
    struct cairn_line_header *header = &self->header;
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(self->pg, &store_statement, NULL, &rows, error);
    if (count < 0)
        return (int)count;
    if (count != 1)
        return cairn_fail(error, CAIRN_SCHEMA, "cairn.store has %" PRId64 " rows, not one", count);
    header->store_id = cairn_pg_uuid(rows, 0, 0);
    header->epoch = cairn_pg_integer(rows, 0, 1);
    header->head = cairn_pg_integer(rows, 0, 2);
    if (header->to < 0 || header->to > header->head)
        header->to = header->head;
    if (header->from < 1)
        header->from = 1;
    if (header->from > header->to + 1)
        return cairn_fail(error, CAIRN_INVALID,
                          "there is nothing from %" PRId64 " to %" PRId64
                          ": the log ends at %" PRId64,
                          header->from, header->to, header->head);
    return 0;
}

static int export_all(struct export_job *self, struct cairn_error *error)
{
    int failed = cairn_cli_open(&self->pg, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(self->pg, CAIRN_MINUTES(5));
    failed = read_store(self, error);
    if (!failed)
        failed = write_header(self, error);
    if (!failed)
        failed = export_events(self, error);
    if (!failed)
        failed = export_amendments(self, error);
    return failed ? failed : write_trailer(self, error);
}

static int run_export(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --from --to", 0, &options);
    if (status >= 0)
        return status;
    struct cairn_error error = {0};
    struct export_job self = {.header = {.from = options.from, .to = options.to},
                              .range = RANGE_FIRST};
    int failed = export_all(&self, &error);
    cairn_arena_close(&self.arena);
    return cairn_cli_end(command, self.pg, failed, &error);
}

const struct cairn_cli_command cairn_cli_export = {
    .name = "export",
    .usage = "export [--from POSITION] [--to POSITION]",
    .summary = "write the log to standard output",
    .details =
        "Writes one JSON object per line: a header, the events, and a last line without which the file is\n"
        "not complete. Each line has a checksum of all lines before it. Appends continue meanwhile; their\n"
        "events are not in the file.",
    .example = "cairn export | gzip > shop.jsonl.gz",
    .run = run_export,
};
