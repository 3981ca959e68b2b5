/* hotel.c - the hotel: rooms, reservations and what follows from them, in one process. */
#include "hotel.h"

static const struct cairn_setting settings[] = {
    {.name = "CAIRN_HOLD_S",
     .fallback = "900",
     .unit = "s",
     .number = &hold_s,
     .min = 1,
     .max = 604800,
     .help = "how long nights are held for a guest who has not confirmed"},
    {.name = "CAIRN_WEBHOOK_URL",
     .unit = "URL",
     .text = &webhook_target.url,
     .help = "where confirmed reservations are posted"},
    {0},
};

CAIRN_MAIN({.name = "hotel",
            .port = 8070,
            .help = "rooms and their reservations",
            .deciders = {&room_decider, &reservation_decider},
            .processes = {&expiry_process, &waiting_list_process},
            .reactors = {&webhook_reactor},
            .projections = {&reservations_projection, &occupancy_projection},
            .publishes = (const struct cairn_publication[]){{.events = &reservation_events}, {0}},
            .settings = settings,
            .resources = CAIRN_RESOURCES(
                {.path = "/reservations/{id}", .projection = &reservations_projection},
                {.path = "/reservations",
                 .projection = &reservations_projection,
                 .list = true,
                 .filters = {{"room", "room_id", CAIRN_EQUAL}, {"status", "status", CAIRN_EQUAL}},
                 .order = "arrival"},
                {.path = "/occupancy",
                 .projection = &occupancy_projection,
                 .list = true,
                 .filters = {{"room", "room_id", CAIRN_EQUAL},
                             {"from", "night", CAIRN_AT_LEAST},
                             {"to", "night", CAIRN_AT_MOST}},
                 .order = "night"})});
