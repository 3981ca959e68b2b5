/* postgres_judge.c - judges what a PostgreSQL says of itself. */
#include "cli/doctor/postgres_facts.h"

#include "cli/servers/postgres_programs.h"
#include "core/containers/buffer.h"

#include <string.h>

enum { BUSY_PERCENT = 80 };

/* So many checkpoints before their time are no accident. Each that max_wal_size forced followed at
 * least a third of that in write-ahead log: a checkpoint begins so early that the log of the one
 * before, and of the time that it takes itself, stays within the setting. */
enum { MANY_CHECKPOINTS = 10, WAL_SHARE_OF_A_CHECKPOINT = 3 };

/* Clocks that differ by less are in step, as NTP keeps them. */
#define CLOCK_WARNING_US CAIRN_SECONDS(1)
#define CLOCK_PROBLEM_US CAIRN_SECONDS(60)

bool cairn_judge_postgres_version(struct cairn_diagnosis *diagnosis, int64_t number,
                                  const char *version)
{
    int64_t major = number / 10000;
    if (major < CAIRN_POSTGRES_OLDEST) {
        cairn_diagnose_problem(diagnosis, "PostgreSQL",
                               cairn_print(diagnosis->arena, "upgrade it to %d to %d",
                                           CAIRN_POSTGRES_OLDEST, CAIRN_POSTGRES_NEWEST),
                               "%s is too old", version);
        return false;
    }
    if (major > CAIRN_POSTGRES_NEWEST)
        cairn_diagnose_warning(diagnosis, "PostgreSQL",
                               cairn_print(diagnosis->arena, "%d to %d were tested",
                                           CAIRN_POSTGRES_OLDEST, CAIRN_POSTGRES_NEWEST),
                               "%s is newer than this release of Cairn", version);
    else
        cairn_diagnose_good(diagnosis, "PostgreSQL", "%s answers", version);
    return true;
}

/* ---- the database ---- */

static void judge_database(struct cairn_diagnosis *diagnosis,
                           const struct cairn_postgres_facts *facts)
{
    if (strcmp(facts->encoding, "UTF8") != 0)
        cairn_diagnose_problem(
            diagnosis, "database",
            "events are UTF-8: create another database with encoding 'UTF8' template template0",
            "%s is encoded in %s", facts->database, facts->encoding);
    if (facts->is_read_only)
        cairn_diagnose_problem(diagnosis, "database",
                               "let DATABASE_URL name the primary server "
                               "(target_session_attrs=read-write finds it among several)",
                               "%s is read-only: a standby, or default_transaction_read_only is on",
                               facts->database);
}

static void judge_schema(struct cairn_diagnosis *diagnosis,
                         const struct cairn_postgres_facts *facts)
{
    if (!facts->has_schema)
        cairn_diagnose_problem(diagnosis, "schema", "run `cairn migrate` as the database's owner",
                               "database %s has none of Cairn", facts->database);
    else if (facts->schema_problem)
        cairn_diagnose_problem(diagnosis, "schema",
                               "`cairn migrate` of the release that is to run brings it up to date",
                               "%s (the last migration is %s)", facts->schema_problem,
                               facts->last_migration ? facts->last_migration
                                                     : "not known to this role");
    else if (facts->knows_schema)
        cairn_diagnose_good(diagnosis, "schema", "is that of this release, up to migration %s",
                            facts->last_migration);
}

/* ---- the role ---- */

/* Before there is a schema, the role is that which will make it. */
static void judge_maker(struct cairn_diagnosis *diagnosis, const struct cairn_postgres_facts *facts)
{
    if (facts->may_create_schemas && facts->may_create_roles)
        cairn_diagnose_good(diagnosis, "role", "%s may create the schema and its roles",
                            facts->role);
    else
        cairn_diagnose_problem(diagnosis, "role",
                               cairn_print(diagnosis->arena,
                                           "as superuser: alter role %s createrole; alter database "
                                           "%s owner to %s",
                                           facts->role, facts->database, facts->role),
                               "%s may not create%s%s", facts->role,
                               facts->may_create_schemas ? "" : " schemas in this database",
                               facts->may_create_roles ? ""
                                                       : " roles, which the first migration does");
}

static void list_rights(struct cairn_buffer *may, struct cairn_buffer *may_not, bool has,
                        const char *what, const char *role)
{
    if (has)
        cairn_buffer_print(may, "%s%s", may->length ? ", " : "", what);
    else
        cairn_buffer_print(may_not, "%s%s (%s)", may_not->length ? ", " : "", what, role);
}

static void judge_member(struct cairn_diagnosis *diagnosis,
                         const struct cairn_postgres_facts *facts)
{
    struct cairn_buffer may = cairn_buffer(diagnosis->arena);
    struct cairn_buffer may_not = cairn_buffer(diagnosis->arena);
    list_rights(&may, &may_not, facts->may_append, "append events", "cairn_writer");
    list_rights(&may, &may_not, facts->may_project, "keep read models", "cairn_projector");
    list_rights(&may, &may_not, facts->may_read, "read them", "cairn_reader");
    list_rights(&may, &may_not, facts->may_consume, "consume the bus", "cairn_consumer");
    if (!may.length)
        cairn_diagnose_problem(diagnosis, "role",
                               cairn_print(diagnosis->arena,
                                           "grant it the roles of what its services do: grant "
                                           "cairn_writer, cairn_projector, cairn_reader to %s",
                                           facts->role),
                               "%s has no right in Cairn's schema", facts->role);
    else if (may_not.length)
        cairn_diagnose_good(diagnosis, "role", "%s may %s, but not %s", facts->role, may.text,
                            may_not.text);
    else
        cairn_diagnose_good(diagnosis, "role", "%s may %s", facts->role, may.text);
}

static void judge_role(struct cairn_diagnosis *diagnosis, const struct cairn_postgres_facts *facts)
{
    if (facts->is_superuser)
        cairn_diagnose_warning(diagnosis, "role",
                               "services need no such rights: connect as a member of cairn_writer, "
                               "cairn_projector and cairn_reader",
                               "%s is a superuser", facts->role);
    else if (!facts->has_schema)
        judge_maker(diagnosis, facts);
    else if (facts->owns_schema)
        cairn_diagnose_good(diagnosis, "role",
                            "%s owns the schema: it may migrate, and do all else", facts->role);
    else
        judge_member(diagnosis, facts);
}

/* ---- settings ---- */

static void judge_durability(struct cairn_diagnosis *diagnosis,
                             const struct cairn_postgres_facts *facts)
{
    size_t before = diagnosis->count;
    bool is_off = strcmp(facts->fsync, "on") != 0;
    if (is_off && facts->is_private)
        cairn_diagnose_good(diagnosis, "settings",
                            "fsync is %s: a private server of `cairn servers`, for development and "
                            "tests, whose data need not survive a crash of the machine",
                            facts->fsync);
    else if (is_off)
        cairn_diagnose_problem(diagnosis, "settings", "set fsync = on in postgresql.conf",
                               "fsync is %s: a crash of the machine may damage the database",
                               facts->fsync);
    if (strcmp(facts->full_page_writes, "on") != 0)
        cairn_diagnose_problem(diagnosis, "settings",
                               "set full_page_writes = on in postgresql.conf",
                               "full_page_writes is %s: a crash of the machine may damage the "
                               "database, unless its file system writes pages atomically",
                               facts->full_page_writes);
    if (strcmp(facts->synchronous_commit, "off") == 0)
        cairn_diagnose_problem(diagnosis, "settings",
                               "set synchronous_commit = on, for the role and the database too",
                               "synchronous_commit is off: a crash loses events that were "
                               "acknowledged");
    if (strcmp(facts->synchronous_commit, "local") == 0)
        cairn_diagnose_warning(diagnosis, "settings",
                               "set it to on, if a standby is to have what was acknowledged",
                               "synchronous_commit is local: a fail-over may lose acknowledged "
                               "events");
    if (diagnosis->count == before)
        cairn_diagnose_good(diagnosis, "settings",
                            "fsync %s, full_page_writes %s, synchronous_commit %s", facts->fsync,
                            facts->full_page_writes, facts->synchronous_commit);
}

/* Checkpoints that were requested by command, without the log for them, do not count. */
static void judge_checkpoints(struct cairn_diagnosis *diagnosis,
                              const struct cairn_postgres_facts *facts)
{
    int64_t forced = facts->checkpoints_requested;
    int64_t by_size = facts->max_wal_bytes > 0
                          ? facts->wal_bytes / facts->max_wal_bytes * WAL_SHARE_OF_A_CHECKPOINT
                          : 0;
    if (by_size < forced)
        forced = by_size;
    if (forced < MANY_CHECKPOINTS || forced <= facts->checkpoints_timed)
        return;
    cairn_diagnose_warning(
        diagnosis, "settings",
        "raise max_wal_size, and checkpoint_timeout to 15min or more: after each checkpoint every "
        "page is written to the log as a whole (docs/RUNBOOK.md, Settings of PostgreSQL)",
        "max_wal_size is %" PRId64 " MB, and %" PRId64 " of %" PRId64
        " checkpoints came early because it was full",
        facts->max_wal_bytes >> 20, forced,
        facts->checkpoints_requested + facts->checkpoints_timed);
}

static void judge_autovacuum(struct cairn_diagnosis *diagnosis,
                             const struct cairn_postgres_facts *facts)
{
    if (strcmp(facts->autovacuum, "on") != 0)
        cairn_diagnose_warning(diagnosis, "settings", "set autovacuum = on in postgresql.conf",
                               "autovacuum is %s: tables grow without bounds, and the whole log "
                               "is frozen at once when transaction ids run out",
                               facts->autovacuum);
}

static void judge_timeout(struct cairn_diagnosis *diagnosis,
                          const struct cairn_postgres_facts *facts)
{
    if (facts->statement_timeout_ms > 0)
        cairn_diagnose_warning(
            diagnosis, "settings",
            "reset it for this role: Cairn has deadlines of its own, and migrations "
            "and rebuilds take longer",
            "statement_timeout is %" PRId64 " ms", facts->statement_timeout_ms);
}

static void judge_connections(struct cairn_diagnosis *diagnosis,
                              const struct cairn_postgres_facts *facts)
{
    if (facts->connections_max < facts->connections_wanted)
        cairn_diagnose_warning(
            diagnosis, "connections", "raise max_connections, or lower CAIRN_HTTP_WORKERS",
            "PostgreSQL admits %" PRId64 ", and one process of all services may use %" PRId64,
            facts->connections_max, facts->connections_wanted);
    else if (facts->connections * 100 > facts->connections_max * BUSY_PERCENT)
        cairn_diagnose_warning(diagnosis, "connections",
                               "raise max_connections, or look for idle sessions in "
                               "pg_stat_activity",
                               "%" PRId64 " of %" PRId64 " are in use", facts->connections,
                               facts->connections_max);
    else
        cairn_diagnose_good(diagnosis, "connections", "%" PRId64 " of %" PRId64 " are in use",
                            facts->connections, facts->connections_max);
}

static void judge_clock(struct cairn_diagnosis *diagnosis, const struct cairn_postgres_facts *facts)
{
    int64_t ahead_us = facts->clock_ahead_us;
    int64_t apart_us = ahead_us < 0 ? -ahead_us : ahead_us;
    const char *side = ahead_us < 0 ? "behind" : "ahead of";
    static const char advice[] =
        "synchronise both (chrony, systemd-timesyncd): timers, leases and the "
        "times in logs are by these clocks";
    if (apart_us >= CLOCK_PROBLEM_US)
        cairn_diagnose_problem(diagnosis, "clock", advice,
                               "the database's is %" PRId64 " s %s this machine's",
                               apart_us / 1000000, side);
    else if (apart_us >= CLOCK_WARNING_US)
        cairn_diagnose_warning(diagnosis, "clock", advice,
                               "the database's is %" PRId64 ".%01" PRId64 " s %s this machine's",
                               apart_us / 1000000, apart_us / 100000 % 10, side);
    else
        cairn_diagnose_good(diagnosis, "clock",
                            "the database's is within %" PRId64 " ms of this machine's",
                            apart_us / 1000 + 1);
}

void cairn_judge_postgres(struct cairn_diagnosis *diagnosis,
                          const struct cairn_postgres_facts *facts)
{
    judge_database(diagnosis, facts);
    judge_schema(diagnosis, facts);
    judge_role(diagnosis, facts);
    judge_durability(diagnosis, facts);
    judge_checkpoints(diagnosis, facts);
    judge_autovacuum(diagnosis, facts);
    judge_timeout(diagnosis, facts);
    judge_connections(diagnosis, facts);
    judge_clock(diagnosis, facts);
}
