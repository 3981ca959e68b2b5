/* dev_session.c - runs a project for its developer: starts servers and services, builds after each
 * change, and shows what happens. */
#include "cli/dev/dev_session.h"

#include "cli/dev/dev_build.h"
#include "cli/dev/dev_directory.h"
#include "cli/dev/dev_ports.h"
#include "cli/dev/dev_project.h"
#include "cli/dev/dev_service.h"
#include "cli/dev/dev_watch.h"
#include "cli/dev/output/dev_follower.h"
#include "cli/servers/private_servers.h"
#include "core/threads/clock.h"
#include "store/service_migrate.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Editors that save several files at once, and those that write in steps, are waited for. */
#define QUIET_US CAIRN_MILLISECONDS(40)

enum { TICK_MS = 40, FIXED_FDS = 3 };

struct session {
    struct cairn_arena *arena;
    struct cairn_dev_output output;
    struct cairn_dev_project project;
    struct cairn_private_servers servers;
    struct cairn_dev_service services[CAIRN_DEV_SERVICES_MAX];
    struct cairn_dev_watch watch;
    struct cairn_dev_build build;
    struct cairn_dev_follower follower;
    int signals;
    int64_t changed_us; /* monotonic: when a file was changed last; 0: built since */
};

/* ---- beginning ---- */

/* Returns whether the developer has said that services authenticate, or that they do not. */
static bool says_auth(void)
{
    const char *auth = getenv("CAIRN_AUTH");
    return auth && *auth;
}

/* Variables that would lead make or a service astray. */
static void clear_environment(void)
{
    static const char *const misleading[] = {"MAKEFLAGS",         "MFLAGS",        "MAKELEVEL",
                                             "MAKEOVERRIDES",     "DATABASE_URL",  "REDIS_URL",
                                             "DATABASE_URL_FILE", "REDIS_URL_FILE"};
    for (size_t i = 0; i < sizeof misleading / sizeof misleading[0]; i++)
        (void)unsetenv(misleading[i]);
    if (!says_auth()) /* an issuer that another shell has named is not this project's */
        (void)setenv("CAIRN_AUTH", "off", 1);
    if (!getenv("CAIRN_LOG_LEVEL") &&
        !getenv(
            "CAIRN_LOG_LEVEL_FILE")) /* requests that are answered from Redis are of level debug */
        (void)setenv("CAIRN_LOG_LEVEL", "debug", 1);
}

static int open_signals(struct cairn_error *error)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd >= 0 ? fd : cairn_fail(error, CAIRN_UNAVAILABLE, "signals cannot be awaited");
}

static void plan_services(struct session *session)
{
    for (int i = 0; i < session->project.count; i++) {
        const char *name = session->project.names[i];
        session->services[i] = (struct cairn_dev_service){
            .name = name,
            .program = session->project.programs[i],
            .process_file = cairn_print(session->arena, CAIRN_DEV_DIRECTORY "/%s.pid", name),
            .log_file = cairn_print(session->arena, CAIRN_DEV_DIRECTORY "/%s.log", name),
            .pipe = {.fd = -1},
        };
    }
}

static void tell_services(struct session *session)
{
    const char *unused = cairn_dev_unused_port(&session->project);
    for (int i = 0; i < session->project.count; i++) {
        const char **variables = cairn_new(session->arena, const char *, 5);
        const char *name = session->services[i].name;
        variables[0] =
            cairn_print(session->arena, "DATABASE_URL=%s", session->servers.database_url);
        variables[1] = cairn_print(session->arena, "REDIS_URL=%s", session->servers.redis_url);
        variables[2] = cairn_dev_port(session->arena, &session->project, "PORT", name);
        variables[3] = cairn_dev_port(session->arena, &session->project, "CAIRN_ADMIN_PORT", name);
        session->services[i].variables = variables;
    }
    if (unused)
        cairn_dev_say(&session->output, CAIRN_YELLOW, "warning",
                      "%s is one port for %d services, and not used: give each its own, such as "
                      "%s",
                      unused, session->project.count,
                      cairn_dev_port_name(session->arena, unused, session->services[0].name));
}

/* Ends the services that a killed session has left. */
static int clear_services(struct session *session, struct cairn_error *error)
{
    int failed = 0;
    for (int i = 0; i < session->project.count && !failed; i++)
        failed = cairn_dev_service_clear(session->arena, &session->services[i], error);
    return failed;
}

static int start_servers(struct session *session, bool wipe, struct cairn_error *error)
{
    int failed = clear_services(session, error);
    if (!failed && wipe)
        failed = cairn_private_servers_wipe(session->arena, CAIRN_DEV_DIRECTORY, error);
    if (!failed)
        failed = cairn_private_servers_start(session->arena, CAIRN_DEV_DIRECTORY, true,
                                             &session->servers, error);
    if (failed == -CAIRN_SCHEMA)
        cairn_error_context(error, "`cairn dev --wipe` begins with an empty log");
    if (failed)
        return failed;
    cairn_dev_directory_write_env(session->servers.database_url, session->servers.redis_url);
    tell_services(session);
    return cairn_dev_follower_open(session->arena, session->servers.database_url,
                                   &session->follower, error);
}

/* ---- the services' own tables ---- */

static void show_migration(void *context, const char *name)
{
    const struct session *session = context;
    cairn_dev_say(&session->output, CAIRN_GREEN, "migrate", "applied %s", name);
}

static int migrate_service(struct session *session, int i, struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    int outcome = cairn_pg_open(session->servers.database_url, "cairn dev", &pg, error);
    if (outcome >= 0)
        outcome =
            cairn_service_migrate(pg, session->project.names[i], session->project.migrations[i],
                                  show_migration, session, error);
    cairn_pg_close(pg);
    return outcome;
}

/* Returns whether all tables are as the services want them; a failure is shown. */
static bool migrate_all(struct session *session)
{
    bool good = true;
    for (int i = 0; i < session->project.count; i++) {
        struct cairn_error error = {0};
        if (!session->project.migrations[i] || migrate_service(session, i, &error) >= 0)
            continue;
        cairn_dev_say(&session->output, CAIRN_RED, "error",
                      "%s; correct it, or begin with empty tables: cairn dev --wipe",
                      error.message);
        good = false;
    }
    return good;
}

/* ---- building and starting ---- */

/* Services may have come or gone: those that are there keep their processes. */
static void look_for_services(struct session *session)
{
    struct cairn_dev_project found;
    if (cairn_dev_project_find(session->arena, &found, NULL) < 0)
        return;
    bool same = found.count == session->project.count;
    for (int i = 0; same && i < found.count; i++)
        same = strcmp(found.names[i], session->project.names[i]) == 0;
    if (!same) {
        for (int i = 0; i < session->project.count; i++)
            cairn_dev_service_stop(&session->services[i], &session->output);
        session->project = found;
        plan_services(session);
        tell_services(session);
    }
    session->project = found;
}

static void restart_services(struct session *session)
{
    look_for_services(session);
    if (!migrate_all(session))
        return;
    for (int i = 0; i < session->project.count; i++) {
        struct cairn_dev_service *service = &session->services[i];
        if (service->child.pid && cairn_dev_service_is_outdated(service))
            cairn_dev_service_stop(service, &session->output);
        cairn_dev_service_start(service, &session->output);
    }
}

static void watch_files(struct session *session)
{
    const char *changed = cairn_dev_watch_read(&session->watch);
    if (!changed)
        return;
    if (!session->changed_us)
        cairn_dev_say(&session->output, CAIRN_YELLOW, "change", "%s", changed);
    session->changed_us = cairn_monotonic_us();
}

static void build_when_quiet(struct session *session)
{
    if (session->changed_us && cairn_monotonic_us() - session->changed_us >= QUIET_US) {
        session->changed_us = 0;
        cairn_dev_build_start(&session->build, &session->output);
    }
    if (cairn_dev_build_follow(&session->build, &session->output) == CAIRN_DEV_BUILT)
        restart_services(session);
}

/* ---- the loop ---- */

/* Waits until something has happened, or a tick has passed. */
static void await(const struct session *session)
{
    struct pollfd fds[FIXED_FDS + CAIRN_DEV_SERVICES_MAX] = {
        {.fd = session->signals, .events = POLLIN},
        {.fd = session->watch.fd, .events = POLLIN},
        {.fd = session->build.runs ? session->build.pipe.fd : -1, .events = POLLIN},
    };
    int count = FIXED_FDS;
    for (int i = 0; i < session->project.count; i++)
        fds[count++] = (struct pollfd){.fd = session->services[i].pipe.fd, .events = POLLIN};
    (void)poll(fds, (nfds_t)count, TICK_MS);
}

static bool is_told_to_stop(const struct session *session)
{
    struct signalfd_siginfo info;
    return read(session->signals, &info, sizeof info) == (ssize_t)sizeof info || ferror(stdout);
}

static int loop(struct session *session, struct cairn_error *error)
{
    cairn_dev_build_start(&session->build, &session->output);
    while (!is_told_to_stop(session)) {
        await(session);
        watch_files(session);
        build_when_quiet(session);
        for (int i = 0; i < session->project.count; i++)
            cairn_dev_service_follow(&session->services[i], &session->output);
        cairn_dev_follower_follow(&session->follower, &session->output);
        const char *lost = cairn_private_servers_lost(&session->servers);
        if (lost)
            return cairn_fail(
                error, CAIRN_UNAVAILABLE, "%s has ended by itself: see its log, %s/%s.log", lost,
                session->servers.directory.path, strcmp(lost, "Redis") == 0 ? "redis" : "postgres");
    }
    return 0;
}

static void stop_all(struct session *session)
{
    cairn_dev_build_stop(&session->build);
    for (int i = 0; i < session->project.count; i++) {
        cairn_dev_service_stop(&session->services[i], &session->output);
        (void)unlink(session->services[i].process_file);
    }
    cairn_dev_watch_close(&session->watch);
    cairn_dev_follower_close(&session->follower);
    cairn_private_servers_stop(&session->servers);
}

static void say_auth(struct session *session)
{
    const char *auth = getenv("CAIRN_AUTH");
    if (auth && strcmp(auth, "off") == 0)
        cairn_dev_say(&session->output, CAIRN_BOLD, "dev",
                      "authentication is off: every request is answered; CAIRN_AUTH=on and an "
                      "issuer turn it on");
}

static int run_session(struct session *session, bool wipe, struct cairn_error *error)
{
    session->signals = open_signals(error);
    int failed = session->signals < 0 ? session->signals : 0;
    if (!failed)
        failed = cairn_dev_watch_open(session->arena, &session->watch, error);
    if (!failed)
        failed = start_servers(session, wipe, error);
    if (!failed) {
        cairn_dev_say(&session->output, CAIRN_BOLD, "dev",
                      "PostgreSQL and Redis run; `. " CAIRN_DEV_DIRECTORY "/env` in another "
                      "terminal reaches them; Ctrl-C stops all");
        say_auth(session);
        failed = loop(session, error);
    }
    stop_all(session);
    return failed;
}

int cairn_dev_session_run(struct cairn_arena *arena, bool wipe, struct cairn_error *error)
{
    struct session *session = cairn_new(arena, struct session, 1);
    session->arena = arena;
    session->watch.fd = -1;
    cairn_dev_output_begin(&session->output);
    int failed = cairn_dev_project_find(arena, &session->project, error);
    if (!failed)
        failed = cairn_dev_directory_open(arena, error);
    if (failed)
        return failed;
    clear_environment();
    plan_services(session);
    failed = run_session(session, wipe, error);
    if (!failed)
        cairn_dev_say(&session->output, CAIRN_BOLD, "dev", "stopped");
    return failed;
}
