/* endpoint.h - one command's URL: a request becomes a command, a command an answer.
 *
 *     the body -> the command -> its stream, folded -> decide -> one append -> the answer
 *
 * A conflict with somebody else's append is decided again, a bounded number of times. */
#ifndef CAIRN_COMMAND_ENDPOINT_H
#define CAIRN_COMMAND_ENDPOINT_H

#include "http/http.h"
#include "store/appender.h"

struct cairn_snapshots;

struct cairn_endpoint {
    const char *service;
    struct cairn_appender *appender; /* of the process */
    const struct cairn_decider *decider;
    const struct cairn_command_type *command;
    bool creates;                      /* the route has no {id} */
    int64_t retries;                   /* after a conflict */
    char method[8];                    /* "POST" */
    const char *pattern;               /* "/orders/{id}/ship", the rest of command->route */
    char id_name[80];                  /* "order_id" */
    struct cairn_snapshots *snapshots; /* set by whoever has some; NULL: there are none */
};

/* Takes a decider's command apart. Returns 0 or -CAIRN_BUG if its route makes no sense. */
int cairn_endpoint_init(struct cairn_endpoint *ret, const char *service,
                        struct cairn_appender *appender, const struct cairn_decider *decider,
                        const struct cairn_command_type *command, int64_t retries,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Answers one request, on the store of the calling thread. */
void cairn_endpoint_handle(const struct cairn_endpoint *endpoint, struct cairn_store *store,
                           struct cairn_http_request *request,
                           struct cairn_http_response *response);

/* Holds a decider's tables against its structs, once at start. Returns 0 or -CAIRN_BUG. */
int cairn_decider_check(const struct cairn_decider *decider,
                        struct cairn_error *error) CAIRN_CHECKED;

#endif
