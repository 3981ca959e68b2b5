/* project_names.c - checks the names of a new project, and puts them into a template's text. */
#include "cli/project/project_names.h"

#include "core/containers/buffer.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { PROJECT_MAX = 60, WORD_MAX = 30 };

/* Words that cannot name a struct: keywords of C and C++, and macros that compilers define. A C++
 * file may include a service's header. */
static const char *const reserved[] = {
    "alignas", "alignof",  "and",       "and_eq",       "asm",      "auto",          "bitand",
    "bitor",   "bool",     "break",     "case",         "catch",    "char",          "class",
    "compl",   "concept",  "const",     "constexpr",    "continue", "decltype",      "default",
    "delete",  "do",       "double",    "else",         "enum",     "explicit",      "export",
    "extern",  "false",    "float",     "for",          "friend",   "goto",          "i386",
    "if",      "inline",   "int",       "linux",        "long",     "mutable",       "namespace",
    "new",     "noexcept", "not",       "not_eq",       "nullptr",  "operator",      "or",
    "or_eq",   "private",  "protected", "public",       "register", "requires",      "restrict",
    "return",  "short",    "signed",    "sizeof",       "static",   "static_assert", "struct",
    "switch",  "template", "this",      "thread_local", "throw",    "true",          "try",
    "typedef", "typeid",   "typename",  "typeof",       "union",    "unix",          "unsigned",
    "using",   "virtual",  "void",      "volatile",     "while",    "xor",           "xor_eq",
};

static bool is_reserved(const char *word)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcmp(word, reserved[i]) == 0)
            return true;
    }
    return false;
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- checks ---- */

/* Returns whether the text begins with a letter and has only lower-case letters, digits and the
 * `joints` after it, none of which stand beside each other or at the end. */
static bool is_well_formed(const char *text, const char *joints)
{
    bool was_joint = true;
    if (!is_lower(*text))
        return false;
    for (; *text; text++) {
        bool is_joint = strchr(joints, *text) != NULL;
        if (!is_lower(*text) && !is_digit(*text) && (!is_joint || was_joint))
            return false;
        was_joint = is_joint;
    }
    return !was_joint;
}

static int check_word(const char *what, const char *word, struct cairn_error *error)
{
    if (!is_well_formed(word, "_"))
        return cairn_fail(error, CAIRN_CONFIG,
                          "%s \"%s\" is no name for a C struct: wanted lower-case letters, digits "
                          "and single underscores, such as invoice or credit_entry",
                          what, word);
    if (strlen(word) > WORD_MAX)
        return cairn_fail(error, CAIRN_CONFIG,
                          "%s \"%s\" is %zu characters long, and at most %d are allowed, as longer "
                          "names are made of it",
                          what, word, strlen(word), WORD_MAX);
    if (is_reserved(word))
        return cairn_fail(error, CAIRN_CONFIG, "%s \"%s\" is a word of C or C++: choose another",
                          what, word);
    if (strcmp(word, "cairn") == 0 || strncmp(word, "cairn_", 6) == 0)
        return cairn_fail(error, CAIRN_CONFIG,
                          "%s \"%s\" is a name of Cairn itself: choose another", what, word);
    return 0;
}

static int check_project(const char *project, struct cairn_error *error)
{
    if (!is_well_formed(project, "_-"))
        return cairn_fail(error, CAIRN_CONFIG,
                          "\"%s\" is no name for a project: wanted lower-case letters, digits and "
                          "single hyphens or underscores, such as book-shop",
                          project);
    if (strlen(project) > PROJECT_MAX)
        return cairn_fail(error, CAIRN_CONFIG,
                          "\"%s\" is %zu characters long: a project's name has at most %d", project,
                          strlen(project), PROJECT_MAX);
    return 0;
}

/* ---- derived names ---- */

/* Returns the directory without slashes at its end, unless it is the root. */
static const char *without_slashes(struct cairn_arena *arena, const char *directory)
{
    size_t length = strlen(directory);
    while (length > 1 && directory[length - 1] == '/')
        length--;
    return cairn_copy_bytes(arena, directory, length);
}

static const char *last_part(const char *directory)
{
    const char *slash = strrchr(directory, '/');
    return slash ? slash + 1 : directory;
}

static const char *with_underscores(struct cairn_arena *arena, const char *project)
{
    char *noun = cairn_copy_text(arena, project);
    for (char *at = noun; *at; at++)
        *at = *at == '-' ? '_' : *at;
    return noun;
}

/* Returns the word as it stands in the codes of refusals: "credit-entry". */
static const char *with_hyphens(struct cairn_arena *arena, const char *word)
{
    char *copy = cairn_copy_text(arena, word);
    for (char *at = copy; *at; at++)
        *at = *at == '_' ? '-' : *at;
    return copy;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Returns the plural of an English noun that is a regular one. */
static const char *plural_of(struct cairn_arena *arena, const char *noun)
{
    size_t length = strlen(noun);
    bool ends_in_y = length > 1 && noun[length - 1] == 'y' && !strchr("aeiou", noun[length - 2]);
    if (ends_in_y)
        return cairn_print(arena, "%.*sies", (int)length - 1, noun);
    if (ends_with(noun, "s") || ends_with(noun, "x") || ends_with(noun, "z") ||
        ends_with(noun, "ch") || ends_with(noun, "sh"))
        return cairn_print(arena, "%ses", noun);
    return cairn_print(arena, "%ss", noun);
}

int cairn_project_names(struct cairn_arena *arena, const char *directory, const char *noun,
                        const char *plural, struct cairn_project_names *ret,
                        struct cairn_error *error)
{
    struct cairn_project_names names = {.directory = without_slashes(arena, directory),
                                        .cflags = ""};
    names.project = last_part(names.directory);
    int failed = check_project(names.project, error);
    if (failed)
        return failed;
    names.noun = noun ? noun : with_underscores(arena, names.project);
    failed =
        check_word(noun ? "service" : "service (named as the project; --service names another)",
                   names.noun, error);
    if (failed)
        return failed;
    names.plural = plural ? plural : plural_of(arena, names.noun);
    failed = plural ? check_word("plural", plural, error) : 0;
    if (!failed && strcmp(names.plural, names.noun) == 0)
        failed = cairn_fail(error, CAIRN_CONFIG,
                            "plural \"%s\" is the service's name too: the read model and the state "
                            "are different structs, so choose another",
                            plural);
    if (!failed)
        *ret = names;
    return failed;
}

/* ---- renaming ---- */

/* Returns "CreditEntry" for "credit_entry". */
static const char *capitalized(struct cairn_arena *arena, const char *word)
{
    struct cairn_buffer out = cairn_buffer(arena);
    bool begins = true;
    for (; *word; word++) {
        if (*word != '_')
            cairn_buffer_char(&out, begins ? (char)toupper((unsigned char)*word) : *word);
        begins = *word == '_';
    }
    return out.text;
}

static const char *upper(struct cairn_arena *arena, const char *word)
{
    char *copy = cairn_copy_text(arena, word);
    for (char *at = copy; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    return copy;
}

/* Returns whether a noun is spoken with "an" before it, as far as its letters tell. */
static bool wants_an(const char *noun)
{
    if (*noun == 'u')
        return noun[1] != 's' && strncmp(noun, "uni", 3) != 0;
    return strchr("aeio", *noun) != NULL;
}

/* One writing of the placeholder; the longer one first, where one begins with another. */
struct placeholder {
    const char *word;
    const char *name;
    bool (*continues)(char c); /* a character beside it that makes it a part of another word */
    bool may_follow;           /* as Thing in openThing */
};

static bool is_part(const struct placeholder *placeholder, const char *text, const char *at)
{
    size_t length = strlen(placeholder->word);
    return strncmp(at, placeholder->word, length) == 0 && !placeholder->continues(at[length]) &&
           (placeholder->may_follow || at == text || !placeholder->continues(at[-1]));
}

static bool never(char c)
{
    (void)c;
    return false;
}

static bool is_no_word(char c)
{
    return !is_lower(c);
}

enum { PLACEHOLDERS = 9, THING = 2 };

static void list_placeholders(struct cairn_arena *arena, const struct cairn_project_names *names,
                              struct placeholder ret[static PLACEHOLDERS])
{
    const struct placeholder all[PLACEHOLDERS] = {
        {"things", names->plural, is_lower, false},
        {"thing-", cairn_print(arena, "%s-", with_hyphens(arena, names->noun)), is_no_word, true},
        [THING] = {"thing", names->noun, is_lower, false},
        {"THINGS", upper(arena, names->plural), is_upper, false},
        {"THING", upper(arena, names->noun), is_upper, false},
        {"Things", capitalized(arena, names->plural), is_lower, true},
        {"Thing", capitalized(arena, names->noun), is_lower, true},
        {"@PROJECT@", names->project, never, true},
        {"@CFLAGS@", names->cflags, never, true},
    };
    memcpy(ret, all, sizeof all);
}

/* Returns the length of an article "a " or "A " that stands before the noun, or 0. */
static size_t article(const struct placeholder *thing, const char *text, const char *at)
{
    bool begins = at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_');
    return begins && (*at == 'a' || *at == 'A') && at[1] == ' ' && is_part(thing, text, at + 2) ? 2
                                                                                                : 0;
}

const char *cairn_project_rename(struct cairn_arena *arena, const struct cairn_project_names *names,
                                 const char *text)
{
    struct cairn_buffer out = cairn_buffer(arena);
    struct placeholder all[PLACEHOLDERS];
    list_placeholders(arena, names, all);
    for (const char *at = text; *at;) {
        size_t i = 0;
        while (i < PLACEHOLDERS && !is_part(&all[i], text, at))
            i++;
        if (i < PLACEHOLDERS) {
            cairn_buffer_text(&out, all[i].name);
            at += strlen(all[i].word);
        } else if (article(&all[THING], text, at)) {
            cairn_buffer_print(&out, "%c%s ", *at, wants_an(names->noun) ? "n" : "");
            at += 2;
        } else {
            cairn_buffer_char(&out, *at++);
        }
    }
    return out.text;
}
