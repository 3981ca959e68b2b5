/* diagnosis.h - what `cairn doctor` has found: each finding is good, a warning or a problem, with
 * what to do about it. */
#ifndef CAIRN_CLI_DOCTOR_DIAGNOSIS_H
#define CAIRN_CLI_DOCTOR_DIAGNOSIS_H

#include "core/containers/arena.h"

#include <stdbool.h>

enum cairn_health {
    CAIRN_HEALTHY = 1,
    CAIRN_WARNING, /* it works, but not as it should in production, or not for everything */
    CAIRN_PROBLEM, /* a service does not start, or a promise does not hold */
};

struct cairn_symptom {
    enum cairn_health health;
    const char *check;  /* what was checked, in a word or two: "schema" */
    const char *text;   /* what is, with the value */
    const char *advice; /* what to do; NULL where it is good */
};

struct cairn_diagnosis {
    struct cairn_arena *arena;
    struct cairn_symptom *symptoms;
    size_t count;
    size_t capacity;
};

/* Add a finding; the text is formatted. `check` and `advice` are borrowed. */
void cairn_diagnose_good(struct cairn_diagnosis *diagnosis, const char *check, const char *format,
                         ...) CAIRN_PRINTF(3, 4);
void cairn_diagnose_warning(struct cairn_diagnosis *diagnosis, const char *check,
                            const char *advice, const char *format, ...) CAIRN_PRINTF(4, 5);
void cairn_diagnose_problem(struct cairn_diagnosis *diagnosis, const char *check,
                            const char *advice, const char *format, ...) CAIRN_PRINTF(4, 5);

/* Returns how many findings are as bad as this. */
size_t cairn_diagnosis_count(const struct cairn_diagnosis *diagnosis, enum cairn_health health);

/* Prints one line a finding, and their number; or, as JSON, one object a line. */
void cairn_diagnosis_print(const struct cairn_diagnosis *diagnosis, bool json);

#endif
