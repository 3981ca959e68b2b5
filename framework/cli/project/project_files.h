/* project_files.h - makes the files of a new project: all of them, or none. */
#ifndef CAIRN_CLI_PROJECT_PROJECT_FILES_H
#define CAIRN_CLI_PROJECT_PROJECT_FILES_H

#include "cli/project/project_names.h"

/* Makes the directory `names->directory` from the template, whose text and paths are renamed. The
 * files are formatted if clang-format is installed, and become a git repository if git is and if
 * the directory lies in none. Returns how many files there are, or
 *   -CAIRN_EXISTS       the directory is there already; it was not touched
 *   -CAIRN_UNAVAILABLE  a file cannot be read or written, or a signal asked to stop
 * After a failure nothing is left. */
int cairn_project_make(struct cairn_arena *arena, const char *template,
                       const struct cairn_project_names *names,
                       struct cairn_error *error) CAIRN_CHECKED;

#endif
