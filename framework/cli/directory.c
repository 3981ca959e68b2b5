/* directory.c - removes directories with all that is in them. */
#include "cli/directory.h"

#include <ftw.h>
#include <stdio.h>

enum { DESCRIPTORS = 16 };

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0;
}

void cairn_remove_tree(const char *path)
{
    (void)nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}
