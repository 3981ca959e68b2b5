/* test_dashboard.c - the backend for frontends joins what several read models have: every answer is
 * compared, part by part, with the log up to the position that it states, while orders are placed,
 * paid and cancelled. */
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WRITERS = 3, DASHBOARDS = 60, LATEST_MS = 4000 };
/* Rounds of a dashboard whose parts happen to show one position: one, and one for the payments. */
enum { FEWEST_ROUNDS = 2 };

static struct system_under_test shop;
static struct http_reply reply;

/* A person of the demo's provider. */
struct person {
    char *token;   /* as a header */
    char user[64]; /* the subject, and the id of the user */
};
static struct person support, bob;

/* ---- people ---- */

static char *token_of(const char *name)
{
    char form[200];
    char token[2000];
    char *ret = NULL;
    (void)snprintf(form, sizeof form,
                   "grant_type=urn:cairn:grant-type:persona&client_id=cairn-cli&username=%s", name);
    assert_int_equal(http_send(shop.identity, "POST", "/token",
                               "Content-Type: application/x-www-form-urlencoded\r\n", form,
                               strlen(form), &reply, 10000),
                     0);
    (void)reply_member(&reply, "access_token", token, sizeof token);
    http_reply_free(&reply);
    assert_true(asprintf(&ret, "Authorization: Bearer %s\r\n", token) > 0);
    return ret;
}

static int send_as(const struct person *person, int port, const char *method, const char *path,
                   const char *more, const char *body, struct http_reply *ret)
{
    char headers[3000];
    (void)snprintf(headers, sizeof headers, "%s%s%s", person->token, more,
                   body ? "Content-Type: application/json\r\n" : "");
    http_reply_free(ret);
    return http_send(port, method, path, headers, body, body ? strlen(body) : 0, ret, 30000);
}

static void join(struct person *ret, const char *name)
{
    char body[200];
    ret->token = token_of(name);
    (void)snprintf(body, sizeof body, "{\"email\":\"%s@example.com\",\"name\":\"%s\"}", name, name);
    assert_int_equal(send_as(ret, shop.user, "POST", "/users", "", body, &reply), 0);
    assert_int_equal(reply.status, 201);
    (void)reply_id(&reply, ret->user, sizeof ret->user);
}

static int set_up(void **state)
{
    (void)state;
    shop.authenticates = true;
    system_start(&shop);
    join(&support, "support");
    join(&bob, "bob");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_reply_free(&reply);
    free(support.token);
    free(bob.token);
    system_stop(&shop);
    return 0;
}

/* ---- load ---- */

struct writer {
    pthread_t thread;
    const struct person *person;
    _Atomic bool *ending;
    int orders;
};

/* Places an order, which the acquirer pays or declines. */
static bool place(const struct person *person, int number, struct http_reply *ret)
{
    char body[400];
    (void)snprintf(body, sizeof body,
                   "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"lines\":[{\"sku\":\"tea-100\","
                   "\"quantity\":1,\"unit_price\":%d}],\"card_token\":\"%s\"}",
                   person->user, 100 + number % 50, number % 5 ? "tok_visa" : "tok_declined");
    return send_as(person, shop.order, "POST", "/orders", "", body, ret) == 0 && ret->status == 201;
}

static void *write_orders(void *context)
{
    struct writer *writer = context;
    struct http_reply own = {0};
    while (!atomic_load(writer->ending))
        writer->orders += place(writer->person, writer->orders, &own);
    http_reply_free(&own);
    return NULL;
}

/* ---- the log, up to a position ---- */

/* Copies what the comparisons need of the log: they are many. */
static void copy_log(void)
{
    fixture_sql(shop.database_url,
                "create table copied as select position, type, stream, version, recorded_at,"
                " data::jsonb ->> 'user_id' as user_id from cairn.events where type like 'Order%'"
                " or type like 'Payment%'; create index on copied (stream);"
                " create index on copied (user_id); create index on copied (type, position);"
                " analyze copied");
}

static int64_t count_in_log(const char *type, int64_t position)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from copied where type = '%s' and position <= %" PRId64, type,
                   position);
    return fixture_sql_int(shop.database_url, sql);
}

/* Writes "ID status, …" of the user's newest five orders, as the log had them at the position. */
static void orders_in_log(const char *user, int64_t position, char *ret, size_t size)
{
    char sql[1500];
    (void)snprintf(
        sql, sizeof sql,
        "select coalesce(string_agg(id || ' ' || status, ', ' order by placed desc, id desc), '')"
        " from (select substr(p.stream, 7) as id, p.recorded_at as placed,"
        "  (select case e.type when 'OrderPlaced' then 'placed' when 'OrderPaid' then 'paid'"
        "   when 'OrderCancelled' then 'cancelled' else 'shipped' end from copied e"
        "   where e.stream = p.stream and e.position <= %" PRId64
        "   order by e.version desc limit 1) as status"
        " from copied p where p.type = 'OrderPlaced' and p.position <= %" PRId64
        " and p.user_id = '%s' order by p.recorded_at desc, id desc limit 5) o",
        position, position, user);
    fixture_sql_text(shop.database_url, sql, ret, size);
}

/* The same of a dashboard's orders. */
static void orders_shown(const char *json, char *ret, size_t size)
{
    size_t used = 0;
    ret[0] = '\0';
    for (const char *at = json; (at = strstr(at, "{\"order_id\":\"")); at++) {
        const char *status = strstr(at, "\"status\":\"") + strlen("\"status\":\"");
        used +=
            (size_t)snprintf(ret + used, size - used, "%s%.36s %.*s", used ? ", " : "",
                             at + strlen("{\"order_id\":\""), (int)strcspn(status, "\""), status);
    }
}

/* Returns the sum of a number over the days that the dashboard shows. */
static int64_t sum_shown(const char *json, const char *member)
{
    int64_t sum = 0;
    for (const char *at = strstr(json, "\"sales\":"); at && (at = strstr(at, member)); at++)
        sum += atoll(at + strlen(member));
    return sum;
}

/* Fails unless each payment that is shown has the status that the log had at the position. */
static int compare_payments(const char *json, int64_t position)
{
    int count = 0;
    char sql[500];
    char wanted[40];
    const char *at = strstr(json, "\"payments\":{");
    const char *end = strstr(json, ",\"sales\":");
    assert_true(at && end && at < end);
    for (; (at = strstr(at, "{\"payment_id\":\"")) && at < end; at++, count++) {
        const char *status = strstr(at, "\"status\":\"") + strlen("\"status\":\"");
        (void)snprintf(sql, sizeof sql,
                       "select lower(substr(type, 8)) from copied where stream ="
                       " 'payment-%.36s' and position <= %" PRId64 " order by version desc limit 1",
                       at + strlen("{\"payment_id\":\""), position);
        fixture_sql_text(shop.database_url, sql, wanted, sizeof wanted);
        if (strncmp(status, wanted, strlen(wanted)) != 0)
            fail_msg("at %" PRId64 " a payment was %s: %s", position, wanted, json);
    }
    return count;
}

static int64_t position_of(const struct http_reply *answer)
{
    char token[80];
    assert_true(http_header(answer, "Cairn-Position", token, sizeof token));
    return atoll(strrchr(token, '-') + 1);
}

/* Compares all parts with the log. Returns how many payments were shown. */
static int compare(const struct http_reply *answer)
{
    char shown[600];
    char wanted[600];
    int64_t position = position_of(answer);
    orders_shown(answer->body, shown, sizeof shown);
    orders_in_log(support.user, position, wanted, sizeof wanted);
    if (strcmp(shown, wanted) != 0)
        fail_msg("at %" PRId64 " the orders were %s, not %s", position, wanted, shown);
    assert_int_equal(sum_shown(answer->body, "\"orders_placed\":"),
                     count_in_log("OrderPlaced", position));
    assert_int_equal(sum_shown(answer->body, "\"orders_paid\":"),
                     count_in_log("OrderPaid", position));
    return compare_payments(answer->body, position);
}

/* ---- tests ---- */

static int64_t median(int64_t *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t k = i; k > 0 && values[k] < values[k - 1]; k--) {
            int64_t other = values[k];
            values[k] = values[k - 1];
            values[k - 1] = other;
        }
    }
    return values[count / 2];
}

/* What was read while the writers wrote. */
struct readings {
    struct http_reply answers[DASHBOARDS];
    int64_t took_ms[DASHBOARDS];
    int many_rounds; /* that one round would not have brought to one position */
};

static void read_dashboards(struct readings *ret)
{
    char rounds[20];
    for (int i = 0; i < DASHBOARDS; i++) {
        struct http_reply *answer = &ret->answers[i];
        assert_true(place(&support, i, answer));
        int64_t began_ms = fixture_now_ms();
        assert_int_equal(send_as(&support, shop.bff, "GET", "/dashboard", "", NULL, answer), 0);
        ret->took_ms[i] = fixture_now_ms() - began_ms;
        assert_int_equal(answer->status, 200);
        assert_true(http_header(answer, "Cairn-Rounds", rounds, sizeof rounds));
        ret->many_rounds += atoi(rounds) > FEWEST_ROUNDS;
    }
}

/* Returns how many orders were placed meanwhile. */
static int read_under_load(struct readings *ret)
{
    _Atomic bool ending = false;
    struct writer writers[WRITERS];
    int orders = 0;
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.person = &bob, .ending = &ending};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_orders, &writers[i]), 0);
    }
    read_dashboards(ret);
    atomic_store(&ending, true);
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
        orders += writers[i].orders;
    }
    return orders;
}

static void all_parts_are_as_the_log_was_at_the_position_that_is_stated(void **state)
{
    (void)state;
    static struct readings readings;
    int whole = 0;
    int payments = 0;
    int orders = read_under_load(&readings);
    copy_log();
    for (int i = 0; i < DASHBOARDS; i++) {
        if (strstr(readings.answers[i].body, "\"missing\":[],\"complete\":true")) {
            whole++;
            payments += compare(&readings.answers[i]);
        }
        http_reply_free(&readings.answers[i]);
    }
    print_message("%d of %d dashboards were whole, %d took more than one round, %d payments; "
                  "median %" PRId64 " ms, while %d orders were placed\n",
                  whole, DASHBOARDS, readings.many_rounds, payments,
                  median(readings.took_ms, DASHBOARDS), orders);
    assert_true(whole >= DASHBOARDS * 9 / 10);
    assert_true(readings.many_rounds > DASHBOARDS / 10);
    assert_true(payments > 0);
}

static void a_dashboard_is_no_older_than_the_position_that_it_was_sent(void **state)
{
    (void)state;
    char headers[200];
    char id[64];
    for (int i = 0; i < 10; i++) {
        assert_true(place(&support, i, &reply));
        int64_t position = position_of(&reply);
        (void)reply_id(&reply, id, sizeof id);
        (void)reply_position(&reply, headers, sizeof headers);
        assert_int_equal(send_as(&support, shop.bff, "GET", "/dashboard", headers, NULL, &reply),
                         0);
        assert_int_equal(reply.status, 200);
        assert_true(position_of(&reply) >= position);
        assert_non_null(strstr(reply.body, id));
    }
    assert_int_equal(send_as(&support, shop.bff, "GET", "/dashboard",
                             "Cairn-Position: ffffffff-1-1\r\n", NULL, &reply),
                     0);
    assert_int_equal(reply.status, 412);
}

static void a_part_that_is_away_is_said_and_the_others_are_shown_by_the_deadline(void **state)
{
    (void)state;
    PGconn *session = fixture_connect(shop.database_url);
    PQclear(PQexec(session, "begin; lock table read.sales_by_day_g1 in access exclusive mode"));
    assert_int_equal(PQtransactionStatus(session), PQTRANS_INTRANS);
    int64_t began_ms = fixture_now_ms();
    assert_int_equal(send_as(&support, shop.bff, "GET", "/dashboard", "", NULL, &reply), 0);
    int64_t took_ms = fixture_now_ms() - began_ms;
    PQfinish(session);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"sales\":null,\"missing\":[{\"part\":\"sales\",\"code\":"
                                       "\"unavailable\"}],\"complete\":false}"));
    assert_non_null(strstr(reply.body, "\"email\":\"support@example.com\""));
    assert_non_null(strstr(reply.body, "\"order_id\""));
    assert_true(took_ms < LATEST_MS);
}

static void what_a_customer_may_not_see_is_no_part_of_hers(void **state)
{
    (void)state;
    assert_int_equal(send_as(&bob, shop.bff, "GET", "/dashboard", "", NULL, &reply), 0);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"payments\":null,\"sales\":null,\"missing\":[{\"part\":"
                                       "\"payments\",\"code\":\"forbidden\"},{\"part\":\"sales\","
                                       "\"code\":\"forbidden\"}],\"complete\":true}"));
    assert_null(strstr(reply.body, support.user));
    ask_for(401, shop.bff, "GET", "/dashboard", "", NULL, &reply);
    ask_for(401, shop.bff, "GET", "/mobile/dashboard", "", NULL, &reply);
}

static void a_telephone_gets_the_same_in_a_few_bytes(void **state)
{
    (void)state;
    assert_int_equal(send_as(&bob, shop.bff, "GET", "/dashboard", "", NULL, &reply), 0);
    size_t large = reply.body_bytes;
    assert_int_equal(send_as(&bob, shop.bff, "GET", "/mobile/dashboard", "", NULL, &reply), 0);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"name\":\"bob\",\"orders\":[{\"id\":\""));
    assert_non_null(strstr(reply.body, "\"more\":true,\"missing\":[],\"complete\":true}"));
    assert_true(reply.body_bytes < large / 2);
    print_message("%zu bytes instead of %zu\n", reply.body_bytes, large);
}

static void without_the_query_service_it_says_so(void **state)
{
    (void)state;
    system_kill(&shop, "query", SIGKILL);
    assert_int_equal(send_as(&bob, shop.bff, "GET", "/dashboard", "", NULL, &reply), 0);
    assert_int_equal(reply.status, 503);
    assert_non_null(strstr(reply.body, "the query service does not answer"));
    system_heal(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_parts_are_as_the_log_was_at_the_position_that_is_stated),
        cmocka_unit_test(a_dashboard_is_no_older_than_the_position_that_it_was_sent),
        cmocka_unit_test(a_part_that_is_away_is_said_and_the_others_are_shown_by_the_deadline),
        cmocka_unit_test(what_a_customer_may_not_see_is_no_part_of_hers),
        cmocka_unit_test(a_telephone_gets_the_same_in_a_few_bytes),
        cmocka_unit_test(without_the_query_service_it_says_so),
    };
    return cmocka_run_group_tests_name("dashboard", tests, set_up, tear_down);
}
