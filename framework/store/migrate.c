/* migrate.c - the schema: applying and checking the migrations that travel in this binary. */
#include "store/migrate.h"

#include <stdlib.h>
#include <string.h>

/* Made by embed.sh from migrations/; ends with zeros. */
struct blob {
    const char *name;
    const char *start;
    const char *end;
};
extern const struct blob cairn_migration_blobs[];

static const char bootstrap[] = "create schema if not exists cairn;"
                                "create table if not exists cairn.migrations ("
                                "    version integer not null,"
                                "    name text not null,"
                                "    checksum text not null,"
                                "    applied_at timestamptz not null default now(),"
                                "    constraint migrations_pkey primary key (version));";

/* One process at a time, until the connection ends. */
#define LOCK "select pg_advisory_lock(1128352083)"
#define UNLOCK "select pg_advisory_unlock(1128352083)"

static int version_of(const struct blob *blob)
{
    return (int)strtol(blob->name, NULL, 10);
}

/* ---- what the database has had ---- */

static const struct cairn_statement exists_statement = {
    .name = NULL,
    .sql = "select to_regclass('cairn.migrations') is not null",
};

static const struct cairn_statement applied_statement = {
    .name = NULL,
    .sql = "select version, name, checksum, encode(sha256($2), 'hex')"
           " from cairn.migrations where version = $1",
};

static const struct cairn_statement newer_statement = {
    .name = NULL,
    .sql = "select name from cairn.migrations where version > $1 order by version desc limit 1",
};

static int64_t has_schema(struct cairn_pg *pg, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &exists_statement, NULL, &rows, error);
    return count < 0 ? count : cairn_pg_bool(rows, 0, 0);
}

/* Returns 1 if the database has had this migration, 0 if it has not, -CAIRN_SCHEMA if it has had
 * another one under this number. */
static int64_t was_applied(struct cairn_pg *pg, const struct blob *blob, struct cairn_arena *arena,
                           struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_integer(&params, version_of(blob));
    cairn_pg_add_bytes(&params, blob->start, (size_t)(blob->end - blob->start));
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &applied_statement, &params, &rows, error);
    if (count <= 0)
        return count;
    if (strcmp(cairn_pg_text(rows, 0, 2), cairn_pg_text(rows, 0, 3)) != 0)
        return cairn_fail(error, CAIRN_SCHEMA,
                          "the database has had another %s than this binary carries: both were "
                          "built from different releases",
                          cairn_pg_text(rows, 0, 1));
    return 1;
}

static int check_newer(struct cairn_pg *pg, int newest, struct cairn_arena *arena,
                       struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_integer(&params, newest);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &newer_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count > 0)
        return cairn_fail(error, CAIRN_SCHEMA,
                          "the database schema is newer than this binary: it has had %s; run the "
                          "release that brought it, or a later one",
                          cairn_pg_text(rows, 0, 0));
    return 0;
}

static int newest_version(void)
{
    int newest = 0;
    for (const struct blob *blob = cairn_migration_blobs; blob->name; blob++)
        newest = version_of(blob);
    return newest;
}

/* ---- checking ---- */

static int fail_older(struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_SCHEMA,
                      "the database schema is older than this binary: run `cairn migrate`");
}

static int check_all(struct cairn_pg *pg, struct cairn_arena *arena, struct cairn_error *error)
{
    for (const struct blob *blob = cairn_migration_blobs; blob->name; blob++) {
        int64_t applied = was_applied(pg, blob, arena, error);
        if (applied < 0)
            return (int)applied;
        if (!applied)
            return fail_older(error);
    }
    return check_newer(pg, newest_version(), arena, error);
}

int cairn_migrate_check(struct cairn_pg *pg, struct cairn_error *error)
{
    int64_t exists = has_schema(pg, error);
    if (exists < 0)
        return (int)exists;
    if (!exists)
        return fail_older(error);
    struct cairn_arena arena = {0};
    int failed = check_all(pg, &arena, error);
    cairn_arena_close(&arena);
    return failed;
}

/* ---- applying ---- */

static const struct cairn_statement record_statement = {
    .name = NULL,
    .sql = "insert into cairn.migrations (version, name, checksum)"
           " values ($1, $2, encode(sha256($3), 'hex'))",
};

static int apply_in_transaction(struct cairn_pg *pg, const struct blob *blob,
                                struct cairn_arena *arena, struct cairn_error *error)
{
    const char *sql = cairn_copy_bytes(arena, blob->start, (size_t)(blob->end - blob->start));
    int failed = cairn_pg_script(pg, sql, error);
    if (failed)
        return failed;
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_integer(&params, version_of(blob));
    cairn_pg_add_text(&params, blob->name);
    cairn_pg_add_bytes(&params, blob->start, (size_t)(blob->end - blob->start));
    int64_t recorded = cairn_pg_run(pg, &record_statement, &params, error);
    return recorded < 0 ? (int)recorded : cairn_pg_script(pg, "commit", error);
}

static int apply(struct cairn_pg *pg, const struct blob *blob, struct cairn_arena *arena,
                 struct cairn_error *error)
{
    int failed = cairn_pg_script(pg, "begin", error);
    if (!failed)
        failed = apply_in_transaction(pg, blob, arena, error);
    if (failed) {
        cairn_error_context(error, "migration %s", blob->name);
        (void)!cairn_pg_script(pg, "rollback", NULL);
    }
    return failed;
}

static int apply_missing(struct cairn_pg *pg, cairn_migration_applied *applied, void *context,
                         struct cairn_arena *arena, struct cairn_error *error)
{
    int failed = check_newer(pg, newest_version(), arena, error);
    int count = 0;
    for (const struct blob *blob = cairn_migration_blobs; blob->name && !failed; blob++) {
        int64_t had = was_applied(pg, blob, arena, error);
        if (had < 0)
            return (int)had;
        if (had)
            continue;
        failed = apply(pg, blob, arena, error);
        if (!failed && applied)
            applied(context, blob->name);
        count++;
    }
    return failed ? failed : count;
}

/* Before the first migration: what is not UTF-8 cannot be changed into it afterwards. */
static int check_encoding(struct cairn_pg *pg, struct cairn_error *error)
{
    static const struct cairn_statement statement = {
        .name = NULL, .sql = "select current_setting('server_encoding'), current_database()::text"};
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &statement, NULL, &rows, error);
    if (count < 0)
        return (int)count;
    if (strcmp(cairn_pg_text(rows, 0, 0), "UTF8") == 0)
        return 0;
    return cairn_fail(error, CAIRN_CONFIG,
                      "database %s is encoded in %s: events are UTF-8, so create it with encoding "
                      "'UTF8' (and template template0)",
                      cairn_pg_text(rows, 0, 1), cairn_pg_text(rows, 0, 0));
}

int cairn_migrate(struct cairn_pg *pg, cairn_migration_applied *applied, void *context,
                  struct cairn_error *error)
{
    int failed = check_encoding(pg, error);
    if (!failed)
        failed = cairn_pg_script(pg, LOCK, error);
    if (!failed)
        failed = cairn_pg_script(pg, bootstrap, error);
    if (failed)
        return failed;
    struct cairn_arena arena = {0};
    int count = apply_missing(pg, applied, context, &arena, error);
    cairn_arena_close(&arena);
    (void)!cairn_pg_script(pg, UNLOCK, NULL);
    return count;
}
