/* progress.h - how far a long piece of work has come, for a person who waits for it: one line on
 * standard error, if that is a terminal and the work takes more than a second.
 *
 * Work may have phases: each has a measure of its own, of which the rate and the time that is left
 * are reckoned from where it began. A total may grow while it is worked off. */
#ifndef CAIRN_CORE_PROGRESS_H
#define CAIRN_CORE_PROGRESS_H

#include <stdint.h>

struct cairn_progress {
    const char *label;
    const char *phase; /* NULL: the work has none */
    int64_t total;     /* of the phase; 0: it cannot be counted */
    int64_t first;     /* what was done of it when we began to look */
    int64_t begun_us;  /* monotonic: the work */
    int64_t phase_us;  /* monotonic: the phase */
    int64_t drawn_us;  /* 0: nothing is drawn */
    int columns;       /* 0: no terminal */
};

void cairn_progress_begin(struct cairn_progress *progress, const char *label, int64_t total);
/* A new measure, at `done` of `total`. The text is borrowed until the next one. */
void cairn_progress_phase(struct cairn_progress *progress, const char *phase, int64_t done,
                          int64_t total);
void cairn_progress_at(struct cairn_progress *progress, int64_t done);
/* A part of the work that cannot be counted. */
void cairn_progress_note(struct cairn_progress *progress, const char *what);
void cairn_progress_end(struct cairn_progress *progress); /* wipes the line */

/* A second, since the phase began; 0 while nobody can tell. */
int64_t cairn_progress_rate(const struct cairn_progress *progress, int64_t done);
/* Seconds, at that rate; -1 while nobody can tell. */
int64_t cairn_progress_left_s(const struct cairn_progress *progress, int64_t done);

/* How many columns a terminal has; 80 if it does not say. 0 if the descriptor is no terminal. */
int cairn_terminal_width(int fd);

#endif
