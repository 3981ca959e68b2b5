/* program.c - starts other programs by fork and exec, waits for them, and reaps each of them. */
#include "cli/program.h"

#include "core/threads/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 65536, EXEC_FAILED = 127 };

/* ---- environment ---- */

static size_t count(const char *const list[])
{
    size_t length = 0;
    while (list && list[length])
        length++;
    return length;
}

static bool has_variable(const char *const list[], const char *entry)
{
    size_t bytes = strcspn(entry, "=") + 1;
    for (size_t i = 0; list && list[i]; i++) {
        if (strncmp(list[i], entry, bytes) == 0)
            return true;
    }
    return false;
}

/* Returns this process' environment with `variables` on top; the texts are borrowed. */
static char **merge_environment(struct cairn_arena *arena, const char *const variables[])
{
    char **merged =
        cairn_new(arena, char *, count((const char *const *)environ) + count(variables) + 1);
    size_t used = 0;
    for (char **at = environ; *at; at++) {
        if (!has_variable(variables, *at))
            merged[used++] = *at;
    }
    for (size_t i = 0; variables && variables[i]; i++)
        merged[used++] = cairn_copy_text(arena, variables[i]);
    return merged;
}

/* ---- starting ---- */

/* What a child needs between fork and exec, where it must not allocate. */
struct plan {
    const struct cairn_program *program;
    char **words;
    char **environment;
    const struct passwd *user; /* or NULL */
    int input;                 /* /dev/null, or -1 */
    int report;                /* where the errno of a failure goes */
    pid_t parent;
};

static bool become_user(const struct passwd *user)
{
    return !user || (initgroups(user->pw_name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
                     setuid(user->pw_uid) == 0);
}

/* Changing the user clears the signal for the parent's death, so that is set afterwards. */
static bool prepare(const struct plan *plan)
{
    const struct cairn_program *program = plan->program;
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGHUP, SIG_DFL);
    if (program->apart && setpgid(0, 0) != 0)
        return false;
    if (plan->input >= 0 && dup2(plan->input, STDIN_FILENO) < 0)
        return false;
    if (program->output &&
        (dup2(program->output, STDOUT_FILENO) < 0 || dup2(program->output, STDERR_FILENO) < 0))
        return false;
    if (!become_user(plan->user) || (program->directory && chdir(program->directory) != 0))
        return false;
    if (program->last_signal)
        (void)prctl(PR_SET_PDEATHSIG, program->last_signal);
    return getppid() == plan->parent;
}

static _Noreturn void become(const struct plan *plan)
{
    if (prepare(plan))
        (void)execvpe(plan->words[0], plan->words, plan->environment);
    int why = errno;
    (void)!write(plan->report, &why, sizeof why);
    _exit(EXEC_FAILED);
}

/* Waits until the child has executed its program, which closes its end of the pipe, or reports why
 * it could not. Returns 0 or that errno. */
static int await_exec(int report)
{
    int why = 0;
    ssize_t bytes;
    do
        bytes = read(report, &why, sizeof why);
    while (bytes < 0 && errno == EINTR);
    return bytes == (ssize_t)sizeof why ? why : 0;
}

static int fail_to_start(const struct cairn_program *program, int why, struct cairn_error *error)
{
    if (why == ENOENT)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "%s is not installed, or not in PATH%s%s",
                          program->words[0],
                          program->directory ? "; or there is no directory " : "",
                          program->directory ? program->directory : "");
    return cairn_fail(error, CAIRN_UNAVAILABLE, "%s cannot be run: %s", program->words[0],
                      strerror(why));
}

static int fork_and_exec(struct plan *plan, struct cairn_child *ret, struct cairn_error *error)
{
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0)
        return fail_to_start(plan->program, errno, error);
    plan->report = pipe_ends[1];
    plan->parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become(plan);
    int why = pid < 0 ? errno : 0;
    (void)close(pipe_ends[1]);
    if (pid > 0)
        why = await_exec(pipe_ends[0]);
    (void)close(pipe_ends[0]);
    *ret = (struct cairn_child){.pid = pid > 0 ? pid : 0};
    if (!why)
        return 0;
    (void)cairn_child_wait(ret, -1);
    return fail_to_start(plan->program, why, error);
}

int cairn_program_start(const struct cairn_program *program, struct cairn_child *ret,
                        struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    size_t words = count(program->words);
    struct plan plan = {.program = program,
                        .words = cairn_new(&arena, char *, words + 1),
                        .environment = merge_environment(&arena, program->variables),
                        .input = program->apart ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1};
    for (size_t i = 0; i < words; i++)
        plan.words[i] = cairn_copy_text(&arena, program->words[i]);
    *ret = (struct cairn_child){0};
    plan.user = program->user ? getpwnam(program->user) : NULL;
    int failed = program->user && !plan.user
                     ? cairn_fail(error, CAIRN_UNAVAILABLE, "%s cannot be run: there is no user %s",
                                  program->words[0], program->user)
                     : fork_and_exec(&plan, ret, error);
    if (plan.input >= 0)
        (void)close(plan.input);
    cairn_arena_close(&arena);
    return failed;
}

/* ---- children ---- */

bool cairn_child_lives(struct cairn_child *child)
{
    int status = 0;
    if (child->pid == 0)
        return false;
    pid_t pid = waitpid(child->pid, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return true;
    child->pid = 0;
    child->status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return false;
}

bool cairn_child_wait(struct cairn_child *child, int64_t us)
{
    int64_t deadline_us = cairn_monotonic_us() + us;
    for (int pause_ms = 1; cairn_child_lives(child); pause_ms = pause_ms < 10 ? pause_ms + 1 : 10) {
        if (us >= 0 && cairn_monotonic_us() >= deadline_us)
            return false;
        (void)poll(NULL, 0, pause_ms);
    }
    return true;
}

void cairn_child_signal(struct cairn_child *child, int signal)
{
    if (!cairn_child_lives(child))
        return;
    if (getpgid(child->pid) == child->pid)
        (void)kill(-child->pid, signal);
    else
        (void)kill(child->pid, signal);
}

void cairn_child_stop(struct cairn_child *child, int signal, int64_t us)
{
    cairn_child_signal(child, signal);
    if (cairn_child_wait(child, us))
        return;
    cairn_child_signal(child, SIGKILL);
    (void)cairn_child_wait(child, -1);
}

/* ---- output ---- */

/* Keeps the newest half of the text, from a line's beginning, when it is full. */
static void shorten(char *text, size_t *length)
{
    if (*length < OUTPUT_MAX)
        return;
    const char *half = text + OUTPUT_MAX / 2;
    const char *line = memchr(half, '\n', *length - OUTPUT_MAX / 2);
    const char *from = line ? line + 1 : half;
    *length -= (size_t)(from - text);
    memmove(text, from, *length);
}

/* Reads until all writers have closed the pipe; returns false if the deadline comes first. */
static bool read_all(int fd, char *text, size_t *ret_length, int64_t deadline_us)
{
    for (;;) {
        int64_t left_us = deadline_us - cairn_monotonic_us();
        struct pollfd waited = {.fd = fd, .events = POLLIN};
        if (left_us <= 0 || poll(&waited, 1, (int)(left_us / 1000) + 1) == 0)
            return false;
        shorten(text, ret_length);
        ssize_t bytes = read(fd, text + *ret_length, OUTPUT_MAX - *ret_length);
        if (bytes == 0)
            return true;
        if (bytes > 0)
            *ret_length += (size_t)bytes;
    }
}

int cairn_program_read(struct cairn_arena *arena, const struct cairn_program *program, int64_t us,
                       const char **ret, struct cairn_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail_to_start(program, errno, error);
    struct cairn_program piped = *program;
    struct cairn_child child;
    char *text = cairn_new(arena, char, OUTPUT_MAX + 1);
    size_t length = 0;
    piped.output = ends[1];
    piped.apart = true;
    piped.last_signal = SIGKILL;
    int failed = cairn_program_start(&piped, &child, error);
    (void)close(ends[1]);
    bool done = !failed && read_all(ends[0], text, &length, cairn_monotonic_us() + us);
    (void)close(ends[0]);
    if (failed)
        return failed;
    cairn_child_stop(&child, done ? 0 : SIGKILL, us);
    text[length] = '\0';
    *ret = text;
    if (!done)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "%s did not end within %" PRId64 " s",
                          program->words[0], us / 1000000);
    if (child.status < 0)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "%s was ended by signal %d (%s)",
                          program->words[0], -child.status, strsignal(-child.status));
    return child.status;
}

bool cairn_program_exists(const char *name)
{
    const char *path = getenv("PATH");
    struct cairn_arena arena = {0};
    bool found = strchr(name, '/') && access(name, X_OK) == 0;
    for (const char *at = path ? path : ""; *at && !found;) {
        size_t bytes = strcspn(at, ":");
        found = access(cairn_print(&arena, "%.*s/%s", (int)bytes, at, name), X_OK) == 0;
        at += bytes + (at[bytes] == ':');
    }
    cairn_arena_close(&arena);
    return found;
}
