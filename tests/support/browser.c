/* browser.c - starts a script with a pipe each way, and provides what it asks for. */
#include "browser.h"

#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Returns the script's output. */
static FILE *start(const char *script, int port, const struct shell *place, FILE **ret_input,
                   pid_t *ret_pid)
{
    int in[2];
    int out[2];
    char command[1500];
    (void)snprintf(command, sizeof command,
                   "mkdir -p '%s/shots' && cd '%s' && exec tests/browser/run '%s/browser-test'"
                   " %s http://localhost:%d '%s/shots'",
                   place->directory, getenv("CAIRN_TEST_ROOT"), getenv("CAIRN_TEST_BUILD"), script,
                   port, place->directory);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)execlp("bash", "bash", "-c", command, (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    *ret_input = fdopen(in[1], "w");
    *ret_pid = pid;
    return fdopen(out[0], "r");
}

void browser_run(const char *script, int port, const struct shell *place, browser_provide *provide)
{
    FILE *input = NULL;
    pid_t pid = 0;
    char line[4096];
    int status = 0;
    FILE *output = start(script, port, place, &input, &pid);
    (void)signal(SIGPIPE, SIG_IGN);
    while (fgets(line, sizeof line, output)) {
        line[strcspn(line, "\n")] = '\0';
        print_message("%s\n", line);
        if (strncmp(line, "NEED ", 5) != 0)
            continue;
        (void)fprintf(input, "%s\n", provide(line + 5));
        (void)fflush(input);
    }
    (void)fclose(input);
    (void)fclose(output);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip(); /* the script has printed why */
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}
