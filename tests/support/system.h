/* system.h - the whole system, as `make up` starts it, for tests of their own: on free ports, in a
 * directory of its own, with servers of its own. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include "child.h"
#include "http_client.h"

#include <stdbool.h>

struct system_under_test {
    char run_dir[256];
    char build[256]; /* where its binaries are; "" means that of the tests */
    int user, order, payment, notification, acquirer, query, projector; /* ports */
    char database_url[512];                                             /* as the owner */
    struct child monolith; /* where all of them are one process, but for */
    struct child outside;  /* the acquirer, which is not of the shop */
};

/* Chooses its directory and its ports, and starts nothing: for who has to prepare something, which
 * the scripts find by the environment or in the directory. system_heal() starts it then. */
void system_plan(struct system_under_test *shop);
/* Starts all of it and waits until it is ready; fails the test if it is not. With CAIRN_TEST_DOOR
 * it runs already, behind one port, and stays. */
void system_start(struct system_under_test *shop);
/* The same services wired into one process, on servers of the tests: every port is the same. */
void system_start_monolith(struct system_under_test *shop);
/* Starts what does not run any more, and learns where the database is; harmless where all runs. */
void system_heal(struct system_under_test *shop);
/* Stops everything and removes the directory. */
void system_stop(struct system_under_test *shop);

/* The process that runs under this name ("projector", "postgres", "redis"…); fails the test if
 * there is none. */
int system_pid(const struct system_under_test *shop, const char *name);
void system_kill(const struct system_under_test *shop, const char *name, int signal);

/* ---- talking to it ---- */

/* One request whose body, if any, is JSON. Fails the test if there is no answer. The reply is
 * freed by the next call on the same struct, or by http_reply_free. */
void ask(int port, const char *method, const char *path, const char *headers, const char *body,
         struct http_reply *reply);
/* The same, and the status has to be this. */
void ask_for(int status, int port, const char *method, const char *path, const char *headers,
             const char *body, struct http_reply *reply);

/* The text of a member of the reply's JSON, found by name in the text; fails the test if it is not
 * there. For numbers too. */
const char *reply_member(const struct http_reply *reply, const char *name, char *ret, size_t size);
/* "Cairn-Position: …\r\nPrefer: wait=10\r\n" of a command's answer, for the query that follows. */
const char *reply_position(const struct http_reply *reply, char *ret, size_t size);
/* The id at the end of Location. */
const char *reply_id(const struct http_reply *reply, char *ret, size_t size);

#endif
