/* http_answer.c - passes answers to the library. */
#include "core/report/log.h"
#include "http/answer/response.h"
#include "http/connection/client_connection.h"
#include "http/exchange.h"

#include <stdatomic.h>

static void put_header(void *sink, const char *name, const char *value)
{
    if (MHD_add_response_header(sink, name, value) != MHD_YES)
        cairn_log(CAIRN_LOG_WARN, "a header of an answer could not be added",
                  CAIRN_LOG_TEXT("name", name), CAIRN_LOG_TEXT("value", value));
}

static struct MHD_Response *make_response(struct cairn_exchange *exchange)
{
    const struct cairn_http_response *answer = &exchange->response;
    if (answer->stream.pull)
        return cairn_stream_begin(exchange);
    /* The library does not write to the body; its parameter is not const for historical reasons. */
    void *body = (void *)(uintptr_t)(answer->body ? answer->body : "");
    cairn_connection_enter(exchange->connection, CAIRN_PHASE_ANSWERING);
#if MHD_VERSION >= 0x00097701
    /* A 304 has no body. A Content-Length would be that of the 200 (RFC 9110 section 8.6), and
     * clients with older parsers wait for that many bytes: library versions that can omit it do
     * so. */
    if (answer->status == 304)
        return MHD_create_response_empty(MHD_RF_HEAD_ONLY_RESPONSE);
#endif
    return MHD_create_response_from_buffer(answer->body_bytes, body, MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result cairn_answer_send(struct cairn_exchange *exchange)
{
    const struct cairn_http_response *answer = &exchange->response;
    struct MHD_Response *response = make_response(exchange);
    if (!response)
        return MHD_NO;
    cairn_response_headers(&exchange->request, answer, put_header, response);
    if (atomic_load(&exchange->http->stopping))
        put_header(response, "Connection", "close");
    enum MHD_Result queued = MHD_queue_response(exchange->wire, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    if (answer->stream.pull)
        cairn_arena_close(&exchange->arena); /* the library has its own copy of the headers */
    return queued;
}
