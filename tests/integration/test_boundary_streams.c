/* test_boundary_streams.c - boundaries whose commands append to a stream that there is, in two
 * processes of one service: decided on the stream's own events and on parts, accepted only if
 * nothing has come to any of them.
 *
 * Tickets are for a section of a hall, with a limited number of seats; they are moved to another
 * section, and returned. */
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/http_client.h"
#include "../support/kit.h"

#include <cairn/service.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sections ---- */

CAIRN_STRUCT(section_opened, UUID(section_id, .tag = "section"), INT(seats));
CAIRN_EVENTS(section, EVENT(section_opened, "SectionOpened", 1));
CAIRN_STRUCT(open_section, UUID(section_id), INT(seats));
CAIRN_COMMANDS(section, COMMAND(open_section, "POST /sections"));

/* ---- tickets ---- */

CAIRN_STRUCT(ticket_bought, UUID(section_id, .tag = "section"));
CAIRN_STRUCT(ticket_moved, UUID(from_id, .tag = "section"), UUID(to_id, .tag = "section"));
CAIRN_STRUCT(ticket_returned, UUID(section_id, .tag = "section"));
CAIRN_EVENTS(ticket, EVENT(ticket_bought, "TicketBought", 1), EVENT(ticket_moved, "TicketMoved", 1),
             EVENT(ticket_returned, "TicketReturned", 1));

/* The sections that a ticket is moved from and to, or the one of a purchase. */
#define SECTIONS UUIDS(section_ids, .max_count = 2)
CAIRN_STRUCT(buy_ticket, SECTIONS);
CAIRN_STRUCT(move_ticket, SECTIONS);
CAIRN_STRUCT(return_ticket, SECTIONS);
CAIRN_COMMANDS(ticket, COMMAND(buy_ticket, "POST /tickets"),
               COMMAND(move_ticket, "POST /tickets/{id}/move"),
               COMMAND(return_ticket, "POST /tickets/{id}/return"));

/* An event that has the tags of two sections is learned by both: the state knows which it is. */
CAIRN_STRUCT(hall_section, UUID(section_id), INT(seats), INT(taken));
CAIRN_PART(hall_section, "section");
CAIRN_LEARN_FROM(hall_section, section, section_opened)
{
    self->section_id = event->section_id;
    self->seats += event->seats;
}
CAIRN_LEARN_FROM(hall_section, ticket, ticket_bought)
{
    self->taken++;
}
CAIRN_LEARN_FROM(hall_section, ticket, ticket_moved)
{
    self->taken += cairn_uuid_equal(event->to_id, self->section_id);
    self->taken -= cairn_uuid_equal(event->from_id, self->section_id);
}
CAIRN_LEARN_FROM(hall_section, ticket, ticket_returned)
{
    self->taken--;
}

CAIRN_STRUCT(held_ticket, UUID(section_id), INT(moves), BOOL(returned));
CAIRN_STREAM_PART(held_ticket);
CAIRN_LEARN_FROM(held_ticket, ticket, ticket_bought)
{
    self->section_id = event->section_id;
}
CAIRN_LEARN_FROM(held_ticket, ticket, ticket_moved)
{
    self->section_id = event->to_id;
    self->moves++;
}
CAIRN_LEARN_FROM(held_ticket, ticket, ticket_returned)
{
    self->returned = true;
}

CAIRN_BOUNDARY(section, CAIRN_OVER(hall_section, section_id));
CAIRN_DECIDE(section, open_section)
{
    CAIRN_EMIT(ret, section_opened, .section_id = command->section_id, .seats = command->seats);
    return 0;
}

CAIRN_BOUNDARY(ticket, CAIRN_OVER_STREAM(held_ticket), CAIRN_OVER_EACH(hall_section, section_ids));

CAIRN_DECIDE(ticket, buy_ticket)
{
    if (command->section_ids.count != 1 || self->held_ticket->moves)
        return cairn_refuse(error, "one-section", "a ticket is for one section");
    const struct hall_section *section = &self->hall_section.items[0];
    if (section->taken >= section->seats)
        return cairn_refuse(error, "sold-out", "the section has no free seat");
    CAIRN_EMIT(ret, ticket_bought, .section_id = command->section_ids.items[0]);
    return 0;
}

/* The ticket that the stream holds is of the first of these sections. */
static int check_held(const struct held_ticket *held, struct cairn_uuid section_id,
                      struct cairn_error *error)
{
    if (held->returned)
        return cairn_refuse(error, "returned-already", "the ticket was returned");
    if (!cairn_uuid_equal(held->section_id, section_id))
        return cairn_refuse(error, "other-section", "the ticket is for another section");
    return 0;
}

CAIRN_DECIDE(ticket, move_ticket)
{
    if (command->section_ids.count != 2)
        return cairn_refuse(error, "two-sections", "a ticket is moved from a section to another");
    int failed = check_held(self->held_ticket, command->section_ids.items[0], error);
    if (failed)
        return failed;
    const struct hall_section *to = &self->hall_section.items[1];
    if (to->taken >= to->seats)
        return cairn_refuse(error, "sold-out", "the section has no free seat");
    CAIRN_EMIT(ret, ticket_moved, .from_id = command->section_ids.items[0],
               .to_id = command->section_ids.items[1]);
    return 0;
}

CAIRN_DECIDE(ticket, return_ticket)
{
    if (command->section_ids.count != 1)
        return cairn_refuse(error, "one-section", "a ticket is for one section");
    int failed = check_held(self->held_ticket, command->section_ids.items[0], error);
    if (failed)
        return failed;
    CAIRN_EMIT(ret, ticket_returned, .section_id = command->section_ids.items[0]);
    return 0;
}

static const struct cairn_service hall_service = {
    .name = "hall", .port = 8097, .deciders = {&section_decider, &ticket_decider}};
static const struct cairn_service *const services[] = {&hall_service, NULL};

/* ---- the bench: two processes ---- */

static char url[512];
static struct cairn_host *hosts[2];
static struct http_reply reply;

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    for (int i = 0; i < 2; i++)
        hosts[i] = hosting_start(url, services);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_reply_free(&reply);
    for (int i = 0; i < 2; i++)
        cairn_host_stop(hosts[i]);
    assert_int_equal(fixture_sql_int(url, "select (select count(*) from cairn.verify_tags()) +"
                                          " (select count(*) from cairn.verify_table_of_tags())"),
                     0);
    fixture_drop(url);
    return 0;
}

#define ID "01890000-0000-7000-8000-0000000000"
#define STALLS ID "01"
#define BALCONY ID "02"
#define ONE(section) "{\"section_ids\":[\"" section "\"]}"
#define TWO(from, to) "{\"section_ids\":[\"" from "\",\"" to "\"]}"

static void ask(int host, const char *headers, const char *path, const char *body)
{
    char all[300];
    http_reply_free(&reply);
    (void)snprintf(all, sizeof all, "Content-Type: application/json\r\n%s", headers);
    assert_int_equal(http_send(cairn_host_port(hosts[host]), "POST", path, all, body, strlen(body),
                               &reply, 10000),
                     0);
}

/* Posts to one of the processes, and expects this status and these words. */
static void expect(int host, const char *path, const char *body, int status, const char *words)
{
    ask(host, "", path, body);
    if (reply.status != status || !strstr(reply.body, words))
        fail_msg("%d %s, not %d %s", reply.status, reply.body, status, words);
}

static void open_hall(int stalls, int balcony)
{
    char body[100];
    (void)snprintf(body, sizeof body, "{\"section_id\":\"" STALLS "\",\"seats\":%d}", stalls);
    expect(0, "/sections", body, 201, "");
    (void)snprintf(body, sizeof body, "{\"section_id\":\"" BALCONY "\",\"seats\":%d}", balcony);
    expect(0, "/sections", body, 201, "");
}

struct ticket_path {
    char text[80];
};

/* Returns "/tickets/ID/what" of a new ticket for the stalls, with the id that the test chooses. */
static struct ticket_path path_of(int number, const char *what)
{
    struct ticket_path ret;
    (void)snprintf(ret.text, sizeof ret.text, "/tickets/" ID "%02x/%s", 0x20 + number, what);
    return ret;
}

static void buy(int host, int number)
{
    char body[160];
    (void)snprintf(body, sizeof body,
                   "{\"ticket_id\":\"" ID "%02x\",\"section_ids\":[\"" STALLS "\"]}",
                   0x20 + number);
    expect(host, "/tickets", body, 201, "\"version\":1");
}

static const char *etag(void)
{
    static char ret[40];
    assert_true(http_header(&reply, "ETag", ret, sizeof ret));
    return ret;
}

static int64_t count_of(const char *type)
{
    char sql[120];
    (void)snprintf(sql, sizeof sql, "select count(*) from cairn.events where type = '%s'", type);
    return fixture_sql_int(url, sql);
}

/* ---- one stream ---- */

static void a_route_with_an_id_appends_to_that_stream_of_a_boundary(void **state)
{
    (void)state;
    open_hall(2, 1);
    buy(0, 1);
    expect(0, path_of(1, "move").text, TWO(BALCONY, STALLS), 422, "other-section");
    expect(0, path_of(1, "move").text, TWO(STALLS, BALCONY), 200, "\"version\":2");
    assert_string_equal(etag(), "\"2\"");
    /* the balcony's only seat is taken, in the other process too, which has read nothing yet */
    buy(1, 2);
    expect(1, path_of(2, "move").text, TWO(STALLS, BALCONY), 422, "sold-out");
    expect(1, path_of(1, "return").text, ONE(BALCONY), 200, "\"version\":3");
    expect(0, path_of(1, "return").text, ONE(BALCONY), 422, "returned-already");
    expect(0, path_of(2, "move").text, TWO(STALLS, BALCONY), 200, "\"version\":2");
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events where stream ="
                                          " 'ticket-" ID "21'"),
                     3);
}

static void a_boundarys_stream_that_does_not_exist_is_not_found(void **state)
{
    (void)state;
    open_hall(2, 2);
    expect(0, path_of(1, "move").text, TWO(STALLS, BALCONY), 404, "not-found");
    expect(0, "/tickets/none/move", TWO(STALLS, BALCONY), 400, "uuid");
    assert_int_equal(count_of("TicketMoved"), 0);
}

static void if_match_names_the_version_of_a_boundarys_stream(void **state)
{
    (void)state;
    open_hall(2, 2);
    buy(0, 1);
    ask(1, "If-Match: \"2\"\r\n", path_of(1, "move").text, TWO(STALLS, BALCONY));
    assert_int_equal(reply.status, 412);
    ask(1, "If-Match: \"1\"\r\n", path_of(1, "move").text, TWO(STALLS, BALCONY));
    assert_int_equal(reply.status, 200);
    ask(0, "If-Match: \"1\"\r\n", path_of(1, "move").text, TWO(BALCONY, STALLS));
    assert_int_equal(reply.status, 412);
    assert_int_equal(count_of("TicketMoved"), 1);
}

/* Each process has cached the ticket and both sections before the other one changes one of them. */
static void what_has_come_to_the_stream_or_to_a_part_is_decided_on(void **state)
{
    (void)state;
    open_hall(3, 1);
    buy(0, 1);
    buy(1, 2);
    expect(0, path_of(1, "move").text, TWO(STALLS, BALCONY), 200, "");
    expect(1, path_of(1, "move").text, TWO(BALCONY, STALLS), 200, "\"version\":3");
    /* the stream has changed, the parts are as they were */
    expect(0, path_of(1, "move").text, TWO(BALCONY, STALLS), 422, "other-section");
    /* a part has changed, the stream is as it was */
    expect(1, path_of(2, "move").text, TWO(STALLS, BALCONY), 200, "");
    expect(0, path_of(1, "move").text, TWO(STALLS, BALCONY), 422, "sold-out");
}

static void a_key_of_a_boundarys_stream_is_carried_out_once(void **state)
{
    (void)state;
    static const char key[] = "Idempotency-Key: one\r\n";
    open_hall(2, 2);
    buy(0, 1);
    for (int i = 0; i < 4; i++) {
        ask(i % 2, key, path_of(1, "move").text, TWO(STALLS, BALCONY));
        assert_int_equal(reply.status, 200);
        assert_string_equal(etag(), "\"2\"");
    }
    assert_int_equal(count_of("TicketMoved"), 1);
}

/* ---- many at once ---- */

enum { WALKERS = 8, STEPS = 30, TICKETS = 4, SEATS = 3 };

struct walker {
    pthread_t thread;
    int number;
};

/* Moves all tickets to and fro, also those that are elsewhere. */
static void *walk(void *context)
{
    const struct walker *walker = context;
    static const char *const bodies[] = {TWO(STALLS, BALCONY), TWO(BALCONY, STALLS)};
    for (int i = 0; i < STEPS; i++) {
        int status = hosting_post(hosts[walker->number % 2],
                                  path_of((walker->number + i) % TICKETS, "move").text, "",
                                  bodies[(walker->number / 2 + i) % 2]);
        if (status != 200 && status != 422 && status != 409)
            return context; /* another status */
    }
    return NULL;
}

/* Tickets walk between two sections that cannot hold them all, in the order of the locks and
 * against it: none is where it is not, and no section is overfull at any position. */
static void tickets_and_sections_hold_in_two_processes(void **state)
{
    (void)state;
    struct walker walkers[WALKERS];
    open_hall(TICKETS, SEATS);
    for (int i = 0; i < TICKETS; i++)
        buy(i % 2, i);
    for (int i = 0; i < WALKERS; i++) {
        walkers[i].number = i;
        assert_int_equal(pthread_create(&walkers[i].thread, NULL, walk, &walkers[i]), 0);
    }
    for (int i = 0; i < WALKERS; i++) {
        void *wrong = NULL;
        assert_int_equal(pthread_join(walkers[i].thread, &wrong), 0);
        assert_null(wrong);
    }
    assert_true(count_of("TicketMoved") > TICKETS);
    assert_int_equal(
        fixture_sql_int(
            url, "select count(*) from (select data->>'from_id' as origin, lag(coalesce("
                 "data->>'to_id', data->>'section_id')) over (partition by stream order by version)"
                 " as place from cairn.events where stream like 'ticket-%') moves"
                 " where origin is distinct from place and place is not null"),
        0);
    assert_int_equal(
        fixture_sql_int(url, "select count(*) from (select sum(case when data->>'to_id' = '" BALCONY
                             "' then 1 when data->>'from_id' = '" BALCONY
                             "' then -1 else 0 end) over (order by position) as taken"
                             " from cairn.events where type = 'TicketMoved') t"
                             " where taken not between 0 and 3"),
        0);
}

/* Both processes return every ticket, with two requests each. */
static void *give_back(void *context)
{
    const struct walker *walker = context;
    intptr_t done = 0;
    for (int i = 0; i < TICKETS; i++) {
        int status;
        do {
            status =
                hosting_post(hosts[walker->number % 2], path_of(i, "return").text, "", ONE(STALLS));
        } while (status == 409);
        done += status == 200;
    }
    return (void *)done;
}

static void a_ticket_is_returned_once_in_two_processes(void **state)
{
    (void)state;
    struct walker walkers[WALKERS];
    intptr_t done = 0;
    open_hall(TICKETS, SEATS);
    for (int i = 0; i < TICKETS; i++)
        buy(i % 2, i);
    for (int i = 0; i < WALKERS; i++) {
        walkers[i].number = i;
        assert_int_equal(pthread_create(&walkers[i].thread, NULL, give_back, &walkers[i]), 0);
    }
    for (int i = 0; i < WALKERS; i++) {
        void *one = NULL;
        assert_int_equal(pthread_join(walkers[i].thread, &one), 0);
        done += (intptr_t)one;
    }
    assert_int_equal(done, TICKETS);
    assert_int_equal(count_of("TicketReturned"), TICKETS);
}

/* ---- in the kit ---- */

static void the_kit_has_the_stream_of_a_boundary(void **state)
{
    (void)state;
    const struct cairn_uuid stalls = CAIRN_UUID(STALLS);
    const struct cairn_uuid balcony = CAIRN_UUID(BALCONY);
    const struct cairn_uuid there[] = {stalls, balcony};
    const struct cairn_uuid back[] = {balcony, stalls};
    const struct cairn_uuid_list there_list = {there, 2};
    const struct cairn_uuid_list back_list = {back, 2};
    const struct cairn_uuid_list stalls_list = {there, 1};
    CAIRN_DECIDING(ticket);
    GIVEN(section_opened, .section_id = stalls, .seats = 1);
    GIVEN(section_opened, .section_id = balcony, .seats = 1);
    WHEN(move_ticket, .section_ids = there_list);
    THEN_REFUSED("not-found");
    WHEN(buy_ticket, .section_ids = stalls_list);
    THEN(ticket_bought, .section_id = stalls);
    WHEN(move_ticket, .section_ids = there_list);
    THEN(ticket_moved, .from_id = stalls, .to_id = balcony);
    WHEN(move_ticket, .section_ids = there_list);
    THEN_REFUSED("other-section");
    STREAM(CAIRN_UUID(ID "99"));
    WHEN(buy_ticket, .section_ids = stalls_list);
    THEN(ticket_bought, .section_id = stalls);
    WHEN(move_ticket, .section_ids = there_list);
    THEN_REFUSED("sold-out");
    WHEN(move_ticket, .section_ids = back_list);
    THEN_REFUSED("other-section");
    WHEN(return_ticket, .section_ids = stalls_list);
    THEN(ticket_returned, .section_id = stalls);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kit_has_the_stream_of_a_boundary),
        TEST(a_route_with_an_id_appends_to_that_stream_of_a_boundary),
        TEST(a_boundarys_stream_that_does_not_exist_is_not_found),
        TEST(if_match_names_the_version_of_a_boundarys_stream),
        TEST(what_has_come_to_the_stream_or_to_a_part_is_decided_on),
        TEST(a_key_of_a_boundarys_stream_is_carried_out_once),
        TEST(tickets_and_sections_hold_in_two_processes),
        TEST(a_ticket_is_returned_once_in_two_processes),
    };
    return cmocka_run_group_tests_name("boundary streams", tests, kit_setup, NULL);
}
