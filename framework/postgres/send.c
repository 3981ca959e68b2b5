/* send.c - calls in two steps: a statement is sent, and its answer taken when it has come. */
#include "postgres/connection.h"

#include "core/threads/clock.h"

bool cairn_pg_is_idle_for(struct cairn_pg *pg, const struct cairn_statement *statement)
{
    if (!pg->conn || PQtransactionStatus(pg->conn) != PQTRANS_IDLE ||
        !cairn_map_get(&pg->prepared, statement->name))
        return false;
    if (!cairn_pg_was_closed(pg))
        return true;
    cairn_pg_drop(pg); /* it was idle: the next call opens another */
    return false;
}

bool cairn_pg_send(struct cairn_pg *pg, const struct cairn_statement *statement,
                   const struct cairn_pg_params *params)
{
    pg->sent = false;
    pg->state[0] = '\0';
    if (!cairn_pg_is_idle_for(pg, statement))
        return false;
    if (cairn_pg_send_statement(pg, statement, params, false, NULL))
        return false;
    pg->answer_by_us = cairn_monotonic_us() + pg->deadline_us;
    (void)PQflush(pg->conn); /* what is left, or a failure, is cairn_pg_has_answered()'s */
    return true;
}

struct pollfd cairn_pg_awaited(struct cairn_pg *pg)
{
    bool is_unsent = PQflush(pg->conn) > 0;
    return (struct pollfd){.fd = PQsocket(pg->conn),
                           .events = (short)(is_unsent ? POLLIN | POLLOUT : POLLIN)};
}

int64_t cairn_pg_answer_by_us(const struct cairn_pg *pg)
{
    return pg->answer_by_us;
}

bool cairn_pg_has_answered(struct cairn_pg *pg)
{
    if (!PQconsumeInput(pg->conn))
        return true;
    int unsent = PQflush(pg->conn);
    return unsent < 0 || (unsent == 0 && cairn_pg_collect(pg)) ||
           cairn_monotonic_us() >= pg->answer_by_us;
}

int64_t cairn_pg_take_answer(struct cairn_pg *pg, struct cairn_pg_result **ret,
                             struct cairn_error *error)
{
    PGresult *rows = NULL;
    int failed = cairn_pg_finish(pg, &rows, error);
    if (failed)
        return failed;
    *ret = cairn_pg_wrap(rows);
    return PQntuples(rows);
}
