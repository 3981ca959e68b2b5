/* chosen_services.h - the option --only: a program of several services runs some of them, so that
 * one program can be deployed as one process or apart. */
#ifndef CAIRN_RUNTIME_CHOSEN_SERVICES_H
#define CAIRN_RUNTIME_CHOSEN_SERVICES_H

#include <cairn/service.h>

/* Reads `--only NAME[,NAME...]` at the beginning of the arguments.
 *
 * Returns how many arguments it took, 0 or 2, with the services that are left in `ret`: they are in
 * the order of the program, end with NULL and live as long as the process. Returns
 * -CAIRN_CONFIG if a name is missing, or that of no service of this program. */
int cairn_services_choose(int argc, char **argv, const struct cairn_service *const services[],
                          const struct cairn_service *const **ret,
                          struct cairn_error *error) CAIRN_CHECKED;

#endif
