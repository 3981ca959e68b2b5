/* logged.c - the log of the test's process, in a file. */
#include "logged.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct logged logged_begin(void)
{
    struct logged logged = {.path = "/tmp/cairn-logged.XXXXXX"};
    int file = mkstemp(logged.path);
    assert_true(file >= 0);
    logged.kept = dup(STDERR_FILENO);
    (void)dup2(file, STDERR_FILENO);
    (void)close(file);
    return logged;
}

void logged_end(struct logged *logged)
{
    (void)dup2(logged->kept, STDERR_FILENO);
    (void)close(logged->kept);
    (void)unlink(logged->path);
}

/* Reads all lines; the last one with the words goes to `ret`, if that is not NULL. */
static int read_lines(const struct logged *logged, const char *words, char *ret, size_t size)
{
    char line[2000];
    int count = 0;
    FILE *file = fopen(logged->path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (!strstr(line, words))
            continue;
        count++;
        if (ret)
            (void)snprintf(ret, size, "%s", line);
    }
    if (file)
        (void)fclose(file);
    return count;
}

int logged_lines(const struct logged *logged, const char *words)
{
    return read_lines(logged, words, NULL, 0);
}

void logged_line(const struct logged *logged, const char *words, char *ret, size_t size)
{
    ret[0] = '\0';
    (void)read_lines(logged, words, ret, size);
}
