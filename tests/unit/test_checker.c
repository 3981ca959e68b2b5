/* test_checker.c - tests the checker of fault runs (../fault/check.h) on three small stories that
 * are true, of the shop (../fault/story.h), of the hotel (../fault/hotel/hotel_story.h) and of the
 * school (../fault/school/school_story.h), and on the same stories with one lie (a false statement)
 * each. Every rule has at least one lie that it must find. */
#include "../fault/check/lie.h"
#include "../fault/hotel/hotel_story.h"
#include "../fault/school/school_story.h"
#include "../support/support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- lies about the shop ---- */

static const struct lie lies[] = {
    {"a position is left out", "positions", LOG_FILE, SETS, 6, "position", "7"},
    {"an event in the middle is gone", "positions", LOG_FILE, REMOVES, 3, NULL, NULL},
    {"a version is left out", "versions", LOG_FILE, SETS, 5, "version", "3"},
    {"two events have one version", "versions", LOG_FILE, SETS, 5, "version", "1"},
    {"time goes back", "times", LOG_FILE, SETS, 4, "recorded_us", SECOND(1)},
    {"an event is there twice", "ids", LOG_FILE, SETS, 5, "event_id", "'" EVENT(4) "'"},
    {"a reader saw an event that is not there", "seen", HISTORY, ADDS, 0, NULL,
     "{'kind':'seen','actor':'f','from':5,'ids':['" EVENT(9) "']}"},
    {"a reader saw more than there is", "seen", HISTORY, ADDS, 0, NULL,
     "{'kind':'seen','actor':'f','from':5,'ids':['" EVENT(6) "','" EVENT(7) "']}"},
    {"a reader overlooked a position", "seen", HISTORY, ADDS, 0, NULL,
     "{'kind':'seen','actor':'f','from':2,'ids':['" EVENT(4) "']}"},
    {"the past was changed", "tampering", HISTORY, SETS, 15, "outcome", "'done'"},
    {"what was committed is gone", "sql", HISTORY, SETS, 12, "ids", "['" EVENT(9) "']"},
    {"what was rolled back is there", "sql", HISTORY, SETS, 12, "outcome", "'rolled-back'"},
    {"an append is there in part", "appends", LOG_FILE, SETS, 5, "event_id", "'" EVENT(9) "'"},
    {"an append was answered another position", "appends", HISTORY, SETS, 10, "writes",
     "[{'stream':'ledger-1','version':0,'event_id':'','ids':['" EVENT(4) "','" EVENT(
         5) "'],'answered':2,'position':6}]"},
    {"an append on a stale version was accepted", "appends", HISTORY, SETS, 10, "writes",
     "[{'stream':'ledger-1','version':1,'event_id':'','ids':['" EVENT(4) "','" EVENT(
         5) "'],'answered':2,'position':5}]"},
    {"an append that was right was refused", "appends", HISTORY, SETS, 11, "writes",
     "[{'stream':'ledger-1','version':2,'event_id':'" EVENT(5) "','ids':['" EVENT(8) "']}]"},
    {"an append on another event was accepted", "appends", HISTORY, ADDS, 0, NULL,
     "{'kind':'append','actor':'l','outcome':'appended','writes':[{'stream':'ledger-1','version':2,"
     "'event_id':'" EVENT(9) "','ids':[],'command':'x','hash':'h','answered':2}]}"},
    {"an append that looked at a stream that had moved was accepted", "appends", HISTORY, ADDS, 0,
     NULL,
     "{'kind':'append','actor':'l','outcome':'appended','check':{'stream':'ledger-1','version':1,"
     "'event_id':''},'writes':[{'stream':'ledger-2','version':0,'event_id':'','ids':[]}]}"},
    {"two streams hold one claim", "appends", HISTORY, ADDS, 0, NULL,
     "{'kind':'append','actor':'l','outcome':'appended','writes':[{'stream':'ledger-2','version':0,"
     "'event_id':'','ids':[],'takes':'c'}]}"},
    {"a command was carried out again", "appends", HISTORY, ADDS, 0, NULL,
     "{'kind':'append','actor':'l','outcome':'appended','writes':[{'stream':'ledger-1','version':2,"
     "'event_id':'','ids':[],'command':'k','hash':'h'}]}"},
    {"another request under one key was taken for the same", "appends", HISTORY, ADDS, 0, NULL,
     "{'kind':'append','actor':'l','outcome':'replayed','writes':[{'stream':'ledger-1','version':2,"
     "'event_id':'','ids':[],'command':'k','hash':'g'}]}"},
    {"a defect was answered", "defects", HISTORY, SETS, 5, "status", "500"},
    {"what was acknowledged is not there", "acknowledged", HISTORY, SETS, 2, "answer",
     "'{`stream`:`order-" ORDER "`,`version`:1,`position`:4,`events`:[{`type`:`OrderPlaced`,"
     "`version`:1,`position`:4}]}'"},
    {"what was acknowledged wrote nothing", "acknowledged", LOG_FILE, SETS, 2, "meta", META(9)},
    {"what was acknowledged is there twice", "acknowledged", LOG_FILE, ADDS, 0, NULL,
     LOG(7, "order-" USER, 1, "OrderPlaced", PLACED, META(2))},
    {"what was only repeated wrote again", "acknowledged", LOG_FILE, ADDS, 0, NULL,
     LOG(7, "order-" ORDER, 3, "OrderPaid", "{'payment_id':'p','currency':'EUR','total':900}",
         META(4))},
    {"what was refused was written", "refused", LOG_FILE, SETS, 3, "meta", META(5)},
    {"what was answered with 503 was written", "refused", HISTORY, SETS, 3, "status", "503"},
    {"a request without an answer was carried out twice", "unknown", LOG_FILE, ADDS, 0, NULL,
     LOG(7, "order-" ORDER, 3, "OrderPaid", "{'payment_id':'p','currency':'EUR','total':900}",
         META(3))},
    {"one key was carried out twice", "keys", HISTORY, SETS, 2, "key", "'k3'"},
    {"one key was answered in two ways", "keys", HISTORY, ADDS, 0, NULL,
     REQUEST(0, 90, 91, 200, "order", "POST", "/orders/" ORDER "/pay",
             "'key':'k3','replayed':true,'body':'{`payment_id`:`p`}'," ANSWER(
                 "order-" ORDER, "OrderPlaced", 1, 2))},
    {"a later request comes before an earlier one", "order", HISTORY, SETS, 2, "sent", "62"},
    {"a later request is written before what was read", "order", HISTORY, SETS, 3, "sent", "75"},
    {"something is answered before it was asked for", "order", HISTORY, SETS, 6, "done", "49"},
    {"a position is answered that there is not", "order", HISTORY, SETS, 6, "position",
     "'00000000-1-9'"},
    {"an event that nobody asked for", "attributed", LOG_FILE, SETS, 3, "meta", "{}"},
    {"a request that was sent by half was carried out", "attributed", LOG_FILE, SETS, 3, "meta",
     META(f)},
    {"an append that nobody asked for", "attributed", HISTORY, REMOVES, 10, NULL, NULL},
    {"an order of nobody", "legal", LOG_FILE, SETS, 1, "type", "'UserDeactivated'"},
    {"what was paid is paid again", "legal", LOG_FILE, SETS, 2, "type", "'OrderPaid'"},
    {"an event says something else than its request", "legal", HISTORY, SETS, 3, "body",
     "'{`payment_id`:`q`}'"},
    {"an event on another version than If-Match says", "legal", HISTORY, SETS, 3, "if_match",
     "'\\\"2\\\"'"},
    {"the total of an order is wrong", "legal", LOG_FILE, SETS, 2, "data",
     "{'user_id':'" USER "','currency':'EUR','lines':" LINES ",'total':901}"},
    {"two users have one address", "claims", LOG_FILE, ADDS, 0, NULL,
     LOG(7, "user-" ORDER, 1, "UserRegistered", "{'email':'A@Example.com','name':'B'}", META(9))},
    {"a refusal is true at no time", "explained", HISTORY, SETS, 5, "code", "'order-cancelled'"},
    {"a refusal tells of what came after it", "explained", HISTORY, ADDS, 0, NULL,
     REQUEST(0, 41, 49, 422, "order", "POST", "/orders/" ORDER "/pay",
             "'code':'order-already-paid','body':'{`payment_id`:`p`}'")},
    {"an address was refused that nobody had", "explained", HISTORY, SETS, 9, "body",
     "'{`email`:`b@example.com`,`name`:`B`}'"},
    {"a stream that is there was not found", "explained", HISTORY, SETS, 5, "code", "'not-found'"},
    {"a right If-Match was refused", "explained", HISTORY, ADDS, 0, NULL,
     REQUEST(0, 90, 91, 412, "order", "POST", "/orders/" ORDER "/pay",
             "'code':'precondition-failed','if_match':'\\\"2\\\"','body':'{`payment_id`:`p`}'")},
    {"a refusal of another kind", "explained", HISTORY, SETS, 5, "code", "'malformed'"},
    {"a read before its token", "fresh", HISTORY, SETS, 6, "token", "'00000000-1-5'"},
    {"a read with a token beyond the head", "fresh", HISTORY, SETS, 6, "token",
     "'00000000-1-1000006'"},
    {"a read that says no position", "fresh", HISTORY, SETS, 8, "position", "''"},
    {"a row is not the fold", "folds", HISTORY, SETS, 6, "position", "'00000000-1-2'"},
    {"an ETag names another version", "folds", HISTORY, SETS, 6, "etag", "'\\\"1.1\\\"'"},
    {"a row is there and was not found", "folds", HISTORY, SETS, 8, "path", "'/orders/" ORDER "'"},
    {"a row was found and is not there", "folds", HISTORY, SETS, 6, "position", "'00000000-1-1'"},
    {"a list has a row too few", "folds", HISTORY, SETS, 7, "answer", "'{`items`:[]}'"},
    {"a list shows an older row", "folds", HISTORY, SETS, 7, "position", "'00000000-1-2'"},
    {"a row is older than the log", "rows", ROWS, SETS, 2, "row", "{'status':'placed'}"},
    {"a row is missing", "rows", ROWS, REMOVES, 1, NULL, NULL},
    {"a row of nothing", "rows", ROWS, SETS, 2, "key", "'" USER "'"},
    {"a copy is older than the log", "rows", ROWS, SETS, 5, "row", "{'status':'placed'}"},
    {"a copy is missing", "rows", ROWS, REMOVES, 6, NULL, NULL},
    {"a sum is wrong", "rows", ROWS, SETS, 3, "row", "{'orders_placed':2}"},
    {"another event was published", "bus", BUS, SETS, 3, "event_id", "'" EVENT(3) "'"},
    {"an event was published as of another stream", "bus", BUS, SETS, 3, "stream",
     "'user-" ORDER "'"},
    {"an event was published twice", "bus", BUS, ADDS, 0, NULL,
     ENTRY("order", 3, 0, "order-" ORDER, 2, "OrderPaid", "{}")},
    {"the last event was not published", "bus", BUS, REMOVES, 5, NULL, NULL},
    {"an event was left out that was not trimmed yet", "bus", BUS, REMOVES, 4, NULL, NULL},
    {"nothing of a category was published", "bus", BUS, REMOVES, 3, NULL, NULL},
    {"a reader stopped before the end", "bus", BUS, ADDS, 0, NULL, MARK("q", "order", "begins", 0)},
    {"an event was published with another's id", "bus", BUS, SETS, 5, "event_id", "'" EVENT(2) "'"},
    {"an event in between was not published", "bus", LOG_FILE, SETS, 2, "stream",
     "'user-" USER "'"},
    {"an entry carries the state of another version", "carried", BUS, SETS, 5, "data",
     ORDER_CARRIED("'status':'placed'")},
    {"an entry carries another event", "carried", BUS, SETS, 4, "style", "'event'"},
    {"a reader is shown a row that never was", "live", HISTORY, SETS, 16, "data",
     "'{`status`:`lost`}'"},
    {"a reader is shown a row before it was so", "live", HISTORY, SETS, 17, "id",
     "'00000000-1-2.1'"},
    {"a reader is shown a row longer than it was so", "live", HISTORY, SETS, 16, "id",
     "'00000000-1-3.1'"},
    {"a reader is taken back", "live", HISTORY, ADDS, 0, NULL,
     LIVE("1", ORDER, 2, ORDER_PLACED_ROW)},
    {"a reader is told of another row", "live", HISTORY, SETS, 17, "path", "'/orders/" USER "'"},
    {"a reader is told that a row is gone", "live", HISTORY, SETS, 17, "event", "'deleted'"},
    {"a reader has not seen the last state", "live", HISTORY, REMOVES, 17, NULL, NULL},
    {"a reader has seen nothing", "live", HISTORY, ADDS, 0, NULL,
     "{'kind':'live','hold':'3','path':'/orders/" ORDER "','ends':true}"},
    {"a page is shown without one of its rows", "live", HISTORY, SETS, 20, "data",
     "'{`items`:[],`next`:null}'"},
    {"a page is shown with a row before it was so", "live", HISTORY, SETS, 21, "id",
     "'00000000-1-2.1.abc'"},
    {"a page's reader has not seen its last state", "live", HISTORY, REMOVES, 21, NULL, NULL},
    {"a page's reader is told that it is gone", "live", HISTORY, SETS, 21, "event", "'deleted'"},
    {"an answer was not on the standby", "replicated", HISTORY, ADDS, 0, NULL,
     "{'kind':'standby','at':41,'head':1}"},
    {"an append was not on the standby", "replicated", HISTORY, ADDS, 0, NULL,
     "{'kind':'standby','at':92,'head':4}"},
    {"a transaction was not on the standby", "replicated", HISTORY, ADDS, 0, NULL,
     "{'kind':'standby','at':94,'head':5}"},
    {"what nobody could read was read", "folds", HISTORY, ADDS, 0, NULL,
     "{'kind':'spoiled','id':'" EVENT(3) "'}"},
    {"what nobody could read is carried", "carried", HISTORY, ADDS, 0, NULL,
     "{'kind':'spoiled','id':'" EVENT(3) "'}"},
    {"no generation is live", "generations", GENERATIONS, SETS, 1, "live", "false"},
    {"two generations are live", "generations", GENERATIONS, ADDS, 0, NULL,
     "{'kind':'generation','model':'users','generation':2,'state':'following','live':true}"},
    {"a read model has no generation", "generations", GENERATIONS, REMOVES, 4, NULL, NULL},
    {"a table of a generation that was dropped is there", "generations", GENERATIONS, ADDS, 0, NULL,
     "{'kind':'table','model':'order_summary','generation':1,'name':'order_summary_g1'}"},
    {"a table of a generation that never was is there", "generations", GENERATIONS, ADDS, 0, NULL,
     "{'kind':'table','model':'users','generation':7,'name':'users_g7'}"},
    {"a key of a generation that was dropped is there", "generations", GENERATIONS, SETS, 10,
     "generation", "1"},
    {"a generation is followed without a table", "generations", GENERATIONS, REMOVES, 6, NULL,
     NULL},
};

/* ---- lies about the hotel ---- */

static const struct lie hotel_lies[] = {
    {"nights were not freed before another had them", "overlaps", LOG_FILE, SETS, 10, "type",
     "'Happened'"},
    {"a room is closed for a night that is held", "overlaps", LOG_FILE, ADDS, 0, NULL,
     LOG(18, "room-" ROOM, 2, "RoomClosed", "{" NIGHTS(2, 3) ",'reason':'paint'}", META(9))},
    {"one night of a stay is another's", "overlaps", LOG_FILE, ADDS, 0, NULL,
     LOG(18, "reservation-" CYD, 2, "NightsTaken", "{" NIGHTS(2, 4) ",'guest':'Cyd'}", META(4))},
    {"nights are freed by another stream than their own", "overlaps", LOG_FILE, SETS, 10, "stream",
     "'reservation-" CYD "'"},
    {"two rooms have one number", "numbers", LOG_FILE, ADDS, 0, NULL,
     LOG(18, "room-" USER, 1, "RoomAdded", "{'number':'1','beds':1}", META(9))},
    {"what was expired is confirmed", "stays", LOG_FILE, SETS, 17, "stream",
     "'reservation-" ADA "'"},
    {"a confirmed reservation expires", "stays", LOG_FILE, ADDS, 0, NULL,
     LOG(18, "reservation-" BOB, 5, "ReservationReleased", "{'status':'expired'," NIGHTS(1, 3) "}",
         META(5))},
    {"a reservation is held without its nights", "stays", LOG_FILE, SETS, 14, "type", "'Happened'"},
    {"a reservation frees nights that it does not have", "stays", LOG_FILE, SETS, 10, "data",
     "{" NIGHTS(1, 2) "}"},
    {"an expired reservation keeps its nights", "stays", LOG_FILE, SETS, 10, "type", "'Happened'"},
    {"a guest has other nights than asked for", "stays", HISTORY, SETS, 2, "body",
     "'{`reservation_id`:`" ADA "`,`guest`:`Ada`," ASKED_NIGHTS(1, 2) "}'"},
    {"a night was refused that was free", "reasons", HISTORY, SETS, 6, "body",
     "'{`reservation_id`:`" USER "`,`guest`:`Dan`," ASKED_NIGHTS(3, 4) "}'"},
    {"a number was refused that no room has", "reasons", HISTORY, SETS, 7, "body",
     "'{`number`:`2`}'"},
    {"a move was refused of what was confirmed", "reasons", HISTORY, ADDS, 0, NULL,
     REQUEST(0, 71, 72, 422, "hotel", "POST", "/reservations/" BOB "/move",
             "'code':'reservation-not-held','body':'{`from`:`2038-01-05`,`until`:`2038-01-06`}'")},
    {"a room that is there was unknown", "reasons", HISTORY, SETS, 6, "code", "'room-unknown'"},
    {"a room was too small that is not", "reasons", HISTORY, SETS, 6, "code", "'room-too-small'"},
    {"a reservation that is there was not found", "reasons", HISTORY, SETS, 8, "code",
     "'not-found'"},
    {"a reservation that is not over was so", "reasons", HISTORY, ADDS, 0, NULL,
     REQUEST(0, 71, 72, 422, "hotel", "POST", "/reservations/" BOB "/cancel",
             "'code':'reservation-over','body':'{}'")},
    {"a refusal of another kind", "reasons", HISTORY, SETS, 8, "code", "'nights-past'"},
    {"a reservation did not expire", "expired", LOG_FILE, SETS, 17, "type", "'Happened'"},
    {"who waited longer was passed over", "served", LOG_FILE, SETS, 12, "data",
     "{'position':10,'sent':[" OFFER(CYD) "]}"},
    {"free nights were offered in vain", "served", LOG_FILE, SETS, 4, "data",
     "{" NIGHTS(3, 4) ",'room':'1','guest':'Bob'}"},
    {"nights are free and a guest waits for them", "served", LOG_FILE, SETS, 7, "data",
     "{" NIGHTS(3, 4) ",'room':'1','guest':'Cyd'}"},
    {"a row is another", "answers", HISTORY, SETS, 9, "answer", "'" ADA_ROW "'"},
    {"a row is older than its position", "answers", HISTORY, SETS, 9, "position",
     "'00000000-1-16'"},
    {"a row is there and was not found", "answers", HISTORY, SETS, 9, "status", "404"},
    {"a night is missing", "answers", HISTORY, SETS, 10, "answer", "'{`items`:[]}'"},
    {"a night is shown that is free", "answers", HISTORY, SETS, 10, "position", "'00000000-1-12'"},
    {"a night is shown of another guest", "answers", HISTORY, SETS, 10, "position",
     "'00000000-1-9'"},
    {"an occupied night has no row", "occupied", ROWS, REMOVES, 4, NULL, NULL},
    {"a free night has a row", "occupied", ROWS, SETS, 5, "key", "'" NIGHT_KEY(7) "'"},
    {"a night has another guest", "occupied", ROWS, SETS, 5, "row",
     "{'room_id':'" ROOM "','night':'2038-01-02','guest':'Ada','reservation_id':'" ADA "'}"},
    {"the copy of a night is missing", "occupied", ROWS, REMOVES, 11, NULL, NULL},
    {"a reservation has another status", "occupied", ROWS, SETS, 1, "row", "{'status':'held'}"},
    {"a room is cleaned on another day", "occupied", ROWS, SETS, 6, "row",
     "{'reservation_id':'" BOB "','room_id':'" ROOM "','due_on':'2038-01-04'}"},
    {"a room is not cleaned", "occupied", ROWS, REMOVES, 6, NULL, NULL},
    {"a confirmation was posted under two keys", "told", HISTORY, SETS, 12, "key", "'key-c'"},
    {"something else was posted", "told", HISTORY, SETS, 12, "body",
     "{'reservation_id':'" BOB "','guest':'Ada'," NIGHTS(1, 3) "}"},
    {"a reservation was posted that was not confirmed", "told", HISTORY, ADDS, 0, NULL,
     POST("key-d", ADA, "Ada", 1, 3)},
    {"a confirmation was not posted", "told", LOG_FILE, ADDS, 0, NULL,
     LOG(18, "reservation-" CYD, 2, "ReservationConfirmed", "{" NIGHTS(2, 3) ",'guest':'Cyd'}",
         META(4))},
    {"a process has parked an event", "parked", HISTORY, ADDS, 0, NULL,
     "{'kind':'parked','by':'waiting_list','what':'waiting_list-" ROOM "','reason':'unreadable'}"},
    {"half of what was acknowledged is there", "acknowledged", LOG_FILE, SETS, 3, "meta", "{}"},
    {"a booking was acknowledged that is not there", "acknowledged", HISTORY, SETS, 4, "answer",
     "'{`stream`:`reservation-" CYD "`,`version`:1,`position`:8,`events`:[{`type`:"
     "`ReservationQueued`,`version`:1,`position`:8}]}'"},
    {"a booking without an answer was carried out twice", "unknown", LOG_FILE, ADDS, 0, NULL,
     LOG(18, "reservation-" BOB, 5, "ReservationQueued", "{" NIGHTS(1, 3) "}", META(3))},
    {"a reservation was confirmed on another version", "stays", HISTORY, SETS, 5, "if_match",
     "'\\\"2\\\"'"},
    {"no generation of occupancy is live", "generations", GENERATIONS, SETS, 2, "live", "false"},
    {"a refused booking was written", "refused", LOG_FILE, ADDS, 0, NULL,
     LOG(18, "reservation-" USER, 1, "ReservationHeld", "{" NIGHTS(2, 4) "}", META(6))},
};

/* ---- lies about the school ---- */

static const struct lie school_lies[] = {
    {"a course has more students than seats", "seats", LOG_FILE, ADDS, 0, NULL,
     ENROLMENT_LOG(15, "StudentSubscribed", 1, PUPIL_CYD, META(9))},
    {"a seat is given before another was free", "seats", LOG_FILE, SETS, 13, "type",
     "'StudentSubscribed'"},
    {"a course has less seats than are taken", "seats", LOG_FILE, SETS, 14, "data",
     "{'course_id':'" COURSE_ID(1) "','capacity':0}"},
    {"a student takes part in six courses", "courses", LOG_FILE, ADDS, 0, NULL,
     ENROLMENT_LOG(15, "StudentSubscribed", 6, PUPIL_ADA, META(9))},
    {"a student has two seats in a course", "enrolments", LOG_FILE, SETS, 12, "data",
     BOTH(1, PUPIL_ADA)},
    {"a seat was given back that was not taken", "enrolments", LOG_FILE, SETS, 13, "data",
     BOTH(2, PUPIL_BOB)},
    {"a course is not there and has a student", "enrolments", LOG_FILE, SETS, 2, "data",
     "{'course_id':'" COURSE_ID(7) "','capacity':2}"},
    {"a course is there twice", "enrolments", LOG_FILE, ADDS, 0, NULL,
     COURSE_LOG(15, 1, "CourseDefined", 2, META(9))},
    {"another student was subscribed than was asked for", "enrolments", HISTORY, SETS, 2, "body",
     "'{`course_id`:`" COURSE_ID(1) "`,`student_id`:`" PUPIL_CYD "`}'"},
    {"another number of seats is there than was asked for", "enrolments", HISTORY, SETS, 5, "body",
     "'{`course_id`:`" COURSE_ID(1) "`,`capacity`:2}'"},
    {"a course was full that is not", "denials", HISTORY, SETS, 7, "code", "'course-full'"},
    {"a course was full after a seat was free", "denials", HISTORY, SETS, 6, "body",
     "'{`course_id`:`" COURSE_ID(2) "`,`student_id`:`" PUPIL_CYD "`}'"},
    {"a student had too many courses who has not", "denials", HISTORY, SETS, 6, "code",
     "'too-many-courses'"},
    {"seats were taken that are free", "denials", HISTORY, SETS, 8, "sent", "79"},
    {"a student was subscribed who is not", "denials", HISTORY, SETS, 6, "code",
     "'subscribed-already'"},
    {"a student was not subscribed who is", "denials", HISTORY, SETS, 9, "body",
     "'{`course_id`:`" COURSE_ID(1) "`,`student_id`:`" PUPIL_ADA "`}'"},
    {"a course that is there was unknown", "denials", HISTORY, SETS, 6, "code", "'course-unknown'"},
    {"a refusal of another kind", "denials", HISTORY, SETS, 6, "code", "'malformed'"},
    {"an event lacks one of its tags", "tags", TAGS, REMOVES, 8, NULL, NULL},
    {"a tag is of an event that is not there", "tags", TAGS, ADDS, 0, NULL,
     TAG_LINE("course:" COURSE_ID(1), 15, "StudentSubscribed")},
    {"an event has a tag that is not its own", "tags", TAGS, ADDS, 0, NULL,
     TAG_LINE("student:" PUPIL_CYD, 12, "StudentSubscribed")},
    {"a tag names another type", "tags", TAGS, SETS, 21, "type", "'CourseDefined'"},
    {"a tag is there twice", "tags", TAGS, ADDS, 0, NULL,
     TAG_LINE("course:" COURSE_ID(1), 1, "CourseDefined")},
    {"an acknowledged subscription is not there", "acknowledged", LOG_FILE, SETS, 7, "meta",
     META(9)},
    {"an acknowledged subscription is there twice", "acknowledged", LOG_FILE, ADDS, 0, NULL,
     ENROLMENT_LOG(15, "StudentSubscribed", 1, PUPIL_ADA, META(2))},
    {"an end of a subscription was acknowledged at another position", "acknowledged", HISTORY, SETS,
     4, "answer",
     "'{`stream`:`enrolment-" EVENT(13) "`,`version`:1,`position`:12,`events`:[{`type`:"
                                        "`StudentUnsubscribed`,`version`:1,`position`:12}]}'"},
    {"a refused subscription was written", "refused", LOG_FILE, ADDS, 0, NULL,
     ENROLMENT_LOG(15, "StudentSubscribed", 1, PUPIL_CYD, META(6))},
    {"a subscription without an answer was carried out twice", "unknown", LOG_FILE, ADDS, 0, NULL,
     ENROLMENT_LOG(15, "StudentSubscribed", 1, PUPIL_BOB, META(3))},
    {"a subscription by hand was rolled back and is there", "sql", HISTORY, SETS, 11, "outcome",
     "'rolled-back'"},
    {"a subscription that nobody asked for", "attributed", LOG_FILE, SETS, 12, "meta", "{}"},
};

/* ---- tests ---- */

static void expect_belief(const struct true_story *story)
{
    struct verdict verdict = lie_judge(story, NULL);
    verdict_print(&verdict, stderr);
    assert_int_equal(verdict.count, 0);
}

static void a_true_story_is_believed(void **state)
{
    (void)state;
    expect_belief(&shop_story);
    expect_belief(&hotel_story);
    expect_belief(&school_story);
}

static void every_lie_is_found_by_its_rule(void **state)
{
    (void)state;
    lies_are_found(&shop_story, lies, COUNT(lies));
}

static void every_lie_about_the_hotel_is_found_by_its_rule(void **state)
{
    (void)state;
    lies_are_found(&hotel_story, hotel_lies, COUNT(hotel_lies));
}

static void every_lie_about_the_school_is_found_by_its_rule(void **state)
{
    (void)state;
    lies_are_found(&school_story, school_lies, COUNT(school_lies));
}

static void every_rule_has_a_lie(void **state)
{
    (void)state;
    lies_are_for_all(check_rules, lies, COUNT(lies));
    lies_are_for_all(check_hotel_rules, hotel_lies, COUNT(hotel_lies));
    lies_are_for_all(check_school_rules, school_lies, COUNT(school_lies));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_true_story_is_believed),
        cmocka_unit_test(every_lie_is_found_by_its_rule),
        cmocka_unit_test(every_lie_about_the_hotel_is_found_by_its_rule),
        cmocka_unit_test(every_lie_about_the_school_is_found_by_its_rule),
        cmocka_unit_test(every_rule_has_a_lie),
    };
    return cmocka_run_group_tests_name("checker", tests, NULL, NULL);
}
