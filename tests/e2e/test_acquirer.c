/* test_acquirer.c - the simulated acquirer and its adapter (cards): killed, restarted, made to
 * misbehave. The ledger proves that no card was charged twice. */
#include "../../services/payment/cards.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/support.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000, TEXT_SIZE = 1024 };

static const char form_header[] = "Content-Type: application/x-www-form-urlencoded\r\n";
static struct child acquirer;
static char ledger_path[512];
static char url[64];
static int port;

/* ---- the process ---- */

static void start_process(struct child *child, int at_port)
{
    char binary[512], log[600], port_text[20], ledger[600];
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-acquirer", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(log, sizeof log, "%s.%d.log", ledger_path, at_port);
    (void)snprintf(port_text, sizeof port_text, "PORT=%d", at_port);
    (void)snprintf(ledger, sizeof ledger, "CAIRN_ACQUIRER_LEDGER=%s", ledger_path);
    const char *const argv[] = {binary, NULL};
    const char *const env[] = {ledger, port_text, "CAIRN_ACQUIRER_HOLD_MS=4000",
                               "CAIRN_ACQUIRER_SLOW_MS=1500", NULL};
    assert_int_equal(child_start(child, argv, env, log), 0);
}

static void start(void)
{
    start_process(&acquirer, port);
    fixture_wait_http(port, "/readyz", PATIENCE_MS);
}

/* Each test has its own ledger. */
static int setup(void **state)
{
    static int number;
    (void)state;
    (void)snprintf(ledger_path, sizeof ledger_path, "%s/ledger-%d-%d", getenv("CAIRN_TEST_SERVERS"),
                   (int)getpid(), ++number);
    port = fixture_free_port();
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    *cards_settings[0].text = url;
    *cards_settings[1].number = 20000;
    start();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cards_close();
    child_kill(&acquirer, SIGKILL);
    return 0;
}

/* ---- requests ---- */

/* Returns the status, or an http_failure. */
static int post(const char *path, const char *body, char ret[static TEXT_SIZE])
{
    struct http_reply reply;
    int failed =
        http_send(port, "POST", path, form_header, body, strlen(body), &reply, PATIENCE_MS);
    int status = failed ? failed : reply.status;
    ret[0] = '\0';
    if (!failed)
        (void)snprintf(ret, TEXT_SIZE, "%s", reply.body);
    http_reply_free(&reply);
    return status;
}

static int authorise(const char *reference, char ret[static TEXT_SIZE])
{
    char body[300];
    (void)snprintf(body, sizeof body, "FN=0100&MREF=%s&TOK=tok_visa&AMT=12.50&CCY=978", reference);
    return post("/gateway", body, ret);
}

static void set_mode(const char *mode)
{
    char answer[TEXT_SIZE];
    assert_int_equal(post("/admin/mode", mode, answer), 200);
}

/* Returns the whole ledger, read page by page. The caller frees it. */
static char *read_ledger(void)
{
    char *all = calloc(1, 1);
    char path[64] = "/ledger";
    for (;;) {
        struct http_reply reply;
        assert_int_equal(http_send(port, "GET", path, NULL, NULL, 0, &reply, PATIENCE_MS), 0);
        assert_int_equal(reply.status, 200);
        all = realloc(all, strlen(all) + reply.body_bytes + 1);
        assert_non_null(all);
        strcat(all, reply.body);
        const char *next = strstr(reply.body, "],\"next\":");
        assert_non_null(next);
        bool more = next[9] != 'n';
        (void)snprintf(path, sizeof path, "/ledger?after=%s", next + 9);
        path[strcspn(path, "}")] = '\0';
        http_reply_free(&reply);
        if (!more)
            return all;
    }
}

static int occurrences(const char *text, const char *wanted)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, wanted)); at += strlen(wanted))
        count++;
    return count;
}

/* Returns how many entries of this function and result a reference has. */
static int charges(const char *ledger, const char *function, const char *result,
                   const char *reference)
{
    char wanted[200];
    (void)snprintf(wanted, sizeof wanted,
                   "\"function\":\"%s\",\"result\":\"%s\",\"reference\":\"%s\"", function, result,
                   reference);
    return occurrences(ledger, wanted);
}

static void expect_charges(const char *reference, int wanted)
{
    char *ledger = read_ledger();
    assert_int_equal(charges(ledger, "0100", "00", reference), wanted);
    free(ledger);
}

/* ---- one reference, one charge ---- */

static void a_repeated_reference_gets_its_first_answer_and_charges_nothing(void **state)
{
    (void)state;
    char first[TEXT_SIZE], again[TEXT_SIZE];
    assert_int_equal(authorise("P-1", first), 200);
    assert_non_null(strstr(first, "RC=00"));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(authorise("P-1", again), 200);
        assert_string_equal(again, first);
    }
    assert_int_equal(post("/gateway", "FN=0100&MREF=P-1&TOK=tok_visa&AMT=12.51&CCY=978", again),
                     200);
    assert_non_null(strstr(again, "RC=94"));
    assert_int_equal(post("/gateway", "FN=0100&MREF=P-1&TOK=tok_other&AMT=12.50&CCY=978", again),
                     200);
    assert_non_null(strstr(again, "RC=94"));
    expect_charges("P-1", 1);
}

enum { SHOOTERS = 8, ROUNDS = 20 };

struct shooter {
    pthread_t thread;
    pthread_barrier_t *barrier;
    char reference[40];
    char answer[TEXT_SIZE];
    int status;
};

static void *shoot(void *context)
{
    struct shooter *shooter = context;
    (void)pthread_barrier_wait(shooter->barrier);
    shooter->status = authorise(shooter->reference, shooter->answer);
    return NULL;
}

static void at_once_with_one_reference_there_is_one_charge(void **state)
{
    (void)state;
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, SHOOTERS), 0);
    for (int round = 0; round < ROUNDS; round++) {
        struct shooter shooters[SHOOTERS] = {0};
        for (int i = 0; i < SHOOTERS; i++) {
            shooters[i].barrier = &barrier;
            (void)snprintf(shooters[i].reference, sizeof shooters[i].reference, "R-%d", round);
            assert_int_equal(pthread_create(&shooters[i].thread, NULL, shoot, &shooters[i]), 0);
        }
        for (int i = 0; i < SHOOTERS; i++) {
            assert_int_equal(pthread_join(shooters[i].thread, NULL), 0);
            assert_int_equal(shooters[i].status, 200);
            assert_string_equal(shooters[i].answer, shooters[0].answer);
        }
        expect_charges(shooters[0].reference, 1);
    }
    (void)pthread_barrier_destroy(&barrier);
}

/* ---- kill -9 ---- */

enum { PAYERS = 6, PAYMENTS_MAX = 4000 };

struct payer {
    pthread_t thread;
    int number;
    _Atomic int acknowledged; /* references 0 … n - 1 */
};

static _Atomic bool stopping;

static void reference_of(const struct payer *payer, int n, char ret[static 40])
{
    (void)snprintf(ret, 40, "K-%d-%d", payer->number, n);
}

/* Pays one reference after the other; repeats a reference until it is answered. */
static void *pay(void *context)
{
    struct payer *payer = context;
    char reference[40], answer[TEXT_SIZE];
    while (!atomic_load(&stopping) && atomic_load(&payer->acknowledged) < PAYMENTS_MAX) {
        reference_of(payer, atomic_load(&payer->acknowledged), reference);
        if (authorise(reference, answer) != 200)
            fixture_nap();
        else if (strstr(answer, "RC=00"))
            atomic_fetch_add(&payer->acknowledged, 1);
    }
    return NULL;
}

static struct payer payers[PAYERS];

static int all_acknowledged(void)
{
    int sum = 0;
    for (int i = 0; i < PAYERS; i++)
        sum += atomic_load(&payers[i].acknowledged);
    return sum;
}

static bool have_come_further(void *context)
{
    return all_acknowledged() >= *(const int *)context;
}

static void what_was_acknowledged_survives_a_kill_and_is_charged_once(void **state)
{
    (void)state;
    atomic_store(&stopping, false);
    for (int i = 0; i < PAYERS; i++) {
        payers[i].number = i;
        assert_int_equal(pthread_create(&payers[i].thread, NULL, pay, &payers[i]), 0);
    }
    for (int round = 0; round < 8; round++) {
        int wanted = all_acknowledged() + 40;
        fixture_wait(have_come_further, &wanted, 2 * PATIENCE_MS, "payments");
        child_kill(&acquirer, SIGKILL);
        start();
    }
    atomic_store(&stopping, true);
    for (int i = 0; i < PAYERS; i++)
        assert_int_equal(pthread_join(payers[i].thread, NULL), 0);
    char *ledger = read_ledger();
    for (int i = 0; i < PAYERS; i++) {
        int count = atomic_load(&payers[i].acknowledged);
        assert_true(count > 0);
        for (int n = 0; n < count; n++) {
            char reference[40];
            reference_of(&payers[i], n, reference);
            assert_int_equal(charges(ledger, "0100", "00", reference), 1);
        }
    }
    free(ledger);
}

/* ---- the ledger's file ---- */

static void append_to_ledger(const char *text)
{
    FILE *file = fopen(ledger_path, "ae");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_line_that_was_not_finished_is_cut_off(void **state)
{
    (void)state;
    static const char *const torn[] = {"N=2&AT=2026-11-21T07%3A00%3A", "N=2\n",
                                       "N=2&FN=0100&SUM=0000000000000000\n", "\n"};
    char answer[TEXT_SIZE];
    assert_int_equal(authorise("P-0", answer), 200);
    for (int i = 0; i < 4; i++) {
        char reference[20];
        child_kill(&acquirer, SIGKILL);
        append_to_ledger(torn[i]);
        start();
        (void)snprintf(reference, sizeof reference, "P-%d", i + 1);
        assert_int_equal(authorise(reference, answer), 200);
    }
    char *ledger = read_ledger();
    assert_int_equal(occurrences(ledger, "\"number\""), 5);
    assert_int_equal(occurrences(ledger, "\"number\":5,"), 1);
    free(ledger);
    for (int i = 0; i < 5; i++) {
        char reference[20];
        (void)snprintf(reference, sizeof reference, "P-%d", i);
        expect_charges(reference, 1);
    }
}

static void damage_in_the_middle_keeps_it_from_starting(void **state)
{
    (void)state;
    char answer[TEXT_SIZE];
    assert_int_equal(authorise("P-1", answer), 200);
    assert_int_equal(authorise("P-2", answer), 200);
    assert_int_equal(child_stop(&acquirer, PATIENCE_MS), 0);
    FILE *file = fopen(ledger_path, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, 45, SEEK_SET), 0);
    assert_int_equal(fputc('#', file), '#');
    assert_int_equal(fclose(file), 0);
    start_process(&acquirer, port);
    assert_int_equal(child_wait(&acquirer, PATIENCE_MS), 64);
}

static void two_processes_do_not_share_a_ledger(void **state)
{
    (void)state;
    struct child second;
    start_process(&second, fixture_free_port());
    assert_int_equal(child_wait(&second, PATIENCE_MS), 64);
    assert_true(child_lives(&acquirer));
}

/* ---- misbehaving ---- */

static void it_misbehaves_as_it_is_told_and_so_often(void **state)
{
    (void)state;
    char answer[TEXT_SIZE];
    set_mode("mode=down&count=2");
    assert_int_equal(authorise("P-1", answer), 503);
    assert_int_equal(post("/gateway", "FN=0600&MREF=P-1", answer), 503);
    assert_int_equal(authorise("P-1", answer), 200);
    set_mode("mode=error&count=1");
    assert_int_equal(authorise("P-2", answer), 500);
    assert_int_equal(post("/gateway", "FN=0600&MREF=P-2", answer), 200);
    assert_non_null(strstr(answer, "RC=25"));
    set_mode("mode=decline");
    assert_int_equal(authorise("P-3", answer), 200);
    assert_non_null(strstr(answer, "RC=05"));
    set_mode("mode=hang&count=1");
    assert_int_equal(authorise("P-4", answer), 504);
    set_mode("mode=lose&count=1");
    assert_int_equal(authorise("P-5", answer), 504);
    assert_int_equal(authorise("P-5", answer), 200);
    assert_non_null(strstr(answer, "RC=00"));
    expect_charges("P-4", 0);
    expect_charges("P-5", 1);
    assert_int_equal(post("/admin/mode", "mode=dance", answer), 400);
    assert_int_equal(post("/admin/mode", "mode=down&count=-1", answer), 400);
    assert_int_equal(post("/admin/mode", "mode", answer), 400);
}

/* ---- through the adapter ---- */

static struct cards_answer answer;
static struct cairn_error error;
static char reference_text[2 + CAIRN_UUID_TEXT_SIZE];

/* Returns a new payment; its reference is in reference_text. */
static struct cards_payment new_payment(const char *card)
{
    static int number;
    struct cards_payment payment = {.id = CAIRN_UUID("01890000-0000-7000-8000-000000000000"),
                                    .amount = 1250,
                                    .currency = "EUR",
                                    .card_token = card};
    payment.id.bytes[15] = (uint8_t)++number;
    payment.id.bytes[14] = (uint8_t)(number >> 8);
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(payment.id, text);
    (void)snprintf(reference_text, sizeof reference_text, "P-%s", text);
    error = (struct cairn_error){0};
    return payment;
}

static int do_again(int (*function)(const struct cards_payment *, struct cards_answer *,
                                    struct cairn_error *),
                    const struct cards_payment *payment)
{
    error = (struct cairn_error){0};
    return function(payment, &answer, &error);
}

static void a_payment_goes_through_all_its_steps(void **state)
{
    (void)state;
    const struct cards_payment payment = new_payment("tok_visa");
    assert_int_equal(do_again(cards_ask, &payment), -CAIRN_NOT_FOUND);
    assert_int_equal(do_again(cards_capture, &payment), -CAIRN_REFUSED);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(do_again(cards_authorize, &payment), 0);
        assert_int_equal(answer.standing, CARDS_AUTHORIZED);
        assert_string_equal(answer.reference, "A000000001");
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(do_again(cards_capture, &payment), 0);
        assert_int_equal(answer.standing, CARDS_CAPTURED);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(do_again(cards_give_back, &payment), 0);
        assert_int_equal(answer.standing, CARDS_GIVEN_BACK);
    }
    assert_int_equal(do_again(cards_ask, &payment), 0);
    assert_int_equal(answer.standing, CARDS_GIVEN_BACK);
    char *ledger = read_ledger();
    assert_int_equal(occurrences(ledger, "\"number\""), 3);
    assert_int_equal(charges(ledger, "0100", "00", reference_text), 1);
    free(ledger);
}

static void each_test_card_does_what_its_name_says(void **state)
{
    (void)state;
    static const struct {
        const char *card, *reason;
    } cases[] = {{"tok_declined", "refused-by-the-bank"},
                 {"tok_no_funds", "insufficient-funds"},
                 {"tok_expired", "card-expired"},
                 {"stolen", "unknown-card"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cards_payment payment = new_payment(cases[i].card);
        for (int k = 0; k < 2; k++) {
            assert_int_equal(do_again(cards_authorize, &payment), 0);
            assert_int_equal(answer.standing, CARDS_DECLINED);
            assert_string_equal(answer.reason, cases[i].reason);
        }
        assert_int_equal(do_again(cards_give_back, &payment), -CAIRN_REFUSED);
    }
    const struct cards_payment slow = new_payment("tok_slow");
    assert_int_equal(do_again(cards_authorize, &slow), 0);
    assert_int_equal(answer.standing, CARDS_AUTHORIZED);
    const struct cards_payment wrong = new_payment("tok_error");
    assert_int_equal(do_again(cards_authorize, &wrong), -CAIRN_UNKNOWN);
    expect_charges(reference_text, 0);
    struct cards_payment foreign = new_payment("tok_visa");
    foreign.currency = "XAU";
    assert_int_equal(do_again(cards_authorize, &foreign), 0);
    assert_int_equal(answer.standing, CARDS_DECLINED);
}

static void a_lost_answer_is_found_again_by_asking(void **state)
{
    (void)state;
    const struct cards_payment payment = new_payment("tok_visa");
    *cards_settings[1].number = 1500;
    set_mode("mode=lose&count=1");
    assert_int_equal(do_again(cards_authorize, &payment), 0);
    assert_int_equal(answer.standing, CARDS_AUTHORIZED);
    set_mode("mode=lose&count=1");
    assert_int_equal(do_again(cards_capture, &payment), 0);
    assert_int_equal(answer.standing, CARDS_CAPTURED);
    set_mode("mode=lose&count=1");
    assert_int_equal(do_again(cards_give_back, &payment), 0);
    assert_int_equal(answer.standing, CARDS_GIVEN_BACK);
    char *ledger = read_ledger();
    assert_int_equal(occurrences(ledger, "\"number\""), 3);
    free(ledger);
}

static bool late_one_has_been_declined(void *context)
{
    const struct cards_payment *payment = context;
    return do_again(cards_authorize, payment) == 0;
}

/* The caller gives up while the authorisation is still in progress: it must not charge
 * afterwards. */
static void a_payment_that_was_given_up_is_not_charged_later(void **state)
{
    (void)state;
    struct cards_payment payment = new_payment("tok_visa");
    *cards_settings[1].number = 300;
    set_mode("mode=slow&count=1");
    assert_int_equal(do_again(cards_authorize, &payment), -CAIRN_UNKNOWN);
    *cards_settings[1].number = 20000;
    assert_int_equal(do_again(cards_give_back, &payment), 0);
    assert_int_equal(answer.standing, CARDS_GIVEN_BACK);
    set_mode("mode=normal");
    fixture_wait(late_one_has_been_declined, &payment, PATIENCE_MS, "the late authorisation");
    assert_int_equal(answer.standing, CARDS_DECLINED);
    assert_string_equal(answer.reason, "given-up");
    assert_int_equal(child_stop(&acquirer, PATIENCE_MS), 0); /* finishes the pending request */
    start();
    expect_charges(reference_text, 0);
}

static void tok_timeout_stays_unknown_and_holds_no_money(void **state)
{
    (void)state;
    const struct cards_payment payment = new_payment("tok_timeout");
    *cards_settings[1].number = 500;
    assert_int_equal(do_again(cards_authorize, &payment), -CAIRN_UNKNOWN);
    assert_int_equal(do_again(cards_ask, &payment), -CAIRN_NOT_FOUND);
    expect_charges(reference_text, 0);
}

static bool is_authorized(void *context)
{
    return do_again(cards_authorize, context) == 0;
}

static void an_acquirer_that_is_away_costs_nothing_and_is_found_again(void **state)
{
    (void)state;
    struct cards_payment payment = new_payment("tok_visa");
    child_kill(&acquirer, SIGKILL);
    for (int i = 0; i < 12; i++)
        assert_int_equal(do_again(cards_authorize, &payment), -CAIRN_UNAVAILABLE);
    assert_non_null(strstr(error.message, "circuit breaker is open"));
    start();
    fixture_wait(is_authorized, &payment, PATIENCE_MS, "the breaker to close");
    expect_charges(reference_text, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_repeated_reference_gets_its_first_answer_and_charges_nothing),
        TEST(at_once_with_one_reference_there_is_one_charge),
        TEST(what_was_acknowledged_survives_a_kill_and_is_charged_once),
        TEST(a_line_that_was_not_finished_is_cut_off),
        TEST(damage_in_the_middle_keeps_it_from_starting),
        TEST(two_processes_do_not_share_a_ledger),
        TEST(it_misbehaves_as_it_is_told_and_so_often),
        TEST(a_payment_goes_through_all_its_steps),
        TEST(each_test_card_does_what_its_name_says),
        TEST(a_lost_answer_is_found_again_by_asking),
        TEST(a_payment_that_was_given_up_is_not_charged_later),
        TEST(tok_timeout_stays_unknown_and_holds_no_money),
        TEST(an_acquirer_that_is_away_costs_nothing_and_is_found_again),
    };
    return cmocka_run_group_tests_name("acquirer", tests, NULL, NULL);
}
