/* proxy.h - the shop's commands and queries, as pages and telephones send them: passed on to the
 * services with the token of the person that asks; behind a session a page never sees it. */
#ifndef BFF_PROXY_H
#define BFF_PROXY_H

#include <cairn/handler.h>

cairn_handler proxy_to_user;
cairn_handler proxy_to_order;
cairn_handler proxy_to_query; /* a stream of events, too */

#endif
