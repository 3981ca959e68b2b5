/* rules.h - what a field's value must look like, for those who read values and those who check
 * them. Each function adds what is wrong to the error, under the pointer, and returns 0 or
 * -CAIRN_INVALID. */
#ifndef CAIRN_RECORD_RULES_H
#define CAIRN_RECORD_RULES_H

#include <cairn/record.h>

enum { CAIRN_POINTER_SIZE = 120 };

int cairn_rule_integer(const struct cairn_field *field, int64_t value, const char *pointer,
                       struct cairn_error *error);
int cairn_rule_text(const struct cairn_field *field, const char *text, size_t bytes,
                    const char *pointer, struct cairn_error *error);
int cairn_rule_count(const struct cairn_field *field, size_t count, const char *pointer,
                     struct cairn_error *error);
int cairn_rule_currency(const char *text, const char *pointer, struct cairn_error *error);

uint32_t cairn_field_min_bytes(const struct cairn_field *field);
uint32_t cairn_field_max_bytes(const struct cairn_field *field);
uint32_t cairn_field_max_count(const struct cairn_field *field);
void cairn_field_range(const struct cairn_field *field, int64_t *ret_min, int64_t *ret_max);

/* The number of an enum's name, 0 if it has none. */
int cairn_field_enum(const struct cairn_field *field, const char *name);

/* "PARENT/name" and "PARENT/3" as JSON pointers; too long a one is cut. */
void cairn_pointer_member(char ret[static CAIRN_POINTER_SIZE], const char *parent,
                          const char *name);
void cairn_pointer_index(char ret[static CAIRN_POINTER_SIZE], const char *parent, size_t index);

#endif
