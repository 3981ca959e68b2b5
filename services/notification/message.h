/* message.h - a formatted message to a customer (RFC 5322): headers, and a body in quoted-printable
 * (RFC 2045). It is written once, from its event, and never changed. Its Message-ID is made from
 * the event's id, so that a recipient can recognise a duplicate. */
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

/* Returns whether the address may be put into a header: its origin is not trusted. */
bool message_address_is_plain(const char *address);

/* Returns the whole message. It lives as long as the delivery. */
const char *message_write(struct cairn_sql *sql, const struct message *message);

/* Returns "21.00 EUR". Assumes that all currencies have two decimals. */
const char *message_money(struct cairn_sql *sql, int64_t minor, const char *currency);

#endif
