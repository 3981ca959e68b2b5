/* test_model.c - random operations on the real store and on its model (../support/model.h),
 * compared after each step. A difference is reduced to the fewest operations, and printed.
 *
 * A test has to be able to fail: for each invariant of store.h there is a breakage of the SQL,
 * which the same run has to detect. */
#include "../support/breakage.h"
#include "../support/fixture.h"
#include "../support/model.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "store/append/append_batch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPS = 24, RUNS = 120, RUNS_WHEN_BROKEN = 5000, BATCH_MAX = 8 };

static struct bench {
    char url[512];
    struct cairn_store *store;
    struct cairn_store *other;
    struct cairn_arena arena; /* of one run */
    int run;
    char why[4000]; /* of the last difference */
} bench;

static void open_bench(void)
{
    char url[600];
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_writer", url, sizeof url);
    assert_int_equal(cairn_store_open(url, "model", &bench.store, NULL), 0);
    assert_int_equal(cairn_store_open(url, "model", &bench.other, NULL), 0);
}

static void close_bench(void)
{
    cairn_store_close(bench.store);
    cairn_store_close(bench.other);
    cairn_arena_close(&bench.arena);
    fixture_drop(bench.url);
}

/* ---- one run: its own streams, claims and commands ---- */

struct run {
    struct model model;
    int64_t base; /* position before its first event */
    char streams[MODEL_STREAMS][40];
    char claims[MODEL_CLAIMS][40];
};

/* Returns the key of the run's command `i`, whose id ends with `i`, for one of two requests. */
static struct cairn_command_key command_key(int run, int i, int request)
{
    struct cairn_command_key ret = {.request_hash = request + 1};
    memcpy(ret.id.bytes, &run, sizeof run);
    ret.id.bytes[sizeof ret.id.bytes - 1] = (uint8_t)i;
    return ret;
}

static void begin_run(struct run *run)
{
    *run = (struct run){0};
    bench.run++;
    cairn_arena_reset(&bench.arena);
    run->base = cairn_store_head(bench.store, NULL);
    for (int i = 0; i < MODEL_STREAMS; i++)
        (void)snprintf(run->streams[i], sizeof run->streams[i], "run%d-%d", bench.run, i);
    for (int i = 0; i < MODEL_CLAIMS; i++)
        (void)snprintf(run->claims[i], sizeof run->claims[i], "run%d-%d", bench.run, i);
}

/* ---- from the model's append to the store's ---- */

static void make_write(const struct run *run, const struct model_append *from, int i,
                       struct cairn_write *ret)
{
    const struct model_write *write = &from->op->writes[i];
    struct cairn_new_event *events =
        cairn_new(&bench.arena, struct cairn_new_event, (size_t)write->events);
    for (int k = 0; k < write->events; k++)
        events[k] = (struct cairn_new_event){.id = from->ids[i][k],
                                             .type = "Happened",
                                             .schema_version = 1,
                                             .data = "{\"a\": 1}",
                                             .meta = "{}"};
    *ret = (struct cairn_write){
        .expected = from->expected[i], .events = events, .event_count = (size_t)write->events};
    ret->expected.stream = run->streams[write->stream];
    if (write->claim >= 0) {
        struct cairn_claim *claim = cairn_new(&bench.arena, struct cairn_claim, 1);
        *claim = (struct cairn_claim){
            .taken = write->takes, .scope = "model", .key = run->claims[write->claim]};
        ret->claims = claim;
        ret->claim_count = 1;
    }
    if (write->command >= 0) {
        struct cairn_new_command *command = cairn_new(&bench.arena, struct cairn_new_command, 1);
        *command = (struct cairn_new_command){
            .key = command_key(bench.run, write->command, write->hash),
            .status = 200,
            .events_to = (size_t)write->events,
            .event_count = (size_t)write->events,
        };
        ret->commands = command;
        ret->command_count = 1;
    }
}

static struct cairn_append make_append(const struct run *run, const struct model_append *from)
{
    struct cairn_write *writes = cairn_new(&bench.arena, struct cairn_write, 2);
    for (int i = 0; i < from->op->write_count; i++)
        make_write(run, from, i, &writes[i]);
    struct cairn_append append = {.writes = writes, .write_count = (size_t)from->op->write_count};
    if (from->op->check >= 0) {
        struct cairn_expected *check = cairn_new(&bench.arena, struct cairn_expected, 1);
        *check = from->check;
        check->stream = run->streams[from->op->check];
        append.checks = check;
        append.check_count = 1;
    }
    return append;
}

/* ---- comparing ---- */

static bool differ(const char *what, const char *wanted, const char *seen)
{
    if (strcmp(wanted, seen) == 0)
        return false;
    (void)snprintf(bench.why, sizeof bench.why, "%s\n  wanted: %.1500s\n  seen:   %.1500s\n", what,
                   wanted, seen);
    return true;
}

static const char *describe_outcome(int outcome, const struct cairn_appended *ret, int count,
                                    int64_t base)
{
    if (outcome != 0)
        return cairn_print(&bench.arena, "%s",
                           outcome > 0 ? "replayed" : cairn_code_info(outcome)->name);
    const char *text = "appended";
    for (int i = 0; i < count; i++)
        text = cairn_print(&bench.arena, "%s, version %" PRId64 " at %" PRId64, text,
                           ret[i].version, ret[i].position - base);
    return text;
}

static bool outcome_differs(const struct run *run, const struct model_op *op, int wanted,
                            const struct cairn_appended *wanted_ret, int seen,
                            const struct cairn_appended *seen_ret)
{
    return differ("an outcome differs", describe_outcome(wanted, wanted_ret, op->write_count, 0),
                  describe_outcome(seen, seen_ret, op->write_count, run->base));
}

static const char *ask(const char *format, ...) CAIRN_PRINTF(1, 2);
static const char *ask(const char *format, ...)
{
    char sql[1000];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(sql, sizeof sql, format, list);
    va_end(list);
    CAIRN_PG_RESULT *rows = NULL;
    struct cairn_error error = {0};
    struct cairn_pg_params none = {.arena = &bench.arena};
    if (cairn_pg_call_printed(cairn_store_pg(bench.store), sql, &none, &rows, &error) < 0)
        return cairn_copy_text(&bench.arena, error.message);
    return cairn_copy_text(&bench.arena, cairn_pg_text(rows, 0, 0));
}

static bool log_differs(const struct run *run)
{
    struct cairn_buffer wanted = cairn_buffer(&bench.arena);
    for (int64_t i = 0; i < run->model.count; i++) {
        char id[CAIRN_UUID_TEXT_SIZE];
        cairn_uuid_format(run->model.events[i].id, id);
        cairn_buffer_print(&wanted, "%" PRId64 ":%s:%" PRId64 ":%.8s ", i + 1,
                           run->streams[run->model.events[i].stream], run->model.events[i].version,
                           id + 28);
    }
    return differ("the log differs", wanted.text,
                  ask("select coalesce(string_agg(position - %" PRId64 " || ':' || stream || ':' ||"
                      " version || ':' || substr(event_id::text, 29) || ' ', '' order by position),"
                      " '') from cairn.events where position > %" PRId64,
                      run->base, run->base));
}

static bool claims_differ(const struct run *run)
{
    struct cairn_buffer wanted = cairn_buffer(&bench.arena);
    for (int i = 0; i < MODEL_CLAIMS; i++) {
        if (run->model.holder[i])
            cairn_buffer_print(&wanted, "%s=%s ", run->claims[i],
                               run->streams[run->model.holder[i] - 1]);
    }
    return differ(
        "the claims differ", wanted.text,
        ask("select coalesce(string_agg(key || '=' || stream || ' ', '' order by key), '')"
            " from cairn.claims where key like 'run%d-%%'",
            bench.run));
}

static bool commands_differ(const struct run *run)
{
    struct cairn_buffer wanted = cairn_buffer(&bench.arena);
    for (int i = 0; i < MODEL_COMMANDS; i++) {
        if (run->model.commands[i].known)
            cairn_buffer_print(&wanted, "%d:%s:%" PRId64 ":%" PRId64 ":%" PRId64 ":%d ", i,
                               run->streams[run->model.commands[i].stream],
                               run->model.commands[i].version, run->model.commands[i].position,
                               run->model.commands[i].events, run->model.commands[i].hash + 1);
    }
    return differ(
        "the commands differ", wanted.text,
        ask("select coalesce(string_agg(right(command_id::text, 1) || ':' || stream || ':'"
            " || version || ':' || position - %" PRId64 " || ':' || event_count || ':' ||"
            " request_hash || ' ', '' order by command_id), '')"
            " from cairn.commands where stream like 'run%d-%%'",
            run->base, bench.run));
}

static bool state_differs(const struct run *run)
{
    return log_differs(run) || claims_differ(run) || commands_differ(run);
}

/* ---- a batch of operations ---- */

struct pending {
    struct model_append from[BATCH_MAX];
    struct cairn_append appends[BATCH_MAX];
    int count;
    struct cairn_append_batch batch;
};

/* Runs the pending operations on both, and compares. */
static bool batch_differs(struct run *run, struct pending *pending)
{
    int outcomes[BATCH_MAX];
    struct cairn_appended seen[BATCH_MAX][2] = {0};
    struct cairn_error error = {0};
    if (pending->count == 1) {
        outcomes[0] =
            cairn_store_append(bench.store, &pending->appends[0], &bench.arena, seen[0], &error);
    } else {
        if (cairn_append_batch_call(&pending->batch, bench.store, &error) < 0)
            return differ("the batch failed", "", error.message);
        struct cairn_append_batch_cursor cursor = {0};
        for (int i = 0; i < pending->count; i++)
            outcomes[i] = cairn_append_batch_next(&pending->batch, &cursor, &pending->appends[i],
                                                  seen[i], NULL);
    }
    bool differs = false;
    for (int i = 0; i < pending->count && !differs; i++) {
        struct cairn_appended wanted[2] = {0};
        int outcome = model_append(&run->model, &pending->from[i], wanted);
        differs = outcome_differs(run, pending->from[i].op, outcome, wanted, outcomes[i], seen[i]);
    }
    pending->count = 0;
    return differs || state_differs(run);
}

static bool fits(const struct pending *pending, const struct model_op *op,
                 const struct cairn_append *append)
{
    return pending->count == 0 || (op->joins && pending->count < BATCH_MAX &&
                                   cairn_append_batch_takes(&pending->batch, append));
}

static void add(struct run *run, struct pending *pending, struct model_stream *belief,
                const struct model_op *op)
{
    struct model_append *from = &pending->from[pending->count];
    model_resolve(belief, op, from);
    pending->appends[pending->count] = make_append(run, from);
    if (pending->count == 0)
        cairn_append_batch_init(&pending->batch, &bench.arena);
    cairn_append_batch_add(&pending->batch, &pending->appends[pending->count]);
    pending->count++;
}

/* An operation within a batch expects the earlier ones to succeed. */
static bool run_differs(const struct model_op *ops, int count)
{
    struct run run;
    struct pending pending = {.count = 0};
    struct model_stream belief[MODEL_STREAMS];
    begin_run(&run);
    memcpy(belief, run.model.streams, sizeof belief);
    for (int i = 0; i < count; i++) {
        struct model_stream kept[MODEL_STREAMS];
        struct model_append probe;
        memcpy(kept, belief, sizeof kept);
        model_resolve(kept, &ops[i], &probe);
        const struct cairn_append append = make_append(&run, &probe);
        if (!fits(&pending, &ops[i], &append)) {
            if (batch_differs(&run, &pending))
                return true;
            memcpy(belief, run.model.streams, sizeof belief);
        }
        add(&run, &pending, belief, &ops[i]);
    }
    return pending.count > 0 && batch_differs(&run, &pending);
}

/* ---- reducing ---- */

static void shrink(struct model_op *ops, int *count)
{
    for (int i = *count - 1; i >= 0; i--) {
        struct model_op fewer[OPS];
        memcpy(fewer, ops, sizeof fewer);
        memmove(&fewer[i], &fewer[i + 1], (size_t)(*count - i - 1) * sizeof fewer[0]);
        if (run_differs(fewer, *count - 1)) {
            memcpy(ops, fewer, sizeof fewer);
            --*count;
        }
    }
    (void)run_differs(ops, *count); /* sets bench.why once more */
}

/* ---- invariants 3 and 5, which random operations cannot test ---- */

static bool somebody_waits(void *context)
{
    bool *done = context;
    return __atomic_load_n(done, __ATOMIC_ACQUIRE) ||
           fixture_sql_int(bench.url, "select count(*) from pg_locks where not granted") > 0;
}

static void *append_once(void *context)
{
    struct cairn_pg *pg = cairn_store_pg(bench.store);
    (void)!cairn_pg_script(pg, "select cairn.append('run0-late', 'Happened', '{}')", NULL);
    __atomic_store_n((bool *)context, true, __ATOMIC_RELEASE);
    return NULL;
}

/* While an append is open no other may get a position: a reader could see it and then an earlier
 * one. */
static bool somebody_overtakes(void)
{
    struct cairn_pg *other = cairn_store_pg(bench.other);
    bool done = false;
    pthread_t thread;
    fixture_sql(bench.url, "select cairn.append('run0-first', 'Happened', '{}')");
    assert_int_equal(cairn_pg_script(other,
                                     "begin; select cairn.append('run0-open', 'Happened',"
                                     " '{}')",
                                     NULL),
                     0);
    assert_int_equal(pthread_create(&thread, NULL, append_once, &done), 0);
    fixture_wait(somebody_waits, &done, 10000, "the second append to wait or to be through");
    bool overtaken = __atomic_load_n(&done, __ATOMIC_ACQUIRE);
    (void)!cairn_pg_script(other, "rollback", NULL);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return overtaken && differ("an append overtook another", "it waits", "it is through");
}

static bool somebody_changes_what_has_happened(void)
{
    static const char *const tries[] = {
        "update cairn.events set type = 'X' where position = 1",
        "delete from cairn.events where position = 1",
        "truncate cairn.events",
        "begin; set local session_replication_role = replica; delete from cairn.events; rollback",
    };
    struct cairn_pg *pg = NULL;
    bool changed = false;
    char url[600];
    fixture_url_as(bench.url, "postgres", url, sizeof url); /* the superuser */
    assert_int_equal(cairn_pg_open(url, "model", &pg, NULL), 0);
    for (size_t i = 0; i < sizeof tries / sizeof tries[0] && !changed; i++) {
        if (cairn_pg_script(pg, tries[i], NULL) == 0)
            changed = differ("the past was changed", "a refusal", tries[i]);
        (void)!cairn_pg_script(pg, "rollback", NULL);
    }
    cairn_pg_close(pg);
    return changed;
}

/* ---- examining ---- */

static bool examine(unsigned seed, int runs, struct model_op *ops, int *ret_count)
{
    *ret_count = 0;
    if (somebody_overtakes() || somebody_changes_what_has_happened())
        return true;
    for (int i = 0; i < runs; i++) {
        unsigned random = seed + (unsigned)i;
        for (int k = 0; k < OPS; k++)
            ops[k] = model_random_op(&random);
        if (run_differs(ops, OPS)) {
            *ret_count = OPS;
            shrink(ops, ret_count);
            return true;
        }
    }
    return false;
}

static const char *print_ops(const struct model_op *ops, int count)
{
    struct cairn_buffer out = cairn_buffer(&bench.arena);
    for (int i = 0; i < count; i++)
        model_print_op(&ops[i], &out);
    return out.text;
}

static unsigned take_seed(void)
{
    const char *text = getenv("CAIRN_TEST_SEED");
    return text ? (unsigned)strtoul(text, NULL, 10) : (unsigned)cairn_now().us;
}

static void the_store_does_what_the_model_does(void **state)
{
    (void)state;
    struct model_op ops[OPS];
    int count = 0;
    unsigned seed = take_seed();
    open_bench();
    if (examine(seed, RUNS, ops, &count))
        fail_msg("CAIRN_TEST_SEED=%u\n%s%s", seed, bench.why, print_ops(ops, count));
    close_bench();
}

/* ---- breakages: ../support/breakage.h ---- */

static void each_invariant_is_missed_when_it_is_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < breakage_count; i++) {
        struct model_op ops[OPS];
        int count = 0;
        open_bench();
        breakage_apply(&breakages[i], bench.url);
        unsigned seed = take_seed();
        if (!examine(seed, RUNS_WHEN_BROKEN, ops, &count))
            fail_msg("CAIRN_TEST_SEED=%u: nobody noticed that this is broken: %s", seed,
                     breakages[i].invariant);
        print_message("broken: %s\n%s%s", breakages[i].invariant, print_ops(ops, count), bench.why);
        close_bench();
    }
}

static void a_log_that_can_be_changed_is_noticed(void **state)
{
    (void)state;
    open_bench();
    assert_false(somebody_changes_what_has_happened());
    fixture_sql(bench.url, "alter table cairn.events disable trigger events_are_never_changed");
    assert_true(somebody_changes_what_has_happened());
    fixture_sql(bench.url, "alter table cairn.events enable trigger events_are_never_changed");
    assert_true(somebody_changes_what_has_happened()); /* not always enabled */
    close_bench();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_store_does_what_the_model_does),
        cmocka_unit_test(each_invariant_is_missed_when_it_is_broken),
        cmocka_unit_test(a_log_that_can_be_changed_is_noticed),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
