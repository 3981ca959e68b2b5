/* ledger.h - what the acquirer has done, one line each, in a file that is only appended to.
 *
 * Invariants
 *  (1) An entry that was acknowledged is on the disk.
 *  (2) Entries are numbered 1, 2, 3, … in the order of the file.
 *  (3) A line that was not finished when the process died is cut off at the next start; it was not
 *      acknowledged. Damage anywhere else keeps the process from starting.
 *
 * Threads: one lock, which the caller holds by acquirer_ledger_lock() while he decides and appends,
 * and gives back before he waits for the disk: entries that come meanwhile share the next
 * fdatasync. */
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

/* Opens or makes the file and calls `each` for every entry. Returns 0, or -CAIRN_CONFIG if it
 * cannot be read, is damaged or in use by another process. */
int acquirer_ledger_open(const char *path, void (*each)(const struct acquirer_entry *entry),
                         struct cairn_error *error) CAIRN_CHECKED;
void acquirer_ledger_close(void);

void acquirer_ledger_lock(void);
void acquirer_ledger_unlock(void);

/* Under the lock. Writes an entry, whose number and time are filled in. Returns false if the file
 * cannot be written: then nothing has happened. */
bool acquirer_ledger_append(struct acquirer_entry *entry) CAIRN_CHECKED;

/* Not under the lock. Waits until all entries up to this number are on the disk. Returns false if
 * they cannot be brought there: nobody knows then what is, and nothing more is written. */
bool acquirer_ledger_sync(int64_t number) CAIRN_CHECKED;

/* Copies up to `max` entries behind the number `after`. Returns how many. */
size_t acquirer_ledger_read(int64_t after, struct acquirer_entry *ret, size_t max);

#endif
