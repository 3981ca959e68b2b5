/* constant.c - the upper limit: a libmicrohttpd server that always answers the same bytes.
 *
 *     constant PORT BYTES
 *
 * It has as many polling threads as Cairn's servers have, waits in the same way (epoll) and sends
 * as many headers. Whatever a framework takes longer is the framework's cost. */
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLLING_THREADS = 2, CONNECTIONS = 10000 };

static struct MHD_Response *response;

/* The first call has the headers only; the response is queued at the second. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *count, void **request)
{
    (void)context;
    (void)url;
    (void)method;
    (void)version;
    (void)bytes;
    (void)count;
    if (!*request) {
        *request = response;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

static int make_response(size_t bytes)
{
    static const char *const headers[][2] = {
        {"Content-Type", "application/json"},
        {"X-Content-Type-Options", "nosniff"},
        {"traceparent", "00-01a1fe4556e87248aa2f4cd4704b7edc-84c001a20f229be9-01"},
        {"Cache-Control", "private, no-cache"},
        {"Vary", "Accept, Cairn-Position, Accept-Datetime"},
        {"ETag", "\"1.1\""},
        {"Cairn-Position", "e730a877-1-100000"},
    };
    char *body = malloc(bytes);
    if (!body)
        return -1;
    memset(body, 'x', bytes);
    response = MHD_create_response_from_buffer(bytes, body, MHD_RESPMEM_MUST_FREE);
    for (size_t i = 0; response && i < sizeof headers / sizeof headers[0]; i++) {
        if (MHD_add_response_header(response, headers[i][0], headers[i][1]) != MHD_YES)
            return -1;
    }
    return response ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc != 3 || make_response(strtoul(argv[2], NULL, 10)) < 0)
        return 2;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(argv[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    sigset_t stop;
    int number = 0;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    (void)sigaddset(&stop, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &stop, NULL);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR,
        &address, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)POLLING_THREADS,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_END);
    if (!daemon) {
        (void)fprintf(stderr, "constant: cannot listen on port %s\n", argv[1]);
        return 1;
    }
    (void)sigwait(&stop, &number);
    MHD_stop_daemon(daemon);
    MHD_destroy_response(response);
    return 0;
}
