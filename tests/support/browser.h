/* browser.h - runs a script of tests/browser/ in chromium. The script prints "NEED what" where the
 * test is to prepare or check something, and goes on with the line that it is answered. */
#ifndef BROWSER_H
#define BROWSER_H

#include "shell.h"

/* Returns what the script is answered; fails the test if it does not know `what`. */
typedef const char *browser_provide(const char *what);

/* Looks at http://localhost:`port`, with screenshots in `place`/shots
 * (CAIRN_TEST_KEEP=1 keeps them). Fails the test if the script
 * does; skips it where there is no browser, as the script says. */
void browser_run(const char *script, int port, const struct shell *place, browser_provide *provide);

#endif
