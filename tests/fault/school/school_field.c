/* school_field.c - the school in the field: its ports and proxies, its two processes, which the
 * script beside this file starts, and its final state. */
#include "../field/field.h"

#include "../../support/fixture.h"
#include "../../support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void school_plan(struct field *field)
{
    int ports[2] = {fixture_free_port(), fixture_free_port()};
    (void)snprintf(field->school_ports, sizeof field->school_ports, "%d %d", ports[0], ports[1]);
    for (int i = SERVICE_SCHOOL; i <= SERVICE_SCHOOL_B; i++) {
        field->school.ports[i] = fixture_free_port();
        proxy_start(&field->services[i], "", field->school.ports[i], "", ports[i - SERVICE_SCHOOL]);
    }
}

void school_heal(struct field *field)
{
    char command[2000];
    (void)snprintf(command, sizeof command,
                   "cd '%s' && CAIRN_RUN_DIR='%s' CAIRN_SCHOOL_BIN='%s/bin' CAIRN_SCHOOL_PORTS='%s'"
                   " tests/fault/school/up >'%s.school.out' 2>&1 </dev/null ||"
                   " { cat '%s.school.out' >&2; exit 1; }",
                   getenv("CAIRN_TEST_ROOT"), field->shop.run_dir, getenv("CAIRN_TEST_BUILD"),
                   field->school_ports, field->shop.run_dir, field->shop.run_dir);
    if (system(command) != 0)
        fail_msg("the school does not start");
}

void school_open(struct field *field, unsigned seed)
{
    char path[400];
    struct stage *stage = &field->school;
    (void)snprintf(field->school_files, sizeof field->school_files, "%s/school", field->files);
    assert_int_equal(mkdir(field->school_files, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/history.jsonl", field->school_files);
    stage->history = history_open(path);
    stage->cast = school_cast;
    stage->seed = seed ^ 0x7363686f;
    stage->clients = 6;
    stage->pause_us = 100000;
    (void)snprintf(stage->writer_url, sizeof stage->writer_url,
                   "postgresql:///school?host=%s&user=cairn_writer", field->via);
    (void)snprintf(stage->reader_url, sizeof stage->reader_url,
                   "postgresql:///school?host=%s&user=cairn_reader", field->via);
    (void)snprintf(stage->superuser_url, sizeof stage->superuser_url,
                   "postgresql:///school?host=%s/postgres/socket&user=postgres&connect_timeout=2",
                   field->shop.run_dir);
    school_heal(field);
}

/* Nothing follows the school's log: it is as it is once the load has stopped and every append that
 * was under way has ended. */
static bool no_append_is_under_way(void *context)
{
    const struct field *field = context;
    char text[40] = "";
    return stage_sql(&field->school,
                     "select count(*) from pg_stat_activity where datname = 'school'"
                     " and usename = 'cairn_writer' and state <> 'idle'",
                     text, sizeof text) &&
           atoi(text) == 0;
}

void school_finish(struct field *field)
{
    load_stop(&field->school);
    fixture_wait(no_append_is_under_way, field, 60000, "the school's appends to have ended");
    history_close(field->school.history);
    dump_all(field->school_files, field->school.superuser_url, NULL);
}
