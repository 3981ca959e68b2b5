/* dev_output.c - prints the stream of `cairn dev`. */
#include "cli/dev/output/dev_output.h"

#include "cli/cli.h"
#include "core/report/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_COLUMNS = 19, LEAST_COLUMNS = 40 }; /* "12:00:01  request  " */
/* Lines of the terminal that one line of data may take. */
enum { LINES_MAX = 3 };

void cairn_dev_output_begin(struct cairn_dev_output *ret)
{
    int columns = cairn_terminal_width(STDOUT_FILENO);
    *ret = (struct cairn_dev_output){
        .colours = cairn_terminal_has_colours(),
        .columns = columns && columns < LEAST_COLUMNS ? LEAST_COLUMNS : columns,
    };
}

static void print_line(const struct cairn_dev_output *output, enum cairn_colour colour,
                       const char *label, const char *text, int length, bool cut)
{
    char clock[16];
    struct tm parts;
    time_t now = time(NULL);
    (void)localtime_r(&now, &parts);
    (void)strftime(clock, sizeof clock, "%H:%M:%S", &parts);
    (void)printf("%s%s%s  %s%-8s%s %.*s%s\n", cairn_colour_on(CAIRN_DIM, output->colours), clock,
                 cairn_colour_off(output->colours), cairn_colour_on(colour, output->colours), label,
                 cairn_colour_off(output->colours), length, text, cut ? "…" : "");
    (void)fflush(stdout);
}

void cairn_dev_say(const struct cairn_dev_output *output, enum cairn_colour colour,
                   const char *label, const char *format, ...)
{
    struct cairn_arena arena = {0};
    va_list list;
    va_start(list, format);
    const char *text = cairn_cli_visible(&arena, cairn_print_va(&arena, format, list));
    va_end(list);
    print_line(output, colour, label, text, (int)strlen(text), false);
    cairn_arena_close(&arena);
}

/* Returns how many bytes of the text fit, whole characters. */
static int bytes_that_fit(const char *text, int columns)
{
    const char *at = text;
    for (; *at && columns > 0; columns--) {
        at++;
        while (((unsigned char)*at & 0xC0) == 0x80)
            at++;
    }
    return (int)(at - text);
}

void cairn_dev_show(const struct cairn_dev_output *output, enum cairn_colour colour,
                    const char *label, const char *text)
{
    struct cairn_arena arena = {0};
    const char *visible = cairn_cli_visible(&arena, text);
    int length = (int)strlen(visible);
    int columns = LINES_MAX * output->columns - HEAD_COLUMNS;
    int fits = output->columns ? bytes_that_fit(visible, columns) : length;
    bool cut = fits < length;
    if (cut)
        fits = bytes_that_fit(visible, columns - 1);
    print_line(output, colour, label, visible, fits, cut);
    cairn_arena_close(&arena);
}

void cairn_dev_quote(const struct cairn_dev_output *output, const char *text)
{
    struct cairn_arena arena = {0};
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, "\n");
        const char *line = cairn_copy_bytes(&arena, at, length);
        (void)printf("%s  |%s %s\n", cairn_colour_on(CAIRN_DIM, output->colours),
                     cairn_colour_off(output->colours), cairn_cli_visible(&arena, line));
        at += length + (at[length] == '\n');
    }
    (void)fflush(stdout);
    cairn_arena_close(&arena);
}
