/* terminal.c - colours on a terminal. */
#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool cairn_terminal_has_colours(void)
{
    const char *none = getenv("NO_COLOR");
    const char *kind = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(none && *none) && kind && strcmp(kind, "dumb") != 0;
}

const char *cairn_colour_on(enum cairn_colour colour, bool colours)
{
    static const char *const sequences[] = {
        [CAIRN_PLAIN] = "",       [CAIRN_GREEN] = "\033[32m", [CAIRN_YELLOW] = "\033[33m",
        [CAIRN_RED] = "\033[31m", [CAIRN_BLUE] = "\033[34m",  [CAIRN_CYAN] = "\033[36m",
        [CAIRN_DIM] = "\033[2m",  [CAIRN_BOLD] = "\033[1m",
    };
    return colours ? sequences[colour] : "";
}

const char *cairn_colour_off(bool colours)
{
    return colours ? "\033[0m" : "";
}

bool cairn_begins_character(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

int cairn_text_width(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += cairn_begins_character(*text);
    return width;
}
