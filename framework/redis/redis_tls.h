/* redis_tls.h - TLS of a connection to Redis: 1.2 and newer, the server's certificate and name are
 * verified. hiredis has it from 1.0 on; with an older one cairn_redis_has_tls() is false, and
 * nothing else is called. Private to redis/. */
#ifndef CAIRN_REDIS_REDIS_TLS_H
#define CAIRN_REDIS_REDIS_TLS_H

#include "redis/address.h"

#include <stdbool.h>
#include <sys/types.h>

struct redisContext;
struct ssl_st;

/* Encrypts a connection that was just opened, within the timeout that is set on it. Returns its
 * session, which the connection owns; or NULL, and `why` says why. */
struct ssl_st *cairn_redis_tls_begin(struct redisContext *context,
                                     const struct cairn_redis_address *address, char *why,
                                     size_t size);

/* Lets a connection be read and written without waiting. */
void cairn_redis_tls_unblock(struct redisContext *context);

/* Sends like send() without waiting: returns how many bytes, or -1 with an errno, as EAGAIN. */
ssize_t cairn_redis_tls_send(struct ssl_st *session, const void *bytes, size_t count);

/* Returns whether something that was decrypted is unread: the socket does not tell. */
bool cairn_redis_tls_pending(struct ssl_st *session);

/* Returns whether an idle connection that has something to read was closed: a server may also have
 * sent a ticket. */
bool cairn_redis_tls_was_closed(struct redisContext *context, struct ssl_st *session);

#endif
