/* books.c - the payments by reference, folded from the ledger. */
#include "books.h"

#include "ledger.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct payment {
    char reference[ACQUIRER_REFERENCE_SIZE];
    char card[ACQUIRER_CARD_SIZE];
    struct acquirer_money money;
    enum acquirer_standing standing;
    enum acquirer_result declined; /* the reason, if declined */
    int64_t authorised;            /* number of the entry */
    int64_t last;                  /* number of its newest entry */
};

static void *payments; /* a tree by reference; guarded by the ledger's lock */

static int by_reference(const void *a, const void *b)
{
    return strcmp(((const struct payment *)a)->reference, ((const struct payment *)b)->reference);
}

static struct payment *find(const char *reference)
{
    struct payment key = {0};
    memcpy(key.reference, reference, strlen(reference) + 1);
    void *node = tfind(&key, &payments, by_reference);
    return node ? *(struct payment **)node : NULL;
}

static struct payment *begin(const struct acquirer_entry *entry)
{
    struct payment *payment = calloc(1, sizeof *payment);
    if (!payment)
        abort();
    memcpy(payment->reference, entry->reference, sizeof payment->reference);
    memcpy(payment->card, entry->card, sizeof payment->card);
    payment->money = entry->money;
    if (!tsearch(payment, &payments, by_reference))
        abort();
    return payment;
}

/* Applies an entry to its payment. */
static void fold(const struct acquirer_entry *entry)
{
    struct payment *payment = find(entry->reference);
    if (!payment)
        payment = begin(entry);
    payment->last = entry->number;
    switch (entry->function) {
    case ACQUIRER_AUTHORISE:
        payment->standing =
            entry->result == ACQUIRER_APPROVED ? ACQUIRER_AUTHORISED : ACQUIRER_DECLINED;
        payment->declined = entry->result;
        payment->authorised = entry->number;
        break;
    case ACQUIRER_CAPTURE:
        payment->standing = ACQUIRER_CAPTURED;
        break;
    case ACQUIRER_GIVE_BACK:
        payment->standing =
            payment->standing == ACQUIRER_CAPTURED ? ACQUIRER_REFUNDED : ACQUIRER_GIVEN_BACK;
        break;
    case ACQUIRER_INQUIRE:
        break;
    }
}

int acquirer_books_open(const char *path, struct cairn_error *error)
{
    return acquirer_ledger_open(path, fold, error);
}

void acquirer_books_close(void)
{
    tdestroy(payments, free);
    payments = NULL;
    acquirer_ledger_close();
}

/* ---- the rules: what to write, or which result ---- */

static bool is_same_money(struct acquirer_money a, struct acquirer_money b)
{
    return a.minor == b.minor && a.currency == b.currency;
}

/* Returns whether an entry has to be written; `*ret` is the result either way. */
static bool may_authorise(const struct payment *payment, const struct acquirer_request *request,
                          enum acquirer_result card_says, enum acquirer_result *ret)
{
    *ret = card_says;
    if (!payment)
        return true;
    if (payment->authorised == 0)
        *ret = ACQUIRER_INVALID_TRANSACTION;
    else if (!is_same_money(payment->money, request->money) ||
             strcmp(payment->card, request->card) != 0)
        *ret = ACQUIRER_REFERENCE_REUSED;
    else
        *ret = payment->declined; /* the first result: APPROVED if it was not declined */
    return false;
}

static bool may_capture(const struct payment *payment, enum acquirer_result *ret)
{
    *ret = ACQUIRER_APPROVED;
    if (payment->standing == ACQUIRER_AUTHORISED)
        return true;
    bool was_captured =
        payment->standing == ACQUIRER_CAPTURED || payment->standing == ACQUIRER_REFUNDED;
    if (!was_captured)
        *ret = ACQUIRER_INVALID_TRANSACTION;
    return false;
}

static bool may_give_back(const struct payment *payment, enum acquirer_result *ret)
{
    *ret = ACQUIRER_APPROVED;
    if (!payment || payment->standing == ACQUIRER_AUTHORISED ||
        payment->standing == ACQUIRER_CAPTURED)
        return true;
    if (payment->standing == ACQUIRER_DECLINED)
        *ret = ACQUIRER_INVALID_TRANSACTION;
    return false;
}

static bool decide(const struct payment *payment, const struct acquirer_request *request,
                   enum acquirer_result card_says, enum acquirer_result *ret)
{
    if (request->function == ACQUIRER_AUTHORISE)
        return may_authorise(payment, request, card_says, ret);
    if (request->function == ACQUIRER_GIVE_BACK && !payment)
        return may_give_back(payment, ret);
    *ret = payment ? ACQUIRER_APPROVED : ACQUIRER_NO_SUCH_REFERENCE;
    if (!payment || request->function == ACQUIRER_INQUIRE)
        return false;
    if (request->money.currency && !is_same_money(payment->money, request->money)) {
        *ret = ACQUIRER_INVALID_AMOUNT;
        return false;
    }
    return request->function == ACQUIRER_CAPTURE ? may_capture(payment, ret)
                                                 : may_give_back(payment, ret);
}

/* ---- execution ---- */

static bool append(const struct payment *payment, const struct acquirer_request *request,
                   enum acquirer_result result)
{
    struct acquirer_entry entry = {.function = request->function,
                                   .result = result,
                                   .money = payment ? payment->money : request->money};
    memcpy(entry.reference, request->reference, sizeof entry.reference);
    memcpy(entry.card, request->card, sizeof entry.card);
    if (!acquirer_ledger_append(&entry))
        return false;
    fold(&entry);
    return true;
}

struct acquirer_answer acquirer_books_apply(const struct acquirer_request *request,
                                            enum acquirer_result card_says)
{
    struct acquirer_answer answer = {0};
    int64_t last = 0;
    acquirer_ledger_lock();
    const struct payment *payment = find(request->reference);
    if (decide(payment, request, card_says, &answer.result) &&
        !append(payment, request, answer.result))
        answer.result = ACQUIRER_MALFUNCTION;
    payment = find(request->reference);
    if (payment) {
        answer.standing = payment->standing;
        answer.number = payment->authorised;
        answer.money = payment->money;
        last = payment->last;
    }
    acquirer_ledger_unlock();
    /* An entry that another thread has just written is reported only once it is on disk, too. */
    if (!acquirer_ledger_sync(last))
        return (struct acquirer_answer){.result = ACQUIRER_MALFUNCTION};
    return answer;
}
