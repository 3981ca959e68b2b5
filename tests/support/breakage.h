/* breakage.h - deliberate breakages of the store: for each invariant of store.h, a text in one of
 * the SQL functions and its replacement. A test that checks the invariants has to detect every one
 * of these. */
#ifndef BREAKAGE_H
#define BREAKAGE_H

#include <stddef.h>

struct breakage {
    const char *invariant;
    const char *function;
    const char *from;
    const char *to;
    const char *also_from; /* NULL if one place is enough */
    const char *also_to;
};

extern const struct breakage breakages[];
extern const size_t breakage_count;

/* Breakages of claimed ranges, which only a load with ranges can detect. */
extern const struct breakage range_breakages[];
extern const size_t range_breakage_count;

/* Breakages of tags and of boundaries, which only a load with boundaries can detect. */
extern const struct breakage boundary_breakages[];
extern const size_t boundary_breakage_count;
/* The number of them that are violations of services, too: decisions of a service always know those
 * before them in its own batch, so the last breakage makes them only conflict for nothing. */
extern const size_t boundary_breakage_count_of_services;

/* Replaces the texts in the function in this database. Fails the test if they are not found. */
void breakage_apply(const struct breakage *breakage, const char *url);

#endif
