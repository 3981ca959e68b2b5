/* test_look.c - a reactor reads a read model as of the event that it handles. */
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/support.h"

#include "core/containers/arena.h"

#include <cairn/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CAIRN_STRUCT(jar_filled, INT(nth), INT(grams));
CAIRN_STRUCT(jar_weighed, INT(nth), INT(times), INT(jars));
CAIRN_STRUCT(fill_jar, INT(grams));
CAIRN_STRUCT(place_jar);
CAIRN_STRUCT(weigh_jar, INT(nth), INT(times), INT(jars));
CAIRN_STRUCT(jar_placed);
CAIRN_EVENTS(jar, EVENT(jar_placed, "JarPlaced", 1), EVENT(jar_filled, "JarFilled", 1),
             EVENT(jar_weighed, "JarWeighed", 1));
CAIRN_COMMANDS(jar, COMMAND(place_jar, "POST /jars"), COMMAND(fill_jar, "POST /jars/{id}/fill"),
               INTERNAL(weigh_jar));

CAIRN_STRUCT(jar, INT(times));
CAIRN_EVOLVE(jar, jar_placed)
{
}
CAIRN_EVOLVE(jar, jar_filled)
{
    self->times++;
}
CAIRN_EVOLVE(jar, jar_weighed)
{
}
CAIRN_DECIDE(jar, place_jar)
{
    CAIRN_EMIT(ret, jar_placed);
    return 0;
}
CAIRN_DECIDE(jar, fill_jar)
{
    CAIRN_EMIT(ret, jar_filled, .nth = self->times + 1, .grams = command->grams);
    return 0;
}
CAIRN_DECIDE(jar, weigh_jar)
{
    CAIRN_EMIT(ret, jar_weighed, .nth = command->nth, .times = command->times,
               .jars = command->jars);
    return 0;
}
CAIRN_DECIDER(jar);

CAIRN_STRUCT(jar_content, UUID(jar_id), INT(times), INT(grams));
CAIRN_STRUCT(jar_page, LIST(items, jar_content));
CAIRN_PROJECTION(jar_content, .version = 1, CAIRN_INDEXES("grams"));
CAIRN_ON(jar_content, jar, jar_filled)
{
    row->jar_id = meta->id;
    row->times++;
    row->grams += event->grams;
    return CAIRN_KEEP;
}

CAIRN_REACTOR(scales);
CAIRN_HANDLE(scales, jar, jar_filled)
{
    struct jar_content content;
    struct jar_page page;
    int failed =
        CAIRN_LOOK(call, error, jar_content, &content, "/jars/%s", cairn_uuid_text(call->meta->id));
    if (!failed)
        failed = CAIRN_LOOK(call, error, jar_page, &page, "/jars?limit=%d", 9);
    if (!failed && event->grams == 13)
        failed = CAIRN_LOOK(call, error, jar_content, &content, "/jars/%s",
                            "01890000-0000-7000-8000-00000000dead");
    if (!failed)
        failed = CAIRN_TELL(call, error, jar, call->meta->id, weigh_jar, .nth = event->nth,
                            .times = content.times, .jars = (int64_t)page.items.count);
    return cairn_outcome_of(failed);
}

static const struct cairn_service service = {
    .name = "kitchen",
    .deciders = {&jar_decider},
    .reactors = {&scales_reactor},
    .projections = {&jar_content_projection},
    .resources = CAIRN_RESOURCES(
        {.path = "/jars/{id}", .projection = &jar_content_projection},
        {.path = "/jars", .projection = &jar_content_projection, .list = true, .order = "grams"})};
static const struct cairn_service *const services[] = {&service, NULL};

/* ---- the bench ---- */

static char url[512];
static struct cairn_host *host;

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    (void)setenv("REDIS_URL", fixture_redis(), 1);
    host = hosting_start(url, services);
    (void)unsetenv("REDIS_URL");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_host_stop(host);
    fixture_drop(url);
    return 0;
}

static void expect_soon(const char *sql, int64_t wanted)
{
    fixture_wait_sql(url, sql, wanted, 30000);
}

static void post(const char *path, const char *body)
{
    assert_in_range(hosting_post(host, path, "", body), 200, 299);
}

static void place(int jar)
{
    char body[100];
    (void)snprintf(body, sizeof body, "{\"jar_id\":\"01890000-0000-7000-8000-%012d\"}", jar);
    post("/jars", body);
}

static void fill(int jar, int grams)
{
    char path[100];
    char body[40];
    (void)snprintf(path, sizeof path, "/jars/01890000-0000-7000-8000-%012d/fill", jar);
    (void)snprintf(body, sizeof body, "{\"grams\":%d}", grams);
    post(path, body);
}

/* ---- tests ---- */

/* The read model is behind the reactor now and then: each answer has the event nevertheless. */
static void a_reactor_sees_the_read_model_as_of_its_event_or_later(void **state)
{
    (void)state;
    for (int jar = 0; jar < 3; jar++)
        place(jar);
    for (int i = 0; i < 60; i++)
        fill(i % 3, 100);
    expect_soon("select count(*) from cairn.events where type = 'JarWeighed'", 60);
    assert_int_equal(
        fixture_sql_int(url, "select count(*) from cairn.events where type = 'JarWeighed' and "
                             "(data->>'times')::int < (data->>'nth')::int"),
        0);
    assert_int_equal(fixture_sql_int(url, "select max((data->>'jars')::int) from cairn.events "
                                          "where type = 'JarWeighed'"),
                     3);
}

static void a_row_that_is_not_there_is_final(void **state)
{
    (void)state;
    place(4);
    fill(4, 13);
    expect_soon(
        "select count(*) from cairn.parked_events where reactor = 'scales' and attempts = 1"
        " and reason like '/jars/01890000-0000-7000-8000-00000000dead of the service of %: %'",
        1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reactor_sees_the_read_model_as_of_its_event_or_later),
        cmocka_unit_test(a_row_that_is_not_there_is_final),
    };
    return cmocka_run_group_tests_name("look", tests, setup, teardown);
}
