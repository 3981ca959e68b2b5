/* mailer.h - takes messages from the table and hands them to the mail server.
 *
 *     waiting --taken--> sending --accepted--> sent
 *        ^                 |  `--refused, or nobody knows for the second time--> parked
 *        `--not accepted---'
 *
 * That a message is being handed over is committed first, with how often that was done. Whoever
 * dies or loses the connection before he has heard the answer leaves it at `sending`; it is handed
 * over once more after a while, and then parked. So a message may come twice, and never three
 * times. */
#ifndef NOTIFICATION_MAILER_H
#define NOTIFICATION_MAILER_H

#include <cairn/consumer.h>
#include <cairn/outbound.h>

extern struct cairn_target mail_server;
extern const char *mail_from;   /* the envelope's sender */
extern int64_t mail_patience_s; /* with a message that is being sent, and nobody says more */

/* Hands one message over. CAIRN_DONE if there may be another. */
enum cairn_outcome mailer_work(struct cairn_sql *sql, struct cairn_error *error);

#endif
