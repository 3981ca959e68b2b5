/* terminal.h - colours, for output that a person reads on a terminal. */
#ifndef CAIRN_CLI_TERMINAL_H
#define CAIRN_CLI_TERMINAL_H

#include <stdbool.h>

enum cairn_colour {
    CAIRN_PLAIN = 0,
    CAIRN_GREEN,
    CAIRN_YELLOW,
    CAIRN_RED,
    CAIRN_BLUE,
    CAIRN_CYAN,
    CAIRN_DIM,
    CAIRN_BOLD,
};

/* Returns whether standard output is a terminal that is to have colours: NO_COLOR, and a TERM of
 * "dumb", forbid them (https://no-color.org). */
bool cairn_terminal_has_colours(void);

/* Returns the sequence that begins the colour, and that which ends any; "" without colours
 * (ECMA-48, SGR). */
const char *cairn_colour_on(enum cairn_colour colour, bool colours);
const char *cairn_colour_off(bool colours);

/* Returns whether a character of UTF-8 begins with this byte. */
bool cairn_begins_character(char byte);
/* Returns the width of a text in columns: its number of characters, for most scripts. */
int cairn_text_width(const char *text);

#endif
