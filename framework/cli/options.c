/* options.c - reads the command line of a subcommand. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static int wrong(const struct cairn_cli_command *command, const char *what, const char *word)
{
    (void)fprintf(stderr, "cairn %s: %s %s\nUsage: cairn %s\n", command->name, word, what,
                  command->usage);
    return EX_USAGE;
}

int cairn_cli_misuse(const struct cairn_cli_command *command, const char *what)
{
    (void)fprintf(stderr, "cairn %s: %s\nUsage: cairn %s\n", command->name, what, command->usage);
    return EX_USAGE;
}

/* Returns whether the option is a whole word of the list: "-json" is not. */
static bool is_allowed(const char *allowed, const char *option)
{
    size_t length = strlen(option);
    for (const char *at = allowed; (at = strstr(at, option)); at += length) {
        bool begins = at > allowed && at[-1] == ' ';
        if (begins && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

/* Reads a number of at most 18 digits, and nothing else. */
static bool read_number(const char *text, int64_t *ret)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits])
        return false;
    *ret = strtoll(text, NULL, 10);
    return true;
}

/* Returns where the number of an option is stored; NULL for a flag. */
static int64_t *place(struct cairn_cli_options *options, const char *option)
{
    if (strcmp(option, "--limit") == 0)
        return &options->limit;
    if (strcmp(option, "--after") == 0)
        return &options->after;
    if (strcmp(option, "--from") == 0)
        return &options->from;
    if (strcmp(option, "--to") == 0)
        return &options->to;
    return strcmp(option, "--expect") == 0 ? &options->expect : NULL;
}

/* Returns where the next text of an option that may be repeated is stored. The last place is
 * overwritten: cairn_cli_options() counts. */
static const char **next_place(const char **list, size_t *count)
{
    size_t at = (*count)++;
    return &list[at < CAIRN_CLI_LIST_MAX ? at : CAIRN_CLI_LIST_MAX - 1];
}

/* Returns where the text of an option is stored; NULL for one that has none. */
static const char **text_place(struct cairn_cli_options *options, const char *option)
{
    if (strcmp(option, "--tag") == 0)
        return next_place(options->tags, &options->tag_count);
    if (strcmp(option, "--type") == 0)
        return next_place(options->types, &options->type_count);
    if (strcmp(option, "--service") == 0)
        return &options->service;
    return strcmp(option, "--plural") == 0 ? &options->plural : NULL;
}

static bool *flag(struct cairn_cli_options *options, const char *option)
{
    const struct {
        const char *name;
        bool *at;
    } flags[] = {
        {"--yes", &options->yes},       {"--watch", &options->watch},   {"--diff", &options->diff},
        {"--accept", &options->accept}, {"--cancel", &options->cancel}, {"--json", &options->json},
        {"--wipe", &options->wipe},     {"--dot", &options->dot},
    };
    size_t i = 0;
    while (strcmp(flags[i].name, option) != 0 && i + 1 < sizeof flags / sizeof *flags)
        i++;
    return flags[i].at;
}

static void print_help(const struct cairn_cli_command *command)
{
    (void)printf("Usage: cairn %s\n\n%s\n\nExample: %s\n", command->usage, command->details,
                 command->example);
}

int cairn_cli_options(const struct cairn_cli_command *command, int argc, char **argv,
                      const char *allowed, int words, struct cairn_cli_options *ret)
{
    *ret = (struct cairn_cli_options){.limit = -1, .after = -1, .expect = -1, .from = -1, .to = -1};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--help") == 0) {
            print_help(command);
            return 0;
        }
        if (word[0] != '-') {
            if (ret->word_count == words)
                return wrong(command, "is one argument too many", word);
            ret->words[ret->word_count++] = word;
            continue;
        }
        if (!is_allowed(allowed, word))
            return wrong(command, "is not an option of this command", word);
        const char **text = text_place(ret, word);
        int64_t *number = place(ret, word);
        if (text && i + 1 == argc)
            return wrong(command, "wants a word after it", word);
        if (ret->tag_count > CAIRN_CLI_LIST_MAX || ret->type_count > CAIRN_CLI_LIST_MAX)
            return wrong(command, "is given more than 16 times", word);
        if (text)
            *text = argv[++i];
        else if (!number)
            *flag(ret, word) = true;
        else if (i + 1 == argc || !read_number(argv[++i], number))
            return wrong(command, "wants a number from 0", word);
    }
    return -1;
}
