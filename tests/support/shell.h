/* shell.h - commands run by a shell in a directory of the test's own, for tests of what people do
 * in a terminal. `$tree` is the repository, `$build` where it was built; setenv() adds more.
 *
 * What a command says is kept in the directory's `output`, and shown when a test fails of it. */
#ifndef SHELL_H
#define SHELL_H

struct shell {
    char directory[300];
};

/* Makes the directory, empty, beside the servers; tests/run removes it. */
void shell_open(struct shell *ret, const char *name);

/* Runs it and returns its exit status. */
int shell_run(const struct shell *shell, const char *command);

/* The same; the test fails unless it ends with 0. */
void shell_expect(const struct shell *shell, const char *command);

/* Makes the directory a copy of the tree, with what was built of the library, so that little has to
 * be built again; `build` in it is the build. */
void shell_copy_tree(const struct shell *shell);

#endif
