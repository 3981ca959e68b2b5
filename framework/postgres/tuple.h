/* tuple.h - the binary format of COPY taken apart: a signature, then tuples, each a count of fields
 * and every field with its length, then a trailer (the manual, "COPY", "Binary Format").
 *
 * Nothing that comes is trusted: whatever the bytes, nothing is read outside of them. */
#ifndef CAIRN_POSTGRES_TUPLE_H
#define CAIRN_POSTGRES_TUPLE_H

#include <cairn/error.h>

struct cairn_pg_field {
    const char *bytes; /* NUL-terminated */
    int length;        /* -1: null */
};

/* Checks the signature. Returns how many bytes it takes with flags and extension, or
 * -CAIRN_UNAVAILABLE. */
int64_t cairn_tuple_header(const char *bytes, size_t count, struct cairn_error *error);

/* Takes one tuple of so many fields apart. `bytes` has to have room for one byte more: every field
 * gets a NUL behind it, over the length of the next, which has been read by then. Returns 1; 0 for
 * the trailer; or
 *   -CAIRN_BUG          it has another number of fields
 *   -CAIRN_UNAVAILABLE  it is no tuple, or something follows it */
int cairn_tuple_read(char *bytes, size_t count, int columns, struct cairn_pg_field *ret,
                     struct cairn_error *error);

#endif
