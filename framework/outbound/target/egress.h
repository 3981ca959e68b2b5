/* egress.h - the egress proxy: where it is set, no call reaches the outside except through it.
 *
 * A call asks the proxy for a tunnel to its target (CONNECT, RFC 9110 section 9.3.6), also for http
 * and smtp, so that an answer is always the target's: what the proxy refuses was not sent. Targets
 * that are `inside` (cairn/outbound.h) are reached directly. The proxies that the environment names
 * (http_proxy, no_proxy …) are not used.
 *
 * Threads: cairn_egress_set() is called before the first call. */
#ifndef CAIRN_OUTBOUND_EGRESS_H
#define CAIRN_OUTBOUND_EGRESS_H

#include "outbound/run.h"

/* Sets the proxy of this process, "http://host:port", with name and password if it wants them; ""
 * or NULL for none. `except` lists what is reached directly, separated by commas: hosts, domains
 * (".shop"), networks ("10.0.0.0/8", libcurl 7.86). Both are borrowed. Returns 0, or
 * -CAIRN_CONFIG, whose message does not show the password. */
int cairn_egress_set(const char *url, const char *except, struct cairn_error *error) CAIRN_CHECKED;

/* Makes the transfer use the proxy, if the target is not inside. */
void cairn_egress_apply(CURL *handle, const struct cairn_limits *limits);

/* Returns whether a transfer that failed had got no tunnel; then nothing was sent to the target,
 * and `ret` says so. After a refusal (4xx) a retry is useless until the proxy's list is changed. */
bool cairn_egress_failed(CURL *handle, const struct cairn_limits *limits,
                         struct cairn_attempt *ret);

#endif
