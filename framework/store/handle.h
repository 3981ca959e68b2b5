/* handle.h - what the files of this folder share. */
#ifndef CAIRN_STORE_HANDLE_H
#define CAIRN_STORE_HANDLE_H

#include "store/store.h"

struct cairn_store {
    struct cairn_pg *pg;
    struct cairn_timeline timeline; /* as it was on connection number `timeline_of` */
    int64_t timeline_of;
};

#endif
