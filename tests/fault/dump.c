/* dump.c - what is left behind at the end, written down: the log, the rows of every read model in
 * PostgreSQL and in Redis. */
#include "field.h"

#include "../support/support.h"

#include <hiredis/hiredis.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *create(const char *directory, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    return file;
}

static void write_line(FILE *file, json_t *line)
{
    assert_int_equal(json_dumpf(line, file, JSON_COMPACT), 0);
    (void)fputc('\n', file);
    json_decref(line);
}

/* Hands over each row of the answer as it comes. */
static void each_row(const char *url, const char *sql,
                     void (*take)(FILE *file, const PGresult *row), FILE *file)
{
    PGconn *connection = PQconnectdb(url);
    PGresult *row;
    if (!PQsendQuery(connection, sql) || !PQsetSingleRowMode(connection))
        fail_msg("%s: %s", url, PQerrorMessage(connection));
    while ((row = PQgetResult(connection))) {
        if (PQresultStatus(row) == PGRES_SINGLE_TUPLE)
            take(file, row);
        else if (PQresultStatus(row) != PGRES_TUPLES_OK)
            fail_msg("%s: %s", sql, PQerrorMessage(connection));
        PQclear(row);
    }
    PQfinish(connection);
}

static void take_text(FILE *file, const PGresult *row)
{
    (void)fprintf(file, "%s\n", PQgetvalue(row, 0, 0));
}

/* ---- PostgreSQL ---- */

/* "2026-11-21T07:00:00.12+00:00", as PostgreSQL writes times in JSON, with six digits and a Z. */
static json_t *time_as_answered(const char *text)
{
    size_t length = strlen(text);
    char fraction[7] = "000000";
    if (length < 25 || text[10] != 'T' || strcmp(text + length - 6, "+00:00") != 0)
        return NULL;
    if (text[19] == '.')
        memcpy(fraction, text + 20, length - 26);
    return json_sprintf("%.19s.%sZ", text, fraction);
}

static void put_times(json_t *row)
{
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(row, next, name, value)
    {
        json_t *time = json_is_string(value) ? time_as_answered(json_string_value(value)) : NULL;
        if (time)
            (void)json_object_set_new(row, name, time);
    }
}

static void take_row(FILE *file, const PGresult *row)
{
    json_t *line = json_loads(PQgetvalue(row, 0, 0), 0, NULL);
    assert_non_null(line);
    put_times(json_object_get(line, "row"));
    write_line(file, line);
}

static void dump_tables(FILE *file, const char *url)
{
    PGconn *connection = PQconnectdb(url);
    PGresult *models =
        PQexec(connection, "select projection, generation from cairn.generations where live");
    assert_int_equal(PQresultStatus(models), PGRES_TUPLES_OK);
    for (int i = 0; i < PQntuples(models); i++) {
        char sql[400];
        (void)snprintf(sql, sizeof sql,
                       "select json_build_object('store', 'postgres', 'model', '%s', 'key', r._key,"
                       " 'row', to_jsonb(r) - array['_key', '_position', '_version', '_parked',"
                       " '_deleted']) from read.\"%s_g%s\" r where not r._deleted",
                       PQgetvalue(models, i, 0), PQgetvalue(models, i, 0),
                       PQgetvalue(models, i, 1));
        each_row(url, sql, take_row, file);
    }
    PQclear(models);
    PQfinish(connection);
}

/* ---- Redis ---- */

static redisContext *redis_open(const char *url)
{
    char password[128];
    int port;
    if (sscanf(url, "redis://default:%127[^@]@127.0.0.1:%d", password, &port) != 2)
        fail_msg("not a URL as `make up` makes it: %s", url);
    redisContext *redis = redisConnect("127.0.0.1", port);
    assert_true(redis && !redis->err);
    freeReplyObject(redisCommand(redis, "auth %s", password));
    return redis;
}

/* "cairn:TAG:{MODEL:gN}:row:KEY" and "EPOCH POSITION VERSION GENERATION\nJSON" */
static void dump_copy(FILE *file, const char *key, const char *value)
{
    char model[64];
    const char *row = strchr(value, '\n');
    const char *of = strstr(key, "}:row:");
    json_t *parsed = row ? json_loads(row + 1, 0, NULL) : NULL;
    if (!parsed || !of || sscanf(strchr(key, '{') + 1, "%63[^:]", model) != 1)
        fail_msg("Redis holds under %s: %s", key, value);
    write_line(file, json_pack("{ss ss ss so}", "store", "redis", "model", model, "key", of + 6,
                               "row", parsed));
}

static void dump_redis(FILE *file, const char *url)
{
    redisContext *redis = redis_open(url);
    redisReply *keys = redisCommand(redis, "keys cairn:*:row:*");
    assert_true(keys && keys->type == REDIS_REPLY_ARRAY);
    for (size_t i = 0; i < keys->elements; i++) {
        redisReply *value = redisCommand(redis, "get %s", keys->element[i]->str);
        if (value && value->type == REDIS_REPLY_STRING)
            dump_copy(file, keys->element[i]->str, value->str);
        freeReplyObject(value);
    }
    freeReplyObject(keys);
    redisFree(redis);
}

void dump_all(const char *directory, const char *superuser_url, const char *redis_url)
{
    FILE *log = create(directory, "log.jsonl");
    each_row(superuser_url,
             "select json_build_object('position', position, 'stream', stream, 'version', version,"
             " 'type', type, 'event_id', event_id, 'recorded_us',"
             " (extract(epoch from recorded_at) * 1000000)::bigint, 'data', data, 'meta', meta)"
             " from cairn.events order by shard, position",
             take_text, log);
    assert_int_equal(fclose(log), 0);
    if (!redis_url)
        return;
    FILE *rows = create(directory, "rows.jsonl");
    dump_tables(rows, superuser_url);
    dump_redis(rows, redis_url);
    assert_int_equal(fclose(rows), 0);
}
