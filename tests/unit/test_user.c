/* test_user.c - tests the business rules of a user. */
#include "../../services/user/user.h"
#include "../support/kit.h"

#define REGISTERED user_registered, .email = "Ada@Example.com", .name = "Ada"

static void registering_claims_the_address_in_lower_case(void **state)
{
    (void)state;
    CAIRN_DECIDING(user);
    WHEN(register_user, .email = "Ada@Example.com", .name = "Ada");
    THEN(REGISTERED);
    THEN_CLAIMED("user.email", "ada@example.com");
}

static void moving_gives_the_old_address_back(void **state)
{
    (void)state;
    CAIRN_DECIDING(user);
    GIVEN(REGISTERED);
    WHEN(change_user_email, .email = "Ada@Example.org");
    THEN(user_email_changed, .email = "Ada@Example.org", .previous_email = "Ada@Example.com");
    THEN_RELEASED("user.email", "ada@example.com");
    THEN_CLAIMED("user.email", "ada@example.org");
}

static void moving_to_where_one_is_changes_nothing(void **state)
{
    (void)state;
    CAIRN_DECIDING(user);
    GIVEN(REGISTERED);
    WHEN(change_user_email, .email = "Ada@Example.com");
    THEN_NOTHING();
}

static void leaving_frees_the_address_that_one_moved_to(void **state)
{
    (void)state;
    CAIRN_DECIDING(user);
    GIVEN(REGISTERED);
    GIVEN(user_email_changed, .email = "b@example.com", .previous_email = "Ada@Example.com");
    WHEN(deactivate_user);
    THEN(user_deactivated, .email = "b@example.com");
    THEN_RELEASED("user.email", "b@example.com");
}

static void a_deactivated_user_accepts_no_commands(void **state)
{
    (void)state;
    CAIRN_DECIDING(user);
    GIVEN(REGISTERED);
    GIVEN(user_deactivated, .email = "Ada@Example.com");
    WHEN(deactivate_user);
    THEN_REFUSED("user-deactivated");
    WHEN(change_user_email, .email = "b@example.com");
    THEN_REFUSED("user-deactivated");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registering_claims_the_address_in_lower_case),
        cmocka_unit_test(moving_gives_the_old_address_back),
        cmocka_unit_test(moving_to_where_one_is_changes_nothing),
        cmocka_unit_test(leaving_frees_the_address_that_one_moved_to),
        cmocka_unit_test(a_deactivated_user_accepts_no_commands),
    };
    return cmocka_run_group_tests_name("user", tests, kit_setup, NULL);
}
