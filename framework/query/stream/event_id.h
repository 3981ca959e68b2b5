/* event_id.h - the ids of the messages of a stream, which come back as Last-Event-ID (WHATWG HTML,
 * section 9.2, server-sent events). */
#ifndef CAIRN_QUERY_EVENT_ID_H
#define CAIRN_QUERY_EVENT_ID_H

#include "store/store.h"

enum { CAIRN_EVENT_ID_SIZE = 128 };

/* "TOKEN.GENERATION" (token.h), of a page "TOKEN.GENERATION.PRINT". Parsing returns the position;
 * false if the text is no id, or of another timeline, of another generation than `generation` (0:
 * any) or of another `print` (NULL: any). */
void cairn_event_id_format(const struct cairn_timeline *timeline, int64_t position,
                           int64_t generation, const char *print,
                           char ret[static CAIRN_EVENT_ID_SIZE]);
bool cairn_event_id_parse(const char *text, const struct cairn_timeline *timeline,
                          int64_t generation, const char *print,
                          int64_t *ret_position) CAIRN_CHECKED;

#endif
