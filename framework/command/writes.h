/* writes.h - lets a polling thread carry out an append itself, between its other work, while the
 * appender has nothing else to do. */
#ifndef CAIRN_COMMAND_WRITES_H
#define CAIRN_COMMAND_WRITES_H

#include "http/http.h"

/* The context that it is opened with is the struct cairn_appender. Requests submit through it:
 * `request->writes` is a struct cairn_leader. */
extern const struct cairn_http_upstream cairn_command_writes;

#endif
