/* status.c - `cairn status`: the store, who holds its lock, and how far each read model has come.
 */
#include "cli/cli.h"

static const char store_sql[] =
    "select s.store_id as store, s.epoch, cairn.head() as head,"
    " coalesce((select 'pid ' || l.pid || ', ' || coalesce(nullif(a.application_name, ''), '?')"
    "     || ', ' || coalesce(a.state, '?') from pg_locks l left join pg_stat_activity a"
    "     on a.pid = l.pid where l.locktype = 'advisory' and l.classid = 1128352082 and l.granted"
    "     and l.database = (select oid from pg_database where datname = current_database())"
    "     limit 1), 'nobody') as append_lock"
    " from cairn.store s";

static const char projections_sql[] =
    "select c.projection || ' g' || c.generation as read_model,"
    " case when g.live then 'live' when g.complete_at is not null then 'kept' else 'building' end"
    "     as state,"
    " g.code_version, c.position, (cairn.head() - c.position) as lag,"
    " coalesce(c.stopped, '') as stopped"
    " from cairn.checkpoints c join cairn.generations g using (projection, generation)"
    " order by c.projection, c.generation";

static int64_t show_all(struct cairn_pg *pg, bool json, struct cairn_error *error)
{
    int64_t count = cairn_cli_show(pg, store_sql, NULL, json, error);
    if (count < 0)
        return count;
    if (!json)
        (void)printf("\n");
    return cairn_cli_show(pg, projections_sql, NULL, json, error);
}

int cairn_cli_status(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json", 0, &options);
    if (status >= 0)
        return status;
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    int64_t count = cairn_cli_open(&pg, &error);
    if (count == 0)
        count = show_all(pg, options.json, &error);
    return cairn_cli_end(command, pg, count, &error);
}
