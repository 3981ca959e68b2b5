/* scratch.c - makes and drops a database of a test. */
#include "testkit/serving/scratch.h"

#include "core/threads/clock.h"
#include "store/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes the URL with another database: what is between the host's "/" and "?". */
static int change_database(const char *url, const char *name, char *ret, size_t size,
                           struct cairn_error *error)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t before = (size_t)(host - url) + strcspn(host, "/?");
    const char *options = strchr(url + before, '?');
    int length = snprintf(ret, size, "%.*s/%s%s", (int)before, url, name, options ? options : "");
    if (length >= 0 && (size_t)length < size)
        return 0;
    return cairn_fail(error, CAIRN_CONFIG, "DATABASE_URL has more than %zu bytes", size);
}

static int run_sql(const char *url, const char *sql, struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    int failed = cairn_pg_open(url, "test", &pg, error);
    if (!failed)
        failed = cairn_pg_script(pg, sql, error);
    cairn_pg_close(pg);
    return failed;
}

static int migrate(const char *url, struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    int failed = cairn_pg_open(url, "test", &pg, error);
    if (!failed)
        failed = cairn_migrate(pg, NULL, NULL, error);
    cairn_pg_close(pg);
    return failed < 0 ? failed : 0;
}

int cairn_scratch_open(struct cairn_scratch *ret, struct cairn_error *error)
{
    char sql[100];
    char id[CAIRN_UUID_TEXT_SIZE];
    const char *admin = getenv("DATABASE_URL");
    if (!admin || !*admin)
        return cairn_fail(error, CAIRN_CONFIG,
                          "a database is needed: DATABASE_URL is to name a server on which this "
                          "test may make one");
    cairn_uuid_format(cairn_uuid_make(), id);
    (void)snprintf(ret->name, sizeof ret->name, "cairn_test_%s", id + 24);
    int failed = change_database(admin, ret->name, ret->url, sizeof ret->url, error);
    (void)snprintf(sql, sizeof sql, "create database %s", ret->name);
    if (!failed)
        failed = run_sql(admin, sql, error);
    if (failed)
        cairn_error_context(error,
                            "no database could be made for the test beside that of DATABASE_URL "
                            "(its role needs createdb; `cairn servers COMMAND` has one)");
    if (failed)
        return failed;
    (void)snprintf(ret->admin_url, sizeof ret->admin_url, "%s", admin);
    failed = migrate(ret->url, error);
    if (failed)
        cairn_scratch_close(ret);
    return failed;
}

void cairn_scratch_close(struct cairn_scratch *scratch)
{
    char sql[100];
    if (!*scratch->admin_url)
        return;
    (void)snprintf(sql, sizeof sql, "drop database if exists %s with (force)", scratch->name);
    (void)!run_sql(scratch->admin_url, sql, NULL);
    *scratch->admin_url = '\0';
}
