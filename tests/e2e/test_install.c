/* test_install.c - a service outside of the tree: the library is installed, the service is built
 * with only pkg-config's flags, its schema is made by the installed command, and it works. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <cairn/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct shell outside;
static char url[512];

static void expect(const char *command)
{
    shell_expect(&outside, command);
}

static int setup(void **state)
{
    (void)state;
    char path[400];
    shell_open(&outside, "outside");
    fixture_empty_database(url, sizeof url);
    (void)snprintf(path, sizeof path, "%s/prefix", outside.directory);
    assert_int_equal(setenv("prefix", path, 1), 0);
    (void)snprintf(path, sizeof path, "%s/prefix/lib/pkgconfig", outside.directory);
    assert_int_equal(setenv("PKG_CONFIG_PATH", path, 1), 0);
    assert_int_equal(setenv("DATABASE_URL", url, 1), 0);
    expect("make -C \"$tree\" install BUILD=\"$build\" PREFIX=\"$prefix\"");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

/* ---- tests ---- */

static void what_is_installed_stands_alone(void **state)
{
    (void)state;
    expect("test \"$(pkg-config --modversion cairn)\" = " CAIRN_VERSION);
    expect("test \"$(\"$prefix/bin/cairn\" --version)\" = 'cairn " CAIRN_VERSION "'");
    expect("! pkg-config --cflags --libs cairn | grep -F \"$tree\"");
    expect("! grep -rF \"$tree\" \"$prefix/include\" \"$prefix/lib/pkgconfig\"");
}

/* The shop is an example, and has a target of its own. */
static void the_shop_is_left_out_unless_it_is_asked_for(void **state)
{
    (void)state;
    expect("test \"$(ls \"$prefix/bin\")\" = cairn");
    expect("make -C \"$tree\" install-shop BUILD=\"$build\" PREFIX=\"$PWD/shop\"");
    expect("test ! -e shop/lib -a ! -e shop/include && for service in \"$tree\"/services/*/; do"
           " test -x \"shop/bin/cairn-$(basename \"$service\")\" || exit 1; done");
    expect("test \"$(shop/bin/cairn-order --version)\" = 'cairn " CAIRN_VERSION "'");
}

/* Each link to another file, in each installed document, leads to one. */
static void the_links_of_installed_documents_lead_somewhere(void **state)
{
    (void)state;
    expect(
        "cd \"$prefix/share/doc/cairn\" && for page in *.md llms.txt guide/*.md examples/*/*.md; do"
        " grep -oE '\\]\\([^)#]+' \"$page\" | cut -c3- | grep -v '^https*:'"
        " | sed \"s|^|$(dirname \"$page\")/|\" >>links || :; done;"
        " test $(grep -c include/cairn/ links) -gt 40 && grep -qx ./HTTP.md links"
        " && grep -qx ./guide/which-one.md links && grep -qx ./examples/hotel/README.md links"
        " && grep -qx guide/../COMMAND.md links && while read -r link; do"
        " test -e \"$link\" || { echo \"$link leads nowhere\"; exit 1; }; done <links && rm links");
    expect("! grep -n '](docs/\\|](bench/\\|](CONTRIBUTING' \"$prefix/share/doc/cairn/README.md\"");
}

/* A package is built under DESTDIR and used without it. */
static void destdir_is_where_it_lands_and_not_what_it_says(void **state)
{
    (void)state;
    expect("make -C \"$tree\" install BUILD=\"$build\" DESTDIR=\"$PWD/stage\" PREFIX=/opt/cairn");
    expect("test -e stage/opt/cairn/lib/libcairn.a -a -e stage/opt/cairn/include/cairn/service.h");
    expect("grep -x prefix=/opt/cairn stage/opt/cairn/lib/pkgconfig/cairn.pc");
    expect("! grep -r stage stage/opt/cairn/lib/pkgconfig");
    expect("make -C \"$tree\" install BUILD=\"$build\" DESTDIR=\"$PWD/stage\" PREFIX=/usr"
           " LIBDIR=/usr/lib/somewhere");
    expect(
        "test -e stage/usr/lib/somewhere/libcairn.a"
        " && grep -Fx 'libdir=${prefix}/lib/somewhere' stage/usr/lib/somewhere/pkgconfig/cairn.pc");
}

/* The README says so. */
static void the_complete_service_has_sixty_lines(void **state)
{
    (void)state;
    expect("test $(wc -l <\"$tree/docs/examples/ticket.c\") -le 60");
}

static void a_service_can_ask_for_a_version(void **state)
{
    (void)state;
    expect(
        "printf '%s\\n' '#include <cairn/version.h>' '#include <stdio.h>' '#include <string.h>'"
        " '#if CAIRN_VERSION_NUMBER < CAIRN_VERSION_OF(0, 1, 0)' '#error old' '#endif'"
        " 'int main(void) { return strcmp(cairn_version(), CAIRN_VERSION); }' >version.c"
        " && cc -std=gnu17 version.c $(pkg-config --cflags --libs cairn) -o version && ./version");
}

/* A mistake in the example, made by sed, and what the compiler or the linker says about it, with
 * the flags of pkg-config alone. */
struct mistake {
    const char *edit;
    const char *said;
};

static void each_mistake_fails_the_build(const struct mistake *mistakes, size_t count)
{
    char command[800];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(
            command, sizeof command,
            "sed '%s' \"$tree/docs/examples/ticket.c\" >wrong.c"
            " && ! cmp -s wrong.c \"$tree/docs/examples/ticket.c\""
            " && ! LC_ALL=C cc wrong.c $(pkg-config --cflags --libs cairn) -o wrong 2>said"
            " && grep -E '%s' said",
            mistakes[i].edit, mistakes[i].said);
        expect(command);
    }
}

static void a_forgotten_event_or_command_fails_the_build(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"/CAIRN_EVOLVE(ticket, ticket_closed)/,/^}/d",
         "undefined reference to .ticket_evolves_ticket_closed"},
        {"/CAIRN_DECIDE(ticket, close_ticket)/,/^}/d",
         "undefined reference to .ticket_decides_close_ticket"},
        {"s/, EVENT(ticket_closed, \"TicketClosed\", 1)//; /EVENT(ticket_closed/d; "
         "s/EVENT(ticket_opened, \"TicketOpened\", 1),/EVENT(ticket_opened, \"TicketOpened\", 1));/",
         "ticket_evolves_ticket_closed.* undeclared"},
        {"/COMMAND(close_ticket/d; s|CAIRN_SIGNED_IN),$|CAIRN_SIGNED_IN));|",
         "ticket_decides_close_ticket.* undeclared"},
        {"s/CAIRN_EMIT(ret, ticket_closed, .reason = command->reason)/CAIRN_EMIT(ret, close_ticket)/",
         "close_ticket_is_an_event_.* undeclared"},
    };
    each_mistake_fails_the_build(mistakes, sizeof mistakes / sizeof mistakes[0]);
}

static void a_wrong_member_or_state_fails_the_build(void **state)
{
    (void)state;
    static const struct mistake mistakes[] = {
        {"s/self->closed = true/self->shut = true/", "has no member named .shut"},
        {"s/.title = command->title/.titel = command->title/", "has no member named .titel"},
        {"s/self->closed = true/self->closed = *event/", "incompatible types"},
        {"s/row->closed_because = event->reason/row->closed_because = event->title/",
         "has no member named .title"},
        {"s/CAIRN_ON(tickets, ticket, ticket_closed)/CAIRN_ON(tickets, user, ticket_closed)/",
         "user_events.* undeclared"},
        {"s/CAIRN_ON(tickets, ticket, ticket_closed)/CAIRN_ON(tickets, ticket, ticket_opened)/",
         "redefinition of .tickets_on_ticket_opened"},
        {"s/CAIRN_STRUCT(ticket, BOOL(closed))/CAIRN_STRUCT(ticket, BOOL(closed), BOOL(closed))/",
         "duplicate member .closed"},
        {"s/TEXT(reason)/TXT(reason)/", "TXT"},
        {"s/UUID(ticket_id), //", "has no member named .ticket_id"},
        {"s/CAIRN_EMIT(ret, ticket_closed/(void)CAIRN_KNOWN(given, ghost); &/",
         "ghost_is_a_need_of_this_command_.* undeclared"},
        {"/CAIRN_DECIDER(ticket/d", "undefined reference to .ticket_decider"},
        {"/CAIRN_PROJECTION(tickets/d", "tickets_handlers_.* undeclared"},
        {"s/.max_bytes = 200/.max_byte = 200/", "has no member named .max_byte"},
    };
    each_mistake_fails_the_build(mistakes, sizeof mistakes / sizeof mistakes[0]);
}

/* At every level of optimisation, as a reference that nothing uses is dropped. */
static void keys_without_a_function_for_their_event_fail_the_build(void **state)
{
    (void)state;
    expect(
        "sed '/CAIRN_ON(tickets, ticket, ticket_closed)/,/^}/c\\"
        "CAIRN_KEYS(tickets, ticket_closed)\\n{\\n    cairn_key_uuid(ret, meta->id);\\n}'"
        " \"$tree/docs/examples/ticket.c\" >wrong.c && grep CAIRN_KEYS wrong.c &&"
        " for level in -O0 -O1 -O2; do"
        " ! LC_ALL=C cc $level wrong.c $(pkg-config --cflags --libs cairn) -o wrong 2>said"
        " && grep 'undefined reference to .tickets_on_ticket_closed_call_' said || exit 1; done");
}

static void the_headers_are_c17_c23_and_cpp(void **state)
{
    (void)state;
    expect("for standard in c17 gnu17 c2x; do cc -std=$standard -Wall -Wextra -Werror"
           " -fsyntax-only $(pkg-config --cflags cairn) \"$tree/docs/examples/ticket.c\"; done");
    expect("for header in \"$prefix\"/include/cairn/*.h; do"
           " printf '#include <cairn/%s>\\n' \"${header##*/}\" >one.cpp"
           " && c++ -Wall -Wextra -Wpedantic -Werror -fsyntax-only $(pkg-config --cflags cairn)"
           " one.cpp || exit 1; done");
}

/* With each compiler that is installed, in each version of C++ that it knows, with the usual
 * warnings; what C and C++ compile to fits together. */
static void a_body_in_cpp_sees_every_header_and_the_structs_of_the_service(void **state)
{
    (void)state;
    expect("for header in \"$prefix\"/include/cairn/*.h; do"
           " echo \"#include <cairn/${header##*/}>\"; done >all.h && test $(wc -l <all.h) -gt 25");
    expect("kettle=\"$tree/tests/variants/cpp\" warnings='-Wall -Wextra -Wshadow -Wconversion"
           " -Wsign-conversion -Werror'; for compilers in 'gcc g++' 'clang clang++'; do"
           " set -- $compilers; command -v $2 || continue;"
           " $1 -std=gnu17 $warnings $(pkg-config --cflags cairn) -c \"$kettle/kettle.c\""
           " -o kettle.o || exit 1; for standard in c++11 c++14 c++17 c++20 c++2b gnu++17; do"
           " $2 -std=$standard $warnings -Wpedantic -I. $(pkg-config --cflags cairn)"
           " -c \"$kettle/pour.cpp\" -o pour.o"
           " && $2 kettle.o pour.o $(pkg-config --libs cairn) -o kettle && ./kettle"
           " || exit 1; echo \"$2 $standard\" >>compiled; done; done; test -s compiled");
}

/* ---- services that run ---- */

/* A program of the directory, which runs. */
struct running {
    struct child child;
    char log[400];
    int port;
};

static void start(struct running *ret, const char *name)
{
    char binary[400];
    char database[600];
    char redis[300];
    char port_text[20];
    ret->port = fixture_free_port();
    (void)snprintf(binary, sizeof binary, "%s/%s", outside.directory, name);
    (void)snprintf(ret->log, sizeof ret->log, "%s/%s.log", outside.directory, name);
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", url);
    (void)snprintf(redis, sizeof redis, "REDIS_URL=%s", fixture_redis());
    (void)snprintf(port_text, sizeof port_text, "PORT=%d", ret->port);
    const char *const argv[] = {binary, NULL};
    const char *const env[] = {database, redis, port_text, NULL};
    assert_int_equal(child_start(&ret->child, argv, env, ret->log), 0);
    fixture_wait_http(ret->port, "/healthz", 30000);
}

static void a_service_outside_of_the_tree_builds_and_runs(void **state)
{
    (void)state;
    struct running ticket;
    struct http_reply reply = {0};

    /* the documentation's service */
    expect("cp \"$tree/docs/examples/ticket.c\" .");
    expect("cc -std=gnu17 -Wall -Wextra -Werror ticket.c $(pkg-config --cflags --libs cairn)"
           " -o ticket");
    assert_int_not_equal(shell_run(&outside, "\"$prefix/bin/cairn\" status"),
                         0); /* there is no schema yet */
    expect("\"$prefix/bin/cairn\" migrate");

    start(&ticket, "ticket");
    fixture_wait_http(ticket.port, "/readyz", 30000);
    char location[200];
    char headers[300];
    ask_for(201, ticket.port, "POST", "/tickets", NULL, "{\"title\":\"far away\"}", &reply);
    assert_true(http_header(&reply, "Location", location, sizeof location));
    (void)reply_position(&reply, headers, sizeof headers);
    ask_for(200, ticket.port, "GET", location, headers, NULL, &reply);
    assert_non_null(strstr(reply.body, "far away"));
    http_reply_free(&reply);
    assert_int_equal(child_stop(&ticket.child, 15000), 0);
    expect("! grep 'a declaration is not listed' ticket.log");
}

/* The process has never run; the projection has, in the service above. */
static void what_no_service_lists_is_told_at_start_unless_it_has_run_elsewhere(void **state)
{
    (void)state;
    struct running forgetful;
    expect("sed '/^CAIRN_DECIDER(ticket/a CAIRN_STRUCT(nudge, BOOL(seen));\\n"
           "CAIRN_PROCESS(nudge);\\nCAIRN_WHEN(nudge, ticket, ticket_opened)\\n{\\n}' ticket.c"
           " | sed '/\\.projections = /d; /\\.resources = /,$c\\    });' >forgetful.c"
           " && cc -Wall -Wextra -Werror forgetful.c $(pkg-config --cflags --libs cairn)"
           " -o forgetful");
    start(&forgetful, "forgetful");
    assert_int_equal(child_stop(&forgetful.child, 15000), 0);
    expect("grep 'a declaration is not listed' forgetful.log >said; test $(wc -l <said) = 1"
           " && grep -F '\"level\":\"warn\"' said && grep -E 'forgetful.c:[0-9]+: process nudge is"
           " linked with this program, none of its services lists it, and it has never run: write"
           " &nudge_process in .processes of a service' said");
}

static void a_wrong_declaration_ends_the_start_with_70_and_says_what_to_write(void **state)
{
    (void)state;
    char command[900];
    (void)snprintf(command, sizeof command,
                   "sed 's/PROJECTION(tickets, .version = 1/PROJECTION(tickets/' ticket.c >wrong.c"
                   " && cc wrong.c $(pkg-config --cflags --libs cairn) -o wrong"
                   " && { DATABASE_URL='%s' ./wrong 2>said; test $? = 70; }"
                   " && grep -E 'wrong.c:[0-9]+: projection tickets: it has no .version' said",
                   url);
    expect(command);
}

/* The event's text is shorter than the command's. */
static void
an_error_of_an_author_is_logged_with_what_to_write_and_not_shown_to_clients(void **state)
{
    (void)state;
    struct running narrow;
    struct http_reply reply = {0};
    expect("sed '/^CAIRN_STRUCT(ticket_opened/s/200/5/' ticket.c >narrow.c"
           " && cc narrow.c $(pkg-config --cflags --libs cairn) -o narrow");
    start(&narrow, "narrow");
    ask_for(500, narrow.port, "POST", "/tickets", NULL, "{\"title\":\"far away\"}", &reply);
    assert_non_null(strstr(reply.body, "\"code\":\"internal-error\""));
    assert_non_null(strstr(reply.body, "\"detail\":\"the service has a defect: see its log\""));
    assert_null(strstr(reply.body, "ticket"));
    assert_null(strstr(reply.body, "title\\\""));
    http_reply_free(&reply);
    assert_int_equal(child_stop(&narrow.child, 15000), 0);
    expect("grep -E '\"level\":\"error\".*\"a request failed\".*narrow.c:[0-9]+: ticket on"
           " open_ticket: the decider emitted a TicketOpened whose /title must be at most 5 bytes"
           " long: give it a value that struct ticket_opened allows, or change the struct, at"
           " narrow.c:[0-9]+' narrow.log");
}

/* All sources of the shop are linked with each of its programs. */
static void programs_that_share_their_sources_are_not_told_of_each_others_parts(void **state)
{
    (void)state;
    static const char *const programs[] = {"user",  "order",     "payment",
                                           "query", "projector", "notification"};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct running program;
        char name[60];
        (void)snprintf(name, sizeof name, "shop/bin/cairn-%s", programs[i]);
        start(&program, name);
        assert_int_equal(child_stop(&program.child, 15000), 0);
    }
    expect("test $(grep -l '\"listening\"' shop/bin/*.log | wc -l) = 6"
           " && ! grep 'a declaration is not listed' shop/bin/*.log");
}

static bool has_warned(void *log)
{
    char command[600];
    (void)snprintf(command, sizeof command,
                   "grep 'no projector has begun to build a read model' %s | grep -F"
                   " 'list &tickets_projection in .projections of a service'",
                   (const char *)log);
    return shell_run(&outside, command) == 0;
}

static void a_resource_without_a_projector_is_told_to_client_and_operator(void **state)
{
    (void)state;
    struct running blind;
    struct http_reply reply = {0};
    expect("sed '/\\.projections = /d; s/PROJECTION(tickets, .version = 1/PROJECTION(tickets,"
           " .version = 2/' ticket.c >blind.c && cc -Wall -Wextra -Werror blind.c"
           " $(pkg-config --cflags --libs cairn) -o blind");
    start(&blind, "blind");
    ask_for(503, blind.port, "GET", "/tickets/0199aaaa-0000-7000-8000-000000000001", NULL, NULL,
            &reply);
    assert_non_null(strstr(reply.body, "the read model tickets does not exist: no projector has "
                                       "begun to build its version 2"));
    ask_for(503, blind.port, "GET", "/readyz", NULL, NULL, &reply);
    assert_non_null(strstr(reply.body, "no projector has begun to build its version 2"));
    http_reply_free(&reply);
    fixture_wait(has_warned, blind.log, 30000, "the warning");
    assert_int_equal(child_stop(&blind.child, 15000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_installed_stands_alone),
        cmocka_unit_test(the_shop_is_left_out_unless_it_is_asked_for),
        cmocka_unit_test(the_links_of_installed_documents_lead_somewhere),
        cmocka_unit_test(destdir_is_where_it_lands_and_not_what_it_says),
        cmocka_unit_test(the_complete_service_has_sixty_lines),
        cmocka_unit_test(a_service_can_ask_for_a_version),
        cmocka_unit_test(a_forgotten_event_or_command_fails_the_build),
        cmocka_unit_test(a_wrong_member_or_state_fails_the_build),
        cmocka_unit_test(keys_without_a_function_for_their_event_fail_the_build),
        cmocka_unit_test(the_headers_are_c17_c23_and_cpp),
        cmocka_unit_test(a_body_in_cpp_sees_every_header_and_the_structs_of_the_service),
        cmocka_unit_test(a_service_outside_of_the_tree_builds_and_runs),
        cmocka_unit_test(what_no_service_lists_is_told_at_start_unless_it_has_run_elsewhere),
        cmocka_unit_test(a_wrong_declaration_ends_the_start_with_70_and_says_what_to_write),
        cmocka_unit_test(
            an_error_of_an_author_is_logged_with_what_to_write_and_not_shown_to_clients),
        cmocka_unit_test(programs_that_share_their_sources_are_not_told_of_each_others_parts),
        cmocka_unit_test(a_resource_without_a_projector_is_told_to_client_and_operator),
    };
    return cmocka_run_group_tests_name("install", tests, setup, teardown);
}
