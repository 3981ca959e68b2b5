/* tuple.h - parses the binary format of COPY: a signature, then tuples, each a count of fields and
 * every field with its length, then a trailer (the manual, "COPY", "Binary Format").
 *
 * The input is not trusted: whatever the bytes, nothing is read outside of them. */
#ifndef CAIRN_POSTGRES_TUPLE_H
#define CAIRN_POSTGRES_TUPLE_H

#include <cairn/error.h>

struct cairn_pg_field {
    const char *bytes; /* NUL-terminated */
    int length;        /* -1: null */
};

/* Checks the signature. Returns the length of the header with flags and extension, or
 * -CAIRN_UNAVAILABLE. */
int64_t cairn_tuple_header(const char *bytes, size_t count, struct cairn_error *error);

/* Parses one tuple of `columns` fields. `bytes` must have room for one more byte: each field is
 * terminated by a NUL, which overwrites the length of the next field after that was read. Returns
 * 1; 0 for the trailer; or
 *   -CAIRN_BUG          the number of fields is different
 *   -CAIRN_UNAVAILABLE  the bytes are no tuple, or bytes follow it */
int cairn_tuple_read(char *bytes, size_t count, int columns, struct cairn_pg_field *ret,
                     struct cairn_error *error);

#endif
