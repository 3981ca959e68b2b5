/* console_scenes.h - prepares in a whole system what the console's pages are to show to a browser,
 * and checks there what they did. */
#ifndef CONSOLE_SCENES_H
#define CONSOLE_SCENES_H

#include "shell.h"
#include "system.h"

/* Prepares, or checks, what the browser names; fails the test if it cannot. Returns what the
 * browser has to know of it, until the next call. */
const char *console_scene(struct system_under_test *shop, const struct shell *place,
                          const char *what);

#endif
