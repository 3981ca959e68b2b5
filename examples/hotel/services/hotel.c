/* hotel.c - the hotel: rooms, reservations and what follows from them. All services are in one
 * process, unless the program is told to run some of them: build/hotel --only hotel,processes */
#include "hotel.h"

static const struct cairn_service commands = {
    .name = "hotel",
    .port = 8070,
    .help = "rooms and their reservations",
    .deciders = {&room_decider, &reservation_decider},
    .settings = (const struct cairn_setting[]){
        {.name = "CAIRN_HOLD_S",
         .fallback = "900",
         .unit = "s",
         .number = &hold_s,
         .min = 1,
         .max = 604800,
         .help = "how long nights are held for a guest who has not confirmed"},
        {0},
    }};

static const struct cairn_service processes = {
    .name = "processes",
    .port = 8072,
    .help = "expires reservations, serves the waiting lists and posts confirmations",
    .processes = {&expiry_process, &waiting_list_process},
    .reactors = {&webhook_reactor},
    .peers = {{"reservation", "http://127.0.0.1:8070"}},
    .settings = (const struct cairn_setting[]){
        {.name = "CAIRN_WEBHOOK_URL",
         .unit = "URL",
         .text = &webhook_target.url,
         .help = "where confirmed reservations are posted"},
        {0},
    }};

static const struct cairn_service projector = {
    .name = "projector",
    .port = 8073,
    .help = "keeps the read models, and publishes reservations on the bus",
    .projections = {&reservations_projection, &occupancy_projection},
    .publishes = (const struct cairn_publication[]){{.events = &reservation_events}, {0}}};

static const struct cairn_service query = {
    .name = "query",
    .port = 8074,
    .help = "answers queries of reservations and occupancy",
    .resources = CAIRN_RESOURCES(
        {.path = "/reservations/{id}",
         .projection = &reservations_projection,
         .allow = CAIRN_ROLE("desk", "manager")},
        {.path = "/reservations",
         .projection = &reservations_projection,
         .list = true,
         .filters = {{"room", "room_id", CAIRN_EQUAL}, {"status", "status", CAIRN_EQUAL}},
         .order = "arrival",
         .allow = CAIRN_ROLE("desk", "manager")},
        {.path = "/occupancy",
         .projection = &occupancy_projection,
         .list = true,
         .filters = {{"room", "room_id", CAIRN_EQUAL},
                     {"from", "night", CAIRN_AT_LEAST},
                     {"to", "night", CAIRN_AT_MOST}},
         .order = "night",
         .allow = CAIRN_ROLE("desk", "manager")})};

int main(int argc, char **argv)
{
    return cairn_main(
        argc, argv,
        (const struct cairn_service *const[]){&commands, &processes, &projector, &query, NULL});
}
