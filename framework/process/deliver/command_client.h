/* command_client.h - sends commands by HTTP to the services that carry them out, and asks the query
 * service for reactors.
 *
 * A command goes to the service that its category belongs to: `payment` to the URL that
 * CAIRN_PAYMENT_URL names, else to this process if it carries out such commands itself, else to the
 * URL that the service declared for its peer (service.h). The response is classified by the table
 * of error.h: carried out, refused for good, or to be retried.
 *
 * A command carries the token of this service, if it has one, by which the other side allows it;
 * and a signature of the store, by which its key is that of the store's services, so that it stays
 * the same command when the token is another's (command/identify.c).
 *
 * The query service is found the same way, under the name CAIRN_QUERY_PEER.
 *
 * Threads: any number may send at once. */
#ifndef CAIRN_PROCESS_COMMAND_CLIENT_H
#define CAIRN_PROCESS_COMMAND_CLIENT_H

#include "core/containers/arena.h"
#include "store/internal_key.h"

#include <cairn/service.h>

#include <stdbool.h>

struct cairn_command_client;
struct cairn_own_token;

/* `own` is the URL of this process. Each call has the token of `credentials`; NULL: none. The
 * services, the key and the credentials are borrowed. */
struct cairn_command_client *cairn_command_client_open(const struct cairn_service *const services[],
                                                       const char *own,
                                                       const struct cairn_internal_key *key,
                                                       struct cairn_own_token *credentials);
void cairn_command_client_close(struct cairn_command_client *client); /* NULL is allowed */

/* Returns 0 if the services' declarations or the environment name the URL for commands of that
 * category, or -CAIRN_CONFIG with what to do. */
int cairn_peer_check(const struct cairn_service *const services[], const char *category,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Returns 0 if the URL for commands of that category is known, or -CAIRN_CONFIG with what to do. */
int cairn_command_client_check(struct cairn_command_client *client, const char *category,
                               struct cairn_error *error) CAIRN_CHECKED;

struct cairn_command_request {
    const char *to; /* the stream: its category selects the target */
    const char *method;
    const char *path;
    const char *body;
    const char *idempotency_key;
    const char *traceparent;    /* or NULL */
    const char *correlation_id; /* or NULL */
    int64_t deadline_us;        /* 0: 5 s */
};

/* Returns 0 if the command was carried out, now or before; or
 *   -CAIRN_UNAVAILABLE, -CAIRN_BUSY, -CAIRN_UNKNOWN and others that the table does not call final:
 *    send it again, unchanged; or
 *   another code, which is final: `error` has it, and the domain's own reason if it refused. */
int cairn_command_client_send(struct cairn_command_client *client,
                              const struct cairn_command_request *request,
                              struct cairn_error *error) CAIRN_CHECKED;

#define CAIRN_QUERY_PEER "query"

/* Reads `path` from the query service as of `position`, a Cairn-Position, or as of now if that is
 * NULL, into a struct of the record's type. Returns 0 or what CAIRN_LOOK (reactor.h) does. */
int cairn_command_client_look(struct cairn_command_client *client, const char *path,
                              const char *position, const struct cairn_record *record,
                              struct cairn_arena *arena, void *ret,
                              struct cairn_error *error) CAIRN_CHECKED;

/* Returns whether a failure is an answer of the domain, which a repetition would get again: a
 * refusal, a claim that another stream holds, a stream that is there or not, a wrong field. All
 * else - a token or a role that is missing, a size, a media type, a key that another request has, a
 * path that is not there, a limit - is between the services: it is reported, and retried until it
 * is mended. */
bool cairn_is_final(int failed);

/* Writes the name of the variable, for --help: "CAIRN_PAYMENT_URL". */
void cairn_peer_variable(const char *category, char *ret, size_t size);

#endif
