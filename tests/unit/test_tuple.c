/* test_tuple.c - tests the reader of COPY's binary format with valid and invalid input. Every
 * stream is in memory of exactly its size plus the one byte that the reader requires, so that a
 * sanitizer detects reads beyond it. */
#include "../support/support.h"

#include "core/containers/buffer.h"
#include "postgres/tuple.h"

#include <stdlib.h>
#include <string.h>

static struct cairn_arena arena;

static int teardown(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

/* ---- making streams ---- */

static void add_16(struct cairn_buffer *out, int value)
{
    const unsigned char bytes[] = {(unsigned char)(value >> 8), (unsigned char)value};
    cairn_buffer_bytes(out, bytes, sizeof bytes);
}

static void add_32(struct cairn_buffer *out, int value)
{
    add_16(out, value >> 16);
    add_16(out, value & 0xFFFF);
}

static void add_field(struct cairn_buffer *out, const char *text)
{
    add_32(out, (int)strlen(text));
    cairn_buffer_text(out, text);
}

/* Returns a row of "ab", null and "". */
static struct cairn_buffer row(void)
{
    struct cairn_buffer out = cairn_buffer(&arena);
    add_16(&out, 3);
    add_field(&out, "ab");
    add_32(&out, -1);
    add_field(&out, "");
    return out;
}

static struct cairn_buffer header(int flags, int extension)
{
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_buffer_bytes(&out, "PGCOPY\n\377\r\n", 11);
    add_32(&out, flags);
    add_32(&out, extension);
    return out;
}

/* ---- reading them ---- */

static int read_columns(struct cairn_buffer stream, int columns, struct cairn_pg_field *ret)
{
    char *bytes = malloc(stream.length + 1);
    memcpy(bytes, stream.text, stream.length);
    bytes[stream.length] = '\0';
    int got = cairn_tuple_read(bytes, stream.length, columns, ret, NULL);
    for (int i = 0; got == 1 && i < columns; i++) /* copies, as the memory is freed */
        ret[i].bytes =
            ret[i].length < 0 ? NULL : cairn_copy_bytes(&arena, ret[i].bytes, strlen(ret[i].bytes));
    free(bytes);
    return got;
}

static int read_row(struct cairn_buffer stream)
{
    struct cairn_pg_field fields[3];
    return read_columns(stream, 3, fields);
}

static int64_t read_header(struct cairn_buffer stream)
{
    char *bytes = malloc(stream.length + 1);
    memcpy(bytes, stream.text, stream.length);
    int64_t got = cairn_tuple_header(bytes, stream.length, NULL);
    free(bytes);
    return got;
}

static struct cairn_buffer cut(struct cairn_buffer stream, size_t length)
{
    stream.length = length;
    return stream;
}

/* ---- tests ---- */

static void a_row_is_taken_apart(void **state)
{
    (void)state;
    struct cairn_pg_field fields[3];
    assert_int_equal(read_columns(row(), 3, fields), 1);
    assert_string_equal(fields[0].bytes, "ab");
    assert_int_equal(fields[0].length, 2);
    assert_int_equal(fields[1].length, -1);
    assert_string_equal(fields[2].bytes, "");
}

static void the_trailer_ends_the_stream(void **state)
{
    (void)state;
    struct cairn_buffer out = cairn_buffer(&arena);
    add_16(&out, -1);
    assert_int_equal(read_row(out), 0);
    cairn_buffer_char(&out, 'x');
    assert_int_equal(read_row(out), -CAIRN_UNAVAILABLE);
}

static void a_row_cut_anywhere_is_garbled(void **state)
{
    (void)state;
    struct cairn_buffer whole = row();
    for (size_t length = 0; length < whole.length; length++)
        assert_int_equal(read_row(cut(whole, length)), -CAIRN_UNAVAILABLE);
    cairn_buffer_char(&whole, 'x');
    assert_int_equal(read_row(whole), -CAIRN_UNAVAILABLE);
}

static void a_row_of_another_width_is_a_bug(void **state)
{
    (void)state;
    struct cairn_pg_field fields[4];
    assert_int_equal(read_columns(row(), 4, fields), -CAIRN_BUG);
    assert_int_equal(read_columns(row(), 2, fields), -CAIRN_BUG);
    struct cairn_buffer out = cairn_buffer(&arena);
    add_16(&out, -2);
    assert_int_equal(read_row(out), -CAIRN_BUG);
}

static void a_length_that_makes_no_sense_is_garbled(void **state)
{
    (void)state;
    static const int lengths[] = {-2, INT32_MIN, INT32_MAX, 3};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct cairn_buffer out = cairn_buffer(&arena);
        add_16(&out, 3);
        add_32(&out, -1);
        add_32(&out, -1);
        add_32(&out, lengths[i]);
        cairn_buffer_text(&out, "ab");
        assert_int_equal(read_row(out), -CAIRN_UNAVAILABLE);
    }
}

static void a_header_is_checked_and_skipped(void **state)
{
    (void)state;
    assert_int_equal(read_header(header(0, 0)), 19);
    assert_int_equal(read_header(header(0xFFFF, 0)), 19); /* flags that may be ignored */
    struct cairn_buffer longer = header(0, 2);
    cairn_buffer_text(&longer, "xyz");
    assert_int_equal(read_header(longer), 21);
}

static void a_header_that_makes_no_sense_is_garbled(void **state)
{
    (void)state;
    struct cairn_buffer whole = header(0, 0);
    for (size_t length = 0; length < whole.length; length++)
        assert_int_equal(read_header(cut(whole, length)), -CAIRN_UNAVAILABLE);
    whole.text[0] = 'p';
    assert_int_equal(read_header(whole), -CAIRN_UNAVAILABLE);
    assert_int_equal(read_header(header(1 << 16, 0)), -CAIRN_UNAVAILABLE);
    assert_int_equal(read_header(header(0, 1)), -CAIRN_UNAVAILABLE);
    assert_int_equal(read_header(header(0, -1)), -CAIRN_UNAVAILABLE);
    assert_int_equal(read_header(header(0, INT32_MAX)), -CAIRN_UNAVAILABLE);
}

/* Any bytes lead to an answer, not to a crash: each byte of a row is changed to a few values. */
static void whatever_comes_is_answered(void **state)
{
    (void)state;
    static const char values[] = {0, 1, 3, 127, -128, -1};
    struct cairn_buffer whole = row();
    for (size_t at = 0; at < whole.length; at++) {
        for (size_t i = 0; i < sizeof values; i++) {
            struct cairn_buffer changed = row();
            changed.text[at] = values[i];
            int got = read_row(changed);
            assert_true(got == 1 || got == -CAIRN_UNAVAILABLE || got == -CAIRN_BUG);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_taken_apart),
        cmocka_unit_test(the_trailer_ends_the_stream),
        cmocka_unit_test(a_row_cut_anywhere_is_garbled),
        cmocka_unit_test(a_row_of_another_width_is_a_bug),
        cmocka_unit_test(a_length_that_makes_no_sense_is_garbled),
        cmocka_unit_test(a_header_is_checked_and_skipped),
        cmocka_unit_test(a_header_that_makes_no_sense_is_garbled),
        cmocka_unit_test(whatever_comes_is_answered),
    };
    return cmocka_run_group_tests_name("tuple", tests, NULL, teardown);
}
