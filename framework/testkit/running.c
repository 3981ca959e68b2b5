/* running.c - prints, on a signal, which of the author's functions ran. */
#include "testkit/running.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STACK_BYTES = 64 << 10 };

static const struct crash {
    int number;
    const char *what;
} crashes[] = {
    {SIGSEGV, " crashed: segmentation fault (SIGSEGV)\n"},
    {SIGBUS, " crashed: bus error (SIGBUS)\n"},
    {SIGFPE, " crashed: division by zero, or another arithmetic error (SIGFPE)\n"},
    {SIGILL, " crashed: illegal instruction (SIGILL)\n"},
    {SIGABRT, " aborted (SIGABRT)\n"},
};
enum { CRASHES = sizeof crashes / sizeof crashes[0] };

static bool runs;                        /* one of the author's functions */
static char text[CAIRN_RUNNING_BYTES];   /* its description */
static char *watched;                    /* where descriptions are written instead; or NULL */
static struct sigaction before[CRASHES]; /* what the signals did */
static stack_t stack_before;
static char stack[STACK_BYTES]; /* of the signal's handler: the function's may have overflowed */

static void restore(void)
{
    for (size_t i = 0; i < CRASHES; i++)
        (void)sigaction(crashes[i].number, &before[i], NULL);
    runs = false;
}

static void print(const char *words)
{
    size_t length = strlen(words);
    (void)!write(STDERR_FILENO, words, length);
}

/* A fault occurs again when the handler returns. A signal that was sent has to be sent again. */
static void on_crash(int number, siginfo_t *info, void *context)
{
    (void)context;
    for (size_t i = 0; i < CRASHES; i++) {
        if (crashes[i].number != number)
            continue;
        print(text);
        print(crashes[i].what);
    }
    restore();
    if (info->si_code <= 0)
        (void)raise(number);
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaltstack(NULL, &stack_before);
    if (stack_before.ss_flags & SS_DISABLE)
        (void)sigaltstack(&own, NULL);
    for (size_t i = 0; i < CRASHES; i++)
        (void)sigaction(crashes[i].number, &action, &before[i]);
    runs = true;
}

void cairn_running_begin(struct cairn_here here, const char *file, int line, const char *format,
                         ...)
{
    char what[CAIRN_RUNNING_BYTES / 3];
    char place[CAIRN_RUNNING_BYTES / 3];
    char *at = watched ? watched : text;
    size_t length = 0;
    va_list list;
    va_start(list, format);
    (void)vsnprintf(what, sizeof what, format, list);
    va_end(list);
    (void)snprintf(place, sizeof place, line ? "%s:%d" : "%s", file ? file : "?", line);
    if (!watched && here.file)
        length = (size_t)snprintf(at, CAIRN_RUNNING_BYTES / 4, "%s:%d: ", here.file, here.line);
    if (length >= CAIRN_RUNNING_BYTES / 4)
        length = CAIRN_RUNNING_BYTES / 4 - 1;
    (void)snprintf(at + length, CAIRN_RUNNING_BYTES - length, "%s (%s)", what, place);
    if (!watched && !runs)
        install();
}

void cairn_running_end(void)
{
    if (watched)
        watched[0] = '\0';
    if (!runs)
        return;
    restore();
    if (stack_before.ss_flags & SS_DISABLE)
        (void)sigaltstack(&stack_before, NULL);
}

void cairn_running_watch(char *place)
{
    watched = place;
    place[0] = '\0';
}
