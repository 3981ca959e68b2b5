/* json.h - records as JSON and back: for the bodies of calls to a partner, for files, for tables of
 * one's own. Requests, events and rows are converted by the framework.
 *
 *     const char *body = CAIRN_TO_JSON(payment_order, &order, call->arena, error);
 *
 *     struct receipt receipt;
 *     failed = CAIRN_FROM_JSON(receipt, &receipt, answer.body, answer.body_bytes, call->arena,
 *                              error); */
#ifndef CAIRN_JSON_H
#define CAIRN_JSON_H

#include <cairn/memory.h>
#include <cairn/record.h>

CAIRN_BEGIN_C

/* Returns a struct of CAIRN_STRUCT as one JSON object, in the arena: its fields in the order of the
 * declaration, without white space, so that equal values give equal text. Returns NULL, and fills
 * in `error`, if the value is not well-formed: required text that is NULL, an enum value without a
 * name, text that is not UTF-8, a bound that is exceeded. */
#define CAIRN_TO_JSON(tag, value, arena, error)                                                    \
    cairn_to_json(&tag##_record, (1 ? (value) : (const struct tag *)NULL), (arena), (error))
const char *cairn_to_json(const struct cairn_record *record, const void *value,
                          struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Reads one JSON object into a struct of CAIRN_STRUCT, as a stored event is read: fields that the
 * struct does not have are ignored, and bounds are not checked. What the struct points to is in the
 * arena. Returns 0, or
 *   -CAIRN_MALFORMED  it is not JSON, or no object
 *   -CAIRN_INVALID    fields are missing or of another type: `error` names all of them
 * The struct is undefined after a failure. */
#define CAIRN_FROM_JSON(tag, ret, json, bytes, arena, error)                                       \
    cairn_from_json(&tag##_record, (1 ? (ret) : (struct tag *)NULL), (json), (bytes), (arena),     \
                    (error))
int cairn_from_json(const struct cairn_record *record, void *ret, const char *json, size_t bytes,
                    struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

CAIRN_END_C

#endif
