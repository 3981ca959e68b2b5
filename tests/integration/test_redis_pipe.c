/* test_redis_pipe.c - one shared connection to Redis: the assignment of replies, and what happens
 * to questions that are forgotten, and while Redis is unavailable, slow, and available again. */
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "redis/eviction.h"
#include "redis/pipe.h"
#include "redis/redis.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUESTIONS = 40000, LARGE = 64, LARGE_BYTES = 1 << 20 };

static const char *url;
static struct cairn_redis_pipe *pipe_;
static struct cairn_redis *redis;
static struct cairn_arena arena;

static int setup(void **state)
{
    (void)state;
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    (void)signal(SIGPIPE, SIG_DFL); /* the pipe must work without SIG_IGN */
    url = fixture_redis();
    assert_int_equal(cairn_redis_open(url, CAIRN_SECONDS(5), &redis, NULL), 0);
    assert_int_equal(cairn_redis_pipe_open(url, CAIRN_SECONDS(15), &pipe_, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_redis_pipe_close(pipe_);
    cairn_redis_close(redis);
    cairn_arena_close(&arena);
    return 0;
}

/* ---- questions ---- */

struct question {
    struct cairn_redis_question question;
    struct cairn_arena arena;
    char text[32];   /* sent */
    char answer[32]; /* "" if there was none */
    int done;        /* how many times */
};

static void on_reply(struct cairn_redis_question *question, const struct cairn_redis_reply *reply)
{
    struct question *self = question->context;
    if (reply)
        (void)snprintf(self->answer, sizeof self->answer, "%s", reply->text);
    self->done++;
}

static bool say(struct question *self, const char *text)
{
    *self = (struct question){.question = {.done = on_reply}};
    self->question.context = self;
    self->question.arena = &self->arena;
    (void)snprintf(self->text, sizeof self->text, "%s", text);
    const struct cairn_redis_arg args[] = {CAIRN_ARG("ECHO"), CAIRN_ARG(self->text)};
    return cairn_redis_pipe_ask(pipe_, args, 2, &self->question);
}

/* Runs one turn of the loop of the pipe's thread. */
static void turn(void)
{
    struct pollfd fd;
    int64_t until_us = cairn_redis_pipe_prepare(pipe_, &fd);
    int64_t wait_us = until_us ? until_us - cairn_monotonic_us() : CAIRN_SECONDS(1);
    if (wait_us > CAIRN_MILLISECONDS(100))
        wait_us = CAIRN_MILLISECONDS(100);
    (void)poll(&fd, 1, wait_us > 0 ? (int)(wait_us / 1000) + 1 : 0);
    cairn_redis_pipe_go_on(pipe_, fd.revents);
}

static bool is_done(void *context)
{
    const struct question *question = context;
    for (int64_t begun_ms = fixture_now_ms(); !question->done && fixture_now_ms() - begun_ms < 100;)
        turn();
    return question->done > 0;
}

/* Returns whether Redis has answered, and with the text that was sent. */
static bool is_answered(void *context)
{
    (void)context;
    struct question question;
    turn();
    if (!say(&question, "hello"))
        return false;
    fixture_wait(is_done, &question, 20000, "an answer, or that there is none");
    cairn_arena_close(&question.arena);
    return strcmp(question.answer, "hello") == 0;
}

static int64_t metric(const char *name)
{
    cairn_arena_reset(&arena);
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    const char *at = strstr(text.text, cairn_print(&arena, "\n%s ", name));
    return at ? strtoll(at + strlen(name) + 2, NULL, 10) : 0;
}

/* Pauses all replies of Redis for this many milliseconds. */
static void pause_redis(const char *ms)
{
    struct cairn_redis_reply reply;
    const struct cairn_redis_arg args[] = {CAIRN_ARG("CLIENT"), CAIRN_ARG("PAUSE"), CAIRN_ARG(ms),
                                           CAIRN_ARG("ALL")};
    assert_int_equal(cairn_redis_call(redis, args, 4, &arena, &reply, NULL), 0);
}

/* ---- tests ---- */

static void each_question_gets_its_own_reply(void **state)
{
    (void)state;
    struct question *questions = calloc(QUESTIONS, sizeof *questions);
    int64_t commands = metric("cairn_redis_commands_total");
    int64_t pieces = metric("cairn_redis_pieces_total");
    char text[32];
    assert_non_null(questions);
    for (int i = 0; i < QUESTIONS; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        while (!say(&questions[i], text))
            turn(); /* the maximum is in flight */
    }
    for (int i = 0; i < QUESTIONS; i++) {
        fixture_wait(is_done, &questions[i], 20000, "an answer");
        assert_string_equal(questions[i].answer, questions[i].text);
        assert_int_equal(questions[i].done, 1);
        cairn_arena_close(&questions[i].arena);
    }
    free(questions);
    commands = metric("cairn_redis_commands_total") - commands;
    pieces = metric("cairn_redis_pieces_total") - pieces;
    assert_int_equal(commands, QUESTIONS);
    assert_true(pieces < commands); /* some have shared a round trip */
}

static void what_a_socket_does_not_take_at_once_leaves_by_and_by(void **state)
{
    (void)state;
    struct question questions[LARGE] = {0};
    char *text = calloc(1, LARGE_BYTES + 1);
    assert_non_null(text);
    memset(text, 'x', LARGE_BYTES);
    for (int i = 0; i < LARGE; i++) {
        (void)snprintf(text, 32, "%d of many", i);
        struct question *at = &questions[i];
        at->question = (struct cairn_redis_question){on_reply, at, &at->arena, 0};
        const struct cairn_redis_arg args[] = {CAIRN_ARG("ECHO"), {text, LARGE_BYTES}};
        assert_true(cairn_redis_pipe_ask(pipe_, args, 2, &at->question));
        if (i % 8 == 0)
            turn();
    }
    for (int i = 0; i < LARGE; i++) {
        (void)snprintf(text, 32, "%d of many", i);
        fixture_wait(is_done, &questions[i], 20000, "an answer");
        assert_string_equal(questions[i].answer, text);
        cairn_arena_close(&questions[i].arena);
    }
    free(text);
}

static void a_disconnected_reader_is_skipped_and_all_others_are_told(void **state)
{
    (void)state;
    struct question questions[10];
    char text[32];
    for (int i = 0; i < 10; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        assert_true(say(&questions[i], text));
    }
    for (int i = 0; i < 10; i += 3) /* including the first and the last */
        cairn_redis_pipe_forget(pipe_, &questions[i].question);
    fixture_wait(is_done, &questions[8], 20000, "an answer");
    assert_true(is_answered(NULL)); /* the last one's reply has come by now */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(questions[i].done, i % 3 != 0);
        assert_string_equal(questions[i].answer, i % 3 ? questions[i].text : "");
        cairn_redis_pipe_forget(pipe_, &questions[i].question); /* it has no pending reply */
        cairn_arena_close(&questions[i].arena);
    }
    assert_true(is_answered(NULL));
}

static void a_redis_that_has_gone_is_not_asked_until_it_is_back(void **state)
{
    (void)state;
    assert_true(is_answered(NULL));
    fixture_redis_stop();
    (void)is_answered(NULL); /* fails pending questions */
    int64_t begun_us = cairn_monotonic_us();
    struct question question;
    for (int i = 0; i < 1000; i++)
        assert_false(say(&question, "nobody hears"));
    assert_true(cairn_monotonic_us() - begun_us < CAIRN_SECONDS(1));
    assert_int_equal(metric("cairn_redis_breaker_open"), 1);
    fixture_redis_start();
    fixture_wait(is_answered, NULL, 20000, "Redis to be asked again");
    assert_int_equal(metric("cairn_redis_breaker_open"), 0);
}

static void a_redis_that_is_slow_costs_one_deadline_and_no_more(void **state)
{
    (void)state;
    struct cairn_redis_pipe *kept = pipe_;
    assert_int_equal(cairn_redis_pipe_open(url, CAIRN_SECONDS(1), &pipe_, NULL), 0);
    fixture_wait(is_answered, NULL, 20000, "Redis to be there");
    int64_t trips = metric("cairn_redis_breaker_trips_total");
    pause_redis("4000");
    int64_t begun_us = cairn_monotonic_us();
    struct question question;
    assert_true(say(&question, "slow"));
    fixture_wait(is_done, &question, 20000, "that there is no answer");
    assert_string_equal(question.answer, "");
    assert_true(cairn_monotonic_us() - begun_us > CAIRN_MILLISECONDS(900));
    assert_false(say(&question, "too slow"));
    assert_int_equal(metric("cairn_redis_breaker_trips_total") - trips, 1);
    fixture_wait(is_answered, NULL, 20000, "Redis to be quick again");
    cairn_redis_pipe_close(pipe_);
    pipe_ = kept;
}

static bool time_has_come(void *until_us)
{
    return cairn_monotonic_us() >= *(int64_t *)until_us;
}

/* The pipe's thread was busy for longer than the deadline: before the question was sent, and while
 * the answer came. */
static void a_thread_that_was_busy_does_not_take_redis_for_slow(void **state)
{
    (void)state;
    struct cairn_redis_pipe *kept = pipe_;
    assert_int_equal(cairn_redis_pipe_open(url, CAIRN_MILLISECONDS(200), &pipe_, NULL), 0);
    fixture_wait(is_answered, NULL, 20000, "Redis to be there");
    int64_t trips = metric("cairn_redis_breaker_trips_total");
    for (int sent = 0; sent <= 1; sent++) {
        struct question question;
        struct pollfd fd;
        int64_t until_us = cairn_monotonic_us() + CAIRN_MILLISECONDS(300);
        assert_true(say(&question, "busy"));
        if (sent)
            (void)cairn_redis_pipe_prepare(pipe_, &fd);
        fixture_wait(time_has_come, &until_us, 5000, "the deadline to be over");
        cairn_redis_pipe_go_on(pipe_, 0); /* as if nothing was readable yet */
        fixture_wait(is_done, &question, 20000, "an answer");
        assert_string_equal(question.answer, "busy");
        cairn_arena_close(&question.arena);
    }
    assert_int_equal(metric("cairn_redis_breaker_trips_total"), trips);
    cairn_redis_pipe_close(pipe_);
    pipe_ = kept;
}

static void closing_fails_pending_questions(void **state)
{
    (void)state;
    struct cairn_redis_pipe *kept = pipe_;
    struct question questions[10];
    assert_int_equal(cairn_redis_pipe_open(url, CAIRN_SECONDS(30), &pipe_, NULL), 0);
    for (int i = 0; i < 10; i++)
        assert_true(say(&questions[i], "?"));
    cairn_redis_pipe_close(pipe_);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(questions[i].done, 1);
        assert_string_equal(questions[i].answer, "");
        cairn_arena_close(&questions[i].arena);
    }
    pipe_ = kept;
}

static void while_it_connects_questions_wait_for_one_deadline(void **state)
{
    (void)state;
    struct cairn_redis_pipe *kept = pipe_;
    pause_redis("1500");
    assert_int_equal(cairn_redis_pipe_open(url, CAIRN_MILLISECONDS(300), &pipe_, NULL), 0);
    struct question question;
    assert_true(say(&question, "?"));
    fixture_wait(is_done, &question, 20000, "that there is no answer");
    assert_string_equal(question.answer, "");
    assert_false(say(&question, "?"));
    fixture_wait(is_answered, NULL, 20000, "Redis to be asked");
    cairn_redis_pipe_close(pipe_);
    pipe_ = kept;
    assert_int_equal(metric("cairn_redis_breaker_open"), 0);
}

static void an_address_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct cairn_redis_pipe *none = NULL;
    assert_int_equal(cairn_redis_pipe_open("http://x", 1000, &none, NULL), -CAIRN_CONFIG);
    cairn_redis_pipe_close(none);
}

static void set_policy(const char *policy)
{
    struct cairn_redis *one = NULL;
    struct cairn_redis_reply reply;
    const struct cairn_redis_arg set[] = {CAIRN_ARG("config"), CAIRN_ARG("set"),
                                          CAIRN_ARG("maxmemory-policy"), CAIRN_ARG(policy)};
    assert_int_equal(cairn_redis_open(url, CAIRN_SECONDS(5), &one, NULL), 0);
    assert_int_equal(cairn_redis_call(one, set, 4, &arena, &reply, NULL), 0);
    cairn_redis_close(one);
}

static void a_redis_that_forgets_keys_is_noticed(void **state)
{
    (void)state;
    char policy[CAIRN_EVICTION_SIZE];
    assert_false(cairn_redis_evicts(url, policy));
    set_policy("volatile-lru"); /* of keys with a time to live; Cairn's have none */
    assert_false(cairn_redis_evicts(url, policy));
    set_policy("allkeys-lru");
    assert_true(cairn_redis_evicts(url, policy));
    assert_string_equal(policy, "allkeys-lru");
    set_policy("noeviction");
    assert_false(cairn_redis_evicts(url, policy));
    assert_false(cairn_redis_evicts("unix:///nowhere/redis.sock", policy));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_question_gets_its_own_reply),
        cmocka_unit_test(a_redis_that_forgets_keys_is_noticed),
        cmocka_unit_test(what_a_socket_does_not_take_at_once_leaves_by_and_by),
        cmocka_unit_test(a_disconnected_reader_is_skipped_and_all_others_are_told),
        cmocka_unit_test(a_redis_that_has_gone_is_not_asked_until_it_is_back),
        cmocka_unit_test(a_redis_that_is_slow_costs_one_deadline_and_no_more),
        cmocka_unit_test(a_thread_that_was_busy_does_not_take_redis_for_slow),
        cmocka_unit_test(closing_fails_pending_questions),
        cmocka_unit_test(while_it_connects_questions_wait_for_one_deadline),
        cmocka_unit_test(an_address_that_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests_name("redis_pipe", tests, setup, teardown);
}
