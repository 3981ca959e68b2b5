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
    " \"$build/libcairn.a\" $(pkg-config --libs $(make -s -C \"$tree\" modules))"                  \
    " -pthread -o page"

static void compile(const char *page)
{
    char command[1000];
    (void)snprintf(command, sizeof command, "\"$tree/tests/support/guide\" '%s' >page.c && %s",
                   page, COMPILE);
    shell_expect(&place, command);
}

/* A program of a page that runs, on a database of its own. */
struct running {
    char url[512], program[400], log[400];
    int port;
    struct child child;
};

/* At start the declarations are checked: routes, keys, indexes, upcasters, peers. */
static void start_page(struct running *ret)
{
    char database[600];
    char redis[300];
    char port_text[20];
    ret->port = fixture_free_port();
    fixture_database(ret->url, sizeof ret->url);
    (void)snprintf(ret->program, sizeof ret->program, "%s/page", place.directory);
    (void)snprintf(ret->log, sizeof ret->log, "%s/log", place.directory);
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", ret->url);
    (void)snprintf(redis, sizeof redis, "REDIS_URL=%s", fixture_redis());
    (void)snprintf(port_text, sizeof port_text, "PORT=%d", ret->port);
    const char *const argv[] = {ret->program, NULL};
    const char *const env[] = {database, redis, port_text, NULL};
    assert_int_equal(child_start(&ret->child, argv, env, ret->log), 0);
    fixture_wait_http(ret->port, "/readyz", 30000);
}

static void stop_page(struct running *running, const char *page)
{
    if (child_stop(&running->child, 20000) != 0)
        fail_msg("the program of %s did not stop as it should: see %s", page, running->log);
    fixture_drop(running->url);
}

static void expect_start(const char *page)
{
    struct running running;
    start_page(&running);
    stop_page(&running, page);
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

/* ---- what the pages promise ---- */

/* Runs the lines of a test on the program of a page. */
static void expect_passing(const char *page, const char *lines)
{
    char command[8000];
    (void)snprintf(command, sizeof command,
                   "\"$tree/tests/support/guide\" \"$tree/docs/guide/%s.md\" >part.c\n"
                   "cat >page.c <<'EOF'\n"
                   "#include <cairn/test.h>\n#define main page_main\n#include \"part.c\"\n"
                   "#undef main\nint main(void)\n{\n%s\nreturn 0;\n}\nEOF\n" COMPILE " && ./page",
                   page, lines);
    shell_expect(&place, command);
}

#define IDS                                                                                        \
    "#define A CAIRN_TEST_ID\n"                                                                    \
    "#define B CAIRN_UUID(\"01890000-0000-7000-8000-000000000002\")\n"                             \
    "#define T CAIRN_UUID(\"01890000-0000-7000-8000-000000000003\")\n"

static void a_transfer_arrives_or_comes_back(void **state)
{
    (void)state;
    expect_passing("rules",
                   IDS "CAIRN_PROCESSING(transfer);"
                       "WHEN_EVENT(transfer_begun, .transfer_id = T, .to_id = B, .amount = 5);"
                       "THEN_SENT_TO(B, receive_transfer, .transfer_id = T, .amount = 5);"
                       "WHEN_REFUSED_AS(receive_transfer, CAIRN_NOT_FOUND, \"\");"
                       "THEN_SENT_TO(A, return_transfer, .transfer_id = T, .amount = 5,"
                       " .why = \"there is no such account\");"
                       "WHEN_REFUSED(receive_transfer, \"account-closed\");"
                       "THEN_SENT_TO(A, return_transfer, .transfer_id = T, .amount = 5,"
                       " .why = \"account-closed\");"
                       "STREAM(B);"
                       "WHEN_EVENT(transfer_received, .transfer_id = T, .amount = 5);"
                       "THEN_SENT_TO(A, confirm_transfer, .transfer_id = T);");
}

static void an_account_that_has_sent_something_stays_open(void **state)
{
    (void)state;
    expect_passing("rules", IDS "CAIRN_DECIDING(account);"
                                "GIVEN(account_opened, .owner = \"Ada\");"
                                "GIVEN(amount_paid_in, .amount = 5);"
                                "WHEN(transfer_amount, .to_id = B, .amount = 6);"
                                "THEN_REFUSED(\"too-little\");"
                                "WHEN(transfer_amount, .to_id = B, .amount = 5);"
                                "THEN(transfer_begun, .transfer_id = NEW_ID(\"transfer\"),"
                                " .to_id = B, .amount = 5);"
                                "WHEN(close_account);"
                                "THEN_REFUSED(\"not-empty\");"
                                "GIVEN(transfer_arrived, .transfer_id = T);"
                                "WHEN(close_account);"
                                "THEN(account_closed);");
}

static void a_plan_of_the_31st_is_billed_at_the_end_of_each_month(void **state)
{
    (void)state;
    expect_passing("values", "CAIRN_PROCESSING(billing);"
                             "AT(\"2026-01-31T10:00:00Z\");"
                             "WHEN_EVENT(plan_bought, .price = {900, \"EUR\"}, .article = \"a\");"
                             "THEN_TIMER(\"bill\", \"2026-02-28T00:00:00Z\");"
                             "ADVANCE_TO(\"2026-04-01T00:00:00Z\");"
                             "THEN_SENT(bill_plan, .due = CAIRN_DAY(\"2026-02-28\"));"
                             "THEN_SENT(bill_plan, .due = CAIRN_DAY(\"2026-03-31\"));"
                             "THEN_TIMER(\"bill\", \"2026-03-31T00:00:00Z\");"
                             "THEN_TIMER(\"bill\", \"2026-04-30T00:00:00Z\");"
                             "WHEN_EVENT(plan_ended);"
                             "THEN_CANCELLED(\"bill\");");
}

static void keys_are_in_urls_as_the_guide_says(void **state)
{
    (void)state;
    static const char *const articles[][2] = {
        {"a/b", "a%2Fb"}, {"a:b", "a%253Ab"}, {"St. Gallen", "St.%20Gallen"}};
    struct running running;
    char page[400];
    (void)snprintf(page, sizeof page, "%s/docs/guide/values.md", getenv("CAIRN_TEST_ROOT"));
    compile(page);
    start_page(&running);
    for (size_t i = 0; i < sizeof articles / sizeof articles[0]; i++) {
        char command[1500];
        (void)snprintf(
            command, sizeof command,
            "grep -qF '%s:' \"$tree/docs/guide/values.md\" && "
            "curl -sSf -D headers --json"
            " '{\"price\":{\"amount\":5,\"currency\":\"EUR\"},\"article\":\"%s\"}'"
            " localhost:%d/plans >answer && "
            "curl -sSf -H \"$(grep -i cairn-position headers | tr -d '\\r')\""
            " \"localhost:%d/articles/%s:$(date -u +%%F)\" | grep -F '\"article\":\"%s\",'",
            articles[i][1], articles[i][0], running.port, running.port, articles[i][1],
            articles[i][0]);
        shell_expect(&place, command);
    }
    stop_page(&running, page);
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
        cmocka_unit_test(a_transfer_arrives_or_comes_back),
        cmocka_unit_test(an_account_that_has_sent_something_stays_open),
        cmocka_unit_test(a_plan_of_the_31st_is_billed_at_the_end_of_each_month),
        cmocka_unit_test(keys_are_in_urls_as_the_guide_says),
        cmocka_unit_test(the_c_of_every_page_is_formatted),
        cmocka_unit_test(a_page_that_is_wrong_is_found_out),
        cmocka_unit_test(each_mistake_is_reported_as_agents_md_says),
        cmocka_unit_test(every_link_of_the_documents_leads_to_a_file),
        cmocka_unit_test(every_page_of_the_guide_is_listed),
        cmocka_unit_test(llms_txt_has_its_format),
    };
    return cmocka_run_group_tests_name("guide", tests, setup, NULL);
}
