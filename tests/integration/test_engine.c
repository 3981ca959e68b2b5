/* test_engine.c - process managers and reactors on a real log, within the test's process: a small
 * service that lights lamps. A process puts out a lit lamp, at once or at a given time; some lamps
 * refuse. A reactor records the lamps that were put out. */
#include "../support/fixture.h"
#include "../support/server.h"
#include "../support/support.h"
#include "../support/wire.h"
#include "core/report/metrics.h"
#include "process/deliver/command_client.h"
#include "process/react/reaction.h"
#include "runtime/host.h"

#include <cairn/service.h>

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a lamp ---- */

/* `seconds` to burn; 0: put out at once; below: it refuses to be put out */
CAIRN_STRUCT(lamp_lit, INT(seconds));
CAIRN_STRUCT(lamp_out);
CAIRN_STRUCT(lamp_broken);
CAIRN_EVENTS(lamp, EVENT(lamp_lit, "LampLit", 1), EVENT(lamp_out, "LampOut", 1),
             EVENT(lamp_broken, "LampBroken", 1));

CAIRN_STRUCT(put_out);
CAIRN_STRUCT(break_lamp);
CAIRN_COMMANDS(lamp, COMMAND(put_out, "POST /lamps/{id}/put-out"),
               COMMAND(break_lamp, "POST /lamps/{id}/break"));

CAIRN_STRUCT(lamp, BOOL(burns), BOOL(stubborn));

CAIRN_EVOLVE(lamp, lamp_lit)
{
    self->burns = true;
    self->stubborn = event->seconds < 0;
}

CAIRN_EVOLVE(lamp, lamp_out)
{
    self->burns = false;
}

CAIRN_EVOLVE(lamp, lamp_broken)
{
    self->burns = false;
}

static int refuse_dark(struct cairn_error *error)
{
    return cairn_refuse(error, "lamp-does-not-burn", "the lamp does not burn");
}

CAIRN_DECIDE(lamp, put_out)
{
    if (!self->burns)
        return refuse_dark(error);
    if (self->stubborn)
        return cairn_refuse(error, "lamp-is-stubborn", "the lamp cannot be put out");
    CAIRN_EMIT(ret, lamp_out);
    return 0;
}

CAIRN_DECIDE(lamp, break_lamp)
{
    if (!self->burns)
        return refuse_dark(error);
    CAIRN_EMIT(ret, lamp_broken);
    return 0;
}

CAIRN_DECIDER(lamp, .state_version = 1);

/* ---- a wick ---- */

/* A second decider of the same service; its command creates, and names the stream itself. */
CAIRN_STRUCT(wick_trimmed, UUID(wick_id));
CAIRN_EVENTS(wick, EVENT(wick_trimmed, "WickTrimmed", 1));

CAIRN_STRUCT(trim_wick, UUID(wick_id));
CAIRN_COMMANDS(wick, COMMAND(trim_wick, "POST /wicks"));

CAIRN_STRUCT(wick, BOOL(is_trimmed));

CAIRN_EVOLVE(wick, wick_trimmed)
{
    self->is_trimmed = true;
}

CAIRN_DECIDE(wick, trim_wick)
{
    if (!self->is_trimmed)
        CAIRN_EMIT(ret, wick_trimmed, .wick_id = command->wick_id);
    return 0;
}

CAIRN_DECIDER(wick, .state_version = 1);

/* ---- the process that puts them out ---- */

enum {
    TRIMS = -2,    /* a value of `seconds`: the lamp's wick is to be trimmed */
    MISUSES = -3,  /* its reaction is one that cannot be recorded */
    MISTYPES = -4, /* its reaction sets a timer that has no handler */
};

CAIRN_STRUCT(night, INT(lit), INT(out));
CAIRN_PROCESS(night, .from_start = true, CAIRN_SENDS(lamp, wick));

CAIRN_WHEN(night, lamp, lamp_lit)
{
    self->lit++;
    if (event->seconds == TRIMS)
        CAIRN_SEND(ret, wick, given->id, trim_wick, .wick_id = given->id);
    else if (event->seconds == MISUSES)
        cairn_schedule(ret, "", given->now);
    else if (event->seconds == MISTYPES)
        cairn_schedule(ret, "burned-down", given->now);
    else if (event->seconds > 0)
        cairn_schedule(ret, "burnt-down",
                       cairn_time_after(given->now, CAIRN_SECONDS(event->seconds)));
    else
        CAIRN_SEND(ret, lamp, given->id, put_out);
}

CAIRN_WHEN(night, lamp, lamp_out)
{
    self->out++;
    cairn_cancel(ret, "burnt-down");
}

CAIRN_WHEN_TIMER(night, burnt_down, "burnt-down")
{
    CAIRN_SEND(ret, lamp, given->id, put_out);
}

CAIRN_WHEN_REFUSED(night, put_out)
{
    if (refusal->code == CAIRN_REFUSED && strcmp(refusal->reason, "lamp-is-stubborn") == 0)
        CAIRN_SEND(ret, lamp, given->id, break_lamp);
}

/* Handles night's events but does not declare that it sends to wicks. */
static const struct cairn_process forgetful_process = {
    .name = "forgetful",
    .state = &night_record,
    .when = &night_handlers_,
    CAIRN_SENDS(lamp),
};

/* ---- the reactor that records them ---- */

static atomic_int handled, attempts_wanted, gives_up;

CAIRN_REACTOR(notes, .concurrency = 4, .from_start = true);

CAIRN_HANDLE(notes, lamp, lamp_out)
{
    if (atomic_load(&gives_up)) {
        (void)cairn_fail(error, CAIRN_UNAVAILABLE, "no paper");
        return CAIRN_GIVE_UP;
    }
    if (call->attempt < atomic_load(&attempts_wanted)) {
        (void)cairn_fail(error, CAIRN_UNAVAILABLE, "no paper yet");
        return CAIRN_TRY_AGAIN;
    }
    atomic_fetch_add(&handled, 1);
    return CAIRN_DONE;
}

/* A service that has deciders of two categories, and the name of neither. */
static const struct cairn_service service = {.name = "lighting",
                                             .deciders = {&lamp_decider, &wick_decider},
                                             .processes = {&night_process},
                                             .reactors = {&notes_reactor}};
static const struct cairn_service *const services[] = {&service, NULL};

/* ---- the bench ---- */

static char url[512];
static struct cairn_config configs[64]; /* one per host, which borrows it */

static int try_to_start_at(int port, const struct cairn_service *const those[],
                           struct cairn_host **ret, struct cairn_error *error)
{
    static int started;
    char text[20];
    assert_in_range(started, 0, sizeof configs / sizeof configs[0] - 1);
    struct cairn_config *config = &configs[started++];
    (void)snprintf(text, sizeof text, "%d", port);
    (void)setenv("DATABASE_URL", url, 1);
    (void)setenv("PORT", text, 1);
    assert_int_equal(cairn_config_read(config, those, error), 0);
    (void)unsetenv("PORT");
    (void)unsetenv("DATABASE_URL");
    return cairn_host_start(config, those, ret, error);
}

static int try_to_start(const struct cairn_service *const those[], struct cairn_host **ret,
                        struct cairn_error *error)
{
    return try_to_start_at(0, those, ret, error);
}

static struct cairn_host *start(void)
{
    struct cairn_host *host = NULL;
    struct cairn_error error = {0};
    if (try_to_start(services, &host, &error) < 0)
        fail_msg("%s", error.message);
    return host;
}

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    atomic_store(&handled, 0);
    atomic_store(&attempts_wanted, 1);
    atomic_store(&gives_up, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

#define LAMP "lamp-01890000-0000-7000-8000-%012d"
#define NIGHT "night-01890000-0000-7000-8000-%012d"

static void light(int lamp, int seconds)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('" LAMP "', 'LampLit', '{\"seconds\": %d}')", lamp,
                   seconds);
    fixture_sql(url, sql);
}

static void expect_soon(const char *sql, int64_t wanted)
{
    fixture_wait_sql(url, sql, wanted, 60000);
}

#define EVENTS(type) "select count(*) from cairn.events where type = '" type "'"

static bool has_handled(void *context)
{
    return atomic_load(&handled) == *(const int *)context;
}

static void expect_handled(int wanted)
{
    fixture_wait(has_handled, &wanted, 60000, "events to be handled");
}

/* Waits until a metric has at least this value; -1 stands for one that is not there. */
struct metric_wait {
    const char *name;
    int64_t wanted;
};

static int64_t metric_now(const char *name)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    const char *at = strstr(text.text, name);
    int64_t value = at ? strtoll(at + strlen(name), NULL, 10) : -1;
    cairn_arena_close(&arena);
    return value;
}

static bool metric_is_there(void *context)
{
    const struct metric_wait *wait = context;
    return metric_now(wait->name) >= wait->wanted;
}

static void expect_metric(const char *name, int64_t wanted)
{
    struct metric_wait wait = {name, wanted};
    fixture_wait(metric_is_there, &wait, 30000, name);
}

/* ---- tests ---- */

static void an_event_leads_to_a_command_and_is_written_down_once(void **state)
{
    (void)state;
    enum { LAMPS = 200 };
    for (int i = 0; i < LAMPS; i++)
        light(i, 0);
    struct cairn_host *host = start();
    expect_soon(EVENTS("LampOut"), LAMPS);
    expect_handled(LAMPS);
    expect_soon("select count(*) from cairn.outgoing", 0);
    expect_soon(EVENTS("ProcessAdvanced"), 2 * LAMPS); /* one for lit, one for out */
    cairn_host_stop(host);
    assert_int_equal(atomic_load(&handled), LAMPS);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 0);
}

static void a_command_that_is_refused_for_good_comes_back(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    light(1, -1);
    expect_soon(EVENTS("LampBroken"), 1);
    expect_soon("select count(*) from cairn.events where data #>> '{input,kind}' = 'refusal'"
                " and data #>> '{input,reason}' = 'lamp-is-stubborn'",
                1);
    expect_soon("select count(*) from cairn.outgoing", 0);
    cairn_host_stop(host);
}

static void a_timer_fires_once_whichever_process_runs_when_it_is_due(void **state)
{
    (void)state;
    static const char delays[] = "cairn_process_timer_delay_seconds_count{process=\"night\"} ";
    int64_t observed = metric_now(delays) < 0 ? 0 : metric_now(delays);
    struct cairn_host *host = start();
    light(1, 3600);
    expect_soon("select count(*) from cairn.timers", 1);
    cairn_host_stop(host);
    fixture_sql(url, "select cairn.turn_clock('2 hours')");
    host = start();
    struct cairn_host *other = start();
    expect_soon(EVENTS("LampOut"), 1);
    expect_soon("select count(*) from cairn.timers", 0);
    expect_soon("select count(*) from cairn.outgoing", 0);
    expect_metric(delays, observed + 1);
    cairn_host_stop(other);
    cairn_host_stop(host);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events where data #>>"
                                          " '{input,kind}' = 'timer'"),
                     1);
}

/* Lights the first lamp, with a timer, and stops; then the timer is due after all that is in the
 * log by now. */
static void light_and_leave(void)
{
    struct cairn_host *host = start();
    light(1, 3600);
    expect_soon("select count(*) from cairn.timers", 1);
    expect_soon("select count(*) from cairn.followers where position >= cairn.head()", 2);
    cairn_host_stop(host);
}

static void make_due(void)
{
    char sql[600];
    (void)snprintf(sql, sizeof sql,
                   "do $$ declare due timestamptz := clock_timestamp(); begin"
                   " perform cairn.change_timer('" NIGHT "', 'burnt-down', due);"
                   " update cairn.timers set due_at = due; end $$",
                   1);
    fixture_sql(url, sql);
}

#define FIRED "select count(*) from cairn.events where data #>> '{input,kind}' = 'timer'"

static void a_timer_waits_for_events_that_were_recorded_before_it_was_due(void **state)
{
    (void)state;
    char sql[300];
    light_and_leave();
    fixture_sql(url, "select count(cairn.append('day-01890000-0000-7000-8000-000000000001',"
                     " 'Noted', '{}')) from generate_series(1, 1200)");
    (void)snprintf(sql, sizeof sql, "select cairn.append('" LAMP "', 'LampOut', '{}')", 1);
    fixture_sql(url, sql);
    make_due();
    struct cairn_host *host = start();
    expect_soon("select count(*) from cairn.followers where position >= cairn.head()", 2);
    expect_soon("select count(*) from cairn.timers", 0);
    cairn_host_stop(host);
    assert_int_equal(fixture_sql_int(url, FIRED), 0);
}

static void a_timer_does_not_wait_for_events_that_were_recorded_later(void **state)
{
    (void)state;
    light_and_leave();
    make_due();
    fixture_sql(url, "select count(cairn.append('lamp-01890000-0000-7000-8000-'"
                     " || lpad((n + 10)::text, 12, '0'), 'LampLit', '{\"seconds\": 3600}'))"
                     " from generate_series(1, 1800) n");
    struct cairn_host *host = start();
    expect_soon("select count(*) from cairn.timers", 1800);
    cairn_host_stop(host);
    assert_int_equal(fixture_sql_int(url, FIRED), 1);
    assert_true(fixture_sql_int(url,
                                "select count(*) from cairn.events where type ="
                                " 'ProcessAdvanced' and position > (select position from"
                                " cairn.events where data #>> '{input,kind}' = 'timer')") > 500);
}

/* Two hosts run, and the lease is repeatedly taken from its owner. */
static void two_that_take_turns_do_nothing_twice(void **state)
{
    (void)state;
    enum { LAMPS = 120 };
    struct cairn_host *one = start();
    struct cairn_host *two = start();
    for (int i = 0; i < LAMPS; i++) {
        light(i, 0);
        if (i % 30 == 29)
            fixture_sql(url, "update cairn.leases set held_until = clock_timestamp(),"
                             " fence = fence + 1, owner = 'nobody'");
    }
    expect_soon(EVENTS("LampOut"), LAMPS);
    expect_soon(EVENTS("ProcessAdvanced"), 2 * LAMPS);
    expect_soon("select count(*) from cairn.outgoing", 0);
    cairn_host_stop(two);
    cairn_host_stop(one);
    assert_int_equal(fixture_sql_int(url, EVENTS("ProcessAdvanced")), 2 * LAMPS);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 0);
}

/* The tables are lost, including the checkpoint. */
static void the_tables_are_made_again_from_the_log(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    light(1, 3600);
    light(2, 0);
    expect_soon("select count(*) from cairn.timers", 1);
    expect_soon(EVENTS("LampOut"), 1);
    expect_soon("select count(*) from cairn.outgoing", 0);
    cairn_host_stop(host);
    fixture_sql(url, "delete from cairn.timers; delete from cairn.followers;");
    int64_t head = fixture_sql_int(url, "select cairn.head()");
    host = start();
    expect_soon("select count(*) from cairn.timers", 1);
    expect_soon("select count(*) from cairn.followers where position >= cairn.head()", 2);
    expect_soon("select count(*) from cairn.outgoing", 0); /* delivered again, under the same key */
    assert_int_equal(fixture_sql_int(url, "select cairn.head()"), head);
    fixture_sql(url, "delete from cairn.timers; select cairn.rebuild_process('night');");
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.timers"), 1);
    light(3, 0); /* it continues, with a new lease */
    expect_soon(EVENTS("LampOut"), 2);
    cairn_host_stop(host);
}

static void a_service_may_be_called_otherwise_than_its_streams(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    light(1, 0);
    light(2, TRIMS);
    expect_soon(EVENTS("LampOut"), 1);
    expect_soon(EVENTS("WickTrimmed"), 1);
    expect_soon("select count(*) from cairn.outgoing", 0);
    cairn_host_stop(host);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 0);
    /* commands of an imported log are recognised by the events that they wrote; so are those whose
     * keys have expired */
    fixture_sql(url, "delete from cairn.executed_commands; select cairn.rebuild_process('night')");
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.outgoing"), 0);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 0);
    /* the same key in another service's event proves nothing about the command */
    fixture_sql(url, "alter table cairn.events disable trigger events_are_never_changed;"
                     "update cairn.events set stream = 'rain-1' where type = 'LampOut'");
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 1);
}

static void a_member_that_names_the_stream_is_its_id(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    light(7, TRIMS);
    expect_soon(EVENTS("WickTrimmed"), 1);
    cairn_host_stop(host);
    assert_int_equal(fixture_sql_int(url, EVENTS("WickTrimmed") " and stream = 'wick-01890000-0000-"
                                                                "7000-8000-000000000007'"
                                                                " and stream = 'wick-' ||"
                                                                " (data ->> 'wick_id')"),
                     1);
}

/* A command's key cannot be guessed from names and numbers. */
static void no_client_uses_the_key_of_a_command_before_it_is_sent(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    light(9, 3600);
    expect_soon("select count(*) from cairn.timers", 1);
    struct wire_answer answer =
        wire_ask(cairn_host_port(host),
                 "POST /lamps/01890000-0000-7000-8000-000000000009/break HTTP/1.1\r\n"
                 "Content-Type: application/json\r\n"
                 "Idempotency-Key: night-01890000-0000-7000-8000-000000000001/1/0\r\n",
                 "{}");
    assert_int_equal(answer.status, 200);
    light(1, 0);
    expect_soon(EVENTS("LampOut"), 1);
    expect_soon("select count(*) from cairn.outgoing", 0);
    cairn_host_stop(host);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events"
                                          " where data #>> '{input,kind}' = 'refusal'"),
                     0);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 0);
}

/* This error would count as a domain refusal, and a process would compensate for nothing. */
static void what_is_wrong_between_machines_is_no_refusal(void **state)
{
    (void)state;
    static const enum cairn_code between[] = {
        CAIRN_KEY_REUSED,       CAIRN_MALFORMED,   CAIRN_METHOD,    CAIRN_MEDIA_TYPE,
        CAIRN_UNAUTHENTICATED,  CAIRN_FORBIDDEN,   CAIRN_TOO_LARGE, CAIRN_TIMED_OUT,
        CAIRN_NO_PATH,          CAIRN_UNAVAILABLE, CAIRN_BUSY,      CAIRN_UNKNOWN,
        CAIRN_HEADERS_TOO_LARGE};
    static const enum cairn_code final[] = {CAIRN_REFUSED, CAIRN_CLAIMED, CAIRN_NOT_FOUND,
                                            CAIRN_EXISTS,  CAIRN_INVALID, CAIRN_PRECONDITION};
    for (size_t i = 0; i < sizeof between / sizeof *between; i++)
        assert_false(cairn_is_final(-(int)between[i]));
    for (size_t i = 0; i < sizeof final / sizeof *final; i++)
        assert_true(cairn_is_final(-(int) final[i]));
}

static bool readyz_says(void *context)
{
    struct wire_answer answer = wire_ask(*(const int *)context, "GET /readyz HTTP/1.1\r\n", "");
    return answer.status == 200 && strstr(answer.body, "{\"name\":\"reactor/notes\"") &&
           strstr(answer.body, "is retried: no paper yet");
}

/* The checkpoint stays before the event, and the reason is visible. */
static void a_reactor_that_fails_is_seen(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    int port = cairn_host_port(host);
    atomic_store(&attempts_wanted, 1000000);
    light(1, 0);
    expect_soon("select count(*) from cairn.followers where name = 'reactor/notes'"
                " and stopped like '%LampOut of lamp-%is retried: no paper yet'"
                " and position < cairn.head()",
                1);
    fixture_wait(readyz_says, &port, 20000, "readiness to tell of it");
    atomic_store(&attempts_wanted, 1);
    expect_handled(1);
    expect_soon("select count(*) from cairn.followers where name = 'reactor/notes'"
                " and stopped is null and position = cairn.head()",
                1);
    cairn_host_stop(host);
}

static void damage_to_the_tables_is_found(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    light(1, 3600);
    expect_soon("select count(*) from cairn.timers", 1);
    expect_soon("select count(*) from cairn.followers where position >= cairn.head()", 2);
    cairn_host_stop(host);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 0);
    fixture_sql(url, "update cairn.timers set due_at = due_at + interval '1 s'");
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 1);
    fixture_sql(url, "delete from cairn.timers;"
                     "insert into cairn.outgoing (process, stream, version, number, position,"
                     " target, command, method, path, body) values ('night', 'night-x', 1, 0, 1,"
                     " 'lamp-x', 'put_out', 'POST', '/', '{}')");
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 2);
}

static void expect_parked(int night, const char *reason)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from cairn.parked_instances where process = 'night'"
                   " and stream = '" NIGHT "' and not again and reason like '%%%s%%'",
                   night, reason);
    expect_soon(sql, 1);
}

static void retry(int night, const char *skip)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql, "select cairn.retry_parked_instances('night', '" NIGHT "', %s)",
                   night, skip);
    assert_int_equal(fixture_sql_int(url, sql), 1);
}

/* The stream of one process ends with an event that is not a state. The others continue; once the
 * stream can be read, the process handles the events it has missed, each once. */
static void a_process_that_cannot_be_read_is_parked_and_the_others_go_on(void **state)
{
    (void)state;
    char sql[600];
    struct cairn_host *host = start();
    light(1, 3600);
    expect_soon("select count(*) from cairn.timers", 1);
    (void)snprintf(sql, sizeof sql, "select cairn.append('" NIGHT "', 'SomethingElse', '{}')", 1);
    fixture_sql(url, sql);
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('" LAMP "', 'LampLit',"
                   " '{\"seconds\": 0}')",
                   1);
    fixture_sql(url, sql);
    light(2, 0);
    expect_parked(1, "SomethingElse");
    expect_soon(EVENTS("LampOut"), 1); /* of the second lamp */
    retry(1, "false");
    expect_parked(1, "SomethingElse");
    cairn_host_stop(host);
    host = start(); /* the next owner knows it, too */
    light(3, 0);
    expect_soon(EVENTS("LampOut"), 2);
    expect_parked(1, "SomethingElse");
    /* an operator appends the right state */
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('" NIGHT "', 'ProcessAdvanced',"
                   " (select data from cairn.events where stream = '" NIGHT "'"
                   "     and type = 'ProcessAdvanced' order by version desc limit 1))",
                   1, 1);
    fixture_sql(url, sql);
    light(4, 0);
    expect_soon(EVENTS("LampOut"), 3); /* it does not resume by itself, as it missed an event */
    expect_soon("select count(*) from cairn.parked_instances", 1);
    retry(1, "false");
    expect_soon(EVENTS("LampOut"), 4);
    expect_soon("select count(*) from cairn.parked_instances", 0);
    expect_soon("select count(*) from cairn.outgoing", 0);
    cairn_host_stop(host);
}

static void an_event_that_cannot_be_read_parks_its_process_only(void **state)
{
    (void)state;
    char sql[400];
    struct cairn_host *host = start();
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('" LAMP "', 'LampLit', '{\"seconds\": \"many\"}'),"
                   " cairn.append('" LAMP "', 'LampLit', '{\"seconds\": 0}')",
                   9, 9);
    fixture_sql(url, sql);
    light(2, 0);
    expect_soon(EVENTS("LampOut"), 1);
    expect_parked(9, "seconds");
    retry(9, "false");
    expect_parked(9, "seconds");
    retry(9, "true"); /* skips the event: the lamp's own service cannot read it either */
    expect_soon("select count(*) from cairn.parked_instances", 0);
    expect_soon("select count(*) from cairn.outgoing where target like '%09'", 1);
    cairn_host_stop(host);
}

static void a_timer_is_due_at_a_time_that_can_be_read_back(void **state)
{
    (void)state;
    static const char *const wrong[] = {"infinity", "-infinity", "10000-01-01 00:00:00Z",
                                        "0001-01-01 00:00:00Z BC"};
    char sql[600];
    struct cairn_host *host = start();
    light(1, 3600);
    expect_soon("select count(*) from cairn.timers", 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        (void)snprintf(sql, sizeof sql,
                       "do $$ begin perform cairn.change_timer('" NIGHT "', 'burnt-down', '%s');"
                       " raise 'it was taken'; exception when sqlstate 'CA010' then null; end $$",
                       1, wrong[i]);
        fixture_sql(url, sql);
    }
    /* and a malformed event written by hand blocks no other process */
    (void)snprintf(sql, sizeof sql,
                   "select cairn.append('" NIGHT "', 'ProcessAdvanced', '{\"timers\": [{\"name\":"
                   " \"x\", \"at\": \"whenever\"}], \"sent\": 5, \"position\": \"there\"}')",
                   5);
    fixture_sql(url, sql);
    light(5, 0);
    light(2, 0);
    expect_soon(EVENTS("LampOut"), 1);
    expect_parked(5, "of another program");
    cairn_host_stop(host);
}

/* Appends an event as a newer release would. */
static void put_out_by_a_newer_release(int lamp)
{
    char sql[500];
    (void)snprintf(
        sql, sizeof sql,
        "insert into cairn.events (shard, position, stream, version, type,"
        " schema_version, event_id, data, meta, recorded_at) values (0, cairn.head() + 1,"
        " '" LAMP "', 1, 'LampOut', 9, gen_random_uuid(), '{}', '{}',"
        " clock_timestamp())",
        lamp);
    fixture_sql(url, sql);
}

static const char lease_is_free[] = "select count(*) from cairn.leases l join cairn.followers f"
                                    " using (name) where l.name = 'reactor/notes' and l.fence > %d"
                                    " and f.fence = l.fence and l.held_until <= clock_timestamp()";

/* The successor of a reactor that stopped at a newer event starts there. */
static void what_is_before_a_newer_event_is_handled_once(void **state)
{
    (void)state;
    enum { LAMPS = 5 };
    char sql[400];
    for (int i = 0; i < LAMPS; i++)
        fixture_sql(url, "select cairn.append('lamp-' || gen_random_uuid(), 'LampOut', '{}')");
    put_out_by_a_newer_release(1);
    int64_t fence = 0;
    for (int turn = 0; turn < 2; turn++) {
        struct cairn_host *host = start();
        (void)snprintf(sql, sizeof sql, lease_is_free, (int)fence);
        expect_soon(sql, 1);
        fence = fixture_sql_int(url, "select fence from cairn.leases where name = 'reactor/notes'");
        cairn_host_stop(host);
    }
    assert_int_equal(atomic_load(&handled), LAMPS);
    assert_int_equal(fixture_sql_int(url, "select position from cairn.followers"
                                          " where name = 'reactor/notes'"),
                     LAMPS);
}

static void a_reactor_tries_again_parks_and_tries_again_when_told(void **state)
{
    (void)state;
    atomic_store(&attempts_wanted, 3);
    struct cairn_host *host = start();
    light(1, 0);
    expect_handled(1);
    atomic_store(&gives_up, 1);
    light(2, 0);
    expect_soon("select count(*) from cairn.parked_events where reason like '%no paper%'", 1);
    expect_soon("select count(*) from cairn.followers where position >= cairn.head()", 2);
    atomic_store(&gives_up, 0);
    atomic_store(&attempts_wanted, 1);
    fixture_sql(url, "select cairn.retry_parked_events('notes', null)");
    expect_handled(2);
    expect_soon("select count(*) from cairn.parked_events", 0);
    cairn_host_stop(host);
}

/* A new follower starts after the existing events. */
static void a_new_follower_ignores_earlier_events(void **state)
{
    (void)state;
    light(1, 0);
    fixture_sql(url, "select cairn.begin_follower('process/night', 'night', false),"
                     " cairn.begin_follower('reactor/notes', null, false)");
    struct cairn_host *host = start();
    light(2, 0);
    expect_soon(EVENTS("LampOut"), 1);
    expect_handled(1);
    cairn_host_stop(host);
    assert_int_equal(fixture_sql_int(url, EVENTS("LampOut") " and stream like '%000000000002'"), 1);
}

/* Every member has a wrong type. */
static void a_reaction_that_a_person_wrote_wrong_stops_no_other(void **state)
{
    (void)state;
    static const char *const begins =
        "select cairn.begin_follower('process/day', 'day', false)::int";
    static const char *const wrong =
        "select cairn.append('%s-01890000-0000-7000-8000-000000000077', 'ProcessAdvanced',"
        " '{\"position\": \"x\", \"input\": {\"kind\": \"refusal\", \"version\": \"y\","
        " \"number\": {}}, \"sent\": [{}, 5, {\"to\": \"lamp-1\"}], \"timers\": 3}')";
    char sql[400];
    struct cairn_host *host = start();
    (void)snprintf(sql, sizeof sql, wrong, "night");
    fixture_sql(url, sql);
    light(1, 0);
    expect_soon(EVENTS("LampOut"), 1);
    expect_soon("select count(*) from cairn.outgoing", 0);
    cairn_host_stop(host);
    (void)snprintf(sql, sizeof sql, wrong, "day");
    fixture_sql(url, sql);
    assert_int_equal(fixture_sql_int(url, begins), 1);
}

static void a_timer_without_a_handler_parks_its_process_when_it_is_set(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    light(1, MISTYPES);
    light(2, 0);
    expect_soon(EVENTS("LampOut"), 1);
    expect_soon("select count(*) from cairn.parked_instances where process = 'night'"
                " and reason like '%test_engine.c:%: process night set the timer \"burned-down\","
                " which it has no handler for: write CAIRN_WHEN_TIMER(night, …, \"burned-down\")%'"
                " and reason like '%(\"burnt-down\")'",
                1);
    cairn_host_stop(host);
}

static void a_reaction_that_cannot_be_recorded_parks_its_process_only(void **state)
{
    (void)state;
    struct cairn_host *host = start();
    light(1, MISUSES);
    light(2, 0);
    expect_soon(EVENTS("LampOut"), 1);
    expect_soon("select count(*) from cairn.parked_instances where process = 'night'"
                " and reason like '%a timer without a name%'",
                1);
    fixture_sql(url, "select cairn.retry_parked_instances('night', null)");
    expect_soon("select count(*) from cairn.parked_instances where not again", 1);
    fixture_sql(url, "select cairn.retry_parked_instances('night', null, true)");
    expect_soon("select count(*) from cairn.parked_instances", 0);
    light(3, 0);
    expect_soon(EVENTS("LampOut"), 2);
    cairn_host_stop(host);
}

/* Other processes' events are not read for it. */
static void a_process_that_is_new_begins_at_once_on_a_long_log(void **state)
{
    (void)state;
    fixture_sql(url, "select count(cairn.append('day-01890000-0000-7000-8000-'"
                     " || lpad((n % 100)::text, 12, '0'), 'ProcessAdvanced', '{\"position\": 1}'))"
                     " from generate_series(1, 5000) n");
    fixture_sql(url, "do $$ declare before bigint := "
                     "pg_stat_get_xact_blocks_fetched('cairn.events'::regclass);"
                     "begin perform cairn.begin_follower('process/dusk', 'dusk', false);"
                     " if pg_stat_get_xact_blocks_fetched('cairn.events'::regclass) - before > 10"
                     " then raise 'it was read'; end if; end $$");
    assert_int_equal(
        fixture_sql_int(url, "select position from cairn.followers where name = 'process/dusk'"),
        5000);
    fixture_sql(url, "select cairn.begin_follower('process/day', 'day', false)");
    assert_int_equal(
        fixture_sql_int(url, "select position from cairn.followers where name = 'process/day'"), 0);
}

/* The wicks are another service's. */
static const struct cairn_service alone = {
    .name = "alone", .deciders = {&lamp_decider}, .processes = {&night_process}};
static const struct cairn_service *const those[] = {&alone, NULL};

static void never_answer(struct server *server, int socket)
{
    (void)server;
    server_rest(socket);
}

/* Sends the hanging service more commands than are held in memory for one service. */
static void a_service_that_hangs_holds_up_commands_to_no_other(void **state)
{
    (void)state;
    enum { TRIMMED = 4100 };
    static const char *const to_wicks =
        "select count(*) from cairn.outgoing where target like 'wick-%'";
    static const struct cairn_service wicks = {.name = "wicks", .deciders = {&wick_decider}};
    static const struct cairn_service *const elsewhere[] = {&wicks, NULL};
    struct server hangs;
    struct cairn_host *host = NULL;
    struct cairn_host *other = NULL;
    struct cairn_error error = {0};
    char wick_url[60];
    server_start(&hangs, never_answer, NULL);
    (void)snprintf(wick_url, sizeof wick_url, "http://127.0.0.1:%d", hangs.port);
    (void)setenv("CAIRN_WICK_URL", wick_url, 1);
    assert_int_equal(try_to_start(those, &host, &error), 0);
    fixture_sql(url, "select count(cairn.append('lamp-01890000-0000-7000-8000-'"
                     " || lpad(n::text, 12, '0'), 'LampLit', '{\"seconds\": -2}'))"
                     " from generate_series(1, 4100) n");
    expect_soon(to_wicks, TRIMMED);
    light(10000, 0);
    expect_soon(EVENTS("LampOut"), 1);
    assert_int_equal(fixture_sql_int(url, to_wicks), TRIMMED);
    int port = hangs.port;
    server_stop(&hangs);
    assert_int_equal(try_to_start_at(port, elsewhere, &other, &error), 0);
    expect_soon(EVENTS("WickTrimmed"), TRIMMED);
    expect_soon("select count(*) from cairn.outgoing", 0);
    (void)unsetenv("CAIRN_WICK_URL");
    cairn_host_stop(host);
    cairn_host_stop(other);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 0);
}

/* ---- a command that is delivered twice ---- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* locked: no refusal is answered */

static void refuse_behind_the_gate(struct server *server, int socket)
{
    static const char body[] = "{\"code\":\"lamp-is-gone\",\"detail\":\"there is no lamp\"}";
    char request[4096];
    char answer[400];
    (void)snprintf(
        answer, sizeof answer,
        "HTTP/1.1 422 Unprocessable Content\r\nContent-Type: application/problem+json\r\n"
        "Content-Length: %zu\r\n\r\n%s",
        sizeof body - 1, body);
    while (server_read_request(socket, request, sizeof request)) {
        atomic_fetch_add(&server->requests, 1);
        (void)pthread_mutex_lock(&gate);
        (void)pthread_mutex_unlock(&gate);
        if (!server_send(socket, answer))
            return;
    }
}

static bool has_a_request(void *context)
{
    return atomic_load(&((struct server *)context)->requests) > 0;
}

/* Makes the process' owner resign, as a lost lease does, by unparking another instance. */
static void make_it_resign(void)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql,
                   "insert into cairn.parked_instances (process, stream, position, reason, again)"
                   " values ('night', '" NIGHT "', 0, 'by the test', true)",
                   9);
    fixture_sql(url, sql);
    expect_soon("select count(*) from cairn.parked_instances", 0);
}

/* Both refusals come while the owner waits for the clock's table, so that it finds them at once. */
static void a_command_that_is_delivered_twice_is_refused_once(void **state)
{
    (void)state;
    static const struct cairn_service nights = {
        .name = "nights", .deciders = {&wick_decider}, .processes = {&night_process}};
    static const struct cairn_service *const all[] = {&nights, NULL};
    static const char refused[] = "cairn_process_commands_total{outcome=\"refused\"} ";
    struct server lamps;
    struct cairn_host *host = NULL;
    struct cairn_error error = {0};
    char lamp_url[60];
    server_start(&lamps, refuse_behind_the_gate, NULL);
    (void)snprintf(lamp_url, sizeof lamp_url, "http://127.0.0.1:%d", lamps.port);
    (void)setenv("CAIRN_LAMP_URL", lamp_url, 1);
    assert_int_equal(pthread_mutex_lock(&gate), 0);
    assert_int_equal(try_to_start(all, &host, &error), 0);
    int64_t before = metric_now(refused) < 0 ? 0 : metric_now(refused);
    light(1, 0);
    fixture_wait(has_a_request, &lamps, 30000, "the command to be on its way");
    make_it_resign();
    expect_metric("cairn_process_commands_open{process=\"night\"} ", 2);
    PGconn *holder = fixture_connect(url);
    PQclear(PQexec(holder, "begin; lock table cairn.clock in access exclusive mode"));
    assert_int_equal(PQtransactionStatus(holder), PQTRANS_INTRANS);
    expect_soon("select count(*) from pg_locks where not granted"
                " and relation = 'cairn.clock'::regclass",
                1);
    assert_int_equal(pthread_mutex_unlock(&gate), 0);
    expect_metric(refused, before + 2);
    PQfinish(holder);
    expect_soon("select count(*) from cairn.outgoing", 0);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events"
                                          " where data #>> '{input,kind}' = 'refusal'"),
                     1);
    (void)unsetenv("CAIRN_LAMP_URL");
    cairn_host_stop(host);
    server_stop(&lamps);
}

static void a_process_whose_commands_go_nowhere_does_not_start(void **state)
{
    (void)state;
    struct cairn_host *host = NULL;
    struct cairn_error error = {0};
    assert_int_equal(try_to_start(those, &host, &error), -CAIRN_CONFIG);
    assert_string_equal(error.message,
                        "process night: no URL is known for the service of wick: list "
                        "&wick_decider in .deciders of a service of this program, name another "
                        "program's in .peers (wick, its URL), or set CAIRN_WICK_URL");
    (void)setenv("CAIRN_WICK_URL", "http://127.0.0.1:9", 1);
    cairn_error_reset(&error);
    assert_int_equal(try_to_start(those, &host, &error), 0);
    (void)unsetenv("CAIRN_WICK_URL");
    cairn_host_stop(host);
}

static void a_reaction_sends_what_its_process_says_it_sends(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    struct cairn_reaction ret;
    struct night night = {0};
    const struct lamp_lit trims = {.seconds = TRIMS};
    const struct lamp_lit goes_out = {.seconds = 0};
    const struct cairn_given given = {.id = CAIRN_UUID("00000000-0000-7000-8000-000000000001")};
    assert_int_equal(cairn_process_step(&forgetful_process, &night_when_lamp_lit_, &night, &trims,
                                        &given, &arena, &ret, &error),
                     -CAIRN_BUG);
    assert_string_equal(error.message,
                        "the process sent a trim_wick to wick, which its CAIRN_SENDS "
                        "does not name: write CAIRN_SENDS(wick, …)");
    cairn_error_reset(&error);
    assert_int_equal(cairn_process_step(&forgetful_process, &night_when_lamp_lit_, &night,
                                        &goes_out, &given, &arena, &ret, &error),
                     0);
    cairn_arena_close(&arena);
}

static void a_database_that_goes_and_comes_back_is_no_end(void **state)
{
    (void)state;
    enum { LAMPS = 50 };
    struct cairn_host *host = start();
    for (int i = 0; i < LAMPS; i++)
        light(i, 0);
    fixture_postgres_stop();
    fixture_postgres_start();
    for (int i = LAMPS; i < 2 * LAMPS; i++)
        light(i, 0);
    expect_soon(EVENTS("LampOut"), 2 * LAMPS);
    expect_soon(EVENTS("ProcessAdvanced"), 4 * LAMPS);
    expect_soon("select count(*) from cairn.outgoing", 0);
    cairn_host_stop(host);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.verify_processes()"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_leads_to_a_command_and_is_written_down_once),
        TEST(a_command_that_is_refused_for_good_comes_back),
        TEST(a_timer_fires_once_whichever_process_runs_when_it_is_due),
        TEST(a_timer_waits_for_events_that_were_recorded_before_it_was_due),
        TEST(a_timer_does_not_wait_for_events_that_were_recorded_later),
        TEST(two_that_take_turns_do_nothing_twice),
        TEST(the_tables_are_made_again_from_the_log),
        TEST(a_service_may_be_called_otherwise_than_its_streams),
        TEST(a_member_that_names_the_stream_is_its_id),
        TEST(no_client_uses_the_key_of_a_command_before_it_is_sent),
        TEST(what_is_wrong_between_machines_is_no_refusal),
        TEST(a_reactor_that_fails_is_seen),
        TEST(damage_to_the_tables_is_found),
        TEST(a_process_that_cannot_be_read_is_parked_and_the_others_go_on),
        TEST(an_event_that_cannot_be_read_parks_its_process_only),
        TEST(a_timer_is_due_at_a_time_that_can_be_read_back),
        TEST(what_is_before_a_newer_event_is_handled_once),
        TEST(a_reactor_tries_again_parks_and_tries_again_when_told),
        TEST(a_new_follower_ignores_earlier_events),
        TEST(a_reaction_that_a_person_wrote_wrong_stops_no_other),
        TEST(a_timer_without_a_handler_parks_its_process_when_it_is_set),
        TEST(a_reaction_that_cannot_be_recorded_parks_its_process_only),
        TEST(a_process_that_is_new_begins_at_once_on_a_long_log),
        TEST(a_service_that_hangs_holds_up_commands_to_no_other),
        TEST(a_command_that_is_delivered_twice_is_refused_once),
        TEST(a_process_whose_commands_go_nowhere_does_not_start),
        TEST(a_reaction_sends_what_its_process_says_it_sends),
        TEST(a_database_that_goes_and_comes_back_is_no_end),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
