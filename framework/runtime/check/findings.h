/* findings.h - errors in what an author declares, collected so that all are reported at once: the
 * first ends the start, the others are logged before. */
#ifndef CAIRN_RUNTIME_FINDINGS_H
#define CAIRN_RUNTIME_FINDINGS_H

#include "core/containers/arena.h"

#include <cairn/error.h>

struct cairn_findings {
    struct cairn_arena arena;
    const char **messages;
    size_t count, capacity;
    size_t config; /* of these are of the configuration */
};

/* Adds an error, unless one of the same words was added before: a struct that is wrong is found by
 * all that use it. */
void cairn_findings_add(struct cairn_findings *findings, const struct cairn_error *error);

/* The same with -CAIRN_BUG and these words. */
void cairn_findings_say(struct cairn_findings *findings, const char *format, ...)
    CAIRN_PRINTF(2, 3);

/* Returns 0; or -CAIRN_BUG, or -CAIRN_CONFIG if only the configuration is wrong, with the first
 * error, which says how many more there are, after all others were logged. Frees the findings. */
int cairn_findings_end(struct cairn_findings *findings, struct cairn_error *error) CAIRN_CHECKED;

#endif
