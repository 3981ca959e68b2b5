/* pages.h - the threads that read pages again which are followed.
 *
 * What has changed in a read model says nothing of which pages show it: a row comes into one, goes
 * out of another, moves. So all pages of a read model are read again when it has moved, each as a
 * request would read it, once for all who follow it, and at most ten times a second; shown is what
 * differs from before. On connections of their own, so that rows that are followed do not wait for
 * pages; and pages that took long do not hold up the others: these have one thread, those another,
 * which rests as long as it reads.
 *
 * Threads: one opens and closes; the two call live.h. */
#ifndef CAIRN_QUERY_PAGES_H
#define CAIRN_QUERY_PAGES_H

#include "query/query.h"

struct cairn_query_pages;

/* Returns 0, or -CAIRN_CONFIG if there can be no more threads. */
int cairn_query_pages_open(struct cairn_query_side *side, struct cairn_query_pages **ret,
                           struct cairn_error *error) CAIRN_CHECKED;
/* NULL is fine. */
void cairn_query_pages_close(struct cairn_query_pages *pages);

#endif
