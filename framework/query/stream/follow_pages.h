/* follow_pages.h - the threads that re-read followed pages.
 *
 * A change in a read model does not tell which pages show it: a row enters one, leaves another,
 * moves. All pages of a read model are therefore read again when it has moved, each as a request
 * would read it, once for all its readers, and at most ten times a second; a page is sent if it
 * differs from before. The threads have their own connections, so that followed rows do not wait
 * for pages. Slow pages do not delay the others: each kind has its own thread, and the slow pages'
 * thread pauses for as long as it reads.
 *
 * Threads: one opens and closes; the two call live.h. */
#ifndef CAIRN_QUERY_FOLLOW_PAGES_H
#define CAIRN_QUERY_FOLLOW_PAGES_H

#include "query/query.h"

struct cairn_query_pages;

/* Returns 0, or -CAIRN_CONFIG if no more threads can be created. */
int cairn_query_pages_open(struct cairn_query_engine *engine, struct cairn_query_pages **ret,
                           struct cairn_error *error) CAIRN_CHECKED;
/* NULL is fine. */
void cairn_query_pages_close(struct cairn_query_pages *pages);

#endif
