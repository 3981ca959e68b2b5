/* text_table.c - prints rows in aligned columns, cut to the width of the terminal. */
#include "cli/cli.h"
#include "cli/terminal.h"

#include "core/containers/buffer.h"

#include <string.h>
#include <unistd.h>

enum { GAP = 2, NARROW = 12, NARROW_LAST = 24 };

/* ---- characters ---- */

/* Returns where the character number `n` begins. */
static const char *character(const char *text, int n)
{
    for (; *text; text++) {
        if (cairn_begins_character(*text) && n-- == 0)
            break;
    }
    return text;
}

/* Returns whether a control character begins at `at`: C0, DEL, or C1 in UTF-8. */
static bool is_control(const char *at)
{
    unsigned char c = (unsigned char)*at;
    unsigned char next = (unsigned char)at[1];
    return c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0);
}

const char *cairn_cli_visible(struct cairn_arena *arena, const char *text)
{
    const char *first = text;
    while (*first && !is_control(first))
        first++;
    if (!*first)
        return text;
    struct cairn_buffer out = cairn_buffer(arena);
    for (const char *at = text; *at; at++) {
        if (!is_control(at))
            cairn_buffer_char(&out, *at);
        else if ((unsigned char)*at == 0xc2)
            cairn_buffer_print(&out, "\\x%02x", (unsigned char)*++at);
        else
            cairn_buffer_print(&out, "\\x%02x", (unsigned char)*at);
    }
    return out.text;
}

static bool is_number(const char *text)
{
    return text[strspn(text, "0123456789.:+- ")] == '\0';
}

/* ---- columns ---- */

struct column {
    int width;
    bool numbers; /* or times: right-aligned, never cut */
};

static int measure(const char *const *cells, int columns, int64_t rows, struct column *ret)
{
    int total = GAP * (columns - 1);
    for (int c = 0; c < columns; c++) {
        ret[c] = (struct column){.numbers = rows > 0};
        for (int64_t r = 0; r <= rows; r++) {
            const char *cell = cells[r * columns + c];
            int width = cairn_text_width(cell);
            ret[c].width = width > ret[c].width ? width : ret[c].width;
            ret[c].numbers = ret[c].numbers && (r == 0 || is_number(cell));
        }
        total += ret[c].width;
    }
    return total;
}

/* Returns the widest column that is not of numbers and is wider than `least`; -1 if there is
 * none. */
static int widest(const struct column *column, int columns, int least)
{
    int found = -1;
    for (int c = 0; c < columns; c++) {
        if (!column[c].numbers && column[c].width > least &&
            (found < 0 || column[c].width > column[found].width))
            found = c;
    }
    return found;
}

static void fit(struct column *column, int columns, int excess)
{
    struct column *last = &column[columns - 1];
    for (; excess > 0 && !last->numbers && last->width > NARROW_LAST; excess--)
        last->width--;
    for (int c; excess > 0 && (c = widest(column, columns, NARROW)) >= 0; excess--)
        column[c].width--;
}

/* ---- cells ---- */

static void print_blanks(int count)
{
    (void)printf("%*s", count, "");
}

static void print_cut(const char *text, int width, int length, bool last)
{
    int tail = last ? 0 : (width - 1) / 2;
    int head = width - 1 - tail;
    (void)printf("%.*s\u2026%s", (int)(character(text, head) - text), text,
                 character(text, length - tail));
}

static void print_cell(const char *text, const struct column *column, bool last)
{
    int length = cairn_text_width(text);
    int room = column->width - length;
    if (column->numbers && room > 0)
        print_blanks(room);
    if (room < 0)
        print_cut(text, column->width, length, last);
    else
        (void)fputs(text, stdout);
    if (last)
        (void)putchar('\n');
    else
        print_blanks(GAP + (column->numbers || room < 0 ? 0 : room));
}

void cairn_cli_table(const char *const *cells, int columns, int64_t rows)
{
    struct column column[CAIRN_CLI_COLUMNS_MAX];
    int total = measure(cells, columns, rows, column);
    int terminal = cairn_terminal_width(STDOUT_FILENO);
    if (terminal > 0)
        fit(column, columns, total - terminal);
    for (int64_t r = 0; r <= rows; r++) {
        for (int c = 0; c < columns; c++)
            print_cell(cells[r * columns + c], &column[c], c == columns - 1);
    }
}
