/* test_row_owners.c - rows with owners, in a service that authenticates: another owner's row is as
 * one that does not exist, to every kind of request; lists and streams show a caller its own. */
#include "../support/callers.h"
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/http_client.h"
#include "../support/sse.h"
#include "../support/support.h"

#include "core/containers/buffer.h"
#include "core/report/log.h"
#include "core/threads/clock.h"
#include "query/models/query_context.h"
#include "query/models/read_sql.h"
#include "record/json.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a domain: parcels, which have an owner and change hands ---- */

CAIRN_STRUCT(parcel_sent, UUID(owner_id), TEXT(keeper), TEXT(label), INT(weight));
CAIRN_STRUCT(parcel_handed, UUID(owner_id, .optional = true));
CAIRN_STRUCT(parcel_marked, TEXT(label));
CAIRN_STRUCT(parcel_burnt);
CAIRN_EVENTS(parcel, EVENT(parcel_sent, "ParcelSent", 1), EVENT(parcel_handed, "ParcelHanded", 1),
             EVENT(parcel_marked, "ParcelMarked", 1), EVENT(parcel_burnt, "ParcelBurnt", 1));
CAIRN_STRUCT(send_parcel, UUID(owner_id), TEXT(keeper), TEXT(label), INT(weight));
CAIRN_STRUCT(hand_parcel, UUID(owner_id, .optional = true));
CAIRN_STRUCT(mark_parcel, TEXT(label));
CAIRN_STRUCT(burn_parcel);
CAIRN_COMMANDS(parcel, COMMAND(send_parcel, "POST /parcels", .allow = CAIRN_ROLE("carrier")),
               COMMAND(hand_parcel, "POST /parcels/{id}/hand", .allow = CAIRN_ROLE("carrier")),
               COMMAND(mark_parcel, "POST /parcels/{id}/mark", .allow = CAIRN_ROLE("carrier")),
               COMMAND(burn_parcel, "POST /parcels/{id}/burn", .allow = CAIRN_ROLE("carrier")));

CAIRN_STRUCT(parcel, BOOL(burnt));
CAIRN_EVOLVE(parcel, parcel_sent)
{
}
CAIRN_EVOLVE(parcel, parcel_handed)
{
}
CAIRN_EVOLVE(parcel, parcel_marked)
{
}
CAIRN_EVOLVE(parcel, parcel_burnt)
{
    self->burnt = true;
}
CAIRN_DECIDE(parcel, send_parcel)
{
    CAIRN_EMIT(ret, parcel_sent, .owner_id = command->owner_id, .keeper = command->keeper,
               .label = command->label, .weight = command->weight);
    return 0;
}
CAIRN_DECIDE(parcel, hand_parcel)
{
    CAIRN_EMIT(ret, parcel_handed, .owner_id = command->owner_id);
    return 0;
}
CAIRN_DECIDE(parcel, mark_parcel)
{
    CAIRN_EMIT(ret, parcel_marked, .label = command->label);
    return 0;
}
CAIRN_DECIDE(parcel, burn_parcel)
{
    CAIRN_EMIT(ret, parcel_burnt);
    return 0;
}
CAIRN_DECIDER(parcel, .state_version = 1);

CAIRN_STRUCT(parcels, UUID(parcel_id), UUID(owner_id, .optional = true), TEXT(keeper), TEXT(label),
             INT(weight));
CAIRN_PROJECTION(parcels, .version = 1,
                 CAIRN_INDEXES("owner_id, weight", "weight", "keeper", "label, weight"));
CAIRN_ON(parcels, parcel, parcel_sent)
{
    *row = (struct parcels){meta->id, event->owner_id, event->keeper, event->label, event->weight};
    return CAIRN_KEEP;
}
CAIRN_ON(parcels, parcel, parcel_handed)
{
    row->owner_id = event->owner_id;
    return CAIRN_KEEP;
}
CAIRN_ON(parcels, parcel, parcel_marked)
{
    row->label = event->label;
    return strcmp(event->label, "poison") == 0 ? CAIRN_PARK : CAIRN_KEEP;
}
CAIRN_ON(parcels, parcel, parcel_burnt)
{
    return CAIRN_DELETE;
}

static const struct cairn_service parcel_service = {
    .name = "parcel",
    .port = 8034,
    .deciders = {&parcel_decider},
    .projections = {&parcels_projection},
    .resources = CAIRN_RESOURCES(
        {.path = "/parcels/{id}",
         .projection = &parcels_projection,
         .allow = CAIRN_OWNER(parcels, owner_id, "carrier")},
        {.path = "/kept/{id}",
         .projection = &parcels_projection,
         .caching = {.max_age_s = 60},
         .allow = CAIRN_OWNER(parcels, keeper)},
        {.path = "/parcels",
         .projection = &parcels_projection,
         .list = true,
         .filters = {{"label", "label", CAIRN_EQUAL}, {"heavy", "weight", CAIRN_AT_LEAST}},
         .order = "weight",
         .allow = CAIRN_OWNER(parcels, owner_id, "carrier")},
        {.path = "/kept",
         .projection = &parcels_projection,
         .list = true,
         .allow = CAIRN_OWNER(parcels, keeper)},
        {.path = "/labels/{id}/parcels",
         .projection = &parcels_projection,
         .list = true,
         .filters = {{"id", "label", CAIRN_EQUAL}},
         .order = "weight",
         .descending = true,
         .allow = CAIRN_OWNER(parcels, owner_id, "carrier")},
        {.path = "/weights",
         .projection = &parcels_projection,
         .list = true,
         .order = "weight",
         .caching = {.shared = true, .max_age_s = 5},
         .allow = CAIRN_SIGNED_IN},
        {.path = "/open/{id}",
         .projection = &parcels_projection,
         .caching = {.shared = true},
         .allow = CAIRN_ANYONE}),
};

#define ADA "01890000-0000-7000-8000-00000000000a"
#define BOB "01890000-0000-7000-8000-00000000000b"
#define CARRIER "01890000-0000-7000-8000-00000000000c"

/* ---- the service, over both stores, and over PostgreSQL alone ---- */

enum { BOTH, PLAIN, HOSTS };

static char url[512];
static struct cairn_host *hosts[HOSTS];
static struct http_reply reply;
static char position[200]; /* headers: what the last command's answer asks of a query */
static struct cairn_arena arena;

static const char *as_ada(void)
{
    return caller_headers(ADA, "");
}
static const char *as_bob(void)
{
    return caller_headers(BOB, "");
}
static const char *as_carrier(void)
{
    return caller_headers(CARRIER, "carrier");
}

static int set_up(void **state)
{
    (void)state;
    static const struct cairn_service *const services[] = {&parcel_service, NULL};
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    callers_open();
    fixture_database(url, sizeof url);
    (void)setenv("CAIRN_LOG_LEVEL", "error", 1);
    (void)setenv("CAIRN_AUTH_LEEWAY_S", "0", 1);
    (void)setenv("CAIRN_STREAM_HEARTBEAT_S", "1", 1);
    (void)setenv("REDIS_URL", fixture_redis(), 1);
    hosts[BOTH] = hosting_start(url, services);
    fixture_wait_http(cairn_host_port(hosts[BOTH]), "/readyz", 20000);
    (void)unsetenv("REDIS_URL");
    hosts[PLAIN] = hosting_start(url, services);
    fixture_wait_http(cairn_host_port(hosts[PLAIN]), "/readyz", 20000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < HOSTS; i++)
        cairn_host_stop(hosts[i]);
    http_reply_free(&reply);
    fixture_drop(url);
    callers_close();
    cairn_arena_close(&arena);
    return 0;
}

static int each(void **state)
{
    (void)state;
    cairn_arena_reset(&arena);
    return 0;
}

static void ask_host(int host, const char *method, const char *path, const char *caller,
                     const char *headers, const char *body)
{
    const char *all = cairn_print(&arena, "%s%s%s", caller, headers,
                                  body ? "Content-Type: application/json\r\n" : "");
    http_reply_free(&reply);
    assert_int_equal(http_send(cairn_host_port(hosts[host]), method, path, all, body,
                               body ? strlen(body) : 0, &reply, 30000),
                     0);
}

/* Asks for what is at the last command's position, or past it. */
static void get(int host, const char *path, const char *caller)
{
    ask_host(host, "GET", path, caller, position, NULL);
}

static void command(const char *path, const char *body)
{
    char token[100];
    ask_host(BOTH, "POST", path, as_carrier(), "", body);
    if (reply.status / 100 != 2)
        fail_msg("%s: %d %s", path, reply.status, reply.body);
    assert_true(http_header(&reply, "Cairn-Position", token, sizeof token));
    (void)snprintf(position, sizeof position, "Cairn-Position: %s\r\nPrefer: wait=20\r\n", token);
}

/* Returns the id of a new parcel. */
static const char *send(const char *owner, const char *keeper, const char *label, int weight)
{
    char location[200];
    command("/parcels", cairn_print(&arena,
                                    "{\"owner_id\":\"%s\",\"keeper\":\"%s\",\"label\":\"%s\","
                                    "\"weight\":%d}",
                                    owner, keeper, label, weight));
    assert_true(http_header(&reply, "Location", location, sizeof location));
    return cairn_copy_text(&arena, strrchr(location, '/') + 1);
}

static void hand(const char *id, const char *owner)
{
    command(cairn_print(&arena, "/parcels/%s/hand", id),
            owner ? cairn_print(&arena, "{\"owner_id\":\"%s\"}", owner) : "{}");
}

static void mark(const char *id, const char *label)
{
    command(cairn_print(&arena, "/parcels/%s/mark", id),
            cairn_print(&arena, "{\"label\":\"%s\"}", label));
}

/* ---- answers that are compared ---- */

static const char *without(const char *text, const char *id)
{
    struct cairn_buffer out = cairn_buffer(&arena);
    for (const char *at = strstr(text, id); at; at = strstr(text, id)) {
        cairn_buffer_bytes(&out, text, (size_t)(at - text));
        cairn_buffer_text(&out, "ID");
        text = at + strlen(id);
    }
    cairn_buffer_text(&out, text);
    return out.text;
}

/* Returns the last answer without what no two answers share: its date, its trace, the id asked. */
static const char *said(const char *id)
{
    struct cairn_buffer out = cairn_buffer(&arena);
    for (const char *at = reply.headers; *at; at += *at == '\n') {
        size_t line = strcspn(at, "\n");
        if (strncasecmp(at, "Date:", 5) != 0 && strncasecmp(at, "traceparent:", 12) != 0)
            cairn_buffer_bytes(&out, at, line);
        at += line;
    }
    cairn_buffer_text(&out, reply.body);
    char *trace = strstr(out.text, "\"trace_id\":\"");
    if (trace)
        memset(trace + strlen("\"trace_id\":\""), 'x', 32);
    return without(out.text, id);
}

/* Requests with the id, the version and the position of another owner's row. */
struct attempt {
    const char *method;
    const char *headers;
};
static const struct attempt attempts[] = {
    {"GET", ""},
    {"HEAD", ""},
    {"GET", "If-None-Match: \"1.1\"\r\n"},
    {"GET", "If-None-Match: *\r\n"},
    {"GET", "If-Match: \"1\"\r\n"},
    {"GET", "If-Match: *\r\n"},
    {"HEAD", "If-Match: \"9\"\r\n"},
    {"GET", "Accept: text/event-stream\r\n"},
    {"GET", "Accept: text/event-stream\r\nLast-Event-ID: %s.1\r\n"},
    {"GET", "Cairn-Position: %s\r\n"},
    {"GET", "Cairn-Position: %s\r\nPrefer: wait=20\r\nAccept: text/event-stream\r\n"},
};

/* Replaces the "%s" of a pattern, if it has one. */
static const char *fill(const char *pattern, const char *value)
{
    const char *at = strstr(pattern, "%s");
    return at ? cairn_print(&arena, "%.*s%s%s", (int)(at - pattern), pattern, value, at + 2)
              : pattern;
}

static void expect_as_missing(const char *path, const char *id, const char *caller, int wanted)
{
    const char *missing = cairn_copy_text(&arena, cairn_uuid_text(cairn_uuid_make()));
    char token[100];
    (void)snprintf(token, sizeof token, "%.*s", (int)strcspn(position + 16, "\r"), position + 16);
    for (int host = 0; host < HOSTS; host++) {
        for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
            const char *headers = fill(attempts[i].headers, token);
            ask_host(host, attempts[i].method, fill(path, missing), caller, headers, NULL);
            const char *is_missing = said(missing);
            assert_int_equal(reply.status, wanted);
            ask_host(host, attempts[i].method, fill(path, id), caller, headers, NULL);
            assert_string_equal(said(id), is_missing);
        }
    }
}

/* Returns how often Redis has answered, as the metrics say. */
static int64_t copies(const char *outcome)
{
    ask_host(BOTH, "GET", "/metrics", "", "", NULL);
    const char *at = strstr(
        reply.body, cairn_print(&arena, "cairn_query_copy_reads_total{outcome=\"%s\"} ", outcome));
    return at ? strtoll(strchr(at, '}') + 1, NULL, 10) : 0;
}

static bool is_copied(void *context)
{
    int64_t before = copies("served");
    get(BOTH, context, as_carrier());
    assert_int_equal(reply.status, 200);
    return copies("served") == before + 1;
}

/* Waits until Redis has the row as the last command left it. */
static void wait_until_copied(const char *id)
{
    fixture_wait(is_copied, (void *)cairn_print(&arena, "/parcels/%s", id), 20000,
                 "an answer from Redis");
}

/* ---- rows ---- */

static void another_owners_row_is_answered_as_one_that_does_not_exist(void **state)
{
    (void)state;
    const char *id = send(ADA, "ada@example.com", "tea", 3);
    const char *path = cairn_print(&arena, "/parcels/%s", id);
    for (int host = 0; host < HOSTS; host++) {
        get(host, path, as_ada());
        assert_int_equal(reply.status, 200);
        get(host, path, as_carrier());
        assert_int_equal(reply.status, 200);
        get(host, cairn_print(&arena, "/kept/%s", id), caller_headers("ada@example.com", ""));
        assert_int_equal(reply.status, 200);
    }
    wait_until_copied(id);
    expect_as_missing("/parcels/%s", id, as_bob(), 404);
    expect_as_missing("/parcels/%s", id, caller_headers("ada@example.com", "clerk"), 404);
    expect_as_missing("/parcels/%s", id, caller_headers("00000000-0000-0000-0000-000000000000", ""),
                      404);
    expect_as_missing("/kept/%s", id, as_ada(), 404);
    expect_as_missing("/kept/%s", id, caller_headers("Ada@example.com", "carrier"), 404);
    expect_as_missing("/parcels/%s", id, "", 401);
}

static void an_answer_from_redis_is_counted_as_if_there_was_no_row(void **state)
{
    (void)state;
    const char *id = send(ADA, "ada@example.com", "tea", 3);
    const char *missing = cairn_copy_text(&arena, cairn_uuid_text(cairn_uuid_make()));
    wait_until_copied(id);
    int64_t before = copies("lacks-row");
    get(BOTH, cairn_print(&arena, "/parcels/%s", missing), as_bob());
    get(BOTH, cairn_print(&arena, "/parcels/%s", id), as_bob());
    assert_int_equal(reply.status, 404);
    assert_int_equal(copies("lacks-row"), before + 2);
}

static void a_row_that_changed_hands_or_has_no_owner_is_gone_for_its_owner(void **state)
{
    (void)state;
    const char *id = send(ADA, "ada@example.com", "tea", 3);
    const char *path = cairn_print(&arena, "/parcels/%s", id);
    wait_until_copied(id);
    hand(id, BOB);
    wait_until_copied(id);
    get(BOTH, path, as_bob());
    assert_int_equal(reply.status, 200);
    expect_as_missing("/parcels/%s", id, as_ada(), 404);
    hand(id, NULL);
    wait_until_copied(id);
    expect_as_missing("/parcels/%s", id, as_bob(), 404);
    expect_as_missing("/parcels/%s", id, as_ada(), 404);
    get(BOTH, path, as_carrier());
    assert_int_equal(reply.status, 200);
}

static void a_parked_or_a_deleted_row_of_another_owner_is_not_told_either(void **state)
{
    (void)state;
    const char *parked = send(ADA, "ada@example.com", "tea", 3);
    const char *deleted = send(ADA, "ada@example.com", "tea", 4);
    mark(parked, "poison");
    command(cairn_print(&arena, "/parcels/%s/burn", deleted), "{}");
    get(BOTH, cairn_print(&arena, "/parcels/%s", parked), as_ada());
    assert_int_equal(reply.status, 503); /* its owner is told */
    assert_non_null(strstr(reply.body, "\"parked\""));
    expect_as_missing("/parcels/%s", parked, as_bob(), 404);
    expect_as_missing("/parcels/%s", deleted, as_bob(), 404);
}

/* The read model cannot move meanwhile: its checkpoint is locked. */
static void a_reader_that_waits_in_vain_is_told_the_same_of_both(void **state)
{
    (void)state;
    const char *id = send(ADA, "ada@example.com", "tea", 3);
    const char *missing = cairn_copy_text(&arena, cairn_uuid_text(cairn_uuid_make()));
    wait_until_copied(id);
    PGconn *connection = fixture_connect(url);
    PQclear(PQexec(connection, "begin; select 1 from cairn.checkpoints for update"));
    mark(id, "later");
    const char *wants = cairn_print(&arena, "%.*sPrefer: wait=1\r\n",
                                    (int)(strstr(position, "Prefer") - position), position);
    for (int host = 0; host < HOSTS; host++) {
        ask_host(host, "GET", fill("/parcels/%s", missing), as_bob(), wants, NULL);
        assert_int_equal(reply.status, 503);
        const char *is_missing = said(missing);
        ask_host(host, "GET", fill("/parcels/%s", id), as_bob(), wants, NULL);
        assert_string_equal(said(id), is_missing);
    }
    PQclear(PQexec(connection, "commit"));
    PQfinish(connection);
    wait_until_copied(id); /* answers that are compared are of one position */
    expect_as_missing("/parcels/%s", id, as_bob(), 404);
}

static void answers_that_depend_on_the_caller_are_private_and_vary_by_it(void **state)
{
    (void)state;
    const char *id = send(ADA, "ada@example.com", "tea", 3);
    static const struct {
        const char *path;
        const char *caching;
        bool varies;
    } all[] = {
        {"/parcels/%s", "private, no-cache", true},
        {"/parcels?heavy=1", "private, no-cache", true},
        {"/kept/%s", "private, max-age=60", true},
        {"/weights", "private, max-age=5", true}, /* although it says .shared */
        {"/open/%s", "public, no-cache", false},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char value[200];
        const char *path = fill(all[i].path, id);
        get(PLAIN, path,
            strncmp(path, "/kept", 5) == 0 ? caller_headers("ada@example.com", "") : as_ada());
        assert_int_equal(reply.status, 200);
        assert_true(http_header(&reply, "Cache-Control", value, sizeof value));
        assert_string_equal(value, all[i].caching);
        assert_true(http_header(&reply, "Vary", value, sizeof value));
        const char *of_row = strstr(all[i].path, "%s") ? ", Accept-Datetime" : "";
        assert_string_equal(value, cairn_print(&arena, "Accept, %sCairn-Position%s",
                                               all[i].varies ? "Authorization, " : "", of_row));
    }
}

static void the_document_says_who_sees_what(void **state)
{
    (void)state;
    static const char *const words[] = {
        "\"Allowed to the owner: owner_id, or carrier.\"", "\"Allowed to the owner: keeper.\"",
        "\"Shows a caller the rows whose owner_id is its subject, and all to carrier.\"",
        "\"Shows a caller the rows whose keeper is its subject.\""};
    ask_host(PLAIN, "GET", "/openapi.json", "", "", NULL);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_non_null(strstr(reply.body, words[i]));
}

/* ---- lists ---- */

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

/* Reads all pages, and returns their bodies one after the other. */
static const char *read_all(const char *path, const char *caller)
{
    struct cairn_buffer out = cairn_buffer(&arena);
    const char *next = path;
    while (next) {
        get(BOTH, next, caller);
        assert_int_equal(reply.status, 200);
        cairn_buffer_text(&out, reply.body);
        const char *cursor = strstr(reply.body, "\"next\":\"");
        next = cursor ? cairn_print(&arena, "%s%ccursor=%.*s", path, strchr(path, '?') ? '&' : '?',
                                    (int)strcspn(cursor + 8, "\""), cursor + 8)
                      : NULL;
    }
    return out.text;
}

static const char *cursor_of(const char *path, const char *caller)
{
    get(BOTH, path, caller);
    assert_int_equal(reply.status, 200);
    const char *cursor = strstr(reply.body, "\"next\":\"");
    assert_non_null(cursor);
    return cairn_print(&arena, "%.*s", (int)strcspn(cursor + 8, "\""), cursor + 8);
}

#define ONE "01890000-0000-7000-8000-0000000000c1"
#define TWO "01890000-0000-7000-8000-0000000000d1"

static void a_list_shows_a_caller_its_own_rows_on_every_page(void **state)
{
    (void)state;
    const char *one = caller_headers(ONE, "");
    for (int i = 0; i < 5; i++) {
        (void)send(ONE, "one", i % 2 ? "own" : "other", 10 + i);
        (void)send(TWO, "two", i % 2 ? "own" : "other", 10 + i);
    }
    const char *rows = read_all("/parcels?limit=2", one);
    assert_int_equal(count_of(rows, "\"owner_id\""), 5);
    assert_int_equal(count_of(rows, "\"owner_id\":\"" ONE "\""), 5);
    assert_int_equal(count_of(read_all("/parcels?limit=1&heavy=12", one), ONE), 3);
    assert_int_equal(count_of(read_all("/parcels?label=own", one), "\"owner_id\""), 2);
    rows = read_all("/labels/own/parcels?limit=1", one);
    assert_int_equal(count_of(rows, "\"owner_id\""), 2);
    assert_true(strstr(rows, "\"weight\":13") < strstr(rows, "\"weight\":11"));
    assert_int_equal(count_of(read_all("/kept?limit=2", caller_headers("two", "")), "\"two\""), 5);
    assert_int_equal(count_of(read_all("/kept", caller_headers("nobody", "")), "parcel_id"), 0);
    assert_int_equal(count_of(read_all("/parcels", caller_headers("no-uuid", "")), "parcel_id"), 0);
    rows = read_all("/parcels?limit=3", as_carrier());
    assert_int_equal(count_of(rows, ONE), 5);
    assert_int_equal(count_of(rows, TWO), 5);
    get(BOTH, "/parcels", "");
    assert_int_equal(reply.status, 401);
}

static void a_cursor_is_of_the_caller_that_got_it(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        (void)send(ONE, "one", "tea", 20 + i);
        (void)send(TWO, "two", "tea", 20 + i);
    }
    const char *const callers[] = {caller_headers(ONE, ""), caller_headers(TWO, ""), as_carrier()};
    for (size_t of = 0; of < 3; of++) {
        const char *path = cairn_print(&arena, "/parcels?limit=1&cursor=%s",
                                       cursor_of("/parcels?limit=1", callers[of]));
        for (size_t by = 0; by < 3; by++) {
            get(BOTH, path, callers[by]);
            assert_int_equal(reply.status, of == by ? 200 : 400);
        }
    }
}

static void parked_rows_of_others_are_not_counted(void **state)
{
    (void)state;
    const char *one = caller_headers(ONE, "");
    get(BOTH, "/parcels", one);
    assert_null(strstr(reply.body, "\"parked\""));
    mark(send(TWO, "two", "tea", 1), "poison");
    get(BOTH, "/parcels", one);
    assert_null(strstr(reply.body, "\"parked\""));
    get(BOTH, "/parcels", caller_headers(TWO, ""));
    assert_non_null(strstr(reply.body, "\"parked\":1"));
}

/* The plan of a page, as the service would make it. */
static const char *plan_of(PGconn *connection, const struct cairn_query_page *page)
{
    struct cairn_buffer out = cairn_buffer(&arena);
    const char *sql = cairn_query_sql_list(&arena, page);
    PQclear(PQexec(connection, "deallocate all"));
    PGresult *made =
        PQexec(connection,
               cairn_print(&arena, "prepare page(text, bigint, bigint, bigint, uuid) as %s", sql));
    if (PQresultStatus(made) != PGRES_COMMAND_OK)
        fail_msg("%s%s", PQerrorMessage(connection), sql);
    PQclear(made);
    PGresult *plan = PQexec(connection, "explain execute page('parcels', 1, 0, 51, '" TWO "')");
    if (PQresultStatus(plan) != PGRES_TUPLES_OK)
        fail_msg("%s", PQerrorMessage(connection));
    for (int i = 0; i < PQntuples(plan); i++)
        cairn_buffer_print(&out, "%s\n", PQgetvalue(plan, i, 0));
    PQclear(plan);
    return out.text;
}

static void a_list_by_owner_reads_its_index_and_not_the_table(void **state)
{
    (void)state;
    PGconn *connection = fixture_connect(url);
    fixture_sql(url,
                "insert into read.parcels_g1 (_key, _position, _version, _parked, _deleted,"
                " parcel_id, owner_id, keeper, label, weight)"
                " select 'bulk-' || n, 1, 1, false, false, gen_random_uuid(),"
                "     gen_random_uuid(), 'k' || n, 'bulk', n from generate_series(1, 50000) n");
    fixture_sql(url, "analyze read.parcels_g1");
    const struct cairn_resource *list = &parcel_service.resources[2];
    assert_string_equal(list->path, "/parcels");
    const struct cairn_query_page page = {
        .resource = list,
        .generation = 1,
        .owner = cairn_record_field(&parcels_record, list->allow.member)};
    static const char *const settings[] = {"set plan_cache_mode = force_generic_plan",
                                           "set plan_cache_mode = force_custom_plan"};
    PQclear(PQexec(connection, CAIRN_QUERY_GREETING));
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        PQclear(PQexec(connection, settings[i]));
        const char *plan = plan_of(connection, &page);
        const char *scan = strstr(plan, "Index Scan using parcels_g1_1 on parcels_g1 r");
        if (strstr(plan, "Seq Scan on parcels") || !scan || !strstr(scan, "Cond: (owner_id = "))
            fail_msg("%s", plan);
    }
    PQfinish(connection);
    fixture_sql(url, "delete from read.parcels_g1 where label = 'bulk'");
}

/* ---- streams ---- */

static void follow(struct sse *sse, int host, const char *path, const char *caller)
{
    assert_true(sse_open(sse, cairn_host_port(hosts[host]), path,
                         cairn_print(&arena, "%s%s", caller, position)));
}

static void expect_data(struct sse *sse, const char *part)
{
    struct sse_message message = sse_expect(sse);
    if (!strstr(message.data, part))
        fail_msg("wanted %s, got %s %s", part, message.event, message.data);
}

static void a_stream_shows_a_row_to_its_owner_and_to_no_other(void **state)
{
    (void)state;
    const char *id = send(ONE, "one", "first", 3);
    const char *path = cairn_print(&arena, "/parcels/%s", id);
    struct sse one, carrier, two;
    struct sse_message message;
    follow(&one, BOTH, path, caller_headers(ONE, ""));
    follow(&carrier, BOTH, path, as_carrier());
    expect_data(&one, "\"first\"");
    expect_data(&carrier, "\"first\"");
    hand(id, TWO);
    message = sse_expect(&one);
    assert_string_equal(message.event, "deleted");
    assert_string_equal(message.data, "{}");
    expect_data(&carrier, TWO);
    follow(&two, BOTH, path, caller_headers(TWO, ""));
    expect_data(&two, "\"first\"");
    mark(id, "second");
    expect_data(&two, "\"second\"");
    expect_data(&carrier, "\"second\"");
    hand(id, NULL);
    assert_string_equal(sse_expect(&two).event, "deleted");
    mark(id, "third");
    expect_data(&carrier, "\"second\"");
    expect_data(&carrier, "\"third\"");
    hand(id, ONE); /* nothing came meanwhile: the next message is of its return */
    expect_data(&one, "\"third\"");
    mark(id, "fourth");
    expect_data(&one, "\"fourth\"");
    assert_false(sse_next(&two, &message, 0));
    sse_close(&one);
    sse_close(&carrier);
    sse_close(&two);
}

static void a_client_that_reconnects_for_a_row_that_left_it_finds_none(void **state)
{
    (void)state;
    const char *id = send(ONE, "one", "first", 3);
    const char *path = cairn_print(&arena, "/parcels/%s", id);
    struct sse sse;
    follow(&sse, BOTH, path, caller_headers(ONE, ""));
    expect_data(&sse, "\"first\"");
    const char *last =
        cairn_print(&arena, "Accept: text/event-stream\r\nLast-Event-ID: %s\r\n", sse.id);
    sse_close(&sse);
    hand(id, TWO);
    ask_host(BOTH, "GET", path, caller_headers(ONE, ""),
             cairn_print(&arena, "%s%s", position, last), NULL);
    assert_int_equal(reply.status, 404);
    command(cairn_print(&arena, "/parcels/%s/burn", id), "{}");
    ask_host(BOTH, "GET", path, caller_headers(TWO, ""),
             cairn_print(&arena, "%s%s", position, last), NULL);
    assert_int_equal(reply.status, 404);
}

static void a_followed_page_loses_and_gains_rows_with_their_owner(void **state)
{
    (void)state;
    static const char THREE[] = "01890000-0000-7000-8000-0000000000e1";
    const char *id = send(THREE, "three", "own", 31);
    struct sse three, carrier;
    follow(&three, PLAIN, "/parcels?heavy=31", caller_headers(THREE, ""));
    expect_data(&three, id);
    follow(&carrier, PLAIN, "/parcels?heavy=31", as_carrier());
    expect_data(&carrier, id);
    hand(id, TWO);
    expect_data(&three, "\"items\":[]");
    expect_data(&carrier, TWO);
    hand(id, THREE);
    expect_data(&three, id);
    const char *other = send(TWO, "two", "foreign", 32); /* the page of others moves */
    struct sse_message message;
    do
        message = sse_expect(&carrier);
    while (!strstr(message.data, other));
    mark(id, "changed");
    message = sse_expect(&three);
    assert_non_null(strstr(message.data, "\"changed\""));
    assert_null(strstr(message.data, other));
    sse_close(&three);
    sse_close(&carrier);
}

static void a_stream_ends_with_the_token_that_opened_it(void **state)
{
    (void)state;
    const char *id = send(ONE, "one", "first", 3);
    char *brief = caller_headers_for(ONE, "", 3);
    struct sse row, page, open, other;
    struct sse_message message;
    follow(&row, BOTH, cairn_print(&arena, "/parcels/%s", id), brief);
    follow(&page, BOTH, "/parcels?heavy=3", brief);
    follow(&open, BOTH, cairn_print(&arena, "/open/%s", id), brief);
    follow(&other, BOTH, cairn_print(&arena, "/parcels/%s", id), as_carrier());
    expect_data(&row, "\"first\"");
    expect_data(&page, id);
    expect_data(&open, "\"first\"");
    expect_data(&other, "\"first\"");
    assert_false(sse_next(&row, &message, 20000));
    assert_true(row.ended);
    assert_false(sse_next(&page, &message, 20000));
    assert_true(page.ended);
    mark(id, "second"); /* streams that need no token, or whose token is good, go on */
    expect_data(&open, "\"second\"");
    expect_data(&other, "\"second\"");
    ask_host(BOTH, "GET", cairn_print(&arena, "/parcels/%s", id), brief, "", NULL);
    assert_int_equal(reply.status, 401);
    sse_close(&row);
    sse_close(&page);
    sse_close(&open);
    sse_close(&other);
    free(brief);
}

/* ---- why a row is as it is ---- */

static void the_history_of_another_owners_row_is_answered_as_one_that_does_not_exist(void **state)
{
    (void)state;
    const char *id = send(ADA, "ada", "why", 3);
    const char *path = cairn_print(&arena, "/parcels/%s/why", id);
    get(BOTH, path, as_ada());
    assert_int_equal(reply.status, 200);
    expect_as_missing("/parcels/%s/why", id, as_bob(), 404);
    expect_as_missing("/parcels/%s/why", id, caller_headers(ADA "0", ""), 404);
}

static void a_history_begins_where_the_row_became_the_callers(void **state)
{
    (void)state;
    const char *id = send(ADA, "ada", "secret-of-ada", 3);
    const char *path = cairn_print(&arena, "/parcels/%s/why", id);
    mark(id, "also-of-ada");
    hand(id, BOB);
    mark(id, "of-bob");
    get(BOTH, path, as_bob());
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"left_out\":2"));
    assert_non_null(strstr(reply.body, "\"field\":\"owner_id\",\"to\":\"" BOB "\""));
    assert_non_null(strstr(reply.body, "\"from\":\"also-of-ada\",\"to\":\"of-bob\""));
    assert_null(strstr(reply.body, "secret-of-ada"));
    assert_null(strstr(reply.body, ADA));
    get(BOTH, path, as_ada());
    assert_int_equal(reply.status, 404);
    get(BOTH, path, as_carrier());
    assert_non_null(strstr(reply.body, "\"left_out\":0"));
    assert_non_null(strstr(reply.body, "\"field\":\"label\",\"to\":\"secret-of-ada\""));
    assert_non_null(
        strstr(reply.body, "\"field\":\"owner_id\",\"from\":\"" ADA "\",\"to\":\"" BOB "\""));
}

static void a_history_names_callers_to_a_role_only(void **state)
{
    (void)state;
    const char *id = send(ADA, "ada", "named", 3);
    const char *actor = "\"actor\":\"" CARRIER "\"";
    get(BOTH, cairn_print(&arena, "/parcels/%s/why", id), as_carrier());
    assert_non_null(strstr(reply.body, actor));
    assert_non_null(strstr(reply.body, "\"command\":\"send_parcel\""));
    get(BOTH, cairn_print(&arena, "/parcels/%s/why", id), as_ada());
    assert_null(strstr(reply.body, CARRIER));
    get(BOTH, cairn_print(&arena, "/open/%s/why", id), "");
    assert_int_equal(reply.status, 200);
    assert_null(strstr(reply.body, CARRIER));
}

/* ---- how a row was ---- */

static void a_past_state_is_of_its_owner_then_and_now(void **state)
{
    (void)state;
    char value[200];
    const char *id = send(ADA, "ada", "past-of-ada", 3);
    int64_t at = fixture_sql_int(url, "select max(position) from cairn.events");
    mark(id, "later");
    const char *past = cairn_print(&arena, "/parcels/%s?at=%" PRId64, id, at);
    get(BOTH, past, as_ada());
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "past-of-ada"));
    assert_true(http_header(&reply, "Cache-Control", value, sizeof value));
    assert_string_equal(value, "private, max-age=31536000, immutable");
    assert_true(http_header(&reply, "Memento-Datetime", value, sizeof value));
    expect_as_missing(cairn_print(&arena, "/parcels/%%s?at=%" PRId64, at), id, as_bob(), 404);
    hand(id, BOB);
    get(BOTH, past, as_bob());
    assert_int_equal(reply.status, 404); /* it was Ada's then */
    get(BOTH, past, as_ada());
    assert_int_equal(reply.status, 404); /* it is Bob's now */
    get(BOTH, past, as_carrier());
    assert_int_equal(reply.status, 200);
    command(cairn_print(&arena, "/parcels/%s/burn", id), "{}");
    get(BOTH, past, as_bob());
    assert_int_equal(reply.status, 404);
    get(BOTH, past, as_carrier());
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "past-of-ada"));
}

static void a_past_state_is_named_by_a_position_or_a_time_and_says_which(void **state)
{
    (void)state;
    char value[300];
    char when[60];
    const char *id = send(ADA, "ada", "first", 3);
    int64_t at = fixture_sql_int(url, "select max(position) from cairn.events");
    const char *path = cairn_print(&arena, "/parcels/%s", id);
    mark(id, "second");
    get(BOTH, cairn_print(&arena, "%s?at=%" PRId64, path, at - 1), as_carrier());
    assert_int_equal(reply.status, 404);
    get(BOTH, cairn_print(&arena, "%s?at=0", path), as_carrier());
    assert_int_equal(reply.status, 404);
    fixture_sql_text(url,
                     cairn_print(&arena,
                                 "select to_char(recorded_at at time zone 'UTC',"
                                 " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from cairn.events"
                                 " where position = %" PRId64,
                                 at),
                     when, sizeof when);
    get(BOTH, cairn_print(&arena, "%s?at=%s", path, when), as_carrier());
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "first"));
    assert_true(http_header(&reply, "Content-Location", value, sizeof value));
    assert_string_equal(value, cairn_print(&arena, "%s?at=%" PRId64, path, at));
    assert_true(http_header(&reply, "Cache-Control", value, sizeof value));
    assert_string_equal(value, "private, no-cache");
    ask_host(BOTH, "GET", path, as_carrier(), "Accept-Datetime: Tue, 01 Jan 2999 00:00:00 GMT\r\n",
             NULL);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "second"));
    assert_true(http_header(&reply, "Link", value, sizeof value));
    assert_string_equal(value, cairn_print(&arena, "<%s>; rel=\"original timegate\"", path));
    ask_host(BOTH, "GET", path, as_carrier(), "Accept-Datetime: yesterday\r\n", NULL);
    assert_int_equal(reply.status, 400);
    ask_host(BOTH, "GET", cairn_print(&arena, "%s?at=yesterday", path), as_carrier(), "", NULL);
    assert_int_equal(reply.status, 400);
    ask_host(BOTH, "GET", cairn_print(&arena, "%s?at=1&at=2", path), as_carrier(), "", NULL);
    assert_int_equal(reply.status, 400);
    ask_host(BOTH, "GET", cairn_print(&arena, "%s?at=999999", path), as_carrier(),
             "Prefer: wait=1\r\n", NULL);
    assert_int_equal(reply.status, 503);
    ask_host(BOTH, "GET", "/parcels?at=1", as_carrier(), "", NULL);
    assert_int_equal(reply.status, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(another_owners_row_is_answered_as_one_that_does_not_exist, each),
        cmocka_unit_test_setup(an_answer_from_redis_is_counted_as_if_there_was_no_row, each),
        cmocka_unit_test_setup(a_row_that_changed_hands_or_has_no_owner_is_gone_for_its_owner,
                               each),
        cmocka_unit_test_setup(a_parked_or_a_deleted_row_of_another_owner_is_not_told_either, each),
        cmocka_unit_test_setup(a_reader_that_waits_in_vain_is_told_the_same_of_both, each),
        cmocka_unit_test_setup(answers_that_depend_on_the_caller_are_private_and_vary_by_it, each),
        cmocka_unit_test_setup(the_document_says_who_sees_what, each),
        cmocka_unit_test_setup(a_list_shows_a_caller_its_own_rows_on_every_page, each),
        cmocka_unit_test_setup(a_cursor_is_of_the_caller_that_got_it, each),
        cmocka_unit_test_setup(parked_rows_of_others_are_not_counted, each),
        cmocka_unit_test_setup(a_list_by_owner_reads_its_index_and_not_the_table, each),
        cmocka_unit_test_setup(a_stream_shows_a_row_to_its_owner_and_to_no_other, each),
        cmocka_unit_test_setup(a_client_that_reconnects_for_a_row_that_left_it_finds_none, each),
        cmocka_unit_test_setup(a_followed_page_loses_and_gains_rows_with_their_owner, each),
        cmocka_unit_test_setup(a_stream_ends_with_the_token_that_opened_it, each),
        cmocka_unit_test_setup(
            the_history_of_another_owners_row_is_answered_as_one_that_does_not_exist, each),
        cmocka_unit_test_setup(a_history_begins_where_the_row_became_the_callers, each),
        cmocka_unit_test_setup(a_history_names_callers_to_a_role_only, each),
        cmocka_unit_test_setup(a_past_state_is_of_its_owner_then_and_now, each),
        cmocka_unit_test_setup(a_past_state_is_named_by_a_position_or_a_time_and_says_which, each),
    };
    return cmocka_run_group_tests_name("row_owners", tests, set_up, tear_down);
}
