/* school_story.c - the lines of the true story of the school (school_story.h), file by file. */
#include "school_story.h"

#include "../check/check.h"

#include <stddef.h>

static const char *const log_lines[] = {
    COURSE_LOG(1, 1, "CourseDefined", 2, META(1)),
    COURSE_LOG(2, 2, "CourseDefined", 2, "{}"),
    COURSE_LOG(3, 3, "CourseDefined", 2, "{}"),
    COURSE_LOG(4, 4, "CourseDefined", 2, "{}"),
    COURSE_LOG(5, 5, "CourseDefined", 2, "{}"),
    COURSE_LOG(6, 6, "CourseDefined", 2, "{}"),
    ENROLMENT_LOG(7, "StudentSubscribed", 1, PUPIL_ADA, META(2)),
    ENROLMENT_LOG(8, "StudentSubscribed", 2, PUPIL_ADA, "{}"),
    ENROLMENT_LOG(9, "StudentSubscribed", 3, PUPIL_ADA, "{}"),
    ENROLMENT_LOG(10, "StudentSubscribed", 4, PUPIL_ADA, "{}"),
    ENROLMENT_LOG(11, "StudentSubscribed", 5, PUPIL_ADA, "{}"),
    ENROLMENT_LOG(12, "StudentSubscribed", 1, PUPIL_BOB, META(3)),
    ENROLMENT_LOG(13, "StudentUnsubscribed", 1, PUPIL_BOB, META(4)),
    COURSE_LOG(14, 1, "CourseCapacityChanged", 1, META(5)),
    NULL,
};

static const char *const history_lines[] = {
    REQUEST(1, 10, 20, 201, "school", "POST", "/courses",
            ASKED_SEATS(1, 2) "," ANSWER("course-" EVENT(1), "CourseDefined", 1, 1)),
    REQUEST(2, 21, 30, 201, "school", "POST", "/enrolments",
            "'key':'k2'," ASKED_BOTH(1, PUPIL_ADA) "," ANSWER("enrolment-" EVENT(7),
                                                              "StudentSubscribed", 1, 7)),
    REQUEST(3, 31, 40, 0, "school", "POST", "/enrolments", ASKED_BOTH(1, PUPIL_BOB)),
    REQUEST(
        4, 51, 60, 201, "school", "POST", "/enrolments/end",
        ASKED_BOTH(1, PUPIL_BOB) "," ANSWER("enrolment-" EVENT(13), "StudentUnsubscribed", 1, 13)),
    REQUEST(5, 61, 70, 201, "school", "POST", "/courses/capacity",
            ASKED_SEATS(1, 1) "," ANSWER("course-" EVENT(14), "CourseCapacityChanged", 1, 14)),
    REQUEST(6, 71, 72, 422, "school", "POST", "/enrolments",
            "'code':'course-full'," ASKED_BOTH(1, PUPIL_CYD)),
    REQUEST(7, 73, 74, 422, "school", "POST", "/enrolments",
            "'code':'too-many-courses'," ASKED_BOTH(6, PUPIL_ADA)),
    REQUEST(8, 41, 45, 422, "school", "POST", "/courses/capacity",
            "'code':'seats-taken'," ASKED_SEATS(1, 1)),
    REQUEST(9, 75, 76, 422, "school", "POST", "/enrolments/end",
            "'code':'not-subscribed'," ASKED_BOTH(2, PUPIL_BOB)),
    REQUEST(0, 77, 78, 422, "school", "POST", "/enrolments",
            "'code':'subscribed-already'," ASKED_BOTH(1, PUPIL_ADA)),
    "{'kind':'sql','outcome':'committed','done':30,'ids':['" EVENT(2) "','" EVENT(3) "','" EVENT(
        4) "','" EVENT(5) "','" EVENT(6) "','" EVENT(8) "','" EVENT(9) "','" EVENT(10) "','" EVENT(11) "']}",
    NULL,
};

static const char *const tag_lines[] = {
    TAG_LINE("course:" COURSE_ID(1), 1, "CourseDefined"),
    TAG_LINE("course:" COURSE_ID(2), 2, "CourseDefined"),
    TAG_LINE("course:" COURSE_ID(3), 3, "CourseDefined"),
    TAG_LINE("course:" COURSE_ID(4), 4, "CourseDefined"),
    TAG_LINE("course:" COURSE_ID(5), 5, "CourseDefined"),
    TAG_LINE("course:" COURSE_ID(6), 6, "CourseDefined"),
    TAG_LINE("course:" COURSE_ID(1), 7, "StudentSubscribed"),
    TAG_LINE("student:" PUPIL_ADA, 7, "StudentSubscribed"),
    TAG_LINE("course:" COURSE_ID(2), 8, "StudentSubscribed"),
    TAG_LINE("student:" PUPIL_ADA, 8, "StudentSubscribed"),
    TAG_LINE("course:" COURSE_ID(3), 9, "StudentSubscribed"),
    TAG_LINE("student:" PUPIL_ADA, 9, "StudentSubscribed"),
    TAG_LINE("course:" COURSE_ID(4), 10, "StudentSubscribed"),
    TAG_LINE("student:" PUPIL_ADA, 10, "StudentSubscribed"),
    TAG_LINE("course:" COURSE_ID(5), 11, "StudentSubscribed"),
    TAG_LINE("student:" PUPIL_ADA, 11, "StudentSubscribed"),
    TAG_LINE("course:" COURSE_ID(1), 12, "StudentSubscribed"),
    TAG_LINE("student:" PUPIL_BOB, 12, "StudentSubscribed"),
    TAG_LINE("course:" COURSE_ID(1), 13, "StudentUnsubscribed"),
    TAG_LINE("student:" PUPIL_BOB, 13, "StudentUnsubscribed"),
    TAG_LINE("course:" COURSE_ID(1), 14, "CourseCapacityChanged"),
    NULL,
};

static const char *const no_lines[] = {NULL};

const struct true_story school_story = {check_school, history_lines, log_lines, no_lines,
                                        no_lines,     no_lines,      tag_lines};
