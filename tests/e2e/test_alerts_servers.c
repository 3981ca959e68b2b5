/* test_alerts_servers.c - alerts of PostgreSQL, Redis and disks, fired by real faults and
 * resolved by their repair: see test_alerts.c.
 *
 * The disk is a tmpfs in a mount namespace of the exporter, since a test may not fill a disk of the
 * machine; the exporter reads of the machine's mounts this one only. */
#include "../support/fixture.h"
#include "../support/observed.h"
#include "../support/support.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct observed observed;
static struct system_under_test *const shop = &observed.shop;

#define FIRES(alert) observed_fires(&observed, alert)
#define IS_RESOLVED(alert) observed_is_resolved(&observed, alert)

static int setup(void **state)
{
    (void)state;
    observed_start(&observed, "alerts-servers");
    if (!observed.prometheus.pid)
        return 0;
    (void)setenv("run_dir", shop->run_dir, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    observed_stop(&observed);
    return 0;
}

static void begin(void)
{
    observed_need(&observed);
    observed_wait_quiet(&observed);
}

/* ---- PostgreSQL ---- */

/* Stops a standby from applying what it receives, or lets it go on. */
static void set_replay(const char *place, const char *what)
{
    char url[300];
    char statement[80];
    (void)snprintf(url, sizeof url, "host=%s user=postgres dbname=cairn", place);
    (void)snprintf(statement, sizeof statement, "select pg_wal_replay_%s()", what);
    fixture_sql(url, statement);
}

/* The standby gets what it does not apply, 80 MB of it. */
static void a_standby_that_applies_nothing_falls_behind(void **state)
{
    (void)state;
    char place[200];
    char path[400];
    begin();
    shell_expect(&observed.place, "\"$tree/tests/support/standby\" start \"$run_dir\"");
    (void)snprintf(path, sizeof path, "%s/standby", observed.place.directory);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%199s", place), 1);
    assert_int_equal(fclose(file), 0);
    set_replay(place, "pause");
    fixture_sql(observed.superuser_url, "select pg_logical_emit_message(false, 'load', repeat('x',"
                                        " 1000000)) from generate_series(1, 80)");
    FIRES("PostgresReplicationLags");
    set_replay(place, "resume");
    IS_RESOLVED("PostgresReplicationLags");
    shell_expect(&observed.place, "\"$tree/tests/support/standby\" stop \"$run_dir\"");
}

static void set_archive_command(const char *command)
{
    char statement[120];
    (void)snprintf(statement, sizeof statement, "alter system set archive_command = '%s'", command);
    fixture_sql(observed.superuser_url, statement);
    fixture_sql(observed.superuser_url, "select pg_reload_conf()");
}

/* That WAL is archived is known to a server from its start on. */
static void wal_that_cannot_be_archived_is_told(void **state)
{
    (void)state;
    begin();
    fixture_sql(observed.superuser_url, "alter system set archive_mode = on");
    set_archive_command("true");
    system_kill(shop, "postgres", SIGKILL);
    system_heal(shop);
    observed_wait_quiet(&observed);
    set_archive_command("false");
    fixture_sql(observed.superuser_url, "select pg_switch_wal()");
    FIRES("PostgresArchiveFails");
    set_archive_command("true");
    IS_RESOLVED("PostgresArchiveFails");
}

/* ---- Redis ---- */

static void a_redis_that_is_nearly_full_is_told(void **state)
{
    (void)state;
    begin();
    shell_expect(&observed.place,
                 ". \"$run_dir/env\"; used=$(redis-cli -u $REDIS_URL info memory | tr -d '\\r' |"
                 " sed -n s/^used_memory://p) && redis-cli -u $REDIS_URL config set maxmemory"
                 " $((used + used / 20)) | grep OK");
    FIRES("RedisMemoryNearlyFull");
    shell_expect(&observed.place,
                 ". \"$run_dir/env\"; redis-cli -u $REDIS_URL config set maxmemory 0 | grep OK");
    IS_RESOLVED("RedisMemoryNearlyFull");
}

/* ---- disks ---- */

enum { DISK_BYTES = 64 << 20, BYTES_A_MS = 100 };

struct disk {
    int file;
    int64_t begun_ms, written;
};

/* Grows the file on the disk to so many bytes. */
static void grow(struct disk *disk, int64_t bytes)
{
    static const char page[1 << 16];
    while (disk->written < bytes) {
        ssize_t written = write(disk->file, page, sizeof page);
        assert_true(written > 0);
        disk->written += written;
    }
}

static void fill_steadily(void *context)
{
    struct disk *disk = context;
    grow(disk, (fixture_now_ms() - disk->begun_ms) * BYTES_A_MS);
}

/* Opens a file on the disk, which only the exporter's namespace sees, once it is mounted there. */
static bool is_mounted(void *context)
{
    struct disk *disk = context;
    char path[600];
    char sign[620];
    (void)snprintf(path, sizeof path, "/proc/%d/root%s/disk", observed.exporters[2].pid,
                   observed.place.directory);
    (void)snprintf(sign, sizeof sign, "%s/mounted", path);
    if (access(sign, F_OK) != 0)
        return false;
    (void)snprintf(sign, sizeof sign, "%s/file", path);
    disk->file = open(sign, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return disk->file >= 0;
}

static void a_disk_is_told_of_before_it_is_full(void **state)
{
    (void)state;
    struct disk disk = {.file = -1};
    char command[900];
    begin();
    if (shell_run(&observed.place, "unshare -Urm true") != 0)
        skip(); /* the machine has no namespaces for users */
    assert_int_equal(observed.exporter_count, 2);
    int port = fixture_free_port();
    (void)snprintf(command, sizeof command,
                   "unshare -Urm sh -c 'mkdir -p disk proc/1 && mount -t tmpfs -o size=%d none"
                   " \"$PWD/disk\" && echo \"none $PWD/disk tmpfs rw 0 0\" >proc/1/mounts &&"
                   " : >disk/mounted && exec prometheus-node-exporter --collector.disable-defaults"
                   " --collector.filesystem --path.procfs=proc --web.listen-address=127.0.0.1:%d'",
                   DISK_BYTES, port);
    observed_export(&observed, "node", port, command);
    fixture_wait(is_mounted, &disk, 60000, "the disk to be mounted");
    disk.begun_ms = fixture_now_ms();
    observed_fires_while(&observed, "DiskFullSoon", fill_steadily, &disk);
    grow(&disk, DISK_BYTES / 20 * 19);
    FIRES("DiskNearlyFull");
    assert_int_equal(ftruncate(disk.file, 0), 0);
    IS_RESOLVED("DiskNearlyFull");
    IS_RESOLVED("DiskFullSoon");
    (void)close(disk.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_is_told_of_before_it_is_full),
        cmocka_unit_test(a_redis_that_is_nearly_full_is_told),
        cmocka_unit_test(a_standby_that_applies_nothing_falls_behind),
        cmocka_unit_test(wal_that_cannot_be_archived_is_told),
    };
    return cmocka_run_group_tests_name("alerts of servers", tests, setup, teardown);
}
