/* peers.h - the shop's services, as the backend for frontends calls them. */
#ifndef BFF_PEERS_H
#define BFF_PEERS_H

#include <cairn/handler.h>
#include <cairn/outbound.h>
#include <cairn/setting.h>

extern struct cairn_target bff_user, bff_order, bff_query;
extern const struct cairn_setting bff_settings[];
extern int64_t bff_deadline_ms; /* of a whole answer */

/* Returns the value of an Authorization header with the caller's token, which a service is called
 * with; NULL where callers have none. */
const char *bff_authorization(struct cairn_request *request);

#endif
