/* test_fault.c - runs the whole system under load while faults are injected; then the checker
 * verifies everything that was answered.
 *
 *   CAIRN_FAULT_DURATION=20  seconds of faults
 *   CAIRN_FAULT_SEED=n       seed of the random numbers; the scheduling of threads still varies
 *   CAIRN_FAULT_ONLY=name    one kind of fault only (faults.c)
 *
 * A run that fails keeps its files in the build's directory: history.jsonl has all of it, hotel/
 * and school/ the same of the hotel and of the school. */
#include "check/check.h"
#include "field/field.h"

#include "../support/fixture.h"
#include "../support/support.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static int number(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text && *text ? atoi(text) : otherwise;
}

static const char *word(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

/* ---- a run ---- */

static void keep_files(const struct field *field, unsigned seed)
{
    char to[400];
    char command[2000];
    (void)snprintf(to, sizeof to, "%s/fault-%u", getenv("CAIRN_TEST_BUILD"), seed);
    (void)snprintf(command, sizeof command, "rm -rf '%s' && cp -r '%s' '%s' && cp -r '%s/log' '%s'",
                   to, field->files, to, field->shop.run_dir, to);
    if (system(command) == 0)
        print_message("what was asked and answered is kept in %s\n", to);
}

/* Prints the outcomes of the requests, so that a run in which nothing happened is noticed. */
static void print_tally(const struct evidence *evidence)
{
    int classes[6] = {0};
    int keyed = 0, reads = 0, unknown = 0, replayed = 0;
    for (size_t i = 0; i < evidence->request_count; i++) {
        classes[evidence->requests[i].status / 100]++;
        keyed += evidence->requests[i].key != NULL;
        reads += request_reads(&evidence->requests[i]);
        unknown += strcmp(evidence->requests[i].code, "outcome-unknown") == 0;
        replayed += evidence->requests[i].replayed;
    }
    print_message(
        "%zu requests (%d reads, %d with a key): %d done (%d of them before), %d refused, "
        "%d not now (%d unknown), %d without an answer; %zu lines, %zu events, %zu rows\n",
        evidence->request_count, reads, keyed, classes[2] + classes[3], replayed, classes[4],
        classes[5], unknown, classes[0], json_array_size(evidence->history), evidence->event_count,
        json_array_size(evidence->rows));
}

static int lines_of(const json_t *lines, const char *member, const char *value)
{
    size_t i;
    const json_t *line;
    int count = 0;
    json_array_foreach(lines, i, line) count += strcmp(member_text(line, member), value) == 0;
    return count;
}

/* Returns how many events belong to categories that are published. */
static int published_of(const struct evidence *evidence)
{
    int count = 0;
    for (size_t i = 0; i < evidence->event_count; i++) {
        const char *stream = evidence->events[i].stream;
        count += strncmp(stream, "user-", 5) == 0 || strncmp(stream, "order-", 6) == 0 ||
                 strncmp(stream, "payment-", 8) == 0;
    }
    return count;
}

static int followed_of(const struct evidence *evidence)
{
    size_t i;
    const json_t *line;
    int count = 0;
    json_array_foreach(evidence->bus, i, line) count +=
        strcmp(member_text(line, "reader"), "follower") == 0 &&
        strcmp(member_text(line, "what"), "entry") == 0;
    return count;
}

static int duration_s(void)
{
    return number("CAIRN_FAULT_DURATION", 20);
}

/* Returns how many of something a run needs to be meaningful: this many in a minute, fewer in
 * less. */
static int enough(int of_a_minute)
{
    return duration_s() < 60 ? of_a_minute * duration_s() / 60 : of_a_minute;
}

/* Prints what the witnesses saw. Returns whether that was enough for the run to be meaningful. */
static bool print_seen(const struct evidence *evidence)
{
    int live = lines_of(evidence->history, "kind", "live");
    int followed = followed_of(evidence);
    int published = published_of(evidence);
    int generations = lines_of(evidence->generations, "kind", "generation");
    print_message("%d states seen live, %d of %d events read on the bus while it was trimmed, "
                  "%d entries in all, %d generations, %d of them dropped\n",
                  live, followed, published, lines_of(evidence->bus, "what", "entry"), generations,
                  lines_of(evidence->generations, "state", "dropped"));
    int spoiled = lines_of(evidence->history, "kind", "spoiled");
    print_message("%d events that nobody can read, %d looks at a standby that was cut off\n",
                  spoiled, lines_of(evidence->history, "kind", "standby"));
    return live > 0 && followed > published / 2 && generations >= 4 && spoiled > 0;
}

static int done_of(const struct evidence *evidence)
{
    int done = 0;
    for (size_t i = 0; i < evidence->request_count; i++)
        done += evidence->requests[i].status == 200 || evidence->requests[i].status == 201;
    return done;
}

static void print_faults(const struct evidence *evidence)
{
    for (int i = 0; i < fault_count; i++) {
        size_t k;
        json_t *line;
        int count = 0;
        json_array_foreach(evidence->history, k, line) count +=
            strcmp(member_text(line, "kind"), "fault") == 0 &&
            strcmp(member_text(line, "name"), faults[i].name) == 0 &&
            strcmp(member_text(line, "what"), "healed") != 0 &&
            strcmp(member_text(line, "what"), "it cannot be done now") != 0;
        print_message("%s %d%s", faults[i].name, count, i + 1 < fault_count ? ", " : "\n");
    }
}

static int types_of(const struct evidence *evidence, const char *type, const char *status)
{
    int count = 0;
    for (size_t i = 0; i < evidence->event_count; i++) {
        const struct event *event = &evidence->events[i];
        count += strcmp(event->type, type) == 0 &&
                 (!status || strcmp(member_text(event->data, "status"), status) == 0);
    }
    return count;
}

/* Returns how many reservations that had waited were served. */
static int served_of(const struct evidence *evidence)
{
    int count = 0;
    for (size_t i = 0; i < evidence->event_count; i++)
        count += strcmp(evidence->events[i].type, "ReservationHeld") == 0 &&
                 evidence->events[i].version > 1;
    return count;
}

/* Prints what happened in the hotel. Returns whether that was enough for the run to be
 * meaningful. */
static bool print_hotel(const struct evidence *evidence)
{
    int refused = lines_of(evidence->history, "code", "claimed");
    int expired = types_of(evidence, "ReservationReleased", "expired");
    int served = served_of(evidence);
    int posts = lines_of(evidence->history, "kind", "post");
    print_message("the hotel: %d rooms, %d reservations held, %d times refused for taken nights, "
                  "%d waited and %d of them were served, %d expired, %d confirmed, %d posts\n",
                  types_of(evidence, "RoomAdded", NULL),
                  types_of(evidence, "ReservationHeld", NULL), refused,
                  types_of(evidence, "ReservationQueued", NULL), served, expired,
                  types_of(evidence, "ReservationConfirmed", NULL), posts);
    return refused > enough(20) && served > 0 && expired > 0 && posts > 0;
}

/* Prints what happened in the school. Returns whether that was enough for the run to be
 * meaningful. */
static bool print_school(const struct evidence *evidence)
{
    int full = lines_of(evidence->history, "code", "course-full");
    int many = lines_of(evidence->history, "code", "too-many-courses");
    int by_hand = lines_of(evidence->history, "outcome", "committed");
    print_message(
        "the school: %d courses, %d subscriptions and %d ends of one, %d transactions of "
        "registrars, %d times refused for a full course, %d times for too many; %zu tags\n",
        types_of(evidence, "CourseDefined", NULL), types_of(evidence, "StudentSubscribed", NULL),
        types_of(evidence, "StudentUnsubscribed", NULL), by_hand, full, many,
        json_array_size(evidence->tags));
    return full > enough(20) && by_hand > 0 && (many > 0 || duration_s() < 60);
}

/* Reads the evidence in this directory, checks it, and prints it by `print`, which returns whether
 * the run was meaningful. Returns the number of violations. */
static int examine(const char *directory,
                   void (*check)(struct evidence *evidence, struct verdict *verdict),
                   bool (*print)(const struct evidence *evidence), bool *ret_meaningful)
{
    struct evidence evidence;
    struct verdict verdict = {0};
    assert_int_equal(evidence_read(&evidence, directory), 0);
    check(&evidence, &verdict);
    print_tally(&evidence);
    *ret_meaningful = print(&evidence) && done_of(&evidence) > enough(100);
    evidence_close(&evidence);
    verdict_print(&verdict, stderr);
    return verdict.count;
}

static bool print_shop(const struct evidence *evidence)
{
    print_faults(evidence);
    return print_seen(evidence);
}

static void examine_all(const struct field *field, unsigned seed)
{
    bool shop, hotel, school; /* whether each run was meaningful */
    int violations = examine(field->files, check_evidence, print_shop, &shop) +
                     examine(field->hotel_files, check_hotel, print_hotel, &hotel) +
                     examine(field->school_files, check_school, print_school, &school);
    if (violations || !shop || !hotel || !school)
        keep_files(field, seed);
    if (violations)
        fail_msg("SEED=%u: %d violations", seed, violations);
    assert_true(shop);
    assert_true(hotel);
    assert_true(school);
}

static void answers_hold_under_faults(void **state)
{
    (void)state;
    static struct field field;
    int run_s = duration_s();
    unsigned seed = (unsigned)number("CAIRN_FAULT_SEED", (int)(history_now_us() % 1000000));
    print_message("SEED=%u DURATION=%d\n", seed, run_s);
    (void)signal(SIGPIPE, SIG_IGN);
    field_open(&field, seed);
    load_start(&field.stage);
    load_start(&field.hotel);
    load_start(&field.school);
    load_watch(&field.stage);
    int64_t until = fixture_now_ms() + run_s * 1000LL;
    while (fixture_now_ms() < until) {
        rest_us(200000 + dice(&field.random, 800000)); /* undisturbed for a while */
        faults_strike(&field, word("CAIRN_FAULT_ONLY"), run_s * 1000 / 12);
    }
    rest_us(1000000); /* and undisturbed at the end */
    field_finish(&field);
    examine_all(&field, seed);
    field_close(&field);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_hold_under_faults),
    };
    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
