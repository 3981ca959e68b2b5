/* enrolment.c - a course has a number of seats, a student takes part in at most five courses. */
#include "enrolment.h"

#include <cairn/service.h>

enum { COURSES_MAX = 5 };

/* What a decision needs of a course. */
CAIRN_STRUCT(seats, INT(capacity), INT(taken));
CAIRN_PART(seats, "course");
CAIRN_LEARN_FROM(seats, course, course_defined)
{
    self->capacity = event->capacity;
}
CAIRN_LEARN_FROM(seats, course, course_capacity_changed)
{
    self->capacity = event->capacity;
}
CAIRN_LEARN_FROM(seats, enrolment, student_subscribed)
{
    self->taken++;
}
CAIRN_LEARN_FROM(seats, enrolment, student_unsubscribed)
{
    self->taken--;
}

/* And of a student. */
CAIRN_STRUCT(student, UUIDS(courses, .max_count = COURSES_MAX));
CAIRN_PART(student, "student");

static const struct cairn_uuid *find_course(const struct student *self, struct cairn_uuid course_id)
{
    CAIRN_FOR_EACH (course, self->courses) {
        if (cairn_uuid_equal(*course, course_id))
            return course;
    }
    return NULL;
}

CAIRN_LEARN_FROM(student, enrolment, student_subscribed)
{
    CAIRN_ADD(arena, self->courses, event->course_id);
}
CAIRN_LEARN_FROM(student, enrolment, student_unsubscribed)
{
    CAIRN_REMOVE(arena, self->courses, find_course(self, event->course_id));
}

/* ---- courses ---- */

CAIRN_BOUNDARY(course, CAIRN_OVER(seats, course_id));

CAIRN_DECIDE(course, define_course)
{
    if (self->seats->capacity)
        return cairn_refuse(error, "course-defined", "there is a course with this id already");
    CAIRN_EMIT(ret, course_defined, .course_id = command->course_id, .title = command->title,
               .capacity = command->capacity);
    return 0;
}

CAIRN_DECIDE(course, change_course_capacity)
{
    if (!self->seats->capacity)
        return cairn_refuse(error, "course-unknown", "there is no such course");
    if (command->capacity < self->seats->taken)
        return cairn_refuse(error, "seats-taken", "more seats than that are taken");
    CAIRN_EMIT(ret, course_capacity_changed, .course_id = command->course_id,
               .capacity = command->capacity);
    return 0;
}

/* ---- enrolments ---- */

CAIRN_BOUNDARY(enrolment, CAIRN_OVER(seats, course_id), CAIRN_OVER(student, student_id));

CAIRN_DECIDE(enrolment, subscribe_student)
{
    if (!self->seats->capacity)
        return cairn_refuse(error, "course-unknown", "there is no such course");
    if (find_course(self->student, command->course_id))
        return cairn_refuse(error, "subscribed-already", "the student has a seat in this course");
    if (self->seats->taken >= self->seats->capacity)
        return cairn_refuse(error, "course-full", "all seats of the course are taken");
    if (self->student->courses.count == COURSES_MAX)
        return cairn_refuse(error, "too-many-courses", "a student takes part in at most 5 courses");
    CAIRN_EMIT(ret, student_subscribed, .course_id = command->course_id,
               .student_id = command->student_id);
    return 0;
}

CAIRN_DECIDE(enrolment, unsubscribe_student)
{
    if (!find_course(self->student, command->course_id))
        return cairn_refuse(error, "not-subscribed", "the student has no seat in this course");
    CAIRN_EMIT(ret, student_unsubscribed, .course_id = command->course_id,
               .student_id = command->student_id);
    return 0;
}

const struct cairn_service enrolment_service = {
    .name = "enrolment",
    .port = 8006,
    .deciders = {&course_decider, &enrolment_decider},
};
