/* show.c - rows on a terminal, or as JSON lines. */
#include "cli/cli.h"

#include "runtime/config.h"

#include <string.h>
#include <sysexits.h>

int cairn_cli_connect(struct cairn_pg **ret, struct cairn_error *error)
{
    struct cairn_config config;
    int failed = cairn_config_read(&config, 0, error);
    return failed ? failed : cairn_pg_open(config.database_url, "cairn", ret, error);
}

int cairn_cli_fail(const struct cairn_cli_command *command, const struct cairn_error *error)
{
    (void)fprintf(stderr, "cairn %s: %s\n", command->name, error->message);
    if (error->code == CAIRN_CONFIG)
        return EX_USAGE;
    return error->code == CAIRN_UNAVAILABLE ? EX_UNAVAILABLE : 1;
}

/* How many columns of the terminal a text takes: its characters, for most scripts. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static const char *cell(const struct cairn_pg_result *rows, int64_t row, int column)
{
    const char *text = cairn_pg_text(rows, row, column);
    return text ? text : "-";
}

static void print_cell(const char *text, int width, bool last)
{
    (void)printf("%s%*s", text, last ? 0 : width - width_of(text) + 2, "");
    if (last)
        (void)printf("\n");
}

enum { COLUMNS_MAX = 16 };

static void print_table(const struct cairn_pg_result *rows, int64_t count)
{
    int widths[COLUMNS_MAX];
    int columns = cairn_pg_columns(rows);
    columns = columns < COLUMNS_MAX ? columns : COLUMNS_MAX;
    for (int c = 0; c < columns; c++) {
        widths[c] = width_of(cairn_pg_column(rows, c));
        for (int64_t r = 0; r < count; r++) {
            int width = width_of(cell(rows, r, c));
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    for (int c = 0; c < columns; c++)
        print_cell(cairn_pg_column(rows, c), widths[c], c == columns - 1);
    for (int64_t r = 0; r < count; r++) {
        for (int c = 0; c < columns; c++)
            print_cell(cell(rows, r, c), widths[c], c == columns - 1);
    }
}

static void print_lines(const struct cairn_pg_result *rows, int64_t count)
{
    for (int64_t r = 0; r < count; r++)
        (void)printf("%s\n", cairn_pg_text(rows, r, 0));
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
        print_table(rows, count);
    cairn_arena_close(&arena);
    return count;
}
