/* notifier.h - notifies followers of the log (log_follower.h) that it has grown, or threads that
 * wait for a read model that its checkpoint has moved.
 *
 * A notification takes a cluster-wide lock when its transaction commits, so it is not part of the
 * append's transaction: a thread of its own sends it afterwards, one at a time, at most some 200 a
 * second, and always the newest position. It is a hint that saves a reader up to a second. Nothing
 * depends on it or waits for it, and a failure has no consequences: an outage is logged once.
 *
 * Threads: any thread may report; one opens and closes. */
#ifndef CAIRN_STORE_NOTIFIER_H
#define CAIRN_STORE_NOTIFIER_H

#include <cairn/error.h>

struct cairn_notifier;

/* The channels for the log's head and for the read models' checkpoints. */
#define CAIRN_CHANNEL_LOG "cairn"
#define CAIRN_CHANNEL_READ "cairn_read"

/* Connects when there is something to send. `channel` is borrowed. Returns 0, or -CAIRN_CONFIG if
 * the URL is malformed or no more threads can be created. */
int cairn_notifier_open(const char *url, const char *label, const char *channel,
                        struct cairn_notifier **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Sends what was reported and not sent yet, if the database answers within 2 s (3 s more if it has
 * to connect first). No thread may report any more. NULL is fine. */
void cairn_notifier_close(struct cairn_notifier *notifier);

/* Reports that the log has grown to this position, which is committed. Never waits. NULL is
 * fine. */
void cairn_notifier_notify(struct cairn_notifier *notifier, int64_t position);

/* Reports a change that has no position: the receivers read again. */
void cairn_notifier_nudge(struct cairn_notifier *notifier);

#endif
