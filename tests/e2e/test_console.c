/* test_console.c - the console's pages: how they are served; and, in a real browser, signing in,
 * every page, and what operators do by clicks, against the whole system: what the browser does is
 * in tests/browser/console.mjs. */
#include "../support/browser.h"
#include "../support/console_scenes.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/shell.h"
#include "../support/support.h"
#include "../support/system.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct system_under_test shop;
static struct shell place;
static struct http_reply reply;

static int set_up(void **state)
{
    (void)state;
    shop.authenticates = true;
    system_start(&shop);
    shell_open(&place, "console");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_reply_free(&reply);
    system_stop(&shop);
    return 0;
}

/* ---- how they are served ---- */

static void get(const char *path, const char *headers)
{
    ask(shop.console, "GET", path, headers, NULL, &reply);
}

static const char *header(const char *name)
{
    static char value[500];
    if (!http_header(&reply, name, value, sizeof value))
        fail_msg("the answer has no %s", name);
    return value;
}

/* Copies the path of the page's script. */
static void find_script(char *ret, size_t size)
{
    get("/console", "Accept-Encoding: identity\r\n");
    assert_int_equal(reply.status, 200);
    const char *at = strstr(reply.body, "src=\"");
    if (!at)
        fail_msg("the console was built without pages: %s", reply.body);
    at += strlen("src=\"");
    (void)snprintf(ret, size, "%.*s", (int)strcspn(at, "\""), at);
}

static bool has_pages(void)
{
    get("/console", "");
    return getenv("CI") || !strstr(reply.body, "built without its pages");
}

static void pages_are_revalidated_and_hashed_files_are_kept(void **state)
{
    (void)state;
    char script[200];
    char headers[600];
    if (!has_pages())
        skip();
    find_script(script, sizeof script);
    assert_string_equal(header("Cache-Control"), "no-cache");
    (void)snprintf(headers, sizeof headers, "If-None-Match: %s\r\n", header("ETag"));
    get("/console", headers);
    assert_int_equal(reply.status, 304);
    get(script, "Accept-Encoding: identity\r\n");
    assert_int_equal(reply.status, 200);
    size_t plain = strlen(reply.body);
    assert_string_equal(header("Cache-Control"), "public, max-age=31536000, immutable");
    assert_string_equal(header("Content-Type"), "text/javascript; charset=utf-8");
    assert_string_equal(header("Vary"), "Accept-Encoding");
    get(script, "Accept-Encoding: deflate, br;q=0, gzip;q=0.5\r\n");
    assert_string_equal(header("Content-Encoding"), "gzip");
    assert_true((size_t)atol(header("Content-Length")) < plain / 2);
    get(script, "Accept-Encoding: gzip, br\r\n");
    assert_string_equal(header("Content-Encoding"), "br");
}

static void pages_allow_no_inline_script_and_no_other_origin_but_the_issuer(void **state)
{
    (void)state;
    char wanted[200];
    get("/console", "");
    (void)snprintf(wanted, sizeof wanted, "connect-src 'self' http://127.0.0.1:%d;", shop.identity);
    assert_non_null(strstr(header("Content-Security-Policy"), wanted));
    assert_non_null(strstr(header("Content-Security-Policy"), "script-src 'self';"));
    assert_non_null(strstr(header("Content-Security-Policy"), "frame-ancestors 'none'"));
    assert_null(strstr(header("Content-Security-Policy"), "unsafe"));
    assert_string_equal(header("X-Content-Type-Options"), "nosniff");
}

static void no_path_leads_out_of_the_pages(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/console/../../etc/passwd", "/console/%2e%2e/%2e%2e/etc/passwd",
        "/console/..%2findex.html",  "/console/index.html",
        "/console//etc/passwd",      "/console/main.js"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        get(paths[i], "");
        if (reply.status != 404)
            fail_msg("%s is answered %d", paths[i], reply.status);
    }
    get("/", "");
    assert_int_equal(reply.status, 302);
    assert_string_equal(header("Location"), "/console");
    ask_for(405, shop.console, "POST", "/console", "", NULL, &reply);
}

/* ---- how they are built ---- */

static void without_npm_one_page_says_so_and_continuous_integration_refuses(void **state)
{
    (void)state;
    shell_expect(
        &place,
        "set -e; mkdir tools; for program in bash dirname mkdir flock rm cp mv cut sha256sum;"
        " do ln -s \"$(command -v $program)\" tools; done;"
        " CI= PATH=$PWD/tools \"$tree\"/web/build console \"$PWD/out\";"
        " grep -q 'built without its pages' out/site/index.html;"
        " grep -q console_files: out/files.S; test -e out/without-npm;"
        " if CI=1 PATH=$PWD/tools \"$tree\"/web/build console \"$PWD/out\"; then exit 1; fi");
}

/* ---- in a browser ---- */

static const char *provide(const char *what)
{
    return console_scene(&shop, &place, what);
}

static void operators_see_and_mend_the_system_in_a_browser(void **state)
{
    (void)state;
    browser_run("console.mjs", shop.console, &place, provide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_revalidated_and_hashed_files_are_kept),
        cmocka_unit_test(pages_allow_no_inline_script_and_no_other_origin_but_the_issuer),
        cmocka_unit_test(no_path_leads_out_of_the_pages),
        cmocka_unit_test(without_npm_one_page_says_so_and_continuous_integration_refuses),
        cmocka_unit_test(operators_see_and_mend_the_system_in_a_browser),
    };
    return cmocka_run_group_tests_name("console", tests, set_up, tear_down);
}
