/* test_enrolment.c - tests the rules of enrolments, which look at the events of a course and of a
 * student. */
#include "../../services/enrolment/enrolment.h"
#include "../support/kit.h"

#include <cairn/test_property.h>

extern const struct cairn_decider course_decider;
extern const struct cairn_decider enrolment_decider;

#define MATHS CAIRN_UUID("01890000-0000-7000-8000-00000000000a")
#define MUSIC CAIRN_UUID("01890000-0000-7000-8000-00000000000b")
#define ADA CAIRN_UUID("01890000-0000-7000-8000-00000000a11c")
#define BOB CAIRN_UUID("01890000-0000-7000-8000-000000000b0b")

static void a_course_is_defined_once(void **state)
{
    (void)state;
    CAIRN_DECIDING(course);
    WHEN(define_course, .course_id = MATHS, .title = "Maths", .capacity = 2);
    THEN(course_defined, .course_id = MATHS, .title = "Maths", .capacity = 2);
    WHEN(define_course, .course_id = MATHS, .title = "Maths", .capacity = 3);
    THEN_REFUSED("course-defined");
    WHEN(define_course, .course_id = MUSIC, .title = "Music", .capacity = 3);
    THEN(course_defined, .course_id = MUSIC, .title = "Music", .capacity = 3);
}

static void a_course_keeps_the_seats_that_are_taken(void **state)
{
    (void)state;
    CAIRN_DECIDING(course);
    GIVEN(course_defined, .course_id = MATHS, .title = "Maths", .capacity = 3);
    GIVEN(student_subscribed, .course_id = MATHS, .student_id = ADA);
    GIVEN(student_subscribed, .course_id = MATHS, .student_id = BOB);
    WHEN(change_course_capacity, .course_id = MATHS, .capacity = 1);
    THEN_REFUSED("seats-taken");
    WHEN(change_course_capacity, .course_id = MATHS, .capacity = 2);
    THEN(course_capacity_changed, .course_id = MATHS, .capacity = 2);
    WHEN(change_course_capacity, .course_id = MUSIC, .capacity = 2);
    THEN_REFUSED("course-unknown");
}

static void a_full_course_takes_no_student(void **state)
{
    (void)state;
    CAIRN_DECIDING(enrolment);
    GIVEN(course_defined, .course_id = MATHS, .title = "Maths", .capacity = 1);
    GIVEN(course_defined, .course_id = MUSIC, .title = "Music", .capacity = 1);
    WHEN(subscribe_student, .course_id = MATHS, .student_id = ADA);
    THEN(student_subscribed, .course_id = MATHS, .student_id = ADA);
    WHEN(subscribe_student, .course_id = MATHS, .student_id = BOB);
    THEN_REFUSED("course-full");
    WHEN(subscribe_student, .course_id = MUSIC, .student_id = BOB);
    THEN(student_subscribed, .course_id = MUSIC, .student_id = BOB);
    WHEN(unsubscribe_student, .course_id = MATHS, .student_id = ADA);
    THEN(student_unsubscribed, .course_id = MATHS, .student_id = ADA);
    WHEN(subscribe_student, .course_id = MATHS, .student_id = BOB);
    THEN(student_subscribed, .course_id = MATHS, .student_id = BOB);
}

static void a_student_takes_part_in_five_courses(void **state)
{
    (void)state;
    CAIRN_DECIDING(enrolment);
    struct cairn_uuid course = MATHS;
    for (int i = 0; i <= 5; i++) {
        course.bytes[15] = (uint8_t)(i + 1);
        GIVEN(course_defined, .course_id = course, .title = "One of six", .capacity = 9);
        if (i < 5)
            GIVEN(student_subscribed, .course_id = course, .student_id = ADA);
    }
    WHEN(subscribe_student, .course_id = course, .student_id = ADA);
    THEN_REFUSED("too-many-courses");
    WHEN(subscribe_student, .course_id = course, .student_id = BOB);
    THEN(student_subscribed, .course_id = course, .student_id = BOB);
}

static void a_student_has_one_seat_in_a_course(void **state)
{
    (void)state;
    CAIRN_DECIDING(enrolment);
    WHEN(subscribe_student, .course_id = MATHS, .student_id = ADA);
    THEN_REFUSED("course-unknown");
    GIVEN(course_defined, .course_id = MATHS, .title = "Maths", .capacity = 9);
    GIVEN(student_subscribed, .course_id = MATHS, .student_id = ADA);
    WHEN(subscribe_student, .course_id = MATHS, .student_id = ADA);
    THEN_REFUSED("subscribed-already");
    WHEN(unsubscribe_student, .course_id = MATHS, .student_id = BOB);
    THEN_REFUSED("not-subscribed");
}

/* ---- any sequence of commands ---- */

/* Returns how many students are in a course, and how many seats it has, going through all that
 * happened. */
static int64_t free_seats(const struct cairn_history *history, struct cairn_uuid course)
{
    int64_t capacity = 0;
    int64_t taken = 0;
    CAIRN_FOR_EACH (at, *history) {
        const struct course_defined *defined = CAIRN_EVENT_AS(at, course_defined);
        const struct course_capacity_changed *changed = CAIRN_EVENT_AS(at, course_capacity_changed);
        const struct student_subscribed *came = CAIRN_EVENT_AS(at, student_subscribed);
        const struct student_unsubscribed *left = CAIRN_EVENT_AS(at, student_unsubscribed);
        if (defined && cairn_uuid_equal(defined->course_id, course))
            capacity = defined->capacity;
        if (changed && cairn_uuid_equal(changed->course_id, course))
            capacity = changed->capacity;
        taken += came && cairn_uuid_equal(came->course_id, course);
        taken -= left && cairn_uuid_equal(left->course_id, course);
    }
    return capacity - taken;
}

CAIRN_INVARIANT(enrolment, no_course_has_more_students_than_seats)
{
    CAIRN_FOR_EACH (at, *history) {
        const struct student_subscribed *came = CAIRN_EVENT_AS(at, student_subscribed);
        if (came && free_seats(history, came->course_id) < 0)
            return cairn_broken(error, "%" PRId64 " seats are left",
                                free_seats(history, came->course_id));
    }
    return 0;
}

static void whatever_is_asked_for_no_course_is_overfilled(void **state)
{
    (void)state;
    CAIRN_PROPERTY(enrolment, no_course_has_more_students_than_seats, .takes_all = true);
    CAIRN_NO_BUGS(course, .takes_all = true);
}

/* A decision that does not look at the bound of its part. */
CAIRN_STRUCT(sloppy_joined, UUID(club, .tag = "club"), UUID(member));
CAIRN_EVENTS(sloppy, EVENT(sloppy_joined, "SloppyJoined", 1));
CAIRN_STRUCT(sloppy_join, UUID(club), UUID(member));
CAIRN_COMMANDS(sloppy, COMMAND(sloppy_join, "POST /sloppy"));
CAIRN_STRUCT(club, UUIDS(members, .max_count = 2));
CAIRN_PART(club, "club");
CAIRN_LEARN_FROM(club, sloppy, sloppy_joined)
{
    CAIRN_ADD(arena, self->members, event->member);
}
CAIRN_BOUNDARY(sloppy, CAIRN_OVER(club, club));
CAIRN_DECIDE(sloppy, sloppy_join)
{
    CAIRN_EMIT(ret, sloppy_joined, .club = command->club, .member = command->member);
    return 0;
}

static void a_part_does_not_grow_past_its_bound(void **state)
{
    (void)state;
    CAIRN_DECIDING(sloppy);
    WHEN(sloppy_join, .club = MATHS, .member = ADA);
    THEN(sloppy_joined, .club = MATHS, .member = ADA);
    WHEN(sloppy_join, .club = MATHS, .member = BOB);
    THEN(sloppy_joined, .club = MATHS, .member = BOB);
    WHEN(sloppy_join, .club = MATHS, .member = MUSIC);
    THEN_REFUSED("internal-error");
    WHEN(sloppy_join, .club = MUSIC, .member = MUSIC);
    THEN(sloppy_joined, .club = MUSIC, .member = MUSIC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_course_is_defined_once),
        cmocka_unit_test(a_course_keeps_the_seats_that_are_taken),
        cmocka_unit_test(a_full_course_takes_no_student),
        cmocka_unit_test(a_student_takes_part_in_five_courses),
        cmocka_unit_test(a_student_has_one_seat_in_a_course),
        cmocka_unit_test(whatever_is_asked_for_no_course_is_overfilled),
        cmocka_unit_test(a_part_does_not_grow_past_its_bound),
    };
    return cmocka_run_group_tests_name("enrolment", tests, kit_setup, NULL);
}
