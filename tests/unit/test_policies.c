/* test_policies.c - tests of policies without a server: what the kit says of a caller (AS,
 * THEN_FORBIDDEN), on a domain of this file and on the shop. */
#include "../../services/enrolment/enrolment.h"
#include "../../services/order/order.h"
#include "../../services/payment/payment.h"
#include "../../services/user/user.h"
#include "../support/kit.h"

extern const struct cairn_decider course_decider;
extern const struct cairn_decider enrolment_decider;

#define ADA_TEXT "01890000-0000-7000-8000-00000000a11c"
#define ADA CAIRN_UUID(ADA_TEXT)
#define BOB_TEXT "01890000-0000-7000-8000-000000000b0b"
#define BOB CAIRN_UUID(BOB_TEXT)
#define PAYMENT CAIRN_UUID("01890000-0000-7000-8000-0000000000ca")

/* ---- a domain: keys of lockers, each with a holder ---- */

CAIRN_STRUCT(locker_taken, TEXT(holder), TEXT(said_by));
CAIRN_STRUCT(locker_opened, TEXT(by));
CAIRN_EVENTS(locker, EVENT(locker_taken, "LockerTaken", 1),
             EVENT(locker_opened, "LockerOpened", 1));
CAIRN_STRUCT(take_locker, TEXT(holder));
CAIRN_STRUCT(open_locker);
CAIRN_STRUCT(knock_locker);
CAIRN_STRUCT(clean_locker);
CAIRN_STRUCT(force_locker);
CAIRN_COMMANDS(locker,
               COMMAND(take_locker, "POST /lockers", .allow = CAIRN_OWNER(take_locker, holder)),
               COMMAND(open_locker, "POST /lockers/{id}/open",
                       .allow = CAIRN_OWNER(locker, holder, "porter")),
               COMMAND(knock_locker, "POST /lockers/{id}/knock", .allow = CAIRN_ANYONE),
               COMMAND(force_locker, "POST /lockers/{id}/force"), INTERNAL(clean_locker));

CAIRN_STRUCT(locker, TEXT(holder, .optional = true));
CAIRN_EVOLVE(locker, locker_taken)
{
    self->holder = event->holder;
}
CAIRN_EVOLVE(locker, locker_opened)
{
}
static int open_by(const struct cairn_given *given, struct cairn_decision *ret)
{
    CAIRN_EMIT(ret, locker_opened, .by = given->actor.sub ? given->actor.sub : "no caller");
    return 0;
}
CAIRN_DECIDE(locker, take_locker)
{
    CAIRN_EMIT(ret, locker_taken, .holder = command->holder, .said_by = given->actor.sub);
    return 0;
}
CAIRN_DECIDE(locker, open_locker)
{
    if (cairn_actor_has(&given->actor, "sleepy"))
        return cairn_refuse(error, "porter-sleeps", "the porter sleeps");
    return open_by(given, ret);
}
CAIRN_DECIDE(locker, knock_locker)
{
    return open_by(given, ret);
}
CAIRN_DECIDE(locker, force_locker)
{
    return open_by(given, ret);
}
CAIRN_DECIDE(locker, clean_locker)
{
    return open_by(given, ret);
}
CAIRN_DECIDER(locker, .state_version = 1);

/* ---- the kit ---- */

static void the_caller_is_in_the_decision_and_stays_until_another_one(void **state)
{
    (void)state;
    CAIRN_DECIDING(locker);
    AS("ada");
    WHEN(take_locker, .holder = "ada");
    THEN(locker_taken, .holder = "ada", .said_by = "ada");
    WHEN(open_locker);
    THEN(locker_opened, .by = "ada");
    AS("staff-1", "night", "porter");
    WHEN(open_locker);
    THEN(locker_opened, .by = "staff-1");
    AS("staff-1", "porter", "sleepy");
    WHEN(open_locker);
    THEN_REFUSED("porter-sleeps");
    AS_NO_ONE();
    WHEN(knock_locker);
    THEN(locker_opened, .by = "no caller");
}

static void what_a_policy_does_not_allow_is_forbidden_before_the_decision(void **state)
{
    (void)state;
    CAIRN_DECIDING(locker);
    AS("bob");
    WHEN(take_locker, .holder = "ada"); /* for another one */
    THEN_REFUSED("forbidden");
    AS("ada");
    WHEN(take_locker, .holder = "ada");
    THEN(locker_taken, .holder = "ada", .said_by = "ada");
    AS("bob", "sleepy");
    WHEN(open_locker);
    THEN_FORBIDDEN();
    WHEN(open_locker);
    THEN_REFUSED("not-found"); /* as it is answered: another owner's does not exist */
    AS_NO_ONE();
    WHEN(open_locker);
    THEN_REFUSED("unauthenticated");
    WHEN(open_locker);
    THEN_FORBIDDEN();
}

static void without_a_caller_policies_are_not_looked_at(void **state)
{
    (void)state;
    CAIRN_DECIDING(locker);
    GIVEN(locker_taken, .holder = "ada", .said_by = "ada");
    WHEN(open_locker);
    THEN(locker_opened, .by = "no caller");
    WHEN(force_locker);
    THEN(locker_opened, .by = "no caller");
    AS("bob");
    WHEN(clean_locker); /* internal: the store's services send it */
    THEN(locker_opened, .by = "bob");
}

static void a_stream_that_is_not_there_is_not_forbidden(void)
{
    CAIRN_DECIDING(locker);
    AS("ada");
    WHEN(open_locker);
    THEN_FORBIDDEN();
}

static void one_that_is_allowed(void)
{
    CAIRN_DECIDING(locker);
    GIVEN(locker_taken, .holder = "ada", .said_by = "ada");
    AS("ada");
    WHEN(open_locker);
    THEN_FORBIDDEN();
}

static void one_that_the_rules_refuse(void)
{
    CAIRN_DECIDING(locker);
    GIVEN(locker_taken, .holder = "ada", .said_by = "ada");
    AS("bob", "porter", "sleepy");
    WHEN(open_locker);
    THEN_FORBIDDEN();
}

static void one_without_a_caller(void)
{
    CAIRN_DECIDING(locker);
    GIVEN(locker_taken, .holder = "ada", .said_by = "ada");
    WHEN(open_locker);
    THEN_FORBIDDEN();
}

static void one_that_is_not_named(void)
{
    CAIRN_DECIDING(locker);
    GIVEN(locker_taken, .holder = "ada", .said_by = "ada");
    AS("bob");
    WHEN(open_locker);
    AS("ada");
    WHEN(open_locker);
    THEN(locker_opened, .by = "ada");
}

static void one_without_a_policy(void)
{
    CAIRN_DECIDING(locker);
    GIVEN(locker_taken, .holder = "ada", .said_by = "ada");
    AS("ada");
    WHEN(force_locker);
    THEN(locker_opened, .by = "ada");
}

static void in_another_kind_of_test(void)
{
    extern const struct cairn_projection lockers_projection;
    CAIRN_PROJECTING(lockers);
    AS("ada");
}

CAIRN_STRUCT(lockers, TEXT(holder), TEXT(taken_by, .optional = true));
CAIRN_PROJECTION(lockers, .version = 1);
CAIRN_ON(lockers, locker, locker_taken)
{
    row->holder = event->holder;
    row->taken_by = cairn_caused_by(meta, arena).sub;
    return CAIRN_KEEP;
}

static void a_row_may_show_who_caused_an_event(void **state)
{
    (void)state;
    CAIRN_PROJECTING(lockers);
    STREAM(ADA);
    CAUSED_BY("bob \"the porter\"");
    GIVEN(locker_taken, .holder = "ada", .said_by = "ada");
    THEN_ROW(ADA_TEXT, lockers, .holder = "ada", .taken_by = "bob \"the porter\"");
    STREAM(BOB);
    CAUSED_BY(NULL);
    GIVEN(locker_taken, .holder = "bob", .said_by = "bob");
    THEN_ROW(BOB_TEXT, lockers, .holder = "bob");
}

static void wrong_expectations_of_policies_fail_and_say_why(void **state)
{
    (void)state;
    KIT_EXPECT_FAILURE(a_stream_that_is_not_there_is_not_forbidden,
                       "the policy allows it, and it was refused: not-found");
    KIT_EXPECT_FAILURE(one_that_is_allowed, "the policy allows it\n  wanted: it does not");
    KIT_EXPECT_FAILURE(one_that_the_rules_refuse,
                       "the policy allows it, and it was refused: porter-sleeps");
    KIT_EXPECT_FAILURE(one_without_a_caller, "no AS names a caller");
    KIT_EXPECT_FAILURE(one_that_is_not_named, "no THEN_REFUSED names it: not-found");
    KIT_EXPECT_FAILURE(one_without_a_policy,
                       "the command force_locker does not say who may use it");
    KIT_EXPECT_FAILURE(in_another_kind_of_test, "AS belongs to CAIRN_DECIDING");
}

/* ---- the shop ---- */

static void users_register_themselves_under_their_subject(void **state)
{
    (void)state;
    CAIRN_DECIDING(user);
    STREAM(ADA);
    AS(BOB_TEXT);
    WHEN(register_user, .email = "bob@example.com", .name = "Bob");
    THEN_FORBIDDEN();
    AS("staff-1", "support");
    WHEN(register_user, .email = "ada@example.com", .name = "Ada");
    THEN_FORBIDDEN();
    AS(ADA_TEXT);
    WHEN(register_user, .email = "ada@example.com", .name = "Ada");
    THEN(user_registered, .email = "ada@example.com", .name = "Ada");
    THEN_CLAIMED("user.email", "ada@example.com");
    AS(BOB_TEXT);
    WHEN(deactivate_user);
    THEN_REFUSED("not-found");
    WHEN(change_user_email, .email = "bob@example.com");
    THEN_FORBIDDEN();
}

#define LINES .lines = CAIRN_ITEMS(order_line, {"tea-100", 2, 450})

static void customers_cancel_their_own_orders_and_clerks_ship(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN(order_placed, .user_id = ADA, .currency = "EUR", LINES, .total = 900,
          .card_token = "tok_visa");
    AS(BOB_TEXT);
    WHEN(cancel_order, .reason = "mischief");
    THEN_FORBIDDEN();
    AS("staff-1", "clerk");
    WHEN(cancel_order, .reason = "mischief");
    THEN_FORBIDDEN();
    AS(ADA_TEXT);
    WHEN(pay_order, .payment_id = PAYMENT);
    THEN_FORBIDDEN();
    WHEN(ship_order, .carrier = "Post", .tracking = "1");
    THEN_FORBIDDEN();
    AS("order", "order-service");
    WHEN(pay_order, .payment_id = PAYMENT);
    THEN(order_paid, .payment_id = PAYMENT, .currency = "EUR", .total = 900);
    AS("staff-1", "clerk");
    WHEN(ship_order, .carrier = "Post", .tracking = "1");
    THEN(order_shipped, .carrier = "Post", .tracking = "1");
    AS(ADA_TEXT);
    WHEN(cancel_order, .reason = "changed my mind");
    THEN_REFUSED("order-already-shipped");
}

static void customers_place_orders_for_themselves(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN_FACT(order_customer, .known = true, .active = true);
    AS(BOB_TEXT, "clerk", "support", "finance");
    WHEN(place_order, .user_id = ADA, .currency = "EUR", LINES);
    THEN_FORBIDDEN();
    AS(ADA_TEXT);
    WHEN(place_order, .user_id = ADA, .currency = "EUR", LINES);
    THEN(order_placed, .user_id = ADA, .currency = "EUR", LINES, .total = 900,
         .card_token = "tok_visa");
}

static void finance_refunds_and_authorizes_nothing(void **state)
{
    (void)state;
    CAIRN_DECIDING(payment);
    GIVEN(payment_requested, .order_id = PAYMENT, .amount = 900, .currency = "EUR",
          .card_token = "tok_visa");
    AS("staff-2", "finance", "support");
    WHEN(authorize_payment, .reference = "forged");
    THEN_REFUSED("forbidden");
    AS("payment", "payment-service");
    WHEN(authorize_payment, .reference = "A-1");
    THEN(payment_authorized, .order_id = PAYMENT, .reference = "A-1");
    WHEN(refund_payment, .reason = "mischief");
    THEN_FORBIDDEN();
    AS("staff-2", "finance");
    WHEN(refund_payment, .reason = "lost");
    THEN(payment_refunded, .order_id = PAYMENT, .amount = 900, .currency = "EUR", .reason = "lost");
}

/* A boundary has no stream: the command names the owner. */
static void students_enrol_themselves_and_registrars_anyone(void **state)
{
    (void)state;
    CAIRN_DECIDING(enrolment);
    GIVEN(course_defined, .course_id = PAYMENT, .title = "Maths", .capacity = 2);
    AS(BOB_TEXT);
    WHEN(subscribe_student, .course_id = PAYMENT, .student_id = ADA);
    THEN_REFUSED("forbidden");
    AS(ADA_TEXT);
    WHEN(subscribe_student, .course_id = PAYMENT, .student_id = ADA);
    THEN(student_subscribed, .course_id = PAYMENT, .student_id = ADA);
    AS("staff-3", "registrar");
    WHEN(subscribe_student, .course_id = PAYMENT, .student_id = BOB);
    THEN(student_subscribed, .course_id = PAYMENT, .student_id = BOB);
    AS(ADA_TEXT);
    WHEN(unsubscribe_student, .course_id = PAYMENT, .student_id = BOB);
    THEN_FORBIDDEN();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caller_is_in_the_decision_and_stays_until_another_one),
        cmocka_unit_test(what_a_policy_does_not_allow_is_forbidden_before_the_decision),
        cmocka_unit_test(without_a_caller_policies_are_not_looked_at),
        cmocka_unit_test(a_row_may_show_who_caused_an_event),
        cmocka_unit_test(wrong_expectations_of_policies_fail_and_say_why),
        cmocka_unit_test(users_register_themselves_under_their_subject),
        cmocka_unit_test(customers_cancel_their_own_orders_and_clerks_ship),
        cmocka_unit_test(customers_place_orders_for_themselves),
        cmocka_unit_test(finance_refunds_and_authorizes_nothing),
        cmocka_unit_test(students_enrol_themselves_and_registrars_anyone),
    };
    return cmocka_run_group_tests_name("policies", tests, kit_setup, NULL);
}
