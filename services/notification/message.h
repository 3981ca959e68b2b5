/* message.h - a message to a customer, as it goes out (RFC 5322): headers, and a body in
 * quoted-printable (RFC 2045). Written once, from the event that it tells of, and never again, so
 * that whoever gets it twice can see that it is one: its Message-ID is made from the event's id. */
#ifndef NOTIFICATION_MESSAGE_H
#define NOTIFICATION_MESSAGE_H

#include <cairn/sql.h>

struct message {
    const char *event_id;
    const char *from;
    const char *email;
    const char *name;
    const char *subject; /* ASCII */
    const char *text;    /* UTF-8, lines ended by "\n" */
    struct cairn_time at;
};

/* Can this stand in a header? What is there may have come from anywhere. */
bool message_address_is_plain(const char *address);

/* The whole message. Lives as long as the delivery. */
const char *message_write(struct cairn_sql *sql, const struct message *message);

/* "21.00 EUR". All currencies are taken to have hundredths. */
const char *message_money(struct cairn_sql *sql, int64_t minor, const char *currency);

#endif
