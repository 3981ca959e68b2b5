/* new_command.c - `cairn new`: makes a repository of one's own, with a service that works. */
#include "cli/commands/commands.h"

#include "cli/project/project_files.h"
#include "cli/project/template_directory.h"

static int make_project(struct cairn_arena *arena, const struct cairn_cli_options *options,
                        struct cairn_project_names *ret, struct cairn_error *error)
{
    const char *template = NULL;
    int failed = cairn_project_names(arena, options->words[0], options->service, options->plural,
                                     ret, error);
    if (!failed)
        failed = cairn_template_directory(arena, &template, error);
    if (failed)
        return failed;
    ret->cflags = cairn_template_cflags(arena);
    return cairn_project_make(arena, template, ret, error);
}

static void print_next(const struct cairn_project_names *names, int files)
{
    (void)printf(
        "made %s: %d files, with the service %s\n\n"
        "  cd %s\n"
        "  cairn dev    runs it, at http://127.0.0.1:8030/%s, and again after each change\n"
        "  make test    the rules, and the service on a PostgreSQL and a Redis of its own\n\n"
        "README.md says what is where, AGENTS.md how a service is written.\n",
        names->directory, files, names->noun, names->directory, names->plural);
}

static int run_new(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --service --plural", 1, &options);
    if (status >= 0)
        return status;
    if (options.word_count < 1)
        return cairn_cli_misuse(command, "which project?");
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    struct cairn_project_names names;
    int files = make_project(&arena, &options, &names, &error);
    status = cairn_cli_end(command, NULL, files, &error);
    if (status == 0)
        print_next(&names, files);
    cairn_arena_close(&arena);
    return status;
}

const struct cairn_cli_command cairn_cli_new = {
    .name = "new",
    .usage = "new PROJECT [--service NAME] [--plural PLURAL]",
    .summary = "make a repository with a service of your own",
    .details =
        "Makes the directory PROJECT, which must not exist: a service with a read model and a process, tests\n"
        "of every level, Makefile, Dockerfile, compose.yaml, CI. It builds against the installed library by\n"
        "pkg-config, and is a git repository if git is installed and the directory lies in none.\n"
        "\n"
        "NAME is the noun of the service and its streams: invoice, credit_entry. Without it, it is that of\n"
        "the project, with underscores. PLURAL names its read model and its URLs: invoices. The template is\n"
        "share/cairn/project beside this program; CAIRN_TEMPLATES names another directory.",
    .example = "cairn new book-shop --service order",
    .run = run_new,
};
