/* progress.h - how far a long piece of work has come, for a person who waits for it: one line on
 * standard error, if that is a terminal and the work takes more than a second. */
#ifndef CAIRN_CORE_PROGRESS_H
#define CAIRN_CORE_PROGRESS_H

#include <stdint.h>

struct cairn_progress {
    const char *label;
    int64_t total;
    int64_t begun_us; /* monotonic */
    int64_t drawn_us; /* 0: nothing is drawn */
    int columns;      /* 0: no terminal */
};

void cairn_progress_begin(struct cairn_progress *progress, const char *label, int64_t total);
void cairn_progress_at(struct cairn_progress *progress, int64_t done);
/* A part of the work that cannot be counted. */
void cairn_progress_note(struct cairn_progress *progress, const char *what);
void cairn_progress_end(struct cairn_progress *progress); /* wipes the line */

/* How many columns a terminal has; 80 if it does not say. 0 if the descriptor is no terminal. */
int cairn_terminal_width(int fd);

#endif
