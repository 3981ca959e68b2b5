/* client_connection.c - the table of connections and their deadlines. */
#include "http/connection/client_connection.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/text/hash.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "http/exchange.h"
#include "http/tls/tls_credentials.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#define IDLE_US CAIRN_SECONDS(1) /* after which a connection may make room */

struct cairn_connections {
    pthread_mutex_t lock;
    pthread_cond_t settled;
    struct cairn_connection *oldest;
    struct cairn_connection *newest;
    size_t count; /* admitted */
    size_t busy;  /* not WAITING */
    size_t max;
    int64_t deadline_us;
    size_t address_max; /* 0: any number */
    size_t list_count;  /* of `kin` */
    struct cairn_connection **kin;
};

static struct cairn_metric open_connections =
    CAIRN_GAUGE("cairn_http_connections", "Client connections that are open.", NULL);
static struct cairn_metric refused =
    CAIRN_COUNTER("cairn_http_connections_refused_total",
                  "Client connections beyond those that their address may have.", NULL);
static struct cairn_metric cut_connections = CAIRN_COUNTER(
    "cairn_http_connections_cut_total", "Client connections cut at a deadline.", "phase");

struct cairn_connections *cairn_connections_open(size_t max, size_t address_max,
                                                 int64_t deadline_us)
{
    struct cairn_connections *all = cairn_allocate(sizeof *all);
    all->max = max;
    all->deadline_us = deadline_us;
    all->address_max = address_max;
    all->list_count = address_max ? max : 0;
    all->kin = cairn_allocate((all->list_count + 1) * sizeof(struct cairn_connection *));
    cairn_cond_init(&all->settled);
    cairn_lock_init(&all->lock);
    return all;
}

void cairn_connections_free(struct cairn_connections *all)
{
    if (!all)
        return;
    assert(all->count == 0);
    cairn_cond_destroy(&all->settled);
    cairn_lock_destroy(&all->lock);
    free(all->kin);
    free(all);
}

bool cairn_connections_admit(struct cairn_connections *all)
{
    cairn_lock(&all->lock);
    bool admitted = all->count < all->max;
    if (admitted)
        all->count++;
    cairn_unlock(&all->lock);
    if (admitted)
        cairn_metric_add(&open_connections, "", 1);
    return admitted;
}

void cairn_connections_dismiss(struct cairn_connections *all)
{
    cairn_lock(&all->lock);
    all->count--;
    cairn_unlock(&all->lock);
    cairn_metric_add(&open_connections, "", -1);
}

/* ---- the list, with the lock held ---- */

static void unlist(struct cairn_connection *connection)
{
    struct cairn_connections *all = connection->all;
    if (!connection->listed)
        return;
    *(connection->before ? &connection->before->after : &all->oldest) = connection->after;
    *(connection->after ? &connection->after->before : &all->newest) = connection->before;
    connection->before = connection->after = NULL;
    connection->listed = false;
}

static void list_newest(struct cairn_connection *connection)
{
    struct cairn_connections *all = connection->all;
    connection->before = all->newest;
    *(all->newest ? &all->newest->after : &all->oldest) = connection;
    all->newest = connection;
    connection->listed = true;
}

/* Reads the clock under the lock, so that the list is in order of `since_us`. */
static void set_phase(struct cairn_connection *connection, enum cairn_phase phase)
{
    struct cairn_connections *all = connection->all;
    bool was_busy = connection->phase != CAIRN_PHASE_WAITING;
    bool is_busy = phase != CAIRN_PHASE_WAITING;
    if (is_busy && !was_busy)
        all->busy++;
    if (was_busy && !is_busy && --all->busy == 0)
        cairn_cond_broadcast(&all->settled);
    unlist(connection);
    connection->phase = phase;
    connection->since_us = cairn_monotonic_us();
    bool may_last = phase == CAIRN_PHASE_WORKING || phase == CAIRN_PHASE_STREAMING;
    if (!may_last && !connection->cut)
        list_newest(connection);
}

/* ---- connections of one address, with the lock held ---- */

static struct cairn_connection **kin_of(const struct cairn_connection *connection)
{
    const struct cairn_connections *all = connection->all;
    const uint8_t *bytes = connection->address.bytes;
    return &all->kin[cairn_hash_span(bytes, sizeof connection->address.bytes) % all->list_count];
}

/* Returns false if the address has as many as it may. A list is as long as that, and those of
 * addresses with the same hash, which clients cannot choose. */
static bool join_kin(struct cairn_connection *connection, const struct cairn_client_key *address)
{
    connection->address = *address;
    struct cairn_connection **list = kin_of(connection);
    size_t count = 0;
    for (const struct cairn_connection *at = *list; at; at = at->kin)
        count += cairn_client_key_is(&at->address, address);
    if (count >= connection->all->address_max)
        return false;
    connection->kin = *list;
    *list = connection;
    connection->is_kin = true;
    return true;
}

static void leave_kin(struct cairn_connection *connection)
{
    if (!connection->is_kin)
        return;
    struct cairn_connection **at = kin_of(connection);
    while (*at != connection)
        at = &(*at)->kin;
    *at = connection->kin;
    connection->is_kin = false;
}

/* ---- one connection ---- */

struct cairn_connection *cairn_connection_open(struct cairn_connections *all, int socket,
                                               struct cairn_credentials *tls,
                                               const struct cairn_client_key *address)
{
    struct cairn_connection *connection = cairn_allocate(sizeof *connection);
    connection->all = all;
    connection->socket = socket;
    connection->tls = tls;
    connection->phase = CAIRN_PHASE_WAITING;
    cairn_lock(&all->lock);
    set_phase(connection, CAIRN_PHASE_WAITING);
    bool is_too_many = all->address_max && address && !join_kin(connection, address);
    if (is_too_many) {
        unlist(connection);
        connection->cut = true;
        (void)shutdown(socket, SHUT_RDWR);
    }
    cairn_unlock(&all->lock);
    if (is_too_many)
        cairn_metric_add(&refused, "", 1);
    return connection;
}

void cairn_connection_enter(struct cairn_connection *connection, enum cairn_phase phase)
{
    cairn_lock(&connection->all->lock);
    set_phase(connection, phase);
    cairn_unlock(&connection->all->lock);
}

void cairn_connection_close(struct cairn_connection *connection)
{
    struct cairn_connections *all = connection->all;
    cairn_lock(&all->lock);
    set_phase(connection, CAIRN_PHASE_WAITING);
    unlist(connection);
    leave_kin(connection);
    cairn_unlock(&all->lock);
    cairn_credentials_release(connection->tls);
    free(connection);
    cairn_connections_dismiss(all);
}

/* ---- deadlines ---- */

static void cut(struct cairn_connection *connection, size_t late[])
{
    unlist(connection);
    connection->cut = true;
    late[connection->phase]++;
    if (connection->phase == CAIRN_PHASE_ARRIVING && !connection->tls)
        cairn_answer_late(connection->socket);
    (void)shutdown(connection->socket, SHUT_RDWR);
}

static void report(const size_t late[])
{
    static const char *const phases[] = {
        [CAIRN_PHASE_WAITING] = "waiting",
        [CAIRN_PHASE_ARRIVING] = "arriving",
        [CAIRN_PHASE_ANSWERING] = "answering",
    };
    for (int phase = CAIRN_PHASE_WAITING; phase <= CAIRN_PHASE_ANSWERING; phase++) {
        if (late[phase] == 0)
            continue;
        cairn_metric_add(&cut_connections, phases[phase], (int64_t)late[phase]);
        cairn_log(phase == CAIRN_PHASE_WAITING ? CAIRN_LOG_DEBUG : CAIRN_LOG_INFO,
                  "connections cut at the deadline", CAIRN_LOG_TEXT("phase", phases[phase]),
                  CAIRN_LOG_INTEGER("count", (int64_t)late[phase]));
    }
}

int64_t cairn_connections_cut(struct cairn_connections *all)
{
    size_t late[CAIRN_PHASE_ANSWERING + 1] = {0};
    cairn_lock(&all->lock);
    int64_t now_us = cairn_monotonic_us();
    while (all->oldest && all->oldest->since_us + all->deadline_us <= now_us)
        cut(all->oldest, late);
    /* A connection that is opened meanwhile cannot be overdue earlier. */
    int64_t next_us = (all->oldest ? all->oldest->since_us : now_us) + all->deadline_us;
    cairn_unlock(&all->lock);
    report(late);
    return next_us;
}

/* A connection between two requests may be closed at any time (RFC 9112 section 9.5); clients
 * retry. */
void cairn_connections_make_room(struct cairn_connections *all)
{
    size_t late[CAIRN_PHASE_ANSWERING + 1] = {0};
    cairn_lock(&all->lock);
    int64_t idle_since_us = cairn_monotonic_us() - IDLE_US;
    for (struct cairn_connection *at = all->oldest; at && at->since_us <= idle_since_us;
         at = at->after) {
        if (at->phase != CAIRN_PHASE_WAITING)
            continue;
        cut(at, late);
        break;
    }
    cairn_unlock(&all->lock);
    report(late);
}

bool cairn_connections_settle(struct cairn_connections *all, int64_t until_us)
{
    cairn_lock(&all->lock);
    while (all->busy > 0 && cairn_cond_wait_until(&all->settled, &all->lock, until_us))
        continue;
    bool settled = all->busy == 0;
    cairn_unlock(&all->lock);
    return settled;
}
