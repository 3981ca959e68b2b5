/* client_connection.h - the client connections: their number, and the deadline of each.
 *
 * A connection is always in one of these phases:
 *
 *     WAITING -- request line --> ARRIVING -- complete --> WORKING -- answer ready --> ANSWERING
 *        ^                            \____________ refused early ___________________/    |
 *        |_______________________________ answer has left _______________________________|
 *
 * Invariants
 *  (1) Only WORKING, and STREAMING, which is between it and ANSWERING where the answer is a stream,
 *      may last longer than the deadline. A connection that stays longer in any other phase is cut:
 *      its socket is shut down and its polling thread finds it closed.
 *  (2) All other phases have the same deadline, so the list in order of `since_us` is also in the
 *      order in which connections become overdue, and only its head has to be checked.
 *
 * The library's own timeout is not used: it measures inactivity, which a client that sends one byte
 * per second defeats, and reports nothing before the headers are complete.
 *
 * Threads: any; one lock, in client_connection.c. A socket is open as long as its connection is in
 * the table. */
#ifndef CAIRN_HTTP_CLIENT_CONNECTION_H
#define CAIRN_HTTP_CLIENT_CONNECTION_H

#include "http/limits/client_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cairn_phase {
    CAIRN_PHASE_WAITING = 1,
    CAIRN_PHASE_ARRIVING,
    CAIRN_PHASE_WORKING,
    CAIRN_PHASE_ANSWERING,
    CAIRN_PHASE_STREAMING
};

struct cairn_connections;
struct cairn_credentials;
struct cairn_exchange;

struct cairn_connection {
    struct cairn_connections *all;
    struct cairn_connection *before; /* has been longer in its phase */
    struct cairn_connection *after;
    int socket;
    enum cairn_phase phase;
    int64_t since_us;
    bool listed; /* neither WORKING nor STREAMING, and not cut */
    bool cut;
    bool linger; /* refused while the client sends; polling thread only, as `exchange` */
    struct cairn_exchange *exchange; /* the open request, or NULL */
    struct cairn_credentials *tls;   /* NULL: plain; set before the first request */
    struct cairn_client_key address;
    struct cairn_connection *kin; /* the next one whose address has the same hash */
    bool is_kin;                  /* it is in that list */
};

/* `address_max`: of one address; 0: any number. */
struct cairn_connections *cairn_connections_open(size_t max, size_t address_max,
                                                 int64_t deadline_us);
/* All opened connections must be closed. */
void cairn_connections_free(struct cairn_connections *all);

/* Closes one connection that has waited for a request for a while, if there is one: called when all
 * places are taken and a client wants to connect. Its place is free a moment later. */
void cairn_connections_make_room(struct cairn_connections *all);

/* Counts one connection that is about to be opened. Returns false if the maximum is reached. */
bool cairn_connections_admit(struct cairn_connections *all);
/* Uncounts an admitted connection that was not opened. */
void cairn_connections_dismiss(struct cairn_connections *all);

/* Opens an admitted connection, in the phase WAITING. Takes ownership of `tls`. One that its
 * address has too many of is shut down at once; it counts until the library closes it. A NULL
 * address has any number. */
struct cairn_connection *cairn_connection_open(struct cairn_connections *all, int socket,
                                               struct cairn_credentials *tls,
                                               const struct cairn_client_key *address);
void cairn_connection_enter(struct cairn_connection *connection, enum cairn_phase phase);
void cairn_connection_close(struct cairn_connection *connection);

/* Cuts overdue connections; answers a request that is still arriving with 408 first. Returns when
 * to check again (monotonic). */
int64_t cairn_connections_cut(struct cairn_connections *all);

/* Waits until all connections are WAITING, or until `until_us`. Returns whether they are. */
bool cairn_connections_settle(struct cairn_connections *all, int64_t until_us);

#endif
