/* people.h - transactions in SQL that actors write by hand, and that are recorded in the history
 * (load_people.c). */
#ifndef PEOPLE_H
#define PEOPLE_H

#include "load.h"

#include <libpq-fe.h>

/* Returns an open connection, the old one if it is usable; NULL, after a pause, if none can be made
 * now. The caller closes it with PQfinish(). */
PGconn *people_connect(PGconn *old, const char *url);

/* Runs `write` in a slow transaction, which is rolled back if it returns false, and now and then if
 * not. The ids that it adds are those of its events; they and the outcome are recorded. */
void people_transact(struct actor *actor, PGconn *connection,
                     bool (*write)(struct actor *actor, PGconn *connection, json_t *ids));

#endif
