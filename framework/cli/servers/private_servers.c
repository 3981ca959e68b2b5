/* private_servers.c - starts both private servers, makes the database, and stops the servers. */
#include "cli/servers/private_servers.h"

#include "cli/servers/private_postgres.h"
#include "cli/servers/private_redis.h"
#include "core/threads/clock.h"
#include "store/migrate.h"

#include <signal.h>

#define STOP_US CAIRN_SECONDS(30)

/* Makes the owner and the database; what is there is kept. */
static int make_database(struct cairn_arena *arena, const struct cairn_server_directory *directory,
                         struct cairn_error *error)
{
    static const struct cairn_statement find_role = {
        .name = NULL, .sql = "select 1 from pg_roles where rolname = 'cairn_owner'"};
    static const struct cairn_statement find_database = {
        .name = NULL, .sql = "select 1 from pg_database where datname = 'cairn'"};
    struct cairn_pg *pg = NULL;
    int64_t found = cairn_pg_open(
        cairn_private_postgres_url(arena, directory, "postgres", "postgres"), "cairn", &pg, error);
    if (found >= 0)
        found = cairn_pg_run(pg, &find_role, NULL, error);
    if (found == 0) /* tests make databases of their own */
        found = cairn_pg_script(pg, "create role cairn_owner login createrole createdb", error);
    if (found >= 0)
        found = cairn_pg_run(pg, &find_database, NULL, error);
    if (found == 0)
        found = cairn_pg_script(pg, "create database cairn owner cairn_owner", error);
    cairn_pg_close(pg);
    return found < 0 ? (int)found : 0;
}

static int migrate(const char *url, struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    int failed = cairn_pg_open(url, "cairn", &pg, error);
    if (!failed) {
        cairn_pg_set_deadline(pg, CAIRN_HOURS(1));
        int count = cairn_migrate(pg, NULL, NULL, error);
        failed = count < 0 ? count : 0;
    }
    cairn_pg_close(pg);
    return failed;
}

int cairn_private_servers_start(struct cairn_arena *arena, const char *directory, bool durable,
                                struct cairn_private_servers *ret, struct cairn_error *error)
{
    struct cairn_private_servers servers = {0};
    int failed = cairn_server_directory_open(arena, directory, &servers.directory, error);
    if (!failed)
        failed =
            cairn_private_redis_start(arena, &servers.directory, durable, &servers.redis, error);
    if (!failed)
        failed = cairn_private_postgres_start(arena, &servers.directory, durable, &servers.postgres,
                                              error);
    if (!failed)
        failed = make_database(arena, &servers.directory, error);
    if (failed) {
        cairn_private_servers_stop(&servers);
        return failed;
    }
    servers.database_url =
        cairn_private_postgres_url(arena, &servers.directory, "cairn", "cairn_owner");
    servers.redis_url = cairn_private_redis_url(arena, &servers.directory);
    failed = migrate(servers.database_url, error);
    if (failed)
        cairn_private_servers_stop(&servers);
    else
        *ret = servers;
    return failed;
}

int cairn_private_servers_wipe(struct cairn_arena *arena, const char *directory,
                               struct cairn_error *error)
{
    int failed = cairn_private_redis_clear(arena, directory, error);
    if (!failed)
        failed = cairn_private_postgres_clear(arena, directory, error);
    if (!failed)
        cairn_server_directory_wipe(arena, directory);
    return failed;
}

const char *cairn_private_servers_lost(struct cairn_private_servers *servers)
{
    if (!cairn_child_lives(&servers->postgres))
        return "PostgreSQL";
    return cairn_child_lives(&servers->redis) ? NULL : "Redis";
}

/* PostgreSQL's children are in its group; SIGINT to the postmaster alone ends them in order. */
void cairn_private_servers_stop(struct cairn_private_servers *servers)
{
    cairn_child_stop(&servers->redis, SIGTERM, STOP_US);
    if (servers->postgres.pid)
        (void)kill(servers->postgres.pid, SIGINT);
    if (servers->postgres.pid && !cairn_child_wait(&servers->postgres, STOP_US))
        cairn_child_stop(&servers->postgres, SIGQUIT, CAIRN_SECONDS(5));
}
