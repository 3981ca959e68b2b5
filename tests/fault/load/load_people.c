/* load_people.c - actors that use SQL: one appends by cairn.append in slow transactions that are
 * sometimes rolled back, one writes unreadable events in the same way, one reads the log as it
 * grows, one tries to change the log. */
#include "client.h"
#include "people.h"

#include "core/threads/clock.h"

#include "../../support/fixture.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* PostgreSQL warns of a commit that is on this server alone: it does not count as acknowledged. */
static void note_warning(void *context, const PGresult *result)
{
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    bool *unreplicated = context;
    if (function && strcmp(function, "SyncRepWaitForLSN") == 0)
        *unreplicated = true;
}

static void ignore_warning(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

PGconn *people_connect(PGconn *old, const char *url)
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

/* ---- appends by hand ---- */

/* Returns the id of the event, in the actor's arena; NULL if it was refused. */
static const char *append_one(struct actor *actor, PGconn *connection, json_t *ids,
                              const char *stream, const char *type, const char *data)
{
    const char *const values[] = {stream, type, data};
    PGresult *result =
        PQexecParams(connection, "select event_id from cairn.append($1, $2, $3::json)", 3, NULL,
                     values, NULL, NULL, 0);
    const char *id = NULL;
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        id = cairn_copy_text(&actor->arena, PQgetvalue(result, 0, 0));
        (void)json_array_append_new(ids, json_string(id));
    }
    PQclear(result);
    return id;
}

static bool fill_pots(struct actor *actor, PGconn *connection, json_t *ids)
{
    bool good = true;
    for (int i = 1 + dice(&actor->random, 3); i > 0 && good; i--) {
        const char *pot =
            cairn_print(&actor->arena, "pot-%s-%d", actor->name, dice(&actor->random, 3));
        good = append_one(actor, connection, ids, pot, "PotFilled", "{\"n\":1}") != NULL;
    }
    return good;
}

/* Returns the outcome of the transaction. A commit that was sent and not answered is unknown. */
static const char *transact(struct actor *actor, PGconn *connection, json_t *ids,
                            bool (*write)(struct actor *actor, PGconn *connection, json_t *ids))
{
    bool good = execute(connection, "begin") && write(actor, connection, ids);
    rest_us(dice(&actor->random, 30000)); /* a slow transaction, which holds the lock */
    if (!good || dice(&actor->random, 4) == 0) {
        (void)execute(connection, "rollback");
        return "rolled-back";
    }
    bool unreplicated = false;
    (void)PQsetNoticeReceiver(connection, note_warning, &unreplicated);
    PGresult *result = PQexec(connection, "commit");
    bool committed = strcmp(PQcmdStatus(result), "COMMIT") == 0 && !unreplicated;
    bool rolled_back = strcmp(PQcmdStatus(result), "ROLLBACK") == 0;
    PQclear(result);
    (void)PQsetNoticeReceiver(connection, ignore_warning, NULL);
    return committed ? "committed" : rolled_back ? "rolled-back" : "unknown";
}

void people_transact(struct actor *actor, PGconn *connection,
                     bool (*write)(struct actor *actor, PGconn *connection, json_t *ids))
{
    json_t *ids = json_array();
    int64_t sent = history_now_us();
    const char *outcome = transact(actor, connection, ids, write);
    history_add(actor->stage->history,
                json_pack("{ss ss sI sI so ss}", "kind", "sql", "actor", actor->name, "sent",
                          (json_int_t)sent, "done", (json_int_t)history_now_us(), "ids", ids,
                          "outcome", outcome));
}

void load_person(struct actor *actor)
{
    PGconn *connection = NULL;
    while (!actor->stage->over) {
        cairn_arena_reset(&actor->arena);
        connection = people_connect(connection, actor->stage->writer_url);
        if (!connection)
            continue;
        people_transact(actor, connection, fill_pots);
        rest_us(dice(&actor->random, 100000));
    }
    PQfinish(connection);
}

/* ---- unreadable events ---- */

static bool append_unreadable(struct actor *actor, PGconn *connection, json_t *ids,
                              const char *stream, const char *type, const char *data)
{
    const char *id = append_one(actor, connection, ids, stream, type, data);
    if (id)
        history_add(actor->stage->history, json_pack("{ss ss}", "kind", "spoiled", "id", id));
    return id != NULL;
}

/* Writes a user that is unreadable from its first event on, or from its second one. */
static bool spoil_user(struct actor *actor, PGconn *connection, json_t *ids)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(cairn_uuid_make(), id);
    const char *stream = cairn_print(&actor->arena, "user-%s", id);
    if (dice(&actor->random, 2))
        return append_unreadable(actor, connection, ids, stream, "UserRegistered", "{\"email\":1}");
    const char *data =
        cairn_print(&actor->arena, "{\"email\":\"spoiled.%s@example.com\",\"name\":\"S\"}", id);
    return append_one(actor, connection, ids, stream, "UserRegistered", data) &&
           append_unreadable(actor, connection, ids, stream, "UserEmailChanged",
                             "{\"email\":[],\"previous_email\":7}");
}

/* Spoils the process of an order: of an existing one, or of one that was never placed. */
static bool spoil_process(struct actor *actor, PGconn *connection, json_t *ids)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(cairn_uuid_make(), id);
    const char *order = dice(&actor->random, 2) ? id : world_pick(actor, ORDERS);
    return append_unreadable(
        actor, connection, ids, cairn_print(&actor->arena, "fulfilment-%s", order),
        "ProcessAdvanced",
        "{\"position\":\"x\",\"input\":7,\"sent\":[{},5],\"timers\":3,\"state\":\"none\"}");
}

static void spoil_timer(struct actor *actor, PGconn *connection)
{
    static const char *const times[] = {"infinity", "-infinity", "10000-01-01 00:00:00Z",
                                        "0001-01-01 00:00:00Z BC"};
    (void)execute(connection,
                  cairn_print(&actor->arena,
                              "update cairn.timers set due_at = '%s' where ctid = any (array("
                              "select ctid from cairn.timers order by random() limit 1))",
                              times[dice(&actor->random, 4)]));
}

void load_spoiler(struct actor *actor)
{
    PGconn *connection = NULL;
    PGconn *superuser = NULL;
    while (!actor->stage->over) {
        cairn_arena_reset(&actor->arena);
        connection = people_connect(connection, actor->stage->writer_url);
        superuser = people_connect(superuser, actor->stage->superuser_url);
        if (connection)
            people_transact(actor, connection,
                            dice(&actor->random, 2) ? spoil_user : spoil_process);
        if (superuser && dice(&actor->random, 2))
            spoil_timer(actor, superuser);
        rest_us(dice(&actor->random, 1500000));
    }
    PQfinish(connection);
    PQfinish(superuser);
}

/* ---- the reader ---- */

/* Returns the last position read. */
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
        connection = people_connect(connection, actor->stage->reader_url);
        if (!connection)
            continue;
        from = read_on(actor, connection, from);
        rest_us(dice(&actor->random, 8000));
    }
    PQfinish(connection);
}

/* ---- attempts to change the log ---- */

void load_vandal(struct actor *actor)
{
    static const char *const tries[] = {
        "update cairn.events set type = 'X' where position = 1",
        "delete from cairn.events where position = 1",
        "truncate cairn.events",
        ("begin; set local session_replication_role = replica; delete from cairn.events where"
         " position = 1"),
    };
    PGconn *connection = NULL;
    while (!actor->stage->over) {
        connection = people_connect(connection, actor->stage->superuser_url);
        if (!connection)
            continue;
        const char *sql = tries[dice(&actor->random, 4)];
        (void)execute(connection, "set lock_timeout = '1s'"); /* or writers queue behind it */
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
