/* test_row_history.c - why a row is as it is, and how it was: random logs are folded by hand, and
 * every step of every row has to be the same. */
#include "../support/fixture.h"
#include "../support/pots.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "projection/history/row_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a row that two categories of streams make together ---- */

CAIRN_STRUCT(lid_closed, TEXT(by));
CAIRN_EVENTS(lid, EVENT(lid_closed, "LidClosed", 1));
CAIRN_STRUCT(covered, INT(litres), TEXT(by, .optional = true));
CAIRN_PROJECTION(covered, .version = 1);
CAIRN_ON(covered, pot, pot_filled)
{
    row->litres = event->litres;
    return CAIRN_KEEP;
}
CAIRN_ON(covered, lid, lid_closed)
{
    row->by = event->by;
    return CAIRN_KEEP;
}

/* ---- the fold by hand ---- */

enum { POTS = 5, EVENTS = 120, ROUNDS = 3, ROW = 300 };

/* A row as it has to be after an event. */
struct state {
    bool exists, parked;
    int litres;
    char label[20]; /* "": null */
};

/* What an event has to do to a row; effect 0: it does not concern it. */
struct wanted {
    enum cairn_row_effect effect;
    struct state before, after;
};

static struct cairn_uuid pots[POTS];
static struct wanted wanted[EVENTS + 1][POTS]; /* by position */
static struct state now[POTS];
static unsigned seed;

static int draw(int below)
{
    seed = seed * 1103515245u + 12345u;
    return (int)((seed >> 8) % (unsigned)below);
}

/* Records that the event changed the pot to `after`. */
static void expect_step(int position, int pot, struct state after)
{
    struct wanted *step = &wanted[position][pot];
    struct state *at = &now[pot];
    step->before = *at;
    if (at->parked)
        after = *at;
    step->after = after;
    if (at->parked)
        step->effect = CAIRN_ROW_WAITS;
    else if (after.parked)
        step->effect = CAIRN_ROW_PARKED;
    else if (!at->exists)
        step->effect = after.exists ? CAIRN_ROW_CREATED : CAIRN_ROW_UNCHANGED;
    else if (!after.exists)
        step->effect = CAIRN_ROW_DELETED;
    else
        step->effect = at->litres == after.litres && strcmp(at->label, after.label) == 0
                           ? CAIRN_ROW_UNCHANGED
                           : CAIRN_ROW_CHANGED;
    *at = after;
}

static struct state with_litres(int pot, int litres)
{
    struct state state = now[pot];
    state.exists = true;
    state.litres += litres;
    return state;
}

static void make_fill(int position, int pot)
{
    int litres = draw(40) == 0 ? 666 : draw(5);
    struct state after = with_litres(pot, litres);
    if (litres == 666) {
        after = now[pot];
        after.parked = true;
    }
    fill(pots[pot], litres);
    expect_step(position, pot, after);
}

static void make_pour(int position, int pot)
{
    int into = (pot + 1 + draw(POTS - 1)) % POTS;
    int litres = draw(4);
    pour(pots[pot], pots[into], litres);
    expect_step(position, pot, with_litres(pot, -litres));
    expect_step(position, into, with_litres(into, litres));
}

static void make_label(int position, int pot)
{
    static const char *const labels[] = {"a", "{\\\"b\\\":1,", "\\\\", "c}]"};
    int label = draw(4);
    struct state after = now[pot];
    char json[60];
    after.exists = true;
    (void)snprintf(after.label, sizeof after.label, "%s", labels[label]);
    (void)snprintf(json, sizeof json, "{\"label\":\"%s\"}", labels[label]);
    append("pot", pots[pot], "PotLabelled", 1, json);
    expect_step(position, pot, after);
}

static void make_event(int position)
{
    int pot = draw(POTS);
    switch (draw(8)) {
    case 0:
        append("pot", pots[pot], "PotBroken", 1, "{}");
        expect_step(position, pot, (struct state){0});
        return;
    case 1:
    case 2:
        make_label(position, pot);
        return;
    case 3:
    case 4:
        make_pour(position, pot);
        return;
    default:
        make_fill(position, pot);
    }
}

static void make_log(void)
{
    memset(wanted, 0, sizeof wanted);
    memset(now, 0, sizeof now);
    for (int i = 0; i < POTS; i++)
        pots[i] = new_pot();
    for (int i = 1; i <= EVENTS; i++)
        make_event(i);
}

/* ---- comparing ---- */

static void row_of(int pot, const struct state *state, char ret[static ROW])
{
    char label[40] = "null";
    if (state->label[0])
        (void)snprintf(label, sizeof label, "\"%s\"", state->label);
    *ret = '\0';
    if (state->exists)
        (void)snprintf(ret, ROW, "{\"pot_id\":\"%s\",\"litres\":%d,\"label\":%s}",
                       key_of(pots[pot]), state->litres, label);
}

static struct cairn_row_history read_history(struct cairn_row_question question)
{
    struct cairn_row_history history;
    struct cairn_error error = {0};
    question.projection = question.projection ? question.projection : &pots_projection;
    question.to = question.to ? question.to : sql_int("select cairn.head()");
    if (cairn_row_history_read(pot_bench.store, &question, &history, &error) < 0)
        fail_msg("%s", error.message);
    return history;
}

/* Returns a field's value in a row's JSON as it is written there; NULL if there is no row. */
static const char *value_of(const char *row, const char *field)
{
    const char *name = cairn_print(&pot_bench.arena, "\"%s\":", field);
    const char *at = strstr(row, name);
    if (!at)
        return NULL;
    const char *end =
        strcmp(field, "label") == 0 ? row + strlen(row) - 1 : strchr(at + strlen(name), ',');
    return cairn_print(&pot_bench.arena, "%.*s", (int)(end - at) - (int)strlen(name),
                       at + strlen(name));
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static const struct cairn_json_change *find_change(const struct cairn_row_step *step,
                                                   const char *field)
{
    for (size_t i = 0; i < step->change_count; i++) {
        if (strcmp(step->changes[i].field, field) == 0)
            return &step->changes[i];
    }
    return NULL;
}

/* Checks that exactly the fields that differ are named, with both values. */
static void expect_changes(const struct cairn_row_step *step, const char *before, const char *after)
{
    static const char *const fields[] = {"pot_id", "litres", "label"};
    size_t differ = 0;
    for (size_t i = 0; i < 3; i++) {
        const char *from = value_of(before, fields[i]);
        const char *to = value_of(after, fields[i]);
        const struct cairn_json_change *change = find_change(step, fields[i]);
        if (is_same(from, to)) {
            assert_null(change);
            continue;
        }
        differ++;
        assert_non_null(change);
        assert_true(is_same(change->from, from) && is_same(change->to, to));
    }
    assert_int_equal(step->change_count, differ);
}

static void expect_pot(int pot)
{
    char before[ROW];
    char after[ROW];
    size_t count = 0;
    struct cairn_row_history history =
        read_history((struct cairn_row_question){.key = key_of(pots[pot]), .steps_max = EVENTS});
    for (int position = 1; position <= EVENTS; position++) {
        const struct wanted *step = &wanted[position][pot];
        if (!step->effect)
            continue;
        assert_true(count < history.count);
        const struct cairn_row_step *is = &history.steps[count++];
        assert_int_equal(is->position, position);
        assert_string_equal(cairn_row_effect_name(is->effect), cairn_row_effect_name(step->effect));
        row_of(pot, &step->before, before);
        row_of(pot, &step->after, after);
        expect_changes(is, before, after);
    }
    row_of(pot, &now[pot], after);
    assert_int_equal(history.count, count);
    assert_string_equal(history.row, after);
    assert_int_equal(history.parked, now[pot].parked);
    cairn_row_history_close(&history);
}

static void expect_past(int pot, int64_t position)
{
    char row[ROW];
    struct state state = {0};
    for (int64_t at = 1; at <= position; at++)
        state = wanted[at][pot].effect ? wanted[at][pot].after : state;
    struct cairn_row_history history = read_history(
        (struct cairn_row_question){.key = key_of(pots[pot]), .to = position, .steps_max = 1});
    row_of(pot, &state, row);
    assert_string_equal(history.row, row);
    cairn_row_history_close(&history);
}

/* ---- tests ---- */

static void a_history_is_the_fold_of_the_log_step_by_step(void **state)
{
    const char *given = getenv("CAIRN_TEST_SEED");
    unsigned first = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)cairn_now().us;
    for (unsigned round = 0; round < ROUNDS; round++) {
        seed = first + round;
        print_message("CAIRN_TEST_SEED=%u\n", seed);
        if (round > 0) {
            (void)pots_teardown(state);
            (void)pots_setup(state);
        }
        make_log();
        for (int pot = 0; pot < POTS; pot++)
            expect_pot(pot);
        for (int i = 0; i < 40; i++)
            expect_past(draw(POTS), 1 + draw(EVENTS));
    }
}

static void a_row_of_several_streams_has_the_steps_of_all_in_order(void **state)
{
    (void)state;
    struct cairn_uuid id = new_pot();
    for (int i = 0; i < 1500; i++)
        fill(id, i);
    append("lid", id, "LidClosed", 1, "{\"by\":\"Ada\"}");
    fill(new_pot(), 1);
    fill(id, 7);
    struct cairn_row_history history = read_history(
        (struct cairn_row_question){.projection = &covered_projection, .key = key_of(id)});
    assert_string_equal(history.row, "{\"litres\":7,\"by\":\"Ada\"}");
    assert_int_equal(history.count, 100);
    assert_int_equal(history.left_out, 1402);
    assert_int_equal(history.read, 1502);
    assert_int_equal(history.steps[99].position, 1503);
    assert_int_equal(history.steps[98].position, 1501);
    assert_string_equal(history.steps[98].type, "LidClosed");
    assert_string_equal(history.steps[98].changes[0].to, "\"Ada\"");
    assert_int_equal(history.steps[0].position, 1403);
    cairn_row_history_close(&history);
}

static void an_event_that_was_skipped_is_named_and_left_out(void **state)
{
    (void)state;
    struct cairn_uuid id = new_pot();
    fill(id, 1);
    fill(id, 666);
    fill(id, 2);
    fixture_sql(
        pot_bench.url,
        cairn_print(&pot_bench.arena,
                    "insert into cairn.generations (projection, generation, code_version)"
                    " values ('pots', 1, 1);"
                    "insert into cairn.skipped (projection, generation, key, position,"
                    " event_id, reason) values ('pots', 1, '%s', 2, gen_random_uuid(), 'x')",
                    key_of(id)));
    struct cairn_row_history history =
        read_history((struct cairn_row_question){.key = key_of(id), .generation = 1});
    assert_int_equal(history.count, 3);
    assert_int_equal(history.steps[1].effect, CAIRN_ROW_SKIPPED);
    assert_non_null(strstr(history.row, "\"litres\":3"));
    cairn_row_history_close(&history);
}

static void a_fold_beyond_its_bounds_is_refused(void **state)
{
    (void)state;
    struct cairn_row_history history;
    struct cairn_error error = {0};
    struct cairn_uuid id = new_pot();
    for (int i = 0; i < 50; i++)
        fill(id, 1);
    struct cairn_row_question question = {
        .projection = &pots_projection, .key = key_of(id), .to = 50, .events_max = 49};
    assert_int_equal(cairn_row_history_read(pot_bench.store, &question, &history, &error),
                     -CAIRN_TOO_LARGE);
    assert_non_null(strstr(error.message, "more than 49 events"));
    cairn_row_history_close(&history);
    question.events_max = 0;
    question.deadline_us = cairn_monotonic_us() - 1;
    cairn_error_reset(&error);
    assert_int_equal(cairn_row_history_read(pot_bench.store, &question, &history, &error),
                     -CAIRN_TOO_LARGE);
    assert_non_null(strstr(error.message, "takes too long"));
    cairn_row_history_close(&history);
}

static void an_event_that_cannot_be_read_stops_a_history_that_it_may_concern(void **state)
{
    (void)state;
    struct cairn_row_history history;
    struct cairn_error error = {0};
    struct cairn_uuid id = new_pot();
    fill(id, 1);
    append("pot", new_pot(), "PotPoured", 1, "{\"into\":7}");
    const struct cairn_row_question question = {
        .projection = &pots_projection, .key = key_of(id), .to = 2};
    assert_int_equal(cairn_row_history_read(pot_bench.store, &question, &history, &error),
                     -CAIRN_UNREADABLE);
    assert_non_null(strstr(error.message, "event 2"));
    cairn_row_history_close(&history);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pots_setup, pots_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_history_is_the_fold_of_the_log_step_by_step),
        TEST(a_row_of_several_streams_has_the_steps_of_all_in_order),
        TEST(an_event_that_was_skipped_is_named_and_left_out),
        TEST(a_fold_beyond_its_bounds_is_refused),
        TEST(an_event_that_cannot_be_read_stops_a_history_that_it_may_concern),
    };
    return cmocka_run_group_tests_name("row_history", tests, NULL, NULL);
}
