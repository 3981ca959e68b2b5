/* endpoint.h - the HTTP endpoint of one command, from request to answer.
 *
 *     the body -> the command -> its stream, folded -> decide -> one append -> the answer
 *
 * While the append is under way the request is suspended and no thread waits. After a conflict with
 * another append the command is decided again, a bounded number of times. */
#ifndef CAIRN_COMMAND_ENDPOINT_H
#define CAIRN_COMMAND_ENDPOINT_H

#include "command/command_owner.h"
#include "command/state/part.h"
#include "http/http.h"
#include "store/commit/appender.h"

struct cairn_cache;
struct cairn_internal_key;
struct cairn_loader;
struct cairn_snapshots;

/* What all commands of a process share. */
struct cairn_command_side {
    struct cairn_appender *appender;
    struct cairn_cache *cache;
    struct cairn_loader *loader;
    struct cairn_snapshots *snapshots;             /* NULL: none are kept */
    int64_t retries;                               /* after a conflict */
    const struct cairn_internal_key *internal_key; /* of commands that services send */
    bool authenticates;                            /* callers have tokens */
};

struct cairn_endpoint {
    const char *service;
    const struct cairn_command_side *side;
    const struct cairn_decider *decider;
    const struct cairn_command_type *command;
    const struct cairn_decides *decides;
    bool creates;
    struct cairn_command_owner owner;
    char method[8];    /* "POST" */
    char pattern[300]; /* "/orders/{id}/ship" */
    char id_name[80];  /* "order_id" */
    struct cairn_folding self;
    struct cairn_folding facts[CAIRN_NEEDS_MAX];
    char fact_kinds[CAIRN_NEEDS_MAX][160];
    struct cairn_folding parts[CAIRN_OVERS_MAX]; /* of a boundary */
    size_t part_count;                           /* of rows */
};

/* Sets up the endpoint of a decider's command. All arguments are borrowed. Returns 0, or -CAIRN_BUG
 * if the route is malformed. */
int cairn_endpoint_init(struct cairn_endpoint *ret, const char *service,
                        const struct cairn_command_side *side, const struct cairn_decider *decider,
                        const struct cairn_command_type *command,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Handles one request, as the handler of an eager route does. `store` is the calling worker's; NULL
 * on a polling thread. */
enum cairn_http_outcome cairn_endpoint_handle(const struct cairn_endpoint *endpoint,
                                              struct cairn_store *store,
                                              struct cairn_http_request *request,
                                              struct cairn_http_response *response);

/* Releases what the request holds, after its client has disconnected. A submitted append is still
 * carried out. */
void cairn_endpoint_leave(struct cairn_http_request *request);

#endif
