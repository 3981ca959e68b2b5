/* listen.c - keeps event streams open that have nothing to report.
 *
 *     listen PORT COUNT ROWS    follows /orders/{id} of rows all over the read model
 *
 * Prints "open" when each stream has shown its row, then reads on and discards what comes, until it
 * is killed. Exits with 1 if a stream is refused or ends. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256 };

static int fail(const char *what)
{
    perror(what);
    return 1;
}

/* Opens one stream and reads until its row has arrived. Returns the socket, or -1. */
static int open_stream(int port, long row)
{
    char text[512];
    char came[8192];
    size_t count = 0;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int length = snprintf(text, sizeof text,
                          "GET /orders/01890000-0000-7000-8000-%012ld HTTP/1.1\r\nHost: bench\r\n"
                          "Accept: text/event-stream\r\n\r\n",
                          row);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        send(fd, text, (size_t)length, 0) != length)
        return -1;
    do {
        ssize_t got = recv(fd, came + count, sizeof came - count - 1, 0);
        if (got <= 0)
            return -1;
        count += (size_t)got;
        came[count] = '\0';
    } while (!strstr(came, "data: ") && count < sizeof came - 1);
    return strncmp(came, "HTTP/1.1 200", 12) == 0 ? fd : -1;
}

static int read_on(int poll_fd)
{
    struct epoll_event events[EVENTS];
    char waste[16384];
    for (;;) {
        int count = epoll_wait(poll_fd, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (recv(events[i].data.fd, waste, sizeof waste, 0) <= 0)
                return fail("a stream has ended");
        }
    }
}

int main(int argc, char **argv)
{
    struct rlimit files;
    if (argc != 4)
        return 2;
    long count = atol(argv[2]);
    long rows = atol(argv[3]);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    int poll_fd = epoll_create1(0);
    for (long i = 0; i < count; i++) {
        int fd = open_stream(atoi(argv[1]), i * (rows / count) % rows);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (fd < 0 || epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
            return fail("a stream was refused");
    }
    (void)puts("open");
    (void)fflush(stdout);
    return read_on(poll_fd);
}
