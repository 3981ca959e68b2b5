/* servers_command.c - `cairn servers`: runs a command with a PostgreSQL and a Redis of its own. */
#include "cli/commands/commands.h"

#include "cli/directory.h"
#include "cli/servers/private_servers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIGNALLED = 128 };

/* ---- signals ---- */

/* A signal that asks to stop, and the command that gets it then. Ctrl-C reaches the command without
 * help, since the terminal sends it to both. */
static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t command_pid;

static void pass_on(int number)
{
    stop_signal = number;
    if (command_pid > 0 && number != SIGINT)
        (void)kill(command_pid, number);
}

static void watch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction action = {.sa_handler = pass_on};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)sigaction(signals[i], &action, NULL);
}

/* ---- the command ---- */

/* Variables that would lead the command, or libpq in it, to other servers. */
static void forget_other_servers(void)
{
    char name[80];
    for (char **at = environ; *at;) {
        size_t length = strcspn(*at, "=");
        bool misleads = strncmp(*at, "PG", 2) == 0 || strncmp(*at, "DATABASE_URL", 12) == 0 ||
                        strncmp(*at, "REDIS_URL", 9) == 0;
        if (misleads && length < sizeof name) {
            memcpy(name, *at, length);
            name[length] = '\0';
            (void)unsetenv(name);
            at = environ;
        } else {
            at++;
        }
    }
}

static int run_with(struct cairn_arena *arena, const struct cairn_private_servers *servers,
                    const char *const *words, struct cairn_error *error)
{
    const char *const variables[] = {cairn_print(arena, "DATABASE_URL=%s", servers->database_url),
                                     cairn_print(arena, "REDIS_URL=%s", servers->redis_url), NULL};
    const struct cairn_program program = {
        .words = words, .variables = variables, .last_signal = SIGTERM};
    struct cairn_child child;
    if (stop_signal)
        return SIGNALLED + stop_signal;
    int failed = cairn_program_start(&program, &child, error);
    if (failed)
        return failed;
    command_pid = child.pid;
    if (stop_signal) /* it came before there was a command to pass it on to */
        cairn_child_signal(&child, stop_signal);
    (void)cairn_child_wait(&child, -1);
    command_pid = 0;
    return child.status < 0 ? SIGNALLED - child.status : child.status;
}

/* Makes a directory that the user whom PostgreSQL runs as can pass through. */
static int make_directory(struct cairn_arena *arena, const char **ret, struct cairn_error *error)
{
    const char *place = getenv("TMPDIR");
    char *path = cairn_print(arena, "%s/cairn-servers.XXXXXX", place && *place ? place : "/tmp");
    if (!mkdtemp(path))
        return cairn_fail(error, CAIRN_UNAVAILABLE, "%s cannot be made: %s", path, strerror(errno));
    (void)chmod(path, 0711);
    *ret = path;
    return 0;
}

static int run_all(struct cairn_arena *arena, const char *const *words, struct cairn_error *error)
{
    struct cairn_private_servers servers;
    const char *directory = NULL;
    int status = make_directory(arena, &directory, error);
    if (status < 0)
        return status;
    status = cairn_private_servers_start(arena, directory, false, &servers, error);
    if (status == 0) {
        status = run_with(arena, &servers, words, error);
        cairn_private_servers_stop(&servers);
    }
    cairn_server_directory_wipe(arena, directory);
    cairn_remove_tree(directory);
    return status;
}

static int run_servers(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    bool dashes = argc > 1 && strcmp(argv[1], "--") == 0;
    char **words = argv + (dashes ? 2 : 1);
    if (!dashes && (argc < 2 || argv[1][0] == '-')) {
        int status = cairn_cli_options(command, argc < 2 ? argc : 2, argv, "", 0, &options);
        if (status >= 0)
            return status;
    }
    if (!*words)
        return cairn_cli_misuse(command, "which command?");
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    watch_signals();
    forget_other_servers();
    int outcome = run_all(&arena, (const char *const *)words, &error);
    int status = cairn_cli_end(command, NULL, outcome, &error);
    cairn_arena_close(&arena);
    return outcome > 0 ? outcome : status;
}

const struct cairn_cli_command cairn_cli_servers = {
    .name = "servers",
    .usage = "servers COMMAND [ARGUMENT]...",
    .summary = "run a command with a PostgreSQL and a Redis of its own",
    .details =
        "Starts a PostgreSQL and a Redis in a temporary directory, makes a database with this release's\n"
        "schema, and runs the command with DATABASE_URL and REDIS_URL set. When it has ended, both are\n"
        "stopped and their data is removed. For tests: the data would not survive a crash of the machine.\n"
        "Ends with the status of the command.\n"
        "\n"
        "PostgreSQL is the newest installed one from 15 to 18, or the one in the directory that\n"
        "CAIRN_POSTGRES_BIN names. Root runs it as the user postgres.",
    .example = "cairn servers sh -c 'psql \"$DATABASE_URL\" -c \"select * from cairn.store\"'",
    .run = run_servers,
};
