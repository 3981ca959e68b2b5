/* test_project_names.c - the names of a new project: which are accepted, what is made of them, and
 * how a template's text gets them. */
#include "../support/support.h"
#include "cli/project/project_names.h"

#include <string.h>

static struct cairn_arena arena;

static int close_arena(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

static struct cairn_project_names accept(const char *directory, const char *noun,
                                         const char *plural)
{
    struct cairn_project_names names;
    struct cairn_error error = {0};
    if (cairn_project_names(&arena, directory, noun, plural, &names, &error) < 0)
        fail_msg("%s: %s", directory, error.message);
    return names;
}

static void refuse(const char *directory, const char *noun, const char *plural, const char *words)
{
    struct cairn_project_names names;
    struct cairn_error error = {0};
    assert_int_equal(cairn_project_names(&arena, directory, noun, plural, &names, &error),
                     -CAIRN_CONFIG);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" is not in: %s", words, error.message);
}

/* ---- names ---- */

static void a_service_is_named_as_its_project_unless_it_has_a_name(void **state)
{
    (void)state;
    struct cairn_project_names names = accept("book-shop", NULL, NULL);
    assert_string_equal(names.project, "book-shop");
    assert_string_equal(names.noun, "book_shop");
    assert_string_equal(names.plural, "book_shops");
    names = accept("book-shop", "credit_entry", "entries");
    assert_string_equal(names.noun, "credit_entry");
    assert_string_equal(names.plural, "entries");
}

static void a_directory_names_its_project_by_its_last_part(void **state)
{
    (void)state;
    struct cairn_project_names names = accept("/srv/projects/library//", NULL, NULL);
    assert_string_equal(names.directory, "/srv/projects/library");
    assert_string_equal(names.project, "library");
    refuse("..", NULL, NULL, "\"..\" is no name for a project");
    refuse("/", NULL, NULL, "\"\" is no name for a project");
    refuse("work/", "", NULL, "service \"\"");
}

static void a_plural_is_that_of_a_regular_noun(void **state)
{
    (void)state;
    static const char *const nouns[][2] = {
        {"loan", "loans"},    {"library", "libraries"}, {"essay", "essays"}, {"box", "boxes"},
        {"batch", "batches"}, {"address", "addresses"}, {"dish", "dishes"},  {"y", "ys"},
    };
    for (size_t i = 0; i < sizeof nouns / sizeof nouns[0]; i++)
        assert_string_equal(accept("p", nouns[i][0], NULL).plural, nouns[i][1]);
}

static void a_name_that_cannot_be_one_is_refused_with_the_reason(void **state)
{
    (void)state;
    refuse("Library", NULL, NULL, "\"Library\" is no name for a project");
    refuse("my--shop", NULL, NULL, "no name for a project");
    refuse("shop-", NULL, NULL, "no name for a project");
    refuse("1shop", NULL, NULL, "no name for a project");
    refuse("a b", NULL, NULL, "no name for a project");
    refuse("caf\xc3\xa9", NULL, NULL, "no name for a project");
    refuse("a123456789012345678901234567890123456789012345678901234567890", NULL, NULL,
           "61 characters long");
    refuse("a123456789012345678901234567890", NULL, NULL, "--service names another");
    refuse("shop", "Order", NULL, "service \"Order\" is no name for a C struct");
    refuse("shop", "book-order", NULL, "single underscores");
    refuse("shop", "a__b", NULL, "single underscores");
    refuse("shop", "order_", NULL, "single underscores");
    refuse("shop", "abcdefghijklmnopqrstuvwxyzabcde", NULL, "31 characters long, and at most 30");
    refuse("shop", "order", "order", "is the service's name too");
    refuse("shop", "order", "2nd", "plural \"2nd\"");
}

static void words_of_c_and_names_of_cairn_are_refused(void **state)
{
    (void)state;
    static const char *const words[] = {"int",   "struct", "class",   "new",    "typeof",
                                        "linux", "unix",   "bool",    "union",  "register",
                                        "xor",   "while",  "default", "nullptr"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        refuse("shop", words[i], NULL, "is a word of C or C++");
    refuse("class", NULL, NULL, "is a word of C or C++");
    refuse("shop", "order", "auto", "plural \"auto\" is a word");
    refuse("cairn", NULL, NULL, "is a name of Cairn itself");
    refuse("shop", "cairn_order", NULL, "is a name of Cairn itself");
}

/* ---- renaming ---- */

static void expect_renamed(const char *noun, const char *text, const char *expected)
{
    struct cairn_project_names names = accept("book-shop", noun, NULL);
    names.cflags = ", -I/opt/cairn/include";
    assert_string_equal(cairn_project_rename(&arena, &names, text), expected);
}

static void every_writing_of_the_placeholder_becomes_the_noun(void **state)
{
    (void)state;
    expect_renamed("invoice", "thing.h THING_H things THINGS",
                   "invoice.h INVOICE_H invoices INVOICES");
    expect_renamed("credit_entry", "ThingOpened Things openThing open_thing things_on_thing_closed",
                   "CreditEntryOpened CreditEntries openCreditEntry open_credit_entry "
                   "credit_entries_on_credit_entry_closed");
    expect_renamed(
        "credit_entry", "\"thing-closed\" \"/things/{id}\" thing-0193 thing-",
        "\"credit-entry-closed\" \"/credit_entries/{id}\" credit_entry-0193 credit_entry-");
    expect_renamed("loan", "@PROJECT@: [-xc@CFLAGS@]", "book-shop: [-xc, -I/opt/cairn/include]");
}

static void a_word_that_only_contains_the_placeholder_stays(void **state)
{
    (void)state;
    expect_renamed("loan", "nothing something everything clothings Nothing NOTHING things",
                   "nothing something everything clothings Nothing NOTHING loans");
    expect_renamed("nothing", "a thing and things", "a nothing and nothings");
}

static void an_article_fits_the_noun(void **state)
{
    (void)state;
    expect_renamed("invoice", "a thing. A thing, per thing", "an invoice. An invoice, per invoice");
    expect_renamed("user", "a thing", "a user");
    expect_renamed("umbrella", "a thing", "an umbrella");
    expect_renamed("invoice", "data thing, a thingy", "data invoice, a thingy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_is_named_as_its_project_unless_it_has_a_name),
        cmocka_unit_test(a_directory_names_its_project_by_its_last_part),
        cmocka_unit_test(a_plural_is_that_of_a_regular_noun),
        cmocka_unit_test(a_name_that_cannot_be_one_is_refused_with_the_reason),
        cmocka_unit_test(words_of_c_and_names_of_cairn_are_refused),
        cmocka_unit_test(every_writing_of_the_placeholder_becomes_the_noun),
        cmocka_unit_test(a_word_that_only_contains_the_placeholder_stays),
        cmocka_unit_test(an_article_fits_the_noun),
    };
    return cmocka_run_group_tests_name("project names", tests, NULL, close_arena);
}
