/* postgres_check.c - asks the PostgreSQL that DATABASE_URL names for what is to be judged. */
#include "cli/doctor/checks.h"

#include "cli/doctor/postgres_facts.h"
#include "cli/servers/server_directory.h"
#include "core/threads/clock.h"
#include "postgres/postgres.h"
#include "store/migrate.h"

#include <stdlib.h>

#define DEADLINE_US CAIRN_SECONDS(5)

/* Connections of a process with all kinds of services, besides those of the workers, of which one
 * that answers queries has three for each (docs/ARCHITECTURE.md). */
enum { OWN_CONNECTIONS = 20, CONNECTIONS_A_WORKER = 3 };

/* Works on every version, with and without Cairn's schema. */
static const char facts_sql[] =
    "select current_setting('server_version'), current_database()::text,"
    " current_setting('server_encoding'), current_user::text,"
    " r.rolsuper, r.rolcreaterole or (select count(*) = 4 from pg_roles where rolname in"
    "     ('cairn_writer', 'cairn_projector', 'cairn_reader', 'cairn_consumer')),"
    " has_database_privilege(current_database(), 'create'),"
    " pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean,"
    " current_setting('fsync'), current_setting('full_page_writes'),"
    " current_setting('synchronous_commit'),"
    " current_setting('max_connections')::bigint"
    "     - current_setting('superuser_reserved_connections')::bigint,"
    " (select count(*) from pg_stat_activity where backend_type = 'client backend'),"
    " (select setting::bigint from pg_settings where name = 'statement_timeout'),"
    " exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    "     where n.nspname = 'cairn' and c.relname = 'migrations'),"
    " coalesce((select pg_has_role(n.nspowner, 'usage') from pg_namespace n"
    "     where n.nspname = 'cairn'), false),"
    " current_setting('cluster_name') = '" CAIRN_PRIVATE_MARK "'"
    " from pg_roles r where r.rolname = current_user";

static const char rights_sql[] =
    "select bool_or(rolname = 'cairn_writer' and has), bool_or(rolname = 'cairn_projector' and has),"
    " bool_or(rolname = 'cairn_reader' and has), bool_or(rolname = 'cairn_consumer' and has)"
    " from (select rolname, pg_has_role(oid, 'usage') as has from pg_roles) r";

/* The counters of checkpoints have moved to a view of their own in PostgreSQL 17. */
enum { HAS_CHECKPOINTER_VIEW = 170000 };

#define LOAD_SQL(COUNTERS)                                                                         \
    "select pg_size_bytes(current_setting('max_wal_size')), c.timed, c.requested,"                 \
    " w.wal_bytes::bigint, current_setting('autovacuum') from pg_stat_wal w, (" COUNTERS ") c"
static const char load_sql[] = LOAD_SQL(
    "select checkpoints_timed as timed, checkpoints_req as requested from pg_stat_bgwriter");
static const char load_17_sql[] =
    LOAD_SQL("select num_timed as timed, num_requested as requested from pg_stat_checkpointer");
#undef LOAD_SQL

static int64_t ask(struct cairn_pg *pg, const char *sql, struct cairn_pg_result **ret,
                   struct cairn_error *error)
{
    const struct cairn_statement statement = {.name = NULL, .sql = sql};
    return cairn_pg_call(pg, &statement, NULL, ret, error);
}

/* Returns how far the database's clock is ahead, measured in the middle of the round trip. */
static int64_t clock_ahead_us(struct cairn_pg *pg, int64_t *ret, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t begun_us = cairn_now().us;
    int64_t count = ask(pg, "select clock_timestamp()", &rows, error);
    int64_t ended_us = cairn_now().us;
    if (count > 0)
        *ret = cairn_pg_time(rows, 0, 0).us - (begun_us + ended_us) / 2;
    return count;
}

static int64_t read_facts(struct cairn_pg *pg, struct cairn_arena *arena,
                          struct cairn_postgres_facts *ret, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = ask(pg, facts_sql, &rows, error);
    if (count <= 0)
        return count;
    *ret = (struct cairn_postgres_facts){
        .version_number = ret->version_number,
        .version = cairn_copy_text(arena, cairn_pg_text(rows, 0, 0)),
        .database = cairn_copy_text(arena, cairn_pg_text(rows, 0, 1)),
        .encoding = cairn_copy_text(arena, cairn_pg_text(rows, 0, 2)),
        .role = cairn_copy_text(arena, cairn_pg_text(rows, 0, 3)),
        .is_superuser = cairn_pg_bool(rows, 0, 4),
        .may_create_roles = cairn_pg_bool(rows, 0, 5),
        .may_create_schemas = cairn_pg_bool(rows, 0, 6),
        .is_read_only = cairn_pg_bool(rows, 0, 7),
        .fsync = cairn_copy_text(arena, cairn_pg_text(rows, 0, 8)),
        .full_page_writes = cairn_copy_text(arena, cairn_pg_text(rows, 0, 9)),
        .synchronous_commit = cairn_copy_text(arena, cairn_pg_text(rows, 0, 10)),
        .connections_max = cairn_pg_integer(rows, 0, 11),
        .connections = cairn_pg_integer(rows, 0, 12),
        .statement_timeout_ms = cairn_pg_integer(rows, 0, 13),
        .has_schema = cairn_pg_bool(rows, 0, 14),
        .owns_schema = cairn_pg_bool(rows, 0, 15),
        .is_private = cairn_pg_bool(rows, 0, 16),
    };
    return 1;
}

static int64_t read_load(struct cairn_pg *pg, struct cairn_arena *arena,
                         struct cairn_postgres_facts *ret, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    bool has_view = ret->version_number >= HAS_CHECKPOINTER_VIEW;
    int64_t count = ask(pg, has_view ? load_17_sql : load_sql, &rows, error);
    if (count > 0) {
        ret->max_wal_bytes = cairn_pg_integer(rows, 0, 0);
        ret->checkpoints_timed = cairn_pg_integer(rows, 0, 1);
        ret->checkpoints_requested = cairn_pg_integer(rows, 0, 2);
        ret->wal_bytes = cairn_pg_integer(rows, 0, 3);
        ret->autovacuum = cairn_copy_text(arena, cairn_pg_text(rows, 0, 4));
    }
    return count;
}

static int64_t read_rights(struct cairn_pg *pg, struct cairn_postgres_facts *ret,
                           struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = ask(pg, rights_sql, &rows, error);
    if (count > 0) {
        ret->may_append = cairn_pg_bool(rows, 0, 0);
        ret->may_project = cairn_pg_bool(rows, 0, 1);
        ret->may_read = cairn_pg_bool(rows, 0, 2);
        ret->may_consume = cairn_pg_bool(rows, 0, 3);
    }
    return count;
}

/* A role without rights may not read the migrations: then only that there are some is known. */
static void read_schema(struct cairn_pg *pg, struct cairn_arena *arena,
                        struct cairn_postgres_facts *ret)
{
    CAIRN_PG_RESULT *rows = NULL;
    struct cairn_error error = {0};
    if (!ret->has_schema)
        return;
    if (ask(pg, "select name from cairn.migrations order by version desc limit 1", &rows, NULL) > 0)
        ret->last_migration = cairn_copy_text(arena, cairn_pg_text(rows, 0, 0));
    int failed = cairn_migrate_check(pg, &error);
    ret->knows_schema = failed == 0 || failed == -CAIRN_SCHEMA;
    if (failed == -CAIRN_SCHEMA)
        ret->schema_problem = cairn_copy_text(arena, error.message);
}

static int64_t read_version(struct cairn_pg *pg, struct cairn_arena *arena,
                            struct cairn_postgres_facts *ret, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = ask(pg,
                        "select current_setting('server_version_num')::bigint,"
                        " current_setting('server_version')",
                        &rows, error);
    if (count > 0) {
        ret->version_number = cairn_pg_integer(rows, 0, 0);
        ret->version = cairn_copy_text(arena, cairn_pg_text(rows, 0, 1));
    }
    return count;
}

static int64_t check(struct cairn_diagnosis *diagnosis, struct cairn_pg *pg,
                     const struct cairn_config *config, struct cairn_error *error)
{
    struct cairn_postgres_facts facts = {0};
    int64_t outcome = read_version(pg, diagnosis->arena, &facts, error);
    if (outcome < 0 ||
        !cairn_judge_postgres_version(diagnosis, facts.version_number, facts.version))
        return outcome;
    outcome = read_facts(pg, diagnosis->arena, &facts, error);
    if (outcome >= 0)
        outcome = read_rights(pg, &facts, error);
    if (outcome >= 0)
        outcome = read_load(pg, diagnosis->arena, &facts, error);
    if (outcome >= 0)
        outcome = clock_ahead_us(pg, &facts.clock_ahead_us, error);
    if (outcome < 0)
        return outcome;
    facts.connections_wanted = config->workers * CONNECTIONS_A_WORKER + OWN_CONNECTIONS;
    read_schema(pg, diagnosis->arena, &facts);
    cairn_judge_postgres(diagnosis, &facts);
    return 0;
}

static const char *advice_for(int64_t outcome)
{
    switch (outcome) {
    case -CAIRN_CONFIG:
        return "correct DATABASE_URL";
    case -CAIRN_UNAVAILABLE:
        return "start it, or correct host, port, user and database in DATABASE_URL";
    default:
        return "connect as the owner of the database, to see more";
    }
}

void cairn_check_postgres(struct cairn_diagnosis *diagnosis, const struct cairn_config *config)
{
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    if (!config->database_url) {
        cairn_diagnose_warning(
            diagnosis, "PostgreSQL",
            "services need it: postgresql://user@host/database, or "
            "DATABASE_URL_FILE; `cairn servers` runs a command with one of its own",
            "DATABASE_URL is not set");
        return;
    }
    int64_t outcome = cairn_pg_open(config->database_url, "cairn doctor", &pg, &error);
    if (outcome >= 0) {
        cairn_pg_set_deadline(pg, DEADLINE_US);
        outcome = check(diagnosis, pg, config, &error);
    }
    if (outcome < 0)
        cairn_diagnose_problem(diagnosis, "PostgreSQL", advice_for(outcome), "%s",
                               cairn_copy_text(diagnosis->arena, error.message));
    cairn_pg_close(pg);
}
