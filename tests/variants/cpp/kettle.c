/* kettle.c - a service whose decision has its body in C++, and its test. */
#include "kettle.h"

#include <cairn/test.h>

size_t kettle_size_in_c(void)
{
    return KETTLE_SIZE;
}

CAIRN_STRUCT(kettle, BOOL(poured));
CAIRN_EVOLVE(kettle, tea_poured)
{
    self->poured = true;
}
CAIRN_DECIDE(kettle, pour_tea)
{
    struct tea_poured *event = CAIRN_NEW(given->arena, struct tea_poured, 1);
    pour(given->arena, command, event);
    cairn_emit(ret, &tea_poured_record, event);
    return 0;
}
CAIRN_DECIDER(kettle);

int main(void)
{
    const int64_t sizes[] = {15, 20};
    CAIRN_DECIDING(kettle);
    WHEN(pour_tea, .sips = CAIRN_ITEMS(sip, {"ada", 10}));
    THEN(tea_poured, .sips = CAIRN_ITEMS(sip, {"ada", 15}, {"bob", 20}), .heat = HOT,
         .sizes = {sizes, 2}, .said = "a!",
         .guest_id = CAIRN_UUID("01890000-0000-7000-8000-000000000009"));
    return kettle_size_in_c() == kettle_size_in_cpp() ? 0 : 1;
}
