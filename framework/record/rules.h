/* rules.h - the rules for a field's value, shared by decoding and checking. Each function adds what
 * is wrong to the error, under the pointer, and returns 0 or -CAIRN_INVALID. */
#ifndef CAIRN_RECORD_RULES_H
#define CAIRN_RECORD_RULES_H

#include <cairn/record.h>

enum { CAIRN_POINTER_SIZE = 120 };

int cairn_rule_integer(const struct cairn_field *field, int64_t value, const char *pointer,
                       struct cairn_error *error);
int cairn_rule_text(const struct cairn_field *field, const char *text, size_t bytes,
                    const char *pointer, struct cairn_error *error);
int cairn_rule_decimal(const struct cairn_field *field, struct cairn_decimal value,
                       const char *pointer, struct cairn_error *error);
int cairn_rule_duration(const struct cairn_field *field, struct cairn_duration value,
                        const char *pointer, struct cairn_error *error);
int cairn_rule_count(const struct cairn_field *field, size_t count, const char *pointer,
                     struct cairn_error *error);
int cairn_rule_currency(const char *text, const char *pointer, struct cairn_error *error);

uint32_t cairn_field_min_bytes(const struct cairn_field *field);
uint32_t cairn_field_max_bytes(const struct cairn_field *field);
uint32_t cairn_field_max_count(const struct cairn_field *field);
void cairn_field_range(const struct cairn_field *field, int64_t *ret_min, int64_t *ret_max);

/* Returns the value of an enum's name, 0 if there is no such name. */
int cairn_field_enum(const struct cairn_field *field, const char *name);

/* "PARENT/name" and "PARENT/3" as JSON pointers; one that is too long is truncated. */
void cairn_pointer_member(char ret[static CAIRN_POINTER_SIZE], const char *parent,
                          const char *name);
void cairn_pointer_index(char ret[static CAIRN_POINTER_SIZE], const char *parent, size_t index);

#endif
