/* trial.c - runs sequences in child processes.
 *
 * The child works on a thread of its own. A test framework keeps the place to jump to after a
 * failed assertion for each thread, so an assertion inside of an invariant ends the child, rather
 * than running the remaining tests in it. */
#include "testkit/property/trial.h"

#include "record/json.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of one step. A step of a sequence that is known to hang is given less time. */
enum { STEP_CPU_MS = 1000, REPEATED_CPU_MS = 100, STEP_WALL_S = 60 };

struct work {
    struct cairn_trial *trial;
    const struct cairn_trial_plan *plan;
    const struct cairn_step *steps; /* NULL: random ones */
    size_t count;
    bool tells;
    bool is_hung;
};

struct cairn_trial *cairn_trial_open(void)
{
    void *memory = mmap(NULL, sizeof(struct cairn_trial), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void cairn_trial_close(struct cairn_trial *trial)
{
    (void)munmap(trial, sizeof *trial);
}

/* ---- in the child: one step ---- */

/* Ends the child if the step takes too long. */
static void limit_time(const struct work *work)
{
    long ms = work->is_hung ? REPEATED_CPU_MS : STEP_CPU_MS;
    const struct itimerval processor = {
        .it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
    (void)setitimer(ITIMER_VIRTUAL, &processor, NULL);
    (void)alarm(STEP_WALL_S);
}

/* Notes the step where the parent sees it. Returns false if there is no room for it. */
static bool note(struct cairn_trial *trial, const struct cairn_step *step)
{
    const struct cairn_record *record = cairn_step_record(step);
    size_t bytes = record ? cairn_record_bytes(record, step->value) : 0;
    size_t at = (trial->used + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    if (trial->step_count == CAIRN_TRIAL_STEPS || at + bytes > CAIRN_TRIAL_DATA)
        return false;
    struct cairn_step *noted = &trial->steps[trial->step_count];
    *noted = *step;
    if (record) {
        cairn_record_pack(record, step->value, trial->data + at);
        noted->value = trial->data + at;
    }
    trial->used = at + bytes;
    trial->step_count++;
    return true;
}

static void count_outcome(struct cairn_trial *trial, const struct cairn_sequence *sequence,
                          const struct cairn_step *step)
{
    const struct cairn_deciding *deciding = sequence->deciding;
    size_t at = step->kind == CAIRN_STEP_COMMAND
                    ? (size_t)(step->command - deciding->decider->commands->types)
                    : CAIRN_TRIAL_COMMANDS;
    if (at >= CAIRN_TRIAL_COMMANDS)
        return;
    if (deciding->outcome == 0) {
        trial->accepted[at]++;
        return;
    }
    trial->refused[at]++;
    (void)snprintf(trial->refused_as[at], sizeof trial->refused_as[at], "%s",
                   cairn_deciding_refused_as(deciding));
}

/* Copies what was seen, since it is the child's. Texts that are too long for that are left out. */
static void copy_seen(struct cairn_trial *trial, const struct cairn_seen *seen)
{
    size_t count = seen->text_count < CAIRN_SEEN_MAX ? seen->text_count : CAIRN_SEEN_MAX;
    trial->seen = *seen;
    trial->seen.text_count = 0;
    for (size_t i = 0; i < count; i++) {
        char *room = trial->seen_texts[trial->seen.text_count];
        if (strlen(seen->texts[i]) >= sizeof trial->seen_texts[0])
            continue;
        (void)snprintf(room, sizeof trial->seen_texts[0], "%s", seen->texts[i]);
        trial->seen.texts[trial->seen.text_count++] = room;
    }
}

static void report_lines(struct cairn_trial *trial, const struct cairn_buffer *lines)
{
    (void)snprintf(trial->lines, sizeof trial->lines, "%s", lines->text);
}

/* Sets what the ids of a command are made from. */
static void count_ask(const struct cairn_trial_plan *plan, struct cairn_scenario *scenario,
                      const struct cairn_step *step)
{
    scenario->fresh = plan->ids != CAIRN_IDS_SAME;
    if (plan->ids == CAIRN_IDS_OF_STEP)
        scenario->asks = step->number;
    else
        scenario->asks += step->kind == CAIRN_STEP_COMMAND;
}

/* Carries out one step. Returns whether the sequence goes on. */
static bool run_step(const struct work *work, struct cairn_sequence *sequence,
                     const struct cairn_step *step, struct cairn_buffer *lines)
{
    struct cairn_trial *trial = work->trial;
    struct cairn_error error = {0};
    if (work->tells) {
        cairn_step_line(step, lines);
        report_lines(trial, lines);
    }
    limit_time(work);
    count_ask(work->plan, sequence->scenario, step);
    trial->verdict = cairn_step_run(sequence, step, &error);
    if (work->tells && trial->verdict != CAIRN_STEP_BUG) {
        cairn_step_results(sequence, step, lines);
        report_lines(trial, lines);
    }
    count_outcome(trial, sequence, step);
    copy_seen(trial, &sequence->generator.seen);
    if (trial->verdict != CAIRN_STEP_WENT)
        (void)snprintf(trial->message, sizeof trial->message, "%s", error.message);
    return trial->verdict == CAIRN_STEP_WENT;
}

/* ---- in the child: a sequence ---- */

static void run_random(const struct work *work, struct cairn_sequence *sequence)
{
    struct cairn_trial *trial = work->trial;
    struct cairn_buffer no_lines = cairn_buffer(&sequence->scenario->arena);
    trial->step_count = trial->used = 0;
    for (int commands = 0; commands < work->plan->commands;) {
        struct cairn_step step = {0};
        struct cairn_error error = {0};
        limit_time(work);
        trial->verdict = cairn_step_make(sequence, &step, &error);
        if (trial->verdict != CAIRN_STEP_WENT) {
            (void)snprintf(trial->message, sizeof trial->message, "%s", error.message);
            return;
        }
        if (!note(trial, &step) || !run_step(work, sequence, &step, &no_lines))
            return;
        commands += step.kind == CAIRN_STEP_COMMAND;
    }
}

static void search(const struct work *work)
{
    struct cairn_trial *trial = work->trial;
    for (; trial->sequence < work->plan->sequences; trial->sequence++) {
        struct cairn_sequence sequence;
        cairn_sequence_begin(&sequence, work->plan->decider, work->plan->invariant);
        sequence.streams = work->plan->streams;
        sequence.generator.random = cairn_random_of(work->plan->seed, (uint64_t)trial->sequence);
        run_random(work, &sequence);
        cairn_sequence_end(&sequence);
        if (trial->verdict != CAIRN_STEP_WENT)
            return;
    }
}

static void repeat(const struct work *work)
{
    struct cairn_sequence sequence;
    cairn_sequence_begin(&sequence, work->plan->decider, work->plan->invariant);
    struct cairn_buffer lines = cairn_buffer(&sequence.scenario->arena);
    if (work->plan->ids == CAIRN_IDS_COUNTED)
        cairn_buffer_text(&lines, "    FRESH_IDS();\n");
    size_t at = 0;
    while (at < work->count && run_step(work, &sequence, &work->steps[at], &lines))
        at++;
    work->trial->step_count = at < work->count ? at + 1 : at;
    cairn_sequence_end(&sequence);
}

/* Ends the child at once. ThreadSanitizer's _exit() waits a second for other threads: that would be
 * a second for each sequence. */
static _Noreturn void end_child(int status)
{
    for (;;)
        (void)syscall(SYS_exit_group, status);
}

static void *run_in_child(void *context)
{
    const struct work *work = context;
    cairn_running_watch(work->trial->running);
    if (work->steps)
        repeat(work);
    else
        search(work);
    work->trial->finished = true;
    end_child(0);
}

/* ---- in the parent ---- */

static void describe_end(struct cairn_trial *trial, int status)
{
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    bool late = number == SIGVTALRM || number == SIGALRM;
    trial->verdict = late ? CAIRN_STEP_HUNG : CAIRN_STEP_ENDED;
    const char *what = trial->running[0] ? trial->running : "a step";
    trial->is_hung = trial->is_hung || late;
    if (late)
        (void)snprintf(trial->message, sizeof trial->message,
                       "%s did not return within %d ms of processor time", what, STEP_CPU_MS);
    else if (number)
        (void)snprintf(trial->message, sizeof trial->message, "%s ended the process: %s", what,
                       strsignal(number));
    else
        (void)snprintf(trial->message, sizeof trial->message,
                       "%s ended the process, with exit status %d", what, WEXITSTATUS(status));
}

/* Discards what a shorter attempt at the same failure would write again. */
static void be_quiet(void)
{
    int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nothing >= 0)
        (void)dup2(nothing, STDERR_FILENO);
}

/* A signal ends the child, whatever the test framework does with it, and leaves no core file. */
static void begin_child(struct work *work, bool quiet)
{
    static const int ends[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGVTALRM, SIGALRM};
    const struct rlimit none = {0};
    pthread_t thread;
    (void)setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        (void)signal(ends[i], SIG_DFL);
    if (quiet)
        be_quiet();
    if (pthread_create(&thread, NULL, run_in_child, work) != 0)
        end_child(EXIT_FAILURE);
    (void)pthread_join(thread, NULL);
    end_child(EXIT_FAILURE);
}

static void run_trial(struct work *work, bool quiet)
{
    struct cairn_trial *trial = work->trial;
    int status = 0;
    trial->finished = false;
    trial->verdict = CAIRN_STEP_WENT;
    trial->message[0] = trial->lines[0] = '\0';
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        begin_child(work, quiet);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (child < 0)
        (void)snprintf(trial->message, sizeof trial->message, "no process could be started: %s",
                       strerror(errno));
    if (child < 0)
        trial->verdict = CAIRN_STEP_WRONG;
    else if (!trial->finished)
        describe_end(trial, status);
}

void cairn_trial_search(struct cairn_trial *trial, const struct cairn_trial_plan *plan)
{
    struct work work = {.trial = trial, .plan = plan};
    trial->sequence = 0;
    run_trial(&work, false);
}

void cairn_trial_repeat(struct cairn_trial *trial, const struct cairn_trial_plan *plan,
                        const struct cairn_step *steps, size_t count, bool tells)
{
    struct work work = {.trial = trial,
                        .plan = plan,
                        .steps = steps,
                        .count = count,
                        .tells = tells,
                        .is_hung = trial->is_hung};
    run_trial(&work, !tells);
}
