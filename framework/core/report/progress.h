/* progress.h - shows the progress of long work to a waiting user: one line on standard error, if
 * that is a terminal and the work takes more than a second.
 *
 * Work may have phases: each has a total of its own, and its rate and remaining time are computed
 * from its start. A total may grow during the work. */
#ifndef CAIRN_CORE_PROGRESS_H
#define CAIRN_CORE_PROGRESS_H

#include <stdint.h>

struct cairn_progress {
    const char *label;
    const char *phase; /* NULL: the work has no phases */
    int64_t total;     /* of the phase; 0: cannot be counted */
    int64_t first;     /* already done when the phase began */
    int64_t begun_us;  /* monotonic: start of the work */
    int64_t phase_us;  /* monotonic: start of the phase */
    int64_t drawn_us;  /* monotonic; 0: nothing is drawn */
    int columns;       /* 0: not a terminal */
};

void cairn_progress_begin(struct cairn_progress *progress, const char *label, int64_t total);
/* Begins a phase, at `done` of `total`. `phase` is borrowed until the next one. */
void cairn_progress_phase(struct cairn_progress *progress, const char *phase, int64_t done,
                          int64_t total);
void cairn_progress_at(struct cairn_progress *progress, int64_t done);
/* Shows a part of the work that cannot be counted. */
void cairn_progress_note(struct cairn_progress *progress, const char *what);
void cairn_progress_end(struct cairn_progress *progress); /* clears the line */

/* Returns the rate per second since the phase began; 0 while unknown. */
int64_t cairn_progress_rate(const struct cairn_progress *progress, int64_t done);
/* Returns the seconds left at that rate; -1 while unknown. */
int64_t cairn_progress_left_s(const struct cairn_progress *progress, int64_t done);

/* Returns the terminal's width in columns, 80 if it is unknown; 0 if the descriptor is not a
 * terminal. */
int cairn_terminal_width(int fd);

#endif
