/* literal.h - writes values as C source: the initialisers that a test would have. */
#ifndef CAIRN_TESTKIT_LITERAL_H
#define CAIRN_TESTKIT_LITERAL_H

#include "core/containers/buffer.h"

#include <cairn/record.h>

/* Appends the initialisers of the members that are not zero, each after a comma:
 *     , .user_id = CAIRN_UUID("…"), .lines = CAIRN_ITEMS(order_line, {.sku = "a"}) */
void cairn_literal_members(const struct cairn_record *record, const void *value,
                           struct cairn_buffer *out);

/* Appends a string literal, and a call that makes an id. */
void cairn_literal_text(const char *text, struct cairn_buffer *out);
void cairn_literal_id(struct cairn_uuid id, struct cairn_buffer *out);

#endif
