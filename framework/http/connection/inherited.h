/* inherited.h - listening sockets that were opened by whatever has started the process: socket
 * activation, as by systemd (sd_listen_fds(3)).
 *
 * LISTEN_FDS sockets, from descriptor 3 on, are meant for the process LISTEN_PID. Each is used for
 * the listener of its address and port. So a service starts at its first request, which waits in
 * the socket meanwhile; and is started anew without a connection being refused. */
#ifndef CAIRN_HTTP_INHERITED_H
#define CAIRN_HTTP_INHERITED_H

#include "core/text/socket_address.h"

#include <cairn/error.h>

/* Returns the inherited socket that listens at this address and port; -1 if there is none; or
 * -CAIRN_CONFIG (less than -1) if there is one for the port, but at another address than
 * `bind_setting` says: limits that depend on the address would not hold. */
int cairn_inherited_listener(const union cairn_socket_address *wanted, const char *bind_setting,
                             struct cairn_error *error) CAIRN_CHECKED;

#endif
