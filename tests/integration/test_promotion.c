/* test_promotion.c - a log that continues on a PostgreSQL server that was promoted: what the
 * database and the store make of it. tests/ha promotes servers; here the log says that it was
 * written on another timeline of PostgreSQL before. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "store/append/append.h"
#include "store/read/token.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#define APPEND "select position from cairn.append('thing-1', 'Happened', '{}')"

static char url[512];
static char writer_url[600];

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    fixture_url_as(url, "cairn_writer", writer_url, sizeof writer_url);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

/* Makes the log look as if the server had been promoted since the last append, which waited for a
 * standby, or did not. */
static void promote(bool replicated)
{
    fixture_sql(url, "select setval('cairn.known_server', 0)");
    fixture_sql(url, replicated
                         ? "update cairn.store set server_timeline = '00000000', replicated = true"
                         : "update cairn.store set server_timeline = '00000000',"
                           " replicated = false");
}

static int64_t epoch(void)
{
    return fixture_sql_int(url, "select epoch from cairn.store");
}

static struct cairn_store *open_store(void)
{
    struct cairn_store *store = NULL;
    assert_int_equal(cairn_store_open(writer_url, "test", &store, NULL), 0);
    return store;
}

static int64_t open_epoch(struct cairn_store *store)
{
    struct cairn_timeline timeline = {.epoch = 0};
    struct cairn_error error = {0};
    if (cairn_store_timeline(store, &timeline, &error) < 0)
        fail_msg("%s", error.message);
    return timeline.epoch;
}

/* Appends by SQL, on a session of its own. Returns its SQLSTATE, "" if it was done. */
static const char *append_by_sql(void)
{
    static char sqlstate[6];
    PGconn *connection = fixture_connect(writer_url);
    PGresult *result = PQexec(connection, APPEND);
    const char *text = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    (void)snprintf(sqlstate, sizeof sqlstate, "%s", text ? text : "");
    PQclear(result);
    PQfinish(connection);
    return sqlstate;
}

static void a_promotion_after_which_nothing_is_missing_changes_nothing(void **state)
{
    (void)state;
    struct cairn_store *store = open_store();
    assert_string_equal(append_by_sql(), "");
    assert_int_equal(open_epoch(store), 1);
    int64_t connection = cairn_pg_connection_number(cairn_store_pg(store));
    promote(true);
    assert_string_equal(append_by_sql(), "");
    assert_int_equal(epoch(), 1);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.promotions"
                                          " where not is_new_epoch and epoch = 1"),
                     1);
    assert_true(cairn_store_head(store, NULL) > 0); /* no session was ended */
    assert_int_equal(cairn_pg_connection_number(cairn_store_pg(store)), connection);
    cairn_store_close(store);
}

static void nothing_is_appended_before_an_epoch_began_where_events_may_be_missing(void **state)
{
    (void)state;
    int64_t before = epoch();
    int64_t head = fixture_sql_int(url, "select cairn.head()");
    promote(false);
    assert_string_equal(append_by_sql(), "CA019");
    assert_int_equal(fixture_sql_int(url, "select cairn.head()"), head);
    assert_int_equal(epoch(), before);

    struct cairn_store *store = open_store();
    assert_int_equal(open_epoch(store), before + 1);
    cairn_store_close(store);
    assert_string_equal(append_by_sql(), "");
    assert_int_equal(epoch(), before + 1);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.promotions"
                                          " where is_new_epoch and reason like '%standby%'"),
                     1);
}

static void an_epoch_that_begins_by_itself_ends_the_sessions_of_the_one_before(void **state)
{
    (void)state;
    struct cairn_store *other = open_store();
    int64_t before = open_epoch(other);
    promote(false);
    struct cairn_store *store = open_store();
    assert_int_equal(open_epoch(store), before + 1);
    assert_int_equal(open_epoch(other), before + 1); /* on a new connection */
    cairn_store_close(store);
    cairn_store_close(other);
}

/* Readers may be the first to connect. */
static void a_reader_begins_the_epoch_too(void **state)
{
    (void)state;
    char reader_url[600];
    struct cairn_store *store = NULL;
    int64_t before = epoch();
    promote(false);
    fixture_url_as(url, "cairn_reader", reader_url, sizeof reader_url);
    assert_int_equal(cairn_store_open(reader_url, "test", &store, NULL), 0);
    assert_int_equal(open_epoch(store), before + 1);
    cairn_store_close(store);
}

static void another_postgresql_system_begins_an_epoch(void **state)
{
    (void)state;
    int64_t before = epoch();
    fixture_sql(url, "update cairn.store set system_identifier = 4711, replicated = true");
    struct cairn_store *store = open_store();
    assert_int_equal(open_epoch(store), before + 1);
    assert_int_equal(open_epoch(store), before + 1);
    cairn_store_close(store);
}

static void an_operator_may_say_that_nothing_is_missing(void **state)
{
    (void)state;
    int64_t before = epoch();
    promote(false);
    fixture_sql(url, "select cairn.adopt_server()");
    assert_string_equal(append_by_sql(), "");
    assert_int_equal(epoch(), before);
}

static void recover_begins_an_epoch_on_a_promoted_server(void **state)
{
    (void)state;
    int64_t before = epoch();
    promote(false);
    cairn_expect(url, 0, "recover --yes", "sessions_ended");
    assert_int_equal(epoch(), before + 1);
    struct cairn_store *store = open_store();
    assert_int_equal(open_epoch(store), before + 1);
    cairn_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_promotion_after_which_nothing_is_missing_changes_nothing),
        cmocka_unit_test(nothing_is_appended_before_an_epoch_began_where_events_may_be_missing),
        cmocka_unit_test(an_epoch_that_begins_by_itself_ends_the_sessions_of_the_one_before),
        cmocka_unit_test(a_reader_begins_the_epoch_too),
        cmocka_unit_test(another_postgresql_system_begins_an_epoch),
        cmocka_unit_test(an_operator_may_say_that_nothing_is_missing),
        cmocka_unit_test(recover_begins_an_epoch_on_a_promoted_server),
    };
    return cmocka_run_group_tests_name("promotion", tests, setup, teardown);
}
