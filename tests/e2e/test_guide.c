/* test_guide.c - the documents for authors: the C of each page of docs/guide is a program that is
 * compiled against the public headers and starts, and every link leads to a file. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/shell.h"
#include "../support/support.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct shell place;

static int setup(void **state)
{
    (void)state;
    shell_open(&place, "guide");
    return 0;
}

/* ---- programs ---- */

#define COMPILE                                                                                    \
    "cc -std=gnu17 -Wall -Wextra -Wpedantic -Werror -I\"$tree/framework\" page.c"                  \
    " \"$build/libcairn.a\" $(pkg-config --libs libpq libmicrohttpd jansson hiredis libcurl)"      \
    " -pthread -o page"

static void compile(const char *page)
{
    char command[1000];
    (void)snprintf(command, sizeof command, "\"$tree/tests/support/guide\" '%s' >page.c && %s",
                   page, COMPILE);
    shell_expect(&place, command);
}

/* At start the declarations are checked: routes, keys, indexes, upcasters, peers. */
static void expect_start(const char *page)
{
    char url[512];
    char program[400];
    char log[400];
    char database[600];
    char redis[300];
    char port_text[20];
    struct child child;
    int port = fixture_free_port();
    fixture_database(url, sizeof url);
    (void)snprintf(program, sizeof program, "%s/page", place.directory);
    (void)snprintf(log, sizeof log, "%s/log", place.directory);
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", url);
    (void)snprintf(redis, sizeof redis, "REDIS_URL=%s", fixture_redis());
    (void)snprintf(port_text, sizeof port_text, "PORT=%d", port);
    const char *const argv[] = {program, NULL};
    const char *const env[] = {database, redis, port_text, NULL};
    assert_int_equal(child_start(&child, argv, env, log), 0);
    fixture_wait_http(port, "/readyz", 30000);
    if (child_stop(&child, 20000) != 0)
        fail_msg("the program of %s did not stop as it should: see %s", page, log);
    fixture_drop(url);
}

static void the_c_of_every_page_is_a_program_that_starts(void **state)
{
    (void)state;
    enum { PAGES_AT_LEAST = 7 };
    char pattern[400];
    char has_c[500];
    glob_t pages;
    int programs = 0;
    (void)snprintf(pattern, sizeof pattern, "%s/docs/guide/*.md", getenv("CAIRN_TEST_ROOT"));
    assert_int_equal(glob(pattern, 0, NULL, &pages), 0);
    for (size_t i = 0; i < pages.gl_pathc; i++) {
        (void)snprintf(has_c, sizeof has_c, "grep -qx '```c' '%s'", pages.gl_pathv[i]);
        if (shell_run(&place, has_c) != 0)
            continue;
        compile(pages.gl_pathv[i]);
        expect_start(pages.gl_pathv[i]);
        programs++;
    }
    globfree(&pages);
    assert_true(programs >= PAGES_AT_LEAST);
}

static void the_c_of_every_page_is_formatted(void **state)
{
    (void)state;
    if (shell_run(&place, "command -v clang-format") != 0)
        skip();
    shell_expect(&place, "for page in $(grep -lx '```c' \"$tree\"/docs/guide/*.md); do"
                         " \"$tree/tests/support/guide\" $page | sed '/^#line/d' >formatted.c"
                         " && clang-format --style=file:\"$tree/.clang-format\" formatted.c"
                         " | diff formatted.c - || exit 1; done");
}

static void a_page_that_is_wrong_is_found_out(void **state)
{
    (void)state;
    static const char *const edits[] = {
        "s/CAIRN_FIND(self->lines, sku/CAIRN_FIND(self->lines, skew/", /* no such member */
        "s/^CAIRN_EVOLVE(cart, item_added)/CAIRN_EVOLVE(cart, item_lost)/",
        "s/^```c$/```c++/",  /* a kind of block that is not checked */
        "$s/^-->$//",        /* no end */
        "/^CAIRN_DECIDER/d", /* found by the linker */
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char command[1500];
        (void)snprintf(command, sizeof command,
                       "sed '%s' \"$tree/docs/guide/deciders-and-states.md\" >wrong.md"
                       " && ! cmp -s wrong.md \"$tree/docs/guide/deciders-and-states.md\""
                       " && ! { \"$tree/tests/support/guide\" wrong.md >page.c && %s; }",
                       edits[i], COMPILE);
        shell_expect(&place, command);
    }
}

/* ---- mistakes that AGENTS.md lists ---- */

struct mistake {
    const char *page;   /* of the guide; its program is changed … */
    const char *edit;   /* … by sed */
    const char *said;   /* by compiler, linker or the start: an extended regular expression */
    const char *listed; /* in AGENTS.md */
};

static const struct mistake mistakes[] = {
    {"deciders-and-states", "/^CAIRN_EVOLVE(cart, item_removed)/,/^}/d",
     "undefined reference to .cart_evolves_item_removed",
     "undefined reference to `NOUN_evolves_EVENT`"},
    {"deciders-and-states", "/^CAIRN_DECIDE(cart, remove_item)/,/^}/d",
     "undefined reference to .cart_decides_remove_item",
     "undefined reference to `NOUN_decides_COMMAND`"},
    {"deciders-and-states", "s/^CAIRN_EVOLVE(cart, item_added)/CAIRN_EVOLVE(cart, cart_line)/",
     "cart_evolves_cart_line.* undeclared", "`NOUN_evolves_EVENT` undeclared"},
    {"deciders-and-states", "s/CAIRN_EMIT(ret, item_removed/CAIRN_EMIT(ret, remove_item/",
     "remove_item_is_an_event_.* undeclared", "`COMMAND_is_an_event_` undeclared"},
    {"reactors-and-consumers", "s/call->meta->id, confirm,/call->meta->id, order_confirmed,/",
     "order_confirmed_is_a_command_.* undeclared", "`EVENT_is_a_command_` undeclared"},
    {"read-models", "/^CAIRN_PROJECTION(nights/,/;$/d", "nights_handlers_.* undeclared",
     "`NAME_handlers_` undeclared"},
    {"read-models", "s/^CAIRN_ON(stays, stay, stay_cancelled)/CAIRN_ON(stays, stay, stay_booked)/",
     "redefinition of .stays_on_stay_booked", "redefinition of `ROW_on_EVENT`"},
    {"read-models", "/^CAIRN_ON(nights, stay, stay_cancelled)/,/^}/d",
     "nights_on_stay_cancelled_call_.* used but never defined", "used but never defined"},
    {"deciders-and-states", "s/TEXT(email)/STRING(email)/",
     "expected specifier-qualifier-list before .CAIRN_MEMBER_STRING",
     "expected specifier-qualifier-list before `CAIRN_MEMBER_…`"},
    {"deciders-and-states",
     "s/^CAIRN_STRUCT(cart_opened, UUID(user_id));/CAIRN_STRUCT(cart_opened)/",
     "expected .,. or .;. before .struct", "expected ',' or ';' before 'struct'"},
    {"deciders-and-states", "s/edited->quantity +=/line->quantity +=/",
     "assignment of member .quantity. in read-only object", "in read-only object"},
    {"events-that-change", "/^CAIRN_UPCAST(/,/^}/d",
     "undefined reference to .parcel_sent_v1_upcaster",
     "undefined reference to `EVENT_v1_upcaster`"},
    {"events-that-change", "s/, 2, parcel_sent_v1/, 2/",
     "ParcelSent is at version 2, so its EVENT names 1 older structs",
     "ParcelSent is at version 2, so its EVENT names 1 older structs"},
    {"processes", "s/CAIRN_SENDS(guest, room)/CAIRN_SENDS(guest)/",
     "give_room is not a command of those that CAIRN_SENDS names",
     "is not a command of those that CAIRN_SENDS names"},
    {"processes", "s/UUID(room_id, .optional = true), BOOL/UUID(room_id), BOOL/",
     "the field room_id has no empty value.*write UUID.room_id, .optional = true",
     "the field room_id has no empty value"},
    {"processes", "s/report_decider}/}/; s/, &}/}/",
     "no URL is known for the service of report: list", "no URL is known for the service of"},
    {"read-models", "s/\"room_id, night\"/\"night\"/",
     "projection nights needs an index on ..room_id, night", "projection nights needs an index on"},
    {"claims", "s/POST .guests\"/POST \\/stays\"/", "have the same route, POST /stays",
     "have the same route, POST /stays"},
};

/* The database does not exist: declarations are checked before it is needed. */
#define START                                                                                      \
    "DATABASE_URL='postgresql:///none?host=/nonexistent' REDIS_URL=redis://127.0.0.1:1"            \
    " CAIRN_START_WAIT_S=1 timeout 60 ./page"

static void each_mistake_is_reported_as_agents_md_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        char command[2500];
        const struct mistake *mistake = &mistakes[i];
        (void)snprintf(command, sizeof command,
                       "set -e; grep -qF -f - \"$tree/AGENTS.md\" <<'EOF'\n%s\nEOF\n"
                       "\"$tree/tests/support/guide\" \"$tree/docs/guide/%s.md\" >right.c"
                       " && sed '%s' right.c >page.c && ! cmp -s right.c page.c"
                       " && export LC_ALL=C && ! { %s && %s; } 2>said && grep -E '%s' said",
                       mistake->listed, mistake->page, mistake->edit, COMPILE, START,
                       mistake->said);
        shell_expect(&place, command);
    }
}

/* ---- links ---- */

/* Lists the links of the pages to files that do not exist: "page: link". */
#define LINKS                                                                                      \
    "links() { for page in \"$@\"; do"                                                             \
    " sed 's/`[^`]*`//g' \"$page\" | grep -oE '\\]\\([^)]+\\)' | sed 's/^](//; s/)$//; s/#.*//'"   \
    " | grep -vE '^(https?:|mailto:|$)' | while read -r link; do"                                  \
    " test -e \"$(dirname \"$page\")/$link\" || printf '%s: %s\\n' \"$page\" \"$link\"; done; "    \
    "done; };"

static void every_link_of_the_documents_leads_to_a_file(void **state)
{
    (void)state;
    shell_expect(&place,
                 LINKS "links \"$tree\"/*.md \"$tree\"/llms.txt \"$tree\"/docs/*.md"
                       " \"$tree\"/docs/guide/*.md >missing; cat missing; test ! -s missing");
    shell_expect(&place,
                 LINKS "printf '[a](page.c) [b](none.md#x) [c](https://a.b)\\n' >page.md;"
                       " links page.md >missing; test \"$(cat missing)\" = 'page.md: none.md'");
}

static void every_page_of_the_guide_is_listed(void **state)
{
    (void)state;
    shell_expect(&place, "for page in \"$tree\"/docs/guide/*.md; do name=${page##*/};"
                         " test $name = README.md || {"
                         " grep -F \"($name)\" \"$tree/docs/guide/README.md\""
                         " && grep -F \"docs/guide/$name\" \"$tree/llms.txt\"; } || exit 1; done");
}

/* llmstxt.org: a title, a quotation that sums up, sections of links, each with a remark. */
static void llms_txt_has_its_format(void **state)
{
    (void)state;
    shell_expect(&place,
                 "awk 'NR == 1 && !/^# [^ ]/ { exit 1 } NR == 3 && !/^> / { exit 1 }"
                 " /^## / { sections++ } sections && !/^(## .+|- \\[.+\\]\\(.+\\): .+|)$/ {"
                 " print; wrong = 1 } END { exit wrong || sections < 2 }' \"$tree/llms.txt\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_c_of_every_page_is_a_program_that_starts),
        cmocka_unit_test(the_c_of_every_page_is_formatted),
        cmocka_unit_test(a_page_that_is_wrong_is_found_out),
        cmocka_unit_test(each_mistake_is_reported_as_agents_md_says),
        cmocka_unit_test(every_link_of_the_documents_leads_to_a_file),
        cmocka_unit_test(every_page_of_the_guide_is_listed),
        cmocka_unit_test(llms_txt_has_its_format),
    };
    return cmocka_run_group_tests_name("guide", tests, setup, NULL);
}
