/* enrolment.h - public interface of the enrolment service: courses and their students.
 *
 * Registrars define courses; students, whose ids are the subjects of their tokens, enrol
 * themselves, or a registrar does. */
#ifndef ENROLMENT_H
#define ENROLMENT_H

#include <cairn/decider.h>

#define COURSE UUID(course_id, .tag = "course")
#define STUDENT UUID(student_id, .tag = "student")
#define CAPACITY INT(capacity, CAIRN_RANGE(1, 1000), .example = "20")

CAIRN_STRUCT(course_defined, COURSE, TEXT(title, .max_bytes = 200), CAPACITY);
CAIRN_STRUCT(course_capacity_changed, COURSE, CAPACITY);
CAIRN_EVENTS(course, EVENT(course_defined, "CourseDefined", 1),
             EVENT(course_capacity_changed, "CourseCapacityChanged", 1));

CAIRN_STRUCT(define_course, UUID(course_id), TEXT(title, .max_bytes = 200), CAPACITY);
CAIRN_STRUCT(change_course_capacity, UUID(course_id), CAPACITY);
CAIRN_COMMANDS(course,
               COMMAND(define_course, "POST /courses", .allow = CAIRN_ROLE("registrar"),
                       .help = "Offers a course with some seats."),
               COMMAND(change_course_capacity, "POST /courses/capacity",
                       .allow = CAIRN_ROLE("registrar")));

CAIRN_STRUCT(student_subscribed, COURSE, STUDENT);
CAIRN_STRUCT(student_unsubscribed, COURSE, STUDENT);
CAIRN_EVENTS(enrolment, EVENT(student_subscribed, "StudentSubscribed", 1),
             EVENT(student_unsubscribed, "StudentUnsubscribed", 1));

CAIRN_STRUCT(subscribe_student, UUID(course_id), UUID(student_id));
CAIRN_STRUCT(unsubscribe_student, UUID(course_id), UUID(student_id));
CAIRN_COMMANDS(enrolment,
               COMMAND(subscribe_student, "POST /enrolments",
                       .allow = CAIRN_OWNER(subscribe_student, student_id, "registrar"),
                       .help = "Gives a student a seat in a course, if both have room."),
               COMMAND(unsubscribe_student, "POST /enrolments/end",
                       .allow = CAIRN_OWNER(unsubscribe_student, student_id, "registrar")));

#endif
