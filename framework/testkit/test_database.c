/* test_database.c - the connection of a test, and the SQL that the test itself runs. */
#include "testkit/test_database.h"

#include <stdlib.h>
#include <string.h>

/* ---- the connection ---- */

static int connect_and_begin(struct cairn_test_database *database, const char *url,
                             struct cairn_error *error)
{
    int failed = cairn_pg_open(url, "test", &database->pg, error);
    if (!failed)
        failed = cairn_pg_script(database->pg, "begin; savepoint cairn_handler", error);
    database->sql.pg = database->pg;
    database->is_kept = !failed;
    return failed;
}

/* Connects at the first statement. The test fails if there is no database. */
static int open_database(struct cairn_sql *sql, struct cairn_error *error)
{
    struct cairn_test_database *database = sql->owner;
    struct cairn_error wrong = {0};
    const char *url = database->url ? database->url : getenv("DATABASE_URL");
    int failed = 0;
    if (!url || !*url)
        failed = cairn_fail(&wrong, CAIRN_CONFIG,
                            "a database is needed: DATABASE_URL names none, and there was no "
                            "DATABASE(url) before");
    else
        failed = connect_and_begin(database, url, &wrong);
    if (failed)
        cairn_scenario_fail(database->here, "%s", wrong.message);
    return failed ? cairn_error_pass(error, &wrong) : 0;
}

void cairn_test_database_init(struct cairn_test_database *ret, struct cairn_scenario *scenario)
{
    *ret = (struct cairn_test_database){
        .scenario = scenario,
        .sql = {.arena = &scenario->arena, .open = open_database, .owner = ret},
    };
}

void cairn_test_database_close(struct cairn_test_database *database)
{
    if (database->pg && cairn_pg_connected(database->pg))
        (void)!cairn_pg_script(database->pg, "rollback", NULL);
    cairn_pg_close(database->pg);
    database->pg = NULL;
}

/* ---- what one handler does ---- */

void cairn_test_database_begin(struct cairn_test_database *database, struct cairn_here here)
{
    database->here = here;
    database->sql.failed = false;
    if (database->pg && !database->is_kept)
        database->is_kept = cairn_pg_script(database->pg, "savepoint cairn_handler", NULL) == 0;
}

bool cairn_test_database_end(struct cairn_test_database *database, bool keep)
{
    bool failed = database->sql.failed;
    const char *end = keep && !failed ? "release savepoint cairn_handler"
                                      : "rollback to savepoint cairn_handler;"
                                        " release savepoint cairn_handler";
    if (database->is_kept && cairn_pg_script(database->pg, end, NULL) < 0)
        failed = true;
    database->is_kept = false;
    return !failed;
}

/* ---- the test's own SQL ---- */

/* Returns the database of the test; NULL, having failed it, if this kind of test has none. */
static struct cairn_test_database *database_of(struct cairn_here here, const char *word)
{
    const struct cairn_scenario_kind *kind = here.scenario->kind;
    if (kind->database)
        return kind->database(here.scenario);
    cairn_scenario_fail(here, "%s does not apply to %s", word, kind->name);
    return NULL;
}

void cairn_scenario_database(struct cairn_here here, const char *url)
{
    struct cairn_test_database *database = database_of(here, "DATABASE");
    if (!database)
        return;
    if (database->pg)
        cairn_scenario_fail(here, "DATABASE comes before what uses the database");
    else
        database->url = cairn_copy_text(&here.scenario->arena, url);
}

void cairn_scenario_given_sql(struct cairn_here here, const char *statements)
{
    struct cairn_test_database *database = database_of(here, "GIVEN_SQL");
    struct cairn_error error = {0};
    if (!database)
        return;
    cairn_scenario_settle(here.scenario->when);
    here.scenario->asked = false;
    here.scenario->when = here;
    cairn_test_database_begin(database, here);
    if (!database->pg && open_database(&database->sql, &error) < 0)
        return;
    if (cairn_pg_script(database->pg, statements, &error) < 0)
        cairn_scenario_fail(here, "GIVEN_SQL: %s", error.message);
    (void)!cairn_test_database_end(database, error.code == CAIRN_OK);
}

/* Returns the rows as `psql -At` prints them: columns separated by "|", rows by line breaks. */
static const char *print_rows(struct cairn_scenario *scenario, const struct cairn_pg_result *rows,
                              int64_t count)
{
    struct cairn_buffer out = cairn_buffer(&scenario->arena);
    for (int64_t row = 0; row < count; row++) {
        for (int column = 0; column < cairn_pg_columns(rows); column++) {
            const char *cell = cairn_pg_text(rows, row, column);
            cairn_buffer_text(&out, column > 0 ? "|" : row > 0 ? "\n" : "");
            cairn_buffer_text(&out, cell ? cell : "");
        }
    }
    return out.text;
}

void cairn_scenario_then_sql(struct cairn_here here, const char *query, const char *rows)
{
    struct cairn_scenario *scenario = here.scenario;
    struct cairn_test_database *database = database_of(here, "THEN_SQL");
    struct cairn_error error = {0};
    CAIRN_PG_RESULT *result = NULL;
    if (!database)
        return;
    cairn_test_database_begin(database, here);
    if (!database->pg && open_database(&database->sql, &error) < 0)
        return;
    const struct cairn_pg_params none = {.arena = &scenario->arena};
    int64_t count = cairn_pg_call_printed(database->pg, query, &none, &result, &error);
    const char *seen = count < 0 ? "" : print_rows(scenario, result, count);
    (void)!cairn_test_database_end(database, count >= 0);
    if (count < 0)
        cairn_scenario_fail(here, "THEN_SQL: %s", error.message);
    else if (strcmp(seen, rows) != 0)
        cairn_scenario_fail(here, "the rows differ\n  wanted: %s\n  seen:   %s", rows,
                            count > 0 ? seen : "no row");
}
