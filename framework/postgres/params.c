/* params.c - values in PostgreSQL's binary formats.
 *
 * Integers are in network byte order, times count microseconds from 2000-01-01, and an array is
 * its dimensions and then each element with its length (src/backend/utils/adt/arrayfuncs.c,
 * array_recv). */
#include "postgres/postgres.h"

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
    OID_TEXT_ARRAY = 1009,
    OID_INT8_ARRAY = 1016,
    OID_TIMESTAMPTZ = 1184,
    OID_UUID = 2950,
    OID_UUID_ARRAY = 2951,
};

#define EPOCH_2000_US INT64_C(946684800000000)

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
    add_big_endian(params, OID_TIMESTAMPTZ, time.us - EPOCH_2000_US);
}

/* ---- arrays ---- */

static void put_int32(struct cairn_buffer *buffer, int32_t value)
{
    uint32_t bytes = htonl((uint32_t)value);
    cairn_buffer_bytes(buffer, &bytes, sizeof bytes);
}

static struct cairn_buffer begin_array(struct cairn_pg_params *params, uint32_t element,
                                       size_t count)
{
    struct cairn_buffer buffer = cairn_buffer(params->arena);
    put_int32(&buffer, count ? 1 : 0); /* dimensions */
    put_int32(&buffer, 1);             /* there may be nulls */
    put_int32(&buffer, (int32_t)element);
    if (count) {
        put_int32(&buffer, (int32_t)count);
        put_int32(&buffer, 1); /* the first index */
    }
    return buffer;
}

static void put_element(struct cairn_buffer *buffer, const void *bytes, size_t count)
{
    put_int32(buffer, bytes ? (int32_t)count : -1);
    if (bytes)
        cairn_buffer_bytes(buffer, bytes, count);
}

/* The element i of an array whose elements are `stride` bytes apart. */
static const void *at(const void *first, size_t stride, size_t i)
{
    return (const char *)first + i * stride;
}

static void add_texts(struct cairn_pg_params *params, uint32_t array, uint32_t element,
                      const char *const *first, size_t stride, size_t count)
{
    struct cairn_buffer buffer = begin_array(params, element, count);
    for (size_t i = 0; i < count; i++) {
        const char *text;
        memcpy(&text, at(first, stride, i), sizeof text);
        put_element(&buffer, text, text ? strlen(text) : 0);
    }
    add(params, array, buffer.text, buffer.length);
}

void cairn_pg_add_texts(struct cairn_pg_params *params, const char *const *first, size_t stride,
                        size_t count)
{
    add_texts(params, OID_TEXT_ARRAY, OID_TEXT, first, stride, count);
}

void cairn_pg_add_jsons(struct cairn_pg_params *params, const char *const *first, size_t stride,
                        size_t count)
{
    add_texts(params, OID_JSON_ARRAY, OID_JSON, first, stride, count);
}

void cairn_pg_add_integers(struct cairn_pg_params *params, const int64_t *first, size_t stride,
                           size_t count)
{
    struct cairn_buffer buffer = begin_array(params, OID_INT8, count);
    for (size_t i = 0; i < count; i++) {
        int64_t value;
        memcpy(&value, at(first, stride, i), sizeof value);
        uint64_t bytes = htobe64((uint64_t)value);
        put_element(&buffer, &bytes, sizeof bytes);
    }
    add(params, OID_INT8_ARRAY, buffer.text, buffer.length);
}

void cairn_pg_add_uuids(struct cairn_pg_params *params, const struct cairn_uuid *first,
                        size_t stride, size_t count)
{
    struct cairn_buffer buffer = begin_array(params, OID_UUID, count);
    for (size_t i = 0; i < count; i++) {
        struct cairn_uuid id;
        memcpy(&id, at(first, stride, i), sizeof id);
        put_element(&buffer, cairn_uuid_is_zero(id) ? NULL : id.bytes, sizeof id.bytes);
    }
    add(params, OID_UUID_ARRAY, buffer.text, buffer.length);
}
