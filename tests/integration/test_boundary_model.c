/* test_boundary_model.c - random appends with tags and boundaries, on the real store and on a model
 * that is a list of events, searched from its beginning for each condition: one after the other in
 * batches and by cairn.append_if; then from many threads at once, after which the list is made of
 * the log, and each outcome is compared with it. Each breakage of tags and boundaries
 * (../support/breakage.h) has to be noticed. */
#include "../support/breakage.h"
#include "../support/fixture.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "store/append/append_batch.h"
#include "store/commit/appender.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TAGS = 4,
    TYPES = 3,
    EVENTS_MAX = 3, /* of one append */
    EDGES_MAX = 3,
    BATCH_MAX = 6,
    STEPS = 40, /* of one run */
    RUNS = 40,
    RUNS_WHEN_BROKEN = 400,
    LOG_MAX = 20000,
};

static const char *const type_names[TYPES] = {"Opened", "Moved", "Closed"};

/* ---- the model ---- */

/* An event: bits of tags. */
struct thing {
    struct cairn_uuid id;
    int type;
    unsigned tags;
};

/* What a condition is about: events that have all of these tags, and one of these types; 0: all. */
struct item {
    unsigned tags;
    unsigned types;
};

/* A condition: among the events after a position that the item matches, the last is this one. */
struct edge {
    struct item item;
    int64_t after; /* counted from the model's first event */
    struct cairn_uuid after_id, last_id;
};

struct step {
    bool by_hand; /* by cairn.append_if: no event may match any of the items */
    bool joins;   /* the batch of the step before */
    struct thing events[EVENTS_MAX];
    int event_count;
    struct edge edges[EDGES_MAX];
    int edge_count;
};

static struct bench {
    char url[512];
    struct cairn_store *store;
    struct cairn_arena arena;
    PGconn *sql;
    int run;
    int64_t base; /* the position before the first event of the model */
    struct thing log[LOG_MAX];
    int64_t count;
    char why[4000];
} bench;

static bool matches(const struct thing *thing, const struct item *item)
{
    return (thing->tags & item->tags) == item->tags &&
           (!item->types || (item->types >> thing->type & 1));
}

/* Returns the last event from position `after` on that the item matches, before position `end`. */
static struct cairn_uuid last_match(const struct item *item, int64_t after, int64_t end)
{
    struct cairn_uuid last = {{0}};
    for (int64_t i = after; i < end; i++) {
        if (matches(&bench.log[i], item))
            last = bench.log[i].id;
    }
    return last;
}

static bool holds(const struct edge *edge, int64_t end)
{
    bool is_known = !cairn_uuid_is_zero(edge->after_id);
    if (is_known && (edge->after < 1 || edge->after > end ||
                     !cairn_uuid_equal(bench.log[edge->after - 1].id, edge->after_id)))
        return false;
    return cairn_uuid_equal(last_match(&edge->item, edge->after, end), edge->last_id);
}

/* Returns the outcome that the store must have. */
static int model_append(const struct step *step)
{
    for (int i = 0; i < step->edge_count; i++) {
        if (!holds(&step->edges[i], bench.count))
            return -CAIRN_CONFLICT;
    }
    for (int i = 0; i < step->event_count; i++) {
        assert_true(bench.count < LOG_MAX);
        bench.log[bench.count++] = step->events[i];
    }
    return 0;
}

/* ---- random steps ---- */

static int below(unsigned *random, int end)
{
    *random = *random * 1664525U + 1013904223U;
    return (int)((*random >> 8) % (unsigned)end);
}

/* What the author of a batch believes: everything of it so far succeeds. */
struct belief {
    struct thing events[BATCH_MAX * EVENTS_MAX];
    int count;
};

static struct cairn_uuid last_believed(const struct belief *belief, const struct item *item,
                                       int64_t after)
{
    struct cairn_uuid last = last_match(item, after, bench.count);
    for (int i = 0; i < belief->count; i++) {
        if (matches(&belief->events[i], item))
            last = belief->events[i].id;
    }
    return last;
}

/* A condition that holds if all goes well, or one of the ways in which it does not. */
static struct edge random_edge(unsigned *random, const struct belief *belief)
{
    struct edge edge = {
        .item = {1U << below(random, TAGS), (unsigned)below(random, 1 << TYPES)},
        .after = bench.count,
    };
    int kind = below(random, 8);
    if (kind == 0) /* an older position */
        edge.after = below(random, (int)bench.count + 1);
    if (edge.after > 0 && below(random, 2))
        edge.after_id = bench.log[edge.after - 1].id;
    if (kind != 0 && kind != 1) /* 1: it does not know what is in its own batch */
        edge.last_id = last_believed(belief, &edge.item, edge.after);
    if (kind == 2 && below(random, 2))
        edge.last_id = cairn_uuid_make();
    else if (kind == 2)
        edge.after_id = cairn_uuid_make(); /* another history */
    return edge;
}

static struct thing random_thing(unsigned *random)
{
    return (struct thing){cairn_uuid_make(), below(random, TYPES),
                          (unsigned)below(random, 1 << TAGS)};
}

static struct step random_step(unsigned *random, struct belief *belief)
{
    struct step step = {.by_hand = below(random, 5) == 0,
                        .joins = below(random, 4) > 0,
                        .event_count = 1 + below(random, EVENTS_MAX),
                        .edge_count = below(random, EDGES_MAX + 1)};
    step.joins = step.joins && belief->count + EVENTS_MAX <= BATCH_MAX * EVENTS_MAX;
    if (step.by_hand || !step.joins)
        belief->count = 0;
    for (int i = 0; i < step.event_count; i++)
        step.events[i] = random_thing(random);
    if (step.by_hand && step.edge_count == 0)
        step.edge_count = 1;
    for (int i = 0; i < step.edge_count; i++)
        step.edges[i] = random_edge(random, belief);
    for (int i = 0; i < step.edge_count && step.by_hand; i++) {
        step.edges[i].item.tags |= 1U << below(random, TAGS); /* of two tags, mostly */
        step.edges[i].after = step.edges[0].after;
        step.edges[i].after_id = step.edges[i].last_id = (struct cairn_uuid){{0}};
    }
    for (int i = 0; i < step.event_count && !step.by_hand; i++)
        belief->events[belief->count++] = step.events[i];
    return step;
}

/* ---- from the model's step to the store's append ---- */

static const char *tag_text(struct cairn_arena *arena, int tag)
{
    return cairn_print(arena, "model:%d-%d", bench.run, tag);
}

/* Returns the tags of these bits as a JSON array. */
static const char *tags_text(struct cairn_arena *arena, unsigned tags)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_char(&out, '[');
    for (int i = 0; i < TAGS; i++) {
        if (tags >> i & 1)
            cairn_buffer_print(&out, "%s\"%s\"", out.length > 1 ? "," : "", tag_text(arena, i));
    }
    cairn_buffer_char(&out, ']');
    return out.text;
}

static const char *types_text(struct cairn_arena *arena, unsigned types)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_char(&out, '[');
    for (int i = 0; i < TYPES; i++) {
        if (types >> i & 1)
            cairn_buffer_print(&out, "%s\"%s\"", out.length > 1 ? "," : "", type_names[i]);
    }
    cairn_buffer_char(&out, ']');
    return out.text;
}

static const char *const *type_list(struct cairn_arena *arena, unsigned types)
{
    const char **list = cairn_new(arena, const char *, TYPES + 1);
    size_t count = 0;
    for (int i = 0; i < TYPES; i++) {
        if (types >> i & 1)
            list[count++] = type_names[i];
    }
    list[count] = NULL;
    return count ? list : NULL;
}

static struct cairn_new_event make_event(struct cairn_arena *arena, const struct thing *thing)
{
    const char **tags = cairn_new(arena, const char *, TAGS);
    size_t count = 0;
    for (int i = 0; i < TAGS; i++) {
        if (thing->tags >> i & 1)
            tags[count++] = tag_text(arena, i);
    }
    return (struct cairn_new_event){
        .id = thing->id,
        .type = type_names[thing->type],
        .schema_version = 1,
        .data = "{}",
        .meta = cairn_print(arena, "{\"tags\":%s}", tags_text(arena, thing->tags)),
        .tags = tags,
        .tag_count = count};
}

static struct cairn_append make_append(struct cairn_arena *arena, const struct step *step)
{
    struct cairn_new_event *events =
        cairn_new(arena, struct cairn_new_event, (size_t)step->event_count);
    struct cairn_boundary *edges = cairn_new(arena, struct cairn_boundary, EDGES_MAX);
    struct cairn_write *write = cairn_new(arena, struct cairn_write, 1);
    for (int i = 0; i < step->event_count; i++)
        events[i] = make_event(arena, &step->events[i]);
    for (int i = 0; i < step->edge_count; i++) {
        const struct edge *edge = &step->edges[i];
        int tag = 0;
        while (!(edge->item.tags >> tag & 1))
            tag++;
        edges[i] = (struct cairn_boundary){.tag = tag_text(arena, tag),
                                           .types = type_list(arena, edge->item.types),
                                           .after = bench.base + edge->after,
                                           .after_id = edge->after_id,
                                           .last_id = edge->last_id};
    }
    *write =
        (struct cairn_write){.expected.stream = cairn_stream_name(arena, "thing", events[0].id),
                             .events = events,
                             .event_count = (size_t)step->event_count};
    return (struct cairn_append){.writes = write,
                                 .write_count = 1,
                                 .boundaries = edges,
                                 .boundary_count = (size_t)step->edge_count};
}

/* Calls it again for as long as others hold the log's lock for too long. */
static PGresult *append_if(PGconn *sql, const char *const values[static 3])
{
    for (;;) {
        PGresult *result = PQexecParams(
            sql, "select stream from cairn.append_if($1::json, $2::json, $3::bigint, 'thing')", 3,
            NULL, values, NULL, NULL, 0);
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (!state || strcmp(state, "55P03") != 0)
            return result;
        PQclear(result);
    }
}

/* Runs the step by cairn.append_if, and notes the ids that its events have. */
static int append_by_hand(PGconn *sql, struct cairn_arena *arena, struct step *step)
{
    struct cairn_buffer events = cairn_buffer(arena);
    struct cairn_buffer query = cairn_buffer(arena);
    for (int i = 0; i < step->event_count; i++)
        cairn_buffer_print(&events, "%s{\"type\":\"%s\",\"data\":{},\"tags\":%s}", i ? "," : "",
                           type_names[step->events[i].type],
                           tags_text(arena, step->events[i].tags));
    for (int i = 0; i < step->edge_count; i++)
        cairn_buffer_print(&query, "%s{\"tags\":%s,\"types\":%s}", i ? "," : "",
                           tags_text(arena, step->edges[i].item.tags),
                           types_text(arena, step->edges[i].item.types));
    const char *values[] = {cairn_print(arena, "[%s]", events.text),
                            cairn_print(arena, "[%s]", query.text),
                            cairn_print(arena, "%" PRId64, bench.base + step->edges[0].after)};
    PGresult *result = append_if(sql, values);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (PQresultStatus(result) != PGRES_TUPLES_OK && (!state || strcmp(state, "CA001") != 0))
        fail_msg("%s", PQresultErrorMessage(result));
    const char *stream = state ? NULL : cairn_copy_text(arena, PQgetvalue(result, 0, 0));
    PQclear(result);
    if (!stream)
        return -CAIRN_CONFLICT;
    result =
        PQexecParams(sql, "select event_id from cairn.events where stream = $1 order by version", 1,
                     NULL, &stream, NULL, NULL, 0);
    assert_int_equal(PQntuples(result), step->event_count);
    for (int i = 0; i < step->event_count; i++)
        assert_int_equal(cairn_uuid_parse(PQgetvalue(result, i, 0), &step->events[i].id), 0);
    PQclear(result);
    return 0;
}

/* ---- comparing ---- */

static bool differ(const char *what, const char *wanted, const char *seen)
{
    if (strcmp(wanted, seen) == 0)
        return false;
    (void)snprintf(bench.why, sizeof bench.why, "%s\n  wanted: %.1800s\n  seen:   %.1800s\n", what,
                   wanted, seen);
    return true;
}

/* Compares the events and the rows of tags after the base. */
static bool log_differs(void)
{
    struct cairn_buffer wanted = cairn_buffer(&bench.arena);
    char sql[700];
    for (int64_t i = 0; i < bench.count; i++) {
        char id[CAIRN_UUID_TEXT_SIZE];
        const struct thing *thing = &bench.log[i];
        cairn_uuid_format(thing->id, id);
        cairn_buffer_print(&wanted, "%" PRId64 ":%.8s:%s", i + 1, id + 28, type_names[thing->type]);
        for (int k = 0; k < TAGS; k++) {
            if (thing->tags >> k & 1)
                cairn_buffer_print(&wanted, ",%s:%s", tag_text(&bench.arena, k),
                                   type_names[thing->type]);
        }
        cairn_buffer_char(&wanted, ' ');
    }
    (void)snprintf(sql, sizeof sql,
                   "select coalesce(string_agg(e.position - %" PRId64 " || ':' ||"
                   " substr(e.event_id::text, 29) || ':' || e.type || coalesce((select"
                   " string_agg(',' || t.tag || ':' || t.type, '' order by t.tag) from cairn.tags t"
                   " where t.shard = 0 and t.position = e.position), '') || ' ', ''"
                   " order by e.position), '') from cairn.events e where e.position > %" PRId64,
                   bench.base, bench.base);
    PGresult *result = PQexec(bench.sql, sql);
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    bool differs = differ("the log or its tags differ", wanted.text ? wanted.text : "",
                          PQgetvalue(result, 0, 0));
    PQclear(result);
    return differs;
}

static bool outcome_differs(const struct step *step, int wanted, int seen)
{
    return differ(step->by_hand ? "an outcome of cairn.append_if differs" : "an outcome differs",
                  wanted ? cairn_code_info(wanted)->name : "appended",
                  seen ? cairn_code_info(seen)->name : "appended");
}

/* ---- one after the other ---- */

static bool batch_differs(const struct step *steps, int count)
{
    struct cairn_append_batch batch;
    struct cairn_append appends[BATCH_MAX];
    struct cairn_append_batch_cursor cursor = {0};
    bool differs = false;
    cairn_append_batch_init(&batch, &bench.arena);
    for (int i = 0; i < count; i++) {
        appends[i] = make_append(&bench.arena, &steps[i]);
        assert_int_equal(cairn_append_check(&appends[i], NULL), 0);
        cairn_append_batch_add(&batch, &appends[i]);
    }
    struct cairn_error error = {0};
    if (cairn_append_batch_call(&batch, bench.store, &error) < 0)
        return differ("the batch failed", "", error.message);
    for (int i = 0; i < count && !differs; i++) {
        struct cairn_appended appended;
        int seen = cairn_append_batch_next(&batch, &cursor, &appends[i], &appended, NULL);
        differs = outcome_differs(&steps[i], model_append(&steps[i]), seen);
    }
    return differs;
}

static bool run_by_hand_differs(struct step *step)
{
    int seen = append_by_hand(bench.sql, &bench.arena, step);
    return outcome_differs(step, model_append(step), seen);
}

static void begin_run(void)
{
    bench.run++;
    bench.count = 0;
    cairn_arena_reset(&bench.arena);
    bench.base = cairn_store_head(bench.store, NULL);
}

static bool run_differs(unsigned random)
{
    struct step pending[BATCH_MAX];
    struct belief belief = {.count = 0};
    int count = 0;
    bool differs = false;
    begin_run();
    for (int i = 0; i < STEPS && !differs; i++) {
        struct belief kept = belief;
        unsigned again = random;
        struct step step = random_step(&random, &belief);
        if (count > 0 && (count == BATCH_MAX || step.by_hand || !step.joins)) {
            differs = batch_differs(pending, count) || log_differs();
            count = 0;
            kept.count = 0;
            belief = kept;
            random = again; /* the same step, on what there is now */
            step = random_step(&random, &belief);
        }
        if (step.by_hand)
            differs = differs || run_by_hand_differs(&step) || log_differs();
        else
            pending[count++] = step;
    }
    return differs || (count > 0 && (batch_differs(pending, count) || log_differs()));
}

static unsigned take_seed(void)
{
    const char *text = getenv("CAIRN_TEST_SEED");
    return text ? (unsigned)strtoul(text, NULL, 10) : (unsigned)cairn_now().us;
}

/* Returns whether one of the runs differs, and in which one. */
static bool examine(unsigned seed, int runs, unsigned *ret_seed)
{
    for (int i = 0; i < runs; i++) {
        *ret_seed = seed + (unsigned)i;
        if (run_differs(*ret_seed))
            return true;
    }
    return false;
}

static void open_bench(void)
{
    char url[600];
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_writer", url, sizeof url);
    assert_int_equal(cairn_store_open(url, "model", &bench.store, NULL), 0);
    bench.sql = fixture_connect(url);
}

static void close_bench(void)
{
    cairn_store_close(bench.store);
    PQfinish(bench.sql);
    cairn_arena_close(&bench.arena);
    fixture_drop(bench.url);
}

static void boundaries_do_what_the_model_does(void **state)
{
    (void)state;
    unsigned seed = 0;
    open_bench();
    if (examine(take_seed(), RUNS, &seed))
        fail_msg("CAIRN_TEST_SEED=%u\n%s", seed, bench.why);
    assert_int_equal(fixture_sql_int(bench.url, "select count(*) from cairn.verify_tags()"), 0);
    close_bench();
}

static void each_breakage_of_boundaries_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < boundary_breakage_count; i++) {
        unsigned seed = 0;
        open_bench();
        breakage_apply(&boundary_breakages[i], bench.url);
        if (!examine(take_seed(), RUNS_WHEN_BROKEN, &seed))
            fail_msg("this is broken and nothing differed: %s", boundary_breakages[i].invariant);
        print_message("broken: %s: seed %u: %s", boundary_breakages[i].invariant, seed, bench.why);
        close_bench();
    }
}

/* ---- many at once ---- */

enum { WRITERS = 12, APPENDS = 60 };

struct writer {
    pthread_t thread;
    struct cairn_appender *appender; /* NULL: by hand */
    unsigned random;
    struct step steps[APPENDS];
    int outcomes[APPENDS];
};

/* Makes a step on the head of the log or on some positions before it, as of a cached state. */
static struct step step_at(unsigned *random, int64_t head, bool by_hand)
{
    struct step step = {.by_hand = by_hand,
                        .event_count = 1 + below(random, EVENTS_MAX),
                        .edge_count = 1 + below(random, EDGES_MAX)};
    int64_t after = head - below(random, 4) > 0 ? head - below(random, 3) : 0;
    for (int i = 0; i < step.event_count; i++)
        step.events[i] = random_thing(random);
    for (int i = 0; i < step.edge_count; i++)
        step.edges[i] =
            (struct edge){.item = {1U << below(random, TAGS), (unsigned)below(random, 1 << TYPES)},
                          .after = after > 0 ? after : 0};
    return step;
}

static void *append_at_random(void *context)
{
    struct writer *writer = context;
    struct cairn_arena arena = {0};
    struct cairn_store *store = NULL;
    char url[600];
    fixture_url_as(bench.url, "cairn_writer", url, sizeof url);
    assert_int_equal(cairn_store_open(url, "model", &store, NULL), 0);
    PGconn *sql = fixture_connect(url);
    for (int i = 0; i < APPENDS; i++) {
        struct step *step = &writer->steps[i];
        struct cairn_appended appended;
        cairn_arena_reset(&arena);
        *step =
            step_at(&writer->random, cairn_store_head(store, NULL) - bench.base, !writer->appender);
        if (step->by_hand) {
            writer->outcomes[i] = append_by_hand(sql, &arena, step);
            continue;
        }
        const struct cairn_append append = make_append(&arena, step);
        writer->outcomes[i] = cairn_appender_append(writer->appender, &append, &appended, NULL);
    }
    PQfinish(sql);
    cairn_store_close(store);
    cairn_arena_close(&arena);
    return NULL;
}

/* Makes the model of the log itself, with the tags that its metas have. */
static void read_log(void)
{
    PGresult *result = PQexec(bench.sql, "select event_id, type, meta->'tags' from cairn.events"
                                         " order by position");
    bench.count = PQntuples(result);
    assert_true(bench.count < LOG_MAX);
    for (int i = 0; i < bench.count; i++) {
        struct thing *thing = &bench.log[i];
        *thing = (struct thing){.type = TYPES};
        assert_int_equal(cairn_uuid_parse(PQgetvalue(result, i, 0), &thing->id), 0);
        for (int k = 0; k < TYPES; k++) {
            if (strcmp(PQgetvalue(result, i, 1), type_names[k]) == 0)
                thing->type = k;
        }
        for (int k = 0; k < TAGS; k++) {
            if (strstr(PQgetvalue(result, i, 2),
                       cairn_print(&bench.arena, "\"%s\"", tag_text(&bench.arena, k))))
                thing->tags |= 1U << k;
        }
    }
    PQclear(result);
}

/* Returns the position before the event with this id, or the end of the log. */
static int64_t place_of(struct cairn_uuid id)
{
    int64_t i = 0;
    while (i < bench.count && !cairn_uuid_equal(bench.log[i].id, id))
        i++;
    return i;
}

/* Returns whether an accepted append is in the log as a whole and nothing had come within its
 * conditions, and a refused one is not there and something had. */
static bool is_right(const struct step *step, int outcome)
{
    int64_t place = place_of(step->events[0].id);
    bool holding = true;
    for (int i = 0; i < step->edge_count; i++)
        holding = holding && holds(&step->edges[i], place);
    if (outcome != 0)
        return outcome == -CAIRN_CONFLICT && place == bench.count && !holding;
    for (int i = 0; i < step->event_count; i++) {
        const struct thing *thing = &bench.log[place + i];
        if (place + i >= bench.count || !cairn_uuid_equal(thing->id, step->events[i].id) ||
            thing->type != step->events[i].type || thing->tags != step->events[i].tags)
            return false;
    }
    return holding;
}

/* Runs all writers. Returns how many outcomes are wrong. */
static int run_writers(int *ret_accepted)
{
    static struct writer writers[WRITERS];
    struct cairn_appender *appenders[2];
    int wrong = 0;
    begin_run();
    for (int i = 0; i < 2; i++)
        assert_int_equal(cairn_appender_open(bench.url, "appender", NULL, &appenders[i], NULL), 0);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.appender = i % 3 == 2 ? NULL : appenders[i % 3],
                                     .random = take_seed() + (unsigned)i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, append_at_random, &writers[i]),
                         0);
    }
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
    for (int i = 0; i < 2; i++)
        cairn_appender_close(appenders[i]);
    read_log();
    *ret_accepted = 0;
    for (int i = 0; i < WRITERS; i++) {
        for (int k = 0; k < APPENDS; k++) {
            *ret_accepted += writers[i].outcomes[k] == 0;
            wrong += !is_right(&writers[i].steps[k], writers[i].outcomes[k]);
        }
    }
    return wrong;
}

static void boundaries_of_many_at_once_hold_in_the_log(void **state)
{
    (void)state;
    int accepted = 0;
    open_bench();
    assert_int_equal(run_writers(&accepted), 0);
    assert_true(accepted > WRITERS && accepted < WRITERS * APPENDS);
    assert_false(log_differs());
    close_bench();
}

static void many_at_once_notice_a_boundary_that_is_not_looked_at(void **state)
{
    (void)state;
    int accepted = 0;
    open_bench();
    breakage_apply(&boundary_breakages[0], bench.url);
    assert_true(run_writers(&accepted) > 0);
    close_bench();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boundaries_do_what_the_model_does),
        cmocka_unit_test(each_breakage_of_boundaries_is_noticed),
        cmocka_unit_test(boundaries_of_many_at_once_hold_in_the_log),
        cmocka_unit_test(many_at_once_notice_a_boundary_that_is_not_looked_at),
    };
    return cmocka_run_group_tests_name("boundary model", tests, NULL, NULL);
}
