/* test_operators.c - the operators' HTTP interface: a console beside a projector, a database and a
 * bus; every view and action, by callers with and without the role. */
#include "../support/bus.h"
#include "../support/cairn.h"
#include "../support/callers.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/pots.h"
#include "../support/service.h"
#include "../support/support.h"
#include "../support/system.h"

#include "bus/consume/group.h"
#include "operations/actions.h"
#include "operations/views.h"

#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000 };

static struct child console;
static int port;
static struct http_reply reply;
static char operator_headers[4096], reader_headers[4096], clerk_headers[4096];

/* ---- helpers ---- */

static int set_up(void **state)
{
    static char redis[600];
    const char *const env[] = {redis, NULL};
    int failed = pots_setup(state);
    callers_open();
    port = fixture_free_port();
    (void)snprintf(redis, sizeof redis, "REDIS_URL=%s", pot_bench.redis_url);
    service_launch(&console, "console", pot_bench.url, port, env);
    fixture_wait_http(port, "/readyz", PATIENCE_MS);
    (void)snprintf(operator_headers, sizeof operator_headers, "%s",
                   caller_headers("olga", "operator"));
    (void)snprintf(reader_headers, sizeof reader_headers, "%s", caller_headers("rita", "reader"));
    (void)snprintf(clerk_headers, sizeof clerk_headers, "%s",
                   caller_headers("ada", "clerk support finance"));
    return failed;
}

static int tear_down(void **state)
{
    http_reply_free(&reply);
    child_kill(&console, SIGKILL);
    callers_close();
    return pots_teardown(state);
}

static const char *with(const char *headers, const char *more)
{
    return cairn_print(&pot_bench.arena, "%s%s", headers, more);
}

static void look(int status, const char *path)
{
    ask_for(status, port, "GET", path, operator_headers, NULL, &reply);
}

static void act(int status, const char *path, const char *body)
{
    ask_for(status, port, "POST", path, operator_headers, body, &reply);
}

static void said_so(const char *words)
{
    if (!strstr(reply.body, words))
        fail_msg("wanted %s, was answered %s", words, reply.body);
}

static void wait_for(const char *path, const char *words)
{
    int64_t until_ms = fixture_now_ms() + PATIENCE_MS;
    do {
        look(200, path);
        fixture_nap();
    } while (!strstr(reply.body, words) && fixture_now_ms() < until_ms);
    said_so(words);
}

static const char *format(const char *text, const char *value)
{
    struct cairn_buffer out = cairn_buffer(&pot_bench.arena);
    for (; *text; text++) {
        if (*text == '@')
            cairn_buffer_text(&out, value);
        else
            cairn_buffer_char(&out, *text);
    }
    return out.text;
}

static int64_t count_records(void)
{
    return sql_int("select count(*) from cairn.operations");
}

static void expect_recorded(const char *actions)
{
    char found[2000];
    fixture_sql_text(
        pot_bench.url,
        "select coalesce(string_agg(action || ' by ' || by, ', ' order by position), '')"
        " from cairn.operations",
        found, sizeof found);
    assert_string_equal(found, actions);
    assert_int_equal(sql_int("select count(*) from cairn.operations where issuer is null"), 0);
}

/* ---- actions against a projector ---- */

static void parked_keys_are_retried_and_skipped(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot(), b = new_pot();
    fill(a, 666);
    fill(b, 666);
    fill(b, 1);
    start_projector();
    wait_for_head();
    look(200, "/admin/parked?read_model=pots&limit=10");
    said_so("PotFilled cannot be applied");
    act(200, "/admin/parked/retry", "{\"read_model\":\"pots\"}");
    said_so("\"action\":\"retry-parked\",\"position\":4,\"result\":{\"keys\":2}");
    act(200, "/admin/parked/skip",
        format("{\"read_model\":\"pots\",\"key\":\"@\",\"position\":2}", key_of(b)));
    wait_for_sql("select (count(*) = 0)::int from cairn.parked where request is not null",
                 "the projector to do what is asked");
    expect_litres(b, 1);
    stop_projector();
    pot_bench.keeper = start_keeper(&pots_that_are_mended, pot_bench.redis_url);
    act(200, "/admin/parked/retry", format("{\"read_model\":\"pots\",\"key\":\"@\"}", key_of(a)));
    wait_for("/admin/parked", "{\"items\":[]}");
    expect_litres(a, 666);
    expect_recorded("retry-parked by olga, skip-parked by olga, retry-parked by olga");
}

static void a_rebuild_is_started_watched_switched_and_rolled_back(void **state)
{
    (void)state;
    char id[40], path[80];
    fill(new_pot(), 7);
    start_projector();
    wait_for_head();
    act(200, "/admin/rebuilds", "{\"read_model\":\"pots\",\"diff\":true}");
    (void)snprintf(path, sizeof path, "/admin/rebuilds/%s",
                   reply_member(&reply, "rebuild", id, sizeof id));
    wait_for(path, "\"phase\":\"done\"");
    said_so("\"generation\":2,\"before\":1");
    wait_for("/admin/status", "\"read_model\":\"pots g2\",\"state\":\"live\"");
    act(200, "/admin/rollbacks", "{\"read_model\":\"pots\"}");
    (void)snprintf(path, sizeof path, "/admin/rollbacks/%s",
                   reply_member(&reply, "switch_id", id, sizeof id));
    wait_for(path, "\"done\":true");
    wait_for("/admin/status", "\"read_model\":\"pots g1\",\"state\":\"live\"");
    expect_recorded("rebuild by olga, roll-back by olga");
}

static void a_rebuild_that_is_held_is_accepted_or_cancelled(void **state)
{
    (void)state;
    char id[40], path[80];
    struct cairn_uuid pot = new_pot();
    fill(pot, 7);
    start_projector();
    wait_for_head();
    fixture_sql(pot_bench.url, "update read.pots set litres = 70");
    for (int i = 0; i < 2; i++) {
        act(200, "/admin/rebuilds", "{\"read_model\":\"pots\",\"diff\":true}");
        (void)snprintf(path, sizeof path, "/admin/rebuilds/%s",
                       reply_member(&reply, "rebuild", id, sizeof id));
        wait_for(path, "\"phase\":\"held\"");
        (void)snprintf(path, sizeof path, "/admin/rebuilds/%s/differences", id);
        look(200, path);
        said_so("\"column\":\"litres\",\"read\":70,\"new\":7");
        (void)snprintf(path, sizeof path, "/admin/rebuilds/%s", id);
        act(200, i ? "/admin/rebuilds/accept" : "/admin/rebuilds/cancel",
            "{\"read_model\":\"pots\"}");
        wait_for(path, i ? "\"phase\":\"done\"" : "\"phase\":\"cancelled\"");
    }
    expect_litres(pot, 7);
    expect_recorded("rebuild by olga, cancel-rebuild by olga, rebuild by olga, "
                    "accept-rebuild by olga");
}

static void a_rollback_that_no_projector_carries_out_is_withdrawn(void **state)
{
    (void)state;
    char id[40];
    fill(new_pot(), 7);
    start_projector();
    wait_for_head();
    cairn_expect(pot_bench.url, 0, "rebuild pots", "");
    stop_projector();
    act(200, "/admin/rollbacks", "{\"read_model\":\"pots\",\"generation\":1}");
    (void)reply_member(&reply, "switch_id", id, sizeof id);
    act(200, "/admin/rollbacks/withdraw", format("{\"switch_id\":@}", id));
    look(200, format("/admin/rollbacks/@", id));
    said_so("no projector carried it out");
    act(404, "/admin/rollbacks/withdraw", format("{\"switch_id\":@}", id));
}

/* ---- actions of processes and the log ---- */

static void timers_are_moved_and_cancelled(void **state)
{
    (void)state;
    fixture_sql(
        pot_bench.url,
        "select cairn.append('brewing-1', 'ProcessAdvanced', '{\"position\": 0, \"state\": {},"
        " \"timers\": [{\"name\": \"late\", \"at\": \"2030-01-01T00:00:00.000000Z\"},"
        "     {\"name\": \"cold\", \"at\": \"2030-01-01T00:00:00.000000Z\"}]}')");
    act(200, "/admin/timers/move",
        "{\"stream\":\"brewing-1\",\"name\":\"late\",\"when\":\"2031-05-06T07:08:09Z\"}");
    said_so("\"result\":{\"version\":2}");
    act(200, "/admin/timers/cancel", "{\"stream\":\"brewing-1\",\"name\":\"cold\"}");
    look(200, "/admin/streams/brewing-1?after=1");
    said_so("\"timers\" : [{\"at\": \"2031-05-06T07:08:09.000000Z\", \"name\": \"late\"}]");
    said_so("\"kind\" : \"timer-cancelled\"");
    said_so("\"actor\":{\"sub\":\"olga\"");
    act(404, "/admin/timers/cancel", "{\"stream\":\"brewing-1\",\"name\":\"cold\"}");
    static const char *const instances[] = {"", "?process=brewing", "?stream=brewing-1"};
    for (size_t i = 0; i < sizeof instances / sizeof instances[0]; i++) {
        look(200, format("/admin/processes/instances@", instances[i]));
        said_so("\"process\":\"brewing\",\"stream\":\"brewing-1\",\"version\":3");
    }
    look(200, "/admin/processes/instances?process=brew");
    said_so("{\"items\":[]}");
    expect_recorded("move-timer by olga, cancel-timer by olga");
}

static void what_processes_parked_is_retried_and_skipped(void **state)
{
    (void)state;
    fixture_sql(
        pot_bench.url,
        "insert into cairn.parked_events (reactor, position, stream, type, attempts, reason)"
        " values ('kettle', 7, 'pot-1', 'PotFilled', 3, 'no water');"
        "insert into cairn.parked_instances (process, stream, position, reason)"
        " values ('brewing', 'brewing-1', 7, 'no leaves')");
    look(200, "/admin/processes/parked");
    said_so("no water");
    act(200, "/admin/processes/retry", "{\"name\":\"reactor/kettle\",\"position\":7}");
    act(200, "/admin/processes/skip", "{\"name\":\"process/brewing\",\"stream\":\"brewing-1\"}");
    assert_int_equal(sql_int("select count(*) from cairn.parked_events where again"), 1);
    assert_int_equal(sql_int("select position from cairn.parked_instances where again"), 8);
    act(200, "/admin/processes/retry", "{}");
    said_so("\"tried_again\":2");
    expect_recorded("retry-processes by olga, skip-instance by olga, retry-processes by olga");
}

static void dead_letters_are_delivered_again_and_their_outcome_is_recorded(void **state)
{
    (void)state;
    struct bus_view bus;
    bus_view_open(&bus, pot_bench.url, pot_bench.redis_url);
    const char *const keys[] = {"cairn:bus:pot"};
    struct cairn_group group = {
        .redis = bus.redis, .name = "g", .member = "m", .keys = {keys[0]}, .key_count = 1};
    const struct cairn_group_entry *entries = NULL;
    (void)bus_redis(&bus, "XADD cairn:bus:pot 1-1 event {}");
    assert_int_equal(cairn_group_ensure(&group, &bus.arena, NULL), 0);
    assert_int_equal(cairn_group_read(&group, 1, 0, &bus.arena, &entries, NULL), 1);
    assert_int_equal(cairn_group_dead_letter(&group, &entries[0], 3, "no water", &bus.arena, NULL),
                     0);
    look(200, "/admin/bus/dead/g");
    said_so("no water");
    act(200, "/admin/bus/retry", "{\"group\":\"g\"}");
    said_so("\"result\":{\"handed_out\":1}");
    look(200, "/admin/bus/dead/g");
    said_so("{\"items\":[]}");
    act(404, "/admin/bus/retry", "{\"group\":\"g\"}");
    wait_for("/admin/operations", "\"state\":\"failed\"");
    said_so("group g has no such dead letter");
    expect_recorded("retry-dead-letters by olga, retry-dead-letters by olga");
    assert_int_equal(sql_int("select count(*) from cairn.log where type in"
                             " ('DeadLetterRetryBegun', 'DeadLettersRetried',"
                             "  'DeadLetterRetryFailed')"),
                     4);
    look(200, "/admin/bus");
    said_so("\"publisher\":");
    bus_view_close(&bus);
}

static void events_are_appended_amended_and_shown(void **state)
{
    (void)state;
    act(200, "/admin/events",
        "{\"stream\":\"vase-1\",\"type\":\"VaseMade\",\"data\":\"{\\\"a\\\":1}\",\"expected\":0,"
        "\"tags\":[\"shelf:2\"]}");
    said_so("\"operation\":null,\"action\":\"append\",\"position\":1");
    act(409, "/admin/events",
        "{\"stream\":\"vase-1\",\"type\":\"VaseMade\",\"data\":\"{}\",\"expected\":0}");
    act(400, "/admin/events", "{\"stream\":\"vase-1\",\"type\":\"VaseMade\",\"data\":\"{\"}");
    look(200, "/admin/events/1");
    said_so("\"actor\":{\"sub\":\"olga\"");
    said_so("\"tags\":[\"shelf:2\"]");
    act(200, "/admin/amendments", "{\"position\":1,\"reason\":\"mistyped\"}");
    look(200, "/admin/amendments");
    said_so("\"reason\":\"mistyped\"");
    look(200, "/admin/events?type=EventAmended&from=1");
    said_so("\"position\":2");
    look(200, "/admin/events?category=vase");
    said_so("\"position\":1");
    look(200, "/admin/events?since=2200-01-01T00:00:00.000000Z");
    said_so("{\"items\":[]}");
    look(200, "/admin/events?since=2020-01-01T00:00:00.000000Z&limit=1");
    said_so("\"position\":1");
    look(200, "/admin/streams?category=vase");
    said_so("\"stream\":\"vase-1\",\"version\":1");
    expect_recorded("amend by olga");
}

static void a_new_epoch_is_started_once_and_by_its_number(void **state)
{
    (void)state;
    fill(new_pot(), 7);
    act(409, "/admin/recover", "{\"epoch\":7}");
    assert_int_equal(count_records(), 0);
    ask_for(200, port, "POST", "/admin/recover", with(operator_headers, "Idempotency-Key: k\r\n"),
            "{\"epoch\":1}", &reply);
    said_so("\"old_epoch\":1,\"new_epoch\":2");
    ask_for(200, port, "POST", "/admin/recover", with(operator_headers, "Idempotency-Key: k\r\n"),
            "{\"epoch\":1}", &reply);
    said_so("\"new_epoch\":2");
    act(409, "/admin/recover", "{\"epoch\":1}");
    assert_int_equal(sql_int("select epoch from cairn.store"), 2);
    expect_recorded("recover by olga");
}

/* ---- what has happened ---- */

static void what_a_request_has_caused_is_answered_as_a_tree(void **state)
{
    (void)state;
    act(200, "/admin/events", "{\"stream\":\"vase-1\",\"type\":\"VaseMade\",\"data\":\"{}\"}");
    look(200, "/admin/trace/position:1");
    said_so("{\"items\":[{\"node\":1,\"parent\":null,\"kind\":\"event\",\"name\":\"VaseMade\"");
    said_so("\"sum\":{\"events\":1,\"nodes\":1,\"more\":false");
    look(404, "/admin/trace/position:7");
    look(400, "/admin/trace/position:seven");
    look(400, "/admin/trace/position:1?limit=0");
    ask_for(403, port, "GET", "/admin/trace/position:1", clerk_headers, NULL, &reply);
}

static void rows_are_listed_by_key_and_need_no_program(void **state)
{
    (void)state;
    struct cairn_uuid a = new_pot(), b = new_pot();
    look(404, "/admin/read-models/pots/rows");
    fill(a, 7);
    fill(b, 8);
    start_projector();
    wait_for_head();
    stop_projector();
    bool is_first = strcmp(key_of(a), key_of(b)) < 0;
    look(200, "/admin/read-models/pots/rows?limit=1");
    said_so(format("{\"items\":[{\"key\":\"@\",", key_of(is_first ? a : b)));
    look(200, format("/admin/read-models/pots/rows?from=@", key_of(is_first ? b : a)));
    said_so(format("{\"items\":[{\"key\":\"@\",", key_of(is_first ? b : a)));
    said_so(is_first ? "\"litres\": 8" : "\"litres\": 7");
    look(404, "/admin/read-models/jugs/rows");
    look(404, "/admin/read-models/pots%22%3B/rows");
    look(404, format("/admin/read-models/pots/row?key=@", key_of(a)));
    said_so("this program has no read model pots");
}

/* The console has the shop's projections. */
#define USER "0199aaaa-0000-7000-8000-000000000001"
static void a_row_is_explained_and_shown_as_it_was(void **state)
{
    (void)state;
    fixture_sql(
        pot_bench.url,
        "select cairn.append('user-" USER "', 'UserRegistered',"
        "     '{\"email\": \"ada@example.com\", \"name\": \"Ada\"}');"
        "select cairn.append('user-" USER "', 'UserEmailChanged',"
        "     '{\"email\": \"ada@example.org\", \"previous_email\": \"ada@example.com\"}')");
    look(200, "/admin/read-models/users/row?key=" USER);
    said_so("\"effect\":\"created\"");
    said_so("{\"field\":\"email\",\"from\":\"ada@example.com\",\"to\":\"ada@example.org\"}");
    said_so("\"position\":2,\"left_out\":0,\"changed\":2,\"version\":2,\"parked\":false");
    look(200, "/admin/read-models/users/row?at=1&key=" USER);
    said_so("\"changed\":1,\"version\":1,\"parked\":false,\"row\":{");
    said_so("\"email\":\"ada@example.com\"");
    look(200, "/admin/read-models/users/row?at=0&key=" USER);
    said_so("{\"items\":[],\"sum\":");
    said_so("\"row\":null}");
    look(400, "/admin/read-models/users/row?at=soon&key=" USER);
    look(400, "/admin/read-models/users/row?at=7&key=" USER);
    look(400, "/admin/read-models/users/row");
    ask_for(403, port, "GET", "/admin/read-models/users/row?key=" USER, clerk_headers, NULL,
            &reply);
}

static void a_streams_state_is_folded_by_its_decider_before_and_after_an_event(void **state)
{
    (void)state;
    fixture_sql(
        pot_bench.url,
        "select cairn.append('user-" USER "', 'UserRegistered',"
        "     '{\"email\": \"ada@example.com\", \"name\": \"Ada\"}');"
        "select cairn.append('user-" USER "', 'UserEmailChanged',"
        "     '{\"email\": \"ada@example.org\", \"previous_email\": \"ada@example.com\"}');"
        "select cairn.append('note-1', 'NoteTaken', '{}');"
        "select cairn.append('fulfilment-7', 'ProcessAdvanced', '{\"state\": {\"paid\":false}}');"
        "select cairn.append('fulfilment-7', 'ProcessAdvanced', '{\"state\":{\"paid\":true}}')");
    look(200, "/admin/streams/user-" USER "/state");
    said_so("\"version\":2,\"position\":2,\"type\":\"UserEmailChanged\"");
    said_so("\"by\":\"decider\",\"before\":{");
    said_so("{\"field\":\"email\",\"from\":\"ada@example.com\",\"to\":\"ada@example.org\"}");
    look(200, "/admin/streams/user-" USER "/state?version=1");
    said_so("\"before\":null,\"state\":{");
    look(200, "/admin/streams/user-" USER "/state?at=1");
    said_so("\"version\":1,");
    look(200, "/admin/streams/user-" USER "/state?at=2099-01-01T00:00:00Z");
    said_so("\"version\":2,");
    look(200, "/admin/streams/fulfilment-7/state");
    said_so("\"by\":\"process\",\"before\":{\"paid\":false},\"state\":{\"paid\":true},"
            "\"changes\":[{\"field\":\"paid\",\"from\":false,\"to\":true}]");
    look(404, "/admin/streams/note-1/state");
    look(404, "/admin/streams/user-" USER "/state?at=0");
    look(400, "/admin/streams/user-" USER "/state?at=soon");
    look(400, "/admin/streams/user-" USER "/state?version=0");
    ask_for(403, port, "GET", "/admin/streams/user-" USER "/state", clerk_headers, NULL, &reply);
}

static void events_are_found_by_who_caused_them_and_by_request(void **state)
{
    (void)state;
    fixture_sql(
        pot_bench.url,
        "select cairn.append_as('user-1', 0, array_agg(gen_random_uuid()),"
        "     array_agg('UserMoved'::text), array_agg(1::bigint), array_agg('{}'::json),"
        "     array_agg(json_build_object('actor', json_build_object('sub', 'person-' || i),"
        "         'correlation_id', 'request-' || i % 2)), array_agg(null::json))"
        " from generate_series(1, 4) i");
    look(200, "/admin/events?subject=person-3");
    said_so("{\"items\":[{\"position\":3,");
    assert_null(strstr(reply.body, "person-1"));
    look(200, "/admin/events?correlation=request-0");
    said_so("\"position\":2,");
    said_so("\"position\":4,");
    assert_null(strstr(reply.body, "person-1"));
    look(200, "/admin/events?correlation=request-0&subject=person-1");
    said_so("{\"items\":[]}");
}

/* ---- roles ---- */

static void only_operators_act_and_only_readers_look(void **state)
{
    (void)state;
    for (size_t i = 0; i < CAIRN_ACTION_COUNT; i++) {
        const char *path = cairn_actions[i].path;
        ask_for(401, port, "POST", path, NULL, "{}", &reply);
        ask_for(401, port, "POST", path, "Authorization: Bearer not.a.token\r\n", "{}", &reply);
        ask_for(403, port, "POST", path, clerk_headers, "{}", &reply);
        ask_for(403, port, "POST", path, reader_headers, "{}", &reply);
    }
    for (size_t i = 0; i < CAIRN_VIEW_COUNT; i++) {
        const char *path = format(cairn_views[i].path, "");
        if (strstr(path, "{id}"))
            path = "/admin/operations/x";
        ask_for(401, port, "GET", path, NULL, NULL, &reply);
        ask_for(403, port, "GET", path, clerk_headers, NULL, &reply);
    }
    ask_for(200, port, "GET", "/admin/status", reader_headers, NULL, &reply);
    ask_for(200, port, "GET", "/admin/operations", reader_headers, NULL, &reply);
    assert_int_equal(count_records(), 0);
}

static void a_key_is_of_its_caller_and_done_once(void **state)
{
    (void)state;
    char first[80], again[80];
    static const char body[] = "{\"read_model\":\"pots\"}";
    const char *key = "Idempotency-Key: k\r\n";
    fill(new_pot(), 666);
    start_projector();
    wait_for_head();
    stop_projector();
    ask_for(200, port, "POST", "/admin/parked/retry", with(operator_headers, key), body, &reply);
    (void)reply_member(&reply, "operation", first, sizeof first);
    assert_false(http_header(&reply, "Idempotency-Replayed", again, sizeof again));
    ask_for(200, port, "POST", "/admin/parked/retry", with(operator_headers, key), body, &reply);
    assert_true(http_header(&reply, "Idempotency-Replayed", again, sizeof again));
    assert_string_equal(reply_member(&reply, "operation", again, sizeof again), first);
    ask_for(422, port, "POST", "/admin/rebuilds", with(operator_headers, key), body, &reply);
    ask_for(200, port, "POST", "/admin/parked/retry", with(caller_headers("otto", "operator"), key),
            body, &reply);
    expect_recorded("retry-parked by olga, retry-parked by otto");
}

/* ---- what is wrong ---- */

static void wrong_requests_are_refused_as_problems_and_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *path, *body;
        int status;
    } wrong[] = {
        {"/admin/parked/retry", "", 400},
        {"/admin/parked/retry", "[]", 400},
        {"/admin/parked/retry", "{\"read_model\":7}", 400},
        {"/admin/parked/retry", "{\"read_model\":\"\"}", 400},
        {"/admin/parked/retry", "{\"read_model\":\"pots\",\"more\":1}", 400},
        {"/admin/parked/retry?x=1", "{\"read_model\":\"pots\"}", 400},
        {"/admin/parked/retry", "{\"read_model\":\"jugs\"}", 404},
        {"/admin/parked/skip", "{\"read_model\":\"pots\",\"key\":\"k\"}", 400},
        {"/admin/parked/skip", "{\"read_model\":\"pots\",\"key\":\"k\",\"position\":-1}", 400},
        {"/admin/parked/skip", "{\"read_model\":\"pots\",\"key\":\"k\",\"position\":1}", 404},
        {"/admin/rebuilds", "{\"read_model\":\"jugs\"}", 404},
        {"/admin/rebuilds/accept", "{\"read_model\":\"pots\"}", 404},
        {"/admin/rollbacks", "{\"read_model\":\"pots\",\"generation\":0}", 400},
        {"/admin/rollbacks", "{\"read_model\":\"pots\",\"generation\":9}", 404},
        {"/admin/processes/retry", "{\"name\":\"process/none\"}", 404},
        {"/admin/timers/move", "{\"stream\":\"a-1\",\"name\":\"b\",\"when\":\"soon\"}", 400},
        {"/admin/timers/move", "{\"stream\":\"a-1\",\"name\":\"b\",\"when\":\"1 day\"}", 404},
        {"/admin/amendments", "{\"position\":99,\"reason\":\"r\"}", 400},
        {"/admin/recover", "{}", 400},
        {"/admin/nothing", "{}", 404},
    };
    static const char *const looks[] = {
        "/admin/parked?limit=0",
        "/admin/parked?limit=1001",
        "/admin/parked?limit=1&limit=2",
        "/admin/parked?more=1",
        "/admin/events?since=yesterday",
        "/admin/events?from=x",
        "/admin/commands",
        "/admin/status?a=b",
        "/admin/bus?a=b",
    };
    char type[80];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        act(wrong[i].status, wrong[i].path, wrong[i].body);
        assert_true(http_header(&reply, "Content-Type", type, sizeof type));
        assert_string_equal(type, "application/problem+json");
    }
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++)
        look(400, looks[i]);
    look(404, "/admin/rebuilds/7");
    look(404, "/admin/rebuilds/x");
    look(404, "/admin/events/99999999999999999999");
    look(404, "/admin/operations/01890000-0000-7000-8000-000000000001");
    ask_for(400, port, "POST", "/admin/recover", with(operator_headers, "Idempotency-Key: a b\r\n"),
            "{\"epoch\":1}", &reply);
    assert_int_equal(sql_int("select cairn.head()"), 0);
}

/* ---- several, and none to the end ---- */

static void *retry(void *context)
{
    struct http_reply own = {0};
    (void)context;
    intptr_t status = 0;
    if (http_send(port, "POST", "/admin/rebuilds", context, "{\"read_model\":\"pots\"}", 21, &own,
                  PATIENCE_MS) == 0)
        status = own.status;
    http_reply_free(&own);
    return (void *)status;
}

static void two_operators_at_once_are_both_answered_and_recorded(void **state)
{
    (void)state;
    pthread_t threads[2];
    char headers[2][5000];
    fill(new_pot(), 7);
    start_projector();
    wait_for_head();
    stop_projector();
    for (int i = 0; i < 2; i++) {
        (void)snprintf(headers[i], sizeof headers[i], "%s",
                       with(caller_headers(i ? "otto" : "olga", "operator"),
                            "Content-Type: application/json\r\n"));
        assert_int_equal(pthread_create(&threads[i], NULL, retry, headers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        void *status = NULL;
        assert_int_equal(pthread_join(threads[i], &status), 0);
        assert_int_equal((intptr_t)status, 200);
    }
    assert_int_equal(count_records(), 2);
    assert_int_equal(sql_int("select count(*) from cairn.rebuilds where cause = 'request'"), 1);
    assert_int_equal(sql_int("select count(distinct by) from cairn.operations"), 2);
}

static void a_console_without_its_database_says_so_and_not_where_it_is(void **state)
{
    (void)state;
    look(200, "/admin/timers");
    fixture_postgres_stop();
    ask_for(503, port, "GET", "/admin/timers", operator_headers, NULL, &reply);
    assert_null(strstr(reply.body, "socket"));
    ask_for(503, port, "POST", "/admin/timers/cancel", operator_headers,
            "{\"stream\":\"a-1\",\"name\":\"b\"}", &reply);
    fixture_postgres_start();
}

static void without_authentication_only_this_machine_is_answered(void **state)
{
    (void)state;
    struct child open;
    static const char *const env[] = {"CAIRN_AUTH=off anywhere", "CAIRN_BIND=0.0.0.0", NULL};
    service_launch(&open, "console", pot_bench.url, fixture_free_port(), env);
    assert_int_not_equal(child_wait(&open, PATIENCE_MS), 0);
}

static void every_operation_is_described_with_its_policy(void **state)
{
    (void)state;
    ask_for(200, port, "GET", "/openapi.json", NULL, NULL, &reply);
    json_t *openapi = json_loads(reply.body, 0, NULL);
    assert_non_null(openapi);
    const json_t *paths = json_object_get(openapi, "paths");
    for (size_t i = 0; i < CAIRN_ACTION_COUNT; i++) {
        const json_t *post = json_object_get(json_object_get(paths, cairn_actions[i].path), "post");
        assert_non_null(json_object_get(post, "requestBody"));
        assert_non_null(json_object_get(post, "security"));
    }
    for (size_t i = 0; i < CAIRN_VIEW_COUNT; i++)
        assert_non_null(json_object_get(json_object_get(paths, cairn_views[i].path), "get"));
    json_decref(openapi);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parked_keys_are_retried_and_skipped),
        TEST(a_rebuild_is_started_watched_switched_and_rolled_back),
        TEST(a_rebuild_that_is_held_is_accepted_or_cancelled),
        TEST(a_rollback_that_no_projector_carries_out_is_withdrawn),
        TEST(timers_are_moved_and_cancelled),
        TEST(what_processes_parked_is_retried_and_skipped),
        TEST(dead_letters_are_delivered_again_and_their_outcome_is_recorded),
        TEST(events_are_appended_amended_and_shown),
        TEST(a_new_epoch_is_started_once_and_by_its_number),
        TEST(what_a_request_has_caused_is_answered_as_a_tree),
        TEST(rows_are_listed_by_key_and_need_no_program),
        TEST(a_row_is_explained_and_shown_as_it_was),
        TEST(a_streams_state_is_folded_by_its_decider_before_and_after_an_event),
        TEST(events_are_found_by_who_caused_them_and_by_request),
        TEST(only_operators_act_and_only_readers_look),
        TEST(a_key_is_of_its_caller_and_done_once),
        TEST(wrong_requests_are_refused_as_problems_and_change_nothing),
        TEST(two_operators_at_once_are_both_answered_and_recorded),
        TEST(a_console_without_its_database_says_so_and_not_where_it_is),
        TEST(without_authentication_only_this_machine_is_answered),
        TEST(every_operation_is_described_with_its_policy),
    };
    return cmocka_run_group_tests_name("operators", tests, NULL, NULL);
}
