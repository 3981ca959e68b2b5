/* test_boundary_examples.c - the examples of the specification of dynamic consistency boundaries,
 * as services over HTTP: unique usernames, invoice numbers without gaps, opt-in by a token, prices
 * that change, and requests that carry a token of their own. test_enrolment.c has course
 * subscriptions. */
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/kit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the clock of a test stands. */
static struct cairn_time the_beginning(void)
{
    struct cairn_time time = {0};
    assert_int_equal(cairn_time_parse("2026-01-01T00:00:00Z", &time), 0);
    return time;
}

/* ---- unique usernames: claimed by an account, kept for a while after its end ---- */

enum { KEPT_DAYS = 3 };

CAIRN_STRUCT(account_opened, TEXT(username, .max_bytes = 40, .tag = "username"));
CAIRN_STRUCT(account_closed, TEXT(username, .max_bytes = 40, .tag = "username"), TIME(at));
CAIRN_EVENTS(account, EVENT(account_opened, "AccountOpened", 1),
             EVENT(account_closed, "AccountClosed", 1));
CAIRN_STRUCT(open_account, TEXT(username, .max_bytes = 40));
CAIRN_STRUCT(close_account, TEXT(username, .max_bytes = 40));
CAIRN_COMMANDS(account, COMMAND(open_account, "POST /accounts"),
               COMMAND(close_account, "POST /accounts/close"));

CAIRN_STRUCT(username, BOOL(taken), TIME(free_from, .optional = true));
CAIRN_PART(username, "username");
CAIRN_LEARN_FROM(username, account, account_opened)
{
    self->taken = true;
}
CAIRN_LEARN_FROM(username, account, account_closed)
{
    self->taken = false;
    self->free_from = cairn_time_after(event->at, CAIRN_HOURS(24) * KEPT_DAYS);
}

CAIRN_BOUNDARY(account, CAIRN_OVER(username, username));
CAIRN_DECIDE(account, open_account)
{
    if (self->username->taken || given->now.us < self->username->free_from.us)
        return cairn_refuse(error, "username-taken", "the username belongs to somebody");
    CAIRN_EMIT(ret, account_opened, .username = command->username);
    return 0;
}
CAIRN_DECIDE(account, close_account)
{
    if (!self->username->taken)
        return cairn_refuse(error, "no-account", "there is no such account");
    CAIRN_EMIT(ret, account_closed, .username = command->username, .at = given->now);
    return 0;
}

static void a_username_is_free_some_days_after_its_account_was_closed(void **state)
{
    (void)state;
    CAIRN_DECIDING(account);
    WHEN(open_account, .username = "ada");
    THEN(account_opened, .username = "ada");
    WHEN(open_account, .username = "ada");
    THEN_REFUSED("username-taken");
    WHEN(close_account, .username = "ada");
    THEN(account_closed, .username = "ada", .at = the_beginning());
    PASS("P2D");
    WHEN(open_account, .username = "ada");
    THEN_REFUSED("username-taken");
    PASS("P1D");
    WHEN(open_account, .username = "ada");
    THEN(account_opened, .username = "ada");
}

/* ---- invoice numbers without gaps, in each series ---- */

CAIRN_STRUCT(invoice_numbered, TEXT(series, .max_bytes = 20, .tag = "series"), INT(number),
             INT(amount));
CAIRN_EVENTS(numbering, EVENT(invoice_numbered, "InvoiceNumbered", 1));
CAIRN_STRUCT(number_invoice, TEXT(series, .max_bytes = 20), INT(amount));
CAIRN_COMMANDS(numbering, COMMAND(number_invoice, "POST /invoices"));

CAIRN_STRUCT(series, INT(last));
CAIRN_PART(series, "series");
CAIRN_LEARN_FROM(series, numbering, invoice_numbered)
{
    self->last = event->number;
}
CAIRN_BOUNDARY(numbering, CAIRN_OVER(series, series));
CAIRN_DECIDE(numbering, number_invoice)
{
    CAIRN_EMIT(ret, invoice_numbered, .series = command->series, .number = self->series->last + 1,
               .amount = command->amount);
    return 0;
}

static void invoices_are_numbered_in_each_series(void **state)
{
    (void)state;
    CAIRN_DECIDING(numbering);
    WHEN(number_invoice, .series = "2026", .amount = 5);
    THEN(invoice_numbered, .series = "2026", .number = 1, .amount = 5);
    WHEN(number_invoice, .series = "2027", .amount = 6);
    THEN(invoice_numbered, .series = "2027", .number = 1, .amount = 6);
    WHEN(number_invoice, .series = "2026", .amount = 7);
    THEN(invoice_numbered, .series = "2026", .number = 2, .amount = 7);
}

/* ---- opt-in by a token, which holds for an hour and once ---- */

CAIRN_STRUCT(sign_up_begun, TEXT(email, .max_bytes = 100, .tag = "email"),
             TEXT(token, .max_bytes = 40, .tag = "token"), TIME(at));
CAIRN_STRUCT(sign_up_confirmed, TEXT(email, .max_bytes = 100, .tag = "email"),
             TEXT(token, .max_bytes = 40, .tag = "token"));
CAIRN_EVENTS(sign_up, EVENT(sign_up_begun, "SignUpBegun", 1),
             EVENT(sign_up_confirmed, "SignUpConfirmed", 1));
CAIRN_STRUCT(confirm_sign_up, TEXT(email, .max_bytes = 100), TEXT(token, .max_bytes = 40));
CAIRN_COMMANDS(sign_up, COMMAND(confirm_sign_up, "POST /sign-ups/confirm"));

CAIRN_STRUCT(pending, TEXT(email, .optional = true), TIME(at, .optional = true), BOOL(used));
CAIRN_PART(pending, "token");
CAIRN_LEARN_FROM(pending, sign_up, sign_up_begun)
{
    *self = (struct pending){.email = event->email, .at = event->at};
}
CAIRN_LEARN_FROM(pending, sign_up, sign_up_confirmed)
{
    self->used = true;
}
CAIRN_BOUNDARY(sign_up, CAIRN_OVER(pending, token));
CAIRN_DECIDE(sign_up, confirm_sign_up)
{
    const struct pending *pending = self->pending;
    if (!pending->email || strcmp(pending->email, command->email) != 0)
        return cairn_refuse(error, "no-sign-up", "there is no sign-up with this token and address");
    if (pending->used)
        return cairn_refuse(error, "token-used", "the token was used before");
    if (given->now.us > pending->at.us + CAIRN_HOURS(1))
        return cairn_refuse(error, "token-expired", "the token was good for an hour");
    CAIRN_EMIT(ret, sign_up_confirmed, .email = command->email, .token = command->token);
    return 0;
}

static void a_token_is_good_once_and_for_an_hour(void **state)
{
    (void)state;
    CAIRN_DECIDING(sign_up);
    const struct cairn_time now = the_beginning();
    GIVEN(sign_up_begun, .email = "ada@example.com", .token = "1111", .at = now);
    GIVEN(sign_up_begun, .email = "bob@example.com", .token = "2222", .at = now);
    WHEN(confirm_sign_up, .email = "ada@example.com", .token = "2222");
    THEN_REFUSED("no-sign-up");
    WHEN(confirm_sign_up, .email = "ada@example.com", .token = "1111");
    THEN(sign_up_confirmed, .email = "ada@example.com", .token = "1111");
    WHEN(confirm_sign_up, .email = "ada@example.com", .token = "1111");
    THEN_REFUSED("token-used");
    PASS("PT61M");
    WHEN(confirm_sign_up, .email = "bob@example.com", .token = "2222");
    THEN_REFUSED("token-expired");
}

/* ---- a price that changes: the one that a client saw holds for ten minutes ---- */

CAIRN_STRUCT(price_set, TEXT(sku, .max_bytes = 40, .tag = "product"), INT(price), TIME(at));
CAIRN_EVENTS(price, EVENT(price_set, "PriceSet", 1));
CAIRN_STRUCT(product_ordered, TEXT(sku, .max_bytes = 40, .tag = "product"), INT(price));
CAIRN_EVENTS(sale, EVENT(product_ordered, "ProductOrdered", 1));
CAIRN_STRUCT(order_product, TEXT(sku, .max_bytes = 40), INT(price));
CAIRN_COMMANDS(sale, COMMAND(order_product, "POST /sales"));

CAIRN_STRUCT(product, INT(price), INT(previous), TIME(changed_at, .optional = true));
CAIRN_PART(product, "product");
CAIRN_LEARN_FROM(product, price, price_set)
{
    *self =
        (struct product){.price = event->price, .previous = self->price, .changed_at = event->at};
}
CAIRN_BOUNDARY(sale, CAIRN_OVER(product, sku));
CAIRN_DECIDE(sale, order_product)
{
    const struct product *product = self->product;
    bool is_recent = given->now.us < product->changed_at.us + CAIRN_MINUTES(10);
    if (command->price != product->price && !(is_recent && command->price == product->previous))
        return cairn_refuse(error, "price-changed", "the product has another price");
    CAIRN_EMIT(ret, product_ordered, .sku = command->sku, .price = command->price);
    return 0;
}

static void a_price_holds_for_ten_minutes_after_it_was_changed(void **state)
{
    (void)state;
    CAIRN_DECIDING(sale);
    const struct cairn_time now = the_beginning();
    GIVEN(price_set, .sku = "tea", .price = 450, .at = cairn_time_after(now, -CAIRN_HOURS(1)));
    GIVEN(price_set, .sku = "cup", .price = 900, .at = now);
    WHEN(order_product, .sku = "tea", .price = 400);
    THEN_REFUSED("price-changed");
    WHEN(order_product, .sku = "tea", .price = 450);
    THEN(product_ordered, .sku = "tea", .price = 450);
    GIVEN(price_set, .sku = "tea", .price = 500, .at = now);
    WHEN(order_product, .sku = "tea", .price = 450);
    THEN(product_ordered, .sku = "tea", .price = 450);
    PASS("PT10M");
    WHEN(order_product, .sku = "tea", .price = 450);
    THEN_REFUSED("price-changed");
    WHEN(order_product, .sku = "tea", .price = 500);
    THEN(product_ordered, .sku = "tea", .price = 500);
}

/* ---- a request with a token of its client, recorded in the event ---- */

CAIRN_STRUCT(transfer_made, UUID(token, .tag = "token_of_client"), INT(amount));
CAIRN_EVENTS(transfer, EVENT(transfer_made, "TransferMade", 1));
CAIRN_STRUCT(make_transfer, UUID(token), INT(amount));
CAIRN_COMMANDS(transfer, COMMAND(make_transfer, "POST /transfers"));

CAIRN_STRUCT(token_use, BOOL(used));
CAIRN_PART(token_use, "token_of_client");
CAIRN_LEARN_FROM(token_use, transfer, transfer_made)
{
    self->used = true;
}
CAIRN_BOUNDARY(transfer, CAIRN_OVER(token_use, token));
CAIRN_DECIDE(transfer, make_transfer)
{
    if (self->token_use->used)
        return cairn_refuse(error, "made-before", "this transfer was made before");
    CAIRN_EMIT(ret, transfer_made, .token = command->token, .amount = command->amount);
    return 0;
}

static void a_transfer_is_made_once_for_a_token(void **state)
{
    (void)state;
    CAIRN_DECIDING(transfer);
    WHEN(make_transfer, .token = CAIRN_TEST_ID, .amount = 5);
    THEN(transfer_made, .token = CAIRN_TEST_ID, .amount = 5);
    WHEN(make_transfer, .token = CAIRN_TEST_ID, .amount = 5);
    THEN_REFUSED("made-before");
}

/* ---- all of them, as a service ---- */

static const struct cairn_service examples_service = {
    .name = "examples",
    .port = 8097,
    .deciders = {&account_decider, &numbering_decider, &sign_up_decider, &sale_decider,
                 &transfer_decider},
};

static void the_examples_are_answered_over_http(void **state)
{
    (void)state;
    char url[512];
    fixture_database(url, sizeof url);
    CAIRN_SERVING(examples_service, url);
    WHEN_POST("/accounts", "{\"username\":\"ada\"}");
    THEN_STATUS(201);
    WHEN_POST("/accounts", "{\"username\":\"ada\"}");
    THEN_STATUS(422);
    THEN_BODY_HAS("/code", "username-taken");
    WHEN_POST("/accounts", "{\"username\":\"bob\"}");
    THEN_STATUS(201);
    WHEN_POST("/accounts/close", "{\"username\":\"ada\"}");
    THEN_STATUS(201);
    WHEN_POST("/accounts", "{\"username\":\"ada\"}");
    THEN_STATUS(422);

    const struct cairn_time now = the_beginning();
    GIVEN(sign_up_begun, .email = "ada@example.com", .token = "1111", .at = now);
    WHEN_POST("/sign-ups/confirm", "{\"email\":\"bob@example.com\",\"token\":\"1111\"}");
    THEN_STATUS(422);
    THEN_BODY_HAS("/code", "no-sign-up");
    WHEN_POST("/sign-ups/confirm", "{\"email\":\"ada@example.com\",\"token\":\"1111\"}");
    THEN_STATUS(422);
    THEN_BODY_HAS("/code", "token-expired");

    GIVEN(price_set, .sku = "tea", .price = 450, .at = now);
    WHEN_POST("/sales", "{\"sku\":\"tea\",\"price\":450}");
    THEN_STATUS(201);
    WHEN_POST("/sales", "{\"sku\":\"tea\",\"price\":400}");
    THEN_STATUS(422);
    STREAM(CAIRN_UUID("01890000-0000-7000-8000-000000000002"));
    GIVEN(price_set, .sku = "tea", .price = 400, .at = now);
    WHEN_POST("/sales", "{\"sku\":\"tea\",\"price\":400}");
    THEN_STATUS(201);

    WHEN_POST("/transfers", "{\"token\":\"" CAIRN_TEST_KEY "\",\"amount\":5}");
    THEN_STATUS(201);
    WHEN_POST("/transfers", "{\"token\":\"" CAIRN_TEST_KEY "\",\"amount\":5}");
    THEN_STATUS(422);
    THEN_BODY_HAS("/code", "made-before");
}

/* ---- on a log of the test ---- */

static const struct cairn_service *const services[] = {&examples_service, NULL};
static const char an_invoice[] = "{\"series\":\"2026\",\"amount\":5}";

/* Returns how many invoices there are if their numbers are 1, 2, 3… without gaps, else 0. */
static int64_t numbered(const char *url)
{
    return fixture_sql_int(
        url, "select case when max((data->>'number')::int) = count(*) and count(*) ="
             " count(distinct data->>'number') then count(*) else 0 end from cairn.events"
             " where type = 'InvoiceNumbered'");
}

/* A part of more events than the loader reads is read by a worker, page by page. */
static void a_part_of_many_events_is_read_whole(void **state)
{
    (void)state;
    char url[512];
    fixture_database(url, sizeof url);
    fixture_sql(url,
                "insert into cairn.events select 0, n, 'numbering-' || n, 1, 'InvoiceNumbered',"
                " 1, gen_random_uuid(), json_build_object('series', '2026', 'number', n,"
                " 'amount', 1), '{\"tags\":[\"series:2026\"]}', now()"
                " from generate_series(1, 1700) n;"
                "insert into cairn.event_types values ('numbering', 'InvoiceNumbered', 1);"
                "select cairn.rebuild_tags()");
    struct cairn_host *host = hosting_start(url, services);
    for (int i = 0; i < 3; i++)
        assert_int_equal(hosting_post(host, "/invoices", "", an_invoice), 201);
    fixture_sql(url, "select position from cairn.append('numbering-x', 'InvoiceNumbered',"
                     " '{\"series\":\"2026\",\"number\":1704,\"amount\":1}',"
                     " tags => '{series:2026}')");
    assert_int_equal(hosting_post(host, "/invoices", "", an_invoice), 201);
    assert_int_equal(numbered(url), 1705);
    cairn_host_stop(host);
    fixture_drop(url);
}

enum { CLIENTS = 12, INVOICES = 40 };

struct client {
    pthread_t thread;
    const struct cairn_host *host;
    int made, conflicts;
};

static void *number_invoices(void *context)
{
    struct client *client = context;
    for (int i = 0; i < INVOICES; i++) {
        int status = hosting_post(client->host, "/invoices", "", an_invoice);
        client->made += status == 201;
        client->conflicts += status == 409;
    }
    return NULL;
}

/* Two processes whose cached parts are behind each other's all the time. */
static void invoice_numbers_have_no_gaps_whoever_asks(void **state)
{
    (void)state;
    char url[512];
    struct client clients[CLIENTS] = {{0}};
    int made = 0;
    fixture_database(url, sizeof url);
    struct cairn_host *hosts[] = {hosting_start(url, services), hosting_start(url, services)};
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].host = hosts[i % 2];
        assert_int_equal(pthread_create(&clients[i].thread, NULL, number_invoices, &clients[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
        assert_int_equal(clients[i].made + clients[i].conflicts, INVOICES);
        made += clients[i].made;
    }
    assert_true(made > CLIENTS * INVOICES / 2);
    assert_int_equal(numbered(url), made);
    cairn_host_stop(hosts[0]);
    cairn_host_stop(hosts[1]);
    fixture_drop(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_username_is_free_some_days_after_its_account_was_closed),
        cmocka_unit_test(invoices_are_numbered_in_each_series),
        cmocka_unit_test(a_token_is_good_once_and_for_an_hour),
        cmocka_unit_test(a_price_holds_for_ten_minutes_after_it_was_changed),
        cmocka_unit_test(a_transfer_is_made_once_for_a_token),
        cmocka_unit_test(the_examples_are_answered_over_http),
        cmocka_unit_test(a_part_of_many_events_is_read_whole),
        cmocka_unit_test(invoice_numbers_have_no_gaps_whoever_asks),
    };
    return cmocka_run_group_tests_name("boundary examples", tests, kit_setup, NULL);
}
