/* listen.c - opens the listening socket, or takes over the one that the process was started with;
 * and explains why it cannot. */
#include "http/connection/acceptor.h"

#include "core/text/socket_address.h"
#include "http/connection/inherited.h"
#include "http/http.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Where to listen, and what messages call the settings of it. */
struct place {
    const char *address;
    int port;
    const char *bind_setting;
    const char *port_setting;
};

static struct place place_of(const struct cairn_http_options *options)
{
    return (struct place){
        .address = options->bind ? options->bind : "127.0.0.1",
        .port = options->port,
        .bind_setting = options->bind_setting ? options->bind_setting : "CAIRN_BIND",
        .port_setting = options->port_setting ? options->port_setting : "PORT",
    };
}

static int fail_to_listen(const struct place *place, int why, struct cairn_error *error)
{
    if (why == EADDRINUSE)
        return cairn_fail(error, CAIRN_CONFIG,
                          "port %d on %s is in use: stop the process that listens there, or set %s",
                          place->port, place->address, place->port_setting);
    if (why == EADDRNOTAVAIL)
        return cairn_fail(error, CAIRN_CONFIG, "address %s is not one of this machine's: see %s",
                          place->address, place->bind_setting);
    return cairn_fail(error, CAIRN_CONFIG, "cannot listen on port %d of %s: %s", place->port,
                      place->address, strerror(why));
}

int cairn_acceptor_listen(const struct cairn_http_options *options, int *ret_port,
                          struct cairn_error *error)
{
    const struct place place = place_of(options);
    union cairn_socket_address parsed;
    socklen_t length = cairn_socket_address_parse(place.address, place.port, &parsed);
    if (length == 0)
        return cairn_fail(error, CAIRN_CONFIG, "%s is not an IPv4 or IPv6 address: see %s",
                          place.address, place.bind_setting);
    int inherited = cairn_inherited_listener(&parsed, place.bind_setting, error);
    if (inherited >= 0)
        *ret_port = cairn_socket_port(inherited);
    if (inherited != -1)
        return inherited;
    int listener = socket(parsed.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return fail_to_listen(&place, errno, error);
    /* Connections of the last run in TIME_WAIT must not prevent a new start. */
    const int on = 1;
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, &parsed.any, length) != 0 || listen(listener, SOMAXCONN) != 0) {
        int why = errno;
        (void)close(listener);
        return fail_to_listen(&place, why, error);
    }
    *ret_port = cairn_socket_port(listener);
    return listener;
}
