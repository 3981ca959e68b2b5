/* test_crashes.c - a signal in one of the author's functions is reported with the function, where
 * it is defined, and the line of the test that called it. */
#include "../support/kit.h"

#include <cairn/reactor.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a domain whose functions crash ---- */

static enum function {
    NONE,
    DECIDES,
    EVOLVES,
    LEARNS,
    APPLIES,
    NAMES_KEYS,
    WAITS,
    IS_TIMED,
    HANDLES,
    UPCASTS,
} crashing;
static int crashes_by; /* a signal that is sent; 0: a fault; -1: the stack overflows */
static volatile bool is_deep;

/* The page cannot be read: a fault, without undefined behaviour that a sanitizer would report. */
static void fault(void)
{
    const volatile char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)page[0];
}

static int overflow(int depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    return is_deep ? overflow(depth + 1) + room[0] : 0;
}

static void misbehave(enum function function)
{
    if (crashing != function)
        return;
    is_deep = crashes_by < 0;
    if (crashes_by == 0)
        fault();
    else if (crashes_by < 0)
        (void)overflow(0);
    else
        (void)raise(crashes_by);
}

CAIRN_STRUCT(lamp_lit_v1, INT(watts));
CAIRN_STRUCT(lamp_lit, INT(watts), INT(volts));
CAIRN_EVENTS(lamp, EVENT(lamp_lit, "LampLit", 2, lamp_lit_v1));
CAIRN_UPCAST(lamp_lit_v1, lamp_lit)
{
    misbehave(UPCASTS);
    ret->watts = old->watts;
}
CAIRN_STRUCT(light_lamp, UUID(other_id));
CAIRN_COMMANDS(lamp, COMMAND(light_lamp, "POST /lamps"));
CAIRN_STRUCT(lamp, INT(watts));
CAIRN_STRUCT(other_lamp, INT(watts));
CAIRN_FACT(other_lamp, lamp);
CAIRN_LEARN(other_lamp, lamp_lit)
{
    misbehave(LEARNS);
}
CAIRN_EVOLVE(lamp, lamp_lit)
{
    misbehave(EVOLVES);
}
CAIRN_DECIDE(lamp, light_lamp, NEED(other_lamp, other_id))
{
    misbehave(DECIDES);
    CAIRN_EMIT(ret, lamp_lit, .watts = 60);
    return 0;
}
CAIRN_DECIDER(lamp);

CAIRN_STRUCT(lamps, INT(watts));
CAIRN_PROJECTION(lamps, .version = 1);
CAIRN_KEYS(lamps, lamp_lit)
{
    misbehave(NAMES_KEYS);
    cairn_key(ret, "a");
}
CAIRN_ON(lamps, lamp, lamp_lit)
{
    misbehave(APPLIES);
    row->watts = event->watts;
    return CAIRN_KEEP;
}

CAIRN_STRUCT(night, INT(lamps));
CAIRN_PROCESS(night, CAIRN_SENDS(lamp));
CAIRN_WHEN(night, lamp, lamp_lit)
{
    misbehave(WAITS);
}
CAIRN_WHEN_TIMER(night, late, "late")
{
    misbehave(IS_TIMED);
}

CAIRN_REACTOR(switching, .help = "Switches.");
CAIRN_HANDLE(switching, lamp, lamp_lit)
{
    misbehave(HANDLES);
    return CAIRN_DONE;
}

/* ---- tests that call them ---- */

#define OTHER CAIRN_UUID("01890000-0000-7000-8000-000000000002")

static void decide_it(void)
{
    CAIRN_DECIDING(lamp);
    STREAM(OTHER);
    GIVEN(lamp_lit, .watts = 40);
    STREAM(CAIRN_TEST_ID);
    WHEN(light_lamp, .other_id = OTHER);
    THEN(lamp_lit, .watts = 60);
}

static void upcast_it(void)
{
    CAIRN_DECIDING(lamp);
    GIVEN(lamp_lit_v1, .watts = 40);
}

static void project_it(void)
{
    CAIRN_PROJECTING(lamps);
    GIVEN(lamp_lit, .watts = 40);
}

static void process_it(void)
{
    CAIRN_PROCESSING(night);
    WHEN_EVENT(lamp_lit, .watts = 40);
    WHEN_TIMER("late");
}

static void react_to_it(void)
{
    CAIRN_REACTING(switching);
    WHEN_EVENT(lamp_lit, .watts = 40);
}

/* ---- children that crash ---- */

static char said[4096]; /* to standard error, by the last child */

static void begin_child(const int to[2], void (*test)(void))
{
    static const int ends[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    const struct rlimit none = {0};
    (void)setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        (void)signal(ends[i], SIG_DFL); /* not those of the test framework */
    (void)dup2(to[1], STDERR_FILENO);
    (void)close(to[0]);
    (void)close(to[1]);
    cairn_test_on_failure(NULL);
    test();
    _exit(0);
}

/* Returns the status of a child that runs the test. */
static int run(void (*test)(void))
{
    int pipes[2];
    int status = 0;
    size_t length = 0;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        begin_child(pipes, test);
    (void)close(pipes[1]);
    for (ssize_t bytes = 1; bytes > 0 && length < sizeof said - 1; length += (size_t)bytes) {
        bytes = read(pipes[0], said + length, sizeof said - 1 - length);
        assert_true(bytes >= 0);
    }
    said[length] = '\0';
    (void)close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void expect_crash(enum function function, int number, void (*test)(void), const char *what,
                         const char *how)
{
    crashing = function;
    crashes_by = number;
    int status = run(test);
    crashing = NONE;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), number > 0 ? number : SIGSEGV);
    const char *function_at = strstr(said, what);
    if (!function_at || !strstr(function_at, " (tests/unit/test_crashes.c:") ||
        !strstr(function_at, how) || strncmp(said, "tests/unit/test_crashes.c:", 26) != 0)
        fail_msg("wanted: %s …%s\nin: %s", what, how, said);
}

/* ---- tests ---- */

static void the_function_that_crashes_is_named(void **state)
{
    (void)state;
    static const char fault_said[] = ") crashed: segmentation fault (SIGSEGV)\n";
    expect_crash(DECIDES, 0, decide_it, ": CAIRN_DECIDE(lamp, light_lamp) (", fault_said);
    expect_crash(EVOLVES, 0, decide_it, ": CAIRN_EVOLVE(lamp, lamp_lit) (", fault_said);
    expect_crash(LEARNS, 0, decide_it, ": CAIRN_LEARN(other_lamp, lamp_lit) (", fault_said);
    expect_crash(APPLIES, 0, project_it, ": CAIRN_ON(lamps, lamp_lit) (", fault_said);
    expect_crash(NAMES_KEYS, 0, project_it, ": CAIRN_KEYS(lamps, lamp_lit) (", fault_said);
    expect_crash(WAITS, 0, process_it, ": CAIRN_WHEN(night, lamp_lit) (", fault_said);
    expect_crash(IS_TIMED, 0, process_it, ": CAIRN_WHEN_TIMER(night, late) (", fault_said);
    expect_crash(HANDLES, 0, react_to_it, ": CAIRN_HANDLE(switching, lamp_lit) (", fault_said);
    expect_crash(UPCASTS, 0, upcast_it, ": CAIRN_UPCAST(lamp_lit_v1, lamp_lit) (", fault_said);
}

static void every_signal_of_a_crash_is_named(void **state)
{
    (void)state;
    static const char what[] = ": CAIRN_DECIDE(lamp, light_lamp) (";
    expect_crash(DECIDES, SIGSEGV, decide_it, what, ") crashed: segmentation fault (SIGSEGV)\n");
    expect_crash(DECIDES, SIGBUS, decide_it, what, ") crashed: bus error (SIGBUS)\n");
    expect_crash(DECIDES, SIGFPE, decide_it, what, ") crashed: division by zero, or another ");
    expect_crash(DECIDES, SIGILL, decide_it, what, ") crashed: illegal instruction (SIGILL)\n");
    expect_crash(DECIDES, SIGABRT, decide_it, what, ") aborted (SIGABRT)\n");
    expect_crash(DECIDES, -1, decide_it, what, ") crashed: segmentation fault (SIGSEGV)\n");
}

static void fail_and_crash(void)
{
    {
        CAIRN_DECIDING(lamp);
        GIVEN(lamp_lit, .watts = 40);
    }
    (void)raise(SIGFPE);
}

static void fail_by_abort(void)
{
    CAIRN_DECIDING(lamp);
    WHEN(light_lamp, .other_id = OTHER);
    THEN_NOTHING();
}

static void a_crash_elsewhere_is_not_blamed_on_a_function(void **state)
{
    (void)state;
    int status = run(fail_and_crash);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGFPE);
    assert_string_equal(said, "");
    status = run(fail_by_abort);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(said, "an event that no THEN names"));
    assert_null(strstr(said, "aborted"));
}

static void a_test_without_a_crash_says_nothing(void **state)
{
    (void)state;
    void (*const all[])(void) = {decide_it, upcast_it, project_it, process_it, react_to_it};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(run(all[i]), 0);
        assert_string_equal(said, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_function_that_crashes_is_named),
        cmocka_unit_test(every_signal_of_a_crash_is_named),
        cmocka_unit_test(a_crash_elsewhere_is_not_blamed_on_a_function),
        cmocka_unit_test(a_test_without_a_crash_says_nothing),
    };
    return cmocka_run_group_tests_name("crashes", tests, NULL, NULL);
}
