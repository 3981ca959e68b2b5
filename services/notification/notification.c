/* notification.c - notifies customers of what happens to their orders.
 *
 * The service consumes users, orders and payments from the bus. It stores the addresses of users;
 * for each event of an order it composes one message, in the transaction that marks the event as
 * handled. mailer.c sends the messages. */
#include "mailer.h"
#include "message.h"

#include "../../projections/order_summary.h"
#include "../../projections/users.h"
#include "../payment/payment.h"
#include "../user/user.h"

#include <cairn/service.h>

#include <stdlib.h>
#include <string.h>

CAIRN_CONSUMER(notification, .work = mailer_work, .attempts = 20);

/* ---- recipients ---- */

static enum cairn_outcome outcome_of(int64_t done)
{
    return done < 0 ? CAIRN_TRY_AGAIN : CAIRN_DONE;
}

static const char *uuid_text(struct cairn_sql *sql, struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    return cairn_sql_print(sql, "%s", text);
}

static const char *number_text(struct cairn_sql *sql, int64_t number)
{
    return cairn_sql_print(sql, "%" PRId64, number);
}

static enum cairn_outcome user_is(const struct users *user, const struct cairn_consumed *delivery,
                                  struct cairn_error *error)
{
    struct cairn_sql *sql = delivery->sql;
    if (!user)
        return CAIRN_DONE;
    return outcome_of(cairn_sql_run(
        sql,
        "insert into notification.customers as c (user_id, email, name, version)"
        " values ($1::uuid, $2, $3, $4::bigint)"
        " on conflict on constraint customers_pkey do update"
        " set email = excluded.email, name = excluded.name, version = excluded.version"
        " where c.version < excluded.version",
        CAIRN_VALUES(uuid_text(sql, user->user_id), user->email, user->name,
                     number_text(sql, delivery->meta->version)),
        error));
}

CAIRN_CONSUME_STATE(notification, user, user_registered, users)
{
    return user_is(state, delivery, error);
}

CAIRN_CONSUME_STATE(notification, user, user_email_changed, users)
{
    return user_is(state, delivery, error);
}

/* ---- messages ---- */

struct notice {
    const char *kind;
    const char *happened; /* of the order: "was paid" */
    const char *text;
    struct cairn_uuid order_id;
    struct cairn_uuid user_id;
};

static enum cairn_outcome compose(const struct notice *notice, const char *const *customer,
                                  const struct cairn_consumed *delivery, struct cairn_error *error)
{
    struct cairn_sql *sql = delivery->sql;
    const char *order = uuid_text(sql, notice->order_id);
    const struct message message = {
        .event_id = uuid_text(sql, delivery->meta->event_id),
        .from = mail_from,
        .email = customer[0],
        .name = customer[1],
        .subject = cairn_sql_print(sql, "Your order %s %s", order, notice->happened),
        .text = notice->text,
        .at = delivery->meta->recorded_at,
    };
    if (!message_address_is_plain(message.email)) {
        (void)cairn_fail(error, CAIRN_INVALID, "not a valid address: %s", message.email);
        return CAIRN_GIVE_UP;
    }
    return outcome_of(cairn_sql_run(
        sql,
        "insert into notification.messages"
        " (event_id, kind, about, email, message, traceparent)"
        " values ($1::uuid, $2, $3, $4, $5, $6) on conflict do nothing",
        CAIRN_VALUES(message.event_id, notice->kind, delivery->meta->stream, message.email,
                     message_write(sql, &message), delivery->traceparent),
        error));
}

/* The user's registration may not have arrived yet: only events of the same stream are ordered. */
static enum cairn_outcome notify(const struct notice *notice, const struct cairn_consumed *delivery,
                                 struct cairn_error *error)
{
    const char *const *cells = NULL;
    int64_t found = cairn_sql_get(
        delivery->sql, "select email, name from notification.customers where user_id = $1::uuid",
        CAIRN_VALUES(uuid_text(delivery->sql, notice->user_id)), &cells, error);
    if (found == 0)
        (void)cairn_fail(error, CAIRN_NOT_FOUND, "the customer is not known yet");
    return found > 0 ? compose(notice, cells, delivery, error) : CAIRN_TRY_AGAIN;
}

static enum cairn_outcome send_notice(const struct order_summary *order, const char *kind,
                                      const char *happened, const char *text,
                                      const struct cairn_consumed *delivery,
                                      struct cairn_error *error)
{
    const struct notice notice = {.kind = kind,
                                  .happened = happened,
                                  .text = text,
                                  .order_id = order->order_id,
                                  .user_id = order->user_id};
    return notify(&notice, delivery, error);
}

static const char *price(const struct order_summary *order, struct cairn_sql *sql)
{
    return message_money(sql, order->total, order->currency);
}

CAIRN_CONSUME_STATE(notification, order, order_placed, order_summary)
{
    struct cairn_sql *sql = delivery->sql;
    if (cairn_sql_run(sql,
                      "insert into notification.orders (order_id, user_id, currency, total)"
                      " values ($1::uuid, $2::uuid, $3, $4::bigint) on conflict do nothing",
                      CAIRN_VALUES(uuid_text(sql, state->order_id), uuid_text(sql, state->user_id),
                                   state->currency, number_text(sql, state->total)),
                      error) < 0)
        return CAIRN_TRY_AGAIN;
    return send_notice(
        state, "placed", "was placed",
        cairn_sql_print(sql, "we have your order of %s. Thank you.", price(state, sql)), delivery,
        error);
}

CAIRN_CONSUME_STATE(notification, order, order_paid, order_summary)
{
    return send_notice(state, "paid", "was paid",
                       cairn_sql_print(delivery->sql, "your payment of %s is settled.",
                                       price(state, delivery->sql)),
                       delivery, error);
}

CAIRN_CONSUME_STATE(notification, order, order_shipped, order_summary)
{
    return send_notice(state, "shipped", "was shipped",
                       cairn_sql_print(delivery->sql, "your parcel is with %s, number %s.",
                                       state->carrier ? state->carrier : "the carrier",
                                       state->tracking ? state->tracking : "unknown"),
                       delivery, error);
}

CAIRN_CONSUME_STATE(notification, order, order_cancelled, order_summary)
{
    return send_notice(
        state, "cancelled", "was cancelled",
        cairn_sql_print(delivery->sql, "your order was cancelled: %s",
                        state->cancel_reason ? state->cancel_reason : "no reason given"),
        delivery, error);
}

/* ---- payments ---- */

/* A payment names its order; the order's user was stored when the order was placed. */
CAIRN_CONSUME(notification, payment, payment_declined)
{
    struct cairn_sql *sql = delivery->sql;
    const char *const *cells = NULL;
    struct notice notice = {
        .kind = "declined", .happened = "could not be paid", .order_id = event->order_id};
    int64_t found = cairn_sql_get(
        sql, "select user_id, total, currency from notification.orders where order_id = $1::uuid",
        CAIRN_VALUES(uuid_text(sql, event->order_id)), &cells, error);
    if (found == 0)
        (void)cairn_fail(error, CAIRN_NOT_FOUND, "the order is not known yet");
    if (found <= 0 || cairn_uuid_parse(cells[0], &notice.user_id) < 0)
        return CAIRN_TRY_AGAIN;
    notice.text =
        cairn_sql_print(sql, "your payment of %s was declined: %s",
                        message_money(sql, strtoll(cells[1], NULL, 10), cells[2]), event->reason);
    return notify(&notice, delivery, error);
}

/* ---- the service ---- */

static const struct cairn_setting settings[] = {
    {.name = "CAIRN_SMTP_URL",
     .fallback = "smtp://127.0.0.1:1025",
     .unit = "URL",
     .secret = true,
     .text = &mail_server.url,
     .help = "the mail server that takes messages: smtp:// or smtps://, with name and password"},
    {.name = "CAIRN_SMTP_FROM",
     .fallback = "shop@cairn.example",
     .unit = "address",
     .text = &mail_from,
     .help = "the sender of messages"},
    {.name = "CAIRN_SMTP_PATIENCE_S",
     .fallback = "60",
     .unit = "s",
     .number = &mail_patience_s,
     .min = 1,
     .max = 3600,
     .help = "when a message of unknown outcome is sent once more; more than 20 s"},
    {0},
};

static int check_sender(struct cairn_error *error)
{
    return message_address_is_plain(mail_from)
               ? 0
               : cairn_fail(error, CAIRN_CONFIG, "CAIRN_SMTP_FROM is not an address: %s",
                            mail_from);
}

static void close_mail(void)
{
    cairn_target_close(&mail_server);
}

const struct cairn_service notification_service = {
    .name = "notification",
    .port = 8004,
    .help = "tells customers by mail what has become of their orders",
    .consumers = {&notification_consumer},
    .settings = settings,
    .start = check_sender,
    .stop = close_mail,
};
