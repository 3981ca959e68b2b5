/* test_buying.c - the shop's pages: how people sign in, and what a session may do; and, in a
 * real browser, a person's whole story: what the browser does is in tests/browser/shop.mjs. */
#include "../support/browser.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct system_under_test shop;
static struct shell place;

#define ADA "0199aaaa-0000-7000-8000-000000000001"
#define BOB "30d6ebd9-69b7-88fd-89b3-5c8ff889f076"

/* For the shell: begins a session of a person in the cookie jar `jar`, as a browser would. */
static const char sign_in[] =
    "jar=jar; no() { if \"$@\"; then return 1; fi; };"
    "ask() { curl -sS -b \"$jar\" -c \"$jar\" -L -o /dev/null --max-time 20 \"$@\"; };"
    "sign_in() { jar=$1; rm -f \"$jar\";"
    " page=$(ask -w '%{url_effective}' \"$bff/session/begin?to=$3\");"
    " ask -w '%{http_code} %{url_effective}' -d name=$2 \"$page\"; };"
    "status() { curl -sS -b \"$jar\" -o body -w '%{http_code}' --max-time 20 \"$@\"; };";

static void in_shop(const char *command)
{
    char line[4000];
    (void)snprintf(
        line, sizeof line,
        "set -eu; . '%s/env'; bff=http://localhost:%d; cairn=\"$build/bin/cairn\"; %s %s",
        shop.run_dir, shop.bff, sign_in, command);
    shell_expect(&place, line);
}

static int set_up(void **state)
{
    (void)state;
    shop.authenticates = true;
    system_start(&shop);
    shell_open(&place, "storefront");
    in_shop("curl -fsSH \"Authorization: Bearer $($cairn token bob)\" --json"
            " '{\"email\":\"bob@example.com\",\"name\":\"Bob\"}' $CAIRN_USER_URL/users");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    system_stop(&shop);
    return 0;
}

/* ---- sessions ---- */

static void a_sign_in_leads_back_to_the_page_with_a_session(void **state)
{
    (void)state;
    in_shop("test \"$(sign_in jar bob /shop)\" = \"200 $bff/shop\";"
            "grep -q '^#HttpOnly_localhost.*cairn-session' jar; no grep -q 'eyJ' jar;"
            "test $(status $bff/session) = 200; grep -q '\"state\":\"in\",\"sub\":\"" BOB
            "\"' body;"
            "no grep -q eyJ body; test $(status $bff/users/" BOB ") = 200; grep -q bob@ body;"
            "test $(status $bff/users/" ADA ") = 404; test $(status $bff/dashboard) = 200;"
            /* Nowhere else: a path of another host is not taken. */
            "test \"$(sign_in jar bob //example.com/)\" = \"200 $bff/shop\"");
}

static void a_session_writes_for_the_pages_of_its_origin_only(void **state)
{
    (void)state;
    in_shop("sign_in jar bob /shop; cancel=\"$bff/orders/" ADA "/cancel\";"
            "write() { status --json '{\"reason\":\"x\"}' \"$cancel\" \"$@\"; };"
            "test $(write) = 401; test $(write -H 'Origin: null') = 401;"
            "test $(write -H 'Origin: http://localhost:1') = 401;"
            "test $(write -H 'Origin: https://example.com') = 401;"
            "test $(write -H \"Origin: $bff\") = 404;" /* there is no such order */
            "for what in renew end; do test $(status -X POST $bff/session/$what) = 403; done;"
            "test $(status -X POST -H \"Origin: $bff\" $bff/session/renew) = 204");
}

static void a_cookie_that_this_service_did_not_seal_is_none(void **state)
{
    (void)state;
    in_shop("sign_in jar bob /shop; sealed=$(awk '/cairn-session/ {print $7}' jar);"
            "as() { curl -sS -H \"Cookie: cairn-session=$1\" $bff/session; };"
            "as \"$sealed\" | grep -q '\"in\"'; as \"A${sealed#?}A\" | grep -q '\"out\"';"
            "as \"$(echo $sealed | cut -c 1-40)\" | grep -q '\"out\"'; as x | grep -q '\"out\"';"
            "as \"$sealed; cairn-session=$sealed\" | grep -q '\"out\"';"
            "as \"$($cairn token bob)\" | grep -q '\"out\"'");
}

static void a_code_is_taken_from_the_browser_that_asked_for_it(void **state)
{
    (void)state;
    in_shop("callback=\"$bff/session/callback\"; jar=none;"
            "test $(status \"$callback?code=x&state=y\") = 422; grep -q sign-in-unknown body;"
            "curl -sS -c jar -o /dev/null $bff/session/begin; jar=jar;"
            "test $(status \"$callback?code=x&state=y\") = 422; grep -q sign-in-unknown body;"
            "state=$(curl -sS -c jar -o /dev/null -w '%{redirect_url}' $bff/session/begin |"
            " sed 's/.*state=\\([^&]*\\).*/\\1/');"
            "test $(status \"$callback?code=x&state=$state&iss=http://127.0.0.1:1\") = 422;"
            "test $(status \"$callback?error=access_denied&state=$state\") = 422;"
            "grep -q sign-in-refused body; test $(status \"$callback?code=x&state=$state\") = 401");
}

static void people_sign_out(void **state)
{
    (void)state;
    in_shop("sign_in jar bob /shop;"
            "curl -sS -b jar -c jar -H \"Origin: $bff\" -X POST $bff/session/end | grep -q"
            " '\"to\":\"http://127.0.0.1:[0-9]*/session/end?client_id=shop'; no grep -q"
            " cairn-session jar; test $(status $bff/session) = 200; grep -q '\"out\"' body");
}

/* ---- a stream through the backend ---- */

static void events_pass_through_the_backend_and_end_with_either_side(void **state)
{
    (void)state;
    in_shop(
        "ada() { curl -fsSH \"Authorization: Bearer $($cairn token bob)\" \"$@\"; };"
        "id=0199bbbb-0000-7000-8000-000000000001; ada --json '{\"order_id\":\"'$id'\",\"user_id\":\"" BOB
        "\",\"currency\":\"EUR\",\"card_token\":\"tok_visa\",\"lines\":[{\"sku\":\"tea-100\","
        "\"quantity\":1,\"unit_price\":450}]}' -D head $CAIRN_ORDER_URL/orders;"
        "ada -N --max-time 20 -H 'Accept: text/event-stream' -H \"$(grep -i cairn-position head |"
        " tr -d '\\r')\" $bff/orders/$id 2>/dev/null | grep -m1 '\"paid\"';"
        "sign_in jar bob /shop; test $(status -H 'Accept: text/event-stream' $bff/orders/" ADA
        ") = 404; jar=none; test $(status -H 'Accept: text/event-stream' $bff/orders/$id) = 401");
}

/* ---- in a browser ---- */

static void order_for_ada(int number)
{
    char command[900];
    (void)snprintf(
        command, sizeof command,
        "curl -fsSH \"Authorization: Bearer $($cairn token ada)\" --json '{\"user_id\":\"" ADA
        "\",\"currency\":\"EUR\",\"card_token\":\"tok_visa\",\"lines\":[{\"sku\":"
        "\"tea-%d00\",\"quantity\":1,\"unit_price\":450}]}' $CAIRN_ORDER_URL/orders",
        number);
    in_shop(command);
}

static const char *count_orders(void)
{
    static char number[20];
    (void)snprintf(number, sizeof number, "%d",
                   (int)fixture_sql_int(shop.database_url,
                                        "select count(*) from cairn.events where type ="
                                        " 'OrderPlaced' and data::jsonb ->> 'user_id' = '" ADA
                                        "'"));
    return number;
}

static void ship(const char *id)
{
    char command[600];
    (void)snprintf(command, sizeof command,
                   "curl -fsSH \"Authorization: Bearer $($cairn token clerk)\" --json "
                   "'{\"carrier\":\"Northern Post\",\"tracking\":\"NP-4711\"}'"
                   " $CAIRN_ORDER_URL/orders/%s/ship",
                   id);
    in_shop(command);
}

static void order_five(void)
{
    for (int i = 1; i <= 5; i++)
        order_for_ada(i);
    fixture_wait_sql(shop.database_url,
                     "select count(*) from read.order_summary_g1 where user_id = '" ADA
                     "' and status <> 'placed'",
                     9, 30000);
}

static const char *provide(const char *what)
{
    if (strcmp(what, "the number of orders") == 0)
        return count_orders();
    if (strncmp(what, "shipped ", strlen("shipped ")) == 0)
        ship(what + strlen("shipped "));
    else if (strcmp(what, "the backend stopped") == 0)
        system_kill(&shop, "bff", SIGKILL);
    else if (strcmp(what, "the backend started") == 0)
        system_heal(&shop);
    else if (strcmp(what, "the projector frozen") == 0)
        system_kill(&shop, "projector", SIGSTOP);
    else if (strcmp(what, "the projector continued") == 0)
        system_kill(&shop, "projector", SIGCONT);
    else if (strcmp(what, "five more orders") == 0)
        order_five();
    else
        fail_msg("the browser needs %s, which this test does not know", what);
    return "done";
}

static void a_person_buys_and_a_clerk_ships_in_a_browser(void **state)
{
    (void)state;
    browser_run("shop.mjs", shop.bff, &place, provide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sign_in_leads_back_to_the_page_with_a_session),
        cmocka_unit_test(a_session_writes_for_the_pages_of_its_origin_only),
        cmocka_unit_test(a_cookie_that_this_service_did_not_seal_is_none),
        cmocka_unit_test(a_code_is_taken_from_the_browser_that_asked_for_it),
        cmocka_unit_test(people_sign_out),
        cmocka_unit_test(events_pass_through_the_backend_and_end_with_either_side),
        cmocka_unit_test(a_person_buys_and_a_clerk_ships_in_a_browser),
    };
    return cmocka_run_group_tests_name("storefront", tests, set_up, tear_down);
}
