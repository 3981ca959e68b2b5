/* hosts.h - the names that a server answers for, and the origins whose scripts may read its
 * answers.
 *
 * A list of hosts keeps pages that were given this server's address under a name of theirs (DNS
 * rebinding) from talking to it. Origins are those of the Fetch standard's CORS protocol;
 * credentials of the browser are never asked for, since callers send tokens themselves. */
#ifndef CAIRN_HTTP_HOSTS_H
#define CAIRN_HTTP_HOSTS_H

#include "http/answer/response.h"
#include "http/exchange.h"

/* Returns whether `host`, as in the header of a request, is one of the list, which is separated by
 * commas: with a port it has to match, without one any port does. An empty list has every host. */
bool cairn_host_is_known(const char *hosts, const char *host);

/* Returns whether scripts of an origin may read answers: it is one of the list, or the list is "*".
 * An empty list has none. */
bool cairn_origin_is_allowed(const char *origins, const char *origin);

/* Adds the fields of CORS to an answer; to that of a preflight request, OPTIONS, what may be sent.
 */
void cairn_cors_headers(const struct cairn_exchange *exchange,
                        const struct cairn_http_response *response, cairn_header_sink *put,
                        void *sink);

#endif
