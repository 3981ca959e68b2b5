/* config.c - reads a process' configuration from its environment. */
#include "runtime/config/config.h"

#include "core/containers/arena.h"
#include "core/text/text.h"
#include "runtime/check/peer_names.h"
#include "runtime/config/admin_config.h"
#include "runtime/config/auth_config.h"
#include "runtime/config/limits_config.h"
#include "runtime/config/tls_config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind { TEXT = 1, SECRET, NUMBER };

struct setting {
    const char *name;
    const char *fallback; /* NULL: no default, it must be set */
    const char *unit;
    const char *help;
    enum kind kind;
    size_t offset;
    int64_t min, max;
};

#define AT(member) .offset = offsetof(struct cairn_config, member)

static const struct setting settings[] = {
    {.name = "DATABASE_URL",
     .unit = "URL",
     .kind = SECRET,
     AT(database_url),
     .help = "PostgreSQL: postgresql://user@host/database, or any libpq connection string"},
    {.name = "REDIS_URL",
     .fallback = "",
     .unit = "URL",
     .kind = SECRET,
     AT(redis_url),
     .help = "Redis: redis://[:password@]host[:port][/number] or unix:///path; empty for none"},
    {.name = "PORT",
     .unit = "port",
     .kind = NUMBER,
     AT(port),
     .min = 0,
     .max = 65535,
     .help = "where to listen"},
    {.name = "CAIRN_BIND",
     .fallback = "127.0.0.1",
     .unit = "address",
     .kind = TEXT,
     AT(bind),
     .help = "on which address to listen; 0.0.0.0 or :: for all"},
    {.name = "CAIRN_ADMIN_PORT",
     .fallback = "0",
     .unit = "port",
     .kind = NUMBER,
     AT(admin_port),
     .min = 0,
     .max = 65535,
     .help = "where operators find /readyz, /metrics, /openapi.json; 0: at PORT, as everybody"},
    {.name = "CAIRN_ADMIN_BIND",
     .fallback = "127.0.0.1",
     .unit = "address",
     .kind = TEXT,
     AT(admin_bind),
     .help = "on which address; beyond this machine the role operator is needed"},
    {.name = "CAIRN_HTTP_WORKERS",
     .fallback = "8",
     .unit = "threads",
     .kind = NUMBER,
     AT(workers),
     .min = 1,
     .max = 256,
     .help = "requests that wait for the database at once; each has a connection, in a query "
             "service two"},
    {.name = "CAIRN_HTTP_OPEN_MAX",
     .fallback = "1000",
     .unit = "requests",
     .kind = NUMBER,
     AT(queue_max),
     .min = 1,
     .max = 100000,
     .help = "requests accepted and not yet answered; beyond it 503"},
    {.name = "CAIRN_HTTP_CONNECTIONS_MAX",
     .fallback = "4000",
     .unit = "connections",
     .kind = NUMBER,
     AT(connections_max),
     .min = 1,
     .max = 100000,
     .help = "client connections open at once"},
    {.name = "CAIRN_HTTP_BODY_MAX",
     .fallback = "262144",
     .unit = "bytes",
     .kind = NUMBER,
     AT(body_max_bytes),
     .min = 1024,
     .max = 1048576,
     .help = "largest request body; beyond it 413"},
    {.name = "CAIRN_HTTP_BODIES_MAX",
     .fallback = "33554432",
     .unit = "bytes",
     .kind = NUMBER,
     AT(bodies_max_bytes),
     .min = 1048576,
     .max = 68719476736,
     .help = "memory of all bodies larger than 8 KiB at once; beyond it 503"},
    {.name = "CAIRN_HTTP_DEADLINE_MS",
     .fallback = "10000",
     .unit = "ms",
     .kind = NUMBER,
     AT(request_deadline_ms),
     .min = 100,
     .max = 600000,
     .help = "time for a whole request to arrive"},
    {.name = "CAIRN_STREAMS_MAX",
     .fallback = "2000",
     .unit = "streams",
     .kind = NUMBER,
     AT(streams_max),
     .min = 0,
     .max = 100000,
     .help = "event streams open at once, of the connections; beyond it 503"},
    {.name = "CAIRN_STREAM_PAGES_MAX",
     .fallback = "500",
     .unit = "pages",
     .kind = NUMBER,
     AT(pages_max),
     .min = 0,
     .max = 100000,
     .help = "different pages that event streams follow at once; beyond it 503"},
    {.name = "CAIRN_STREAM_HEARTBEAT_S",
     .fallback = "15",
     .unit = "s",
     .kind = NUMBER,
     AT(heartbeat_s),
     .min = 1,
     .max = 3600,
     .help =
         "between two heartbeats on a stream; a client that reads none of four is disconnected"},
    {.name = "CAIRN_CURSOR_SECRET",
     .fallback = "",
     .unit = "text",
     .kind = SECRET,
     AT(cursor_secret),
     .help = "signs the cursors of lists, the same in all replicas; empty: the store's id does"},
    {.name = "CAIRN_CACHE_MAX",
     .fallback = "100000",
     .unit = "states",
     .kind = NUMBER,
     AT(cache_entries),
     .min = 1,
     .max = 100000000,
     .help =
         "states of streams that are kept in memory; the least recently used are evicted first"},
    {.name = "CAIRN_CACHE_MIB",
     .fallback = "64",
     .unit = "MiB",
     .kind = NUMBER,
     AT(cache_mib),
     .min = 1,
     .max = 1048576,
     .help = "memory for them"},
    {.name = "CAIRN_APPEND_QUEUE_MAX",
     .fallback = "4096",
     .unit = "appends",
     .kind = NUMBER,
     AT(append_queue_max),
     .min = 1,
     .max = 1000000,
     .help = "appends that wait for the database; beyond it 503"},
    {.name = "CAIRN_APPEND_BATCH_MAX",
     .fallback = "1024",
     .unit = "events",
     .kind = NUMBER,
     AT(append_batch_events),
     .min = 1,
     .max = 10000,
     .help = "events that are appended in one transaction"},
    {.name = "CAIRN_APPEND_WATCH_US",
     .fallback = "1000",
     .unit = "us",
     .kind = NUMBER,
     AT(append_watch_us),
     .min = 0,
     .max = 100000,
     .help = "how long a processor may be kept busy for the answer to an append that is alone, "
             "which is sooner than waking up; 0: not at all"},
    {.name = "CAIRN_CONFLICT_RETRIES",
     .fallback = "8",
     .unit = "times",
     .kind = NUMBER,
     AT(conflict_retries),
     .min = 0,
     .max = 100,
     .help = "how often a command is decided again when its stream has moved; then 409"},
    {.name = "CAIRN_COMMAND_RETENTION_H",
     .fallback = "168",
     .unit = "h",
     .kind = NUMBER,
     AT(command_retention_h),
     .min = 1,
     .max = 876000,
     .help = "how long an Idempotency-Key is remembered; longer than clients retry a request"},
    {.name = "CAIRN_SNAPSHOT_EVERY",
     .fallback = "200",
     .unit = "events",
     .kind = NUMBER,
     AT(snapshot_every),
     .min = 0,
     .max = 1000000,
     .help = "a state that took longer than this to fold is stored as a snapshot; 0 stores none"},
    {.name = "CAIRN_PROCESS_CALLS",
     .fallback = "64",
     .unit = "calls",
     .kind = NUMBER,
     AT(process_calls),
     .min = 1,
     .max = 256,
     .help = "commands that each process manager delivers at once to streams of one category"},
    {.name = "CAIRN_VERIFY_MIB",
     .fallback = "256",
     .unit = "MiB",
     .kind = NUMBER,
     AT(verify_mib),
     .min = 1,
     .max = 1048576,
     .help = "memory for rows that `verify` folds; more rows are folded in parts"},
    {.name = "CAIRN_REBUILD_MEMORY",
     .fallback = "512",
     .unit = "MiB",
     .kind = NUMBER,
     AT(rebuild_mib),
     .min = 8,
     .max = 1048576,
     .help = "memory of a rebuild; rows that do not fit go to temporary files"},
    {.name = "CAIRN_REBUILD_THREADS",
     .fallback = "2",
     .unit = "threads",
     .kind = NUMBER,
     AT(rebuild_threads),
     .min = 1,
     .max = 16,
     .help = "that fold events and load rows; each loads by a connection of its own"},
    {.name = "CAIRN_REBUILD_DIRECTORY",
     .fallback = "/var/tmp",
     .unit = "path",
     .kind = TEXT,
     AT(rebuild_directory),
     .help = "directory of those files, which have no names and end with the process"},
    {.name = "CAIRN_ROLLBACK_WINDOW_MS",
     .fallback = "3600000",
     .unit = "ms",
     .kind = NUMBER,
     AT(rollback_window_ms),
     .min = 0,
     .max = 2592000000,
     .help = "how long the previous generation is kept up to date, for `cairn rollback`"},
    {.name = "CAIRN_BUS_KEEP",
     .fallback = "10000",
     .unit = "positions",
     .kind = NUMBER,
     AT(bus_keep),
     .min = 0,
     .max = 1000000000,
     .help = "newest part of the log that stays on the bus, also when every group has handled it"},
    {.name = "CAIRN_BUS_CAP",
     .fallback = "1000000",
     .unit = "entries",
     .kind = NUMBER,
     AT(bus_cap),
     .min = 1,
     .max = 1000000000,
     .help = "a stream of the bus is cut there, also when a group has not handled it: an alarm"},
    {.name = "CAIRN_START_WAIT_S",
     .fallback = "30",
     .unit = "s",
     .kind = NUMBER,
     AT(start_wait_s),
     .min = 0,
     .max = 3600,
     .help = "how long to wait for the database at start"},
    {.name = "CAIRN_STOP_DRAIN_MS",
     .fallback = "0",
     .unit = "ms",
     .kind = NUMBER,
     AT(stop_drain_ms),
     .min = 0,
     .max = 600000,
     .help =
         "after SIGTERM, how long to keep serving while /readyz answers 503, for load balancers to notice"},
    {.name = "CAIRN_STOP_GRACE_S",
     .fallback = "10",
     .unit = "s",
     .kind = NUMBER,
     AT(stop_grace_s),
     .min = 0,
     .max = 3600,
     .help = "how long accepted requests may take to finish after SIGTERM"},
    {.name = "CAIRN_AUTH",
     .fallback = "",
     .unit = "words",
     .kind = TEXT,
     AT(auth),
     .help = "on, off, or \"off anywhere\" beyond loopback; empty: on if an issuer is set"},
    {.name = "CAIRN_AUTH_ISSUER",
     .fallback = "",
     .unit = "URL",
     .kind = TEXT,
     AT(auth_issuer),
     .help = "the issuer whose bearer tokens are accepted, as their iss says it"},
    {.name = "CAIRN_AUTH_AUDIENCE",
     .fallback = "",
     .unit = "text",
     .kind = TEXT,
     AT(auth_audience),
     .help = "the name of these services, which aud of a token has to have"},
    {.name = "CAIRN_AUTH_JWKS_FILE",
     .fallback = "",
     .unit = "path",
     .kind = TEXT,
     AT(auth_keys_file),
     .help =
         "the issuer's keys (RFC 7517), read again when it changes; empty: the issuer is asked"},
    {.name = "CAIRN_AUTH_ROLES_CLAIM",
     .fallback = "/roles",
     .unit = "JSON pointer",
     .kind = TEXT,
     AT(auth_roles_claim),
     .help = "where a token has its roles: a list of texts, or words, as in /scope"},
    {.name = "CAIRN_AUTH_TYPE",
     .fallback = "at+jwt",
     .unit = "typ",
     .kind = TEXT,
     AT(auth_type),
     .help = "at+jwt (RFC 9068), or jwt: also tokens that say JWT, or no type"},
    {.name = "CAIRN_AUTH_LEEWAY_S",
     .fallback = "30",
     .unit = "s",
     .kind = NUMBER,
     AT(auth_leeway_s),
     .min = 0,
     .max = 300,
     .help = "by how much the clocks of issuer and service may differ"},
    {.name = "CAIRN_AUTH_CLIENT_ID",
     .fallback = "",
     .unit = "text",
     .kind = TEXT,
     AT(auth_client_id),
     .help = "as which client this service gets tokens of the issuer for the commands it sends"},
    {.name = "CAIRN_AUTH_CLIENT_SECRET",
     .fallback = "",
     .unit = "text",
     .kind = SECRET,
     AT(auth_client_secret),
     .help = "the client's secret; better CAIRN_AUTH_CLIENT_SECRET_FILE, a file that has it"},
    {.name = "CAIRN_AUTH_TOKEN_FILE",
     .fallback = "",
     .unit = "path",
     .kind = TEXT,
     AT(auth_token_file),
     .help = "a token for the commands it sends instead, read again when it changes"},
    {.name = "CAIRN_AUTH_SCOPE",
     .fallback = "",
     .unit = "words",
     .kind = TEXT,
     AT(auth_scope),
     .help = "the scope that is asked for with the token; empty: the issuer's default"},
    {.name = "CAIRN_AUTH_RESOURCE",
     .fallback = "",
     .unit = "URI",
     .kind = TEXT,
     AT(auth_resource),
     .help = "the resource that the token is asked for (RFC 8707); empty: the issuer's default"},
    {.name = "CAIRN_EGRESS_URL",
     .fallback = "",
     .unit = "URL",
     .kind = SECRET,
     AT(egress_url),
     .help = "a proxy for all calls to the outside, such as http://egress:3128; empty: none"},
    {.name = "CAIRN_EGRESS_EXCEPT",
     .fallback = "",
     .unit = "hosts",
     .kind = TEXT,
     AT(egress_except),
     .help = "what is reached without that proxy: hosts, .domains, networks, separated by commas"},
    {.name = "CAIRN_TLS_CERT_FILE",
     .fallback = "",
     .unit = "path",
     .kind = TEXT,
     AT(tls_cert_file),
     .help = "the certificate of the listener, in PEM, with those up to its root; empty: no TLS"},
    {.name = "CAIRN_TLS_KEY_FILE",
     .fallback = "",
     .unit = "path",
     .kind = TEXT,
     AT(tls_key_file),
     .help = "its private key; SIGHUP reads these files again"},
    {.name = "CAIRN_TLS_CLIENT_CA_FILE",
     .fallback = "",
     .unit = "path",
     .kind = TEXT,
     AT(tls_client_ca_file),
     .help = "authorities: a client needs a certificate of one of them; empty: it needs none"},
    {.name = "CAIRN_OUTBOUND_CA_FILE",
     .fallback = "",
     .unit = "path",
     .kind = TEXT,
     AT(outbound_ca_file),
     .help = "authorities that called services are trusted by; empty: the system's"},
    {.name = "CAIRN_OUTBOUND_CERT_FILE",
     .fallback = "",
     .unit = "path",
     .kind = TEXT,
     AT(outbound_cert_file),
     .help = "the certificate that is shown to called services that ask for one"},
    {.name = "CAIRN_OUTBOUND_KEY_FILE",
     .fallback = "",
     .unit = "path",
     .kind = TEXT,
     AT(outbound_key_file),
     .help = "its private key"},
    {.name = "CAIRN_REQUIRE_TLS",
     .fallback = "0",
     .unit = "0 or 1",
     .kind = NUMBER,
     AT(require_tls),
     .min = 0,
     .max = 1,
     .help = "1: nothing is sent or received unencrypted beyond this machine"},
    {.name = "CAIRN_ADDRESS_RATE",
     .fallback = "0",
     .unit = "requests/s",
     .kind = NUMBER,
     AT(address_rate),
     .min = 0,
     .max = 1000000,
     .help = "requests of one address in a second; beyond it 429; 0: any number"},
    {.name = "CAIRN_ADDRESS_BURST",
     .fallback = "0",
     .unit = "requests",
     .kind = NUMBER,
     AT(address_burst),
     .min = 0,
     .max = 1000000,
     .help = "how many of them may come at once; 0: as many as in a second"},
    {.name = "CAIRN_CALLER_RATE",
     .fallback = "0",
     .unit = "requests/s",
     .kind = NUMBER,
     AT(caller_rate),
     .min = 0,
     .max = 1000000,
     .help = "the same of one caller, by issuer and subject of its token"},
    {.name = "CAIRN_CALLER_BURST",
     .fallback = "0",
     .unit = "requests",
     .kind = NUMBER,
     AT(caller_burst),
     .min = 0,
     .max = 1000000,
     .help = "how many of them may come at once; 0: as many as in a second"},
    {.name = "CAIRN_ADDRESS_CONNECTIONS",
     .fallback = "0",
     .unit = "connections",
     .kind = NUMBER,
     AT(address_connections),
     .min = 0,
     .max = 100000,
     .help = "of one address open at once; 0: any number"},
    {.name = "CAIRN_CLIENT_STREAMS_MAX",
     .fallback = "0",
     .unit = "streams",
     .kind = NUMBER,
     AT(client_streams_max),
     .min = 0,
     .max = 100000,
     .help = "event streams of one client; beyond it 429; 0: any number"},
    {.name = "CAIRN_CLIENT_WAITING_MAX",
     .fallback = "0",
     .unit = "reads",
     .kind = NUMBER,
     AT(client_waiting_max),
     .min = 0,
     .max = 100000,
     .help = "reads of one client that wait for a position; 0: any number"},
    {.name = "CAIRN_TRUSTED_PROXIES",
     .fallback = "",
     .unit = "addresses",
     .kind = TEXT,
     AT(proxies),
     .help = "proxies whose X-Forwarded-For is believed: 10.0.0.7,10.1.0.0/16"},
    {.name = "CAIRN_HOSTS",
     .fallback = "",
     .unit = "names",
     .kind = TEXT,
     AT(hosts),
     .help = "hosts that are answered for: shop.example.com,10.0.0.5:8080; others 421; empty: any"},
    {.name = "CAIRN_CORS_ORIGINS",
     .fallback = "",
     .unit = "origins",
     .kind = TEXT,
     AT(cors_origins),
     .help = "whose scripts may read answers: https://shop.example.com; or *; empty: none"},
    {.name = "CAIRN_LOG_LEVEL",
     .fallback = "info",
     .unit = "level",
     .kind = TEXT,
     AT(log_level),
     .help = "debug, info, warn or error"},
};

enum { SETTINGS = sizeof settings / sizeof settings[0] };

/* Returns the first line of the file that NAME_FILE names; NULL if it cannot be read, or is larger
 * than any secret. */
static char *read_file(const char *path)
{
    char text[16384];
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    size_t length = fread(text, 1, sizeof text, file);
    bool whole = length < sizeof text && !ferror(file);
    (void)fclose(file);
    if (!whole)
        return NULL;
    text[length] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    return cairn_duplicate(text);
}

static int wrong_setting(struct cairn_error *error, const char *name, const char *what)
{
    return cairn_wrong(error, name, "%s", what);
}

/* Returns a variable of the environment; an empty one counts as not set. */
static const char *find_variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* Finds the text of a setting: from the environment, from the file it names, or its default. */
static int find_text(const struct setting *setting, const char **ret, struct cairn_error *error)
{
    char file_name[80];
    (void)snprintf(file_name, sizeof file_name, "%s_FILE", setting->name);
    const char *value = find_variable(setting->name);
    const char *path = setting->kind == SECRET ? find_variable(file_name) : NULL;
    if (value && path)
        return wrong_setting(error, setting->name, "is set together with its _FILE: choose one");
    if (path)
        value = read_file(path);
    if (path && !value)
        return wrong_setting(error, file_name,
                             "names a file that cannot be read, or is larger than 16 KiB");
    if (!value || !*value)
        value = setting->fallback;
    if (!value && setting->kind == SECRET)
        return wrong_setting(error, setting->name, "is not set");
    *ret = value;
    return 0;
}

static int parse_number(const struct setting *setting, const char *text, int64_t *ret,
                        struct cairn_error *error)
{
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end || number < setting->min || number > setting->max)
        return cairn_wrong(error, setting->name, "must be from %" PRId64 " to %" PRId64 ", not %s",
                           setting->min, setting->max, text);
    *ret = number;
    return 0;
}

static int read_setting(const struct setting *setting, struct cairn_config *ret,
                        struct cairn_error *error)
{
    const char *text = NULL;
    int failed = find_text(setting, &text, error);
    if (failed || !text)
        return failed;
    char *at = (char *)ret + setting->offset;
    if (setting->kind != NUMBER) {
        memcpy(at, &text, sizeof text);
        return 0;
    }
    int64_t number = 0;
    failed = parse_number(setting, text, &number, error);
    memcpy(at, &number, sizeof number);
    return failed;
}

/* ---- the services' own ---- */

static struct setting as_setting(const struct cairn_setting *own)
{
    return (struct setting){.name = own->name,
                            .fallback = own->fallback,
                            .unit = own->unit,
                            .help = own->help,
                            .kind = own->secret   ? SECRET
                                    : own->number ? NUMBER
                                                  : TEXT,
                            .min = own->min,
                            .max = own->max};
}

static void read_own(const struct cairn_setting *own, struct cairn_error *error)
{
    const struct setting setting = as_setting(own);
    const char *text = NULL;
    if (find_text(&setting, &text, error) < 0)
        return;
    if (!text)
        (void)wrong_setting(error, own->name, "is not set");
    else if (own->number)
        (void)!parse_number(&setting, text, own->number, error);
    else
        *own->text = text;
}

/* ---- typing errors ---- */

/* They are compared without it: CAIRN_BUILD is another word than CAIRN_BIND. */
#define PREFIX "CAIRN_"

/* Compares the name of a variable with that of a setting. Returns 1 if it is the setting's, or that
 * of its _FILE; -1 if it is probably a typing error for it; else 0. */
static int compare_name(const char *variable, const struct setting *setting)
{
    char file_name[80];
    if (strcmp(variable, setting->name) == 0)
        return 1;
    bool is_ours = strncmp(setting->name, PREFIX, strlen(PREFIX)) == 0;
    if (is_ours && cairn_is_mistyped(variable + strlen(PREFIX), setting->name + strlen(PREFIX)))
        return -1;
    (void)snprintf(file_name, sizeof file_name, "%s_FILE", setting->name);
    return setting->kind == SECRET && strcmp(variable, file_name) == 0;
}

/* The URLs of peers depend on the services that there are. */
static void check_url_name(const char *variable, const struct cairn_service *const services[],
                           struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    const char *meant = cairn_peer_meant(services, variable, &arena);
    if (meant)
        (void)cairn_wrong(error, variable, "names no service: did you mean %s?", meant);
    cairn_arena_close(&arena);
}

/* Reports a variable that is not a setting and probably a typing error for one. Other variables may
 * belong to other programs: an orchestrator sets CAIRN_ORDER_PORT for a service named cairn-order.
 */
static void check_name(const char *variable, const struct cairn_service *const services[],
                       struct cairn_error *error)
{
    const char *meant = NULL;
    size_t length = strlen(variable);
    if (length > 4 && strcmp(variable + length - 4, "_URL") == 0) {
        check_url_name(variable, services, error);
        return;
    }
    for (size_t i = 0; i < SETTINGS; i++) {
        int is_like = compare_name(variable, &settings[i]);
        if (is_like > 0)
            return;
        meant = is_like < 0 ? settings[i].name : meant;
    }
    for (size_t i = 0; services && services[i]; i++) {
        for (const struct cairn_setting *at = services[i]->settings; at && at->name; at++) {
            const struct setting setting = as_setting(at);
            int is_like = compare_name(variable, &setting);
            if (is_like > 0)
                return;
            meant = is_like < 0 ? at->name : meant;
        }
    }
    if (meant)
        (void)cairn_wrong(error, variable, "is not a setting: did you mean %s?", meant);
}

static void check_names(const struct cairn_service *const services[], struct cairn_error *error)
{
    for (char **at = environ; *at; at++) {
        char name[80];
        size_t length = strcspn(*at, "=");
        if (strncmp(*at, PREFIX, strlen(PREFIX)) != 0 || length >= sizeof name)
            continue;
        memcpy(name, *at, length);
        name[length] = '\0';
        check_name(name, services, error);
    }
}

/* ---- reading ---- */

/* Returns whether a service needs the database: one that has only routes of its own does not. */
static bool needs_database(const struct cairn_service *service)
{
    return !service->routes || service->deciders[0] || service->processes[0] ||
           service->reactors[0] || service->projections[0] || service->consumers[0] ||
           service->resources || service->publishes;
}

static bool one_needs_database(const struct cairn_service *const services[])
{
    bool needed = !services;
    for (size_t i = 0; services && services[i]; i++)
        needed = needed || needs_database(services[i]);
    return needed;
}

unsigned cairn_config_check(struct cairn_config *ret, const struct cairn_service *const services[],
                            struct cairn_error *ret_wrong)
{
    bool without_database = !one_needs_database(services);
    *ret = (struct cairn_config){.port = services ? services[0]->port : 0};
    for (size_t i = 0; i < SETTINGS; i++) {
        if (!without_database || strcmp(settings[i].name, "DATABASE_URL") != 0)
            (void)read_setting(&settings[i], ret, ret_wrong);
    }
    for (size_t i = 0; services && services[i]; i++) {
        for (const struct cairn_setting *at = services[i]->settings; at && at->name; at++)
            read_own(at, ret_wrong);
    }
    cairn_auth_check(ret, ret_wrong);
    cairn_tls_check(ret, ret_wrong);
    cairn_admin_check(ret, ret_wrong);
    cairn_limits_check(ret, ret_wrong);
    check_names(services, ret_wrong);
    enum cairn_log_level level = CAIRN_LOG_INFO;
    if (ret->log_level && cairn_log_level_parse(ret->log_level, &level) < 0)
        (void)wrong_setting(ret_wrong, "CAIRN_LOG_LEVEL", "must be debug, info, warn or error");
    return ret_wrong->wrong_count;
}

int cairn_config_read(struct cairn_config *ret, const struct cairn_service *const services[],
                      struct cairn_error *error)
{
    struct cairn_error wrong = {0};
    if (cairn_config_check(ret, services, &wrong) == 0)
        return 0;

    struct cairn_arena arena = {0};
    const char *list = "";
    for (unsigned i = 0; i < wrong.wrong_count && i < CAIRN_WRONG_MAX; i++)
        list = cairn_print(&arena, "%s%s%s %s", list, i ? "; " : "", wrong.wrong[i].pointer,
                           wrong.wrong[i].message);
    int failed = cairn_fail(error, CAIRN_CONFIG, "%s (--help lists every variable)", list);
    cairn_arena_close(&arena);
    return failed;
}

bool cairn_config_knows(const char *variable)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (compare_name(variable, &settings[i]) > 0)
            return true;
    }
    return false;
}

static void print_setting(FILE *out, const struct setting *setting)
{
    const char *fallback = setting->fallback ? setting->fallback : "required";
    (void)fprintf(out, "  %-28s %-12s %-12s %s\n", setting->name, setting->unit,
                  *fallback ? fallback : "empty", setting->help);
}

void cairn_config_help(FILE *out, const struct cairn_service *const services[])
{
    char port[12];
    bool without_database = !one_needs_database(services);
    (void)snprintf(port, sizeof port, "%d", services[0]->port);
    (void)fprintf(out, "Environment:\n");
    for (size_t i = 0; i < SETTINGS; i++) {
        struct setting setting = settings[i];
        if (strcmp(setting.name, "PORT") == 0)
            setting.fallback = port;
        if (!without_database || strcmp(setting.name, "DATABASE_URL") != 0)
            print_setting(out, &setting);
    }
    for (size_t i = 0; services[i]; i++) {
        for (const struct cairn_setting *at = services[i]->settings; at && at->name; at++) {
            const struct setting setting = as_setting(at);
            print_setting(out, &setting);
        }
    }
    (void)fprintf(out, "\nThe columns are name, unit, default and meaning. NAME_FILE names a "
                       "file that holds the value\ninstead, for DATABASE_URL, REDIS_URL, "
                       "CAIRN_CURSOR_SECRET, CAIRN_EGRESS_URL and\nCAIRN_AUTH_CLIENT_SECRET.\n");
}
