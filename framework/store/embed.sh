#!/bin/sh
# embed.sh - prints the assembler source that puts migrations into an object file, as the array
# `cairn_migration_blobs` of {name, start, end}, ended by zeros; store/migrate.c reads it.
set -eu
printf '.section .rodata\n'
i=0
for file in "$@"; do
    printf '.Lname%d: .asciz "%s"\n' "$i" "$(basename "$file" .sql)"
    printf '.Lstart%d: .incbin "%s"\n.Lend%d: .byte 0\n' "$i" "$file" "$i"
    i=$((i + 1))
done
printf '.section .data.rel.ro, "aw"\n.balign 8\n.globl cairn_migration_blobs\ncairn_migration_blobs:\n'
n=0
while [ "$n" -lt "$i" ]; do
    printf '.quad .Lname%d, .Lstart%d, .Lend%d\n' "$n" "$n" "$n"
    n=$((n + 1))
done
printf '.quad 0, 0, 0\n.section .note.GNU-stack, "", %%progbits\n'
