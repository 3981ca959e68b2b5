/* cli_session.c - connects to the database, prints rows as a table or as JSON lines, and reports
 * errors. */
#include "cli/cli.h"

#include "runtime/config/config.h"
#include "store/migrate.h"

#include <string.h>
#include <sysexits.h>

int cairn_cli_connect(struct cairn_pg **ret, struct cairn_error *error)
{
    struct cairn_config config;
    int failed = cairn_config_read(&config, NULL, error);
    return failed ? failed : cairn_pg_open(config.database_url, "cairn", ret, error);
}

int cairn_cli_open(struct cairn_pg **ret, struct cairn_error *error)
{
    int failed = cairn_cli_connect(ret, error);
    return failed ? failed : cairn_migrate_check(*ret, error);
}

/* ---- rows ---- */

static const char *cell(const struct cairn_pg_result *rows, int64_t row, int column)
{
    const char *text = cairn_pg_text(rows, row, column);
    return text ? text : "-";
}

static void print_table(const struct cairn_pg_result *rows, int64_t count,
                        struct cairn_arena *arena)
{
    int columns = cairn_pg_columns(rows);
    columns = columns < CAIRN_CLI_COLUMNS_MAX ? columns : CAIRN_CLI_COLUMNS_MAX;
    const char **cells = cairn_new(arena, const char *, (size_t)(columns * (count + 1)));
    const char **at = cells;
    for (int c = 0; c < columns; c++)
        *at++ = cairn_pg_column_name(rows, c);
    for (int64_t r = 0; r < count; r++) {
        for (int c = 0; c < columns; c++)
            *at++ = cairn_cli_visible(arena, cell(rows, r, c));
    }
    cairn_cli_table(cells, columns, count);
}

static void print_lines(const struct cairn_pg_result *rows, int64_t count)
{
    for (int64_t r = 0; r < count; r++)
        (void)printf("%s\n", cairn_pg_text(rows, r, 0));
}

void cairn_cli_show_rows(const struct cairn_pg_result *rows, int64_t count)
{
    struct cairn_arena arena = {0};
    print_table(rows, count, &arena);
    cairn_arena_close(&arena);
}

int64_t cairn_cli_show(struct cairn_pg *pg, const char *sql, const struct cairn_pg_params *params,
                       bool json, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    const char *wrapped =
        cairn_print(&arena, json ? "select row_to_json(shown) from (%s) shown" : "%s", sql);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call_printed(pg, wrapped, params, &rows, error);
    if (count >= 0 && json)
        print_lines(rows, count);
    else if (count >= 0)
        print_table(rows, count, &arena);
    cairn_arena_close(&arena);
    return count;
}

/* ---- errors ---- */

/* Returns the exit status of an error. A refusal of Cairn's SQL functions (SQLSTATE CA...) is an
 * answer, not a defect. */
static int exit_status(const struct cairn_error *error, const char *state)
{
    switch ((int)error->code) {
    case CAIRN_CONFIG:
        return EX_USAGE;
    case CAIRN_SCHEMA:
        return EX_CONFIG;
    case CAIRN_UNAVAILABLE:
    case CAIRN_BUSY:
    case CAIRN_UNKNOWN:
        return EX_UNAVAILABLE;
    case CAIRN_FORBIDDEN:
        return EX_NOPERM;
    case CAIRN_BUG:
        if (strcmp(state, "42501") == 0)
            return EX_NOPERM;
        return strncmp(state, "CA", 2) == 0 ? 1 : EX_SOFTWARE;
    default:
        return 1;
    }
}

int cairn_cli_end(const struct cairn_cli_command *command, struct cairn_pg *pg, int64_t outcome,
                  const struct cairn_error *error)
{
    int status = 0;
    if (outcome < 0) {
        status = exit_status(error, pg ? cairn_pg_state(pg) : "");
        struct cairn_arena arena = {0};
        (void)fprintf(stderr, "cairn %s: %s\n", command->name,
                      cairn_cli_visible(&arena, error->message));
        cairn_arena_close(&arena);
        if (error->code == CAIRN_BUSY)
            (void)fprintf(stderr, "Another session held the append lock for too long, and nothing "
                                  "was written;\n`cairn status` names it.\n");
        if (status == EX_NOPERM)
            (void)fprintf(stderr, "The role that DATABASE_URL names has no right to do this: "
                                  "connect as the owner of the database.\n");
    }
    cairn_pg_close(pg);
    return status;
}

int cairn_cli_run(const struct cairn_cli_command *command, const struct cairn_cli_options *options,
                  int64_t (*work)(struct cairn_pg *pg, const struct cairn_cli_options *options,
                                  struct cairn_arena *arena, struct cairn_error *error))
{
    struct cairn_pg *pg = NULL;
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    int64_t outcome = cairn_cli_open(&pg, &error);
    if (outcome >= 0)
        outcome = work(pg, options, &arena, &error);
    int status = cairn_cli_end(command, pg, outcome, &error);
    cairn_arena_close(&arena);
    return status == 0 && outcome > 0 ? 1 : status;
}
