/* hotel_story.c - the lines of the true story of the hotel (hotel_story.h), file by file. */
#include "hotel_story.h"

#include "../check/check.h"

#include <stddef.h>

#define HELD_DATA(guest)                                                                           \
    "{" NIGHTS(1, 3) ",'room':'1','guest':'" guest "','confirm_by':'2026-11-21T07:15:00.000000Z'}"

static const char *const log_lines[] = {
    LOG(1, "room-" ROOM, 1, "RoomAdded", "{'number':'1','beds':2}", META(1)),
    LOG(2, "reservation-" ADA, 1, "ReservationHeld", HELD_DATA("Ada"), META(2)),
    LOG(3, "reservation-" ADA, 2, "NightsTaken", "{" NIGHTS(1, 3) ",'guest':'Ada'}", META(2)),
    LOG(4, "reservation-" BOB, 1, "ReservationQueued",
        "{" NIGHTS(1, 3) ",'room':'1','guest':'Bob'}", META(3)),
    ADVANCE(5, 1, 4, OFFER(BOB)),
    ADVANCE(6, 2, 4, ""),
    LOG(7, "reservation-" CYD, 1, "ReservationQueued",
        "{" NIGHTS(2, 3) ",'room':'1','guest':'Cyd'}", META(4)),
    ADVANCE(8, 3, 7, OFFER(CYD)),
    ADVANCE(9, 4, 7, ""),
    LOG(10, "reservation-" ADA, 3, "NightsFreed", "{" NIGHTS(1, 3) "}", META(2)),
    LOG(11, "reservation-" ADA, 4, "ReservationReleased", "{'status':'expired'," NIGHTS(1, 3) "}",
        META(2)),
    ADVANCE(12, 5, 10, OFFER(BOB)),
    LOG(13, "reservation-" BOB, 2, "ReservationHeld", HELD_DATA("Bob"), META(3)),
    LOG(14, "reservation-" BOB, 3, "NightsTaken", "{" NIGHTS(1, 3) ",'guest':'Bob'}", META(3)),
    ADVANCE(15, 6, 13, OFFER(CYD)),
    ADVANCE(16, 7, 13, ""),
    LOG(17, "reservation-" BOB, 4, "ReservationConfirmed", "{" NIGHTS(1, 3) ",'guest':'Bob'}",
        META(5)),
    NULL,
};

static const char *const history_lines[] = {
    REQUEST(1, 10, 20, 201, "hotel", "POST", "/rooms",
            "'body':'{`room_id`:`" ROOM
            "`,`number`:`1`,`beds`:2}'," ANSWER("room-" ROOM, "RoomAdded", 1, 1)),
    REQUEST(2, 21, 30, 201, "hotel", "POST", "/reservations",
            "'key':'k2','body':'{`reservation_id`:`" ADA
            "`,`guest`:`Ada`,`persons`:1," ASKED_NIGHTS(
                1, 3) "}','position':'00000000-1-3','answer':'{`stream`:`reservation-" ADA
                      "`,`version`:2,`position`:3,`events`:[{`type`:`ReservationHeld`,`version`:1,"
                      "`position`:2},{`type`:`NightsTaken`,`version`:2,`position`:3}]}'"),
    REQUEST(3, 31, 40, 0, "hotel", "POST", "/reservations",
            "'body':'{`reservation_id`:`" BOB
            "`,`guest`:`Bob`,`wait`:true," ASKED_NIGHTS(1, 3) "}'"),
    REQUEST(4, 41, 50, 201, "hotel", "POST", "/reservations",
            "'body':'{`reservation_id`:`" CYD "`,`guest`:`Cyd`,`wait`:true," ASKED_NIGHTS(
                2, 3) "}'," ANSWER("reservation-" CYD, "ReservationQueued", 1, 7)),
    REQUEST(5, 51, 60, 200, "hotel", "POST", "/reservations/" BOB "/confirm",
            "'if_match':'\\\"3\\\"','body':'{}'," ANSWER("reservation-" BOB, "ReservationConfirmed",
                                                         4, 17)),
    REQUEST(6, 61, 62, 422, "hotel", "POST", "/reservations",
            "'code':'claimed','body':'{`reservation_id`:`" USER
            "`,`guest`:`Dan`,`persons`:1," ASKED_NIGHTS(2, 4) "}'"),
    REQUEST(7, 63, 64, 422, "hotel", "POST", "/rooms", "'code':'claimed','body':'{`number`:`1`}'"),
    REQUEST(8, 65, 66, 422, "hotel", "POST", "/reservations/" ADA "/confirm",
            "'code':'reservation-not-held','body':'{}'"),
    REQUEST(9, 67, 68, 200, "hotel_query", "GET", "/reservations/" BOB,
            "'position':'00000000-1-17','answer':'" BOB_ROW "'"),
    REQUEST(0, 69, 70, 200, "hotel_query", "GET",
            "/occupancy?room=" ROOM "&from=2038-01-02&to=2038-01-09",
            "'position':'00000000-1-17','answer':'{`items`:[" NIGHT_ROW(2) "],`next`:null}'"),
    POST("key-b", BOB, "Bob", 1, 3),
    POST("key-b", BOB, "Bob", 1, 3),
    NULL,
};

static const char *const row_lines[] = {
    ROW("postgres", "reservations", ADA, ADA_ROW),
    ROW("postgres", "reservations", BOB, BOB_ROW),
    ROW("postgres", "reservations", CYD, CYD_ROW),
    ROW("postgres", "occupancy", NIGHT_KEY(1), NIGHT_ROW(1)),
    ROW("postgres", "occupancy", NIGHT_KEY(2), NIGHT_ROW(2)),
    ROW("postgres", "cleanings", BOB,
        "{`reservation_id`:`" BOB "`,`room_id`:`" ROOM "`,`due_on`:`2038-01-03`}"),
    ROW("redis", "reservations", ADA, ADA_ROW),
    ROW("redis", "reservations", BOB, BOB_ROW),
    ROW("redis", "reservations", CYD, CYD_ROW),
    ROW("redis", "occupancy", NIGHT_KEY(1), NIGHT_ROW(1)),
    ROW("redis", "occupancy", NIGHT_KEY(2), NIGHT_ROW(2)),
    NULL,
};

static const char *const no_lines[] = {NULL};

static const char *const generation_lines[] = {
    "{'kind':'generation','model':'reservations','generation':1,'state':'following','live':true}",
    "{'kind':'generation','model':'occupancy','generation':1,'state':'following','live':true}",
    "{'kind':'table','model':'reservations','generation':1,'name':'reservations_g1'}",
    "{'kind':'table','model':'occupancy','generation':1,'name':'occupancy_g1'}",
    NULL,
};

const struct true_story hotel_story = {check_hotel, history_lines,    log_lines, row_lines,
                                       no_lines,    generation_lines, no_lines};
