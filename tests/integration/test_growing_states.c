/* test_growing_states.c - states with lists: from the cache, from snapshots and from all events
 * they are the same, and they do not grow past their bounds. */
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/support.h"

#include "core/containers/arena.h"

#include <cairn/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a basket, whose state is a list of what is in it ---- */

CAIRN_STRUCT(thing, TEXT(name, .max_bytes = 40), INT(count), TEXTS(labels));
CAIRN_STRUCT(thing_added, TEXT(name, .max_bytes = 40), TEXT(label, .max_bytes = 40));
CAIRN_STRUCT(thing_removed, TEXT(name, .max_bytes = 40));
CAIRN_STRUCT(basket_shown, LIST(things, thing));
CAIRN_EVENTS(basket, EVENT(thing_added, "ThingAdded", 1), EVENT(thing_removed, "ThingRemoved", 1),
             EVENT(basket_shown, "BasketShown", 1));
CAIRN_STRUCT(fetch_basket, TEXT(name), TEXT(label));
CAIRN_STRUCT(add_thing, TEXT(name), TEXT(label));
CAIRN_STRUCT(remove_thing, TEXT(name));
CAIRN_STRUCT(show_basket);
CAIRN_COMMANDS(basket, COMMAND(fetch_basket, "POST /baskets"),
               COMMAND(add_thing, "POST /baskets/{id}/things"),
               COMMAND(remove_thing, "POST /baskets/{id}/remove"),
               COMMAND(show_basket, "POST /baskets/{id}/show"));

enum { THINGS_MAX = 6 };
CAIRN_STRUCT(basket, LIST(things, thing, .max_count = THINGS_MAX));

CAIRN_EVOLVE(basket, thing_added)
{
    if (!CAIRN_FIND(self->things, name, event->name))
        CAIRN_APPEND(arena, self->things, .name = event->name);
    struct thing *thing =
        CAIRN_EDIT(arena, self->things, CAIRN_FIND(self->things, name, event->name));
    thing->count++;
    CAIRN_ADD(arena, thing->labels, event->label);
}
CAIRN_EVOLVE(basket, thing_removed)
{
    CAIRN_REMOVE(arena, self->things, CAIRN_FIND(self->things, name, event->name));
}
CAIRN_EVOLVE(basket, basket_shown)
{
}
CAIRN_DECIDE(basket, fetch_basket)
{
    CAIRN_EMIT(ret, thing_added, .name = command->name, .label = command->label);
    return 0;
}
CAIRN_DECIDE(basket, add_thing)
{
    CAIRN_EMIT(ret, thing_added, .name = command->name, .label = command->label);
    return 0;
}
CAIRN_DECIDE(basket, remove_thing)
{
    if (!CAIRN_FIND(self->things, name, command->name))
        return cairn_refuse(error, "not-in-it", "there is no %s", command->name);
    CAIRN_EMIT(ret, thing_removed, .name = command->name);
    return 0;
}
CAIRN_DECIDE(basket, show_basket)
{
    CAIRN_EMIT(ret, basket_shown, .things = self->things);
    return 0;
}
CAIRN_DECIDER(basket, .state_version = 1);

static const struct cairn_service service = {
    .name = "shop", .port = 8080, .deciders = {&basket_decider}};
static const struct cairn_service *const services[] = {&service, NULL};

/* ---- the bench ---- */

#define BASKET "01890000-0000-7000-8000-0000000000b5"

#define EVERY "20" /* events; the least for a snapshot */

enum { ROUNDS = 90 };

static char url[512];
static struct cairn_host *host;
static struct cairn_arena arena;

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    (void)setenv("CAIRN_SNAPSHOT_EVERY", EVERY, 1);
    host = hosting_start(url, services);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_host_stop(host);
    cairn_arena_close(&arena);
    fixture_drop(url);
    return 0;
}

static int post(const char *path, const char *body)
{
    return hosting_post(host, path, "", body);
}

/* ---- what the basket has to hold ---- */

struct expected {
    char name[8];
    int count;
    char labels[2000]; /* "\"l1\",\"l2\"" */
};

static struct expected expected[THINGS_MAX];
static int expected_count;

static int find_expected(const char *name)
{
    for (int i = 0; i < expected_count; i++) {
        if (strcmp(expected[i].name, name) == 0)
            return i;
    }
    return -1;
}

static void add(const char *name, const char *label)
{
    int at = find_expected(name);
    const char *body = cairn_print(&arena, "{\"name\":\"%s\",\"label\":\"%s\"}", name, label);
    if (at < 0 && expected_count == THINGS_MAX) {
        assert_int_equal(post("/baskets/" BASKET "/things", body), 500);
        return;
    }
    assert_int_equal(post("/baskets/" BASKET "/things", body), 200);
    if (at < 0) {
        at = expected_count++;
        expected[at] = (struct expected){.count = 0};
        (void)snprintf(expected[at].name, sizeof expected[at].name, "%s", name);
    }
    size_t used = strlen(expected[at].labels);
    (void)snprintf(expected[at].labels + used, sizeof expected[at].labels - used, "%s\"%s\"",
                   used ? "," : "", label);
    expected[at].count++;
}

static void take_out(const char *name)
{
    int at = find_expected(name);
    const char *body = cairn_print(&arena, "{\"name\":\"%s\"}", name);
    assert_int_equal(post("/baskets/" BASKET "/remove", body), at < 0 ? 422 : 200);
    if (at < 0)
        return;
    expected_count--;
    memmove(&expected[at], &expected[at + 1], (size_t)(expected_count - at) * sizeof expected[0]);
}

/* Has the decision show its state, and compares. */
static void expect_content(void)
{
    const char *json = "{\"things\":[";
    for (int i = 0; i < expected_count; i++)
        json = cairn_print(&arena, "%s%s{\"name\":\"%s\",\"count\":%d,\"labels\":[%s]}", json,
                           i ? "," : "", expected[i].name, expected[i].count, expected[i].labels);
    json = cairn_print(&arena, "%s]}", json);
    assert_int_equal(post("/baskets/" BASKET "/show", "{}"), 200);
    char seen[12000];
    fixture_sql_text(url,
                     "select data from cairn.events where type = 'BasketShown' order by position "
                     "desc limit 1",
                     seen, sizeof seen);
    assert_string_equal(seen, json);
}

static void restart(void)
{
    cairn_host_stop(host);
    host = hosting_start(url, services);
}

static bool has_snapshot(void *context)
{
    (void)context;
    return fixture_sql_int(url, "select count(*) from cairn.snapshots where kind = 'basket'") == 1;
}

/* ---- tests ---- */

static void a_state_with_lists_is_the_same_wherever_it_comes_from(void **state)
{
    (void)state;
    unsigned seed = 11;
    assert_int_equal(post("/baskets", "{\"basket_id\":\"" BASKET "\",\"name\":\"t0\",\"label\":"
                                      "\"first\"}"),
                     201);
    expected_count = 1;
    expected[0] = (struct expected){.name = "t0", .count = 1, .labels = "\"first\""};
    for (int i = 0; i < ROUNDS; i++) {
        seed = seed * 1103515245 + 12345;
        const char *name = cairn_print(&arena, "t%u", (seed >> 16) % 8);
        if ((seed >> 24) % 4 == 0)
            take_out(name);
        else
            add(name, cairn_print(&arena, "l%d", i));
        if (i % 10 == 9)
            expect_content(); /* from the cache */
        if (i % 30 == 29) {
            fixture_wait(has_snapshot, NULL, 20000, "a snapshot of the basket");
            restart();
            expect_content(); /* from the snapshot */
        }
    }
    cairn_host_stop(host);
    fixture_sql(url, "delete from cairn.snapshots");
    host = hosting_start(url, services);
    expect_content(); /* from its events */
}

static void a_state_does_not_grow_past_its_bound(void **state)
{
    (void)state;
    for (int i = 0; i < THINGS_MAX; i++)
        add(cairn_print(&arena, "t%d", i), "filled");
    assert_int_equal(expected_count, THINGS_MAX);
    int64_t before = fixture_sql_int(url, "select count(*) from cairn.events");
    add("more", "than fits");
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events"), before);
    add("t0", "still fits");
    expect_content();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_with_lists_is_the_same_wherever_it_comes_from),
        cmocka_unit_test(a_state_does_not_grow_past_its_bound),
    };
    return cmocka_run_group_tests_name("growing states", tests, setup, teardown);
}
