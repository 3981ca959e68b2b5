/* name_check.c - checks the names and numbers of services and of what they list. */
#include "runtime/check/name_check.h"

#include <string.h>

/* The names of one kind that were seen so far in a process. */
struct names {
    struct cairn_arena *arena;
    struct cairn_findings *findings;
    const char *what; /* "projections" */
    const char *why;  /* they cannot be the same: "they would share a table" */
    const char **all;
    const char **at; /* where each is declared, or NULL */
    size_t count;
};

enum { NAMES_MAX = 16 * CAIRN_SERVICE_MAX };

static struct names begin(struct cairn_arena *arena, struct cairn_findings *findings,
                          const char *what, const char *why)
{
    return (struct names){arena,
                          findings,
                          what,
                          why,
                          cairn_new(arena, const char *, NAMES_MAX),
                          cairn_new(arena, const char *, NAMES_MAX),
                          0};
}

static void see(struct names *names, const char *name, const char *at)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->all[i], name) != 0)
            continue;
        cairn_findings_say(names->findings, "two %s are called %s%s%s%s%s: %s", names->what, name,
                           names->at[i] ? ", at " : "", names->at[i] ? names->at[i] : "",
                           at ? " and " : "", at ? at : "", names->why);
        return;
    }
    if (names->count == NAMES_MAX)
        return;
    names->at[names->count] = at;
    names->all[names->count++] = name;
}

/* Calls see() for each member of a list of the services. */
#define SEE_ALL(names, list, name, at_)                                                            \
    for (size_t s = 0; services[s]; s++) {                                                         \
        for (int i = 0; i < CAIRN_SERVICE_MAX && services[s]->list[i]; i++)                        \
            see((names), services[s]->list[i]->name, services[s]->list[i]->at_);                   \
    }

static void check_lists(const struct cairn_service *const services[],
                        struct cairn_findings *findings, struct cairn_arena *arena)
{
    static const char position[] = "each has a position in the log under its name";
    struct names streams = begin(arena, findings, "deciders or processes",
                                 "the name is the category of their streams");
    SEE_ALL(&streams, deciders, category, at)
    SEE_ALL(&streams, processes, name, at)
    struct names projections =
        begin(arena, findings, "projections", "the name is that of the table of its rows");
    SEE_ALL(&projections, projections, name, at)
    struct names reactors = begin(arena, findings, "reactors", position);
    SEE_ALL(&reactors, reactors, name, at)
    struct names consumers = begin(arena, findings, "consumers", "the name is that of their group");
    SEE_ALL(&consumers, consumers, name, at)
}

/* ---- settings and peers ---- */

static void check_setting(struct cairn_findings *findings, const struct cairn_service *service,
                          const struct cairn_setting *setting)
{
    static const char marks[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *name = setting->name;
    if (strncmp(name, "CAIRN_", 6) != 0 || strspn(name, marks) != strlen(name))
        cairn_findings_say(findings,
                           "service %s: the setting %s has to begin with CAIRN_, and to be of "
                           "capital letters, digits and _",
                           service->name, name);
    if (!setting->text == !setting->number)
        cairn_findings_say(findings,
                           "service %s: the setting %s has to have either .text or .number, where "
                           "its value is stored",
                           service->name, name);
    else if (setting->number && setting->min > setting->max)
        cairn_findings_say(findings, "service %s: the setting %s has a .min above its .max",
                           service->name, name);
}

static void check_peer(struct cairn_findings *findings, const struct cairn_service *service,
                       const struct cairn_peer *peer)
{
    if (!peer->url ||
        (strncmp(peer->url, "http://", 7) != 0 && strncmp(peer->url, "https://", 8) != 0))
        cairn_findings_say(findings,
                           "service %s: the peer %s has the URL \"%s\", not "
                           "\"http://host:port\"",
                           service->name, peer->category, peer->url ? peer->url : "");
}

static void check_rest(const struct cairn_service *const services[],
                       struct cairn_findings *findings, struct cairn_arena *arena)
{
    struct names settings = begin(arena, findings, "settings", "one variable has one meaning");
    for (size_t i = 0; services[i]; i++) {
        struct names peers = begin(arena, findings, "peers of one service",
                                   "commands of one category go to one service");
        struct names published =
            begin(arena, findings, "publications", "an event is published once");
        for (const struct cairn_setting *at = services[i]->settings; at && at->name; at++) {
            see(&settings, at->name, NULL);
            check_setting(findings, services[i], at);
        }
        for (int k = 0; k < CAIRN_SERVICE_MAX && services[i]->peers[k].category; k++) {
            see(&peers, services[i]->peers[k].category, NULL);
            check_peer(findings, services[i], &services[i]->peers[k]);
        }
        for (const struct cairn_publication *at = services[i]->publishes; at && at->events; at++)
            see(&published, at->events->category, NULL);
    }
}

/* ---- services ---- */

static bool has_something(const struct cairn_service *service)
{
    return service->deciders[0] || service->processes[0] || service->reactors[0] ||
           service->projections[0] || service->consumers[0] || service->resources ||
           service->publishes || service->routes || service->operators || service->log ||
           (service->duties && service->duties->name) || service->start;
}

static void check_service(struct cairn_findings *findings, const struct cairn_service *service)
{
    const char *name = service->name ? service->name : "";
    if (!*name)
        cairn_findings_say(findings, "a service has no .name");
    if (service->port < 0 || service->port > 65535)
        cairn_findings_say(findings, "service %s has the .port %d: ports are 1 to 65535", name,
                           service->port);
}

/* One that only gives the process its name and port is all right beside others. */
static void check_work(struct cairn_findings *findings,
                       const struct cairn_service *const services[])
{
    for (size_t i = 0; services[i]; i++) {
        if (has_something(services[i]))
            return;
    }
    cairn_findings_say(findings,
                       "service %s has nothing to do: it lists no deciders, projections, "
                       "resources, processes, reactors, consumers, publications, routes or a log",
                       services[0]->name ? services[0]->name : "");
}

void cairn_names_check(const struct cairn_service *const services[],
                       struct cairn_findings *findings)
{
    struct cairn_arena arena = {0};
    struct names names =
        begin(&arena, findings, "services", "the name stands in logs, metrics and events");
    for (size_t i = 0; services[i]; i++) {
        check_service(findings, services[i]);
        see(&names, services[i]->name ? services[i]->name : "", NULL);
    }
    check_work(findings, services);
    check_lists(services, findings, &arena);
    check_rest(services, findings, &arena);
    cairn_arena_close(&arena);
}
