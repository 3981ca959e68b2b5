/* field.c - sets up the system under fault on a small disk, with a proxy on each connection. */
#include "field.h"

#include "../../support/fixture.h"
#include "../../support/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUS_KEEP = 1000 };

static void write_file(const char *directory, const char *name, const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Prepares the directory as `up` would, so that Redis' port is known before it starts. Returns the
 * port. */
static int prepare_directory(struct field *field)
{
    char text[64];
    char path[400];
    int port = fixture_free_port();
    (void)mkdir(field->shop.run_dir, 0711);
    field->disk = mount("cairn", field->shop.run_dir, "tmpfs", 0, "size=3g,mode=711") == 0;
    write_file(field->shop.run_dir, "lock", "");
    (void)snprintf(path, sizeof path, "%s/redis", field->shop.run_dir);
    (void)mkdir(path, 0700);
    (void)snprintf(text, sizeof text, "port %d\n", port);
    write_file(path, "redis.conf", text);
    return port;
}

/* Copies the shim to where the servers' user can read it, whatever the mode of the build's
 * directory. */
static void copy_shim(struct field *field)
{
    char command[900];
    char value[400];
    (void)snprintf(command, sizeof command, "install -m 755 '%s/tests/fault/clock_shim.so' '%s.so'",
                   getenv("CAIRN_TEST_BUILD"), field->shop.run_dir);
    if (system(command) != 0)
        fail_msg("%s", command);
    (void)snprintf(value, sizeof value, "%s.so", field->shop.run_dir);
    (void)setenv("LD_PRELOAD", value, 1);
}

static void make_clock(struct field *field)
{
    char path[400];
    (void)snprintf(path, sizeof path, "%s.clock", field->shop.run_dir);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(file >= 0);
    assert_int_equal(fchmod(file, 0644), 0);
    assert_int_equal(ftruncate(file, 2 * sizeof(int64_t)), 0);
    field->clock = mmap(NULL, 2 * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_true(field->clock != MAP_FAILED);
    (void)close(file);
    (void)setenv("CAIRN_CLOCK_FILE", path, 1);
}

static void start_proxies(struct field *field, int redis_port)
{
    char text[24];
    char path[400];
    char target[400];
    const int targets[SERVICE_HOTEL] = {field->shop.user, field->shop.order, field->shop.payment,
                                        field->shop.query};
    (void)snprintf(field->via, sizeof field->via, "%.200s.via", field->shop.run_dir);
    assert_int_equal(mkdir(field->via, 0711), 0);
    (void)snprintf(path, sizeof path, "%s/.s.PGSQL.5432", field->via);
    (void)snprintf(target, sizeof target, "%s/postgres/socket/.s.PGSQL.5432", field->shop.run_dir);
    proxy_start(&field->postgres, path, 0, target, 0);
    (void)snprintf(field->standby, sizeof field->standby, "%.200s.standby", field->shop.run_dir);
    (void)snprintf(path, sizeof path, "%.200s.wal", field->shop.run_dir);
    assert_int_equal(mkdir(path, 0711), 0);
    assert_int_equal(chmod(path, 0711), 0); /* for the servers' user */
    (void)snprintf(path, sizeof path, "%.200s.wal/.s.PGSQL.5432", field->shop.run_dir);
    proxy_start(&field->replication, path, 0, target, 0);
    assert_int_equal(chmod(path, 0777), 0);
    int port = field->stage.redis_port = fixture_free_port();
    proxy_start(&field->redis, "", port, "", redis_port);
    (void)snprintf(text, sizeof text, "%d", port);
    (void)setenv("CAIRN_VIA_POSTGRES", field->via, 1);
    (void)setenv("CAIRN_VIA_REDIS", text, 1);
    /* generations are dropped, and the bus is trimmed, while there is load */
    (void)setenv("CAIRN_ROLLBACK_WINDOW_MS", "2000", 1);
    (void)snprintf(text, sizeof text, "%d", BUS_KEEP);
    (void)setenv("CAIRN_BUS_KEEP", text, 1);
    for (int i = 0; i < SERVICE_HOTEL; i++) {
        field->stage.ports[i] = fixture_free_port();
        proxy_start(&field->services[i], "", field->stage.ports[i], "", targets[i]);
    }
}

void field_redis_url(const struct field *field, char *ret, size_t size)
{
    char command[600];
    (void)snprintf(command, sizeof command, ". '%s/env' && printf %%s \"$REDIS_URL\"",
                   field->shop.run_dir);
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    ret[fread(ret, 1, size - 1, pipe)] = '\0';
    (void)pclose(pipe);
}

/* Links the binaries where `up` looks for them; every second seed has the counter service in place
 * of the three services. */
static void choose_binaries(struct field *field, unsigned seed)
{
    static const char script[] =
        "to='%s' from='%s'; mkdir -p \"$to/bin\" && ln -s \"$from\"/bin/* \"$to/bin/\" &&"
        " for s in %s; do ln -sf \"$from/tests/fault/counter\" \"$to/bin/cairn-$s\"; done";
    char command[1400];
    const char *build = getenv("CAIRN_TEST_BUILD");
    (void)snprintf(field->shop.build, sizeof field->shop.build, "%.240s.build",
                   field->shop.run_dir);
    (void)snprintf(command, sizeof command, script, field->shop.build, build,
                   seed % 2 ? "user order payment" : "");
    if (system(command) != 0)
        fail_msg("%s", command);
    print_message("users, orders and payments: %s\n", seed % 2 ? "one service" : "three services");
}

void field_open(struct field *ret, unsigned seed)
{
    *ret = (struct field){.random = seed};
    system_plan(&ret->shop);
    choose_binaries(ret, seed);
    int redis_port = prepare_directory(ret);
    make_clock(ret);
    copy_shim(ret);
    start_proxies(ret, redis_port);
    hotel_plan(ret, seed);
    school_plan(ret);
    system_heal(&ret->shop);
    struct stage *stage = &ret->stage;
    (void)snprintf(stage->writer_url, sizeof stage->writer_url,
                   "postgresql:///cairn?host=%s&user=cairn_writer", ret->via);
    (void)snprintf(stage->reader_url, sizeof stage->reader_url,
                   "postgresql:///cairn?host=%s&user=cairn_reader", ret->via);
    (void)snprintf(stage->superuser_url, sizeof stage->superuser_url,
                   "postgresql:///cairn?host=%s/postgres/socket&user=postgres&connect_timeout=2",
                   ret->shop.run_dir);
    stage->cast = shop_cast;
    stage->seed = seed;
    stage->clients = 14;
    stage->pause_us = 60000;
    (void)snprintf(ret->files, sizeof ret->files, "%.200s.files", ret->shop.run_dir);
    assert_int_equal(mkdir(ret->files, 0700), 0);
    char path[400];
    (void)snprintf(path, sizeof path, "%s/history.jsonl", ret->files);
    stage->history = history_open(path);
    hotel_open(ret, seed);
    school_open(ret, seed);
    standby_heal(ret);
    (void)snprintf(path, sizeof path, "%s/bus.jsonl", ret->files);
    stage->bus = history_open(path);
    stage->bus_keep = BUS_KEEP;
    stage->watchers = 2;
    char url[300];
    field_redis_url(ret, url, sizeof url);
    if (sscanf(url, "redis://default:%127[^@]@", stage->redis_password) != 1)
        fail_msg("not a URL as `make up` makes it: %s", url);
}

bool stage_sql(const struct stage *stage, const char *sql, char *ret, size_t size)
{
    PGconn *connection = fixture_connect(stage->superuser_url);
    PQclear(PQexec(connection, "set synchronous_commit = local; set statement_timeout = '3s'"));
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_TUPLES_OK && PQntuples(result) > 0;
    if (good)
        (void)snprintf(ret, size, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(connection);
    return good || status == PGRES_COMMAND_OK;
}

bool field_sql(struct field *field, const char *sql, char *ret, size_t size)
{
    return stage_sql(&field->stage, sql, ret, size);
}

/* ---- shutdown ---- */

/* What is waited for, in a database. */
struct wait {
    struct field *field;
    const struct stage *stage;
    int models;
};

static bool is_answered(const struct stage *stage, const char *sql, const char *wanted)
{
    char text[300] = "";
    return stage_sql(stage, sql, text, sizeof text) && strcmp(text, wanted) == 0;
}

static bool nothing_is_built(void *context)
{
    const struct wait *wait = context;
    return is_answered(wait->stage, "select count(*) from cairn.rebuilds where ended_at is null",
                       "0");
}

static bool nothing_is_left_to_sweep(void *context)
{
    const struct wait *wait = context;
    return is_answered(wait->stage,
                       "select count(*) from cairn.generations where not live and not"
                       " (state = 'dropped' and swept)",
                       "0");
}

static bool read_models_are_at_the_head(void *context)
{
    const struct wait *wait = context;
    char wanted[30];
    (void)snprintf(wanted, sizeof wanted, "%d of %d", wait->models, wait->models);
    return is_answered(wait->stage,
                       "select count(*) filter (where k.position = cairn.head()) || ' of ' ||"
                       " count(*) from cairn.checkpoints k join cairn.generations g"
                       " using (projection, generation) where g.live",
                       wanted);
}

/* Returns whether all copies are complete: the checkpoint of a complete copy is the head's position
 * and has no further field ("EPOCH POSITION FENCE REVISION"). */
static bool copies_are_at_the_head(void *context)
{
    static const char script[] =
        "unset LD_PRELOAD; . '%s/env'; for m in %s;"
        " do k=$(redis-cli --no-auth-warning -u \"$REDIS_URL\" -n %d --scan --pattern"
        " \"cairn:*:{$m}:checkpoint\"); v=$(redis-cli --no-auth-warning -u"
        " \"$REDIS_URL\" -n %d get \"$k\"); [[ $v =~ ^[0-9]+\\ %s\\ [0-9]+\\ [0-9]+$ ]] || exit 1; done";
    const struct wait *wait = context;
    char head[32] = "";
    char live[200] = "";
    char command[1400];
    char path[400];
    int number = wait->stage->redis_number;
    if (!stage_sql(wait->stage, "select cairn.head()", head, sizeof head) ||
        !stage_sql(wait->stage,
                   "select string_agg(projection || ':g' || generation, ' ')"
                   " from cairn.generations where live",
                   live, sizeof live))
        return false;
    (void)snprintf(command, sizeof command, script, wait->field->shop.run_dir, live, number, number,
                   head);
    write_file(wait->field->files, "ready.sh", command);
    (void)snprintf(path, sizeof path, "%s/ready.sh", wait->field->files);
    (void)snprintf(command, sizeof command, "bash '%s' 2>/dev/null", path);
    return system(command) == 0;
}

static bool has_ended(void *context)
{
    return kill(*(const int *)context, 0) != 0;
}

/* Ends the writing services, so that the log does not grow while its readers read to the end. */
static void end_writers(struct field *field)
{
    static const char *const writers[] = {"user", "order", "payment"};
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        int pid = system_pid(&field->shop, writers[i]);
        (void)kill(pid, SIGTERM);
        fixture_wait(has_ended, &pid, 60000, "a service to end");
    }
}

void field_await_rows(struct field *field, const struct stage *stage, int models)
{
    struct wait wait = {field, stage, models};
    fixture_wait(nothing_is_built, &wait, 300000, "no read model to be built any more");
    fixture_wait(read_models_are_at_the_head, &wait, 120000, "the read models to reach the head");
    fixture_wait(copies_are_at_the_head, &wait, 120000, "the copies in Redis to reach the head");
}

void field_await_sweep(const struct stage *stage)
{
    struct wait wait = {.stage = stage};
    fixture_wait(nothing_is_left_to_sweep, &wait, 120000,
                 "generations that are not read to be dropped and swept");
}

void field_finish(struct field *field)
{
    char redis_url[300];
    load_stop(&field->stage);
    end_writers(field);
    field_await_rows(field, &field->stage, 4);
    field_await_sweep(&field->stage);
    load_settle(&field->stage);
    history_close(field->stage.history);
    history_close(field->stage.bus);
    field_redis_url(field, redis_url, sizeof redis_url);
    dump_all(field->files, field->stage.superuser_url, redis_url);
    hotel_finish(field);
    school_finish(field);
}

void field_close(struct field *field)
{
    static const char *const ours[] = {
        "LD_PRELOAD",      "CAIRN_CLOCK_FILE",         "CAIRN_VIA_POSTGRES",
        "CAIRN_VIA_REDIS", "CAIRN_ROLLBACK_WINDOW_MS", "CAIRN_BUS_KEEP"};
    for (int i = 0; i < SERVICES; i++)
        proxy_stop(&field->services[i]);
    standby_stop(field);
    proxy_stop(&field->replication);
    system_stop(&field->shop);
    proxy_stop(&field->postgres);
    proxy_stop(&field->redis);
    if (field->disk)
        (void)umount2(field->shop.run_dir, MNT_DETACH);
    (void)munmap(field->clock, 2 * sizeof(int64_t));
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        (void)unsetenv(ours[i]);
}
