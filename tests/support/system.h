/* system.h - the whole system, as `make up` starts it, for tests: on free ports, in its own
 * directory, with its own servers. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include "child.h"
#include "http_client.h"
#include "shell.h"

#include <stdbool.h>

struct system_under_test {
    char run_dir[256];
    char build[256];    /* where its binaries are; "" means the tests' build */
    bool authenticates; /* by an identity provider of its own, at the port `identity` */
    int identity;
    int user, order, payment, notification, acquirer, query, projector, console; /* ports */
    int log, bff;
    char database_url[512]; /* as the owner */
    struct child monolith;  /* all services as one process, except for */
    struct child outside;   /* the acquirer, not part of the shop */
};

/* Chooses the directory and the ports but starts nothing, for a test that first prepares something
 * in the environment or in the directory for the scripts. system_heal() then starts the system. */
void system_plan(struct system_under_test *shop);
/* Starts the whole system and waits until it is ready; fails the test if it is not. With
 * CAIRN_TEST_DOOR the system already runs, behind one port, and is not stopped. */
void system_start(struct system_under_test *shop);
/* Starts the same services wired into one process, on the tests' servers, with the database
 * `database_url` or, if it is "", a new one: every port is the same. system_stop() drops the
 * database. */
void system_start_monolith(struct system_under_test *shop);
/* Starts the processes that do not run, and reads the database's URL; harmless if all run. */
void system_heal(struct system_under_test *shop);
/* Stops everything and removes the directory. */
void system_stop(struct system_under_test *shop);

/* Links the run directory and the build into the directory, as `.run` and `build`: pages that are
 * followed there find them as in the repository. */
void system_link(const struct system_under_test *shop, const struct shell *place);

/* Returns where the service that listens at this port has /readyz, /metrics and /openapi.json: the
 * port of its operators' listener, or the same one where it has none, as the monolith. */
int system_admin_port(const struct system_under_test *shop, int port);

/* Returns the pid of the process with this name ("projector", "postgres", "redis"…); fails the test
 * if there is none. */
int system_pid(const struct system_under_test *shop, const char *name);
void system_kill(const struct system_under_test *shop, const char *name, int signal);

/* ---- requests ---- */

/* Sends one request whose body, if any, is JSON. Fails the test if there is no answer. The reply is
 * freed by the next call on the same struct, or by http_reply_free. */
void ask(int port, const char *method, const char *path, const char *headers, const char *body,
         struct http_reply *reply);
/* The same, but fails the test unless the status is this. */
void ask_for(int status, int port, const char *method, const char *path, const char *headers,
             const char *body, struct http_reply *reply);

/* Copies the value of a member of the reply's JSON, found by name in the text; fails the test if it
 * is not there. For numbers too. */
const char *reply_member(const struct http_reply *reply, const char *name, char *ret, size_t size);
/* Copies the headers "Cairn-Position: …\r\nPrefer: wait=10\r\n" of a command's answer, for the
 * query that follows. */
const char *reply_position(const struct http_reply *reply, char *ret, size_t size);
/* Copies the id at the end of Location. */
const char *reply_id(const struct http_reply *reply, char *ret, size_t size);

#endif
