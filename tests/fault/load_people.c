/* load_people.c - people and programs that come by SQL: one appends by cairn.append in transactions
 * that take their time and are sometimes rolled back, one reads the log as it grows, one tries to
 * change what has happened. */
#include "load.h"

#include "../support/fixture.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An open connection, the old one if it is well; NULL if there can be none now. */
static PGconn *connect_again(PGconn *old, const char *url)
{
    if (old && PQstatus(old) == CONNECTION_OK)
        return old;
    PQfinish(old);
    PGconn *connection = fixture_connect(url);
    if (PQstatus(connection) == CONNECTION_OK)
        return connection;
    PQfinish(connection);
    rest_us(100000);
    return NULL;
}

static bool execute(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* ---- one who appends by hand ---- */

static bool append_one(struct actor *actor, PGconn *connection, json_t *ids)
{
    const char *sql = cairn_print(
        &actor->arena, "select event_id from cairn.append('pot-%s-%d', 'PotFilled', '{\"n\":1}')",
        actor->name, dice(&actor->random, 3));
    PGresult *result = PQexec(connection, sql);
    bool done = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (done)
        (void)json_array_append_new(ids, json_string(PQgetvalue(result, 0, 0)));
    PQclear(result);
    return done;
}

/* Returns what became of the transaction. A commit that was sent and not answered is unknown. */
static const char *transact(struct actor *actor, PGconn *connection, json_t *ids)
{
    bool good = execute(connection, "begin");
    for (int i = 1 + dice(&actor->random, 3); i > 0 && good; i--)
        good = append_one(actor, connection, ids);
    rest_us(dice(&actor->random, 30000)); /* he looks at what he wrote, and holds the lock */
    if (!good || dice(&actor->random, 4) == 0) {
        (void)execute(connection, "rollback");
        return "rolled-back";
    }
    PGresult *result = PQexec(connection, "commit");
    bool committed = strcmp(PQcmdStatus(result), "COMMIT") == 0;
    bool rolled_back = strcmp(PQcmdStatus(result), "ROLLBACK") == 0;
    PQclear(result);
    return committed ? "committed" : rolled_back ? "rolled-back" : "unknown";
}

void load_person(struct actor *actor)
{
    PGconn *connection = NULL;
    while (!actor->stage->over) {
        cairn_arena_reset(&actor->arena);
        connection = connect_again(connection, actor->stage->writer_url);
        if (!connection)
            continue;
        json_t *ids = json_array();
        int64_t sent = history_now_us();
        const char *outcome = transact(actor, connection, ids);
        history_add(actor->stage->history,
                    json_pack("{ss ss sI sI so ss}", "kind", "sql", "actor", actor->name, "sent",
                              (json_int_t)sent, "done", (json_int_t)history_now_us(), "ids", ids,
                              "outcome", outcome));
        rest_us(dice(&actor->random, 100000));
    }
    PQfinish(connection);
}

/* ---- one who reads ---- */

/* Returns how far he has come. */
static int64_t read_on(struct actor *actor, PGconn *connection, int64_t from)
{
    const char *sql = cairn_print(&actor->arena,
                                  "select position, event_id from cairn.events where shard = 0 and"
                                  " position > %lld order by position limit 500",
                                  (long long)from);
    PGresult *result = PQexec(connection, sql);
    int count = PQresultStatus(result) == PGRES_TUPLES_OK ? PQntuples(result) : 0;
    int64_t last = from;
    json_t *ids = json_array();
    for (int i = 0; i < count; i++) {
        last = strtoll(PQgetvalue(result, i, 0), NULL, 10);
        (void)json_array_append_new(ids, json_string(PQgetvalue(result, i, 1)));
    }
    PQclear(result);
    if (count)
        history_add(actor->stage->history,
                    json_pack("{ss ss sI so}", "kind", "seen", "actor", actor->name, "from",
                              (json_int_t)from, "ids", ids));
    else
        json_decref(ids);
    return last;
}

void load_follower(struct actor *actor)
{
    PGconn *connection = NULL;
    int64_t from = 0;
    while (!actor->stage->over) {
        cairn_arena_reset(&actor->arena);
        connection = connect_again(connection, actor->stage->reader_url);
        if (!connection)
            continue;
        from = read_on(actor, connection, from);
        rest_us(dice(&actor->random, 8000));
    }
    PQfinish(connection);
}

/* ---- one who would rather it had not happened ---- */

void load_vandal(struct actor *actor)
{
    static const char *const tries[] = {
        "update cairn.events set type = 'X' where position = 1",
        "delete from cairn.events where position = 1",
        "truncate cairn.events",
        "begin; set local session_replication_role = replica; delete from cairn.events where"
        " position = 1",
    };
    PGconn *connection = NULL;
    while (!actor->stage->over) {
        connection = connect_again(connection, actor->stage->superuser_url);
        if (!connection)
            continue;
        const char *sql = tries[dice(&actor->random, 4)];
        bool done = execute(connection, sql);
        if (PQstatus(connection) == CONNECTION_OK)
            history_add(actor->stage->history,
                        json_pack("{ss ss ss ss}", "kind", "tamper", "actor", actor->name, "sql",
                                  sql, "outcome", done ? "done" : "refused"));
        (void)execute(connection, "rollback");
        for (int i = 0; i < 10 && !actor->stage->over; i++)
            rest_us(50000);
    }
    PQfinish(connection);
}
