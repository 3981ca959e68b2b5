/* test_enrolment.c - two enrolment services on one log: whatever comes at once, no course has more
 * students than seats, and no student more than five courses. The log proves it. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/service.h"
#include "../support/support.h"
#include "../support/system.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROCESSES = 2, CLIENTS = 20, ROUNDS = 15, PATIENCE_MS = 20000 };

static char url[512];
static struct child children[PROCESSES];
static int ports[PROCESSES];
static struct http_reply reply;

static void start_service(int i)
{
    service_launch(&children[i], "enrolment", url, ports[i], NULL);
}

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    for (int i = 0; i < PROCESSES; i++) {
        ports[i] = fixture_free_port();
        start_service(i);
    }
    for (int i = 0; i < PROCESSES; i++)
        fixture_wait_http(ports[i], "/readyz", PATIENCE_MS);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_reply_free(&reply);
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(child_stop(&children[i], PATIENCE_MS), 0);
    fixture_drop(url);
    return 0;
}

/* ---- requests ---- */

static void course_of(int number, char ret[40])
{
    (void)snprintf(ret, 40, "01890000-0000-7000-8000-00000c%06d", number);
}

static void define(int number, int seats)
{
    char body[200];
    char course[40];
    course_of(number, course);
    (void)snprintf(body, sizeof body, "{\"course_id\":\"%s\",\"title\":\"C\",\"capacity\":%d}",
                   course, seats);
    ask_for(201, ports[0], "POST", "/courses", NULL, body, &reply);
}

static void seat_body(int course_number, int student, char ret[200])
{
    char course[40];
    course_of(course_number, course);
    (void)snprintf(ret, 200,
                   "{\"course_id\":\"%s\",\"student_id\":\"01890000-0000-7000-8000-00000a%06d\"}",
                   course, student);
}

static void seat(int status, int process, const char *path, int course, int student)
{
    char body[200];
    seat_body(course, student, body);
    ask_for(status, ports[process], "POST", path, NULL, body, &reply);
}

/* ---- the log ---- */

/* Counts places in the log after which a course has more students than seats, or a student has more
 * than five courses, or the same one twice. */
static int64_t violations(void)
{
    return fixture_sql_int(
        url,
        "with moves as (select position, data->>'course_id' as course, data->>'student_id' as"
        "     student, case type when 'StudentSubscribed' then 1 else -1 end as way"
        "     from cairn.events where type like 'Student%'),"
        " courses as (select data->>'course_id' as course, (data->>'capacity')::int as capacity"
        "     from cairn.events where type = 'CourseDefined'),"
        " after as (select m.course, sum(way) over (partition by m.course order by position) as"
        "     taken, sum(way) over (partition by student order by position) as courses,"
        "     sum(way) over (partition by m.course, student order by position) as same"
        "     from moves m)"
        " select count(*) from after a join courses c using (course)"
        "     where a.taken > c.capacity or a.courses > 5 or a.same not in (0, 1)");
}

static void the_log_is_right(void)
{
    assert_int_equal(violations(), 0);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_order()"), 0);
    assert_int_equal(fixture_sql_int(url, "select (select count(*) from cairn.verify_tags()) +"
                                          " (select count(*) from cairn.verify_table_of_tags())"),
                     0);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_commands()"), 0);
}

/* ---- one after the other ---- */

static void what_another_process_decided_is_seen_in_a_boundary(void **state)
{
    (void)state;
    define(1, 1);
    for (int round = 0; round < ROUNDS; round++) {
        seat(201, round % 2, "/enrolments", 1, 1);
        seat(422, 1 - round % 2, "/enrolments", 1, 2);
        assert_non_null(strstr(reply.body, "course-full"));
        seat(422, round % 2, "/enrolments", 1, 1);
        assert_non_null(strstr(reply.body, "subscribed-already"));
        seat(201, 1 - round % 2, "/enrolments/end", 1, 1);
        seat(422, round % 2, "/enrolments/end", 1, 1);
    }
    the_log_is_right();
}

static void a_subscription_is_carried_out_once_under_its_key(void **state)
{
    (void)state;
    char body[200];
    char location[200];
    char again[200];
    static const char key[] = "Idempotency-Key: once\r\n";
    define(2, 5);
    seat_body(2, 1, body);
    ask_for(201, ports[0], "POST", "/enrolments", key, body, &reply);
    assert_true(http_header(&reply, "Location", location, sizeof location));
    for (int i = 0; i < PROCESSES; i++) {
        ask_for(201, ports[i], "POST", "/enrolments", key, body, &reply);
        assert_true(http_header(&reply, "Location", again, sizeof again));
        assert_string_equal(again, location);
        assert_true(http_header(&reply, "Idempotency-Replayed", again, sizeof again));
    }
    seat_body(2, 2, body);
    ask_for(422, ports[1], "POST", "/enrolments", key, body, &reply);
    assert_non_null(strstr(reply.body, "key"));
    the_log_is_right();
}

/* An event that a person appends is seen like any other. */
static void a_person_takes_the_last_seat(void **state)
{
    (void)state;
    char sql[700];
    char course[40];
    define(3, 1);
    seat(201, 0, "/enrolments", 3, 1);
    seat(201, 0, "/enrolments/end", 3, 1);
    course_of(3, course);
    (void)snprintf(sql, sizeof sql,
                   "select position from cairn.append_if('[{\"type\": \"StudentSubscribed\","
                   " \"data\": {\"course_id\": \"%s\", \"student_id\":"
                   " \"01890000-0000-7000-8000-00000a999999\"}, \"tags\": [\"course:%s\","
                   " \"student:01890000-0000-7000-8000-00000a999999\"]}]',"
                   " '[{\"tags\": [\"course:%s\"]}]', cairn.head(), 'enrolment')",
                   course, course, course);
    assert_true(fixture_sql_int(url, sql) > 0);
    seat(422, 0, "/enrolments", 3, 1);
    seat(422, 1, "/enrolments", 3, 1);
    the_log_is_right();
}

/* ---- many at once ---- */

struct client {
    pthread_t thread;
    unsigned seed;
    int course; /* the first of those that are asked for */
    int courses;
    int rounds;
    int accepted, refused, conflicts, others;
};

/* Subscribes students, and unsubscribes some of them. */
static void *enrol(void *context)
{
    struct client *client = context;
    for (int i = 0; i < client->rounds; i++) {
        char body[200];
        struct http_reply answer = {0};
        int course = client->course + rand_r(&client->seed) % client->courses;
        const char *path = rand_r(&client->seed) % 4 == 0 ? "/enrolments/end" : "/enrolments";
        seat_body(course, 100 * client->course + rand_r(&client->seed) % 12, body);
        int failed =
            http_send(ports[rand_r(&client->seed) % PROCESSES], "POST", path,
                      "Content-Type: application/json\r\n", body, strlen(body), &answer, 20000);
        int status = failed ? 0 : answer.status;
        client->accepted += status == 201;
        client->refused += status == 422;
        client->conflicts += status == 409;
        client->others += status != 201 && status != 422 && status != 409;
        http_reply_free(&answer);
    }
    return NULL;
}

static void start_clients(struct client *clients, int course, int courses, int rounds)
{
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){
            .seed = (unsigned)i + 1, .course = course, .courses = courses, .rounds = rounds};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, enrol, &clients[i]), 0);
    }
}

static struct client join_clients(struct client *clients)
{
    struct client sum = {0};
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
        sum.accepted += clients[i].accepted;
        sum.refused += clients[i].refused;
        sum.conflicts += clients[i].conflicts;
        sum.others += clients[i].others;
    }
    return sum;
}

static int64_t students_in_log(void)
{
    return fixture_sql_int(url, "select count(*) from cairn.events where type like 'Student%'");
}

static void twenty_clients_of_two_processes_never_overfill_a_course(void **state)
{
    (void)state;
    struct client clients[CLIENTS];
    int64_t before = students_in_log();
    for (int i = 10; i < 17; i++)
        define(i, 4);
    start_clients(clients, 10, 7, ROUNDS);
    struct client sum = join_clients(clients);
    assert_int_equal(sum.others, 0);
    assert_true(sum.accepted > 20 && sum.refused > 20);
    assert_int_equal(students_in_log() - before, sum.accepted);
    the_log_is_right();
}

/* All of them are decided on each other, in one process, without a conflict: its students are none
 * that another process knows. */
static void commands_in_one_boundary_are_chained(void **state)
{
    (void)state;
    struct client clients[CLIENTS];
    int other = ports[1];
    char before[64];
    define(20, 1000);
    seat(201, 0, "/enrolments", 20, 100);
    ask_for(200, ports[0], "GET", "/metrics", NULL, NULL, &reply);
    const char *at = strstr(reply.body, "\ncairn_command_retries_total ");
    (void)snprintf(before, sizeof before, "%.30s", at ? at : "");
    ports[1] = ports[0];
    start_clients(clients, 20, 1, ROUNDS);
    struct client sum = join_clients(clients);
    ports[1] = other;
    assert_int_equal(sum.others + sum.conflicts, 0);
    ask_for(200, ports[0], "GET", "/metrics", NULL, NULL, &reply);
    at = strstr(reply.body, "\ncairn_command_retries_total ");
    char after[64];
    (void)snprintf(after, sizeof after, "%.30s", at ? at : "");
    assert_string_equal(after, before);
    the_log_is_right();
}

static void a_killed_service_loses_nothing_and_overfills_nothing(void **state)
{
    (void)state;
    struct client clients[CLIENTS];
    int64_t before = students_in_log();
    for (int i = 30; i < 37; i++)
        define(i, 3);
    start_clients(clients, 30, 7, 2 * ROUNDS);
    for (int i = 0; i < 4; i++) {
        int64_t seen = students_in_log();
        for (int64_t until = fixture_now_ms() + 300;
             students_in_log() == seen && fixture_now_ms() < until;)
            fixture_nap();
        child_kill(&children[i % 2], SIGKILL);
        start_service(i % 2);
        fixture_wait_http(ports[i % 2], "/readyz", PATIENCE_MS);
    }
    struct client sum = join_clients(clients);
    assert_true(sum.accepted > 0);
    assert_true(students_in_log() - before >= sum.accepted); /* an answer may have been lost */
    the_log_is_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_another_process_decided_is_seen_in_a_boundary),
        cmocka_unit_test(a_subscription_is_carried_out_once_under_its_key),
        cmocka_unit_test(a_person_takes_the_last_seat),
        cmocka_unit_test(twenty_clients_of_two_processes_never_overfill_a_course),
        cmocka_unit_test(commands_in_one_boundary_are_chained),
        cmocka_unit_test(a_killed_service_loses_nothing_and_overfills_nothing),
    };
    return cmocka_run_group_tests_name("enrolment", tests, setup, teardown);
}
