/* plain_answer.c - sends answers as plain bytes, bypassing the library, where it accepts none:
 * while the request still arrives. */
#include "core/containers/buffer.h"
#include "http/answer/response.h"
#include "http/connection/client_connection.h"
#include "http/exchange.h"
#include "http/tls/tls.h"

#include <sys/socket.h>
#include <time.h>

static void print_header(void *sink, const char *name, const char *value)
{
    cairn_buffer_print(sink, "%s: %s\r\n", name, value);
}

/* Prints the date (RFC 9110 section 5.6.7) independently of the locale. */
static void print_date(struct cairn_buffer *out)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;
    time_t now = time(NULL);
    if (gmtime_r(&now, &tm))
        cairn_buffer_print(out, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday],
                           tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                           tm.tm_sec);
}

static void print_answer(const struct cairn_http_request *request,
                         const struct cairn_http_response *answer, struct cairn_buffer *out)
{
    cairn_buffer_print(out, "HTTP/1.1 %d %s\r\n", answer->status,
                       MHD_get_reason_phrase_for((unsigned)answer->status));
    print_date(out);
    cairn_buffer_print(out, "Connection: close\r\nContent-Length: %zu\r\n", answer->body_bytes);
    cairn_response_headers(request, answer, print_header, out);
    cairn_buffer_text(out, "\r\n");
    cairn_buffer_bytes(out, answer->body, answer->body_bytes);
}

/* Sends without waiting: the answer fits into the socket's empty buffer; the rest is dropped. The
 * library's sockets do not block, so neither does a record. */
static void send_plain(int socket, gnutls_session_t session,
                       const struct cairn_http_request *request,
                       const struct cairn_http_response *answer)
{
    struct cairn_buffer text = cairn_buffer(request->arena);
    print_answer(request, answer, &text);
    if (session)
        (void)gnutls_record_send(session, text.text, text.length);
    else
        (void)send(socket, text.text, text.length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void cairn_answer_cut(struct cairn_exchange *exchange)
{
    cairn_http_problem(&exchange->request, &exchange->response, exchange->refusal);
    send_plain(exchange->connection->socket, cairn_tls_session(exchange->wire), &exchange->request,
               &exchange->response);
    cairn_answer_complete(exchange);
}

/* Answers at the socket and shuts it down: the library finds its end and closes the connection. */
void cairn_answer_refuse(struct cairn_exchange *exchange, enum cairn_code code, const char *why)
{
    exchange->refusal = cairn_new(&exchange->arena, struct cairn_error, 1);
    (void)cairn_fail(exchange->refusal, code, "%s", why);
    exchange->connection->linger = true;
    if (!exchange->request.traceparent)
        cairn_trace_begin(&exchange->request, NULL, NULL);
    cairn_answer_cut(exchange);
    exchange->step = CAIRN_STEP_CUT;
    (void)shutdown(exchange->connection->socket, SHUT_RDWR);
}

void cairn_answer_late(int socket)
{
    struct cairn_arena arena = {0};
    struct cairn_http_request request = {.arena = &arena};
    struct cairn_http_response answer = {0};
    struct cairn_error error = {.code = CAIRN_TIMED_OUT};
    cairn_trace_begin(&request, NULL, NULL);
    cairn_http_problem(&request, &answer, &error);
    send_plain(socket, NULL, &request, &answer);
    cairn_answer_count(answer.status);
    cairn_arena_close(&arena);
}
