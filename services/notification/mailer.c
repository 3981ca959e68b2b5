/* mailer.c - hands messages to the mail server. */
#include "mailer.h"

#include <stdlib.h>
#include <string.h>

#define SUBMISSIONS_MAX "2"
#define ATTEMPTS_MAX "30" /* about 19 hours, as the pauses grow */
#define MAIL_DEADLINE_US CAIRN_SECONDS(20)

struct cairn_target mail_server = {
    .name = "mail", .deadline_us = MAIL_DEADLINE_US, .concurrency = 4};
const char *mail_from;
int64_t mail_patience_s;

/* Messages to one mailbox are sent in order; mailboxes do not wait for each other.
 *
 * A message that may already have been accepted SUBMISSIONS_MAX times is parked, not sent again. */
static const char park_sql[] =
    "update notification.messages set status = 'parked', settled_at = clock_timestamp(),"
    "     problem = 'it is not known whether the mail server has accepted it'"
    " where status = 'sending' and submissions >= " SUBMISSIONS_MAX
    "     and due_at <= clock_timestamp()";

static const char take_sql[] =
    "update notification.messages m set status = 'sending', submissions = m.submissions + 1,"
    "     due_at = clock_timestamp() + make_interval(secs => $1::int)"
    " where m.event_id = (select n.event_id from notification.messages n"
    "     where n.status in ('waiting', 'sending') and n.due_at <= clock_timestamp()"
    "         and n.submissions < " SUBMISSIONS_MAX
    "         and not exists (select from notification.messages b where b.email = n.email"
    "             and b.seq < n.seq and b.status in ('waiting', 'sending'))"
    "     order by n.due_at, n.seq limit 1 for update skip locked)"
    " returning m.event_id, m.email, m.message, m.submissions";

/* All but sent_sql apply only if no other process has taken the message meanwhile. */
#define STILL_MINE " where event_id = $1::uuid and status = 'sending' and submissions = $2::int"
static const char sent_sql[] =
    "update notification.messages set status = 'sent', problem = null,"
    "     settled_at = clock_timestamp() where event_id = $1::uuid and $2::int > 0";
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

/* Returns the statement that records the mail server's answer. */
static const char *record_sql(int failed)
{
    switch (-failed) {
    case CAIRN_OK:
        return sent_sql;
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

static enum cairn_outcome hand_over(struct cairn_sql *sql, const char *const *cells,
                                    struct cairn_error *error)
{
    struct cairn_error why = {0};
    const struct cairn_mail mail = {
        .from = mail_from, .to = cells[1], .message = cells[2], .message_bytes = strlen(cells[2])};
    int failed = cairn_outbound_mail(&mail_server, &mail, &why);
    const char *const values[] = {cells[0], cells[3], why.message};
    int64_t done = cairn_sql_run(sql, record_sql(failed), values, failed ? 3 : 2, error);
    if (done < 0)
        return CAIRN_TRY_AGAIN;
    if (failed == 0 || failed == -CAIRN_REFUSED || failed == -CAIRN_INVALID ||
        failed == -CAIRN_BUSY)
        return CAIRN_DONE;
    *error = why;
    return CAIRN_TRY_AGAIN;
}

enum cairn_outcome mailer_work(struct cairn_sql *sql, struct cairn_error *error)
{
    const char *const *cells = NULL;
    if (cairn_sql_run(sql, park_sql, NULL, 0, error) < 0)
        return CAIRN_TRY_AGAIN;
    int64_t taken = cairn_sql_get(sql, take_sql,
                                  CAIRN_VALUES(cairn_sql_print(sql, "%" PRId64, mail_patience_s)),
                                  &cells, error);
    return taken > 0 ? hand_over(sql, cells, error) : CAIRN_TRY_AGAIN;
}
