/* main.c - the enrolment service. */
#include <cairn/service.h>

extern const struct cairn_service enrolment_service;

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&enrolment_service, NULL});
}
