/* project_files.c - makes a new project in a hidden directory beside its place, and then gives it
 * its name: so it is there completely or not at all. */
#include "cli/project/project_files.h"

#include "cli/directory.h"
#include "cli/program.h"
#include "core/containers/buffer.h"
#include "core/threads/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 20, SOURCES_MAX = 100 };

/* A project that is being made. */
struct making {
    struct cairn_arena *arena;
    const struct cairn_project_names *names;
    const char *scratch;
    int files;
    const char *sources[SOURCES_MAX + 1]; /* of C, for the formatter */
    size_t source_count;
};

/* ---- stopping half-way ---- */

static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
    interrupted = number;
}

static void watch_signals(void (*handler)(int number))
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction action = {.sa_handler = handler};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)sigaction(signals[i], &action, NULL);
}

static int check_signals(struct cairn_error *error)
{
    return interrupted ? cairn_fail(error, CAIRN_UNAVAILABLE, "stopped by a signal (%s)",
                                    strsignal(interrupted))
                       : 0;
}

/* ---- one file ---- */

static int fail_on(const char *what, const char *path, struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_UNAVAILABLE, "%s cannot be %s: %s", path, what, strerror(errno));
}

static int read_text(struct cairn_arena *arena, const char *path, const char **ret,
                     struct cairn_error *error)
{
    char *text = cairn_new(arena, char, FILE_MAX_BYTES + 1);
    FILE *file = fopen(path, "re");
    if (!file)
        return fail_on("read", path, error);
    size_t bytes = fread(text, 1, FILE_MAX_BYTES, file);
    bool good = !ferror(file);
    (void)fclose(file);
    *ret = text;
    if (good && (bytes == FILE_MAX_BYTES || memchr(text, '\0', bytes)))
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "%s is no text of a template: it has a NUL, or more than %d bytes", path,
                          FILE_MAX_BYTES);
    return good ? 0 : fail_on("read", path, error);
}

static int write_text(const char *path, const char *text, mode_t mode, struct cairn_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file)
        return fail_on("written", path, error);
    bool good = fputs(text, file) >= 0;
    good = fclose(file) == 0 && good;
    return good ? 0 : fail_on("written", path, error);
}

static bool is_source(const char *path)
{
    const char *point = strrchr(path, '.');
    return point && (strcmp(point, ".c") == 0 || strcmp(point, ".h") == 0);
}

static int make_file(struct making *making, const char *from, const char *to, mode_t mode,
                     struct cairn_error *error)
{
    struct cairn_arena scratch = {0};
    const char *text = NULL;
    int failed = read_text(&scratch, from, &text, error);
    if (!failed)
        failed = write_text(to, cairn_project_rename(&scratch, making->names, text),
                            mode & 0111 ? 0777 : 0666, error);
    cairn_arena_close(&scratch);
    making->files++;
    if (is_source(to) && making->source_count < SOURCES_MAX)
        making->sources[making->source_count++] = to;
    return failed;
}

/* ---- the tree ---- */

/* Makes what is below `path` of the template; "" is all of it. */
static int make_tree(struct making *making, const char *template, const char *path,
                     struct cairn_error *error);

static int make_entry(struct making *making, const char *template, const char *path,
                      struct cairn_error *error)
{
    struct stat status;
    const char *from = cairn_print(making->arena, "%s%s", template, path);
    const char *to = cairn_print(making->arena, "%s%s", making->scratch,
                                 cairn_project_rename(making->arena, making->names, path));
    int failed = check_signals(error);
    if (failed)
        return failed;
    if (stat(from, &status) != 0)
        return fail_on("read", from, error);
    if (S_ISREG(status.st_mode))
        return make_file(making, from, to, status.st_mode, error);
    if (!S_ISDIR(status.st_mode))
        return cairn_fail(error, CAIRN_UNAVAILABLE, "%s is neither a file nor a directory", from);
    if (mkdir(to, 0777) != 0)
        return fail_on("made", to, error);
    return make_tree(making, template, path, error);
}

static int make_tree(struct making *making, const char *template, const char *path,
                     struct cairn_error *error)
{
    const char *directory = cairn_print(making->arena, "%s%s", template, path);
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, NULL, alphasort);
    if (count < 0)
        return fail_on("read", directory, error);
    int failed = 0;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (!failed && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            failed = make_entry(making, template, cairn_print(making->arena, "%s/%s", path, name),
                                error);
        free(entries[i]);
    }
    free(entries);
    return failed;
}

/* ---- what other programs add ---- */

static void run_quietly(struct making *making, const char *const *words, const char *directory)
{
    const struct cairn_program program = {.words = words, .directory = directory};
    const char *said = NULL;
    (void)!cairn_program_read(making->arena, &program, CAIRN_SECONDS(30), &said, NULL);
}

/* Lines have other lengths with other names. */
static void format_sources(struct making *making)
{
    const char *words[SOURCES_MAX + 3] = {"clang-format", "-i"};
    for (size_t i = 0; i < making->source_count; i++)
        words[i + 2] = making->sources[i];
    if (making->source_count && cairn_program_exists(words[0]))
        run_quietly(making, words, NULL);
}

static bool is_in_repository(struct making *making)
{
    const char *const words[] = {"git", "rev-parse", "--git-dir", NULL};
    const struct cairn_program program = {.words = words, .directory = making->scratch};
    const char *said = NULL;
    return cairn_program_read(making->arena, &program, CAIRN_SECONDS(30), &said, NULL) == 0;
}

static void begin_repository(struct making *making)
{
    static const char *const words[] = {"git", "init", "-q", "-b", "main", NULL};
    if (cairn_program_exists("git") && !is_in_repository(making))
        run_quietly(making, words, making->scratch);
}

/* ---- the whole ---- */

static int fail_exists(const struct cairn_project_names *names, struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_EXISTS,
                      "%s is there already, and was not touched: choose another name, or move it",
                      names->directory);
}

/* Makes the hidden directory beside the place of the project. */
static int open_scratch(struct making *making, struct cairn_error *error)
{
    const char *directory = making->names->directory;
    size_t parent = strlen(directory) - strlen(making->names->project);
    char *scratch = cairn_print(making->arena, "%.*s.%s.XXXXXX", (int)parent, directory,
                                making->names->project);
    struct stat status;
    if (lstat(directory, &status) == 0)
        return fail_exists(making->names, error);
    if (!mkdtemp(scratch))
        return cairn_fail(
            error, CAIRN_UNAVAILABLE, "%s cannot be made in %s: %s", making->names->project,
            parent ? cairn_copy_bytes(making->arena, directory, parent) : "this directory",
            strerror(errno));
    mode_t mask = umask(0);
    (void)umask(mask);
    (void)chmod(scratch, 0777 & ~mask);
    making->scratch = scratch;
    return 0;
}

/* A directory that was made meanwhile is not replaced, not even an empty one. */
static int take_place(const struct making *making, struct cairn_error *error)
{
    const char *directory = making->names->directory;
    if (renameat2(AT_FDCWD, making->scratch, AT_FDCWD, directory, RENAME_NOREPLACE) == 0)
        return 0;
    struct stat status;
    bool lacks_flag = errno == EINVAL || errno == ENOSYS; /* some network file systems */
    if (lstat(directory, &status) == 0)
        return fail_exists(making->names, error);
    if (lacks_flag && rename(making->scratch, directory) == 0)
        return 0;
    return fail_on("made", directory, error);
}

int cairn_project_make(struct cairn_arena *arena, const char *template,
                       const struct cairn_project_names *names, struct cairn_error *error)
{
    struct making making = {.arena = arena, .names = names};
    int failed = open_scratch(&making, error);
    if (failed)
        return failed;
    watch_signals(note_signal);
    failed = make_tree(&making, template, "", error);
    if (!failed) {
        format_sources(&making);
        begin_repository(&making);
        failed = check_signals(error);
    }
    if (!failed)
        failed = take_place(&making, error);
    if (failed)
        cairn_remove_tree(making.scratch);
    watch_signals(SIG_DFL);
    return failed ? failed : making.files;
}
