/* school_story.h - what a short run of the school leaves behind, all of it true (../story.h): six
 * courses of two seats each; Ada takes part in five of them, Bob in one, until his place is given
 * up; then that course has one seat left, and it is Ada's. */
#ifndef SCHOOL_STORY_H
#define SCHOOL_STORY_H

#include "../story.h"

#define COURSE_ID(n) "00000000-0000-7000-8000-00000000000" #n
#define PUPIL_ADA "00000000-0000-7000-8000-0000000000a1"
#define PUPIL_BOB "00000000-0000-7000-8000-0000000000b1"
#define PUPIL_CYD "00000000-0000-7000-8000-0000000000c1"

#define BOTH(course, pupil) "{'course_id':'" COURSE_ID(course) "','student_id':'" pupil "'}"
#define ASKED_BOTH(course, pupil)                                                                  \
    "'body':'{`course_id`:`" COURSE_ID(course) "`,`student_id`:`" pupil "`}'"
#define ASKED_SEATS(course, capacity)                                                              \
    "'body':'{`course_id`:`" COURSE_ID(course) "`,`capacity`:" #capacity "}'"

#define COURSE_LOG(n, course, type, capacity, meta)                                                \
    LOG(n, "course-" EVENT(n), 1, type,                                                            \
        "{'course_id':'" COURSE_ID(course) "','capacity':" #capacity "}", meta)
#define ENROLMENT_LOG(n, type, course, pupil, meta)                                                \
    LOG(n, "enrolment-" EVENT(n), 1, type, BOTH(course, pupil), meta)

#define TAG_LINE(tag, n, type) "{'tag':'" tag "','position':" #n ",'type':'" type "'}"

extern const struct true_story school_story;

#endif
