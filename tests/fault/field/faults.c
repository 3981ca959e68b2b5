/* faults.c - the faults that are injected into the system, one table row each. */
#include "field.h"

#include "../../support/fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

static const char *const processes[] = {
    "user",         "order",           "payment",         "query",        "projector",
    "notification", "hotel_a",         "hotel_b",         "housekeeping", "school_a",
    "school_b",     "hotel_processes", "hotel_projector", "hotel_query",
};
enum { PROCESSES = sizeof processes / sizeof processes[0] };

static const char *const wires[SERVICES] = {"user",        "order",    "payment",
                                            "query",       "hotel_a",  "hotel_b",
                                            "hotel_query", "school_a", "school_b"};

static int roll(struct field *field, int end)
{
    return dice(&field->random, end);
}

#define SAY(field, ...) ((void)snprintf((field)->log, sizeof(field)->log, __VA_ARGS__))

/* Returns the pid of the process of this name, 0 if it does not run: another fault may have hit
 * it. */
static int pid_of(struct field *field, const char *name)
{
    char path[512];
    int pid = 0;
    (void)snprintf(path, sizeof path, "%s/pid/%s", field->shop.run_dir, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    if (fscanf(file, "%d", &pid) != 1 || kill(pid, 0) != 0)
        pid = 0;
    (void)fclose(file);
    return pid;
}

static bool signal_process(struct field *field, const char *name, int signal)
{
    int pid = pid_of(field, name);
    SAY(field, "signal %d to %s", signal, name);
    field->victim = pid;
    return pid && kill(pid, signal) == 0;
}

/* ---- processes ---- */

/* Returns the name of a process at random: if the hotel is not apart, it has three. */
static const char *any_process(struct field *field)
{
    return processes[roll(field, field->hotel_is_apart ? PROCESSES : PROCESSES - 3)];
}

static bool kill_service(struct field *field)
{
    return signal_process(field, any_process(field), SIGKILL);
}

static bool end_service(struct field *field)
{
    return signal_process(field, any_process(field), SIGTERM);
}

static bool kill_all_services(struct field *field)
{
    for (int i = 0; i < PROCESSES; i++)
        (void)signal_process(field, processes[i], SIGKILL);
    SAY(field, "signal 9 to every service");
    return true;
}

static bool stop_service(struct field *field)
{
    return signal_process(field, any_process(field), SIGSTOP);
}

static void continue_victim(struct field *field)
{
    (void)kill(field->victim, SIGCONT);
}

/* ---- PostgreSQL ---- */

static bool shut_postgres_down(struct field *field)
{
    return signal_process(field, "postgres", SIGQUIT);
}

static bool kill_postgres(struct field *field)
{
    return signal_process(field, "postgres", SIGKILL);
}

static bool stop_postgres(struct field *field)
{
    return signal_process(field, "postgres", SIGSTOP);
}

/* Signals a session of a cairn_ role, an active one if there is any. */
static bool signal_backend(struct field *field, int signal)
{
    char pid[32] = "";
    (void)field_sql(field,
                    "select pid from pg_stat_activity where backend_type = 'client backend' and"
                    " usename like 'cairn_%' order by state = 'active' desc, random() limit 1",
                    pid, sizeof pid);
    field->victim = atoi(pid);
    SAY(field, "signal %d to a server process", signal);
    return field->victim > 1 && kill(field->victim, signal) == 0;
}

static bool kill_backend(struct field *field)
{
    return signal_backend(field, SIGKILL);
}

static bool stop_backend(struct field *field)
{
    return signal_backend(field, SIGSTOP);
}

static bool end_backends(struct field *field)
{
    char text[32];
    SAY(field, "sessions are terminated");
    for (int i = 1 + roll(field, 10); i > 0; i--) {
        (void)field_sql(
            field,
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename"
            " like 'cairn_%' and random() < 0.4",
            text, sizeof text);
        rest_us(roll(field, 50000));
    }
    return true;
}

/* Simulates an operator who appends with autocommit off and leaves the transaction open. */
static bool hold_lock(struct field *field)
{
    SAY(field, "somebody appends and does not commit");
    field->holder = fixture_connect(field->stage.superuser_url);
    PQclear(PQexec(field->holder, "begin"));
    PQclear(PQexec(field->holder, "select cairn.append('pot-lunch', 'PotFilled', '{}')"));
    return PQtransactionStatus(field->holder) == PQTRANS_INTRANS;
}

static void release_lock(struct field *field)
{
    PQfinish(field->holder);
    field->holder = NULL;
}

/* ---- the standby ---- */

/* Cancels or terminates sessions that wait for the standby, up to three times: a commit whose wait
 * is cancelled is on the primary, but not on the standby. */
static void end_waits(struct field *field)
{
    static const char *const how[] = {"pg_cancel_backend", "pg_terminate_backend"};
    char sql[200];
    char text[32];
    (void)snprintf(sql, sizeof sql,
                   "select count(%s(pid)) from pg_stat_activity where wait_event = 'SyncRep' and"
                   " random() < 0.7",
                   how[roll(field, 2)]);
    for (int i = roll(field, 4); i > 0; i--) {
        rest_us(roll(field, 400000));
        (void)field_sql(field, sql, text, sizeof text);
    }
}

static bool lose_standby(struct field *field)
{
    field->replication.frozen = true;
    end_waits(field);
    SAY(field, "nothing reaches the standby, and waits for it are ended");
    return true;
}

static void find_standby(struct field *field)
{
    standby_witness(field);
    proxy_heal(&field->replication);
}

static bool kill_standby(struct field *field)
{
    return signal_process(field, "standby", SIGKILL);
}

static bool stop_standby(struct field *field)
{
    return signal_process(field, "standby", SIGSTOP);
}

/* ---- Redis ---- */

static bool kill_redis(struct field *field)
{
    return signal_process(field, "redis", SIGKILL);
}

static bool stop_redis(struct field *field)
{
    return signal_process(field, "redis", SIGSTOP);
}

static bool is_gone(void *context)
{
    return kill(*(const int *)context, 0) != 0;
}

static bool lose_redis(struct field *field)
{
    char command[400];
    if (!kill_redis(field))
        return false;
    fixture_wait(is_gone, &field->victim, 20000, "redis to be gone");
    (void)snprintf(command, sizeof command, "rm -rf '%s'/redis/append*", field->shop.run_dir);
    SAY(field, "redis is killed and its data lost");
    return system(command) == 0;
}

/* ---- connections ---- */

static bool cut_wire(struct field *field, struct proxy *proxy, const char *name)
{
    int count = 1 + roll(field, 12);
    if (roll(field, 2))
        proxy->cuts = count;
    else
        proxy->cuts_before = count;
    SAY(field, "%d connections to %s are cut", count, name);
    return true;
}

static bool slow_wire(struct field *field, struct proxy *proxy, const char *name)
{
    proxy->latency_us = 2000 + roll(field, 100000);
    SAY(field, "the wire to %s takes %d us longer", name, (int)proxy->latency_us);
    return true;
}

static bool freeze_wire(struct field *field, struct proxy *proxy, const char *name)
{
    proxy->frozen = true;
    SAY(field, "nothing passes to %s", name);
    return true;
}

static bool close_wire(struct field *field, struct proxy *proxy, const char *name)
{
    proxy->refuses = true;
    SAY(field, "nobody new is let in to %s", name);
    return true;
}

static bool spoil(struct field *field, struct proxy *proxy, const char *name)
{
    static bool (*const ways[])(struct field *, struct proxy *, const char *) = {
        cut_wire, cut_wire, slow_wire, freeze_wire, close_wire};
    return ways[roll(field, sizeof ways / sizeof ways[0])](field, proxy, name);
}

static bool spoil_service(struct field *field)
{
    int which = roll(field, SERVICES);
    return spoil(field, &field->services[which], wires[which]);
}

static bool spoil_postgres(struct field *field)
{
    return spoil(field, &field->postgres, "postgres");
}

static bool spoil_redis(struct field *field)
{
    return spoil(field, &field->redis, "redis");
}

static bool spoil_replication(struct field *field)
{
    return spoil(field, &field->replication, "the standby");
}

static void heal_wires(struct field *field)
{
    for (int i = 0; i < SERVICES; i++)
        proxy_heal(&field->services[i]);
    proxy_heal(&field->postgres);
    proxy_heal(&field->redis);
    proxy_heal(&field->replication);
}

/* ---- disk and clock ---- */

static bool resize_disk(struct field *field, unsigned long long kilobytes)
{
    char options[64];
    (void)snprintf(options, sizeof options, "size=%lluk,mode=711", kilobytes);
    return field->disk && mount("cairn", field->shop.run_dir, "tmpfs", MS_REMOUNT, options) == 0;
}

/* Shrinks the disk to what is used now and a little more, so that it is full within moments. */
static bool fill_disk(struct field *field)
{
    struct statvfs disk;
    if (statvfs(field->shop.run_dir, &disk) != 0)
        return false;
    unsigned long long used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize / 1024;
    SAY(field, "the disk is full");
    return resize_disk(field, used + 64 + (unsigned)roll(field, 2000));
}

static void empty_disk(struct field *field)
{
    (void)resize_disk(field, 3ULL << 20);
}

/* Sets the clock of PostgreSQL, of the services, or of both, by up to an hour: dates stay about the
 * same, so that daily reports keep some rows. */
static bool step_clock(struct field *field)
{
    int64_t step_s = roll(field, 7200) - 3600;
    int who = roll(field, 3);
    if (who != 1)
        __atomic_store_n(&field->clock[0], step_s * 1000000, __ATOMIC_SEQ_CST);
    if (who != 0)
        __atomic_store_n(&field->clock[1], step_s * 1000000, __ATOMIC_SEQ_CST);
    SAY(field, "the clock of %s is set to %+lld s",
        who == 0   ? "postgres"
        : who == 1 ? "the services"
                   : "all",
        (long long)step_s);
    return true;
}

/* ---- administration ---- */

/* Requests a rebuild as `cairn rebuild` does. It runs beside the load, for as long as it takes; one
 * that is in progress is not requested twice. Half of the time the projector is killed during
 * it. */
static bool rebuild(struct field *field)
{
    enum { SHOP = 4, ALL = 6 };
    static const char *const models[ALL] = {"users",        "order_summary", "payments",
                                            "sales_by_day", "occupancy",     "reservations"};
    char sql[100];
    char text[100];
    int which = field->rebuilt++ % ALL;
    const char *model = models[which];
    const char *projector = which < SHOP            ? "projector"
                            : field->hotel_is_apart ? "hotel_projector"
                                                    : "hotel_a";
    (void)snprintf(sql, sizeof sql, "select cairn.request_rebuild('%s')", model);
    SAY(field, "%s is built anew", model);
    if (!stage_sql(which < SHOP ? &field->stage : &field->hotel, sql, text, sizeof text))
        return false;
    if (roll(field, 2)) {
        rest_us(roll(field, 800000));
        (void)signal_process(field, projector, SIGKILL);
        SAY(field, "%s is built anew and the projector killed", model);
    }
    return true;
}

/* ---- the table ---- */

const struct fault faults[] = {
    {"kill-service", 8, kill_service, NULL, 0},
    {"end-service", 3, end_service, NULL, 0},
    {"kill-services", 2, kill_all_services, NULL, 0},
    {"stop-service", 6, stop_service, continue_victim, 6000},
    {"postgres-down", 4, shut_postgres_down, NULL, 0},
    {"postgres-killed", 3, kill_postgres, NULL, 0},
    {"postgres-stopped", 2, stop_postgres, continue_victim, 0},
    {"backends-ended", 6, end_backends, NULL, 500},
    {"backend-killed", 4, kill_backend, NULL, 0},
    {"backend-stopped", 5, stop_backend, continue_victim, 4000},
    {"lock-held", 3, hold_lock, release_lock, 7000},
    {"redis-killed", 4, kill_redis, NULL, 0},
    {"redis-lost", 4, lose_redis, NULL, 0},
    {"redis-stopped", 3, stop_redis, continue_victim, 0},
    {"wire-to-service", 10, spoil_service, heal_wires, 0},
    {"wire-to-postgres", 12, spoil_postgres, heal_wires, 4000},
    {"wire-to-redis", 5, spoil_redis, heal_wires, 0},
    {"standby-away", 10, lose_standby, find_standby, 5000},
    {"standby-killed", 3, kill_standby, NULL, 0},
    {"standby-stopped", 3, stop_standby, continue_victim, 4000},
    {"wire-to-standby", 3, spoil_replication, heal_wires, 4000},
    {"disk-full", 4, fill_disk, empty_disk, 0},
    {"clock-step", 4, step_clock, NULL, 100},
    {"rebuild", 10, rebuild, NULL, 100},
};
const int fault_count = sizeof faults / sizeof faults[0];

static const struct fault *choose(struct field *field, const char *only)
{
    int total = 0;
    for (int i = 0; i < fault_count; i++) {
        if (only && strcmp(only, faults[i].name) == 0)
            return &faults[i];
        total += faults[i].weight;
    }
    int chosen = roll(field, total);
    int i = 0;
    while (chosen >= faults[i].weight)
        chosen -= faults[i++].weight;
    return &faults[i];
}

static void note(struct field *field, const struct fault *fault, const char *what)
{
    history_add(field->stage.history,
                json_pack("{ss ss sI ss}", "kind", "fault", "name", fault->name, "at",
                          (json_int_t)history_now_us(), "what", what));
}

void faults_strike(struct field *field, const char *only, int most_ms)
{
    const struct fault *chosen[2];
    bool begun[2] = {false, false};
    int victims[2];
    int hold_ms = 0;
    int count = roll(field, 3) == 0 ? 2 : 1;
    for (int i = 0; i < count; i++) {
        chosen[i] = choose(field, only);
        if (i == 1 && chosen[1] == chosen[0])
            break;
        begun[i] = chosen[i]->begin(field);
        victims[i] = field->victim;
        note(field, chosen[i], begun[i] ? field->log : "it cannot be done now");
        int wanted_ms = chosen[i]->hold_ms ? chosen[i]->hold_ms : 2000;
        if (begun[i] && wanted_ms > hold_ms)
            hold_ms = wanted_ms;
    }
    hold_ms = hold_ms < most_ms ? hold_ms : most_ms;
    rest_us((int64_t)roll(field, hold_ms + 1) * 1000);
    for (int i = 0; i < count; i++) {
        field->victim = victims[i];
        if (begun[i] && chosen[i]->end)
            chosen[i]->end(field);
    }
    standby_heal(field);
    system_heal(&field->shop);
    hotel_heal(field);
    school_heal(field);
    note(field, chosen[0], "healed");
}
