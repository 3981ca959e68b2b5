/* record/json.h - converts records to JSON and back. Only this directory uses jansson.
 *
 * jansson does the parsing, so it decides what is valid JSON: UTF-8, no U+0000, no lone surrogates,
 * no duplicate members. Encoding writes the fields in the order of the table, without white space:
 * equal values give equal bytes. */
#ifndef CAIRN_RECORD_JSON_H
#define CAIRN_RECORD_JSON_H

#include "core/containers/buffer.h"

#include <cairn/record.h>

enum cairn_strictness {
    CAIRN_STRICT = 1, /* requests: unknown fields and values out of bounds are errors */
    CAIRN_LENIENT,    /* stored data: unknown fields are ignored, bounds not checked */
};

/* Decodes one JSON object into `ret`, a struct of the record's type. Empty text is {}. `ret` points
 * into the arena. Returns 0, or
 *   -CAIRN_MALFORMED  it is not JSON, is nested deeper than CAIRN_DEPTH_MAX, or is no object
 *   -CAIRN_INVALID    fields are wrong: error->wrong names all of them
 * `ret` is undefined after a failure. */
int cairn_record_decode(const struct cairn_record *record, const char *json, size_t bytes,
                        enum cairn_strictness strictness, struct cairn_arena *arena, void *ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* The same for the body of a command that creates a stream: the optional member `id_name`, a uuid,
 * is stored in *ret_id instead of the record; *ret_id is unchanged if it is absent. */
int cairn_record_decode_with_id(const struct cairn_record *record, const char *id_name,
                                const char *json, size_t bytes, struct cairn_arena *arena,
                                void *ret, struct cairn_uuid *ret_id,
                                struct cairn_error *error) CAIRN_CHECKED;

/* Appends the record as JSON. The value must be well-formed (cairn_record_check). */
void cairn_record_encode(const struct cairn_record *record, const void *value,
                         struct cairn_buffer *out);

/* Checks a value made by code against its table: required text that is NULL, an enum value without
 * a name, text that is not UTF-8, bounds. Returns 0, or -CAIRN_INVALID with all wrong fields. */
int cairn_record_check(const struct cairn_record *record, const void *value,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Fails with -CAIRN_BUG for a value that a function of an author has made, and that
 * cairn_record_check() has found `wrong`. The message is "WHAT whose /field must be …", and what to
 * write where. */
int cairn_record_misfit(const struct cairn_record *record, const struct cairn_error *wrong,
                        struct cairn_error *error, const char *what, ...) CAIRN_PRINTF(4, 5);

/* Returns the first list or map of a value that has more items than its field allows; NULL if there
 * is none. */
const struct cairn_field *cairn_record_overflow(const struct cairn_record *record,
                                                const void *value);
/* Returns whether the record has a list or map, at any depth. */
bool cairn_record_grows(const struct cairn_record *record);

/* Checks what the compiler does not check of a table, once at startup: names are unique, enum
 * values have names, and a table that was written by hand has the sizes of its kinds. Returns 0 or
 * -CAIRN_BUG. */
int cairn_record_table_check(const struct cairn_record *record,
                             struct cairn_error *error) CAIRN_CHECKED;

/* Copies a value deeply: all that it points to is copied into the arena. */
void cairn_record_copy(const struct cairn_record *record, const void *value, void *ret,
                       struct cairn_arena *arena);

/* The same into one block of cairn_record_bytes(), aligned for any type: the struct, then what it
 * points to. */
size_t cairn_record_bytes(const struct cairn_record *record, const void *value);
void cairn_record_pack(const struct cairn_record *record, const void *value, void *block);

/* Appends the record's JSON Schema (draft 2020-12, as used by OpenAPI 3.1). `id_name`, unless NULL,
 * is the member that cairn_record_decode_with_id() extracts. */
void cairn_record_schema(const struct cairn_record *record, const char *id_name,
                         struct cairn_buffer *out);

/* Appends example JSON with a value in every field, within its bounds; a field's `.example` if it
 * has one. `id_name` as above; its value and every uuid without an example is CAIRN_EXAMPLE_ID. */
#define CAIRN_EXAMPLE_ID "01890000-0000-7000-8000-000000000002"
void cairn_record_example(const struct cairn_record *record, const char *id_name,
                          struct cairn_buffer *out);

/* The same for one field, as a required one: null is not a value of it. */
void cairn_field_schema(const struct cairn_field *field, struct cairn_buffer *out);
void cairn_field_example(const struct cairn_field *field, struct cairn_buffer *out);

/* Returns whether two tables describe the same struct. Each file that includes a declaration has a
 * table of its own, so pointers to the same table may differ. */
bool cairn_record_same(const struct cairn_record *a, const struct cairn_record *b);

/* Plain text of a single value, as in a URL: without quotes, in one spelling. */
enum { CAIRN_PLAIN_SIZE = 40 };

/* Returns whether values of the field have a plain text: no lists, records or optional values. */
bool cairn_field_is_plain(const struct cairn_field *field);
/* Returns the plain text of the value at `at`; it may point into the value. */
const char *cairn_field_plain(const struct cairn_field *field, const void *at,
                              struct cairn_arena *arena);
/* Reads it into `ret`, a member of the field's type; a text is not copied. Returns 0 or
 * -CAIRN_INVALID. */
int cairn_field_parse(const struct cairn_field *field, const char *text, void *ret) CAIRN_CHECKED;
/* Reads a whole number: "-12". Returns 0 or -CAIRN_INVALID. */
int cairn_integer_parse(const char *text, int64_t *ret) CAIRN_CHECKED;

/* Access to single fields, for code that walks a table itself. */

/* Returns the size of a value of this kind (0: nested), and of the member of a field. */
size_t cairn_kind_size(enum cairn_kind kind);
size_t cairn_field_size(const struct cairn_field *field);

/* Returns the value in a member: inside of a struct cairn_optional_…, or behind a pointer; NULL if
 * it is not set. */
const void *cairn_field_unwrap(const struct cairn_field *field, const void *at);
/* Marks a member as set, and returns where its value is to be written. */
void *cairn_field_wrap(const struct cairn_field *field, void *at, struct cairn_arena *arena);

/* Returns the field that describes each item of a list: with offset 0 and required. */
struct cairn_field cairn_field_item(const struct cairn_field *field);

void cairn_field_encode(const struct cairn_field *field, const void *at, struct cairn_buffer *out);
const void *cairn_field_at(const struct cairn_field *field, const void *value);
const struct cairn_field *cairn_record_field(const struct cairn_record *record, const char *name);

/* ---- arrays, without decoding their items ---- */

struct cairn_json_item {
    const char *text; /* not ended by a NUL */
    size_t bytes;
};

/* Finds the items of an array as they are written, in `json`; *ret is in the arena. Whether each of
 * them is valid is left to its decoder. Returns how many, or -CAIRN_MALFORMED: it is no array. */
int64_t cairn_json_items(const char *json, size_t bytes, struct cairn_arena *arena,
                         struct cairn_json_item **ret, struct cairn_error *error) CAIRN_CHECKED;

/* The same for a member of an object, whose name needs no escapes. Returns false if there is none,
 * or it is no object. */
bool cairn_json_member_text(const char *json, size_t bytes, const char *name,
                            struct cairn_json_item *ret);

#endif
