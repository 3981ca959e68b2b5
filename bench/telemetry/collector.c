/* collector.c - a collector of spans for benchmarks, which costs little beside what is measured: it
 * reads what it is sent and looks at none of it.
 *
 *     collector PORT MODE
 *
 *     take     answers 200
 *     refuse   answers 503
 *     hang     answers nothing
 *
 * At SIGTERM it prints how many bytes of requests it was sent. */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *answer; /* "": none */
static atomic_llong received;

/* Returns how many bytes the request has whose head is complete, 0 if it is not. */
static size_t request_bytes(const char *text)
{
    static const char name[] = "\r\nContent-Length: ";
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, name);
    if (!end)
        return 0;
    size_t body = length && length < end ? strtoull(length + sizeof name - 1, NULL, 10) : 0;
    return (size_t)(end + 4 - text) + body;
}

/* Reads requests, one after the other, and answers each. */
static void *serve(void *context)
{
    int socket = (int)(intptr_t)context;
    static _Thread_local char bytes[65536];
    size_t used = 0, wanted = 0; /* of the request: kept while its head arrives; left to read */
    for (;;) {
        ssize_t got = recv(socket, bytes + used, sizeof bytes - 1 - used, 0);
        if (got <= 0)
            break;
        atomic_fetch_add(&received, got);
        size_t have = used + (size_t)got;
        if (wanted == 0) {
            bytes[have] = '\0';
            wanted = request_bytes(bytes);
            used = wanted ? 0 : have;
            if (wanted == 0)
                continue;
        }
        wanted -= have < wanted ? have : wanted;
        if (wanted == 0 && *answer && send(socket, answer, strlen(answer), MSG_NOSIGNAL) < 0)
            break;
    }
    (void)close(socket);
    return NULL;
}

static int listen_on(int port)
{
    const int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 64) < 0) {
        perror("collector");
        exit(1);
    }
    return listener;
}

static void *accept_all(void *context)
{
    int listener = (int)(intptr_t)context;
    for (;;) {
        pthread_t thread;
        int socket = accept(listener, NULL, NULL);
        if (socket >= 0 && pthread_create(&thread, NULL, serve, (void *)(intptr_t)socket) == 0)
            (void)pthread_detach(thread);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    sigset_t stop;
    int number = 0;
    if (argc != 3)
        return 64;
    answer = strcmp(argv[2], "take") == 0
                 ? "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"
                   "Content-Length: 0\r\n\r\n"
             : strcmp(argv[2], "refuse") == 0
                 ? "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
                 : "";
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
    if (pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listen_on(atoi(argv[1]))) != 0)
        return 71;
    (void)sigwait(&stop, &number);
    (void)printf("%lld\n", atomic_load(&received));
    return 0;
}
