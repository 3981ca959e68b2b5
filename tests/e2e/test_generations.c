/* test_generations.c - generations in operation: projectors killed in every phase of a rebuild, a
 * rolling deploy, rolling back and forward, while readers notice nothing. The service is
 * tests/variants/tally.c, in two versions.
 *
 * A reader requests rows by key and lists, with and without the position that it has seen. Each
 * answer must be there, must be of one version throughout - the sum of a row follows from its count
 * - and must not be older than the one before it. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/support.h"

#include "core/containers/arena.h"
#include "core/threads/clock.h"
#include "core/threads/thread.h"
#include "postgres/postgres.h"
#include "projection/tables/table_names.h"
#include "redis/redis.h"
#include "store/read/token.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LONG_MS = 60000, TALLIES = 40, SHELVES = 2, KILLS = 50, VERSIONS = 2 };

static char url[512];
static const char *redis_url;
static struct cairn_timeline timeline;
static struct cairn_uuid tallies[TALLIES];
static struct cairn_arena arena; /* of the test's thread */
static struct cairn_pg *watch;   /* the test's connection, for frequent queries */
static unsigned seed;
static int window_ms;

#define TEXT(...) cairn_print(&arena, __VA_ARGS__)

/* ---- SQL ---- */

static int64_t look(const char *sql)
{
    struct cairn_arena scratch = {0};
    struct cairn_pg_params params = {.arena = &scratch};
    const struct cairn_statement statement = {.sql = sql};
    struct cairn_error error = {0};
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(watch, &statement, &params, &rows, &error);
    int64_t value = count > 0 ? cairn_pg_integer(rows, 0, 0) : 0;
    cairn_arena_close(&scratch);
    if (count < 0)
        fail_msg("%s: %s", sql, error.message);
    return value;
}

static bool is_true(void *context)
{
    return look(context) > 0;
}

static void wait_for(const char *sql, const char *what)
{
    char copy[2000];
    (void)snprintf(copy, sizeof copy, "%s", sql);
    fixture_wait(is_true, copy, LONG_MS, what);
}

/* Does what `cairn rebuild` and `cairn rollback` do. */
static void request(const char *call)
{
    fixture_sql(url, TEXT("select cairn.%s", call));
}

/* ---- processes ---- */

struct process {
    struct child child;
    int port;
};

static struct process start(int version, const char *part)
{
    static int count;
    char role_url[600];
    struct process process = {.port = fixture_free_port()};
    bool asks = strcmp(part, "query") == 0;
    fixture_url_as(url, asks ? "cairn_reader" : "cairn_projector", role_url, sizeof role_url);
    const char *const env[] = {
        TEXT("DATABASE_URL=%s", role_url), TEXT("REDIS_URL=%s", redis_url),
        TEXT("PORT=%d", process.port),     TEXT("CAIRN_ROLLBACK_WINDOW_MS=%d", window_ms),
        "CAIRN_REBUILD_MEMORY=8",          NULL};
    const char *binary = TEXT("%s/tests/variants/tally-%d", getenv("CAIRN_TEST_BUILD"), version);
    const char *const argv[] = {binary, asks ? "query" : NULL, NULL};
    const char *log = TEXT("%s/tally-%d-%s-%d-%d.log", getenv("CAIRN_TEST_SERVERS"), version, part,
                           (int)getpid(), count++);
    assert_int_equal(child_start(&process.child, argv, env, log), 0);
    return process;
}

static void stop(struct process *process)
{
    if (process->child.pid)
        assert_int_equal(child_stop(&process->child, LONG_MS), 0);
}

static void verify(int version)
{
    char role_url[600];
    char said[8000];
    struct child child;
    const char *log = TEXT("%s/verify-%d.log", getenv("CAIRN_TEST_SERVERS"), (int)getpid());
    fixture_url_as(url, "cairn_projector", role_url, sizeof role_url);
    const char *const env[] = {TEXT("DATABASE_URL=%s", role_url), TEXT("REDIS_URL=%s", redis_url),
                               NULL};
    const char *const argv[] = {
        TEXT("%s/tests/variants/tally-%d", getenv("CAIRN_TEST_BUILD"), version), "verify",
        "tallies", NULL};
    assert_int_equal(child_start(&child, argv, env, log), 0);
    int seen = child_wait(&child, LONG_MS);
    FILE *file = fopen(log, "r");
    assert_non_null(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    (void)fclose(file);
    if (seen != 0)
        fail_msg("verify ended with %d: %s", seen, said);
}

/* ---- events ---- */

static const struct cairn_statement add_statement = {
    .name = "add",
    .sql = "select cairn.append('tally-' || t.id, 'TallyAdded', json_build_object("
           "     'amount', (select count(*) + 1 from cairn.events e where e.stream = 'tally-' || "
           "t.id),"
           "     'shelf', t.shelf)) from unnest($1::text[], $2::text[]) t (id, shelf)",
};

static const char *shelf_of(size_t i)
{
    return i % SHELVES ? "b" : "a";
}

/* Adds one event to each of `count` tallies from `first` on. */
static int add(struct cairn_pg *pg, size_t first, size_t count)
{
    struct cairn_arena scratch = {0};
    struct cairn_pg_params params = {.arena = &scratch};
    struct cairn_pg_array ids = cairn_pg_array(CAIRN_PG_TEXTS, &scratch);
    struct cairn_pg_array shelves = cairn_pg_array(CAIRN_PG_TEXTS, &scratch);
    for (size_t i = 0; i < count; i++) {
        char id[CAIRN_UUID_TEXT_SIZE];
        cairn_uuid_format(tallies[(first + i) % TALLIES], id);
        cairn_pg_array_text(&ids, id);
        cairn_pg_array_text(&shelves, shelf_of((first + i) % TALLIES));
    }
    cairn_pg_add_array(&params, &ids);
    cairn_pg_add_array(&params, &shelves);
    struct cairn_error error = {0};
    int64_t done = cairn_pg_run(pg, &add_statement, &params, &error);
    if (done < 0)
        (void)fprintf(stderr, "the load a step failed and is retried: %s\n", error.message);
    (void)!cairn_pg_script(pg, "notify cairn, 'x'", NULL);
    cairn_arena_close(&scratch);
    return (int)done;
}

static atomic_bool busy;

static void *load(void *context)
{
    struct cairn_pg *pg = NULL;
    (void)context;
    if (cairn_pg_open(url, "load", &pg, NULL) < 0)
        return NULL;
    for (size_t first = 0; atomic_load(&busy); first += 3) {
        (void)add(pg, first, 3);
        for (int i = 0; i < 30 && atomic_load(&busy); i++)
            fixture_nap();
    }
    cairn_pg_close(pg);
    return NULL;
}

/* ---- readers ---- */

struct reader {
    int port;
    int version; /* that it has to see */
    bool by_list;
    bool fresh; /* requires the position that it has seen */
    pthread_t thread;
    int64_t position; /* seen */
    int64_t counts[TALLIES];
    int64_t answers, unavailable;
    char wrong[1000]; /* the first violation */
};

static void complain(struct reader *reader, const char *what, const struct http_reply *reply)
{
    if (!reader->wrong[0])
        (void)snprintf(reader->wrong, sizeof reader->wrong, "%s%s%s: %s; seen %lld; %.300s %.300s",
                       reader->by_list ? "list" : "key", reader->fresh ? " fresh" : "",
                       reader->version == 2 ? " v2" : "", what, (long long)reader->position,
                       reply->headers, reply->body);
}

static int64_t number_of(const char *row, const char *name)
{
    char wanted[40];
    (void)snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *at = strstr(row, wanted);
    return at ? strtoll(at + strlen(wanted), NULL, 10) : -1;
}

static size_t find_tally(const char *row)
{
    struct cairn_uuid id;
    const char *at = strstr(row, "\"tally_id\":\"");
    char text[CAIRN_UUID_TEXT_SIZE] = "";
    if (at)
        (void)snprintf(text, sizeof text, "%s", at + 12);
    for (size_t i = 0; i < TALLIES; i++) {
        if (cairn_uuid_parse(text, &id) == 0 && cairn_uuid_equal(id, tallies[i]))
            return i;
    }
    return TALLIES;
}

/* Checks that a row is of one version, and not older than before. */
static void check_row(struct reader *reader, const char *row, const struct http_reply *reply)
{
    char one[400];
    (void)snprintf(one, sizeof one, "%.*s", (int)strcspn(row, "}"), row);
    size_t i = find_tally(one);
    int64_t count = number_of(one, "count");
    int64_t factor = reader->version == 2 ? 10 : 1;
    if (i == TALLIES || number_of(one, "sum") != factor * count * (count + 1) / 2)
        complain(reader, "no such row", reply);
    else if ((strstr(one, "\"tenths\":true") != NULL) != (reader->version == 2))
        complain(reader, "a row of another version", reply);
    else if (count < reader->counts[i])
        complain(reader, "a row went back", reply);
    else
        reader->counts[i] = count;
}

static void check_body(struct reader *reader, const struct http_reply *reply)
{
    int rows = 0;
    for (const char *at = reply->body; (at = strstr(at, "{\"tally_id\"")); at++, rows++)
        check_row(reader, at, reply);
    if (rows != (reader->by_list ? TALLIES / SHELVES : 1))
        complain(reader, "rows are missing", reply);
}

/* While a copy in Redis is updated after a kill, its newer rows are shown with their own positions:
 * so positions may go back between rows, for a reader that does not send the position it has seen.
 * Rows may not. */
static bool killing;

static void check_position(struct reader *reader, const struct http_reply *reply)
{
    char token[200];
    int64_t position = 0;
    if (!http_header(reply, "Cairn-Position", token, sizeof token) ||
        cairn_token_parse(token, &timeline, &position, NULL) < 0)
        complain(reader, "no position", reply);
    else if (position < reader->position && (reader->fresh || !killing))
        complain(reader, "the position went back", reply);
    else
        reader->position = position;
}

static void check_reply(struct reader *reader, const struct http_reply *reply)
{
    char after[40];
    reader->answers++;
    if (reply->status == 503 && http_header(reply, "Retry-After", after, sizeof after)) {
        reader->unavailable++;
    } else if (reply->status != 200) {
        complain(reader, "not 200", reply);
    } else {
        check_position(reader, reply);
        check_body(reader, reply);
    }
}

static const char *path_of(const struct reader *reader, int64_t n, struct cairn_arena *scratch)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    if (reader->by_list)
        return cairn_print(scratch, "/shelves/%s/tallies", shelf_of((size_t)n));
    cairn_uuid_format(tallies[(size_t)n % TALLIES], id);
    return cairn_print(scratch, "/tallies/%s", id);
}

static const char *headers_of(const struct reader *reader, struct cairn_arena *scratch)
{
    char token[CAIRN_TOKEN_TEXT_SIZE];
    if (!reader->fresh || !reader->position)
        return NULL;
    cairn_token_format(&timeline, reader->position, token);
    return cairn_print(scratch, "Cairn-Position: %s\r\nPrefer: wait=10\r\n", token);
}

static atomic_bool reading;

static void *read_on(void *context)
{
    struct reader *reader = context;
    struct http_connection connection = {.socket = -1};
    for (int64_t n = 0; atomic_load(&reading); n++) {
        struct cairn_arena scratch = {0};
        struct http_reply reply = {0};
        if (connection.socket < 0)
            (void)http_open(&connection, reader->port, LONG_MS);
        int failed = http_ask(&connection, "GET", path_of(reader, n, &scratch),
                              headers_of(reader, &scratch), NULL, 0, &reply, LONG_MS);
        if (failed && !reader->wrong[0])
            (void)snprintf(reader->wrong, sizeof reader->wrong, "no answer: %d", failed);
        if (!failed)
            check_reply(reader, &reply);
        http_reply_free(&reply);
        cairn_arena_close(&scratch);
        fixture_nap();
    }
    http_close(&connection);
    return NULL;
}

/* Four readers: by key and by list, with and without the position seen. */
enum { KINDS = 4 };
static struct reader readers[VERSIONS][KINDS];

static void start_readers(int port, int version)
{
    atomic_store(&reading, true);
    for (int i = 0; i < KINDS; i++) {
        struct reader *reader = &readers[version - 1][i];
        *reader =
            (struct reader){.port = port, .version = version, .by_list = i & 1, .fresh = i & 2};
        assert_int_equal(pthread_create(&reader->thread, NULL, read_on, reader), 0);
    }
}

static void stop_readers(void)
{
    atomic_store(&reading, false);
    for (int i = 0; i < VERSIONS * KINDS; i++) {
        struct reader *reader = &readers[i / KINDS][i % KINDS];
        if (reader->port)
            cairn_thread_join(reader->thread);
    }
}

/* `unavailable`: whether a reader that requires its position may have been answered 503. */
static void expect_happy_readers(bool unavailable)
{
    stop_readers();
    for (int i = 0; i < VERSIONS * KINDS; i++) {
        struct reader *reader = &readers[i / KINDS][i % KINDS];
        if (!reader->port)
            continue;
        if (reader->wrong[0])
            fail_msg("%s", reader->wrong);
        print_message("%s%s v%d: %d answers, %d of them 503\n", reader->by_list ? "list" : "key",
                      reader->fresh ? " fresh" : "", reader->version, (int)reader->answers,
                      (int)reader->unavailable);
        assert_true(reader->answers > 20);
        assert_true(reader->unavailable == 0 || (unavailable && reader->fresh));
        reader->port = 0;
    }
}

/* ---- each test ---- */

static pthread_t loader;

static void read_timeline(void)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    fixture_sql_text(url, "select store_id from cairn.store", id, sizeof id);
    assert_int_equal(cairn_uuid_parse(id, &timeline.store_id), 0);
    timeline.epoch = fixture_sql_int(url, "select epoch from cairn.store");
}

static int setup(void **state)
{
    const char *text = getenv("CAIRN_TEST_SEED");
    (void)state;
    seed = text ? (unsigned)strtoul(text, NULL, 10) : (unsigned)time(NULL);
    print_message("CAIRN_TEST_SEED=%u\n", seed);
    memset(readers, 0, sizeof readers);
    window_ms = 1000;
    killing = false;
    fixture_database(url, sizeof url);
    redis_url = fixture_redis();
    read_timeline();
    assert_int_equal(cairn_pg_open(url, "watch", &watch, NULL), 0);
    for (size_t i = 0; i < TALLIES; i++)
        tallies[i] = cairn_uuid_make();
    for (int i = 0; i < 50; i++)
        assert_true(add(watch, 0, TALLIES) >= 0);
    atomic_store(&busy, true);
    assert_int_equal(pthread_create(&loader, NULL, load, NULL), 0);
    return 0;
}

static void stop_load(void)
{
    if (atomic_exchange(&busy, false))
        cairn_thread_join(loader);
}

static int teardown(void **state)
{
    (void)state;
    stop_readers();
    stop_load();
    cairn_pg_close(watch);
    cairn_arena_close(&arena);
    fixture_drop(url);
    return 0;
}

static void wait_until_live(int generation, int version)
{
    wait_for(TEXT("select count(*) from cairn.generations where live and serving"
                  "     and (generation = %d or %d = 0) and code_version = %d",
                  generation, generation, version),
             "a generation to be live");
}

static void wait_until_answered(const struct process *query)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(tallies[TALLIES - 1], id);
    fixture_wait_http(query->port, TEXT("/tallies/%s", id), LONG_MS);
}

/* ---- final state ---- */

static size_t count_keys(int64_t generation)
{
    struct cairn_redis *redis = NULL;
    struct cairn_redis_reply reply = {0};
    const char *pattern = TEXT("*{tallies:g%d}*", (int)generation);
    const struct cairn_redis_arg args[] = {CAIRN_ARG("KEYS"), CAIRN_ARG(pattern)};
    assert_int_equal(cairn_redis_open(redis_url, CAIRN_SECONDS(10), &redis, NULL), 0);
    assert_int_equal(cairn_redis_call(redis, args, 2, &arena, &reply, NULL), 0);
    cairn_redis_close(redis);
    return reply.count;
}

/* Checks that one generation is left, with its table and its keys, and nothing else. */
static void expect_one_generation(int version)
{
    stop_load();
    wait_for("select (count(*) = 0)::int from cairn.rebuilds where ended_at is null",
             "the last rebuild to end");
    wait_for("select (count(*) filter (where state <> 'dropped') = 1"
             "     and count(*) filter (where state = 'dropped' and not swept) = 0)::int"
             " from cairn.generations",
             "all other generations to be gone");
    wait_for("select (position = cairn.head())::int from cairn.checkpoints",
             "the checkpoint to reach the head");
    assert_int_equal(look("select count(*) from cairn.generations where live and serving"), 1);
    assert_int_equal(look("select count(*) from cairn.checkpoints"), 1);
    assert_int_equal(look("select count(*) from pg_tables where schemaname = 'read'"), 1);
    assert_int_equal(look("select count(*) from pg_tables t join cairn.generations g"
                          "     on t.tablename = g.projection || '_g' || g.generation"
                          " where t.schemaname = 'read' and g.live"),
                     1);
    int64_t newest = look("select max(generation) from cairn.generations");
    int64_t live = look("select generation from cairn.generations where live");
    verify(version);
    for (int64_t i = 1; i <= newest; i++)
        assert_int_equal(count_keys(i), i == live ? TALLIES + 1 : 0);
}

/* ---- killing ---- */

enum moment { READING = 0, LOADING, INDEXING, GATE, SWITCHING, RETIRING, SWEEPING, MOMENTS };
static const char *const moment_names[MOMENTS] = {"reading",   "loading",  "indexing", "gate",
                                                  "switching", "retiring", "sweeping"};

/* The current phase, as the database shows it. A switch and a retirement show as waiting for a lock
 * on the view or the table. */
static const char moment_sql[] =
    "select case"
    "     when exists (select from pg_locks l join pg_class c on c.oid = l.relation"
    "         where not l.granted and c.relname = 'tallies') then 5"
    "     when exists (select from pg_locks l join pg_class c on c.oid = l.relation"
    "         where not l.granted and l.mode = 'AccessExclusiveLock'"
    "             and c.relname like 'tallies\\_g%') then 6"
    "     when r.phase = 'reading' then 1"
    "     when r.phase in ('loading', 'copying') then 2"
    "     when r.phase = 'indexing' then 3"
    "     when r.phase in ('following', 'comparing', 'held') then 4"
    "     when exists (select from cairn.generations where state = 'dropped' and not swept) then 7"
    "     else 0 end from (select 1) one left join cairn.rebuilds r on r.ended_at is null";

/* Blocks the switch by reading the view, or the retirement by reading the table of the generation
 * that was left. */
static bool block(struct cairn_pg *blocker, enum moment moment)
{
    if (moment == SWITCHING)
        return cairn_pg_script(blocker, "begin; select from read.tallies limit 1", NULL) == 0;
    if (moment != RETIRING)
        return true;
    int64_t left = look("select coalesce(max(generation), 0) from cairn.generations"
                        " where state = 'following' and not serving and complete_at is not null");
    return left &&
           cairn_pg_script(blocker, TEXT("begin; select from read.tallies_g%d limit 1", (int)left),
                           NULL) == 0;
}

static void nap_up_to(int ms)
{
    for (int i = rand_r(&seed) % ms; i > 0; i--)
        fixture_nap();
}

/* Causes a moment and waits for it. */
static void wait_for_moment(enum moment moment, struct cairn_pg *blocker, bool diff)
{
    int64_t until_ms = fixture_now_ms() + LONG_MS;
    bool blocked = moment != SWITCHING && moment != RETIRING;
    if (moment == SWITCHING)
        blocked = block(blocker, moment);
    while (look(moment_sql) != (int64_t)moment + 1) {
        if (!blocked)
            blocked = block(blocker, moment);
        if (!look("select count(*) from cairn.rebuilds where ended_at is null"))
            request(diff ? "request_rebuild('tallies', true)" : "request_rebuild('tallies')");
        if (fixture_now_ms() > until_ms)
            fail_msg("no moment of %s came", moment_names[moment]);
    }
}

/* Expires the lease of a dead process, so that the test need not wait for it. */
static void forget(pid_t pid)
{
    fixture_sql(url, TEXT("update cairn.leases set held_until = clock_timestamp()"
                          " where split_part(owner, ':', 2) = '%d'",
                          (int)pid));
}

static pid_t owner(void)
{
    return (pid_t)look("select coalesce((select split_part(owner, ':', 2)::bigint from cairn.leases"
                       "     where held_until > clock_timestamp()), 0)");
}

static void end(struct process *projector)
{
    pid_t pid = projector->child.pid;
    child_kill(&projector->child, SIGKILL);
    forget(pid);
}

/* Kills the owner of the lease and starts another projector in its place. Returns the moment,
 * numbered from 1, or 0. */
static int64_t kill_one(struct process *projectors, size_t count)
{
    int64_t moment = look(moment_sql);
    pid_t pid = owner();
    for (size_t i = 0; i < count; i++) {
        if (projectors[i].child.pid != pid)
            continue;
        end(&projectors[i]);
        projectors[i] = start(1, "projector");
        return moment;
    }
    return 0;
}

static void a_projector_killed_fifty_times_at_every_moment_leaves_one_generation(void **state)
{
    (void)state;
    int fell[MOMENTS + 1] = {0};
    struct cairn_pg *blocker = NULL;
    killing = true;
    struct process projectors[2] = {start(1, "projector")};
    struct process query = start(1, "query");
    assert_int_equal(cairn_pg_open(url, "blocker", &blocker, NULL), 0);
    wait_until_live(1, 1);
    wait_until_answered(&query);
    start_readers(query.port, 1);
    for (int i = 0; i < KILLS; i++) {
        size_t count = 1 + (size_t)(i / 10 % 2); /* part of the time with a standby */
        if (count == 2 && !projectors[1].child.pid)
            projectors[1] = start(1, "projector");
        else if (count == 1)
            end(&projectors[1]);
        wait_for("select count(*) from cairn.leases where held_until > clock_timestamp()",
                 "somebody to have the lease");
        wait_for_moment((enum moment)(i % MOMENTS), blocker, rand_r(&seed) % 2);
        nap_up_to(i % MOMENTS == SWITCHING || i % MOMENTS == RETIRING ? 300 : 20);
        fell[kill_one(projectors, 2)]++;
        (void)!cairn_pg_script(blocker, "rollback", NULL);
    }
    cairn_pg_close(blocker);
    for (int i = 0; i < MOMENTS; i++)
        print_message("%s: %d kills\n", moment_names[i], fell[i + 1]);
    print_message("between: %d\n", fell[0]);
    expect_one_generation(1);
    expect_happy_readers(true);
    for (int i = 0; i < 2; i++)
        stop(&projectors[i]);
    stop(&query);
    for (int i = 0; i < MOMENTS; i++)
        assert_true(fell[i + 1] > 0);
}

/* ---- a rolling deploy ---- */

static void wait_for_more_events(int64_t count)
{
    wait_for(TEXT("select (cairn.head() > %d)::int", (int)(look("select cairn.head()") + count)),
             "more events");
}

static void an_old_and_a_new_version_side_by_side_are_both_right(void **state)
{
    (void)state;
    struct process projector = start(1, "projector");
    struct process query = start(1, "query");
    wait_until_live(1, 1);
    wait_until_answered(&query);
    start_readers(query.port, 1);
    wait_for_more_events(20);

    struct process new_query = start(2, "query"); /* reports that it has no rows yet */
    struct process new_projector = start(2, "projector");
    wait_until_live(2, 2);
    wait_until_answered(&new_query);
    start_readers(new_query.port, 2);
    wait_for_more_events(100);
    request("request_rebuild('tallies')"); /* of the live generation */
    wait_until_live(3, 2);
    wait_for_more_events(20);
    assert_int_equal(look("select count(*) from cairn.generations where serving"), 2);

    expect_happy_readers(false); /* of both; then the old ones stop */
    start_readers(new_query.port, 2);
    stop(&query);
    stop(&projector);
    wait_for("select count(*) from cairn.generations where generation = 1 and state = 'dropped'",
             "the old version's generation to be dropped");
    wait_for_more_events(20);
    expect_one_generation(2);
    expect_happy_readers(false);
    stop(&new_query);
    stop(&new_projector);
}

/* ---- back and forward ---- */

static void rollback_and_rollforward_under_load_are_invisible_to_clients(void **state)
{
    (void)state;
    window_ms = 3000;
    struct process projector = start(1, "projector");
    struct process query = start(1, "query");
    wait_until_live(1, 1);
    wait_until_answered(&query);
    start_readers(query.port, 1);
    request("request_rebuild('tallies')");
    wait_until_live(2, 1);
    for (int i = 0; i < 6; i++) {
        request("request_rollback('tallies')");
        wait_until_live(i % 2 ? 2 : 1, 1);
        nap_up_to(200);
    }
    assert_int_equal(look("select count(*) from cairn.switches where refused is not null"), 0);
    wait_for("select (count(*) = 1)::int from cairn.generations where state = 'following'",
             "the one that was left to be dropped");
    expect_one_generation(1);
    expect_happy_readers(false);
    stop(&query);
    stop(&projector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_projector_killed_fifty_times_at_every_moment_leaves_one_generation),
        TEST(an_old_and_a_new_version_side_by_side_are_both_right),
        TEST(rollback_and_rollforward_under_load_are_invisible_to_clients),
    };
    return cmocka_run_group_tests_name("generations", tests, NULL, NULL);
}
