/* server.h - a server inside a test: as slow, abrupt and wrong as the test needs.
 *
 *     static void serve(struct server *server, int socket) { ... send(socket, ...); }
 *
 *     struct server server;
 *     server_start(&server, serve, NULL);
 *     ... connect to 127.0.0.1:server.port ...
 *     server_stop(&server);
 *
 * Each connection has its own thread, which calls the function once and then closes the socket.
 * Stopping shuts down all connections: a function that waits for its client, or in server_rest,
 * then returns. */
#ifndef SERVER_H
#define SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { SERVER_CONNECTIONS_MAX = 256 };

struct server {
    int port;
    void *context;           /* the test's own */
    _Atomic int connections; /* accepted so far */
    _Atomic int requests;    /* a counter for the function's own use */
    void (*serve)(struct server *server, int socket);
    int listener;
    _Atomic bool stopping;
    pthread_t thread;
    pthread_mutex_t lock;
    struct server_line {
        struct server *server;
        int socket; /* -1: closed */
        pthread_t thread;
    } lines[SERVER_CONNECTIONS_MAX];
};

/* Starts at a free port, or (server_start_at) at this one, which has to be free. */
void server_start(struct server *ret, void (*serve)(struct server *, int socket), void *context);
void server_start_at(struct server *ret, int port, void (*serve)(struct server *, int socket),
                     void *context);
void server_stop(struct server *server);

/* ---- for the test's serve function ---- */

/* Reads one HTTP request with its body, NUL-terminated. Returns false at the end of the connection.
 */
bool server_read_request(int socket, char *ret, size_t size);
/* Reads a line, without its CRLF. Returns false at the end, or if the line exceeds `size`. */
bool server_read_line(int socket, char *ret, size_t size);
/* Returns false if the client is gone. */
bool server_send(int socket, const char *text);
/* Does nothing until the client closes or the server is stopped. */
void server_rest(int socket);

#endif
