/* cairn.c - runs the `cairn` command through a shell. */
#include "cairn.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

char said[65536];

int cairn_run(const char *database_url, const char *arguments)
{
    char command[2048];
    (void)snprintf(command, sizeof command,
                   "exec 2>&1 </dev/null; DATABASE_URL='%s' '%s/bin/cairn' %s", database_url,
                   getenv("CAIRN_TEST_BUILD"), arguments);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t length = fread(said, 1, sizeof said - 1, pipe);
    said[length] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

int cairn_said(const char *words)
{
    return strstr(said, words) != NULL;
}

void cairn_expect(const char *database_url, int status, const char *arguments, const char *words)
{
    int seen = cairn_run(database_url, arguments);
    if (seen != status || !cairn_said(words))
        fail_msg("cairn %s: wanted %d and \"%s\", saw %d and: %s", arguments, status, words, seen,
                 said);
}
