/* test_database.h - the database of a test: connected at its first use, in one transaction that is
 * rolled back at the end. */
#ifndef CAIRN_TESTKIT_TEST_DATABASE_H
#define CAIRN_TESTKIT_TEST_DATABASE_H

#include "bus/consume/consumer_sql.h"
#include "testkit/scenario.h"

struct cairn_test_database {
    struct cairn_scenario *scenario;
    struct cairn_here here; /* of what uses it now */
    const char *url;        /* NULL: DATABASE_URL */
    struct cairn_pg *pg;
    struct cairn_sql sql; /* for handlers */
    bool is_kept;         /* there is a savepoint to return to */
};

void cairn_test_database_init(struct cairn_test_database *ret, struct cairn_scenario *scenario);
/* Rolls back, if anything was done. */
void cairn_test_database_close(struct cairn_test_database *database);

/* Begins what is done at `here`: all of it is kept or nothing. */
void cairn_test_database_begin(struct cairn_test_database *database, struct cairn_here here);
/* Ends it. Returns false if a statement has failed: then nothing is kept, whatever was asked. */
bool cairn_test_database_end(struct cairn_test_database *database, bool keep);

#endif
