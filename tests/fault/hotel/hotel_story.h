/* hotel_story.h - what a short run of the hotel leaves behind, all of it true (../story.h): Ada
 * holds two nights, Bob and Cyd wait for them, hers expire, Bob is served and confirms, Cyd still
 * waits. */
#ifndef HOTEL_STORY_H
#define HOTEL_STORY_H

#include "../story.h"

#define ROOM "00000000-0000-7000-8000-00000000000c"
#define ADA "00000000-0000-7000-8000-0000000000a1"
#define BOB "00000000-0000-7000-8000-0000000000b1"
#define CYD "00000000-0000-7000-8000-0000000000c1"
#define NIGHTS(from, until)                                                                        \
    "'nights':{'room_id':'" ROOM "','from':'2038-01-0" #from "','until':'2038-01-0" #until "'}"
#define ASKED_NIGHTS(from, until)                                                                  \
    "`nights`:{`room_id`:`" ROOM "`,`from`:`2038-01-0" #from "`,`until`:`2038-01-0" #until "`}"

/* An advance of the waiting list that has read the log to this position, and offers. */
#define ADVANCE(n, version, read, sent)                                                            \
    LOG(n, "waiting_list-" ROOM, version, "ProcessAdvanced",                                       \
        "{'position':" #read ",'sent':[" sent "]}", META(3))
#define OFFER(id) "{'to':'reservation-" id "','command':'offer_reservation'}"

#define STAY_ROW(id, guest, status, from, until, more)                                             \
    "{`reservation_id`:`" id "`,`room_id`:`" ROOM "`,`arrival`:`2038-01-0" #from                   \
    "`,`departure`:`2038-01-0" #until "`,`guest`:`" guest "`,`status`:`" status "`" more "}"
#define CONFIRM_BY ",`confirm_by`:`2026-11-21T07:15:00.000000Z`"
#define ADA_ROW STAY_ROW(ADA, "Ada", "expired", 1, 3, CONFIRM_BY)
#define BOB_ROW STAY_ROW(BOB, "Bob", "confirmed", 1, 3, CONFIRM_BY)
#define CYD_ROW STAY_ROW(CYD, "Cyd", "waiting", 2, 3, ",`confirm_by`:null")
#define NIGHT_ROW(day)                                                                             \
    "{`room_id`:`" ROOM "`,`night`:`2038-01-0" #day "`,`reservation_id`:`" BOB                     \
    "`,`guest`:`Bob`,`closed_because`:null}"
#define NIGHT_KEY(day) ROOM ":2038-01-0" #day
#define POST(key, id, guest, from, until)                                                          \
    "{'kind':'post','key':'" key "','body':{'reservation_id':'" id "','guest':'" guest             \
    "'," NIGHTS(from, until) "}}"

extern const struct true_story hotel_story;

#endif
