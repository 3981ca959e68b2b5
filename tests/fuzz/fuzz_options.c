/* fuzz_options.c - command lines of `cairn`: words, separated by spaces, after a subcommand. An
 * option has an effect only if it is on the line; otherwise the line is refused. */
#include "fuzz.h"

#include "cli/cli.h"

#include <string.h>

static bool has_word(int argc, char **argv, const char *word)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], word) == 0)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    static const struct cairn_cli_command command = {"tail", "tail [--limit N]", "help",
                                                     "more", "example",          NULL};
    struct cairn_cli_options options = {0};
    char *argv[32] = {(char[]){"tail"}};
    int argc = 1;
    if (!nowhere) {
        nowhere = fopen("/dev/null", "we");
        stdout = nowhere;
    }
    FILE *said = stderr;
    char *text = text_of(data, size);
    for (char *word = strtok(text, " "); word && argc < 31; word = strtok(NULL, " "))
        argv[argc++] = word;
    stderr = nowhere;
    int status = cairn_cli_options(&command, argc, argv, " --json --yes --limit --after --from", 2,
                                   &options);
    stderr = said;
    if (status == -1) {
        expect(options.word_count <= 2);
        expect(!options.json || has_word(argc, argv, "--json"));
        expect(!options.yes || has_word(argc, argv, "--yes"));
        expect(options.limit >= -1 && options.expect == -1 && options.to == -1);
        expect(options.limit == -1 || has_word(argc, argv, "--limit"));
        expect(options.limit < INT64_MAX && options.after < INT64_MAX);
    } else {
        expect(status == 0 || status == 64);
    }
    free(text);
    return 0;
}
