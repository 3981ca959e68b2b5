/* params.c - encodes parameters in PostgreSQL's binary formats.
 *
 * Integers are in network byte order, times count microseconds from 2000-01-01, and an array is
 * its dimensions and then each element with its length (src/backend/utils/adt/arrayfuncs.c,
 * array_recv). */
#include "postgres/connection.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <string.h>

enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_TEXT = 25,
    OID_JSON = 114,
    OID_JSON_ARRAY = 199,
    OID_BYTEA_ARRAY = 1001,
    OID_TEXT_ARRAY = 1009,
    OID_INT8_ARRAY = 1016,
    OID_TIMESTAMPTZ = 1184,
    OID_UUID = 2950,
    OID_UUID_ARRAY = 2951,
};

static void add(struct cairn_pg_params *params, uint32_t type, const char *value, size_t bytes)
{
    assert(params->count < CAIRN_PG_PARAMS_MAX);
    params->types[params->count] = type;
    params->values[params->count] = value;
    params->lengths[params->count] = (int)bytes;
    params->count++;
}

static void add_big_endian(struct cairn_pg_params *params, uint32_t type, int64_t value)
{
    uint64_t *bytes = cairn_new(params->arena, uint64_t, 1);
    *bytes = htobe64((uint64_t)value);
    add(params, type, (const char *)bytes, sizeof *bytes);
}

void cairn_pg_add_null(struct cairn_pg_params *params)
{
    add(params, 0, NULL, 0);
}

void cairn_pg_add_integer(struct cairn_pg_params *params, int64_t value)
{
    add_big_endian(params, OID_INT8, value);
}

void cairn_pg_add_bool(struct cairn_pg_params *params, bool value)
{
    add(params, OID_BOOL, value ? "\1" : "\0", 1);
}

void cairn_pg_add_text(struct cairn_pg_params *params, const char *text)
{
    add(params, OID_TEXT, text, text ? strlen(text) : 0);
}

void cairn_pg_add_json(struct cairn_pg_params *params, const char *json)
{
    add(params, OID_JSON, json, json ? strlen(json) : 0);
}

void cairn_pg_add_bytes(struct cairn_pg_params *params, const void *bytes, size_t count)
{
    add(params, OID_BYTEA, bytes, count);
}

void cairn_pg_add_uuid(struct cairn_pg_params *params, struct cairn_uuid id)
{
    if (cairn_uuid_is_zero(id)) {
        add(params, OID_UUID, NULL, 0);
        return;
    }
    add(params, OID_UUID, cairn_copy_bytes(params->arena, id.bytes, sizeof id.bytes),
        sizeof id.bytes);
}

void cairn_pg_add_time(struct cairn_pg_params *params, struct cairn_time time)
{
    add_big_endian(params, OID_TIMESTAMPTZ, time.us - CAIRN_PG_EPOCH_US);
}

/* ---- arrays ---- */

static const struct {
    uint32_t element;
    uint32_t array;
} oids[] = {
    [CAIRN_PG_INTEGERS] = {OID_INT8, OID_INT8_ARRAY}, [CAIRN_PG_TEXTS] = {OID_TEXT, OID_TEXT_ARRAY},
    [CAIRN_PG_JSONS] = {OID_JSON, OID_JSON_ARRAY},    [CAIRN_PG_UUIDS] = {OID_UUID, OID_UUID_ARRAY},
    [CAIRN_PG_BYTES] = {OID_BYTEA, OID_BYTEA_ARRAY},
};

/* number of dimensions, whether there may be nulls, the element's type, the count, the first index
 */
struct array_head {
    uint32_t words[5];
};

struct cairn_pg_array cairn_pg_array(enum cairn_pg_element element, struct cairn_arena *arena)
{
    static const struct array_head room;
    struct cairn_pg_array array = {.element = element, .bytes = cairn_buffer(arena)};
    cairn_buffer_bytes(&array.bytes, &room, sizeof room);
    return array;
}

void cairn_pg_array_bytes(struct cairn_pg_array *array, const void *bytes, size_t count)
{
    uint32_t length = htonl(bytes ? (uint32_t)count : UINT32_MAX);
    cairn_buffer_bytes(&array->bytes, &length, sizeof length);
    if (bytes)
        cairn_buffer_bytes(&array->bytes, bytes, count);
    array->count++;
}

void cairn_pg_array_integer(struct cairn_pg_array *array, int64_t value)
{
    uint64_t bytes = htobe64((uint64_t)value);
    cairn_pg_array_bytes(array, &bytes, sizeof bytes);
}

void cairn_pg_array_text(struct cairn_pg_array *array, const char *text)
{
    cairn_pg_array_bytes(array, text, text ? strlen(text) : 0);
}

void cairn_pg_array_uuid(struct cairn_pg_array *array, struct cairn_uuid id)
{
    cairn_pg_array_bytes(array, cairn_uuid_is_zero(id) ? NULL : id.bytes, sizeof id.bytes);
}

/* An empty array has no dimension. */
void cairn_pg_add_array(struct cairn_pg_params *params, struct cairn_pg_array *array)
{
    struct array_head head = {{htonl(1), htonl(1), htonl(oids[array->element].element),
                               htonl((uint32_t)array->count), htonl(1)}};
    size_t bytes = array->bytes.length;
    if (array->count == 0) {
        head.words[0] = 0;
        bytes = 3 * sizeof head.words[0];
    }
    memcpy(array->bytes.text, &head, sizeof head);
    add(params, oids[array->element].array, array->bytes.text, bytes);
}

/* Returns the element i of an array whose elements are `stride` bytes apart. */
static const void *at(const void *first, size_t stride, size_t i)
{
    return (const char *)first + i * stride;
}

void cairn_pg_add_texts(struct cairn_pg_params *params, const char *const *first, size_t stride,
                        size_t count)
{
    struct cairn_pg_array array = cairn_pg_array(CAIRN_PG_TEXTS, params->arena);
    for (size_t i = 0; i < count; i++) {
        const char *text;
        memcpy(&text, at(first, stride, i), sizeof text);
        cairn_pg_array_text(&array, text);
    }
    cairn_pg_add_array(params, &array);
}

void cairn_pg_add_integers(struct cairn_pg_params *params, const int64_t *first, size_t stride,
                           size_t count)
{
    struct cairn_pg_array array = cairn_pg_array(CAIRN_PG_INTEGERS, params->arena);
    for (size_t i = 0; i < count; i++) {
        int64_t value;
        memcpy(&value, at(first, stride, i), sizeof value);
        cairn_pg_array_integer(&array, value);
    }
    cairn_pg_add_array(params, &array);
}

void cairn_pg_add_uuids(struct cairn_pg_params *params, const struct cairn_uuid *first,
                        size_t stride, size_t count)
{
    struct cairn_pg_array array = cairn_pg_array(CAIRN_PG_UUIDS, params->arena);
    for (size_t i = 0; i < count; i++) {
        struct cairn_uuid id;
        memcpy(&id, at(first, stride, i), sizeof id);
        cairn_pg_array_uuid(&array, id);
    }
    cairn_pg_add_array(params, &array);
}
