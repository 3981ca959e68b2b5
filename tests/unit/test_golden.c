/* test_golden.c - tests that the shop's events stay readable; and the function that checks this:
 * what it finds, and its messages. */
#include "../support/kit.h"

#include "../../services/order/order.h"
#include "../../services/payment/payment.h"
#include "../../services/user/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the shop ---- */

static void every_event_of_the_shop_stays_readable(void **state)
{
    (void)state;
    CAIRN_GOLDEN("tests/golden", user);
    CAIRN_GOLDEN("tests/golden", order);
    CAIRN_GOLDEN("tests/golden", payment);
}

/* ---- a small domain, whose event has changed once ---- */

CAIRN_ENUM(stamp_colour, (STAMP_RED, "red"), (STAMP_BLUE, "blue"));
CAIRN_STRUCT(stamp_price, MONEY(price));
CAIRN_STRUCT(stamp_sold_v1, INT(cents, CAIRN_RANGE(5, 1000)));
CAIRN_STRUCT(stamp_sold, LIST(prices, stamp_price, .min_count = 2), RECORD(best, stamp_price),
             ENUM(colour, stamp_colour), TEXT(email, .format = CAIRN_FORMAT_EMAIL),
             TEXT(code, .min_bytes = 6, .max_bytes = 6), TIME(at), DAY(on, .optional = true),
             BOOL(used));
CAIRN_EVENTS(stamp, EVENT(stamp_sold, "StampSold", 2, stamp_sold_v1));

CAIRN_UPCAST(stamp_sold_v1, stamp_sold)
{
    struct stamp_price *prices = CAIRN_NEW(arena, struct stamp_price, 2);
    prices[0].price = prices[1].price = (struct cairn_money){old->cents, "EUR"};
    *ret = (struct stamp_sold){.prices = {prices, 2},
                               .best = prices[0],
                               .colour = STAMP_RED,
                               .email = "nobody@example.com",
                               .code = "000000",
                               .at = {1}};
}

/* ---- fixture: a directory, and the reported failures ---- */

static char directory[64];
static char said[4096];

static void remember(const char *file, int line, const char *message)
{
    (void)file;
    (void)line;
    (void)snprintf(said, sizeof said, "%s", message);
}

static const char *path(const char *name)
{
    static char ret[160];
    (void)snprintf(ret, sizeof ret, "%s/stamp%s%s", directory, *name ? "/" : "", name);
    return ret;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(path(name), "w");
    assert_non_null(file);
    (void)fprintf(file, "%s\n", text);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/cairn-golden.XXXXXX");
    assert_non_null(mkdtemp(directory));
    assert_int_equal(mkdir(path(""), 0700), 0);
    cairn_test_on_failure(remember);
    (void)unsetenv("CAIRN_GOLDEN");
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"StampSold.v1.json", "StampSold.v2.json",
                                        "StampSold.v3.json", "StampLost.v1.json", "README"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unlink(path(names[i]));
    (void)rmdir(path(""));
    (void)rmdir(directory);
    return kit_setup(state);
}

/* Returns what the check reports about the directory; "" if all is well. */
static const char *check(void)
{
    said[0] = '\0';
    CAIRN_GOLDEN(directory, stamp);
    return said;
}

static void expect(const char *words)
{
    if (!strstr(check(), words))
        fail_msg("wanted: %s\nin: %s", words, said);
}

#define V1 "{\"cents\":55}"
#define V2                                                                                         \
    "{\"prices\":[{\"price\":{\"amount\":1,\"currency\":\"EUR\"}},"                                \
    "{\"price\":{\"amount\":1,\"currency\":\"EUR\"}}],"                                            \
    "\"best\":{\"price\":{\"amount\":1,\"currency\":\"EUR\"}},\"colour\":\"red\","                 \
    "\"email\":\"ada@example.com\",\"code\":\"codexx\","                                           \
    "\"at\":\"2026-01-02T03:04:05.678901Z\",\"on\":\"2026-01-02\",\"used\":true}"

/* ---- what it finds ---- */

static void files_that_are_missing_are_named(void **state)
{
    (void)state;
    expect(
        "StampSold.v1.json: is missing, and cannot be generated any more: take the data of an event "
        "of version 1 from the log");
    expect("StampSold.v2.json: is missing: run this test once with CAIRN_GOLDEN=write");
}

static void writing_makes_the_newest_version_only_and_never_again(void **state)
{
    (void)state;
    char text[2048];
    (void)setenv("CAIRN_GOLDEN", "write", 1);
    expect("StampSold.v1.json: is missing");
    assert_null(strstr(said, "StampSold.v2"));
    put("StampSold.v1.json", V1);
    assert_string_equal(check(), "");
    FILE *file = fopen(path("StampSold.v2.json"), "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    (void)fclose(file);
    assert_string_equal(text, V2 "\n");

    put("StampSold.v2.json", "{}");
    expect("this shape was published as version 2");
    (void)unsetenv("CAIRN_GOLDEN");
    expect("this shape was published as version 2");
}

static void a_shape_that_is_another_is_found(void **state)
{
    (void)state;
    put("StampSold.v1.json", V1);
    put("StampSold.v2.json", V2);
    assert_string_equal(check(), "");

    put("StampSold.v2.json", "{\"price\":1," /* a field that was removed or renamed */
                             "\"prices\":[],\"best\":{},\"colour\":\"red\"}");
    expect(
        "this shape was published as version 2: raise the version of its EVENT, and add a CAIRN_UPCAST");
    put("StampSold.v2.json", V2 " ");
    expect("file:  {\"prices\"");
    put("StampSold.v2.json", "{\"prices\":");
    expect("not JSON");
}

static void an_optional_field_that_is_new_is_found(void **state)
{
    (void)state;
    char text[] = V2;
    put("StampSold.v1.json", V1);
    char *on = strstr(text, "\"on\"");
    memmove(on, strstr(on, "\"used\""), strlen(strstr(on, "\"used\"")) + 1);
    put("StampSold.v2.json", text);
    expect("\"on\":null");
}

static void an_older_event_that_is_not_lifted_is_found(void **state)
{
    (void)state;
    put("StampSold.v2.json", V2);
    put("StampSold.v1.json", "{\"euros\":55}");
    expect("StampSold of version 1, cannot be decoded: /cents is missing");
}

static void files_of_events_that_are_gone_are_found(void **state)
{
    (void)state;
    put("StampSold.v1.json", V1);
    put("StampSold.v2.json", V2);
    put("StampSold.v3.json", V2);
    put("StampLost.v1.json", "{}");
    put("README", "");
    expect("StampSold.v3.json: was published, and the table has StampSold up to version 2");
    expect("StampLost.v1.json: was published, and stamp has no event StampLost any more");
    expect("README: is not called TYPE.vN.json");
}

static void a_chain_with_a_hole_is_found(void **state)
{
    (void)state;
    const struct cairn_event_type types[] = {{"StampSold", 2, &stamp_sold_record, {NULL}}};
    const struct cairn_events events = {.category = "stamp", .types = types, .count = 1};
    cairn_golden(__FILE__, __LINE__, directory, &events);
    assert_non_null(strstr(said, "names 1 older structs, oldest first; it names 0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_event_of_the_shop_stays_readable, kit_setup),
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(files_that_are_missing_are_named),
        TEST(writing_makes_the_newest_version_only_and_never_again),
        TEST(a_shape_that_is_another_is_found),
        TEST(an_optional_field_that_is_new_is_found),
        TEST(an_older_event_that_is_not_lifted_is_found),
        TEST(files_of_events_that_are_gone_are_found),
        TEST(a_chain_with_a_hole_is_found),
    };
    return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
