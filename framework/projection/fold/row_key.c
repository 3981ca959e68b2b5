/* row_key.c - keys that are made of fields: a struct as the text of a row's key, and back. */
#include "projection/fold/row_key.h"

#include "core/text/text.h"
#include "record/json.h"

#include <string.h>

int cairn_row_key_check(const struct cairn_projection *projection, struct cairn_error *error)
{
    const struct cairn_record *key = projection->key;
    for (uint32_t i = 0; key && i < key->count; i++) {
        const struct cairn_field *field = &key->fields[i];
        const struct cairn_field *column = cairn_record_field(projection->row, field->name);
        if (!cairn_field_is_plain(field))
            return cairn_fail(error, CAIRN_BUG,
                              "%s.%s cannot be a part of a key: it is no plain value", key->name,
                              field->name);
        if (!column || column->kind != field->kind || column->wrapped)
            return cairn_fail(error, CAIRN_BUG,
                              "the row has no column %s of the kind that its key %s has",
                              field->name, key->name);
    }
    return key && key->count == 0
               ? cairn_fail(error, CAIRN_BUG, "its key %s has no fields", key->name)
               : 0;
}

static void add_encoded(struct cairn_buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == ':' || *text == '%')
            cairn_buffer_print(out, "%%%02X", (unsigned)*text);
        else
            cairn_buffer_char(out, *text);
    }
}

const char *cairn_row_key_text(const struct cairn_record *key, const void *value,
                               struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    for (uint32_t i = 0; i < key->count; i++) {
        const struct cairn_field *field = &key->fields[i];
        const char *text = cairn_field_plain(field, cairn_field_at(field, value), arena);
        if (i)
            cairn_buffer_char(&out, ':');
        if (field->kind == CAIRN_KIND_TEXT)
            add_encoded(&out, text);
        else
            cairn_buffer_text(&out, text);
    }
    return out.text;
}

/* A time has colons of its own, so the text of a field is as long as the kind needs. */
static size_t part_bytes(const struct cairn_field *field, const char *text)
{
    if (field->kind == CAIRN_KIND_TIME)
        return strnlen(text, CAIRN_TIME_TEXT_SIZE - 1);
    return strcspn(text, ":");
}

void cairn_row_key_fill(const struct cairn_projection *projection, const char *text, void *row,
                        struct cairn_arena *arena)
{
    const struct cairn_record *key = projection->key;
    for (uint32_t i = 0; key && i < key->count; i++) {
        const struct cairn_field *column = cairn_record_field(projection->row, key->fields[i].name);
        size_t bytes = part_bytes(&key->fields[i], text);
        const char *part = key->fields[i].kind == CAIRN_KIND_TEXT
                               ? cairn_percent_decode(arena, text, bytes)
                               : cairn_copy_bytes(arena, text, bytes);
        if (part)
            (void)!cairn_field_parse(column, part, (char *)row + column->offset);
        text += bytes + (text[bytes] == ':');
    }
}
