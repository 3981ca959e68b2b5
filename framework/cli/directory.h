/* directory.h - removes directories. */
#ifndef CAIRN_CLI_DIRECTORY_H
#define CAIRN_CLI_DIRECTORY_H

/* Removes a directory with all that is in it, without following links. One that is not there is no
 * failure; what cannot be removed stays. */
void cairn_remove_tree(const char *path);

#endif
