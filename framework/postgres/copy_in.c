/* copy_in.c - writes rows into a table, in the binary format of COPY. */
#include "postgres/connection.h"

#include "core/threads/clock.h"

#include <endian.h>
#include <string.h>

enum { FULL_BYTES = 1 << 18 }; /* buffered rows are sent at this size */

/* ---- sending ---- */

/* Passes bytes to libpq and flushes them, so that they do not accumulate in its buffer. */
static int put(struct cairn_pg *pg, const char *bytes, size_t count, struct cairn_error *error)
{
    int taken;
    while ((taken = PQputCopyData(pg->conn, bytes, (int)count)) == 0) {
        int failed = cairn_pg_flush(pg, error);
        if (failed)
            return failed;
    }
    return taken < 0 ? cairn_pg_fail_lost(pg, PQerrorMessage(pg->conn), error)
                     : cairn_pg_flush(pg, error);
}

static int send_rows(struct cairn_pg_copy *copy, struct cairn_error *error)
{
    int failed = put(copy->pg, copy->bytes.text, copy->bytes.length, error);
    cairn_arena_reset(&copy->arena);
    copy->bytes = cairn_buffer(&copy->arena);
    return failed;
}

/* Sends the statement "copy ... from stdin" and waits until the server wants the rows. */
static int enter_copy(struct cairn_pg *pg, const char *sql, struct cairn_error *error)
{
    pg->state[0] = '\0';
    pg->row = 0;
    int failed = cairn_pg_ensure(pg, error);
    if (failed)
        return failed;
    if (!PQsendQuery(pg->conn, sql))
        return cairn_pg_fail_unsent(pg, error);
    pg->sent = true;
    failed = cairn_pg_wait_result(pg, cairn_monotonic_us() + pg->deadline_us, error);
    if (failed)
        return failed;
    PGresult *result = PQgetResult(pg->conn);
    bool begun = PQresultStatus(result) == PGRES_COPY_IN;
    if (!begun)
        failed = cairn_pg_fail_refused(pg, result, error);
    PQclear(result);
    PGresult *rest = NULL;
    if (!begun && pg->conn && cairn_pg_await(pg, &rest, NULL) == 0)
        PQclear(rest);
    return failed;
}

int cairn_pg_copy_begin(struct cairn_pg *pg, const char *sql, struct cairn_pg_copy *ret,
                        struct cairn_error *error)
{
    static const char header[19] = "PGCOPY\n\377\r\n"; /* a NUL, flags 0, no extension */
    int failed = enter_copy(pg, sql, error);
    if (failed)
        return failed;
    *ret = (struct cairn_pg_copy){.pg = pg};
    ret->bytes = cairn_buffer(&ret->arena);
    cairn_buffer_bytes(&ret->bytes, header, sizeof header);
    return 0;
}

int cairn_pg_copy_end(struct cairn_pg_copy *copy, struct cairn_error *error)
{
    cairn_buffer_bytes(&copy->bytes, "\377\377", 2);
    int failed = send_rows(copy, error);
    int taken = 0;
    while (!failed && (taken = PQputCopyEnd(copy->pg->conn, NULL)) == 0)
        failed = cairn_pg_flush(copy->pg, error);
    if (!failed && taken < 0)
        failed = cairn_pg_fail_lost(copy->pg, PQerrorMessage(copy->pg->conn), error);
    PGresult *result = NULL;
    if (!failed)
        failed = cairn_pg_finish(copy->pg, &result, error);
    PQclear(result);
    return failed;
}

void cairn_pg_copy_close(struct cairn_pg_copy *copy)
{
    cairn_arena_close(&copy->arena);
}

/* ---- values ---- */

int cairn_pg_copy_row(struct cairn_pg_copy *copy, int columns, struct cairn_error *error)
{
    int failed = copy->bytes.length < FULL_BYTES ? 0 : send_rows(copy, error);
    uint16_t count = htobe16((uint16_t)columns);
    cairn_buffer_bytes(&copy->bytes, &count, sizeof count);
    return failed;
}

static void put_value(struct cairn_pg_copy *copy, const void *bytes, size_t count)
{
    uint32_t length = htobe32((uint32_t)count);
    cairn_buffer_bytes(&copy->bytes, &length, sizeof length);
    cairn_buffer_bytes(&copy->bytes, bytes, count);
}

void cairn_pg_copy_smallint(struct cairn_pg_copy *copy, int16_t value)
{
    uint16_t bytes = htobe16((uint16_t)value);
    put_value(copy, &bytes, sizeof bytes);
}

void cairn_pg_copy_int(struct cairn_pg_copy *copy, int32_t value)
{
    uint32_t bytes = htobe32((uint32_t)value);
    put_value(copy, &bytes, sizeof bytes);
}

void cairn_pg_copy_integer(struct cairn_pg_copy *copy, int64_t value)
{
    uint64_t bytes = htobe64((uint64_t)value);
    put_value(copy, &bytes, sizeof bytes);
}

void cairn_pg_copy_bool(struct cairn_pg_copy *copy, bool value)
{
    put_value(copy, value ? "\1" : "\0", 1);
}

__extension__ typedef unsigned __int128 wide;

/* A numeric has digits of base 10000; the point lies between two of them, so that the number of
 * decimal digits after it is filled up to a multiple of four
 * (src/backend/utils/adt/numeric.c, numeric_recv). */
void cairn_pg_copy_decimal(struct cairn_pg_copy *copy, int64_t units, int scale)
{
    enum { MOST_DIGITS = 8 };
    const int fill = (4 - scale % 4) % 4;
    const int after_point = (scale + fill) / 4;
    wide rest = units < 0 ? -(wide)units : (wide)units;
    uint16_t reversed[MOST_DIGITS];
    int count = 0;
    for (int i = 0; i < fill; i++)
        rest *= 10;
    for (; rest > 0; rest /= 10000)
        reversed[count++] = (uint16_t)(rest % 10000);
    uint16_t bytes[4 + MOST_DIGITS] = {
        htobe16((uint16_t)count),
        htobe16((uint16_t)(count ? count - after_point - 1 : 0)), /* the weight of the first */
        htobe16(units < 0 ? 0x4000 : 0),
        htobe16((uint16_t)scale),
    };
    for (int i = 0; i < count; i++)
        bytes[4 + i] = htobe16(reversed[count - 1 - i]);
    put_value(copy, bytes, (4 + (size_t)count) * sizeof bytes[0]);
}

void cairn_pg_copy_interval(struct cairn_pg_copy *copy, int64_t us)
{
    struct {
        uint64_t us;
        uint32_t days, months;
    } bytes = {htobe64((uint64_t)us), 0, 0};
    put_value(copy, &bytes, sizeof bytes);
}

void cairn_pg_copy_null(struct cairn_pg_copy *copy)
{
    cairn_buffer_bytes(&copy->bytes, "\377\377\377\377", 4);
}

void cairn_pg_copy_day(struct cairn_pg_copy *copy, struct cairn_day day)
{
    cairn_pg_copy_int(copy, day.days - CAIRN_PG_EPOCH_DAYS);
}

void cairn_pg_copy_text(struct cairn_pg_copy *copy, const char *text)
{
    put_value(copy, text, strlen(text));
}

void cairn_pg_copy_uuid(struct cairn_pg_copy *copy, struct cairn_uuid id)
{
    put_value(copy, id.bytes, sizeof id.bytes);
}

void cairn_pg_copy_time(struct cairn_pg_copy *copy, struct cairn_time time)
{
    cairn_pg_copy_integer(copy, time.us - CAIRN_PG_EPOCH_US);
}
