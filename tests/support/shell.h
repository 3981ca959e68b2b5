/* shell.h - runs shell commands in the test's own directory, for tests of what people do in a
 * terminal. `$tree` is the repository, `$build` where it was built; setenv() adds more.
 *
 * A command's output is kept in the directory's `output`, and shown when it fails a test. */
#ifndef SHELL_H
#define SHELL_H

struct shell {
    char directory[300];
};

/* Creates the directory, empty, beside the servers; tests/run removes it. */
void shell_open(struct shell *ret, const char *name);

/* Runs the command and returns its exit status. */
int shell_run(const struct shell *shell, const char *command);

/* The same; fails the test unless the exit status is 0. */
void shell_expect(const struct shell *shell, const char *command);

/* Copies the tree into the directory, with the build of the library, so that little has to be
 * rebuilt; `build` in it is the build. */
void shell_copy_tree(const struct shell *shell);

#endif
