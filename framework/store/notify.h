/* notify.h - telling those who follow the log (follow.h) that it has grown, or those who wait for
 * a read model that its checkpoint has moved.
 *
 * A notification takes a lock of the whole cluster when its transaction commits, which is why it is
 * no part of the append's: a thread of its own sends it afterwards, one at a time, at most some 200
 * a second, and always the newest position. It is a hint that saves a reader up to a second;
 * nothing depends on it, so that nothing waits for it and a failure disturbs nobody: an outage is
 * logged once.
 *
 * Threads: any thread may tell; one opens and closes. */
#ifndef CAIRN_STORE_NOTIFY_H
#define CAIRN_STORE_NOTIFY_H

#include <cairn/error.h>

struct cairn_notifier;

/* The channels: of the log's head, and of the read models' checkpoints. */
#define CAIRN_CHANNEL_LOG "cairn"
#define CAIRN_CHANNEL_READ "cairn_read"

/* Connects when there is something to tell. Both texts but the URL are borrowed. Returns 0, or
 * -CAIRN_CONFIG if the URL makes no sense or there can be no more threads. */
int cairn_notifier_open(const char *url, const char *label, const char *channel,
                        struct cairn_notifier **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Sends what was told and not sent yet, if the database answers within 2 s (3 s more where it has
 * to be connected to first). Nobody may tell any more. NULL is fine. */
void cairn_notifier_close(struct cairn_notifier *notifier);

/* The log has grown up to this position, and that is committed. Never waits. NULL is fine. */
void cairn_notifier_tell(struct cairn_notifier *notifier, int64_t position);

/* The same where no number says what is new: something has moved, look. */
void cairn_notifier_nudge(struct cairn_notifier *notifier);

#endif
