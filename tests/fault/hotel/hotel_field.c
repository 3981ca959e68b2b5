/* hotel_field.c - the hotel in the field: its ports and proxies, its processes, which the script
 * beside this file starts, and its final state. */
#include "../field/field.h"

#include "../../support/fixture.h"
#include "../../support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MODELS = 2, REDIS_NUMBER = 1 };

void hotel_plan(struct field *field, unsigned seed)
{
    int ports[4]; /* two that decide, queries, the other end of the webhook */
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        ports[i] = fixture_free_port();
    field->hotel_is_apart = seed % 2 == 0;
    (void)snprintf(field->hotel_ports, sizeof field->hotel_ports, "%d %d %d %d", ports[0], ports[1],
                   ports[2], ports[3]);
    const int targets[] = {ports[0], ports[1], field->hotel_is_apart ? ports[2] : ports[1]};
    for (int i = SERVICE_HOTEL; i <= SERVICE_HOTEL_QUERY; i++) {
        field->hotel.ports[i] = fixture_free_port();
        proxy_start(&field->services[i], "", field->hotel.ports[i], "", targets[i - SERVICE_HOTEL]);
    }
}

void hotel_heal(struct field *field)
{
    char command[2400];
    (void)snprintf(
        command, sizeof command,
        "cd '%s' && CAIRN_RUN_DIR='%s' CAIRN_HOTEL_BIN='%s/examples/hotel' CAIRN_HOTEL_FILES='%s'"
        " CAIRN_HOTEL_PORTS='%s' CAIRN_HOTEL_URL=http://127.0.0.1:%d CAIRN_HOTEL_APART=%s"
        " tests/fault/hotel/up >'%s.hotel.out' 2>&1 </dev/null || { cat '%s.hotel.out' >&2; exit 1; }",
        getenv("CAIRN_TEST_ROOT"), field->shop.run_dir, getenv("CAIRN_TEST_BUILD"),
        field->hotel_files, field->hotel_ports, field->hotel.ports[SERVICE_HOTEL],
        field->hotel_is_apart ? "yes" : "", field->shop.run_dir, field->shop.run_dir);
    if (system(command) != 0)
        fail_msg("the hotel does not start");
}

void hotel_open(struct field *field, unsigned seed)
{
    char path[400];
    struct stage *stage = &field->hotel;
    (void)snprintf(field->hotel_files, sizeof field->hotel_files, "%s/hotel", field->files);
    assert_int_equal(mkdir(field->hotel_files, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/history.jsonl", field->hotel_files);
    stage->history = history_open(path);
    stage->cast = hotel_cast;
    stage->seed = seed ^ 0x686f7465;
    stage->clients = 6;
    stage->pause_us = 100000;
    stage->redis_number = REDIS_NUMBER;
    (void)snprintf(stage->reader_url, sizeof stage->reader_url,
                   "postgresql:///hotel?host=%s&user=cairn_reader", field->via);
    (void)snprintf(stage->superuser_url, sizeof stage->superuser_url,
                   "postgresql:///hotel?host=%s/postgres/socket&user=postgres&connect_timeout=2",
                   field->shop.run_dir);
    hotel_heal(field);
    print_message("the hotel: %s\n",
                  field->hotel_is_apart ? "each service in a process" : "two processes of all");
}

/* ---- the end ---- */

/* Returns whether no timer is set, no command is under way, and each process, the reactor and the
 * consumer have handled the whole log. */
static bool nothing_is_left_to_do(void *context)
{
    const struct field *field = context;
    char text[40] = "";
    return stage_sql(
               &field->hotel,
               "select (select count(*) from cairn.timers) + (select count(*) from cairn.outgoing)"
               " + (select count(*) from cairn.followers where position < cairn.head())"
               " + (select count(*) from cairn.events e where type in ('ReservationConfirmed',"
               " 'NightsTaken', 'ReservationReleased') and not exists (select from cairn.consumed c"
               " where c.consumer = 'housekeeping' and c.stream = e.stream"
               " and c.version >= e.version))",
               text, sizeof text) &&
           strcmp(text, "0") == 0;
}

/* Adds what the other end of the webhook got, a line with the key and the body each, to the
 * history. */
static void take_posts(const struct field *field, struct history *history)
{
    char path[400];
    char *line = NULL;
    size_t size = 0;
    (void)snprintf(path, sizeof path, "%s/hook", field->hotel_files);
    FILE *file = fopen(path, "re");
    while (file && getline(&line, &size, file) > 0) {
        char *body = strchr(line, ' ');
        assert_non_null(body);
        *body++ = '\0';
        json_t *posted = json_loads(body, 0, NULL);
        history_add(history, json_pack("{ss ss so?}", "kind", "post", "key", line, "body", posted));
    }
    free(line);
    if (file)
        (void)fclose(file);
}

static void take_tables(const struct field *field)
{
    const char *url = field->hotel.superuser_url;
    dump_query(field->hotel_files, "rows.jsonl", url,
               "select json_build_object('store', 'postgres', 'model', 'cleanings', 'key',"
               " reservation_id, 'row', to_jsonb(c)) from housekeeping.cleanings c");
    dump_query(field->hotel_files, "history.jsonl", url,
               "select json_build_object('kind', 'parked', 'by', by, 'what', what, 'reason',"
               " reason) from (select projection as by, key as what, reason from cairn.parked"
               " union all select reactor, stream, reason from cairn.parked_events"
               " union all select process, stream, reason from cairn.parked_instances"
               " union all select consumer, stream, reason from cairn.consumed_dead"
               " union all select consumer_group, category, 'lost' from cairn.bus_losses) all_of");
}

/* Timers are not waited for: the clock of the processes is turned on, further than the clocks of
 * hosts are apart. */
void hotel_finish(struct field *field)
{
    char text[300];
    load_stop(&field->hotel);
    if (!stage_sql(&field->hotel, "select cairn.turn_clock('3 hours')", text, sizeof text))
        fail_msg("the hotel's clock cannot be turned");
    fixture_wait(nothing_is_left_to_do, field, 180000, "the hotel to have nothing left to do");
    field_await_rows(field, &field->hotel, MODELS);
    field_await_sweep(&field->hotel);
    take_posts(field, field->hotel.history);
    history_close(field->hotel.history);
    field_redis_url(field, text, sizeof text);
    text[strlen(text) - 1] = '0' + REDIS_NUMBER; /* in place of 0 at the end of the URL */
    dump_all(field->hotel_files, field->hotel.superuser_url, text);
    take_tables(field);
}
