/* mailer.h - takes messages from the table and hands them to the mail server.
 *
 *     waiting --taken--> sending --accepted--> sent
 *        ^                 |  `--refused, or the outcome is unknown a second time--> parked
 *        `--not accepted---'
 *
 * The status `sending` and the number of submissions are committed before the hand-over. A process
 * that crashes, or loses the connection, before it has received the answer leaves the message at
 * `sending`; after a while it is handed over once more, and then parked. A message may therefore
 * arrive twice, but never three times. */
#ifndef NOTIFICATION_MAILER_H
#define NOTIFICATION_MAILER_H

#include <cairn/consumer.h>
#include <cairn/outbound.h>

extern struct cairn_target mail_server;
extern const char *mail_from;   /* the envelope's sender */
extern int64_t mail_patience_s; /* for a message at `sending` before it is sent again */

/* Hands over one message. Returns CAIRN_DONE if there may be another. */
enum cairn_outcome mailer_work(struct cairn_sql *sql, struct cairn_error *error);

#endif
