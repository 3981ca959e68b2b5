/* load_registrar.c - registrars of the school, which enrol students in SQL: they read the events
 * of a course and of a student by their tags, decide, and append by cairn.append_if, in slow
 * transactions that are sometimes rolled back. The same rules as the service's, in SQL. */
#include "../load/client.h"
#include "../load/people.h"

#include <stdlib.h>
#include <string.h>

/* Gives the head that the decision is based on, and what it is: the type of the event, or "". */
static const char decision[] =
    "with h as materialized (select cairn.head() as head),"
    " c as materialized (select t.* from cairn.read_tagged(array['course:' || $1], null, 0,"
    "   1000000) t),"
    " s as materialized (select t.* from cairn.read_tagged(array['student:' || $2], null, 0,"
    "   1000000) t),"
    " seats as (select coalesce((select (c.data->>'capacity')::bigint from c"
    "   where c.type like 'Course%' order by c.position desc limit 1), 0) as capacity),"
    " numbers as (select"
    "   (select count(*) filter (where c.type = 'StudentSubscribed')"
    "     - count(*) filter (where c.type = 'StudentUnsubscribed') from c) as taken,"
    "   (select count(*) filter (where s.type = 'StudentSubscribed')"
    "     - count(*) filter (where s.type = 'StudentUnsubscribed') from s) as courses,"
    "   (select count(*) filter (where s.type = 'StudentSubscribed')"
    "     - count(*) filter (where s.type = 'StudentUnsubscribed') from s"
    "     where s.data->>'course_id' = $1) as subscribed)"
    " select h.head, case when n.subscribed > 0 then 'StudentUnsubscribed'"
    "   when n.taken < seats.capacity and n.courses < 5 then 'StudentSubscribed' else '' end"
    " from h, numbers n, seats";

static const char append[] =
    "select position from cairn.append_if("
    " json_build_array(json_build_object('type', $3::text, 'data', json_build_object("
    "   'course_id', $1::text, 'student_id', $2::text),"
    "   'tags', json_build_array('course:' || $1, 'student:' || $2))),"
    " json_build_array(json_build_object('tags', json_build_array('student:' || $2)),"
    "   json_build_object('tags', json_build_array('course:' || $1))),"
    " $4::bigint, 'enrolment')";

/* A statement of its own: that which appends does not see its event. */
static const char find[] =
    "select event_id from cairn.events where shard = 0 and position = $1::bigint";

/* Returns the first column of the statement's only row, in the actor's arena, or NULL. */
static const char *ask(struct actor *actor, PGconn *connection, const char *sql, int count,
                       const char *const values[])
{
    PGresult *result = PQexecParams(connection, sql, count, NULL, values, NULL, NULL, 0);
    const char *text = NULL;
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        text = cairn_copy_text(&actor->arena, PQgetvalue(result, 0, 0));
    PQclear(result);
    return text;
}

/* Returns whether a decision was made, and what it is: in the actor's arena. */
static bool decide(struct actor *actor, PGconn *connection, const char *const ids[2],
                   const char **ret_head, const char **ret_type)
{
    PGresult *result = PQexecParams(connection, decision, 2, NULL, ids, NULL, NULL, 0);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK && *PQgetvalue(result, 0, 1);
    if (good) {
        *ret_head = cairn_copy_text(&actor->arena, PQgetvalue(result, 0, 0));
        *ret_type = cairn_copy_text(&actor->arena, PQgetvalue(result, 0, 1));
    }
    PQclear(result);
    return good;
}

/* A conflict rolls the transaction back, as any error does. */
static bool enrol(struct actor *actor, PGconn *connection, json_t *ids)
{
    const char *head = NULL;
    const char *type = NULL;
    const char *const both[] = {world_pick(actor, COURSES), world_pick(actor, STUDENTS)};
    if (!decide(actor, connection, both, &head, &type))
        return false;
    rest_us(dice(&actor->random, 20000)); /* something may come meanwhile */
    const char *const values[] = {both[0], both[1], type, head};
    const char *position = ask(actor, connection, append, 4, values);
    const char *id = position ? ask(actor, connection, find, 1, &position) : NULL;
    if (id)
        (void)json_array_append_new(ids, json_string(id));
    return id != NULL;
}

void load_registrar(struct actor *actor)
{
    PGconn *connection = NULL;
    while (!actor->stage->over) {
        cairn_arena_reset(&actor->arena);
        connection = people_connect(connection, actor->stage->writer_url);
        if (!connection)
            continue;
        people_transact(actor, connection, enrol);
        rest_us(dice(&actor->random, 100000));
    }
    PQfinish(connection);
}
