/* dev_directory.h - the directory .cairn of a project, and the lock in it. */
#ifndef CAIRN_CLI_DEV_DEV_DIRECTORY_H
#define CAIRN_CLI_DEV_DEV_DIRECTORY_H

#include "core/containers/arena.h"

#define CAIRN_DEV_DIRECTORY ".cairn"

/* Makes the directory if need be, and takes its lock for as long as this process lives. Returns 0,
 * or
 *   -CAIRN_CONFLICT     another process has it: `error` has its pid
 *   -CAIRN_UNAVAILABLE  it cannot be made */
int cairn_dev_directory_open(struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Writes .cairn/env, to be sourced in another terminal. */
void cairn_dev_directory_write_env(const char *database_url, const char *redis_url);

#endif
