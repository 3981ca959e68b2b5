/* test_telemetry.c - tests traces, samplers, spans, their queue, and their encoding, which is
 * decoded again by a reader of its own. */
#include "../support/support.h"

#include "core/threads/clock.h"
#include "telemetry/otlp.h"
#include "telemetry/sampler.h"
#include "telemetry/span_queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define PARENT "00-" TRACE "-b7ad6b7169203331-01"

static void use(const char *name, double ratio)
{
    struct cairn_sampler sampler;
    assert_true(cairn_sampler_parse(name, &sampler));
    if (cairn_sampler_uses_ratio(name))
        cairn_sampler_set_ratio(&sampler, ratio);
    cairn_sampler_use(&sampler);
}

static int stop(void **state)
{
    (void)state;
    cairn_sampler_use(NULL);
    cairn_span_set_sink(NULL, NULL);
    return 0;
}

/* ---- contexts ---- */

static void a_traceparent_is_read_and_written_as_it_was(void **state)
{
    struct cairn_trace trace;
    char text[CAIRN_TRACEPARENT_SIZE];
    (void)state;
    assert_true(cairn_trace_parse(PARENT, &trace));
    assert_true(trace.sampled);
    cairn_trace_format(&trace, text);
    assert_string_equal(text, PARENT);
    assert_true(cairn_trace_parse("00-" TRACE "-b7ad6b7169203331-fe", &trace));
    assert_false(trace.sampled);
    assert_true(cairn_trace_parse("cc-" TRACE "-b7ad6b7169203331-01-what.comes", &trace));
}

static void a_wrong_traceparent_is_none(void **state)
{
    static const char *const wrong[] = {
        "",
        "00-" TRACE "-b7ad6b7169203331",
        "00-" TRACE "-b7ad6b7169203331-01-more",
        "ff-" TRACE "-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-" TRACE "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-" TRACE "-b7ad6b716920333g-01",
    };
    struct cairn_trace trace;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(cairn_trace_parse(wrong[i], &trace));
        assert_false(cairn_trace_exists(&trace));
    }
    assert_false(cairn_trace_parse(NULL, &trace));
}

static void the_trace_of_an_event_is_read_out_of_its_metadata(void **state)
{
    struct cairn_arena arena = {0};
    struct cairn_trace trace;
    (void)state;
    assert_true(cairn_trace_join_meta("{\"correlation_id\": \"\\\"traceparent\\\":\", \"service\": "
                                      "\"traceparent\", \"traceparent\": \"" PARENT
                                      "\", \"tracestate\":\"a=1,b=2\"}",
                                      &arena, &trace));
    assert_true(trace.sampled);
    assert_string_equal(trace.state, "a=1,b=2");
    assert_false(cairn_trace_join_meta("{\"traceparent\": null}", &arena, &trace));
    assert_false(cairn_trace_join_meta("{\"service\":\"" PARENT "\"}", &arena, &trace));
    assert_false(cairn_trace_join_meta(NULL, &arena, &trace));
    cairn_arena_close(&arena);
}

static void a_tracestate_that_cannot_be_passed_on_is_none(void **state)
{
    char long_one[CAIRN_TRACESTATE_MAX + 2];
    (void)state;
    memset(long_one, 'a', sizeof long_one);
    long_one[sizeof long_one - 1] = '\0';
    assert_null(cairn_tracestate_check(long_one));
    assert_null(cairn_tracestate_check("a=\"1\""));
    assert_null(cairn_tracestate_check("a=1\r\nX: y"));
    assert_null(cairn_tracestate_check(""));
    assert_string_equal(cairn_tracestate_check("vendor=value"), "vendor=value");
}

/* ---- samplers ---- */

/* How many of 20,000 new traces are recorded. */
static int recorded_roots(void)
{
    int count = 0;
    for (int i = 0; i < 20000; i++) {
        struct cairn_trace trace;
        cairn_trace_begin_root(&trace);
        count += trace.sampled;
    }
    return count;
}

static bool joins(const char *traceparent)
{
    struct cairn_trace trace;
    assert_true(cairn_trace_join(traceparent, NULL, &trace));
    return trace.sampled;
}

static void a_ratio_records_that_part_of_the_traces(void **state)
{
    (void)state;
    use("traceidratio", 0.25);
    assert_in_range(recorded_roots(), 4600, 5400); /* six standard deviations */
    use("traceidratio", 0);
    assert_int_equal(recorded_roots(), 0);
    use("traceidratio", 1);
    assert_int_equal(recorded_roots(), 20000);
}

static void a_ratio_decides_about_a_trace_alike_everywhere(void **state)
{
    (void)state;
    use("traceidratio", 0.5);
    for (int i = 0; i < 1000; i++) {
        struct cairn_trace trace;
        char text[CAIRN_TRACEPARENT_SIZE];
        cairn_trace_begin_root(&trace);
        cairn_trace_new_span(&trace);
        bool sampled = trace.sampled;
        trace.sampled = !sampled; /* what others say does not matter */
        cairn_trace_format(&trace, text);
        assert_int_equal(joins(text), sampled);
    }
}

static void a_sampler_by_the_parent_does_what_its_flag_says(void **state)
{
    static const char no[] = "00-" TRACE "-b7ad6b7169203331-00";
    (void)state;
    use("parentbased_traceidratio", 0);
    assert_true(joins(PARENT));
    assert_false(joins(no));
    assert_int_equal(recorded_roots(), 0);
    use("parentbased_always_on", 1);
    assert_false(joins(no));
    assert_int_equal(recorded_roots(), 20000);
    use("parentbased_always_off", 1);
    assert_true(joins(PARENT));
    assert_int_equal(recorded_roots(), 0);
    use("always_on", 1);
    assert_true(joins(no));
    use("always_off", 1);
    assert_false(joins(PARENT));
}

static void a_sampler_or_a_ratio_of_another_name_is_refused(void **state)
{
    struct cairn_sampler sampler;
    double ratio;
    (void)state;
    assert_false(cairn_sampler_parse("sometimes", &sampler));
    assert_true(cairn_sampler_parse_ratio("0.01", &ratio));
    assert_true(ratio > 0.0099 && ratio < 0.0101);
    assert_true(cairn_sampler_parse_ratio("1", &ratio));
    assert_false(cairn_sampler_parse_ratio("1.1", &ratio));
    assert_false(cairn_sampler_parse_ratio("-0.1", &ratio));
    assert_false(cairn_sampler_parse_ratio("nan", &ratio));
    assert_false(cairn_sampler_parse_ratio("0,5", &ratio));
    assert_false(cairn_sampler_parse_ratio("", &ratio));
}

/* ---- spans ---- */

static struct cairn_trace parent_trace(void)
{
    struct cairn_trace trace;
    assert_true(cairn_trace_join(PARENT, "a=1", &trace));
    return trace;
}

static void a_trace_that_is_not_recorded_has_no_spans(void **state)
{
    struct cairn_span room;
    struct cairn_trace none = {.state = NULL};
    struct cairn_trace trace = parent_trace();
    (void)state;
    assert_null(cairn_span_begin(&room, CAIRN_SPAN_INTERNAL, "x", &trace)); /* nothing is */
    use("always_off", 0);
    trace = parent_trace();
    assert_null(cairn_span_begin(&room, CAIRN_SPAN_INTERNAL, "x", &trace));
    use("always_on", 1);
    assert_null(cairn_span_begin(&room, CAIRN_SPAN_INTERNAL, "x", &none));
    struct cairn_span *span = NULL; /* and all of these do nothing */
    cairn_span_text(span, "a", "b");
    cairn_span_number(span, "a", 1);
    cairn_span_link(span, &trace);
    cairn_span_fail(span, "a", "b");
    cairn_span_end(span);
    assert_ptr_equal(cairn_span_trace(span, &trace), &trace);
}

static void what_does_not_fit_into_a_span_is_counted_in_it(void **state)
{
    static struct cairn_span room;
    char text[CAIRN_SPAN_TEXT_BYTES + 1];
    (void)state;
    use("always_on", 1);
    struct cairn_trace trace = parent_trace();
    struct cairn_span *span = cairn_span_begin(&room, CAIRN_SPAN_INTERNAL, "x", &trace);
    assert_non_null(span);
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    cairn_span_text(span, "long", text);
    assert_int_equal(span->attributes_dropped, 1);
    for (int i = 0; i < CAIRN_SPAN_ATTRIBUTES + 3; i++)
        cairn_span_number(span, "n", i);
    assert_int_equal(span->attribute_count, CAIRN_SPAN_ATTRIBUTES);
    assert_int_equal(span->attributes_dropped, 4);
    for (int i = 0; i < CAIRN_SPAN_LINKS + 5; i++)
        cairn_span_link(span, &trace);
    assert_int_equal(span->link_count, CAIRN_SPAN_LINKS);
    assert_int_equal(span->links_dropped, 5);
    cairn_span_name(span, text, "noun"); /* cut, not beyond its room */
    assert_int_equal(span->text_bytes, CAIRN_SPAN_TEXT_BYTES);
}

static void a_name_is_cut_between_characters(void **state)
{
    static struct cairn_span room;
    char text[CAIRN_SPAN_TEXT_BYTES + 8];
    (void)state;
    use("always_on", 1);
    struct cairn_trace trace = parent_trace();
    trace.state = NULL;
    struct cairn_span *span = cairn_span_begin(&room, CAIRN_SPAN_INTERNAL, NULL, &trace);
    memset(text, 'a', sizeof text);
    memcpy(text + CAIRN_SPAN_TEXT_BYTES - 1, "\xE2\x82\xAC", 4);
    cairn_span_name(span, text, NULL);
    assert_int_equal(span->name.bytes, CAIRN_SPAN_TEXT_BYTES - 1);
}

/* ---- the queue ---- */

enum { QUEUE = 64, THREADS = 4, EACH = 20000 };

static struct cairn_span_queue *queue;
static atomic_int refused, pushers;

/* Pushes spans that are numbered, and carry their number in a text as well. */
static void *push_many(void *context)
{
    struct cairn_span span;
    struct cairn_trace trace = parent_trace();
    int thread = *(int *)context;
    for (int i = 0; i < EACH; i++) {
        char text[20];
        (void)cairn_span_begin(&span, CAIRN_SPAN_INTERNAL, "x", &trace);
        (void)snprintf(text, sizeof text, "%d", i);
        cairn_span_number(&span, "thread", thread);
        cairn_span_number(&span, "number", i);
        cairn_span_text(&span, "text", text);
        if (cairn_span_queue_push(queue, &span) < 0)
            atomic_fetch_add(&refused, 1);
    }
    atomic_fetch_sub(&pushers, 1);
    return NULL;
}

/* Checks a span that was taken; those of one thread come in their order. */
static void check_taken(const struct cairn_span *span, int64_t last[static THREADS])
{
    char text[20];
    int64_t thread = span->attributes[0].value.number;
    int64_t number = span->attributes[1].value.number;
    const struct cairn_span_text *at = &span->attributes[2].value.text;
    assert_in_range(thread, 0, THREADS - 1);
    assert_true(number > last[thread]);
    last[thread] = number;
    (void)snprintf(text, sizeof text, "%d", (int)number);
    assert_int_equal(at->bytes, strlen(text));
    assert_memory_equal(span->text + at->at, text, at->bytes);
}

static void every_span_is_taken_whole_or_counted_as_dropped(void **state)
{
    pthread_t threads[THREADS];
    int names[THREADS];
    int64_t last[THREADS];
    int taken = 0;
    (void)state;
    use("always_on", 1);
    queue = cairn_span_queue_open(QUEUE);
    atomic_store(&refused, 0);
    atomic_store(&pushers, THREADS);
    for (int i = 0; i < THREADS; i++) {
        names[i] = i;
        last[i] = -1;
        assert_int_equal(pthread_create(&threads[i], NULL, push_many, &names[i]), 0);
    }
    for (;;) {
        bool over = atomic_load(&pushers) == 0;
        const struct cairn_span *span = cairn_span_queue_look(queue);
        if (!span && over)
            break;
        if (!span)
            continue;
        check_taken(span, last);
        cairn_span_queue_release(queue);
        taken++;
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(taken + atomic_load(&refused), THREADS * EACH);
    assert_true(taken >= QUEUE);
    cairn_span_queue_free(queue);
}

static void a_full_queue_refuses_and_one_that_was_read_accepts(void **state)
{
    static struct cairn_span span;
    struct cairn_trace trace;
    (void)state;
    use("always_on", 1);
    trace = parent_trace();
    (void)cairn_span_begin(&span, CAIRN_SPAN_INTERNAL, "x", &trace);
    queue = cairn_span_queue_open(3);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 3; i++)
            assert_true(cairn_span_queue_push(queue, &span) >= 0);
        assert_int_equal(cairn_span_queue_push(queue, &span), -1);
        assert_int_equal(cairn_span_queue_count(queue), 3);
        for (int i = 0; i < 3; i++) {
            assert_non_null(cairn_span_queue_look(queue));
            cairn_span_queue_release(queue);
        }
        assert_null(cairn_span_queue_look(queue));
    }
    cairn_span_queue_free(queue);
}

/* ---- the encoding, read by other code than that which wrote it ---- */

/* A part of a message, that is read field by field. */
struct part {
    const uint8_t *at, *end;
};

static uint64_t read_varint(struct part *part)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        assert_true(part->at < part->end && shift < 70);
        value |= (uint64_t)(*part->at & 0x7f) << shift;
        if (!(*part->at++ & 0x80))
            return value;
    }
}

/* Reads one field: `type` 0 and 1 and 5 into *number, 2 into *bytes. Returns its number. */
static int read_field(struct part *part, int *type, uint64_t *number, struct part *bytes)
{
    uint64_t head = read_varint(part);
    *type = (int)(head & 7);
    *number = 0;
    if (*type == 0)
        *number = read_varint(part);
    else if (*type == 1 || *type == 5) {
        for (int i = 0; i < (*type == 1 ? 8 : 4); i++)
            *number |= (uint64_t)*part->at++ << (8 * i);
    } else {
        assert_int_equal(*type, 2);
        uint64_t count = read_varint(part);
        assert_true(count <= (uint64_t)(part->end - part->at));
        *bytes = (struct part){part->at, part->at + count};
        part->at += count;
    }
    assert_true(part->at <= part->end);
    return (int)(head >> 3);
}

/* Writes a message down: 1{…} for a message, 5"…" for a text, 6=2 for a number, 3#0a… for bytes.
 * Which fields are which is what `shape` says. */
struct shape {
    int field;
    char kind;                 /* m, t, b or n */
    const struct shape *inner; /* of a message */
};

static void write_down(struct part part, const struct shape *shape, char *ret, size_t size)
{
    while (part.at < part.end) {
        int type;
        uint64_t number;
        struct part bytes = {NULL, NULL};
        int field = read_field(&part, &type, &number, &bytes);
        const struct shape *at = shape;
        while (at->field && at->field != field)
            at++;
        assert_int_equal(at->field, field);
        size_t used = strlen(ret);
        if (at->kind == 'n')
            (void)snprintf(ret + used, size - used, "%d=%llu ", field, (unsigned long long)number);
        else if (at->kind == 't')
            (void)snprintf(ret + used, size - used, "%d\"%.*s\" ", field,
                           (int)(bytes.end - bytes.at), (const char *)bytes.at);
        else if (at->kind == 'b') {
            (void)snprintf(ret + used, size - used, "%d#", field);
            for (const uint8_t *b = bytes.at; b < bytes.end; b++)
                (void)snprintf(ret + strlen(ret), size - strlen(ret), "%02x", *b);
            (void)strncat(ret, " ", size - strlen(ret) - 1);
        } else {
            (void)snprintf(ret + used, size - used, "%d{", field);
            write_down(bytes, at->inner, ret, size);
            (void)strncat(ret, "} ", size - strlen(ret) - 1);
        }
    }
}

static const struct shape value_shape[] = {{1, 't', NULL}, {3, 'n', NULL}, {0, 0, NULL}};
static const struct shape pair_shape[] = {{1, 't', NULL}, {2, 'm', value_shape}, {0, 0, NULL}};
static const struct shape link_shape[] = {
    {1, 'b', NULL}, {2, 'b', NULL}, {6, 'n', NULL}, {0, 0, NULL}};
static const struct shape status_shape[] = {{2, 't', NULL}, {3, 'n', NULL}, {0, 0, NULL}};
static const struct shape span_shape[] = {
    {1, 'b', NULL},          {2, 'b', NULL},  {3, 't', NULL},        {4, 'b', NULL},
    {5, 't', NULL},          {6, 'n', NULL},  {7, 'n', NULL},        {8, 'n', NULL},
    {9, 'm', pair_shape},    {10, 'n', NULL}, {13, 'm', link_shape}, {14, 'n', NULL},
    {15, 'm', status_shape}, {16, 'n', NULL}, {0, 0, NULL}};
static const struct shape scope_shape[] = {{1, 't', NULL}, {2, 't', NULL}, {0, 0, NULL}};
static const struct shape resource_shape[] = {{1, 'm', pair_shape}, {0, 0, NULL}};
static const struct shape scope_spans_shape[] = {
    {1, 'm', scope_shape}, {2, 'm', span_shape}, {0, 0, NULL}};
static const struct shape resource_spans_shape[] = {
    {1, 'm', resource_shape}, {2, 'm', scope_spans_shape}, {0, 0, NULL}};
static const struct shape request_shape[] = {{1, 'm', resource_spans_shape}, {0, 0, NULL}};

/* A span whose random and timed parts are fixed. */
static void add_known(struct cairn_otlp *otlp, struct cairn_span *span, uint8_t id)
{
    memset(span->trace.span_id, id, sizeof span->trace.span_id);
    span->begin_us = 1000;
    span->end_us = 3000;
    cairn_otlp_add(otlp, span, 1700000000000000);
}

static void a_request_has_the_bytes_that_the_protocol_says(void **state)
{
    static const struct cairn_resource_attribute resource[] = {{"service.name", "order"}};
    static struct cairn_span room;
    static char text[4096];
    struct cairn_trace trace;
    size_t bytes = 0;
    (void)state;
    use("always_on", 1);
    trace = parent_trace();
    struct cairn_otlp *otlp = cairn_otlp_open(resource, 1, "1.2");
    struct cairn_span *span = cairn_span_begin(&room, CAIRN_SPAN_SERVER, "POST /orders", &trace);
    cairn_span_text(span, "http.route", "/orders");
    cairn_span_number(span, "http.response.status_code", 503);
    cairn_span_number(span, "zero", 0);
    cairn_span_number(span, "negative", -1);
    cairn_span_link(span, &trace);
    cairn_span_fail(span, "503", "no \xFF way");
    add_known(otlp, span, 0x11);
    trace.state = NULL;
    memset(trace.span_id, 0, sizeof trace.span_id);
    span = cairn_span_begin(&room, CAIRN_SPAN_INTERNAL, "root", &trace);
    add_known(otlp, span, 0x22);
    assert_int_equal(cairn_otlp_count(otlp), 2);
    const uint8_t *request = (const uint8_t *)cairn_otlp_request(otlp, &bytes);
    text[0] = '\0';
    write_down((struct part){request, request + bytes}, request_shape, text, sizeof text);
    assert_string_equal(
        text, "1{1{1{1\"service.name\" 2{1\"order\" } } } 2{1{1\"cairn\" 2\"1.2\" } "
              "2{1#" TRACE " 2#1111111111111111 3\"a=1\" 4#b7ad6b7169203331 5\"POST /orders\" 6=2 "
              "7=1700000000001000000 8=1700000000003000000 "
              "9{1\"http.route\" 2{1\"/orders\" } } 9{1\"http.response.status_code\" 2{3=503 } } "
              "9{1\"zero\" 2{3=0 } } 9{1\"negative\" 2{3=18446744073709551615 } } "
              "9{1\"error.type\" 2{1\"503\" } } "
              "13{1#" TRACE " 2#b7ad6b7169203331 6=1 } 15{2\"no \xEF\xBF\xBD way\" 3=2 } 16=1 } "
              "2{1#" TRACE " 2#2222222222222222 5\"root\" 6=1 "
              "7=1700000000001000000 8=1700000000003000000 16=1 } } } ");
    cairn_otlp_empty(otlp);
    assert_int_equal(cairn_otlp_count(otlp), 0);
    cairn_otlp_close(otlp);
}

static void rejected_spans_are_read_out_of_an_answer(void **state)
{
    static const char answer[] = "\x0a\x09\x08\xac\x02\x12\x04"
                                 "full";
    static const char cut[] = "\x0a\x7f\x08\x05";
    (void)state;
    assert_int_equal(cairn_otlp_rejected(answer, sizeof answer - 1), 300);
    assert_int_equal(cairn_otlp_rejected(cut, sizeof cut - 1), 0);
    assert_int_equal(cairn_otlp_rejected("", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_traceparent_is_read_and_written_as_it_was),
        cmocka_unit_test(a_wrong_traceparent_is_none),
        cmocka_unit_test(the_trace_of_an_event_is_read_out_of_its_metadata),
        cmocka_unit_test(a_tracestate_that_cannot_be_passed_on_is_none),
        cmocka_unit_test_teardown(a_ratio_records_that_part_of_the_traces, stop),
        cmocka_unit_test_teardown(a_ratio_decides_about_a_trace_alike_everywhere, stop),
        cmocka_unit_test_teardown(a_sampler_by_the_parent_does_what_its_flag_says, stop),
        cmocka_unit_test(a_sampler_or_a_ratio_of_another_name_is_refused),
        cmocka_unit_test_teardown(a_trace_that_is_not_recorded_has_no_spans, stop),
        cmocka_unit_test_teardown(what_does_not_fit_into_a_span_is_counted_in_it, stop),
        cmocka_unit_test_teardown(a_name_is_cut_between_characters, stop),
        cmocka_unit_test_teardown(every_span_is_taken_whole_or_counted_as_dropped, stop),
        cmocka_unit_test_teardown(a_full_queue_refuses_and_one_that_was_read_accepts, stop),
        cmocka_unit_test_teardown(a_request_has_the_bytes_that_the_protocol_says, stop),
        cmocka_unit_test(rejected_spans_are_read_out_of_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
