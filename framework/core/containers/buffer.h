/* buffer.h - a growing text buffer in an arena, always NUL-terminated. */
#ifndef CAIRN_CORE_BUFFER_H
#define CAIRN_CORE_BUFFER_H

#include "core/containers/arena.h"

struct cairn_buffer {
    struct cairn_arena *arena;
    char *text; /* never NULL after cairn_buffer() */
    size_t length;
    size_t capacity;
};

struct cairn_buffer cairn_buffer(struct cairn_arena *arena);
void cairn_buffer_bytes(struct cairn_buffer *buffer, const void *bytes, size_t count);
void cairn_buffer_text(struct cairn_buffer *buffer, const char *text);
void cairn_buffer_char(struct cairn_buffer *buffer, char c);
void cairn_buffer_print(struct cairn_buffer *buffer, const char *format, ...) CAIRN_PRINTF(2, 3);
void cairn_buffer_print_va(struct cairn_buffer *buffer, const char *format, va_list list)
    CAIRN_PRINTF(2, 0);
void cairn_buffer_integer(struct cairn_buffer *buffer, int64_t value);

/* Appends a JSON string, quoted and escaped (RFC 8259 section 7); NULL becomes null. Bytes that are
 * not UTF-8 become U+FFFD, one for each broken character, so the output is always valid JSON. */
void cairn_buffer_json(struct cairn_buffer *buffer, const char *text);
/* Appends a further member of an object, `,"name":"text"`, unless the text is NULL. The name needs
 * no escapes. */
void cairn_buffer_member(struct cairn_buffer *buffer, const char *name, const char *text);

#endif
