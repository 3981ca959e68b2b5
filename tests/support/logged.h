/* logged.h - sends the log of the test's process to a file, to look at its lines.
 *
 *     struct logged logged = logged_begin();
 *     ...
 *     assert_int_equal(logged_lines(&logged, "cannot notify readers"), 1);
 *     logged_end(&logged); */
#ifndef LOGGED_H
#define LOGGED_H

#include <stddef.h>

struct logged {
    char path[64];
    int kept; /* the real standard error */
};

struct logged logged_begin(void);
void logged_end(struct logged *logged);

/* Returns how many lines contain the words. */
int logged_lines(const struct logged *logged, const char *words);
/* Copies the last line that contains the words; "" if there is none. */
void logged_line(const struct logged *logged, const char *words, char *ret, size_t size);

#endif
