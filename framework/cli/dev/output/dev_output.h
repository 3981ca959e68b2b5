/* dev_output.h - the stream that `cairn dev` prints: one line for each thing that happens, with the
 * time and a label; in colours on a terminal. */
#ifndef CAIRN_CLI_DEV_DEV_OUTPUT_H
#define CAIRN_CLI_DEV_DEV_OUTPUT_H

#include "cli/terminal.h"
#include "core/containers/arena.h"

struct cairn_dev_output {
    bool colours;
    int columns; /* of the terminal; 0: it is none, and no line is cut */
};

void cairn_dev_output_begin(struct cairn_dev_output *ret);

/* Prints a line. */
void cairn_dev_say(const struct cairn_dev_output *output, enum cairn_colour colour,
                   const char *label, const char *format, ...) CAIRN_PRINTF(4, 5);

/* The same for a line that ends with data: on a terminal it is cut where it would take more than
 * three lines. */
void cairn_dev_show(const struct cairn_dev_output *output, enum cairn_colour colour,
                    const char *label, const char *text);

/* Prints text of several lines, such as a compiler's, as it is. */
void cairn_dev_quote(const struct cairn_dev_output *output, const char *text);

#endif
