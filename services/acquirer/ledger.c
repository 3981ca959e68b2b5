/* ledger.c - an append-only file of forms, with a checksum in each line.
 *
 *   N=1&AT=2026-11-21T07:00:00.000000Z&FN=0100&RC=00&MREF=P-1&TOK=tok_visa&AMT=12.50&CCY=978&SUM=…
 *
 * The lock guards all of `ledger`; a thread releases it while it syncs. */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 1024, SUM_DIGITS = 16 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t synced_more;
    int file; /* -1: closed */
    off_t bytes;
    int64_t synced; /* number of entries on disk */
    bool syncing;   /* a thread is syncing */
    bool broken;
    struct acquirer_entry *entries; /* entry n is at n - 1 */
    int64_t count;
    int64_t capacity;
} ledger = {.lock = PTHREAD_MUTEX_INITIALIZER, .synced_more = PTHREAD_COND_INITIALIZER, .file = -1};

void acquirer_ledger_lock(void)
{
    (void)pthread_mutex_lock(&ledger.lock);
}

void acquirer_ledger_unlock(void)
{
    (void)pthread_mutex_unlock(&ledger.lock);
}

/* ---- lines ---- */

/* FNV-1a, 64 bits: it detects lines torn by a crash; it does not protect against forgery. */
static uint64_t sum_of(const char *text, size_t bytes)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < bytes; i++)
        sum = (sum ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    return sum;
}

/* Appends the number with at least `digits` digits. */
static bool put_number(char *text, const char *name, int digits, int64_t number)
{
    char word[32];
    size_t at = sizeof word - 1;
    word[at] = '\0';
    for (; number > 0 || digits > 0; number /= 10, digits--)
        word[--at] = (char)('0' + number % 10);
    return cairn_form_put(text, LINE_SIZE, name, word + at);
}

static bool write_money(char *text, struct acquirer_money money)
{
    char amount[ACQUIRER_AMOUNT_SIZE];
    if (!money.currency)
        return true;
    return acquirer_amount_write(money, amount) && cairn_form_put(text, LINE_SIZE, "AMT", amount) &&
           put_number(text, "CCY", 3, money.currency);
}

/* Writes the line with its checksum and newline. */
static bool write_line(const struct acquirer_entry *entry, char text[static LINE_SIZE])
{
    char at[CAIRN_TIME_TEXT_SIZE];
    char sum[SUM_DIGITS + 1];
    text[0] = '\0';
    cairn_time_format(entry->at, at);
    bool fits =
        put_number(text, "N", 1, entry->number) && cairn_form_put(text, LINE_SIZE, "AT", at) &&
        put_number(text, "FN", 4, entry->function) && put_number(text, "RC", 2, entry->result) &&
        cairn_form_put(text, LINE_SIZE, "MREF", entry->reference) &&
        cairn_form_put(text, LINE_SIZE, "TOK", entry->card) && write_money(text, entry->money);
    (void)snprintf(sum, sizeof sum, "%016" PRIx64, sum_of(text, strlen(text)));
    fits = fits && cairn_form_put(text, LINE_SIZE - 1, "SUM", sum);
    return fits && strcat(text, "\n") != NULL;
}

static int64_t number_of(const struct cairn_form *form, const char *name)
{
    const char *text = cairn_form_get(form, name);
    return text ? strtoll(text, NULL, 10) : -1;
}

static bool copy_field(const struct cairn_form *form, const char *name, char *ret, size_t size)
{
    const char *text = cairn_form_get(form, name);
    return text && snprintf(ret, size, "%s", text) < (int)size;
}

/* Parses a line without its newline. */
static bool read_line(const char *text, size_t bytes, struct acquirer_entry *ret)
{
    static const char tail[] = "&SUM=";
    enum { TAIL = sizeof tail - 1 + SUM_DIGITS };
    struct cairn_form form;
    if (bytes <= TAIL || memcmp(text + bytes - TAIL, tail, sizeof tail - 1) != 0 ||
        strtoull(text + bytes - SUM_DIGITS, NULL, 16) != sum_of(text, bytes - TAIL) ||
        cairn_form_read(&form, text, bytes, NULL) < 0)
        return false;
    *ret = (struct acquirer_entry){
        .number = number_of(&form, "N"),
        .function = (enum acquirer_function)number_of(&form, "FN"),
        .result = (enum acquirer_result)number_of(&form, "RC"),
    };
    const char *at = cairn_form_get(&form, "AT");
    const char *amount = cairn_form_get(&form, "AMT");
    if (amount) {
        ret->money.currency = (int)number_of(&form, "CCY");
        if (!acquirer_amount_read(amount, ret->money.currency, &ret->money.minor))
            return false;
    }
    return at && cairn_time_parse(at, &ret->at) == 0 &&
           copy_field(&form, "MREF", ret->reference, sizeof ret->reference) &&
           copy_field(&form, "TOK", ret->card, sizeof ret->card);
}

/* ---- memory ---- */

static void remember(const struct acquirer_entry *entry)
{
    if (ledger.count == ledger.capacity) {
        ledger.capacity = ledger.capacity ? 2 * ledger.capacity : 1024;
        ledger.entries = realloc(ledger.entries, (size_t)ledger.capacity * sizeof *ledger.entries);
        if (!ledger.entries)
            abort();
    }
    ledger.entries[ledger.count++] = *entry;
}

size_t acquirer_ledger_read(int64_t after, struct acquirer_entry *ret, size_t max)
{
    size_t count = 0;
    acquirer_ledger_lock();
    for (int64_t i = after > 0 ? after : 0; i < ledger.synced && count < max; i++)
        ret[count++] = ledger.entries[i];
    acquirer_ledger_unlock();
    return count;
}

/* ---- opening ---- */

static int fail_file(struct cairn_error *error, const char *path, const char *what)
{
    return cairn_fail(error, CAIRN_CONFIG, "the ledger %s %s: %s", path, what, strerror(errno));
}

/* Reads all lines. An invalid last line is cut off: the process crashed while writing it. */
static int read_all(const char *path, FILE *file, void (*each)(const struct acquirer_entry *),
                    struct cairn_error *error)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length = 0;
    bool torn = false;
    while (!torn && (length = getline(&line, &size, file)) > 0) {
        struct acquirer_entry entry;
        torn = line[length - 1] != '\n' || !read_line(line, (size_t)length - 1, &entry) ||
               entry.number != ledger.count + 1;
        if (torn)
            break;
        remember(&entry);
        each(&entry);
        ledger.bytes += length;
    }
    bool more = torn && getline(&line, &size, file) > 0;
    bool failed = ferror(file) != 0;
    free(line);
    if (failed)
        return fail_file(error, path, "cannot be read");
    if (more)
        return cairn_fail(error, CAIRN_CONFIG, "the ledger %s is damaged behind entry %" PRId64,
                          path, ledger.count);
    return 0;
}

static int read_file(const char *path, void (*each)(const struct acquirer_entry *),
                     struct cairn_error *error)
{
    int copy = dup(ledger.file);
    FILE *file = copy >= 0 ? fdopen(copy, "r") : NULL;
    if (!file)
        return fail_file(error, path, "cannot be read");
    int failed = read_all(path, file, each, error);
    (void)fclose(file);
    if (!failed && (ftruncate(ledger.file, ledger.bytes) != 0 || fsync(ledger.file) != 0))
        failed = fail_file(error, path, "cannot be cut behind its last whole entry");
    return failed;
}

/* Makes the name of a new file durable, too. */
static int sync_directory(const char *path, struct cairn_error *error)
{
    char *copy = strdup(path);
    if (!copy)
        abort();
    int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed =
        directory < 0 || fsync(directory) != 0 ? fail_file(error, path, "cannot be kept") : 0;
    if (directory >= 0)
        (void)close(directory);
    free(copy);
    return failed;
}

int acquirer_ledger_open(const char *path, void (*each)(const struct acquirer_entry *entry),
                         struct cairn_error *error)
{
    ledger.file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (ledger.file < 0)
        return fail_file(error, path, "cannot be opened");
    int failed = flock(ledger.file, LOCK_EX | LOCK_NB) == 0
                     ? 0
                     : fail_file(error, path, "is in use by another process");
    if (!failed)
        failed = read_file(path, each, error);
    if (!failed)
        failed = sync_directory(path, error);
    ledger.synced = ledger.count;
    if (failed)
        acquirer_ledger_close();
    return failed;
}

void acquirer_ledger_close(void)
{
    if (ledger.file >= 0)
        (void)close(ledger.file);
    free(ledger.entries);
    ledger.entries = NULL;
    ledger.file = -1;
    ledger.bytes = 0;
    ledger.count = ledger.capacity = ledger.synced = 0;
    ledger.broken = false;
}

/* ---- writing ---- */

static struct cairn_time now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_REALTIME, &time);
    return cairn_time_of_unix((int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000);
}

/* Writes the whole line or nothing: a partial line is truncated. */
static bool write_whole(const char *text, size_t bytes)
{
    if (write(ledger.file, text, bytes) == (ssize_t)bytes)
        return true;
    ledger.broken = ftruncate(ledger.file, ledger.bytes) != 0;
    return false;
}

bool acquirer_ledger_append(struct acquirer_entry *entry)
{
    char line[LINE_SIZE];
    entry->number = ledger.count + 1;
    entry->at = now();
    if (ledger.broken || !write_line(entry, line) || !write_whole(line, strlen(line)))
        return false;
    ledger.bytes += (off_t)strlen(line);
    remember(entry);
    return true;
}

/* Called under the lock, which is released during the sync. */
static void sync_once(void)
{
    int64_t upto = ledger.count;
    int file = ledger.file;
    ledger.syncing = true;
    acquirer_ledger_unlock();
    bool done = fdatasync(file) == 0;
    acquirer_ledger_lock();
    ledger.syncing = false;
    if (done)
        ledger.synced = upto;
    else
        ledger.broken = true;
    (void)pthread_cond_broadcast(&ledger.synced_more);
}

bool acquirer_ledger_sync(int64_t number)
{
    acquirer_ledger_lock();
    while (ledger.synced < number && !ledger.broken) {
        if (ledger.syncing)
            (void)pthread_cond_wait(&ledger.synced_more, &ledger.lock);
        else
            sync_once();
    }
    bool synced = ledger.synced >= number;
    acquirer_ledger_unlock();
    return synced;
}
