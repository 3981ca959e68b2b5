/* console_scenes.c - prepares what the console's pages are to show. */
#include "console_scenes.h"

#include "fixture.h"
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 30000 };

#define ADA "0199aaaa-0000-7000-8000-000000000001"
#define EVE "0199aaaa-0000-7000-8000-000000000002"
#define BROKEN "0199aaaa-0000-7000-8000-000000000003"
#define BOB "30d6ebd9-69b7-88fd-89b3-5c8ff889f076"
#define CAROL "5c55c04c-f8db-8bc8-b166-683ccbc0b614"
#define ORDER "0199aaaa-0000-7000-8000-00000000000a"
#define EVES_ORDER "0199aaaa-0000-7000-8000-00000000000b"
#define BROKEN_PAYMENT "0199aaaa-0000-7000-8000-00000000000c"

static struct system_under_test *shop;
static const struct shell *place;

static void sql(const char *text)
{
    fixture_sql(shop->database_url, text);
}

static void sql_becomes(int64_t wanted, const char *text)
{
    fixture_wait_sql(shop->database_url, text, wanted, PATIENCE_MS);
}

static void in_shop(const char *command)
{
    char line[2000];
    (void)snprintf(line, sizeof line, ". '%s/env'; %s", shop->run_dir, command);
    shell_expect(place, line);
}

/* An event that no service would append. */
#define INSERT(stream, type)                                                                       \
    "insert into cairn.events (shard, position, stream, version, type, schema_version, event_id,"  \
    " data, meta, recorded_at) values (0, cairn.head() + 1, '" stream "', 1, '" type "', 1,"       \
    " gen_random_uuid(), '{}', '{}', clock_timestamp())"

/* ---- people and orders ---- */

/* People register themselves: the id is their subject at the demo's provider. */
#define REGISTER(name, id)                                                                         \
    "curl -fsH \"Authorization: Bearer $($build/bin/cairn token " name ")\" --json "               \
    "'{\"user_id\":\"" id "\",\"email\":\"" name "@example.com\",\"name\":\"" name "\"}' "         \
    "$CAIRN_USER_URL/users"

static void register_ada(void)
{
    in_shop(REGISTER("ada", ADA));
}

static void change_adas_address(void)
{
    in_shop("curl -fsX PUT -H \"Authorization: Bearer $($build/bin/cairn token ada)\""
            " --json '{\"email\":\"ada@example.org\"}' $CAIRN_USER_URL/users/" ADA "/email");
    sql_becomes(1, "select count(*) from read.users_g1 where email = 'ada@example.org'");
}

/* Its payment is tried for long: meanwhile the process has a timer. */
static void place_an_order(void)
{
    in_shop("curl -fsH \"Authorization: Bearer $($build/bin/cairn token ada)\""
            " -H 'Idempotency-Key: console-order' --json '{\"order_id\":\"" ORDER "\","
            "\"user_id\":\"" ADA "\",\"currency\":\"EUR\",\"card_token\":\"tok_error\","
            "\"lines\":[{\"sku\":\"tea-100\",\"quantity\":2,\"unit_price\":450}]}'"
            " $CAIRN_ORDER_URL/orders");
    sql_becomes(1, "select count(*) from cairn.timers where stream = 'fulfilment-" ORDER "'");
}

static void expect_a_moved_timer(void)
{
    sql_becomes(1, "select count(*) from cairn.timers where stream = 'fulfilment-" ORDER "'"
                   " and due_at > now() + interval '90 min'");
}

static void expect_no_timer(void)
{
    sql_becomes(0, "select count(*) from cairn.timers where stream = 'fulfilment-" ORDER "'");
}

/* ---- what is parked ---- */

/* Bob's row breaks a constraint, until it is dropped. */
static void park_bob(void)
{
    sql("alter table read.users_g1 add constraint no_bob check (email not like 'bob@%')");
    in_shop(REGISTER("bob", BOB));
    sql_becomes(1, "select count(distinct key) from cairn.parked");
}

static void mend_bob(void)
{
    sql("alter table read.users_g1 drop constraint no_bob");
}

static void expect_bob(void)
{
    sql_becomes(1, "select count(*) from read.users_g1 where email = 'bob@example.com'");
}

static void park_unreadable(void)
{
    sql(INSERT("user-" BROKEN, "UserRegistered"));
    in_shop(REGISTER("carol", CAROL));
    sql_becomes(1, "select count(distinct key) from cairn.parked");
}

static void nothing_more(void)
{
}

static void park_a_payment(void)
{
    sql(INSERT("payment-" BROKEN_PAYMENT, "PaymentRequested"));
    sql("select cairn.append('note-1', 'NoteTaken', '{}')"); /* wakes the reactor */
    sql_becomes(1, "select count(*) from cairn.parked_events where reactor = 'charging'");
}

/* It is given up again, as it cannot be read. */
static void expect_another_attempt(void)
{
    sql_becomes(1, "select count(*) from cairn.parked_events p, cairn.operations o"
                   " where o.action = 'retry-processes' and not p.again"
                   "     and p.parked_at > o.recorded_at");
}

/* ---- dead letters ---- */

static void give_a_letter_up(void)
{
    sql("select cairn.append('user-" EVE "', 'UserRegistered',"
        " '{\"email\": \"no address\", \"name\": \"Eve\"}')");
    sql("select cairn.append('order-" EVES_ORDER "', 'OrderPlaced', '{\"user_id\": \"" EVE "\","
        " \"currency\": \"EUR\", \"total\": 900, \"card_token\": \"tok_error\","
        " \"lines\": [{\"sku\": \"tea-100\", \"quantity\": 2, \"unit_price\": 450}]}')");
    sql_becomes(1,
                "select count(*) from cairn.consumed_dead where stream = 'order-" EVES_ORDER "'");
}

static void mend_the_letter(void)
{
    sql("update notification.customers set email = 'eve@example.com'");
}

static void expect_a_letter_handled(void)
{
    sql_becomes(1, "select count(*) from cairn.consumed_again");
}

/* ---- the log as it grows ---- */

static void append_two(void)
{
    sql("select cairn.append('vase-1', 'VaseMade', '{}');"
        "select cairn.append('jug-1', 'JugMade', '{}')");
}

/* Ten times what the page keeps. */
static void append_many(void)
{
    sql("select cairn.append_as('vase-2', 0, array_agg(gen_random_uuid()),"
        " array_agg('VaseMade'::text), array_agg(1::bigint), array_agg('{}'::json),"
        " array_agg('{}'::json), array_agg(null::json)) from generate_series(1, 5000)");
}

/* ---- generations, and the console itself ---- */

static void expect_a_rollback(void)
{
    sql_becomes(1, "select count(*) from cairn.switches w join cairn.generations g"
                   " on g.projection = w.projection and g.generation = w.generation"
                   " where w.projection = 'users' and w.cause = 'rollback'"
                   "     and w.done_at is not null and g.live");
}

/* A row that is not what the log says. */
static void falsify_a_row(void)
{
    sql("update read.users_g1 set name = 'Eva' where user_id = '" ADA "'");
}

static void expect_a_difference(void)
{
    sql_becomes(1, "select count(*) from cairn.operations where action = 'verify'"
                   " and state = 'done' and (result ->> 'differences')::int = 1");
}

static void kill_the_projector(void)
{
    system_kill(shop, "projector", SIGKILL);
}

static void stop_the_console(void)
{
    system_kill(shop, "console", SIGKILL);
}

static void start_what_was_killed(void)
{
    system_heal(shop);
}

static const struct {
    const char *what;
    void (*set)(void);
    const char *answer;
} scenes[] = {
    {"an event", register_ada, "done"},
    {"another address", change_adas_address, ADA},
    {"an order", place_an_order, ORDER},
    {"a moved timer", expect_a_moved_timer, "done"},
    {"no timer", expect_no_timer, "done"},
    {"a parked key", park_bob, BOB},
    {"the cause mended", mend_bob, "done"},
    {"the row", expect_bob, "done"},
    {"an unreadable event", park_unreadable, BROKEN},
    {"the unreadable event", nothing_more, BROKEN},
    {"a payment given up", park_a_payment, BROKEN_PAYMENT},
    {"another attempt", expect_another_attempt, "done"},
    {"a dead letter", give_a_letter_up, EVES_ORDER},
    {"the address mended", mend_the_letter, "done"},
    {"the letter handled", expect_a_letter_handled, "done"},
    {"two events", append_two, "done"},
    {"many events", append_many, "done"},
    {"a rolled back generation", expect_a_rollback, "done"},
    {"a false row", falsify_a_row, ADA},
    {"the difference recorded", expect_a_difference, "done"},
    {"the projector killed", kill_the_projector, "done"},
    {"the projector started", start_what_was_killed, "done"},
    {"the console stopped", stop_the_console, "done"},
    {"the console started", start_what_was_killed, "done"},
};

const char *console_scene(struct system_under_test *of_shop, const struct shell *in_place,
                          const char *what)
{
    static char issuer[60];
    shop = of_shop;
    place = in_place;
    (void)snprintf(issuer, sizeof issuer, "http://127.0.0.1:%d", shop->identity);
    if (strcmp(what, "the issuer") == 0)
        return issuer;
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        if (strcmp(scenes[i].what, what) == 0) {
            scenes[i].set();
            return scenes[i].answer;
        }
    }
    fail_msg("the browser needs %s, which this test does not know", what);
    return NULL;
}
