/* findings.h - errors in what an author declares, collected so that all are reported at once: the
 * first ends the start, the others are logged before. */
#ifndef CAIRN_RUNTIME_FINDINGS_H
#define CAIRN_RUNTIME_FINDINGS_H

#include <cairn/error.h>

struct cairn_findings {
    struct cairn_error first;
    size_t count;
};

/* Adds an error that is set. */
void cairn_findings_add(struct cairn_findings *findings, const struct cairn_error *error);

/* Returns 0, or the first error, which says how many more there are. */
int cairn_findings_result(const struct cairn_findings *findings,
                          struct cairn_error *error) CAIRN_CHECKED;

#endif
