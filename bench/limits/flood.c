/* flood.c - what one client notices while another one floods the same service.
 *
 *     flood PORT PATH RATE SECONDS      RATE: what an address may ask for in a second
 *
 * A patient client, at 127.0.0.2, asks for PATH fifty times a second on one connection. In the
 * first half of the time it is alone; in the second, 127.0.0.3 asks ten times its limit, by a
 * thread for each of its connections. It prints a line of JSON: quantiles of the patient
 * client's answers, and what the other one got. */
#include "../support/latency.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FLOODERS = 8, TIMES = 10, PATIENT_HZ = 50 };

static int port;
static const char *path;
static int rate;
static _Atomic bool ending;
static _Atomic long granted, limited, failed;

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void sleep_until(int64_t us)
{
    const struct timespec until = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0)
        continue;
}

static int connect_from(const char *address)
{
    const int on = 1;
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)inet_pton(AF_INET, address, &from.sin_addr);
    if (out < 0 || bind(out, (struct sockaddr *)&from, sizeof from) != 0 ||
        connect(out, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("flood: cannot connect");
        exit(1);
    }
    (void)setsockopt(out, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return out;
}

/* Returns the status of an answer, whose body is read; 0 if there is none. */
static int ask(int socket)
{
    char text[8192];
    size_t used = 0, wanted = sizeof text - 1;
    int status = 0;
    int length = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    if (send(socket, text, (size_t)length, MSG_NOSIGNAL) != length)
        return 0;
    while (used < wanted) {
        ssize_t got = recv(socket, text + used, sizeof text - 1 - used, 0);
        if (got <= 0)
            return 0;
        used += (size_t)got;
        text[used] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        const char *bytes = end ? strcasestr(text, "\r\nContent-Length:") : NULL;
        if (bytes)
            wanted = (size_t)(end - text) + 4 + strtoul(bytes + 17, NULL, 10);
    }
    (void)sscanf(text, "HTTP/1.1 %d", &status);
    return status;
}

/* Asks for its part of ten times the limit. */
static void *flood(void *context)
{
    (void)context;
    int socket = connect_from("127.0.0.3");
    int64_t pause_us = (int64_t)FLOODERS * 1000000 / (TIMES * rate);
    for (int64_t at_us = now_us(); !atomic_load(&ending); at_us += pause_us) {
        sleep_until(at_us);
        int status = ask(socket);
        atomic_fetch_add(status == 429 ? &limited : status ? &granted : &failed, 1);
        if (!status) {
            (void)close(socket);
            socket = connect_from("127.0.0.3");
        }
    }
    (void)close(socket);
    return NULL;
}

static void ask_patiently(int socket, int64_t until_us, struct latency *ret)
{
    for (int64_t at_us = now_us(); at_us < until_us; at_us += 1000000 / PATIENT_HZ) {
        sleep_until(at_us);
        int64_t begun_us = now_us();
        int status = ask(socket);
        if (status == 429 || !status) {
            (void)fprintf(stderr, "flood: the patient client got %d\n", status);
            exit(1);
        }
        latency_add(ret, now_us() - begun_us);
    }
    latency_sort(ret);
}

static void print_quantiles(const char *name, const struct latency *latency)
{
    (void)printf("\"%s\":{\"count\":%zu,\"p50_us\":%u,\"p99_us\":%u},", name, latency->count,
                 latency_at(latency, 500), latency_at(latency, 990));
}

int main(int argc, char **argv)
{
    pthread_t flooders[FLOODERS];
    struct latency quiet = {0}, flooded = {0};
    if (argc != 5)
        return 64;
    port = atoi(argv[1]);
    path = argv[2];
    rate = atoi(argv[3]);
    int64_t half_us = (int64_t)atoi(argv[4]) * 500000;
    int socket = connect_from("127.0.0.2");
    ask_patiently(socket, now_us() + half_us, &quiet);
    for (int i = 0; i < FLOODERS; i++) {
        if (pthread_create(&flooders[i], NULL, flood, NULL) != 0)
            abort();
    }
    ask_patiently(socket, now_us() + half_us, &flooded);
    atomic_store(&ending, true);
    for (int i = 0; i < FLOODERS; i++)
        (void)pthread_join(flooders[i], NULL);
    (void)printf("{");
    print_quantiles("quiet", &quiet);
    print_quantiles("flooded", &flooded);
    (void)printf("\"asked_of_limit\":%.1f,\"granted\":%ld,\"limited\":%ld,\"failed\":%ld}\n",
                 (double)(granted + limited + failed) * 1e6 / (double)half_us / rate, granted,
                 limited, failed);
    latency_close(&quiet);
    latency_close(&flooded);
    (void)close(socket);
    return 0;
}
