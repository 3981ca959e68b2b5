/* standby.c - the synchronous standby of the field: created and started by tests/fault/standby,
 * stopped here, and asked how far it has come. */
#include "field.h"

#include "../../support/fixture.h"
#include "../../support/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 5000 };

void standby_heal(struct field *field)
{
    char command[1800];
    (void)snprintf(command, sizeof command,
                   "unset LD_PRELOAD; cd '%s' && CAIRN_RUN_DIR='%s' CAIRN_STANDBY_DIR='%s'"
                   " CAIRN_STANDBY_VIA='%s.wal' tests/fault/standby </dev/null",
                   getenv("CAIRN_TEST_ROOT"), field->shop.run_dir, field->standby,
                   field->shop.run_dir);
    if (system(command) != 0)
        fail_msg("the standby does not start");
}

/* Returns whether the standby has replayed all the WAL that it has received. */
static bool has_replayed(PGconn *connection)
{
    PGresult *result = PQexec(connection, "select pg_last_wal_receive_lsn() is not distinct from"
                                          " pg_last_wal_replay_lsn()");
    bool done = PQresultStatus(result) == PGRES_TUPLES_OK && *PQgetvalue(result, 0, 0) == 't';
    PQclear(result);
    return done;
}

/* Records how much of the log of this stage the standby has.
 * Records nothing if the standby does not answer, or has not replayed all. */
static void witness(const struct field *field, const struct stage *stage, const char *database)
{
    char url[500];
    int64_t at = history_now_us();
    int64_t until_ms = fixture_now_ms() + PATIENCE_MS;
    bool replayed = false;
    (void)snprintf(url, sizeof url,
                   "postgresql:///%s?host=%s/socket&user=postgres&connect_timeout=2", database,
                   field->standby);
    PGconn *connection = fixture_connect(url);
    while (PQstatus(connection) == CONNECTION_OK && !replayed && fixture_now_ms() < until_ms) {
        replayed = has_replayed(connection);
        rest_us(10000);
    }
    PGresult *result =
        PQexec(connection, "select coalesce(max(position), 0) from cairn.events where shard = 0");
    if (replayed && PQresultStatus(result) == PGRES_TUPLES_OK)
        history_add(stage->history,
                    json_pack("{ss sI sI}", "kind", "standby", "at", (json_int_t)at, "head",
                              (json_int_t)strtoll(PQgetvalue(result, 0, 0), NULL, 10)));
    PQclear(result);
    PQfinish(connection);
}

void standby_witness(struct field *field)
{
    witness(field, &field->stage, "cairn");
    witness(field, &field->hotel, "hotel");
    witness(field, &field->school, "school");
}

static bool is_gone(void *context)
{
    return kill(*(const int *)context, 0) != 0;
}

void standby_stop(struct field *field)
{
    char text[800];
    (void)field_sql(field, "alter system reset synchronous_standby_names", text, sizeof text);
    (void)field_sql(field, "select pg_reload_conf()", text, sizeof text);
    int pid = system_pid(&field->shop, "standby");
    (void)kill(pid, SIGQUIT);
    fixture_wait(is_gone, &pid, 20000, "the standby to be gone");
    (void)snprintf(text, sizeof text, "rm -rf '%s' '%s.wal'", field->standby, field->shop.run_dir);
    (void)!system(text);
}
