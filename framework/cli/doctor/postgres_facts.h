/* postgres_facts.h - what a PostgreSQL says of itself, and what `cairn doctor` makes of it: the
 * judgement is a pure function of the facts. */
#ifndef CAIRN_CLI_DOCTOR_POSTGRES_FACTS_H
#define CAIRN_CLI_DOCTOR_POSTGRES_FACTS_H

#include "cli/doctor/diagnosis.h"

struct cairn_postgres_facts {
    int64_t version_number; /* 150014 */
    const char *version;    /* "15.14 (Debian 15.14-0+deb12u1)" */
    const char *database;
    const char *encoding;
    const char *role;
    bool is_superuser;
    bool may_create_roles;
    bool may_create_schemas; /* in this database */
    bool is_read_only;       /* a standby, or default_transaction_read_only */
    bool is_private;         /* `cairn servers` or `cairn dev` has started it */
    const char *fsync;
    const char *full_page_writes;
    const char *synchronous_commit;
    const char *autovacuum;
    int64_t max_wal_bytes;         /* the setting max_wal_size */
    int64_t checkpoints_timed;     /* since the statistics were reset: those that were due */
    int64_t checkpoints_requested; /* those before, by max_wal_size, by command, at a start */
    int64_t wal_bytes;             /* written since the statistics were reset */
    int64_t connections_max;       /* for roles that are no superusers */
    int64_t connections;           /* now */
    int64_t connections_wanted;
    int64_t statement_timeout_ms;
    int64_t clock_ahead_us; /* of the database's clock, of this machine's; negative: it is behind */
    bool has_schema;
    bool knows_schema;          /* the role may read which migrations were applied */
    const char *schema_problem; /* NULL: it is that of this release */
    const char *last_migration; /* or NULL */
    bool owns_schema;
    bool may_append, may_project, may_read, may_consume; /* member of the role for it */
};

void cairn_judge_postgres(struct cairn_diagnosis *diagnosis,
                          const struct cairn_postgres_facts *facts);

/* Appends what is judged of the version, by itself, since nothing else of a server that is too old
 * matters. Returns whether the version is one that works. */
bool cairn_judge_postgres_version(struct cairn_diagnosis *diagnosis, int64_t number,
                                  const char *version);

#endif
