/* bare.c - the upper limit: an HTTP server that reads the body, ignores it, and answers 200.
 *
 * It uses libmicrohttpd with epoll and two polling threads, as is usual. Each request is answered
 * on the thread that read it: nothing is handed to another thread, nothing is suspended, and no
 * database is asked. It prints its port, and exits at the end of its standard input. */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POLLING_THREADS = 2 };

/* As long as a service's answer to an accepted command. */
static const char body[] =
    "{\"stream\":\"order-01890000-0000-7000-8000-000000000000\",\"version\":1,\"position\":1000000,"
    "\"events\":[{\"type\":\"OrderPlaced\",\"version\":1,\"position\":1000000}]}";

static const char *const headers[][2] = {
    {"Content-Type", "application/json"},
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    {"Cairn-Position", "0.0123456789abcdef0123456789abcdef.1.1000000"},
    {"ETag", "\"1\""},
    {"Location", "/orders/01890000-0000-7000-8000-000000000000"},
};

static enum MHD_Result answer(struct MHD_Connection *wire)
{
    static const size_t count = sizeof headers / sizeof headers[0];
    struct MHD_Response *response = MHD_create_response_from_buffer(
        sizeof body - 1, (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    for (size_t i = 0; i < count; i++)
        (void)MHD_add_response_header(response, headers[i][0], headers[i][1]);
    enum MHD_Result queued = MHD_queue_response(wire, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
}

/* libmicrohttpd calls this for the headers, for each part of the body, and at its end. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *wire, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *count, void **request)
{
    static char begun;
    (void)context, (void)url, (void)method, (void)version, (void)bytes;
    if (!*request) {
        *request = &begun;
        return MHD_YES;
    }
    if (*count == 0)
        return answer(wire);
    *count = 0;
    return MHD_YES;
}

static void wait_for_end(void)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
}

int main(void)
{
    struct MHD_Daemon *server =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, on_request,
                         NULL, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)POLLING_THREADS,
                         MHD_OPTION_CONNECTION_LIMIT, 4096U, MHD_OPTION_END);
    if (!server) {
        (void)fputs("bare: cannot listen\n", stderr);
        return 1;
    }
    (void)printf("%u\n", MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
    (void)fflush(stdout);
    wait_for_end();
    MHD_stop_daemon(server);
    return 0;
}
