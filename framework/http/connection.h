/* connection.h - the clients' connections: how many there are, and how long each may take.
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
 *  (2) All other phases have the same deadline, so the list in order of `since_us` is also the one
 *      in which connections become overdue, and a look at its head is enough.
 *
 * The library's own timeout is not used: it measures inactivity, which a client that drips one byte
 * a second defeats, and says nothing before the headers are complete.
 *
 * Threads: any; one lock, in connection.c. A socket is open as long as its connection is here. */
#ifndef CAIRN_HTTP_CONNECTION_H
#define CAIRN_HTTP_CONNECTION_H

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
struct cairn_exchange;

struct cairn_connection {
    struct cairn_connections *all;
    struct cairn_connection *before; /* longer in its phase */
    struct cairn_connection *after;
    int socket;
    enum cairn_phase phase;
    int64_t since_us;
    bool listed; /* neither WORKING nor STREAMING, and not cut */
    bool cut;
    bool linger; /* refused while it still sends; its polling thread's own, as what follows */
    struct cairn_exchange *exchange; /* the request that is open, or NULL */
};

struct cairn_connections *cairn_connections_open(size_t max, int64_t deadline_us);
/* All connections that were opened must be closed. */
void cairn_connections_free(struct cairn_connections *all);

/* All places are taken and a client wants to connect: closes one connection that has waited for a
 * request for a while, if there is one. Its place is free a moment later. */
void cairn_connections_make_room(struct cairn_connections *all);

/* Counts one connection that is about to be opened. False if that would be one too many. */
bool cairn_connections_admit(struct cairn_connections *all);
/* Takes one back that came to nothing. */
void cairn_connections_dismiss(struct cairn_connections *all);

/* Opens one that was admitted, in the phase WAITING. */
struct cairn_connection *cairn_connection_open(struct cairn_connections *all, int socket);
void cairn_connection_enter(struct cairn_connection *connection, enum cairn_phase phase);
void cairn_connection_close(struct cairn_connection *connection);

/* Cuts what is overdue; where a request was arriving, answers it with 408 first. Returns when to
 * look again (monotonic). */
int64_t cairn_connections_cut(struct cairn_connections *all);

/* Waits until all connections are WAITING, or until `until_us`. Returns whether they are. */
bool cairn_connections_settle(struct cairn_connections *all, int64_t until_us);

#endif
