/* pulse.h - how the system is, once a second, as a stream of server-sent events: what the overview
 * of the console is drawn from.
 *
 * GET /admin/pulse is answered by an endless stream of messages
 *
 *     data: {"at":"…","seconds":1.003,"took_ms":9,"log_ms":0.4,"appends_per_s":12.0,"store":{…},
 *            "read_models":[…],"processes":[…],"services":[…],"bus":{…}}
 *
 * with the rows of /admin/status, /admin/processes and /admin/bus; `bus` is null where there is
 * none. Rates are of the time since the sample before. What cannot be read is told as `event:
 * problem`. A client that reads slowly misses samples, not the newest one.
 *
 * One thread takes the samples for all streams, over connections of its own; without streams it
 * takes none. A sample that takes long makes the next one wait four times as long. */
#ifndef CAIRN_OPERATIONS_PULSE_H
#define CAIRN_OPERATIONS_PULSE_H

#include "http/http.h"

#include <cairn/service.h>

struct cairn_pulse;

/* `services` are those of the system: whose connections are counted; borrowed. `redis_url` may be
 * NULL or "". Returns 0, or -CAIRN_CONFIG. */
int cairn_pulse_open(const char *database_url, const char *redis_url,
                     const struct cairn_service *const services[], struct cairn_pulse **ret,
                     struct cairn_error *error) CAIRN_CHECKED;
/* Refuses new streams, and ends those that are open. NULL is fine here and below. */
void cairn_pulse_stop(struct cairn_pulse *pulse);
/* Requires that all streams are closed. */
void cairn_pulse_close(struct cairn_pulse *pulse);

/* Begins a stream, or refuses it: there are too many. */
enum cairn_http_outcome cairn_http_pulse(struct cairn_pulse *pulse,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response);

#endif
