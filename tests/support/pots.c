/* pots.c - a small domain for tests of projections, and their bench. */
#include "pots.h"

#include "fixture.h"
#include "support.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "projection/tables/table_names.h"
#include "store/append/append.h"

#include <stdio.h>
#include <string.h>

/* ---- the domain ---- */

/* A label of several thousand bytes does not fit into its index: PostgreSQL rejects the row. */
CAIRN_PROJECTION(pots, .version = 1, .help = "It's one row a pot.",
                 CAIRN_INDEXES("litres", "label"));

CAIRN_ON(pots, pot, pot_filled)
{
    row->pot_id = meta->id;
    row->litres += event->litres;
    return event->litres == 666 ? CAIRN_PARK : CAIRN_KEEP;
}

enum cairn_row pots_fill(void *row, const void *event, const struct cairn_meta *meta,
                         struct cairn_arena *arena, struct cairn_error *error)
{
    return pots_on_pot_filled(row, event, meta, arena, error);
}

CAIRN_KEYS(pots, pot_poured)
{
    cairn_key_uuid(ret, meta->id);
    cairn_key_uuid(ret, event->into);
}

CAIRN_ON(pots, pot, pot_poured)
{
    char from[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(meta->id, from);
    bool is_from = strcmp(meta->key, from) == 0;
    row->pot_id = is_from ? meta->id : event->into;
    row->litres += is_from ? -event->litres : event->litres;
    return CAIRN_KEEP;
}

CAIRN_ON(pots, pot, pot_labelled)
{
    row->pot_id = meta->id;
    row->label = event->label;
    return CAIRN_KEEP;
}

CAIRN_ON(pots, pot, pot_broken)
{
    return CAIRN_DELETE;
}

const struct cairn_projection pots_that_stop = {.name = "pots",
                                                .version = 1,
                                                .row = &pots_record,
                                                .poison = CAIRN_POISON_STOPS,
                                                .on = &pots_handlers_};

static struct cairn_handlers version_2_handlers;
const struct cairn_projection pots_version_2 = {
    .name = "pots", .version = 2, .row = &pots_record, .on = &version_2_handlers};

static struct cairn_handlers mended_handlers;
const struct cairn_projection pots_that_are_mended = {
    .name = "pots", .version = 1, .row = &pots_record, .on = &mended_handlers};

static enum cairn_row fill_whatever(void *row, const void *event, const struct cairn_meta *meta,
                                    struct cairn_arena *arena, struct cairn_error *error)
{
    struct pots *pot = row;
    (void)arena;
    (void)error;
    pot->pot_id = meta->id;
    pot->litres += ((const struct pot_filled *)event)->litres;
    return CAIRN_KEEP;
}

/* A handler belongs to one list: the others get a copy. */
static void add_copy(struct cairn_handlers *list, struct cairn_on *copy, const struct cairn_on *on)
{
    *copy = *on;
    cairn_handlers_add(list, &copy->handler);
}

CAIRN_BEFORE_MAIN_(add_the_other_handlers)
{
    static struct cairn_on filled, poured, whatever, mended_poured, mended_labelled, mended_broken;
    add_copy(&version_2_handlers, &filled, &pots_on_pot_filled_);
    add_copy(&version_2_handlers, &poured, &pots_on_pot_poured_);
    add_copy(&mended_handlers, &whatever, &pots_on_pot_filled_);
    whatever.apply = fill_whatever;
    add_copy(&mended_handlers, &mended_poured, &pots_on_pot_poured_);
    add_copy(&mended_handlers, &mended_labelled, &pots_on_pot_labelled_);
    add_copy(&mended_handlers, &mended_broken, &pots_on_pot_broken_);
}

CAIRN_STRUCT(cellar, INT(litres));
CAIRN_PROJECTION(cellar, .version = 1);

CAIRN_KEYS(cellar, pot_filled)
{
    cairn_key(ret, "cellar");
}

CAIRN_ON(cellar, pot, pot_filled)
{
    row->litres += event->litres;
    return CAIRN_KEEP;
}

/* ---- the bench ---- */

struct pot_bench pot_bench;
struct cairn_rebuild_limits pot_rebuild = {
    .memory_bytes = 64 << 20, .threads = 2, .directory = "/var/tmp", .window_ms = 3600000};

int pots_setup(void **state)
{
    (void)state;
    cairn_log_setup("test", CAIRN_LOG_ERROR);
    pot_bench = (struct pot_bench){.redis_url = fixture_redis()};
    fixture_database(pot_bench.url, sizeof pot_bench.url);
    fixture_url_as(pot_bench.url, "cairn_projector", pot_bench.projector_url,
                   sizeof pot_bench.projector_url);
    assert_int_equal(cairn_store_open(pot_bench.url, "test", &pot_bench.store, NULL), 0);
    assert_int_equal(
        cairn_redis_open(pot_bench.redis_url, CAIRN_SECONDS(20), &pot_bench.redis, NULL), 0);
    assert_int_equal(cairn_store_timeline(pot_bench.store, &pot_bench.timeline, NULL), 0);
    return 0;
}

int pots_teardown(void **state)
{
    (void)state;
    stop_projector();
    cairn_redis_close(pot_bench.redis);
    cairn_store_close(pot_bench.store);
    cairn_arena_close(&pot_bench.arena);
    fixture_drop(pot_bench.url);
    return 0;
}

struct pot_keeper start_keeper(const struct cairn_projection *projection, const char *redis_url)
{
    struct pot_keeper keeper = {0};
    struct cairn_error error = {0};
    if (cairn_leases_open(pot_bench.projector_url, "pots", &keeper.leases, &error) < 0)
        fail_msg("%s", error.message);
    const struct cairn_projector_options options = {
        .database_url = pot_bench.projector_url,
        .redis_url = redis_url,
        .leases = keeper.leases,
        .projections = &projection,
        .count = 1,
        .rebuild = pot_rebuild,
    };
    if (cairn_projector_start(&options, &keeper.projector, &error) < 0)
        fail_msg("%s", error.message);
    return keeper;
}

void stop_keeper(struct pot_keeper *keeper)
{
    if (!keeper->leases)
        return;
    cairn_leases_stop(keeper->leases);
    cairn_projector_stop(keeper->projector);
    cairn_leases_close(keeper->leases);
    *keeper = (struct pot_keeper){0};
}

void start_projector(void)
{
    pot_bench.keeper = start_keeper(&pots_projection, pot_bench.redis_url);
}

void stop_projector(void)
{
    stop_keeper(&pot_bench.keeper);
}

struct cairn_projector_state keeper_state(const struct pot_keeper *keeper)
{
    struct cairn_projector_state state;
    assert_int_equal(cairn_projector_states(keeper->projector, &state, 1), 1);
    return state;
}

/* ---- events ---- */

struct cairn_uuid new_pot(void)
{
    return cairn_uuid_make();
}

void append(const char *category, struct cairn_uuid id, const char *type, int64_t version,
            const char *data)
{
    const struct cairn_new_event event = {.id = cairn_uuid_make(),
                                          .type = type,
                                          .schema_version = version,
                                          .data = data,
                                          .meta = "{}"};
    const struct cairn_write write = {
        .expected = {.stream = cairn_stream_name(&pot_bench.arena, category, id),
                     .version = CAIRN_VERSION_ANY},
        .events = &event,
        .event_count = 1};
    const struct cairn_append one = {.writes = &write, .write_count = 1};
    struct cairn_appended appended;
    struct cairn_error error = {0};
    if (cairn_store_append(pot_bench.store, &one, &pot_bench.arena, &appended, &error) < 0)
        fail_msg("%s", error.message);
}

void fill(struct cairn_uuid id, int litres)
{
    append("pot", id, "PotFilled", 1, cairn_print(&pot_bench.arena, "{\"litres\":%d}", litres));
}

void pour(struct cairn_uuid from, struct cairn_uuid into, int litres)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(into, text);
    append("pot", from, "PotPoured", 1,
           cairn_print(&pot_bench.arena, "{\"into\":\"%s\",\"litres\":%d}", text, litres));
}

/* ---- state ---- */

int64_t sql_int(const char *sql)
{
    return fixture_sql_int(pot_bench.url, sql);
}

static bool at_head(void *context)
{
    (void)context;
    return sql_int("select coalesce((select min(position) from cairn.checkpoints), -1)"
                   " - cairn.head()") == 0 &&
           sql_int("select count(*) from cairn.generations where live") == 1;
}

void wait_for_head(void)
{
    fixture_wait(at_head, NULL, 60000, "the projection to reach the head");
}

const char *key_of(struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    return cairn_copy_text(&pot_bench.arena, text);
}

void expect_litres(struct cairn_uuid id, int64_t litres)
{
    const char *sql = cairn_print(&pot_bench.arena,
                                  "select litres from read.pots where pot_id = '%s'", key_of(id));
    assert_int_equal(sql_int(sql), litres);
}

const char *redis_get(const char *key)
{
    const struct cairn_redis_arg args[] = {CAIRN_ARG("GET"), CAIRN_ARG(key)};
    struct cairn_redis_reply reply = {0};
    if (cairn_redis_call(pot_bench.redis, args, 2, &pot_bench.arena, &reply, NULL) < 0)
        return NULL;
    return reply.kind == CAIRN_REDIS_TEXT ? reply.text : NULL;
}

const char *redis_row_key(struct cairn_uuid id)
{
    const char *prefix = cairn_redis_row_prefix(&pot_bench.arena, &pot_bench.timeline, "pots", 1);
    return cairn_print(&pot_bench.arena, "%s%s", prefix, key_of(id));
}

const char *redis_row(struct cairn_uuid id)
{
    return redis_get(redis_row_key(id));
}

const char *redis_checkpoint_key(void)
{
    return cairn_redis_checkpoint_key(&pot_bench.arena, &pot_bench.timeline, "pots", 1);
}

/* Returns whether the copy is at the head and has PostgreSQL's revision. */
static bool copy_is_current(void *context)
{
    char wanted[100];
    (void)context;
    const char *checkpoint = redis_get(redis_checkpoint_key());
    fixture_sql_text(pot_bench.url,
                     "select concat_ws(' ', epoch, position, fence, revision)"
                     " from cairn.checkpoints where projection = 'pots' and generation = 1"
                     "     and position = cairn.head()",
                     wanted, sizeof wanted);
    return checkpoint && strcmp(checkpoint, wanted) == 0;
}

void wait_for_copy(void)
{
    fixture_wait(copy_is_current, NULL, 60000, "the copy in Redis to be current");
}

struct problem {
    const struct pot_keeper *keeper;
    const char *words;
};

static bool has_problem(void *context)
{
    const struct problem *problem = context;
    struct cairn_projector_state state = keeper_state(problem->keeper);
    return !state.following && strstr(state.problem, problem->words);
}

void wait_for_problem(const struct pot_keeper *keeper, const char *words)
{
    struct problem problem = {keeper, words};
    fixture_wait(has_problem, &problem, 60000, words);
}

static bool is_one(void *context)
{
    return sql_int(context) == 1;
}

void wait_for_sql(const char *sql, const char *what)
{
    fixture_wait(is_one, cairn_copy_text(&pot_bench.arena, sql), 60000, what);
}

void redis_do(const char *command, const char *key, const char *value)
{
    const struct cairn_redis_arg args[] = {CAIRN_ARG(command), CAIRN_ARG(key), CAIRN_ARG(value)};
    struct cairn_redis_reply reply;
    size_t count = *value ? 3 : *key ? 2 : 1;
    assert_int_equal(cairn_redis_call(pot_bench.redis, args, count, &pot_bench.arena, &reply, NULL),
                     0);
}
