/* page_read.h - reads a page of a stream, or of the log, forwards or backwards. */
#ifndef CAIRN_STORE_PAGE_READ_H
#define CAIRN_STORE_PAGE_READ_H

#include "store/store.h"

struct cairn_page_query {
    const char *stream; /* NULL: the log, by position; else this stream, by version */
    struct cairn_event_filter filter;
    int64_t from, to; /* positions or versions from + 1 to `to` */
    int64_t limit;
    bool backwards; /* the last ones, the newest first */
};

/* Reads at most `limit` events, or some 8 MiB. Returns how many, and whether there may be more in
 * the range. A range of positions bounds the work: keep it short. */
int64_t cairn_store_read_page(struct cairn_store *store, const struct cairn_page_query *query,
                              struct cairn_arena *arena, const struct cairn_stored_event **ret,
                              bool *ret_more, struct cairn_error *error) CAIRN_CHECKED;

/* Finds an event by its id, with its meta. Returns 0, or -CAIRN_NOT_FOUND. */
int cairn_store_read_event(struct cairn_store *store, struct cairn_uuid id,
                           struct cairn_arena *arena, struct cairn_stored_event *ret,
                           struct cairn_error *error) CAIRN_CHECKED;

/* Returns the version of a stream's newest event; 0: it has none. */
int64_t cairn_store_stream_head(struct cairn_store *store, const char *stream,
                                struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
