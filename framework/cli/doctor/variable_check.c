/* variable_check.c - checks the variables of the environment. */
#include "cli/doctor/checks.h"

#include "cli/program.h"
#include "core/text/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "CAIRN_"
#define CHECK "variables"

/* Variables of the command itself, which are in no service's --help. */
static const char *const of_the_command[] = {
    "CAIRN_ACTOR", "CAIRN_PROJECTOR", "CAIRN_TEMPLATES", "CAIRN_POSTGRES_BIN", "CAIRN_GOLDEN",
};

enum { OF_THE_COMMAND = sizeof of_the_command / sizeof of_the_command[0] };

/* ---- what a program says of itself ---- */

/* Returns what `PROGRAM --help` prints; "" without a program, or if it cannot be run. */
static const char *read_help(struct cairn_diagnosis *diagnosis, const char *name)
{
    const char *const words[] = {name, "--help", NULL};
    const struct cairn_program program = {.words = words};
    const char *said = "";
    struct cairn_error error = {0};
    if (!name)
        return "";
    int status = cairn_program_read(diagnosis->arena, &program, CAIRN_SECONDS(10), &said, &error);
    if (status == 0 && strstr(said, "\nEnvironment:\n"))
        return said;
    cairn_diagnose_problem(diagnosis, "program", "name the program of a service",
                           "%s does not list its settings by --help%s%s", name,
                           status < 0 ? ": " : "",
                           status < 0 ? cairn_copy_text(diagnosis->arena, error.message) : "");
    return "";
}

static bool is_part_of_name(char c)
{
    return isupper((unsigned char)c) || isdigit((unsigned char)c) || c == '_';
}

/* Returns the length of the next name of a variable in the text, and moves to its beginning; 0 at
 * the end. */
static size_t next_name(const char **at)
{
    while ((*at = strstr(*at, PREFIX))) {
        size_t length = 0;
        while (is_part_of_name((*at)[length]))
            length++;
        if (length > strlen(PREFIX))
            return length;
        *at += strlen(PREFIX);
    }
    return 0;
}

/* Looks a variable up among the names in a text. Returns 1 if it is one of them, or its _FILE; -1
 * if it is probably a typing error for one, which is copied to `ret_meant`; else 0. */
static int look_up(struct cairn_arena *arena, const char *variable, const char *text,
                   const char **ret_meant)
{
    int found = 0;
    for (const char *at = text; *text;) {
        size_t length = next_name(&at);
        if (length == 0)
            break;
        const char *name = cairn_copy_bytes(arena, at, length);
        at += length;
        if (strncmp(variable, name, length) == 0 &&
            (variable[length] == '\0' || strcmp(variable + length, "_FILE") == 0))
            return 1;
        if (cairn_is_mistyped(variable + strlen(PREFIX), name + strlen(PREFIX))) {
            *ret_meant = name;
            found = -1;
        }
    }
    return found;
}

/* ---- each variable ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static bool is_reported(const char *variable, const struct cairn_error *wrong)
{
    for (unsigned i = 0; i < wrong->wrong_count && i < CAIRN_WRONG_MAX; i++) {
        if (strcmp(wrong->wrong[i].pointer, variable) == 0)
            return true;
    }
    return false;
}

static bool is_of_the_command(struct cairn_arena *arena, const char *variable,
                              const char **ret_meant)
{
    for (size_t i = 0; i < OF_THE_COMMAND; i++) {
        int found = look_up(arena, variable, of_the_command[i], ret_meant);
        if (found > 0)
            return true;
    }
    return false;
}

/* The URL of a peer has the name of any category, and a port that of any service. */
static void check_variable(struct cairn_diagnosis *diagnosis, const char *variable,
                           const char *help, const struct cairn_error *wrong)
{
    const char *meant = NULL;
    if (cairn_config_knows(variable) || is_reported(variable, wrong) ||
        ends_with(variable, "_URL") || ends_with(variable, "_PORT") ||
        is_of_the_command(diagnosis->arena, variable, &meant) ||
        look_up(diagnosis->arena, variable, help, &meant) > 0)
        return;
    if (meant)
        cairn_diagnose_problem(diagnosis, CHECK, "correct it, or unset it",
                               "%s is not a setting: did you mean %s?", variable, meant);
    else if (*help)
        cairn_diagnose_warning(diagnosis, CHECK, "correct it, or unset it",
                               "%s is a setting neither of Cairn nor of this program", variable);
    else
        cairn_diagnose_warning(diagnosis, CHECK,
                               "if it is one of a service, name its program: cairn doctor PROGRAM",
                               "%s is no setting of Cairn itself", variable);
}

static size_t check_each(struct cairn_diagnosis *diagnosis, const char *help,
                         const struct cairn_error *wrong)
{
    size_t count = 0;
    for (char **at = environ; *at; at++) {
        if (strncmp(*at, PREFIX, strlen(PREFIX)) != 0)
            continue;
        check_variable(diagnosis, cairn_copy_bytes(diagnosis->arena, *at, strcspn(*at, "=")), help,
                       wrong);
        count++;
    }
    return count;
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

void cairn_check_variables(struct cairn_diagnosis *diagnosis, const char *program,
                           const struct cairn_error *wrong)
{
    size_t bad = diagnosis->count;
    const char *help = read_help(diagnosis, program);
    for (unsigned i = 0; i < wrong->wrong_count && i < CAIRN_WRONG_MAX; i++) {
        const char *name = cairn_copy_text(diagnosis->arena, wrong->wrong[i].pointer);
        bool is_missing = strcmp(name, "DATABASE_URL") == 0 && !is_set("DATABASE_URL") &&
                          !is_set("DATABASE_URL_FILE");
        if (!is_missing) /* which is reported where the database is checked */
            cairn_diagnose_problem(diagnosis, CHECK,
                                   "a service would not start: correct it, or unset it", "%s %s",
                                   name, wrong->wrong[i].message);
    }
    size_t count = check_each(diagnosis, help, wrong);
    if (diagnosis->count == bad)
        cairn_diagnose_good(diagnosis, CHECK, "%zu begin%s with " PREFIX ", and none is wrong",
                            count, count == 1 ? "s" : "");
}
