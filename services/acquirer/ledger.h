/* ledger.h - the acquirer's transactions, one per line, in an append-only file.
 *
 * Invariants
 *  (1) An acknowledged entry is on disk.
 *  (2) Entries are numbered 1, 2, 3, … in the order of the file.
 *  (3) An incomplete last line, left by a crash, is cut off at the next start; it was not
 *      acknowledged. Damage anywhere else keeps the process from starting.
 *
 * Threads: one lock, which the caller acquires by acquirer_ledger_lock() while it decides and
 * appends, and releases before it waits for the disk: entries appended meanwhile share the
 * next fdatasync. */
#ifndef ACQUIRER_LEDGER_H
#define ACQUIRER_LEDGER_H

#include "dialect.h"

struct acquirer_entry {
    int64_t number;
    struct cairn_time at;
    enum acquirer_function function;
    enum acquirer_result result;
    char reference[ACQUIRER_REFERENCE_SIZE];
    char card[ACQUIRER_CARD_SIZE]; /* of an authorisation, else "" */
    struct acquirer_money money;
};

/* Opens or creates the file and calls `each` for every entry. Returns 0, or -CAIRN_CONFIG if it
 * cannot be read, is damaged or is in use by another process. */
int acquirer_ledger_open(const char *path, void (*each)(const struct acquirer_entry *entry),
                         struct cairn_error *error) CAIRN_CHECKED;
void acquirer_ledger_close(void);

void acquirer_ledger_lock(void);
void acquirer_ledger_unlock(void);

/* Writes an entry and sets its number and time. Called under the lock. Returns false if the file
 * cannot be written; nothing has changed then. */
bool acquirer_ledger_append(struct acquirer_entry *entry) CAIRN_CHECKED;

/* Waits until all entries up to this number are on disk. Not called under the lock. Returns false
 * if that fails: what is on disk is then unknown, and nothing more is written. */
bool acquirer_ledger_sync(int64_t number) CAIRN_CHECKED;

/* Copies up to `max` entries after the number `after`. Returns how many. */
size_t acquirer_ledger_read(int64_t after, struct acquirer_entry *ret, size_t max);

#endif
