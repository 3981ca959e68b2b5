/* tally.c - a service that is built with two versions of its read model, for
 * tests/e2e/test_generations: `tally-1 query` answers, `tally-1` projects; tally-2 has another
 * column and counts in tenths.
 *
 * The n-th addition to a tally adds n, so the sum that a row must have follows from its count. */
#include <cairn/service.h>

#include <string.h>

CAIRN_STRUCT(tally_added, INT(amount), TEXT(shelf));
CAIRN_EVENTS(tally, EVENT(tally_added, "TallyAdded", 1));

#if TALLY_VERSION > 1
#define FACTOR 10
#define SET_TENTHS row->tenths = true
CAIRN_STRUCT(tallies, UUID(tally_id), TEXT(shelf), INT(count), INT(sum), BOOL(tenths));
#else
#define FACTOR 1
#define SET_TENTHS (void)0
CAIRN_STRUCT(tallies, UUID(tally_id), TEXT(shelf), INT(count), INT(sum));
#endif

CAIRN_PROJECTION(tallies, .version = TALLY_VERSION,
                 CAIRN_INDEXES("shelf, tally_id", "count", "sum"));

CAIRN_ON(tallies, tally, tally_added)
{
    row->tally_id = meta->id;
    row->shelf = event->shelf;
    row->count++;
    SET_TENTHS;
    row->sum += FACTOR * event->amount;
    return CAIRN_KEEP;
}

static const struct cairn_resource resources[] = {
    {.path = "/tallies/{id}", .projection = &tallies_projection},
    {.path = "/shelves/{id}/tallies",
     .projection = &tallies_projection,
     .list = true,
     .filters = {{"id", "shelf", CAIRN_EQUAL}},
     .order = "tally_id"},
    {0},
};

static const struct cairn_service projector = {
    .name = "tally-projector", .port = 8098, .projections = {&tallies_projection}};
static const struct cairn_service query = {
    .name = "tally-query", .port = 8099, .resources = resources};

int main(int argc, char **argv)
{
    bool asks = argc > 1 && strcmp(argv[1], "query") == 0;
    return cairn_main(argc - asks, argv + asks,
                      (const struct cairn_service *const[]){asks ? &query : &projector, NULL});
}
