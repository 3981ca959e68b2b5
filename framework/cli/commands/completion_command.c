/* completion_command.c - `cairn completion bash`, and the candidates that its script asks for.
 *
 * The script has no candidates itself: it passes the words to `cairn complete`, which takes
 * subcommands and options from the descriptors, and names from the database, by index and with
 * a deadline of one second. */
#include "cli/commands/commands.h"

#include "cli/commands/completion_command.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char script[] =
    "# Completion of cairn for bash. Put it into a file that your shell reads, or run:\n"
    "#     source <(cairn completion bash)\n"
    "_cairn() {\n"
    "    local IFS=$'\\n'\n"
    "    COMPREPLY=($(\"${COMP_WORDS[0]}\" complete \"$COMP_CWORD\" \"${COMP_WORDS[@]:1}\" "
    "2>/dev/null))\n"
    "    [[ ${COMPREPLY[0]-} != *- ]] || compopt -o nospace\n"
    "}\n"
    "complete -F _cairn cairn\n";

static int run_completion(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, "", 1, &options);
    if (status >= 0)
        return status;
    if (options.word_count < 1 || strcmp(options.words[0], "bash") != 0) {
        (void)fprintf(stderr, "cairn completion: it knows bash\nUsage: cairn %s\n", command->usage);
        return EX_USAGE;
    }
    (void)fputs(script, stdout);
    return 0;
}

/* ---- from the table of commands ---- */

static void offer(const char *candidate, size_t length, const char *prefix)
{
    if (strncmp(candidate, prefix, strlen(prefix)) == 0)
        (void)printf("%.*s\n", (int)length, candidate);
}

static void offer_commands(const struct cairn_cli_command *const *commands, const char *prefix)
{
    for (; *commands; commands++)
        offer((*commands)->name, strlen((*commands)->name), prefix);
}

/* Offers the options in the usage line, which names them all. */
static void offer_options(const struct cairn_cli_command *command, const char *prefix)
{
    for (const char *at = command->usage; (at = strstr(at, "--"));) {
        size_t length = strcspn(at, " ]");
        offer(at, length, prefix);
        at += length;
    }
    offer("--help", strlen("--help"), prefix);
}

static const struct cairn_cli_command *find(const struct cairn_cli_command *const *commands,
                                            const char *name)
{
    while (*commands && strcmp((*commands)->name, name) != 0)
        commands++;
    return *commands;
}

/* ---- from the database ---- */

/* Takes one index step per name: categories while no hyphen is typed, then streams. */
static const char streams_sql[] =
    "with recursive s as ("
    " (select e.stream from cairn.events e where e.shard = 0 and e.stream >= $1"
    "     order by e.stream limit 1)"
    " union all"
    " (select n.stream from s cross join lateral (select e.stream from cairn.events e"
    "     where e.shard = 0 and e.stream > case when strpos($1, '-') > 0 then s.stream"
    "         else (split_part(s.stream, '-', 1) || '.') collate \"C\" end"
    "     order by e.stream limit 1) n where starts_with(s.stream, $1))"
    ")"
    " select case when strpos($1, '-') > 0 then stream else split_part(stream, '-', 1) || $2 end"
    " from s where starts_with(stream, $1) limit 50";

static const char read_models_sql[] = "select distinct projection from cairn.generations"
                                      " where starts_with(projection, $1) and $2 is not null"
                                      " limit 50";

static void offer_names(const char *sql, const char *prefix, const char *hyphen)
{
    struct cairn_arena arena = {0};
    struct cairn_pg *pg = NULL;
    struct cairn_pg_params params = {.arena = &arena};
    cairn_pg_add_text(&params, prefix);
    cairn_pg_add_text(&params, hyphen);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_cli_connect(&pg, NULL);
    if (count >= 0) {
        cairn_pg_set_deadline(pg, CAIRN_SECONDS(1));
        cairn_pg_on_connect(pg, "set enable_seqscan = off; set enable_bitmapscan = off");
        count = cairn_pg_call_printed(pg, sql, &params, &rows, NULL);
    }
    for (int64_t i = 0; i < count; i++)
        (void)printf("%s\n", cairn_pg_text(rows, i, 0));
    cairn_pg_close(pg);
    cairn_arena_close(&arena);
}

static void offer_words(const struct cairn_cli_command *command, const char *prefix)
{
    if (strstr(command->usage, " STREAM"))
        offer_names(streams_sql, prefix, "-");
    else if (strstr(command->usage, "[CATEGORY]") && !strchr(prefix, '-'))
        offer_names(streams_sql, prefix, "");
    else if (strstr(command->usage, "[NAME]") || strstr(command->usage, " NAME "))
        offer_names(read_models_sql, prefix, "");
    else if (strcmp(command->name, "completion") == 0)
        offer("bash", strlen("bash"), prefix);
}

/* Returns how many words between the subcommand and the one at `index` are no options. */
static int words_before(int index, char **words)
{
    int count = 0;
    for (int i = 1; i < index; i++)
        count += words[i][0] != '-';
    return count;
}

int cairn_cli_complete(const struct cairn_cli_command *const *commands, int argc, char **argv)
{
    int index =
        argc > 1 ? (int)strtol(argv[1], NULL, 10) - 1 : -1; /* of the word under the cursor */
    char **words = argv + 2;
    if (index < 0 || index > argc - 2)
        return 0;
    const char *prefix = index < argc - 2 ? words[index] : "";
    const struct cairn_cli_command *command = index > 0 ? find(commands, words[0]) : NULL;
    if (index == 0)
        offer_commands(commands, prefix);
    else if (command && prefix[0] == '-')
        offer_options(command, prefix);
    else if (command && words_before(index, words) == 0)
        offer_words(command, prefix);
    return 0;
}

const struct cairn_cli_command cairn_cli_completion = {
    .name = "completion",
    .usage = "completion bash",
    .summary = "print the completion script for a shell",
    .details = "Prints a script that completes subcommands, options, streams and read models.",
    .example = "source <(cairn completion bash)",
    .run = run_completion,
};
