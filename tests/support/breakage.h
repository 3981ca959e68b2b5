/* breakage.h - switches that break the store on purpose: for each invariant of store.h, words in
 * one of the SQL functions and what to put in their place. A test that is to notice broken
 * invariants has to notice every one of these. */
#ifndef BREAKAGE_H
#define BREAKAGE_H

#include <stddef.h>

struct breakage {
    const char *invariant;
    const char *function;
    const char *from;
    const char *to;
    const char *also_from; /* NULL where one place is enough */
    const char *also_to;
};

extern const struct breakage breakages[];
extern const size_t breakage_count;

/* Replaces the function in this database by one in which the words are others. Fails the test if
 * they are not there. */
void breakage_apply(const struct breakage *breakage, const char *url);

#endif
