/* fixture.c - databases, Redis numbers, waiting, and stopping and starting the servers. */
#include "fixture.h"

#include "child.h"
#include "http_client.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    if (!value)
        fail_msg("%s is not set: run the tests by tests/run", name);
    return value;
}

/* ---- PostgreSQL ---- */

static void ignore_notice(void *context, const char *message)
{
    (void)context;
    (void)message;
}

PGconn *fixture_connect(const char *url)
{
    PGconn *connection = PQconnectdb(url);
    (void)PQsetNoticeProcessor(connection, ignore_notice, NULL);
    return connection;
}

/* Runs the SQL on its own connection. With `wants_row`, fails unless the result has a row. */
static PGresult *query(const char *url, const char *sql, bool wants_row)
{
    PGconn *connection = fixture_connect(url);
    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("%s: %s", url, PQerrorMessage(connection));
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s in: %.1000s", PQerrorMessage(connection), sql);
    if (wants_row && PQntuples(result) == 0)
        fail_msg("%s: no row", sql);
    PQfinish(connection);
    return result;
}

void fixture_sql(const char *url, const char *sql)
{
    PQclear(query(url, sql, false));
}

void fixture_sql_text(const char *url, const char *sql, char *ret, size_t size)
{
    PGresult *result = query(url, sql, true);
    if (snprintf(ret, size, "%s", PQgetvalue(result, 0, 0)) >= (int)size)
        fail_msg("%s: the answer is longer than %zu bytes", sql, size - 1);
    PQclear(result);
}

int64_t fixture_sql_int(const char *url, const char *sql)
{
    char text[64];
    char *end;
    fixture_sql_text(url, sql, text, sizeof text);
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        fail_msg("%s: \"%s\" is no whole number", sql, text);
    return number;
}

/* Returns one part of a URL, as libpq parses it. */
static void url_part(const char *url, const char *keyword, char *ret, size_t size)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    ret[0] = '\0';
    for (PQconninfoOption *option = options; option && option->keyword; option++) {
        if (strcmp(option->keyword, keyword) == 0 && option->val)
            (void)snprintf(ret, size, "%s", option->val);
    }
    PQconninfoFree(options);
    if (!ret[0])
        fail_msg("no %s in %s", keyword, url);
}

static void write_url(const char *database, const char *role, char *ret, size_t size)
{
    char host[256];
    url_part(environment("CAIRN_TEST_ADMIN_URL"), "host", host, sizeof host);
    if (snprintf(ret, size, "postgresql:///%s?host=%s&user=%s", database, host, role) >= (int)size)
        fail_msg("%zu bytes are too few for a URL", size);
}

void fixture_url_as(const char *url, const char *role, char *ret, size_t size)
{
    char database[64];
    url_part(url, "dbname", database, sizeof database);
    write_url(database, role, ret, size);
}

void fixture_database(char *url, size_t size)
{
    static int number;
    char name[64];
    char sql[256];
    (void)snprintf(name, sizeof name, "test_%d_%d", (int)getpid(), ++number);
    (void)snprintf(sql, sizeof sql, "create database %s template %s owner cairn_owner", name,
                   environment("CAIRN_TEST_TEMPLATE"));
    fixture_sql(environment("CAIRN_TEST_ADMIN_URL"), sql);
    write_url(name, "cairn_owner", url, size);
}

void fixture_empty_database(char *url, size_t size)
{
    fixture_database(url, size);
    fixture_sql(url, "drop schema cairn, read, notification cascade");
}

void fixture_drop(const char *url)
{
    char name[64];
    char sql[128];
    url_part(url, "dbname", name, sizeof name);
    (void)snprintf(sql, sizeof sql, "drop database %s with (force)", name);
    fixture_sql(environment("CAIRN_TEST_ADMIN_URL"), sql);
}

/* ---- Redis ---- */

/* Sends one command and fails the test on an error reply. */
static void redis_command(redisContext *redis, const char *name, const char *argument)
{
    const char *words[] = {name, argument};
    redisReply *reply = redisCommandArgv(redis, argument ? 2 : 1, words, NULL);
    if (!reply)
        fail_msg("redis, %s: %s", name, redis->errstr);
    else if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("redis, %s: %s", name, reply->str);
    freeReplyObject(reply);
}

static void redis_empty(const char *url, int number)
{
    char password[128];
    char text[16];
    int port;
    if (sscanf(url, "redis://default:%127[^@]@127.0.0.1:%d", password, &port) != 2)
        fail_msg("REDIS_URL is not as tests/run makes it: %s", url);
    redisContext *redis = redisConnect("127.0.0.1", port);
    if (!redis || redis->err)
        fail_msg("redis: %s", redis ? redis->errstr : "out of memory");
    (void)snprintf(text, sizeof text, "%d", number);
    redis_command(redis, "auth", password);
    redis_command(redis, "select", text);
    redis_command(redis, "flushdb", NULL);
    redisFree(redis);
}

const char *fixture_redis(void)
{
    enum { NUMBERS = 256 }; /* as many as redis.sh configures */
    static char urls[NUMBERS][256];
    static int number;
    const char *first = environment("REDIS_URL");
    if (++number == NUMBERS)
        fail_msg("a test binary has %d Redis numbers, all are used", NUMBERS - 1);
    (void)snprintf(urls[number], sizeof urls[number], "%.*s/%d", (int)(strrchr(first, '/') - first),
                   first, number);
    redis_empty(urls[number], number);
    return urls[number];
}

/* ---- waiting ---- */

int64_t fixture_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void nap_ms(int64_t ms)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

void fixture_nap(void)
{
    nap_ms(1);
}

/* Returns the pause between two checks, each of which may open a PostgreSQL session: an eighth of
 * the time that has passed, so that a long wait does not poll a thousand times. */
static int64_t pause_ms(int64_t passed_ms)
{
    enum { LONGEST = 50 };
    return passed_ms < 8 ? 1 : passed_ms < 8 * LONGEST ? passed_ms / 8 : LONGEST;
}

void fixture_wait(bool (*done)(void *context), void *context, int timeout_ms, const char *what)
{
    int64_t begun_ms = fixture_now_ms();
    while (!done(context)) {
        int64_t passed_ms = fixture_now_ms() - begun_ms;
        if (passed_ms >= timeout_ms)
            fail_msg("waited %d ms in vain for %s", timeout_ms, what);
        nap_ms(pause_ms(passed_ms));
    }
}

struct count {
    const char *url;
    const char *sql;
    int64_t wanted;
};

static bool is_so(void *context)
{
    const struct count *count = context;
    return fixture_sql_int(count->url, count->sql) == count->wanted;
}

void fixture_wait_sql(const char *url, const char *sql, int64_t wanted, int timeout_ms)
{
    struct count count = {url, sql, wanted};
    fixture_wait(is_so, &count, timeout_ms, sql);
}

struct page {
    int port;
    const char *path;
};

static bool page_is_there(void *context)
{
    const struct page *page = context;
    struct http_reply reply;
    int failed = http_send(page->port, "GET", page->path, NULL, NULL, 0, &reply, 2000);
    bool there = failed == 0 && reply.status == 200;
    http_reply_free(&reply);
    return there;
}

void fixture_wait_http(int port, const char *path, int timeout_ms)
{
    char what[128];
    struct page page = {port, path};
    (void)snprintf(what, sizeof what, "200 from port %d at %s", port, path);
    fixture_wait(page_is_there, &page, timeout_ms, what);
}

/* ---- ports and servers ---- */

bool fixture_port_is_free(int port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool is_free = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd);
    return is_free;
}

/* The range is the one that tests/run reserves for this lane: below the kernel's ephemeral ports,
 * and below the servers' ports (lib.sh). The search starts at a random port, so that two runs at
 * the same time do not collide. */
int fixture_free_port(void)
{
    static unsigned next;
    int first = 10000;
    int last = 19999;
    const char *apart = getenv("CAIRN_TEST_PORTS");
    if (apart && sscanf(apart, "%d-%d", &first, &last) != 2)
        fail_msg("CAIRN_TEST_PORTS is not FIRST-LAST: %s", apart);
    if (next == 0)
        assert_int_equal(getrandom(&next, sizeof next, 0), sizeof next);
    for (int tries = first; tries <= last; tries++) {
        int port = first + (int)(next++ % (unsigned)(last - first + 1));
        if (fixture_port_is_free(port))
            return port;
    }
    fail_msg("no free port between %d and %d", first, last);
    return -1;
}

static void servers(const char *verb, const char *name)
{
    char script[512];
    char log_path[512];
    struct child child;
    (void)snprintf(script, sizeof script, "%s/tests/support/servers",
                   environment("CAIRN_TEST_ROOT"));
    (void)snprintf(log_path, sizeof log_path, "%s/log/servers.log",
                   environment("CAIRN_TEST_SERVERS"));
    const char *const argv[] = {script, verb, name, NULL};
    if (child_start(&child, argv, NULL, log_path) < 0 || child_wait(&child, 120000) != 0)
        fail_msg("%s cannot %s: see %s (CAIRN_TEST_KEEP=1 keeps it)", name, verb, log_path);
}

void fixture_postgres_stop(void)
{
    servers("stop", "postgres");
}

void fixture_postgres_start(void)
{
    servers("start", "postgres");
}

void fixture_redis_stop(void)
{
    servers("stop", "redis");
}

void fixture_redis_start(void)
{
    servers("start", "redis");
}
