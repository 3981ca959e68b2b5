/* mailer.c - hands messages to the mail server. */
#include "mailer.h"

#include <stdio.h>
#include <string.h>

#define SUBMISSIONS_MAX "2"
#define MAILBOXES "10"    /* looked at in one statement; a crash repeats at most so many messages */
#define ATTEMPTS_MAX "30" /* about 19 hours, as the pauses grow */
#define MAIL_DEADLINE_S "20"
#define MAIL_DEADLINE_US CAIRN_SECONDS(20)

struct cairn_target mail_server = {
    .name = "mail", .deadline_us = MAIL_DEADLINE_US, .concurrency = 4};
const char *mail_from;
int64_t mail_patience_s;

/* Messages to one mailbox are sent in order; mailboxes do not wait for each other.
 *
 * The mailer goes from mailbox to mailbox, in the order of their addresses, and takes the first
 * message of each that is due, a few at once. After the last mailbox it begins again with the
 * first.
 *
 * A message that may already have been accepted SUBMISSIONS_MAX times is parked, not sent again. */
static const char take_sql[] =
    "select reached, event_id, email, message, submissions, traceparent from notification.take_messages("
    "$1, " MAILBOXES ", " SUBMISSIONS_MAX ", $2::integer, " MAIL_DEADLINE_S ")";
enum { REACHED, EVENT_ID, EMAIL, MESSAGE, SUBMISSIONS, TRACEPARENT, CELLS };

static const char sent_sql[] = "select notification.messages_sent($1::uuid[])";

/* The others apply only if no other process has taken the message meanwhile. */
#define STILL_MINE " where event_id = $1::uuid and status = 'sending' and submissions = $2::int"
static const char parked_sql[] = "update notification.messages set status = 'parked', problem = $3,"
                                 "     settled_at = clock_timestamp()" STILL_MINE;
static const char again_sql[] =
    "update notification.messages set status = 'waiting', submissions = submissions - 1,"
    "     problem = $3, due_at = clock_timestamp() + interval '2 seconds'" STILL_MINE;
static const char later_sql[] =
    "update notification.messages set submissions = submissions - 1, problem = $3,"
    "     attempts = attempts + 1,"
    "     status = case when attempts + 1 >= " ATTEMPTS_MAX " then 'parked' else 'waiting' end,"
    "     settled_at = case when attempts + 1 >= " ATTEMPTS_MAX " then clock_timestamp() end,"
    "     due_at = clock_timestamp()"
    "         + least(interval '1 hour', interval '1 second' * 2 ^ least(attempts + 1, "
    "12))" STILL_MINE;
static const char unknown_sql[] =
    "update notification.messages set problem = $3,"
    "     due_at = clock_timestamp() + interval '1 second'" STILL_MINE;

/* Returns the statement that records a failure. */
static const char *failure_sql(int failed)
{
    switch (-failed) {
    case CAIRN_REFUSED:
    case CAIRN_INVALID:
        return parked_sql;
    case CAIRN_UNKNOWN:
        return unknown_sql;
    case CAIRN_BUSY: /* this mailbox only; others may be accepted */
        return later_sql;
    default: /* it was not sent */
        return again_sql;
    }
}

/* Returns whether the mail server can be expected to accept the next message. */
static bool is_about_one(int failed)
{
    return failed == -CAIRN_REFUSED || failed == -CAIRN_INVALID || failed == -CAIRN_BUSY;
}

static int send_row(const char *const *cells, struct cairn_error *error)
{
    const struct cairn_mail mail = {.from = mail_from,
                                    .to = cells[EMAIL],
                                    .message = cells[MESSAGE],
                                    .message_bytes = strlen(cells[MESSAGE]),
                                    .traceparent = cells[TRACEPARENT]};
    return cairn_outbound_mail(&mail_server, &mail, error);
}

/* Sends the messages, and records the answers. After one by which the mail server seems to be away,
 * the others are not sent. */
static enum cairn_outcome hand_over(struct cairn_sql *sql, const char *const *cells, int64_t count,
                                    struct cairn_error *error)
{
    struct cairn_error why = {0};
    const char *sent = "";
    int away = 0;
    int64_t done = 0;
    for (int64_t i = 0; i < count && done >= 0; i++, cells += CELLS) {
        struct cairn_error refused = {0};
        int failed = away ? -CAIRN_UNAVAILABLE : send_row(cells, &refused);
        if (!failed) {
            sent = cairn_sql_print(sql, "%s%s%s", sent, *sent ? "," : "", cells[EVENT_ID]);
            continue;
        }
        if (!away)
            why = refused;
        if (!is_about_one(failed))
            away = failed;
        done = cairn_sql_run(sql, failure_sql(failed),
                             CAIRN_VALUES(cells[EVENT_ID], cells[SUBMISSIONS], why.message), error);
    }
    if (done >= 0 && *sent)
        done =
            cairn_sql_run(sql, sent_sql, CAIRN_VALUES(cairn_sql_print(sql, "{%s}", sent)), error);
    if (done >= 0 && away)
        *error = why;
    return done < 0 || away ? CAIRN_TRY_AGAIN : CAIRN_DONE;
}

/* The last mailbox that was looked at, and whether a message was taken since the first: one thread
 * of a process has the mailer's work. */
static char reached[1000];
static bool has_taken;

enum cairn_outcome mailer_work(struct cairn_sql *sql, struct cairn_error *error)
{
    const char *const *cells = NULL;
    int64_t rows = cairn_sql_get(
        sql, take_sql, CAIRN_VALUES(reached, cairn_sql_print(sql, "%" PRId64, mail_patience_s)),
        &cells, error);
    if (rows <= 0)
        return CAIRN_TRY_AGAIN;
    int64_t count = cells[EVENT_ID] ? rows : 0;
    bool is_last = !cells[REACHED];
    bool goes_on = has_taken || count > 0 || !is_last;
    (void)snprintf(reached, sizeof reached, "%s", is_last ? "" : cells[REACHED]);
    has_taken = !is_last && (has_taken || count > 0);
    enum cairn_outcome outcome = hand_over(sql, cells, count, error);
    return outcome == CAIRN_DONE && !goes_on ? CAIRN_TRY_AGAIN : outcome;
}
