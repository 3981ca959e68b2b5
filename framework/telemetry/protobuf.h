/* protobuf.h - writes the wire format of Protocol Buffers, and reads the little that answers need.
 *
 * A field is a tag, its number and wire type, and a value: a varint, 4 or 8 bytes, or a length and
 * so many bytes. A message within a message is such bytes: it is written to a buffer of its own
 * first. Numbers that are zero, and texts that are empty, are left out, as proto3 has it. */
#ifndef CAIRN_TELEMETRY_PROTOBUF_H
#define CAIRN_TELEMETRY_PROTOBUF_H

#include "core/containers/buffer.h"

#include <stdbool.h>

void cairn_protobuf_number(struct cairn_buffer *out, uint32_t field, uint64_t value);
void cairn_protobuf_fixed64(struct cairn_buffer *out, uint32_t field, uint64_t value);
void cairn_protobuf_fixed32(struct cairn_buffer *out, uint32_t field, uint32_t value);
void cairn_protobuf_bytes(struct cairn_buffer *out, uint32_t field, const void *bytes,
                          size_t count);
/* Writes a string field, which has to be UTF-8: what is not becomes U+FFFD. An empty one too. */
void cairn_protobuf_text(struct cairn_buffer *out, uint32_t field, const char *text);
/* Writes a message, also an empty one, and empties `message` for the next one. */
void cairn_protobuf_message(struct cairn_buffer *out, uint32_t field, struct cairn_buffer *message);

/* One field as it was read. */
struct cairn_protobuf_field {
    uint32_t field;
    uint64_t number;   /* of a varint */
    const char *bytes; /* of a message or a text; else NULL */
    size_t count;
};

/* Reads the next field, and moves *at behind it. Returns false at the end, or where the bytes are
 * no message. */
bool cairn_protobuf_next(const char **at, const char *end, struct cairn_protobuf_field *ret);

#endif
