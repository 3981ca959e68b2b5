/* test_killing.c - orders are processed while a randomly chosen process is killed every two
 * seconds. At the end each order is final, no card was charged twice, and all derived tables agree
 * with the log.
 *
 * CAIRN_TEST_ORDERS is the number of orders (60), CAIRN_TEST_SEED the random seed. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/shop.h"
#include "../support/support.h"

#include "core/threads/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 4, KILL_EVERY_MS = 2000, LAST_MS = 600000 };

static struct shop shop;
static char user[SHOP_ID_SIZE];
static int orders, kills;
static atomic_int next_order, placed;

static int setup(void **state)
{
    (void)state;
    const char *wanted = getenv("CAIRN_TEST_ORDERS");
    orders = wanted ? atoi(wanted) : 60;
#ifdef MONOLITH
    shop_start(&shop, true);
#else
    shop_start(&shop, false);
#endif
    shop_register(&shop, user);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    shop_stop(&shop);
    return 0;
}

/* ---- customers ---- */

/* Most cards are good. */
static const char *card_of(int number)
{
    return number % 10 == 3 ? "tok_declined" : number % 10 == 7 ? "tok_no_funds" : "tok_visa";
}

/* Sends the same request until it is answered: the key ensures that it is one order. */
static void place(int number)
{
    char key[40];
    char id[SHOP_ID_SIZE];
    (void)snprintf(key, sizeof key, "order-%d", number);
    int64_t until_ms = fixture_now_ms() + LAST_MS;
    while (shop_try_place(&shop, user, card_of(number), key, id) != 201) {
        assert_true(fixture_now_ms() < until_ms);
        fixture_nap();
    }
    atomic_fetch_add(&placed, 1);
}

static void *buy(void *context)
{
    (void)context;
    for (int number; (number = atomic_fetch_add(&next_order, 1)) < orders;)
        place(number);
    return NULL;
}

/* ---- the end ---- */

#define OPEN_ORDERS                                                                                \
    "select count(*) from cairn.events e where e.type = 'OrderPlaced' and not exists"              \
    " (select from cairn.events f where f.stream = e.stream"                                       \
    "  and f.type in ('OrderPaid', 'OrderCancelled'))"

static bool all_are_final(void)
{
    return atomic_load(&placed) == orders && fixture_sql_int(shop.url, OPEN_ORDERS) == 0;
}

static enum shop_part choose(unsigned *seed)
{
    return (enum shop_part)(1 + rand_r(seed) % (SHOP_PARTS - 1)); /* not the users' */
}

/* Kills one process, restarts it, and waits for the next turn, until all orders are final. */
static void rage(void)
{
    const char *wanted = getenv("CAIRN_TEST_SEED");
    unsigned seed = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 1;
    int64_t until_ms = fixture_now_ms() + LAST_MS;
    while (!all_are_final()) {
        enum shop_part part = choose(&seed);
        int64_t next_ms = fixture_now_ms() + KILL_EVERY_MS;
        shop_kill(&shop, part);
        kills++;
        shop_restart(&shop, part);
        while (fixture_now_ms() < next_ms && !all_are_final())
            fixture_nap();
        if (fixture_now_ms() > until_ms)
            fail_msg("%d placed, %d open", atomic_load(&placed),
                     (int)fixture_sql_int(shop.url, OPEN_ORDERS));
    }
}

/* Counts the approved authorisations in the acquirer's ledger; fails if a reference occurs
 * twice. */
static int count_charges(const char *ledger)
{
    static const char good[] = "\"function\":\"0100\",\"result\":\"00\",\"reference\":\"";
    int count = 0;
    for (const char *at = ledger; (at = strstr(at, good)); count++) {
        char wanted[160];
        at += sizeof good - 1;
        (void)snprintf(wanted, sizeof wanted, "%s%.*s\"", good, (int)strcspn(at, "\""), at);
        assert_null(strstr(at, wanted));
    }
    return count;
}

static void every_order_comes_to_its_end_and_no_card_is_charged_twice(void **state)
{
    (void)state;
    pthread_t clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&clients[i], NULL, buy, NULL), 0);
    rage();
    for (int i = 0; i < CLIENTS; i++)
        cairn_thread_join(clients[i]);
    for (int i = 0; i < SHOP_PARTS; i++)
        shop_wait_ready(&shop, (enum shop_part)i);
    shop_wait_quiet(&shop);

    char *ledger = shop_ledger(&shop);
    int charges = count_charges(ledger);
    free(ledger);
    int64_t paid =
        fixture_sql_int(shop.url, "select count(*) from cairn.events where type = 'OrderPaid'");
    int64_t cancelled = fixture_sql_int(
        shop.url, "select count(*) from cairn.events where type = 'OrderCancelled'");
    assert_int_equal(
        fixture_sql_int(shop.url, "select count(*) from cairn.events where type = 'OrderPlaced'"),
        orders);
    assert_int_equal(charges, paid);
    assert_int_equal(paid, orders - orders / 10 * 2 - (orders % 10 > 3) - (orders % 10 > 7));
    assert_int_equal(paid + cancelled, orders);
    assert_int_equal(fixture_sql_int(shop.url, "select count(*) from cairn.parked_events"), 0);
    assert_int_equal(fixture_sql_int(shop.url, "select count(*) from cairn.timers"), 0);
    assert_int_equal(fixture_sql_int(shop.url, "select count(*) from cairn.verify_processes()"), 0);
    cairn_expect(shop.url, 0, "verify", "");
    assert_true(kills > 0);
    print_message("%d orders, %d paid, %d cancelled, %d kills\n", orders, (int)paid, (int)cancelled,
                  kills);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_comes_to_its_end_and_no_card_is_charged_twice),
    };
    return cmocka_run_group_tests_name("killing", tests, setup, teardown);
}
