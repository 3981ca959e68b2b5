/* test_stream_state.c - the state of a stream as it was: random streams are folded by hand, and the
 * state before and after every event has to be the same. */
#include "../support/fixture.h"
#include "../support/pots.h"
#include "../support/support.h"

#include "core/threads/clock.h"
#include "operations/past/stream_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a decider of the pots ---- */

CAIRN_STRUCT(fill_pot, INT(litres));
CAIRN_COMMANDS(pot, COMMAND(fill_pot, "POST /pots"));
CAIRN_STRUCT(pot, INT(litres), TEXT(label, .optional = true, .max_bytes = 10000), BOOL(broken));
CAIRN_EVOLVE(pot, pot_filled)
{
    self->litres += event->litres;
}
CAIRN_EVOLVE(pot, pot_poured)
{
    self->litres -= event->litres;
}
CAIRN_EVOLVE(pot, pot_labelled)
{
    self->label = event->label;
}
CAIRN_EVOLVE(pot, pot_broken)
{
    self->broken = true;
}
CAIRN_DECIDE(pot, fill_pot)
{
    CAIRN_EMIT(ret, pot_filled, .litres = command->litres);
    return 0;
}
CAIRN_DECIDER(pot, .state_version = 1);

static const struct cairn_service service = {
    .name = "cellar", .port = 8080, .deciders = {&pot_decider}};
static const struct cairn_service *const services[] = {&service, NULL};

/* ---- the fold by hand ---- */

enum { POTS = 4, EVENTS = 160, ROUNDS = 3, LONG = 1203 };

struct by_hand {
    int litres;
    char label[20]; /* "": null */
    bool broken;
};

static struct cairn_uuid pots[POTS];
static struct by_hand states[POTS][EVENTS + 1]; /* by version */
static int versions[POTS];
static struct {
    int pot, version;
} at[EVENTS + 1]; /* by position */
static unsigned seed;

static int draw(int below)
{
    seed = seed * 1103515245u + 12345u;
    return (int)((seed >> 8) % (unsigned)below);
}

static const char *json_of(const struct by_hand *state)
{
    const char *label =
        *state->label ? cairn_print(&pot_bench.arena, "\"%s\"", state->label) : "null";
    return cairn_print(&pot_bench.arena, "{\"litres\":%d,\"label\":%s,\"broken\":%s}",
                       state->litres, label, state->broken ? "true" : "false");
}

/* Appends a random event to the stream, and folds it. */
static void add_event(int pot, int position)
{
    int version = versions[pot]++;
    struct by_hand state = version ? states[pot][version] : (struct by_hand){0};
    int number = draw(50);
    const char *json = cairn_print(&pot_bench.arena, "{\"litres\":%d}", number);
    switch (draw(4)) {
    case 0:
        append("pot", pots[pot], "PotFilled", 1, json);
        state.litres += number;
        break;
    case 1:
        json = cairn_print(&pot_bench.arena, "{\"into\":\"%s\",\"litres\":%d}", key_of(pots[0]),
                           number);
        append("pot", pots[pot], "PotPoured", 1, json);
        state.litres -= number;
        break;
    case 2:
        (void)snprintf(state.label, sizeof state.label, "label %d", number);
        json = cairn_print(&pot_bench.arena, "{\"label\":\"%s\"}", state.label);
        append("pot", pots[pot], "PotLabelled", 1, json);
        break;
    default:
        append("pot", pots[pot], "PotBroken", 1, "{}");
        state.broken = true;
    }
    states[pot][version + 1] = state;
    at[position].pot = pot;
    at[position].version = version + 1;
}

static void make_streams(void)
{
    memset(versions, 0, sizeof versions);
    for (int i = 0; i < POTS; i++)
        pots[i] = new_pot();
    for (int position = 1; position <= EVENTS; position++)
        add_event(draw(POTS), position);
}

/* ---- what is asked ---- */

static struct cairn_error error;

static int ask(const char *stream, int64_t version, int64_t position,
               struct cairn_stream_state *ret)
{
    const struct cairn_state_question question = {.services = services,
                                                  .stream = stream,
                                                  .version = version,
                                                  .position = position,
                                                  .deadline_us =
                                                      cairn_monotonic_us() + CAIRN_MINUTES(1)};
    cairn_error_reset(&error);
    return cairn_stream_state_read(pot_bench.store, &question, &pot_bench.arena, ret, &error);
}

static const char *name_of(int pot)
{
    return cairn_print(&pot_bench.arena, "pot-%s", key_of(pots[pot]));
}

static void expect(int pot, int version, const struct cairn_stream_state *found)
{
    assert_int_equal(found->version, version);
    assert_string_equal(found->before, version > 1 ? json_of(&states[pot][version - 1]) : "");
    assert_string_equal(found->after, json_of(&states[pot][version]));
    assert_false(found->is_process);
}

static void every_state_is_the_fold_of_the_events_up_to_it(void **state)
{
    (void)state;
    struct cairn_stream_state found;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        int64_t before = sql_int("select cairn.head()");
        seed = round;
        make_streams();
        for (int pot = 0; pot < POTS; pot++) {
            for (int version = 1; version <= versions[pot]; version++) {
                assert_int_equal(ask(name_of(pot), version, 0, &found), 0);
                expect(pot, version, &found);
            }
            assert_int_equal(ask(name_of(pot), 0, 0, &found), 0);
            expect(pot, versions[pot], &found);
        }
        for (int position = 1; position <= EVENTS; position++) {
            assert_int_equal(ask(name_of(at[position].pot), 0, before + position, &found), 0);
            expect(at[position].pot, at[position].version, &found);
            assert_int_equal(found.position, before + position);
        }
    }
}

static void a_long_stream_is_folded_in_pages_or_refused_in_time(void **state)
{
    (void)state;
    struct cairn_stream_state found;
    pots[0] = new_pot();
    fixture_sql(pot_bench.url,
                cairn_print(&pot_bench.arena,
                            "select cairn.append_as('%s', 0, array_agg(gen_random_uuid()),"
                            " array_agg('PotFilled'::text), array_agg(1::bigint),"
                            " array_agg(json_build_object('litres', i)), array_agg('{}'::json),"
                            " array_agg(null::json)) from generate_series(1, %d) i",
                            name_of(0), LONG));
    static const int asked[] = {1, 2, 499, 500, 501, 502, 1000, 1001, LONG};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        int n = asked[i];
        assert_int_equal(ask(name_of(0), n, 0, &found), 0);
        assert_non_null(
            strstr(found.after, cairn_print(&pot_bench.arena, "\"litres\":%d,", n * (n + 1) / 2)));
    }
    const struct cairn_state_question late = {
        .services = services, .stream = name_of(0), .deadline_us = 1};
    assert_int_equal(
        cairn_stream_state_read(pot_bench.store, &late, &pot_bench.arena, &found, &error),
        -CAIRN_TOO_LARGE);
}

static void an_amendment_of_now_counts_for_the_past_too(void **state)
{
    (void)state;
    struct cairn_stream_state found;
    pots[0] = new_pot();
    append("pot", pots[0], "PotFilled", 1, "{\"litres\":3}");
    append("pot", pots[0], "PotFilled", 1, "{\"litres\":\"three\"}");
    append("pot", pots[0], "PotFilled", 1, "{\"litres\":4}");
    assert_int_equal(ask(name_of(0), 0, 0, &found), -CAIRN_UNREADABLE);
    assert_int_equal(ask(name_of(0), 1, 0, &found), 0);
    fixture_sql(pot_bench.url,
                "select cairn.operate('amend', '{\"position\": 2, \"reason\": \"a word\","
                " \"data\": \"{\\\"litres\\\":5}\"}')");
    assert_int_equal(ask(name_of(0), 2, 0, &found), 0);
    assert_non_null(strstr(found.after, "\"litres\":8,"));
    assert_int_equal(ask(name_of(0), 0, 0, &found), 0);
    assert_non_null(strstr(found.after, "\"litres\":12,"));
}

static void what_no_service_decides_on_has_no_state(void **state)
{
    (void)state;
    struct cairn_stream_state found;
    append("jug", new_pot(), "JugMade", 1, "{}");
    assert_int_equal(ask("pot-none", 0, 0, &found), -CAIRN_NOT_FOUND);
    const char *jug = cairn_print(&pot_bench.arena, "jug-%s", key_of(new_pot()));
    assert_int_equal(ask(jug, 0, 0, &found), -CAIRN_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pots_setup, pots_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_state_is_the_fold_of_the_events_up_to_it),
        TEST(a_long_stream_is_folded_in_pages_or_refused_in_time),
        TEST(an_amendment_of_now_counts_for_the_past_too),
        TEST(what_no_service_decides_on_has_no_state),
    };
    return cmocka_run_group_tests_name("stream_state", tests, NULL, NULL);
}
