/* dump.c - writes the final state to files: the log, the rows of every read model in PostgreSQL and
 * in Redis, and what exists of their generations. */
#include "field.h"

#include "../../support/fixture.h"
#include "../../support/support.h"

#include <hiredis/hiredis.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_file(const char *directory, const char *name, const char *mode)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    return file;
}

static void write_line(FILE *file, json_t *line)
{
    assert_int_equal(json_dumpf(line, file, JSON_COMPACT), 0);
    (void)fputc('\n', file);
    json_decref(line);
}

/* Calls `take` for each row of the result as it arrives. */
static void each_row(const char *url, const char *sql,
                     void (*take)(FILE *file, const PGresult *row), FILE *file)
{
    PGconn *connection = fixture_connect(url);
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

/* Converts "2026-11-21T07:00:00.12+00:00", as PostgreSQL writes times in JSON, to six digits and a
 * Z. Returns NULL for any other text. */
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

static void dump_table(FILE *file, const char *url, const char *model, const char *generation)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "select json_build_object('store', 'postgres', 'model', '%s', 'key', r._key,"
                   " 'row', to_jsonb(r) - array['_key', '_position', '_version', '_parked',"
                   " '_deleted']) from read.\"%s_g%s\" r where not r._deleted",
                   model, model, generation);
    each_row(url, sql, take_row, file);
}

/* ---- Redis ---- */

static redisContext *redis_open(const char *url)
{
    char password[128];
    int port;
    int number = 0;
    if (sscanf(url, "redis://default:%127[^@]@127.0.0.1:%d/%d", password, &port, &number) < 2)
        fail_msg("not a URL as `make up` makes it: %s", url);
    redisContext *redis = redisConnect("127.0.0.1", port);
    assert_true(redis && !redis->err);
    freeReplyObject(redisCommand(redis, "auth %s", password));
    freeReplyObject(redisCommand(redis, "select %d", number));
    return redis;
}

/* Parses "cairn:TAG:{MODEL:gN}:...". */
static bool names_generation(const char *key, char model[static 64], int *ret_generation)
{
    const char *brace = strchr(key, '{');
    return brace && sscanf(brace, "{%63[^:]:g%d}", model, ret_generation) == 2;
}

/* Writes one row; key "cairn:TAG:{MODEL:gN}:row:KEY", value "EPOCH POSITION VERSION
 * GENERATION\nJSON". */
static void dump_copy(FILE *file, const char *key, const char *value)
{
    char model[64];
    int generation;
    const char *row = strchr(value, '\n');
    const char *of = strstr(key, "}:row:");
    json_t *parsed = row ? json_loads(row + 1, 0, NULL) : NULL;
    if (!parsed || !of || !names_generation(key, model, &generation))
        fail_msg("Redis holds under %s: %s", key, value);
    write_line(file, json_pack("{ss ss ss so}", "store", "redis", "model", model, "key", of + 6,
                               "row", parsed));
}

/* Writes the rows of one generation. */
static void dump_copies(FILE *file, redisContext *redis, const char *model, const char *generation)
{
    redisReply *keys = redisCommand(redis, "keys cairn:*:{%s:g%s}:row:*", model, generation);
    assert_true(keys && keys->type == REDIS_REPLY_ARRAY);
    for (size_t i = 0; i < keys->elements; i++) {
        redisReply *value = redisCommand(redis, "get %s", keys->element[i]->str);
        if (value && value->type == REDIS_REPLY_STRING)
            dump_copy(file, keys->element[i]->str, value->str);
        freeReplyObject(value);
    }
    freeReplyObject(keys);
}

/* ---- read models ---- */

/* Writes the rows of each model's live generation. */
static void dump_rows(FILE *file, const char *url, redisContext *redis)
{
    PGconn *connection = fixture_connect(url);
    PGresult *models =
        PQexec(connection, "select projection, generation from cairn.generations where live");
    assert_int_equal(PQresultStatus(models), PGRES_TUPLES_OK);
    for (int i = 0; i < PQntuples(models); i++) {
        dump_table(file, url, PQgetvalue(models, i, 0), PQgetvalue(models, i, 1));
        dump_copies(file, redis, PQgetvalue(models, i, 0), PQgetvalue(models, i, 1));
    }
    PQclear(models);
    PQfinish(connection);
}

/* Writes every generation that ever existed, every table, and every key that belongs to one. */
static void dump_generations(FILE *file, const char *url, redisContext *redis)
{
    each_row(url,
             "select json_build_object('kind', 'generation', 'model', projection, 'generation',"
             " generation, 'state', state, 'live', live) from cairn.generations"
             " union all select json_build_object('kind', 'table', 'model',"
             " substring(c.relname from '^(.*)_g[0-9]+$'), 'generation',"
             " substring(c.relname from '[0-9]+$')::int, 'name', c.relname)"
             " from pg_class c where c.relnamespace = 'read'::regnamespace and c.relkind = 'r'"
             " and c.relname ~ '_g[0-9]+$'",
             take_text, file);
    redisReply *keys = redisCommand(redis, "keys cairn:*");
    assert_true(keys && keys->type == REDIS_REPLY_ARRAY);
    for (size_t i = 0; i < keys->elements; i++) {
        char model[64];
        int generation;
        if (names_generation(keys->element[i]->str, model, &generation))
            write_line(file, json_pack("{ss ss si ss}", "kind", "key", "model", model, "generation",
                                       generation, "name", keys->element[i]->str));
    }
    freeReplyObject(keys);
}

void dump_all(const char *directory, const char *superuser_url, const char *redis_url)
{
    FILE *log = open_file(directory, "log.jsonl", "we");
    each_row(superuser_url,
             "select json_build_object('position', position, 'stream', stream, 'version', version,"
             " 'type', type, 'event_id', event_id, 'recorded_us',"
             " (extract(epoch from recorded_at) * 1000000)::bigint, 'data', data, 'meta', meta)"
             " from cairn.events order by shard, position",
             take_text, log);
    assert_int_equal(fclose(log), 0);
    FILE *tags = open_file(directory, "tags.jsonl", "we");
    each_row(superuser_url,
             "select json_build_object('tag', tag, 'position', position, 'type', type)"
             " from cairn.tags order by position, tag",
             take_text, tags);
    assert_int_equal(fclose(tags), 0);
    if (!redis_url)
        return;
    redisContext *redis = redis_open(redis_url);
    FILE *rows = open_file(directory, "rows.jsonl", "we");
    dump_rows(rows, superuser_url, redis);
    assert_int_equal(fclose(rows), 0);
    FILE *generations = open_file(directory, "generations.jsonl", "we");
    dump_generations(generations, superuser_url, redis);
    assert_int_equal(fclose(generations), 0);
    redisFree(redis);
}

void dump_query(const char *directory, const char *name, const char *superuser_url, const char *sql)
{
    FILE *file = open_file(directory, name, "ae");
    each_row(superuser_url, sql, take_text, file);
    assert_int_equal(fclose(file), 0);
}
