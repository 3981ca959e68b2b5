/* shell.c - runs shell commands in the test's own directory. */
#include "shell.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void shell_open(struct shell *ret, const char *name)
{
    (void)snprintf(ret->directory, sizeof ret->directory, "%s/%s-%d", getenv("CAIRN_TEST_SERVERS"),
                   name, (int)getpid());
    assert_int_equal(mkdir(ret->directory, 0711), 0); /* the database server is another user */
}

/* Unsets make's variables: in a terminal, the make that is called has no parent. */
int shell_run(const struct shell *shell, const char *command)
{
    char all[8192];
    int length =
        snprintf(all, sizeof all,
                 "unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL;"
                 " cd '%s' && tree='%s' build='%s' && { %s\n} >output 2>&1 </dev/null",
                 shell->directory, getenv("CAIRN_TEST_ROOT"), getenv("CAIRN_TEST_BUILD"), command);
    assert_in_range(length, 1, (int)sizeof all - 1);
    int status = system(all);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Prints the end of the output, which has the reason. */
static void print_output(const struct shell *shell)
{
    char command[400];
    (void)snprintf(command, sizeof command, "tail -n 60 '%s/output' >&2", shell->directory);
    (void)!system(command);
}

void shell_expect(const struct shell *shell, const char *command)
{
    int status = shell_run(shell, command);
    if (status == 0)
        return;
    print_output(shell);
    fail_msg("ended with %d, having said the above: %s", status, command);
}

void shell_copy_tree(const struct shell *shell)
{
    shell_expect(shell,
                 "set -e; here=$PWD;"
                 "cd \"$tree\";"
                 "tar cf - --exclude=./build --exclude=./.run --exclude=./.git . | tar xf - -C "
                 "\"$here\";"
                 "for pages in console shop; do mkdir -p \"$here/build/$pages\";"
                 " cp -a build/$pages/files.S build/$pages/site \"$here/build/$pages\"; done;"
                 "cd \"$build\";"
                 "cp -a --parents framework services projections tests/support bin migrations.* *.a"
                 " console_files.o shop_files.o"
                 " \"$here/build\"");
}
