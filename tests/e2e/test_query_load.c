/* test_query_load.c - reads under load and during failures: a client that sends its position never
 * sees an older state, and gets nothing worse than 503 while a store is unavailable. */
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 48, PAIRS = 100000, PAIRS_A_USER = 3 };

static struct system_under_test shop;

static int setup(void **state)
{
    (void)state;
    system_start(&shop);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    system_stop(&shop);
    return 0;
}

/* ---- clients that read their own writes ---- */

struct pairs {
    int wanted;
    _Atomic int begun;
    _Atomic int seen;        /* reads that showed the write */
    _Atomic int stale;       /* … an older state */
    _Atomic int not_yet;     /* answered 503 */
    _Atomic int no_answer;   /* no listener, or the connection was lost */
    _Atomic int worse;       /* any other answer */
    _Atomic int not_written; /* the command failed: nothing to read */
    _Atomic bool ending;
    char example[400]; /* of a worse answer */
};

static _Atomic int emails; /* used so far: an address belongs to one user */

struct client {
    pthread_t thread;
    struct pairs *pairs;
    struct http_connection writes;
    struct http_connection reads;
    struct http_reply reply;
};

static int send_to(struct http_connection *connection, int port, const char *method,
                   const char *path, const char *headers, const char *body,
                   struct http_reply *reply)
{
    http_reply_free(reply);
    if (connection->socket < 0 && http_open(connection, port, 5000) < 0)
        return HTTP_AWAY;
    return http_ask(connection, method, path, headers, body, body ? strlen(body) : 0, reply, 40000);
}

/* A server may close a long idle connection at the moment of its next use: then the read is sent
 * once more, as every client does. */
static int get_from(struct http_connection *connection, int port, const char *path,
                    const char *headers, struct http_reply *reply)
{
    bool has_rested = connection->socket >= 0;
    int failed = send_to(connection, port, "GET", path, headers, NULL, reply);
    if (failed == HTTP_CUT && has_rested)
        failed = send_to(connection, port, "GET", path, headers, NULL, reply);
    return failed;
}

/* Reads until the answer shows the user or is worse than 503; a 503 is retried as its Retry-After
 * says, and counted. */
static void read_back(struct client *client, const char *id, const char *position,
                      const char *email, char etag[64])
{
    struct pairs *pairs = client->pairs;
    char path[100];
    char wanted[100];
    (void)snprintf(path, sizeof path, "/users/%s", id);
    (void)snprintf(wanted, sizeof wanted, "\"email\":\"%s\"", email);
    *etag = '\0';
    for (;;) {
        int failed = get_from(&client->reads, shop.query, path, position, &client->reply);
        if (failed == 0 && client->reply.status == 200)
            break;
        if (failed)
            atomic_fetch_add(&pairs->no_answer, 1);
        else if (client->reply.status == 503)
            atomic_fetch_add(&pairs->not_yet, 1);
        else
            break;
        fixture_nap();
        if (atomic_load(&pairs->ending))
            return;
    }
    bool shown = client->reply.status == 200;
    bool fresh = shown && strstr(client->reply.body, wanted);
    atomic_fetch_add(fresh ? &pairs->seen : shown ? &pairs->stale : &pairs->worse, 1);
    if (!fresh)
        (void)snprintf(pairs->example, sizeof pairs->example, "%d %s", client->reply.status,
                       client->reply.body);
    (void)http_header(&client->reply, "ETag", etag, 64);
}

/* Sends one command that changes the user's address, and reads the user back. Without an id it
 * registers one. `etag` is the last read's, and is sent with the command. */
static bool write_and_read(struct client *client, char id[64], char etag[64])
{
    char path[120] = "/users";
    char headers[200] = "Content-Type: application/json\r\n";
    char position[200];
    char email[64];
    char body[200];
    bool is_new = !*id;
    (void)snprintf(email, sizeof email, "u%d@example.com", atomic_fetch_add(&emails, 1));
    (void)snprintf(body, sizeof body,
                   is_new ? "{\"email\":\"%s\",\"name\":\"B\"}" : "{\"email\":\"%s\"}", email);
    if (!is_new)
        (void)snprintf(path, sizeof path, "/users/%s/email", id);
    if (*etag)
        (void)snprintf(headers, sizeof headers,
                       "Content-Type: application/json\r\nIf-Match: %s\r\n", etag);
    int failed = send_to(&client->writes, shop.user, is_new ? "POST" : "PUT", path, headers, body,
                         &client->reply);
    if (failed || client->reply.status != (is_new ? 201 : 200)) {
        atomic_fetch_add(&client->pairs->not_written, 1);
        if (!failed)
            (void)snprintf(client->pairs->example, sizeof client->pairs->example, "%s: %d %s", path,
                           client->reply.status, client->reply.body);
        return false;
    }
    if (is_new)
        (void)reply_id(&client->reply, id, 64);
    (void)reply_position(&client->reply, position, sizeof position);
    read_back(client, id, position, email, etag);
    return true;
}

static void *write_and_read_all(void *context)
{
    struct client *client = context;
    struct pairs *pairs = client->pairs;
    while (!atomic_load(&pairs->ending) &&
           atomic_fetch_add(&pairs->begun, PAIRS_A_USER) < pairs->wanted) {
        char id[64] = "";
        char etag[64] = "";
        for (int i = 0; i < PAIRS_A_USER && write_and_read(client, id, etag); i++)
            continue;
    }
    http_reply_free(&client->reply);
    http_close(&client->writes);
    http_close(&client->reads);
    return NULL;
}

static void begin(struct client clients[CLIENTS], struct pairs *pairs)
{
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.pairs = pairs, .writes.socket = -1, .reads.socket = -1};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, write_and_read_all, &clients[i]),
                         0);
    }
}

static void end(struct client clients[CLIENTS])
{
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
}

static void a_client_that_sends_its_position_sees_what_it_wrote(void **state)
{
    (void)state;
    struct client clients[CLIENTS];
    static struct pairs pairs = {.wanted = PAIRS};
    begin(clients, &pairs);
    end(clients);
    if (pairs.stale || pairs.worse || pairs.not_yet || pairs.no_answer || pairs.not_written)
        fail_msg("%d stale, %d worse, %d not yet, %d without answer, %d not written: %s",
                 pairs.stale, pairs.worse, pairs.not_yet, pairs.no_answer, pairs.not_written,
                 pairs.example);
    assert_true(pairs.seen >= PAIRS);
}

/* ---- stores that fail meanwhile ---- */

struct goal {
    struct pairs *pairs;
    int seen;
};

static bool has_seen(void *context)
{
    const struct goal *goal = context;
    return atomic_load(&goal->pairs->seen) >= goal->seen;
}

static void wait_for_pairs(struct pairs *pairs, int more)
{
    struct goal goal = {pairs, atomic_load(&pairs->seen) + more};
    fixture_wait(has_seen, &goal, 60000, "reads to go on");
}

static int64_t metric(const char *name)
{
    struct http_reply reply = {0};
    char wanted[200];
    ask_for(200, system_admin_port(&shop, shop.query), "GET", "/metrics", NULL, NULL, &reply);
    (void)snprintf(wanted, sizeof wanted, "\n%s ", name);
    const char *at = strstr(reply.body, wanted);
    int64_t value = at ? strtoll(at + strlen(wanted), NULL, 10) : 0;
    http_reply_free(&reply);
    return value;
}

static bool breaker_is_closed(void *context)
{
    (void)context;
    return metric("cairn_redis_breaker_open") == 0;
}

static bool redis_serves_again(void *served)
{
    return metric("cairn_query_copy_reads_total{outcome=\"served\"}") > *(const int64_t *)served;
}

static void end_of_trouble(struct client clients[CLIENTS], struct pairs *pairs)
{
    atomic_store(&pairs->ending, true);
    end(clients);
    if (pairs->stale || pairs->worse)
        fail_msg("%d stale, %d worse: %s", pairs->stale, pairs->worse, pairs->example);
}

static void redis_may_die_and_come_back_under_load(void **state)
{
    (void)state;
    struct client clients[CLIENTS];
    static struct pairs pairs = {.wanted = 100000000};
    begin(clients, &pairs);
    wait_for_pairs(&pairs, 2000);
    for (int i = 0; i < 2; i++) {
        system_kill(&shop, "redis", SIGKILL);
        wait_for_pairs(&pairs, 2000);
        assert_false(breaker_is_closed(NULL));
        system_heal(&shop);
        fixture_wait(breaker_is_closed, NULL, 30000, "the breaker to close");
        int64_t served = metric("cairn_query_copy_reads_total{outcome=\"served\"}");
        fixture_wait(redis_serves_again, &served, 30000, "Redis to serve again");
        wait_for_pairs(&pairs, 2000);
    }
    end_of_trouble(clients, &pairs);
    assert_int_equal(pairs.no_answer, 0);
    assert_int_equal(pairs.not_written, 0);
}

static bool has_ended(void *context)
{
    return kill(*(const int *)context, 0) != 0;
}

/* Commands fail while PostgreSQL is down, as they must; reads return 503 at worst, and then
 * continue. */
static void postgres_may_restart_under_load(void **state)
{
    (void)state;
    struct client clients[CLIENTS];
    static struct pairs pairs = {.wanted = 100000000};
    begin(clients, &pairs);
    wait_for_pairs(&pairs, 2000);
    for (int i = 0; i < 2; i++) {
        int pid = system_pid(&shop, "postgres");
        assert_int_equal(kill(pid, SIGINT), 0);
        fixture_wait(has_ended, &pid, 30000, "PostgreSQL to stop");
        system_heal(&shop);
        wait_for_pairs(&pairs, 2000);
    }
    end_of_trouble(clients, &pairs);
    assert_int_equal(pairs.no_answer, 0);
}

/* ---- paging ---- */

enum { ROWS = 10000, ID_SIZE = 37 };

struct book {
    char (*ids)[ID_SIZE]; /* of the orders placed before */
    _Atomic int next;
    _Atomic bool ending;
    char reader[64]; /* the orders' user */
};

static const char order_body[] = "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"card_token\":\"tok_"
                                 "error\",\"lines\":[{\"sku\":\"a\","
                                 "\"quantity\":1,\"unit_price\":10}]}";

static void *place_orders(void *context)
{
    struct book *book = context;
    struct http_connection connection = {.socket = -1};
    struct http_reply reply = {0};
    char body[300];
    (void)snprintf(body, sizeof body, order_body, book->reader);
    for (int i; (i = atomic_fetch_add(&book->next, 1)) < ROWS;) {
        assert_int_equal(send_to(&connection, shop.order, "POST", "/orders",
                                 "Content-Type: application/json\r\n", body, &reply),
                         0);
        assert_int_equal(reply.status, 201);
        (void)reply_id(&reply, book->ids[i], ID_SIZE);
    }
    http_reply_free(&reply);
    http_close(&connection);
    return NULL;
}

/* New orders are placed, old ones cancelled: rows appear before the page and change in it. */
static void *change_orders(void *context)
{
    struct book *book = context;
    struct http_connection connection = {.socket = -1};
    struct http_reply reply = {0};
    char body[300];
    char path[100];
    (void)snprintf(body, sizeof body, order_body, book->reader);
    for (int i = 0; !atomic_load(&book->ending); i = (i + 7) % ROWS) {
        (void)snprintf(path, sizeof path, "/orders/%s/cancel", book->ids[i]);
        (void)send_to(&connection, shop.order, "POST", path, "Content-Type: application/json\r\n",
                      "{\"reason\":\"x\"}", &reply);
        assert_int_equal(send_to(&connection, shop.order, "POST", "/orders",
                                 "Content-Type: application/json\r\n", body, &reply),
                         0);
        atomic_fetch_add(&book->next, 1);
    }
    http_reply_free(&reply);
    http_close(&connection);
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Counts the ids of a page's items that are the book's. */
static void count_page(const struct book *book, int *seen, const struct http_reply *reply)
{
    static const char mark[] = "\"order_id\":\"";
    for (const char *at = reply->body; (at = strstr(at, mark));) {
        char id[ID_SIZE];
        at += sizeof mark - 1;
        (void)snprintf(id, sizeof id, "%.36s", at);
        char(*found)[ID_SIZE] = bsearch(id, book->ids, ROWS, ID_SIZE, compare_ids);
        if (found)
            seen[found - book->ids]++;
    }
}

struct change {
    const struct book *book;
    int seen; /* the count before */
};

static bool another_came(void *context)
{
    const struct change *change = context;
    return atomic_load(&change->book->next) != change->seen;
}

/* Pages through the orders; between any two pages a row is changed and one is added. */
static void page_through(const struct book *book, int *seen)
{
    struct http_reply reply = {0};
    struct change change = {.book = book};
    char path[1000];
    char next[700] = "";
    char position[200];
    ask_for(200, shop.query, "GET", "/reports/sales", NULL, NULL, &reply);
    (void)reply_position(&reply, position, sizeof position);
    do {
        change.seen = atomic_load(&book->next);
        fixture_wait(another_came, &change, 60000, "a change of the rows");
        (void)snprintf(path, sizeof path, "/users/%s/orders?limit=100%s%s", book->reader,
                       *next ? "&cursor=" : "", next);
        ask_for(200, shop.query, "GET", path, position, NULL, &reply);
        count_page(book, seen, &reply);
        const char *at = strstr(reply.body, "],\"next\":");
        assert_non_null(at);
        if (sscanf(at, "],\"next\":\"%699[^\"]", next) != 1)
            *next = '\0';
    } while (*next);
    http_reply_free(&reply);
}

static void run_all(void *(*work)(void *), struct book *book, int count)
{
    pthread_t threads[16];
    for (int i = 0; i < count; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, book), 0);
    for (int i = 0; i < count; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static bool shows_all(void *context)
{
    struct book *book = context;
    char sql[200];
    (void)snprintf(sql, sizeof sql, "select count(*) from read.order_summary where user_id = '%s'",
                   book->reader);
    return fixture_sql_int(shop.database_url, sql) >= ROWS;
}

static void no_row_is_shown_twice_or_left_out_while_rows_change(void **state)
{
    (void)state;
    static struct book book;
    pthread_t changer;
    struct http_reply reply = {0};
    int *seen = calloc(ROWS, sizeof *seen);
    book.ids = calloc(ROWS, ID_SIZE);
    assert_non_null(seen);
    assert_non_null(book.ids);
    ask_for(201, shop.user, "POST", "/users", NULL, "{\"email\":\"p@example.com\",\"name\":\"P\"}",
            &reply);
    (void)reply_id(&reply, book.reader, sizeof book.reader);
    http_reply_free(&reply);
    run_all(place_orders, &book, 16);
    fixture_wait(shows_all, &book, 60000, "all orders to be shown");
    qsort(book.ids, ROWS, ID_SIZE, compare_ids);
    assert_int_equal(pthread_create(&changer, NULL, change_orders, &book), 0);
    page_through(&book, seen);
    atomic_store(&book.ending, true);
    assert_int_equal(pthread_join(changer, NULL), 0);
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(seen[i], 1);
    free(seen);
    free(book.ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_sends_its_position_sees_what_it_wrote),
        cmocka_unit_test(no_row_is_shown_twice_or_left_out_while_rows_change),
        cmocka_unit_test(redis_may_die_and_come_back_under_load),
        cmocka_unit_test(postgres_may_restart_under_load),
    };
    return cmocka_run_group_tests_name("query_load", tests, setup, teardown);
}
