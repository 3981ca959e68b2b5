/* child.c - starts child processes with fork and exec, and reaps every one. */
#include "child.h"

#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t count(const char *const list[])
{
    size_t length = 0;
    while (list && list[length])
        length++;
    return length;
}

/* Returns whether `list` has a variable of the same name as `entry`. */
static bool has_variable(const char *const list[], const char *entry)
{
    size_t bytes = strcspn(entry, "=") + 1;
    for (size_t i = 0; list && list[i]; i++) {
        if (strncmp(list[i], entry, bytes) == 0)
            return true;
    }
    return false;
}

/* Returns the test's environment with `env` on top. The caller frees the list; its texts are
 * borrowed. */
static const char **merge_environment(const char *const env[])
{
    const char *const *ours = (const char *const *)environ;
    const char **merged = calloc(count(ours) + count(env) + 1, sizeof *merged);
    size_t used = 0;
    if (!merged)
        abort();
    for (size_t i = 0; ours[i]; i++) {
        if (!has_variable(env, ours[i]))
            merged[used++] = ours[i];
    }
    for (size_t i = 0; env && env[i]; i++)
        merged[used++] = env[i];
    return merged;
}

/* Opens the child's input (/dev/null) and its output; -1 leaves the output as it is. */
static int open_output(const char *log_path, int *ret_input, int *ret_output)
{
    *ret_input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    *ret_output = -1;
    if (*ret_input < 0)
        return -errno;
    if (!log_path)
        return 0;
    *ret_output = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (*ret_output >= 0)
        return 0;
    int failed = -errno;
    (void)close(*ret_input);
    return failed;
}

/* Runs in the child. Between fork and exec, makes only calls that are safe in a multithreaded
 * process. */
static _Noreturn void become(const char *const argv[], const char *const env[], pid_t parent,
                             int input, int output)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    (void)dup2(input, STDIN_FILENO);
    if (output >= 0) {
        (void)dup2(output, STDOUT_FILENO);
        (void)dup2(output, STDERR_FILENO);
    }
    /* exec takes lists of char * that it does not change */
    union {
        const char *const *theirs;
        char *const *ours;
    } arguments = {argv}, environment = {env};
    (void)execvpe(argv[0], arguments.ours, environment.ours);
    static const char message[] = "child: cannot be executed\n";
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    _exit(127);
}

int child_start(struct child *ret, const char *const argv[], const char *const env[],
                const char *log_path)
{
    int input, output;
    *ret = (struct child){0};
    int failed = open_output(log_path, &input, &output);
    if (failed)
        return failed;
    const char **environment = merge_environment(env);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become(argv, environment, parent, input, output);
    failed = pid < 0 ? -errno : 0;
    ret->pid = pid < 0 ? 0 : pid;
    free(environment);
    (void)close(input);
    if (output >= 0)
        (void)close(output);
    return failed;
}

/* Reaps the child if it has exited; `options` as for waitpid. */
static void collect(struct child *child, int options)
{
    int status = 0;
    if (child->pid == 0)
        return;
    pid_t pid = waitpid(child->pid, &status, options);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return;
    child->pid = 0;
    child->status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool child_lives(struct child *child)
{
    collect(child, WNOHANG);
    return child->pid != 0;
}

void child_kill(struct child *child, int signal)
{
    if (!child_lives(child))
        return;
    (void)kill(child->pid, signal);
    while (signal == SIGKILL && child->pid != 0)
        collect(child, 0);
}

int child_wait(struct child *child, int timeout_ms)
{
    int64_t deadline_ms = fixture_now_ms() + timeout_ms;
    while (child_lives(child) && fixture_now_ms() < deadline_ms)
        fixture_nap();
    child_kill(child, SIGKILL);
    return child->status;
}

int child_stop(struct child *child, int timeout_ms)
{
    child_kill(child, SIGTERM);
    return child_wait(child, timeout_ms);
}
