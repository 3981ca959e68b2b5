/* server.c - a listening socket and a thread for each connection. */
#include "server.h"

#include "core/threads/lock.h"
#include "testkit/outside/loopback.h"

#include "fixture.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static void *serve_line(void *context)
{
    struct server_line *line = context;
    struct server *server = line->server;
    server->serve(server, line->socket);
    cairn_lock(&server->lock);
    (void)close(line->socket);
    line->socket = -1;
    cairn_unlock(&server->lock);
    return NULL;
}

/* The caller holds the lock, so that server_stop sees a connection with its thread or not at
 * all. */
static void open_line(struct server *server, int socket)
{
    int number = atomic_load(&server->connections);
    struct server_line *line = &server->lines[number];
    if (number == SERVER_CONNECTIONS_MAX || atomic_load(&server->stopping)) {
        (void)close(socket);
        return;
    }
    *line = (struct server_line){.server = server, .socket = socket};
    atomic_fetch_add(&server->connections, 1); /* before the client is answered, as it may look */
    if (pthread_create(&line->thread, NULL, serve_line, line) != 0)
        abort();
}

static void *accept_lines(void *context)
{
    struct server *server = context;
    while (!atomic_load(&server->stopping)) {
        struct pollfd wanted = {.fd = server->listener, .events = POLLIN};
        if (poll(&wanted, 1, 20) <= 0)
            continue;
        int socket = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (socket < 0)
            continue;
        cairn_lock(&server->lock);
        open_line(server, socket);
        cairn_unlock(&server->lock);
    }
    return NULL;
}

void server_start_at(struct server *ret, int port, void (*serve)(struct server *, int socket),
                     void *context)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    memset(ret, 0, sizeof *ret);
    ret->port = port;
    ret->serve = serve;
    ret->context = context;
    ret->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(ret->listener >= 0);
    (void)setsockopt(ret->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(ret->listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(ret->listener, 64) != 0)
        fail_msg("cannot listen at port %d: %s", port, strerror(errno));
    assert_int_equal(pthread_mutex_init(&ret->lock, NULL), 0);
    assert_int_equal(pthread_create(&ret->thread, NULL, accept_lines, ret), 0);
}

void server_start(struct server *ret, void (*serve)(struct server *, int socket), void *context)
{
    server_start_at(ret, fixture_free_port(), serve, context);
}

void server_stop(struct server *server)
{
    atomic_store(&server->stopping, true);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    (void)close(server->listener);
    int count = atomic_load(&server->connections);
    cairn_lock(&server->lock);
    for (int i = 0; i < count; i++) {
        if (server->lines[i].socket >= 0)
            (void)shutdown(server->lines[i].socket, SHUT_RDWR);
    }
    cairn_unlock(&server->lock);
    for (int i = 0; i < count; i++)
        assert_int_equal(pthread_join(server->lines[i].thread, NULL), 0);
    cairn_lock_destroy(&server->lock);
}

/* ---- for the test's serve function ---- */

bool server_read_line(int socket, char *ret, size_t size)
{
    for (size_t used = 0; used < size; used++) {
        if (recv(socket, ret + used, 1, 0) != 1)
            return false;
        if (ret[used] != '\n')
            continue;
        ret[used > 0 && ret[used - 1] == '\r' ? used - 1 : used] = '\0';
        return true;
    }
    return false;
}

/* Returns the value of Content-Length, 0 if there is none. */
static size_t body_length(const char *head)
{
    static const char name[] = "\r\nContent-Length:";
    for (; *head; head++) {
        if (strncasecmp(head, name, sizeof name - 1) == 0)
            return strtoull(head + sizeof name - 1, NULL, 10);
    }
    return 0;
}

bool server_read_request(int socket, char *ret, size_t size)
{
    size_t used = 0, wanted = 0;
    while (wanted == 0 || used < wanted) {
        ssize_t got = used + 1 < size ? recv(socket, ret + used, size - 1 - used, 0) : 0;
        if (got <= 0)
            return false;
        used += (size_t)got;
        ret[used] = '\0';
        const char *end = strstr(ret, "\r\n\r\n");
        if (end && wanted == 0)
            wanted = (size_t)(end + 4 - ret) + body_length(ret);
    }
    return true;
}

bool server_send(int socket, const char *text)
{
    return cairn_loopback_send(socket, text, strlen(text));
}

void server_rest(int socket)
{
    char scrap[4096];
    while (recv(socket, scrap, sizeof scrap, 0) > 0)
        ;
}
