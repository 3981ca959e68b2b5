/* test_core.c - tests arena, buffer, map, log and queue. */
#include "../support/support.h"

#include "core/containers/arena.h"
#include "core/containers/buffer.h"
#include "core/containers/map.h"
#include "core/report/log.h"
#include "core/report/progress.h"
#include "core/report/sink.h"
#include "core/threads/clock.h"
#include "core/threads/queue.h"

#include <cairn/value.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif
#ifdef ASAN
#include <sanitizer/asan_interface.h>
#endif

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Shared by all tests; the teardown also frees what a failing test leaves. */
static struct cairn_arena arena;

static int close_arena(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

/* ---- arena ---- */

static bool is_zeroed(const char *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (memory[i])
            return false;
    }
    return true;
}

static void memory_is_zeroed_even_when_used_again(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        for (size_t bytes = 1; bytes < 300000; bytes *= 3) {
            char *memory = cairn_arena_alloc(&arena, bytes, 1);
            assert_true(is_zeroed(memory, bytes));
            memset(memory, 0xAA, bytes);
        }
        cairn_arena_reset(&arena);
    }
}

static void memory_is_aligned(void **state)
{
    (void)state;
    for (size_t align = 1; align <= _Alignof(max_align_t); align *= 2) {
        (void)cairn_arena_alloc(&arena, 1, 1);
        assert_int_equal((uintptr_t)cairn_arena_alloc(&arena, 3, align) % align, 0);
    }
}

static void allocations_do_not_overlap(void **state)
{
    (void)state;
    enum { TEXTS = 3000 };
    const char *texts[TEXTS];
    for (int i = 0; i < TEXTS; i++)
        texts[i] = cairn_print(&arena, "%0*d", i % 200 + 1, i % 10);
    for (int i = 0; i < TEXTS; i++) {
        assert_int_equal(strlen(texts[i]), i % 200 + 1);
        assert_int_equal(texts[i][i % 200] - '0', i % 10);
    }
}

/* Rounds of one size end up in one block, so that a request costs no malloc. */
static void rounds_of_one_size_use_the_same_memory(void **state)
{
    (void)state;
    void *first = NULL;
    for (int round = 0; round < 20; round++) {
        void *memory = cairn_arena_alloc(&arena, 100, 8);
        for (int i = 0; i < 200; i++)
            (void)cairn_arena_alloc(&arena, 500, 8);
        if (round >= 10)
            assert_ptr_equal(memory, first);
        first = memory;
        cairn_arena_reset(&arena);
    }
}

static void a_large_value_leaves_the_block_in_use(void **state)
{
    (void)state;
    char *before = cairn_arena_alloc(&arena, 8, 8);
    char *large = cairn_arena_alloc(&arena, 20 << 20, 8);
    char *after = cairn_arena_alloc(&arena, 8, 8);
    assert_true(after > before && after - before < 100);
    memset(large, 0xAA, 20 << 20);
    cairn_arena_reset(&arena);
    assert_ptr_equal(cairn_arena_alloc(&arena, 8, 8), before);
}

static void a_large_value_may_come_first(void **state)
{
    (void)state;
    char *large = cairn_arena_alloc(&arena, 1 << 20, 8);
    assert_true(is_zeroed(large, 1 << 20));
    large[0] = large[(1 << 20) - 1] = 1;
    assert_int_equal(*(char *)cairn_arena_alloc(&arena, 1, 1), 0);
}

static void nothing_at_all_can_be_allocated(void **state)
{
    (void)state;
    assert_non_null(cairn_arena_alloc(&arena, 0, 1));
    assert_non_null(cairn_new(&arena, int64_t, 0));
    void *outliving = cairn_reallocate(cairn_allocate(0), 0);
    assert_non_null(outliving);
    free(outliving);
}

static void an_arena_that_was_never_used_can_be_closed(void **state)
{
    (void)state;
    struct cairn_arena unused = {0};
    cairn_arena_reset(&unused);
    cairn_arena_close(&unused);
    cairn_arena_close(&unused);
    assert_null(unused.blocks);
}

#ifdef ASAN
static void only_memory_that_was_handed_out_may_be_touched(void **state)
{
    (void)state;
    char *small = cairn_arena_alloc(&arena, 13, 1);
    char *next = cairn_arena_alloc(&arena, 5, 1);
    char *large = cairn_arena_alloc(&arena, 1 << 20, 1);
    assert_null(__asan_region_is_poisoned(small, 13));
    assert_null(__asan_region_is_poisoned(next, 5));
    assert_null(__asan_region_is_poisoned(large, 1 << 20));
    assert_true(__asan_address_is_poisoned(small + 13));
    assert_true(__asan_address_is_poisoned(next + 5));
    cairn_arena_reset(&arena);
    assert_true(__asan_address_is_poisoned(small));
    assert_true(__asan_address_is_poisoned(next));
}
#endif

static void copies_stand_alone(void **state)
{
    (void)state;
    char text[] = "cairn";
    char *copy = cairn_copy_text(&arena, text);
    char *part = cairn_copy_bytes(&arena, text, 3);
    memset(text, 'x', 5);
    assert_string_equal(copy, "cairn");
    assert_string_equal(part, "cai");
    assert_string_equal(cairn_copy_bytes(&arena, NULL, 0), "");
    assert_string_equal(cairn_copy_text(&arena, ""), "");
    assert_null(cairn_copy_text(&arena, NULL));
    assert_string_equal(cairn_print(&arena, "%s-%d", "order", 7), "order-7");
    assert_string_equal(cairn_print(&arena, "%s", ""), "");
}

/* Returns whether a process that calls `action` is ended by abort(). */
static bool aborts(void (*action)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        (void)signal(SIGABRT, SIG_DFL); /* else cmocka would run the next test */
        (void)signal(SIGSEGV, SIG_DFL);
        (void)signal(SIGBUS, SIG_DFL);
        (void)close(STDERR_FILENO);
        action();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* Volatile, so that the compiler does not detect the absurd size. */
static volatile size_t absurd = SIZE_MAX;

static void allocate_all(void)
{
    (void)cairn_arena_alloc(&arena, absurd, 1);
}

static void allocate_half_of_all(void)
{
    (void)cairn_arena_alloc(&arena, absurd / 2, 1);
}

/* 2^61 + 1 times 8 bytes wraps to 8 bytes if it is not checked. */
static void allocate_a_product_that_wraps(void)
{
    (void)cairn_new(&arena, int64_t, absurd / 8 + 2);
}

static void sizes_that_cannot_be_abort(void **state)
{
    (void)state;
    assert_true(aborts(allocate_all));
    assert_true(aborts(allocate_half_of_all));
    assert_true(aborts(allocate_a_product_that_wraps));
}

/* ---- buffer ---- */

static void a_buffer_is_text_from_the_start(void **state)
{
    (void)state;
    struct cairn_buffer buffer = cairn_buffer(&arena);
    assert_string_equal(buffer.text, "");
    assert_int_equal(buffer.length, 0);
}

static void a_buffer_takes_what_it_is_given(void **state)
{
    (void)state;
    struct cairn_buffer buffer = cairn_buffer(&arena);
    cairn_buffer_text(&buffer, "a");
    cairn_buffer_char(&buffer, 'b');
    cairn_buffer_bytes(&buffer, "cde", 2);
    cairn_buffer_bytes(&buffer, NULL, 0);
    cairn_buffer_print(&buffer, "-%d-%s", 5, "x");
    cairn_buffer_print(&buffer, "%s", "");
    assert_string_equal(buffer.text, "abcd-5-x");
    assert_int_equal(buffer.length, 8);
}

static void a_buffer_grows(void **state)
{
    (void)state;
    struct cairn_buffer buffer = cairn_buffer(&arena);
    enum { ROUNDS = 20000 };
    for (int i = 0; i < ROUNDS; i++)
        cairn_buffer_print(&buffer, "%05d", i);
    assert_int_equal(buffer.length, 5 * ROUNDS);
    assert_int_equal(strlen(buffer.text), 5 * ROUNDS);
    assert_memory_equal(buffer.text + (size_t)5 * 12345, "12345", 5);
}

static void one_print_may_be_larger_than_the_buffer(void **state)
{
    (void)state;
    struct cairn_buffer buffer = cairn_buffer(&arena);
    cairn_buffer_print(&buffer, "%0100000d|", 7);
    assert_int_equal(buffer.length, 100001);
    assert_string_equal(buffer.text + 99999, "7|");
}

static void integers_are_written_to_their_ends(void **state)
{
    (void)state;
    static const int64_t numbers[] = {0, 7, -7, 10, 1234567890, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        struct cairn_buffer buffer = cairn_buffer(&arena);
        cairn_buffer_integer(&buffer, numbers[i]);
        assert_string_equal(buffer.text, cairn_print(&arena, "%" PRId64, numbers[i]));
    }
}

static const char *as_json(const char *text)
{
    struct cairn_buffer buffer = cairn_buffer(&arena);
    cairn_buffer_json(&buffer, text);
    assert_int_equal(strlen(buffer.text), buffer.length);
    return buffer.text;
}

static void plain_text_is_only_quoted(void **state)
{
    (void)state;
    assert_string_equal(as_json(""), "\"\"");
    assert_string_equal(as_json("an order / 5"), "\"an order / 5\"");
    assert_string_equal(as_json("\x7F"), "\"\x7F\"");
    assert_string_equal(as_json(NULL), "null");
}

static void what_json_reserves_is_escaped(void **state)
{
    (void)state;
    assert_string_equal(as_json("\"\\"), "\"\\\"\\\\\"");
    assert_string_equal(as_json("a\b\t\n\f\rz"), "\"a\\b\\t\\n\\f\\rz\"");
    assert_string_equal(as_json("\x01\x0B\x1F"), "\"\\u0001\\u000b\\u001f\"");
}

static void utf8_is_left_alone(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\xC2\x80",           "\xDF\xBF",       "\xE0\xA0\x80",     "\xED\x9F\xBF",
        "\xEE\x80\x80",       "\xEF\xBF\xBF",   "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
        "Gr\xC3\xBC\xC3\x9F", "\xE2\x82\xAC 5",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_string_equal(as_json(texts[i]), cairn_print(&arena, "\"%s\"", texts[i]));
}

#define BROKEN "\xEF\xBF\xBD"

static void broken_utf8_is_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a\x80z", "\"a" BROKEN "z\""},                     /* no first byte before it */
        {"a\xC3", "\"a" BROKEN "\""},                       /* cut off */
        {"a\xE2\x82", "\"a" BROKEN "\""},                   /* cut off, one character */
        {"\xE2\x82z", "\"" BROKEN "z\""},                   /* followed by a character */
        {"\xE2\x82\"", "\"" BROKEN "\\\"\""},               /* which is still escaped */
        {"\xF0\x9F\x98\xC3\xA4", "\"" BROKEN "\xC3\xA4\""}, /* which is intact */
        {"\xC0\xAF", "\"" BROKEN BROKEN "\""},              /* an overlong slash */
        {"\xC1\xBF", "\"" BROKEN BROKEN "\""},              /* overlong */
        {"\xE0\x9F\xBF", "\"" BROKEN BROKEN BROKEN "\""},   /* overlong */
        {"\xF0\x8F\xBF\xBF", "\"" BROKEN BROKEN BROKEN BROKEN "\""},
        {"\xED\xA0\x80", "\"" BROKEN BROKEN BROKEN "\""},            /* a surrogate */
        {"\xF4\x90\x80\x80", "\"" BROKEN BROKEN BROKEN BROKEN "\""}, /* above U+10FFFF */
        {"\xF5\xFE\xFF", "\"" BROKEN BROKEN BROKEN "\""},            /* never a first byte */
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(as_json(cases[i].text), cases[i].expected);
}

/* ---- map ---- */

static void a_map_finds_what_was_put_in(void **state)
{
    (void)state;
    enum { KEYS = 5000 };
    static int values[KEYS];
    struct cairn_map map = cairn_map(&arena);
    for (int i = 0; i < KEYS; i++) {
        void **at = cairn_map_at(&map, cairn_print(&arena, "order-%d", i));
        assert_null(*at);
        *at = &values[i];
    }
    assert_int_equal(map.count, KEYS);
    for (int i = 0; i < KEYS; i++) {
        const char *key = cairn_print(&arena, "order-%d", i);
        assert_ptr_equal(cairn_map_get(&map, key), &values[i]);
        assert_ptr_equal(*cairn_map_at(&map, key), &values[i]);
        assert_string_equal(map.entries[i].key, key);
    }
    assert_int_equal(map.count, KEYS);
}

static void a_map_does_not_find_what_is_not_there(void **state)
{
    (void)state;
    struct cairn_map map = cairn_map(&arena);
    assert_null(cairn_map_get(&map, "a"));
    *cairn_map_at(&map, "a") = &map;
    assert_null(cairn_map_get(&map, ""));
    assert_null(cairn_map_get(&map, "b"));
    assert_null(cairn_map_get(&map, "aa"));
    assert_int_equal(map.count, 1);
}

static void a_map_copies_its_keys(void **state)
{
    (void)state;
    struct cairn_map map = cairn_map(&arena);
    char key[] = "before";
    *cairn_map_at(&map, key) = &map;
    memset(key, 'x', 6);
    assert_ptr_equal(cairn_map_get(&map, "before"), &map);
    assert_null(cairn_map_get(&map, key));
}

/* ---- log ---- */

/* The log of a test goes to a file in memory; cmocka's own output goes to the real stderr. */
static int real_stderr = -1;
static int memory = -1;

static int catch_log(void **state)
{
    (void)state;
    real_stderr = dup(STDERR_FILENO);
    memory = memfd_create("log", MFD_CLOEXEC);
    cairn_log_setup("test", CAIRN_LOG_INFO);
    return real_stderr < 0 || dup2(memory, STDERR_FILENO) < 0;
}

static int release_log(void **state)
{
    (void)dup2(real_stderr, STDERR_FILENO);
    (void)close(real_stderr);
    (void)close(memory);
    cairn_log_trace(NULL, NULL);
    return close_arena(state);
}

/* Returns all that was logged, without the time, whose format is checked. */
static const char *logged(void)
{
    char *text = cairn_new(&arena, char, 65536);
    ssize_t length = pread(memory, text, 65535, 0);
    assert_true(length >= 0);
    if (length == 0)
        return text;
    assert_int_equal(text[length - 1], '\n');
    text[length - 1] = '\0';
    assert_memory_equal(text, "{\"time\":\"", 9);
    struct cairn_time time;
    assert_int_equal(cairn_time_parse(cairn_copy_bytes(&arena, text + 9, 27), &time), 0);
    assert_memory_equal(text + 36, "\",", 2);
    return text + 38;
}

static void a_line_is_one_json_object(void **state)
{
    (void)state;
    cairn_log(CAIRN_LOG_INFO, "listening", CAIRN_LOG_INTEGER("port", 8001),
              CAIRN_LOG_TEXT("on", "127.0.0.1"));
    assert_string_equal(
        logged(),
        "\"level\":\"info\",\"service\":\"test\",\"module\":\"other\",\"message\":\"listening\","
        "\"port\":8001,\"on\":\"127.0.0.1\"}");
}

static void fields_are_not_needed(void **state)
{
    (void)state;
    cairn_log(CAIRN_LOG_ERROR, "gone");
    assert_string_equal(
        logged(),
        "\"level\":\"error\",\"service\":\"test\",\"module\":\"other\",\"message\":\"gone\"}");
}

static void text_cannot_break_out_of_its_line(void **state)
{
    (void)state;
    cairn_log(CAIRN_LOG_WARN, "two\nlines", CAIRN_LOG_TEXT("a\"b", "\xFF\"}\n"));
    assert_string_equal(logged(),
                        "\"level\":\"warn\",\"service\":\"test\",\"module\":\"other\",\"message\":"
                        "\"two\\nlines\",\"a\\\"b\":\"\xEF\xBF\xBD\\\"}\\n\"}");
}

static void lines_below_the_least_level_are_dropped(void **state)
{
    (void)state;
    cairn_log(CAIRN_LOG_DEBUG, "detail");
    assert_string_equal(logged(), "");
}

static void a_line_carries_a_copy_of_the_trace(void **state)
{
    (void)state;
    uint8_t trace[16] = {0x4b, 0xf9, [15] = 0x36};
    uint8_t span[8] = {0, 0xf0, [7] = 0xb7};
    cairn_log_trace(trace, span);
    trace[0] = span[0] = 1;
    cairn_log(CAIRN_LOG_INFO, "hi");
    assert_string_equal(
        logged(), "\"level\":\"info\",\"service\":\"test\",\"module\":\"other\",\"message\":\"hi\","
                  "\"trace_id\":\"4bf90000000000000000000000000036\","
                  "\"span_id\":\"00f00000000000b7\"}");
}

static void *trace_another(void *unused)
{
    const uint8_t other[16] = {9};
    cairn_log_trace(other, NULL);
    return unused;
}

/* ---- lines written by a thread ---- */

enum { LINES = 3000, LINE_THREADS = 4 };

static void *log_many(void *context)
{
    for (int64_t i = 0; i < LINES; i++)
        cairn_log(CAIRN_LOG_INFO, "many", CAIRN_LOG_INTEGER("thread", *(int64_t *)context),
                  CAIRN_LOG_INTEGER("line", i));
    return NULL;
}

/* No line is missing or broken, and those of a thread are in order. */
static void lines_that_are_gathered_are_all_there_in_order(void **state)
{
    (void)state;
    pthread_t threads[LINE_THREADS];
    int64_t numbers[LINE_THREADS];
    int64_t next[LINE_THREADS] = {0};
    cairn_sink_open("test");
    for (int i = 0; i < LINE_THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, &numbers[i]), 0);
    }
    for (int i = 0; i < LINE_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    cairn_sink_close();
    FILE *file = fdopen(dup(memory), "r");
    char line[400];
    assert_non_null(file);
    rewind(file);
    while (fgets(line, sizeof line, file)) {
        long long thread = -1;
        long long number = -1;
        const char *fields = strstr(line, "\"thread\":");
        assert_non_null(fields);
        assert_int_equal(sscanf(fields, "\"thread\":%lld,\"line\":%lld}\n", &thread, &number), 2);
        assert_in_range(thread, 0, LINE_THREADS - 1);
        assert_int_equal(number, next[thread]++);
    }
    for (int i = 0; i < LINE_THREADS; i++)
        assert_int_equal(next[i], LINES);
    assert_int_equal(fclose(file), 0);
}

/* A warning is written at once, and all that was logged before it, too. */
static void a_warning_is_not_gathered(void **state)
{
    (void)state;
    cairn_sink_open("test");
    cairn_log(CAIRN_LOG_INFO, "first");
    cairn_log(CAIRN_LOG_WARN, "second");
    const char *text = logged();
    cairn_sink_close();
    const char *first = strstr(text, "first");
    assert_non_null(first);
    assert_non_null(strstr(first, "second"));
}

static void a_trace_belongs_to_its_thread(void **state)
{
    (void)state;
    pthread_t thread;
    const uint8_t own[16] = {7};
    cairn_log_trace(own, NULL);
    assert_int_equal(pthread_create(&thread, NULL, trace_another, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    cairn_log(CAIRN_LOG_INFO, "hi");
    assert_non_null(strstr(logged(), "\"trace_id\":\"07000000000000000000000000000000\"}"));
}

static void a_trace_ends_when_it_is_taken_away(void **state)
{
    (void)state;
    const uint8_t own[16] = {7};
    cairn_log_trace(own, own);
    cairn_log_trace(NULL, NULL);
    cairn_log(CAIRN_LOG_INFO, "hi");
    assert_null(strstr(logged(), "trace_id"));
}

static void an_error_is_logged_with_what_is_wrong(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    (void)cairn_wrong(&error, "/email", "is missing");
    (void)cairn_wrong(&error, "/name", "is too long");
    cairn_log_error(CAIRN_LOG_WARN, "refused", &error);
    const char *line = logged();
    assert_non_null(strstr(line, "\"message\":\"refused\",\"code\":\"invalid\",\"error\":\""));
    assert_non_null(strstr(line, ": /email is missing; /name is too long\"}"));
}

static void a_refusal_is_logged_with_its_reason(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    (void)cairn_refuse(&error, "order-shipped", "it was shipped");
    cairn_log_error(CAIRN_LOG_INFO, "no", &error);
    assert_non_null(strstr(logged(), "\"code\":\"refused\",\"error\":\"it was shipped\","
                                     "\"reason\":\"order-shipped\"}"));
}

/* ---- a reader that is slow ---- */

enum { WARNING_THREADS = 8, WARNINGS = 20, SLOW_MS = 200, PAGE = 4096 };

struct slow_reader {
    int fd;
    atomic_bool ended;
};

/* Reads a piece every SLOW_MS, which is the pace of the reader, until the test has ended. */
static void *read_slowly(void *context)
{
    struct slow_reader *reader = context;
    char piece[PAGE];
    while (!atomic_load(&reader->ended)) {
        (void)poll(NULL, 0, SLOW_MS);
        (void)!read(reader->fd, piece, sizeof piece);
    }
    while (read(reader->fd, piece, sizeof piece) > 0) /* what is left, until the pipe is closed */
        continue;
    return NULL;
}

/* A line takes a page of the pipe. */
static void *warn_often(void *unused)
{
    char long_text[PAGE - 200];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    for (int i = 0; i < WARNINGS; i++)
        cairn_log(CAIRN_LOG_WARN, "slow", CAIRN_LOG_TEXT("text", long_text));
    return unused;
}

/* Eight lines need eight pieces of the reader: each warning would wait half a second for its turn,
 * and a thread ten seconds for its twenty. */
static void threads_that_warn_wait_a_bounded_time_for_a_slow_reader(void **state)
{
    (void)state;
    int ends[2];
    static const char fill[PAGE];
    pthread_t reading, threads[WARNING_THREADS];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    while (write(ends[1], fill, sizeof fill) > 0)
        continue;
    assert_int_equal(fcntl(ends[0], F_SETFL, 0), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    struct slow_reader reader = {.fd = ends[0]};
    cairn_sink_open("test");
    assert_int_equal(pthread_create(&reading, NULL, read_slowly, &reader), 0);
    int64_t begun_us = cairn_monotonic_us();
    for (int i = 0; i < WARNING_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, warn_often, NULL), 0);
    for (int i = 0; i < WARNING_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    int64_t took_us = cairn_monotonic_us() - begun_us;
    atomic_store(&reader.ended, true);
    cairn_sink_close();
    assert_true(dup2(memory, STDERR_FILENO) >= 0);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(pthread_join(reading, NULL), 0);
    assert_int_equal(close(ends[0]), 0);
    assert_true(took_us < CAIRN_SECONDS(4));
}

/* ---- levels ---- */

static void each_module_has_a_level_of_its_own(void **state)
{
    (void)state;
    struct cairn_log_levels levels;
    struct cairn_error error = {0};
    assert_int_equal(
        cairn_log_levels_parse("warn, projection=debug\nhttp=error\n", &levels, &error), 0);
    cairn_log_levels_set(&levels);
    assert_true(cairn_log_wants("framework/projection/follow/runner.c", CAIRN_LOG_DEBUG));
    assert_false(cairn_log_wants("/src/framework/http/http.c", CAIRN_LOG_WARN));
    assert_true(cairn_log_wants("framework/http/http.c", CAIRN_LOG_ERROR));
    assert_false(cairn_log_wants("framework/store/store.c", CAIRN_LOG_INFO));
    assert_true(cairn_log_wants("services/order/order.c", CAIRN_LOG_WARN));
    assert_string_equal(cairn_log_module("framework/http/answer/problem.c"), "http");
    assert_string_equal(cairn_log_module("services/order/order.c"), "other");
    assert_int_equal(cairn_log_levels_parse("http=debug", &levels, &error), 0);
    cairn_log_levels_set(&levels);
    assert_true(cairn_log_wants("framework/store/store.c", CAIRN_LOG_INFO));
    assert_false(cairn_log_wants("framework/store/store.c", CAIRN_LOG_DEBUG));
}

static void levels_that_name_nothing_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"loud", "not 'loud'"},
        {"info,http=", "not ''"},
        {"info,htp=debug", "'htp'"},
        {"info,debug", "not two"},
        {"=debug", "no module ''"},
        {"http=info,http=debug", "named twice"},
        {"info,projections=debug", "no module 'projections': they are bus, command, core"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cairn_log_levels levels;
        struct cairn_error error = {0};
        assert_int_equal(cairn_log_levels_parse(wrong[i][0], &levels, &error), -CAIRN_INVALID);
        assert_non_null(strstr(error.message, wrong[i][1]));
    }
}

static void levels_are_read_by_name(void **state)
{
    (void)state;
    enum cairn_log_level level = CAIRN_LOG_INFO;
    assert_int_equal(cairn_log_level_parse("error", &level), 0);
    assert_int_equal(level, CAIRN_LOG_ERROR);
    assert_int_equal(cairn_log_level_parse("debug", &level), 0);
    assert_int_equal(level, CAIRN_LOG_DEBUG);
    assert_int_equal(cairn_log_level_parse("loud", &level), -CAIRN_INVALID);
    assert_int_equal(cairn_log_level_parse("", &level), -CAIRN_INVALID);
    assert_int_equal(level, CAIRN_LOG_DEBUG);
}

enum { LONG_LINE = 20000, LONG_LINES = 40 };

static void *log_long_lines(void *letter)
{
    char text[LONG_LINE + 1];
    memset(text, *(const char *)letter, LONG_LINE);
    text[LONG_LINE] = '\0';
    for (int i = 0; i < LONG_LINES; i++)
        cairn_log(CAIRN_LOG_INFO, text);
    return NULL;
}

/* Counts the lines of one letter only. However mixed, they have 2 * LONG_LINES line feeds. */
static int count_whole_lines(FILE *lines)
{
    int whole = 0;
    char *line = NULL;
    size_t room = 0;
    for (int i = 0; i < 2 * LONG_LINES && getline(&line, &room, lines) > 0; i++) {
        const char *text = strstr(line, "\"message\":\"");
        whole += text && strspn(text + 11, (char[]){text[11], '\0'}) == LONG_LINE;
    }
    free(line);
    return whole;
}

/* The pipe has room for one page. */
static void lines_of_threads_do_not_mix_in_a_pipe(void **state)
{
    (void)state;
    int ends[2];
    pthread_t writers[2];
    char letters[2] = {'a', 'b'};
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    (void)close(ends[1]);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, log_long_lines, &letters[i]), 0);
    FILE *lines = fdopen(ends[0], "r");
    int whole = count_whole_lines(lines);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(writers[i], NULL), 0);
    (void)fclose(lines);
    assert_int_equal(whole, 2 * LONG_LINES);
}

/* ---- queue ---- */

static void a_queue_keeps_the_order(void **state)
{
    (void)state;
    int items[3];
    struct cairn_queue *queue = cairn_queue_open(2);
    for (int round = 0; round < 3; round++) { /* around the ring */
        assert_int_equal(cairn_queue_push(queue, &items[0]), 0);
        assert_int_equal(cairn_queue_push(queue, &items[1]), 0);
        assert_ptr_equal(cairn_queue_pop(queue, 0), &items[0]);
        assert_int_equal(cairn_queue_push(queue, &items[2]), 0);
        assert_ptr_equal(cairn_queue_pop(queue, 0), &items[1]);
        assert_ptr_equal(cairn_queue_pop(queue, 0), &items[2]);
    }
    cairn_queue_free(queue);
}

static void a_full_queue_is_busy(void **state)
{
    (void)state;
    int items[2];
    struct cairn_queue *queue = cairn_queue_open(2);
    assert_int_equal(cairn_queue_push(queue, &items[0]), 0);
    assert_int_equal(cairn_queue_push(queue, &items[1]), 0);
    assert_int_equal(cairn_queue_push(queue, &items[0]), -CAIRN_BUSY);
    assert_ptr_equal(cairn_queue_pop(queue, 0), &items[0]);
    assert_int_equal(cairn_queue_push(queue, &items[0]), 0);
    cairn_queue_free(queue);
}

static void waiting_for_an_item_ends_at_the_deadline(void **state)
{
    (void)state;
    struct cairn_queue *queue = cairn_queue_open(1);
    int64_t deadline_us = cairn_monotonic_us() + CAIRN_MILLISECONDS(20);
    assert_null(cairn_queue_pop(queue, deadline_us));
    assert_true(cairn_monotonic_us() >= deadline_us);
    assert_null(cairn_queue_pop(queue, 1)); /* long past */
    cairn_queue_free(queue);
}

static void an_item_is_popped_even_when_the_deadline_is_over(void **state)
{
    (void)state;
    int item;
    struct cairn_queue *queue = cairn_queue_open(1);
    assert_int_equal(cairn_queue_push(queue, &item), 0);
    assert_ptr_equal(cairn_queue_pop(queue, 1), &item);
    cairn_queue_free(queue);
}

static void a_closed_queue_is_emptied_and_then_ends(void **state)
{
    (void)state;
    int items[2];
    struct cairn_queue *queue = cairn_queue_open(3);
    assert_int_equal(cairn_queue_push(queue, &items[0]), 0);
    assert_int_equal(cairn_queue_push(queue, &items[1]), 0);
    cairn_queue_close(queue);
    assert_int_equal(cairn_queue_push(queue, &items[0]), -CAIRN_BUSY);
    assert_ptr_equal(cairn_queue_pop(queue, 0), &items[0]);
    assert_ptr_equal(cairn_queue_pop(queue, 0), &items[1]);
    assert_null(cairn_queue_pop(queue, 0));
    assert_null(cairn_queue_pop(queue, 0));
    cairn_queue_free(queue);
}

static void *pop_one(void *queue)
{
    return cairn_queue_pop(queue, 0);
}

static void closing_wakes_all_waiting_threads(void **state)
{
    (void)state;
    struct cairn_queue *queue = cairn_queue_open(1);
    pthread_t waiting[4];
    for (size_t i = 0; i < COUNT(waiting); i++)
        assert_int_equal(pthread_create(&waiting[i], NULL, pop_one, queue), 0);
    cairn_queue_close(queue);
    for (size_t i = 0; i < COUNT(waiting); i++) {
        void *item = queue;
        assert_int_equal(pthread_join(waiting[i], &item), 0);
        assert_null(item);
    }
    cairn_queue_free(queue);
}

/* The items are the addresses of these numbers; the thread that pops one adds 1 to it. */
enum { PUSHERS = 3, POPPERS = 3, PUSHED_EACH = 2000 };
static unsigned char numbers[PUSHERS * PUSHED_EACH];

struct pushing {
    struct cairn_queue *queue;
    unsigned char *first;
};

static void *push_all(void *given)
{
    struct pushing *pushing = given;
    for (int i = 0; i < PUSHED_EACH;) {
        if (cairn_queue_push(pushing->queue, &pushing->first[i]) == 0)
            i++;
        else
            (void)sched_yield();
    }
    return NULL;
}

static void *pop_all(void *queue)
{
    intptr_t popped = 0;
    for (unsigned char *number; (number = cairn_queue_pop(queue, 0)); popped++)
        ++*number;
    return (void *)popped;
}

static void every_item_is_popped_by_one_thread(void **state)
{
    (void)state;
    struct cairn_queue *queue = cairn_queue_open(16);
    struct pushing pushing[PUSHERS];
    pthread_t pushers[PUSHERS];
    pthread_t poppers[POPPERS];
    memset(numbers, 0, sizeof numbers);
    for (int i = 0; i < POPPERS; i++)
        assert_int_equal(pthread_create(&poppers[i], NULL, pop_all, queue), 0);
    for (int i = 0; i < PUSHERS; i++) {
        pushing[i] = (struct pushing){.queue = queue, .first = &numbers[i * PUSHED_EACH]};
        assert_int_equal(pthread_create(&pushers[i], NULL, push_all, &pushing[i]), 0);
    }
    for (int i = 0; i < PUSHERS; i++)
        assert_int_equal(pthread_join(pushers[i], NULL), 0);
    cairn_queue_close(queue);
    intptr_t popped = 0;
    for (int i = 0; i < POPPERS; i++) {
        void *count = NULL;
        assert_int_equal(pthread_join(poppers[i], &count), 0);
        popped += (intptr_t)count;
    }
    assert_int_equal(popped, COUNT(numbers));
    for (size_t i = 0; i < COUNT(numbers); i++)
        assert_int_equal(numbers[i], 1);
    cairn_queue_free(queue);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_arena)
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, catch_log, release_log)

/* ---- progress ---- */

static void a_phase_is_measured_from_where_it_began(void **state)
{
    (void)state;
    struct cairn_progress progress;
    cairn_progress_begin(&progress, "work", 100);
    assert_int_equal(cairn_progress_left_s(&progress, 0), -1); /* not known yet */
    progress.phase_us -= 10 * 1000000;
    assert_in_range(cairn_progress_rate(&progress, 50), 4, 5);
    assert_in_range(cairn_progress_left_s(&progress, 50), 10, 13);
    cairn_progress_phase(&progress, "more", 1000, 2000); /* earlier work does not count */
    progress.phase_us -= 10 * 1000000;
    assert_int_equal(cairn_progress_rate(&progress, 1000), 0);
    assert_in_range(cairn_progress_rate(&progress, 1500), 49, 50);
    assert_in_range(cairn_progress_left_s(&progress, 1500), 10, 11);
    progress.total = 2500; /* it has grown */
    assert_in_range(cairn_progress_left_s(&progress, 1500), 20, 21);
    assert_int_equal(cairn_progress_left_s(&progress, 2500), 0);
    cairn_progress_end(&progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_is_zeroed_even_when_used_again),
        TEST(memory_is_aligned),
        TEST(allocations_do_not_overlap),
        TEST(rounds_of_one_size_use_the_same_memory),
        TEST(a_large_value_leaves_the_block_in_use),
        TEST(a_large_value_may_come_first),
        TEST(nothing_at_all_can_be_allocated),
        TEST(an_arena_that_was_never_used_can_be_closed),
#ifdef ASAN
        TEST(only_memory_that_was_handed_out_may_be_touched),
#endif
        TEST(copies_stand_alone),
        TEST(sizes_that_cannot_be_abort),
        TEST(a_buffer_is_text_from_the_start),
        TEST(a_buffer_takes_what_it_is_given),
        TEST(a_buffer_grows),
        TEST(one_print_may_be_larger_than_the_buffer),
        TEST(integers_are_written_to_their_ends),
        TEST(plain_text_is_only_quoted),
        TEST(what_json_reserves_is_escaped),
        TEST(utf8_is_left_alone),
        TEST(broken_utf8_is_replaced),
        TEST(a_map_finds_what_was_put_in),
        TEST(a_map_does_not_find_what_is_not_there),
        TEST(a_map_copies_its_keys),
        LOG_TEST(a_line_is_one_json_object),
        LOG_TEST(fields_are_not_needed),
        LOG_TEST(text_cannot_break_out_of_its_line),
        LOG_TEST(lines_below_the_least_level_are_dropped),
        LOG_TEST(a_line_carries_a_copy_of_the_trace),
        LOG_TEST(lines_that_are_gathered_are_all_there_in_order),
        LOG_TEST(a_warning_is_not_gathered),
        LOG_TEST(threads_that_warn_wait_a_bounded_time_for_a_slow_reader),
        LOG_TEST(a_trace_belongs_to_its_thread),
        LOG_TEST(a_trace_ends_when_it_is_taken_away),
        LOG_TEST(an_error_is_logged_with_what_is_wrong),
        LOG_TEST(a_refusal_is_logged_with_its_reason),
        TEST(levels_are_read_by_name),
        LOG_TEST(each_module_has_a_level_of_its_own),
        TEST(levels_that_name_nothing_are_refused),
        LOG_TEST(lines_of_threads_do_not_mix_in_a_pipe),
        TEST(a_queue_keeps_the_order),
        TEST(a_full_queue_is_busy),
        TEST(waiting_for_an_item_ends_at_the_deadline),
        TEST(an_item_is_popped_even_when_the_deadline_is_over),
        TEST(a_closed_queue_is_emptied_and_then_ends),
        TEST(closing_wakes_all_waiting_threads),
        TEST(every_item_is_popped_by_one_thread),
        cmocka_unit_test(a_phase_is_measured_from_where_it_began),
    };
    return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
