/* test_dev.c - `cairn dev` in a new project: a saved file is seen over HTTP, what happens is
 * printed, and nothing is left, however it ends. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct shell place;
static struct child dev;
static int port;
static int other_port;
static char what_was_done[200]; /* headers: an answer must contain it */

enum { PATIENCE_MS = 60000 };

static void expect(const char *command)
{
    shell_expect(&place, command);
}

static void set_port(const char *name, int *ret)
{
    char text[20];
    *ret = fixture_free_port();
    (void)snprintf(text, sizeof text, "%d", *ret);
    assert_int_equal(setenv(name, text, 1), 0);
}

static int setup(void **state)
{
    (void)state;
    char text[2000];
    shell_open(&place, "dev");
    (void)snprintf(text, sizeof text, "%s/prefix/bin:%s", place.directory, getenv("PATH"));
    assert_int_equal(setenv("PATH", text, 1), 0);
    (void)snprintf(text, sizeof text, "%s/prefix/lib/pkgconfig", place.directory);
    assert_int_equal(setenv("PKG_CONFIG_PATH", text, 1), 0);
    assert_int_equal(unsetenv("CI"), 0); /* the project would make errors of warnings */
    set_port("CAIRN_SHOP_PORT", &port);
    set_port("CAIRN_OTHER_PORT", &other_port);
    expect("make -C \"$tree\" install BUILD=\"$build\" PREFIX=\"$PWD/prefix\" && cairn new shop");
    return 0;
}

/* Directories of the servers may be elsewhere, behind links. */
static int teardown(void **state)
{
    (void)state;
    (void)child_stop(&dev, 30000);
    (void)shell_run(&place, "rm -rf $(readlink -f shop/.cairn/*) shop");
    return 0;
}

/* ---- running it ---- */

static bool holds(void *condition)
{
    return shell_run(&place, condition) == 0;
}

/* Waits for the condition, a command of the shell; shows what was printed if it does not come. */
static void wait_for(const char *condition)
{
    char copy[600];
    int64_t deadline_ms = fixture_now_ms() + PATIENCE_MS;
    (void)snprintf(copy, sizeof copy, "%s", condition);
    while (!holds(copy)) {
        if (fixture_now_ms() > deadline_ms) {
            (void)shell_run(&place, "cat dev.log");
            expect("cat dev.log; false");
        }
        fixture_nap();
    }
}

static void start_without_waiting(const char *option)
{
    char log[400];
    const char *const argv[] = {"sh", "-c", "cd \"$0\" && exec cairn dev $1", "", option, NULL};
    const char *words[6];
    char directory[400];
    memcpy(words, argv, sizeof argv);
    (void)snprintf(directory, sizeof directory, "%s/shop", place.directory);
    (void)snprintf(log, sizeof log, "%s/dev.log", place.directory);
    words[3] = directory;
    assert_int_equal(child_start(&dev, words, NULL, log), 0);
}

static void start(const char *option)
{
    start_without_waiting(option);
    wait_for("grep 'shop: listening' dev.log"); /* one of an earlier run may answer still */
    fixture_wait_http(port, "/readyz", PATIENCE_MS);
}

static void stop(void)
{
    child_kill(&dev, SIGINT);
    assert_int_equal(child_wait(&dev, 30000), 0);
}

/* Writes down which processes it has started. */
#define NOTE                                                                                       \
    "{ cut -d' ' -f1 shop/.cairn/redis.pid shop/.cairn/shop.pid;"                                  \
    " head -n 1 shop/.cairn/postgres/data/postmaster.pid; } >pids && test $(wc -l <pids) = 3"
/* A zombie, which init may be slow to reap, does not live. */
#define ONE_LIVES                                                                                  \
    "while read -r pid; do ! grep -qs '^State:.[^ZX]' /proc/$pid/status || exit 0; done <pids;"    \
    " exit 1"

/* Runs the command, which changes a source, and waits until what was built of it runs. */
static void change(const char *command)
{
    char all[600];
    (void)snprintf(all, sizeof all, ": >dev.log; %s", command);
    expect(all);
    wait_for("awk '/build    done/ { built = 1 } built && /shop: listening/ { runs = 1 }"
             " END { exit !runs }' dev.log");
}

/* ---- requests ---- */

/* Opens and closes one, and copies its path; notes what was done. */
static void make_closed_one(char path[static 200])
{
    struct http_reply reply = {0};
    char close[220];
    char position[100];
    ask_for(201, port, "POST", "/shops", NULL, "{\"title\":\"first\"}", &reply);
    assert_true(http_header(&reply, "Location", path, 200));
    (void)snprintf(close, sizeof close, "%s/close", path);
    ask_for(200, port, "POST", close, NULL, "{\"reason\":\"done\"}", &reply);
    assert_true(http_header(&reply, "Cairn-Position", position, sizeof position));
    (void)snprintf(what_was_done, sizeof what_was_done, "Cairn-Position: %s\r\nPrefer: wait=30\r\n",
                   position);
    http_reply_free(&reply);
}

/* Asserts that the first one's title is listed, once what was done last is in the read model. */
static void expect_listed(void)
{
    struct http_reply reply = {0};
    ask_for(200, port, "GET", "/shops", what_was_done, NULL, &reply);
    assert_non_null(strstr(reply.body, "\"title\":\"first\""));
    http_reply_free(&reply);
}

/* Waits until the refusal to close it again has these words. Returns the milliseconds. */
static int64_t wait_for_refusal(const char *path, const char *words)
{
    char close[220];
    struct http_reply reply = {0};
    int64_t begun_ms = fixture_now_ms();
    (void)snprintf(close, sizeof close, "%s/close", path);
    for (bool seen = false; !seen; fixture_nap()) {
        static const char body[] = "{\"reason\":\"again\"}";
        seen = http_send(port, "POST", close, "Content-Type: application/json\r\n", body,
                         sizeof body - 1, &reply, 5000) == 0 &&
               reply.status == 422 && strstr(reply.body, words);
        if (!seen && fixture_now_ms() - begun_ms > PATIENCE_MS)
            fail_msg("the refusal never said: %s", words);
    }
    http_reply_free(&reply);
    return fixture_now_ms() - begun_ms;
}

#define EDIT(from, to) "sed -i 's/" from "/" to "/' shop/services/shop/shop.c"

/* ---- tests ---- */

/* On an idle machine it takes half a second; the limit is for a busy one. */
static void a_saved_file_is_seen_over_http(void **state)
{
    (void)state;
    char path[200];
    start("");
    make_closed_one(path);
    (void)wait_for_refusal(path, "it was closed before");
    expect(EDIT("it was closed before", "it is closed for good"));
    int64_t ms = wait_for_refusal(path, "it is closed for good");
    print_message("a change took %d ms\n", (int)ms);
    assert_in_range(ms, 0, 10000);
    /* as an editor saves: another file, renamed */
    expect(
        "sed 's/it is closed for good/it stays closed/' shop/services/shop/shop.c >shop/services/shop/.x"
        " && mv shop/services/shop/.x shop/services/shop/shop.c");
    (void)wait_for_refusal(path, "it stays closed");
    expect(EDIT("it stays closed", "it was closed before"));
    (void)wait_for_refusal(path, "it was closed before");
}

static void what_happens_is_printed(void **state)
{
    (void)state;
    wait_for("grep -E 'request  POST /shops -> 201, [0-9.]+ ms \\(shop\\)$' dev.log");
    wait_for(
        "grep -E 'event    #1 shop-[0-9a-f-]{36} v1 ShopOpened [{]\"title\":\"first\"[}]$' dev.log");
    wait_for(
        "grep -E 'process  #[0-9]+ shop_expiry-.* got ShopOpened; timer \"expiry\" is due at 20' dev.log");
    wait_for("grep -E 'row      shops [0-9a-f-]{36} [{]\"shop_id\":\".*\"closed\":true' dev.log");
    wait_for("grep -E 'request  POST /shops/[{]id[}]/close -> 422' dev.log");
    expect("grep -E 'change   services/shop/shop.c$' dev.log && grep 'build    done in ' dev.log"
           " && grep \"service  shop: listening on http://127.0.0.1:$CAIRN_SHOP_PORT\" dev.log");
    expect("grep 'dev      authentication is off: every request is answered' dev.log");
    expect("! grep \"$(printf '\\033')\" dev.log"); /* colours are for terminals */
    expect("test $(grep -c '\"message\":\"request\"' shop/.cairn/shop.log) -gt 3"); /* all of it */
}

static void a_build_that_fails_shows_why_and_keeps_what_runs(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    expect("cp shop/.cairn/shop.pid before && cp shop/services/shop/shop.c saved.c");
    expect(EDIT("return 0;", "retrun 0;"));
    wait_for(
        "grep 'shop.c:[0-9]*:[0-9]*: error: .*retrun' dev.log && grep 'build    failed' dev.log");
    ask_for(200, port, "GET", "/shops", NULL, NULL, &reply);
    http_reply_free(&reply);
    expect("cmp before shop/.cairn/shop.pid && kill -0 $(cut -d' ' -f1 before)");
    change("cp saved.c shop/services/shop/shop.c");
}

static void a_warning_of_the_compiler_is_shown(void **state)
{
    (void)state;
    change("echo 'static int unused;' >>shop/services/shop/shop.c");
    expect("grep 'warning: .*unused' dev.log");
    change("cp saved.c shop/services/shop/shop.c");
}

static void a_second_one_in_the_same_directory_is_told_so(void **state)
{
    (void)state;
    char words[100];
    (void)snprintf(words, sizeof words, "it runs in this directory already (pid %d)", (int)dev.pid);
    expect("cd shop && ! cairn dev 2>../said; test $? = 0");
    assert_int_equal(setenv("words", words, 1), 0);
    expect("grep -F \"$words\" said");
    expect(
        "cd shop && . .cairn/env && cairn status >../said && grep 'shops g1' ../said"); /* reaches it */
}

static void a_service_that_crashes_is_started_after_the_next_change(void **state)
{
    (void)state;
    expect(": >dev.log; kill -SEGV $(cut -d' ' -f1 shop/.cairn/shop.pid)");
    wait_for("grep 'error    shop was ended by signal 11' dev.log");
    change("touch shop/services/shop/shop.c");
}

/* Adds a service that answers GET /ping and nothing else. */
#define ADD_OTHER                                                                                    \
    "mkdir shop/services/other && printf '%s\\n' '#include <cairn/service.h>'"                       \
    " 'static void ping(struct cairn_request *request, struct cairn_reply *reply)'"                  \
    " '{ (void)request; reply->status = 200; cairn_reply_print(reply, \"{}\"); }'"                   \
    " 'static const struct cairn_route routes[] = {{.route = \"GET /ping\", .handle = ping}, {0}};'" \
    " 'CAIRN_MAIN({.name = \"other\", .port = 1, .routes = routes});'"                               \
    " >shop/services/other/main.c"
#define REMOVE_OTHER "rm -r shop/services/other shop/build/bin/other"

static void a_service_that_is_added_is_started_too(void **state)
{
    (void)state;
    expect(ADD_OTHER);
    fixture_wait_http(other_port, "/ping", PATIENCE_MS);
    fixture_wait_http(port, "/readyz", PATIENCE_MS);
    expect(REMOVE_OTHER " && touch shop/services/shop/shop.c");
    wait_for("! kill -0 $(cut -d' ' -f1 shop/.cairn/other.pid)");
    fixture_wait_http(port, "/readyz", PATIENCE_MS);
}

/* One service has the operators' port of the environment; of two neither has it, and each can have
 * its own. */
static void operators_ports_are_of_one_service_each(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    int shared, own;
    stop();
    set_port("CAIRN_ADMIN_PORT", &shared);
    start_without_waiting("");
    fixture_wait_http(shared, "/readyz", PATIENCE_MS);
    ask_for(404, port, "GET", "/readyz", NULL, NULL, &reply);
    expect("! grep 'is one port for' dev.log");
    stop();
    expect(ADD_OTHER);
    set_port("CAIRN_OTHER_ADMIN_PORT", &own);
    start("");
    wait_for("grep 'other: listening' dev.log");
    expect(
        "grep 'warning  CAIRN_ADMIN_PORT is one port for 2 services, and not used: give each its own,"
        " such as CAIRN_OTHER_ADMIN_PORT' dev.log");
    ask_for(200, port, "GET", "/readyz", NULL, NULL, &reply);
    fixture_wait_http(own, "/readyz", PATIENCE_MS);
    ask_for(404, other_port, "GET", "/readyz", NULL, NULL, &reply);
    assert_int_equal(http_send(shared, "GET", "/readyz", NULL, NULL, 0, &reply, 1000), HTTP_AWAY);
    stop();
    (void)unsetenv("CAIRN_ADMIN_PORT");
    (void)unsetenv("CAIRN_OTHER_ADMIN_PORT");
    expect(REMOVE_OTHER);
    start("");
}

static void tables_of_a_service_are_made_and_a_mistake_in_them_is_shown(void **state)
{
    (void)state;
    expect(
        ": >dev.log; mkdir shop/services/shop/migrations"
        " && echo 'create table emials (email text);' >shop/services/shop/migrations/0001_mail.sql");
    wait_for("grep 'migrate  applied .*0001_mail' dev.log");
    expect("echo 'create tabel x;' >shop/services/shop/migrations/0002_wrong.sql");
    wait_for("grep 'error    .*0002_wrong.*syntax error.*--wipe' dev.log");
    expect("rm shop/services/shop/migrations/0002_wrong.sql");
    fixture_wait_http(port, "/readyz", PATIENCE_MS);
}

static void ctrl_c_stops_everything(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    expect(NOTE " && (" ONE_LIVES ")");
    stop();
    expect("! (" ONE_LIVES ") && tail -n 1 dev.log | grep 'dev      stopped'");
    assert_int_equal(http_send(port, "GET", "/readyz", NULL, NULL, 0, &reply, 1000), HTTP_AWAY);
}

static void the_log_is_kept_until_it_is_wiped(void **state)
{
    (void)state;
    struct http_reply reply = {0};
    start("");
    expect_listed();
    expect("! grep 'event    ' dev.log"); /* what was before is not printed */
    stop();
    start("--wipe");
    ask_for(200, port, "GET", "/shops", NULL, NULL, &reply);
    assert_string_equal(reply.body, "{\"items\":[],\"next\":null}");
    http_reply_free(&reply);
}

/* What it has started ends with it; the next one does not wait for long. */
static void a_killed_one_blocks_nothing(void **state)
{
    (void)state;
    char path[200];
    make_closed_one(path);
    for (int i = 0; i < 3; i++) {
        expect(NOTE);
        child_kill(&dev, SIGKILL);
        start("");
        expect("! (" ONE_LIVES ")");
        expect_listed();
    }
    expect(NOTE);
    child_kill(&dev, SIGKILL);
    wait_for("! (" ONE_LIVES ")");
}

static void a_port_that_is_taken_is_told(void **state)
{
    (void)state;
    struct child holder;
    char text[20];
    char pattern[200];
    (void)snprintf(text, sizeof text, "PORT=%d", port);
    const char *const argv[] = {"cairn", "servers", "shop/build/bin/shop", NULL};
    const char *const env[] = {text, NULL};
    char directory[400];
    assert_non_null(getcwd(directory, sizeof directory));
    assert_int_equal(chdir(place.directory), 0);
    assert_int_equal(child_start(&holder, argv, env, "holder.log"), 0);
    assert_int_equal(chdir(directory), 0);
    fixture_wait_http(port, "/readyz", PATIENCE_MS);
    start_without_waiting("");
    (void)snprintf(pattern, sizeof pattern, "grep 'error .*port %d on 127.0.0.1 is in use' dev.log",
                   port);
    wait_for(pattern);
    wait_for("grep 'error    shop ended with status 64' dev.log");
    (void)child_stop(&holder, 30000);
    expect("touch shop/services/shop/shop.c");
    fixture_wait_http(port, "/readyz", PATIENCE_MS);
}

static void a_server_that_ends_ends_it(void **state)
{
    (void)state;
    expect(NOTE " && kill -KILL $(cut -d' ' -f1 shop/.cairn/redis.pid)");
    assert_int_equal(child_wait(&dev, 30000), 69);
    expect("grep 'Redis has ended by itself: see its log' dev.log && ! (" ONE_LIVES ")");
}

static void where_there_is_no_project_it_says_what_is_missing(void **state)
{
    (void)state;
    expect("mkdir empty && cd empty && ! cairn dev 2>../said && grep 'has no service' ../said"
           " && test ! -e .cairn");
    expect("cd shop && ! cairn dev now 2>../said && grep 'one argument too many' ../said");
    expect("cd shop && ! CAIRN_POSTGRES_BIN=/none cairn dev 2>../said"
           " && grep 'CAIRN_POSTGRES_BIN names /none' ../said");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_saved_file_is_seen_over_http),
        cmocka_unit_test(what_happens_is_printed),
        cmocka_unit_test(a_build_that_fails_shows_why_and_keeps_what_runs),
        cmocka_unit_test(a_warning_of_the_compiler_is_shown),
        cmocka_unit_test(a_second_one_in_the_same_directory_is_told_so),
        cmocka_unit_test(a_service_that_crashes_is_started_after_the_next_change),
        cmocka_unit_test(a_service_that_is_added_is_started_too),
        cmocka_unit_test(operators_ports_are_of_one_service_each),
        cmocka_unit_test(tables_of_a_service_are_made_and_a_mistake_in_them_is_shown),
        cmocka_unit_test(ctrl_c_stops_everything),
        cmocka_unit_test(the_log_is_kept_until_it_is_wiped),
        cmocka_unit_test(a_killed_one_blocks_nothing),
        cmocka_unit_test(a_port_that_is_taken_is_told),
        cmocka_unit_test(a_server_that_ends_ends_it),
        cmocka_unit_test(where_there_is_no_project_it_says_what_is_missing),
    };
    return cmocka_run_group_tests_name("dev", tests, setup, teardown);
}
