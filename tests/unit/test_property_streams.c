/* test_property_streams.c - commands that decide on other streams: property tests and tests by hand
 * know those of the same noun from their events, and those of other nouns from their rules. */
#include "../support/kit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- owners: a vetted one may be barred ---- */

CAIRN_STRUCT(owner_met);
CAIRN_STRUCT(owner_vetted);
CAIRN_STRUCT(owner_barred);
CAIRN_EVENTS(owner, EVENT(owner_met, "OwnerMet", 1), EVENT(owner_vetted, "OwnerVetted", 1),
             EVENT(owner_barred, "OwnerBarred", 1));
CAIRN_STRUCT(meet_owner);
CAIRN_STRUCT(vet_owner);
CAIRN_STRUCT(bar_owner);
CAIRN_COMMANDS(owner, COMMAND(meet_owner, "POST /owners"),
               COMMAND(vet_owner, "POST /owners/{id}/vet"),
               COMMAND(bar_owner, "POST /owners/{id}/bar"));
CAIRN_STRUCT(owner, BOOL(vetted));
CAIRN_EVOLVE(owner, owner_met)
{
}
CAIRN_EVOLVE(owner, owner_vetted)
{
    self->vetted = true;
}
CAIRN_EVOLVE(owner, owner_barred)
{
}
CAIRN_DECIDE(owner, meet_owner)
{
    CAIRN_EMIT(ret, owner_met);
    return 0;
}
CAIRN_DECIDE(owner, vet_owner)
{
    CAIRN_EMIT(ret, owner_vetted);
    return 0;
}
CAIRN_DECIDE(owner, bar_owner)
{
    if (!self->vetted)
        return cairn_refuse(error, "owner-unknown", "only an owner who was vetted can be barred");
    CAIRN_EMIT(ret, owner_barred);
    return 0;
}
CAIRN_DECIDER(owner);

/* ---- accounts that pay each other ---- */

static enum mistake {
    NONE,
    PAYS_CLOSED, /* accounts that are closed */
    PAYS_SELF,   /* the account itself */
} mistake;

CAIRN_STRUCT(account_opened, BOOL(barred), BOOL(vetted));
CAIRN_STRUCT(account_paid, UUID(to_id));
CAIRN_STRUCT(account_closed);
CAIRN_EVENTS(account, EVENT(account_opened, "AccountOpened", 1),
             EVENT(account_paid, "AccountPaid", 1), EVENT(account_closed, "AccountClosed", 1));
CAIRN_STRUCT(open_account, UUID(owner_id));
CAIRN_STRUCT(pay_account, UUID(to_id));
CAIRN_STRUCT(close_account);
CAIRN_COMMANDS(account, COMMAND(open_account, "POST /accounts"),
               COMMAND(pay_account, "POST /accounts/{id}/pay"),
               COMMAND(close_account, "POST /accounts/{id}/close"));

CAIRN_STRUCT(account_owner, BOOL(vetted), BOOL(barred));
CAIRN_FACT(account_owner, owner);
CAIRN_LEARN(account_owner, owner_vetted)
{
    self->vetted = true;
}
CAIRN_LEARN(account_owner, owner_barred)
{
    self->barred = true;
}

CAIRN_STRUCT(other_account, BOOL(open), BOOL(closed));
CAIRN_FACT(other_account, account);
CAIRN_LEARN(other_account, account_opened)
{
    self->open = true;
}
CAIRN_LEARN(other_account, account_closed)
{
    self->open = false;
    self->closed = true;
}

CAIRN_STRUCT(account, BOOL(closed));
CAIRN_EVOLVE(account, account_opened)
{
}
CAIRN_EVOLVE(account, account_paid)
{
}
CAIRN_EVOLVE(account, account_closed)
{
    self->closed = true;
}
CAIRN_DECIDE(account, open_account, NEED(account_owner, owner_id))
{
    const struct account_owner *owner = CAIRN_KNOWN(given, account_owner);
    CAIRN_EMIT(ret, account_opened, .vetted = owner->vetted, .barred = owner->barred);
    return 0;
}
CAIRN_DECIDE(account, pay_account, NEED(other_account, to_id))
{
    const struct other_account *other = CAIRN_KNOWN(given, other_account);
    if (self->closed || !(other->open || (mistake == PAYS_CLOSED && other->closed)))
        return cairn_refuse(error, "account-not-open", "both accounts have to be open");
    if (mistake != PAYS_SELF && cairn_uuid_equal(given->id, command->to_id))
        return cairn_refuse(error, "same-account", "an account does not pay itself");
    CAIRN_EMIT(ret, account_paid, .to_id = command->to_id);
    return 0;
}
CAIRN_DECIDE(account, close_account)
{
    if (!self->closed)
        CAIRN_EMIT(ret, account_closed);
    return 0;
}
CAIRN_DECIDER(account);

/* ---- invariants ---- */

/* Of each payment, the paid account was opened before and not closed before. */
CAIRN_INVARIANT(account, open_accounts_are_paid)
{
    CAIRN_FOR_EACH (at, *history) {
        const struct account_paid *paid = CAIRN_EVENT_AS(at, account_paid);
        bool open = false;
        for (const struct cairn_happened *before = history->items; paid && before < at; before++) {
            if (!cairn_uuid_equal(before->meta.id, paid->to_id))
                continue;
            open = open || CAIRN_EVENT_AS(before, account_opened);
            if (CAIRN_EVENT_AS(before, account_closed))
                open = false;
        }
        if (paid && !open)
            return cairn_broken(error, "an account that is not open was paid");
    }
    return 0;
}

CAIRN_INVARIANT(account, none_pays_itself)
{
    CAIRN_FOR_EACH (at, *history) {
        const struct account_paid *paid = CAIRN_EVENT_AS(at, account_paid);
        if (paid && cairn_uuid_equal(paid->to_id, at->meta.id))
            return cairn_broken(error, "an account paid itself");
    }
    return 0;
}

CAIRN_INVARIANT(account, owners_are_possible)
{
    CAIRN_FOR_EACH (at, *history) {
        const struct account_opened *opened = CAIRN_EVENT_AS(at, account_opened);
        if (opened && opened->barred && !opened->vetted)
            return cairn_broken(error, "an owner was barred and never vetted");
    }
    return 0;
}

CAIRN_INVARIANT(account, no_owner_is_barred)
{
    CAIRN_FOR_EACH (at, *history) {
        const struct account_opened *opened = CAIRN_EVENT_AS(at, account_opened);
        if (opened && opened->barred)
            return cairn_broken(error, "an owner was barred");
    }
    return 0;
}

/* ---- catching failures ---- */

static char said[16384]; /* each run of white space as one space */

static void remember(const char *file, int line, const char *message)
{
    size_t length = strlen(said);
    assert_non_null(file);
    assert_true(line > 0);
    for (; *message && length + 2 < sizeof said; message++) {
        if (!isspace((unsigned char)*message))
            said[length++] = *message;
        else if (length > 0 && said[length - 1] != ' ')
            said[length++] = ' ';
        said[length] = '\0';
    }
}

static void begin(enum mistake made)
{
    said[0] = '\0';
    mistake = made;
    cairn_test_on_failure(remember);
}

static void expect_said(const char *words)
{
    if (!strstr(said, words))
        fail_msg("wanted: %s\nin: %s", words, said);
}

/* ---- tests ---- */

#define FIRST CAIRN_TEST_ID
#define SECOND CAIRN_UUID("01890000-0000-7000-8000-000000000002")
#define NOWHERE CAIRN_UUID("01890000-0000-7000-8000-0000000000ff")

static void rules_on_two_streams_of_a_noun_hold_for_any_commands(void **state)
{
    (void)state;
    begin(NONE);
    for (int64_t seed = 1; seed <= 5; seed++) {
        CAIRN_PROPERTY(account, open_accounts_are_paid, .takes_all = true, .seed = seed);
        CAIRN_PROPERTY(account, none_pays_itself, .takes_all = true, .seed = seed);
    }
    assert_string_equal(said, "");
}

static void lines_of_a_closed_account(void)
{
    CAIRN_DECIDING(account);
    WHEN(open_account, .owner_id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a"));
    THEN(account_opened);
    WHEN(close_account);
    THEN(account_closed);
    WHEN(pay_account, .to_id = FIRST);
    THEN_REFUSED("account-not-open");
    STREAM(SECOND);
    WHEN(open_account, .owner_id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a"));
    THEN(account_opened);
    WHEN(pay_account, .to_id = FIRST);
    THEN(account_paid, .to_id = FIRST);
}

static void a_mistake_that_takes_two_streams_is_found_and_shrunk_to_a_test(void **state)
{
    (void)state;
    for (int64_t seed = 1; seed <= 5; seed++) {
        begin(PAYS_CLOSED);
        CAIRN_PROPERTY(account, open_accounts_are_paid, .seed = seed);
        expect_said("open_accounts_are_paid of account does not hold: an account that is not open "
                    "was paid CAIRN_TEST_SEED=");
        if (!strstr(said, " 5 of its ")) /* open, close, STREAM, open, pay, or a second STREAM */
            expect_said(" 6 of its ");
        expect_said("WHEN(close_account); THEN(account_closed); ");
        assert_null(strstr(said, "GIVEN_FACT"));
    }
    said[0] = '\0';
    lines_of_a_closed_account();
    assert_string_equal(said, "");
}

static void a_command_can_name_its_own_stream(void **state)
{
    (void)state;
    begin(PAYS_SELF);
    CAIRN_PROPERTY(account, none_pays_itself, .streams = 1, .seed = 1);
    expect_said("none_pays_itself of account does not hold: an account paid itself ");
    expect_said(" 2 of its ");
    expect_said("WHEN(pay_account, .to_id = CAIRN_TEST_ID); THEN(account_paid");
}

static void facts_of_another_noun_keep_its_rules(void **state)
{
    (void)state;
    begin(NONE);
    for (int64_t seed = 1; seed <= 5; seed++)
        CAIRN_PROPERTY(account, owners_are_possible, .seed = seed);
    assert_string_equal(said, "");
    CAIRN_PROPERTY(account, no_owner_is_barred, .seed = 1); /* some are: the rules allow it */
    expect_said("GIVEN_FACT(account_owner, .vetted = true, .barred = true); WHEN(open_account, ");
}

static void a_test_by_hand_knows_its_other_streams(void **state)
{
    (void)state;
    begin(NONE);
    CAIRN_DECIDING(account);
    STREAM(SECOND);
    GIVEN(account_opened);
    STREAM(FIRST);
    GIVEN(account_opened);
    WHEN(pay_account, .to_id = SECOND);
    THEN(account_paid, .to_id = SECOND);
    WHEN(pay_account, .to_id = NOWHERE);
    THEN_REFUSED("account-not-open");
    STREAM(SECOND);
    WHEN(close_account);
    THEN(account_closed);
    STREAM(FIRST);
    WHEN(pay_account, .to_id = SECOND);
    THEN_REFUSED("account-not-open");
    GIVEN_FACT(other_account, .open = true); /* what is stated goes before what is known */
    WHEN(pay_account, .to_id = SECOND);
    THEN(account_paid, .to_id = SECOND);
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_on_two_streams_of_a_noun_hold_for_any_commands),
        cmocka_unit_test(a_mistake_that_takes_two_streams_is_found_and_shrunk_to_a_test),
        cmocka_unit_test(a_command_can_name_its_own_stream),
        cmocka_unit_test(facts_of_another_noun_keep_its_rules),
        cmocka_unit_test(a_test_by_hand_knows_its_other_streams),
    };
    return cmocka_run_group_tests_name("property streams", tests, kit_setup, NULL);
}
