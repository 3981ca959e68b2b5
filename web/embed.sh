#!/bin/bash
# embed.sh - prints the assembler source that puts a folder of pages into an object file, as the array
# `NAME_files` of struct cairn_file (framework/cairn/file.h), ended by zeros.
#
#   embed.sh SITE NAME
#
# index.html is at /NAME, the others beneath; FILE.br and FILE.gz are FILE, compressed. Names of all but
# index.html change with their content.
set -euo pipefail
site=${1:?is the folder}
name=${2:?is that of the pages}
row=0 rows=

type_of() {
    case $1 in
    *.html) echo 'text/html; charset=utf-8' ;;
    *.js) echo 'text/javascript; charset=utf-8' ;;
    *.css) echo 'text/css; charset=utf-8' ;;
    *.svg) echo 'image/svg+xml' ;;
    *)
        echo "embed.sh: $1 has no media type here" >&2
        return 1
        ;;
    esac
}

# put LABEL FILE: the bytes of a file, if there is one; sets `range` to where they are.
put() {
    range='0, 0'
    [[ -e $2 ]] || return 0
    printf '.L%s: .incbin "%s"\n.L%s_end: .byte 0\n' "$1" "$2" "$1"
    range=".L$1, .L$1_end"
}

put_file() {
    local file=$1 path=/$name/${1##*/} etag type immutable ranges=
    immutable=.Limmutable
    [[ $file != */index.html ]] || path=/$name immutable=0
    etag=$(sha256sum <"$file" | cut -c1-20)
    type=$(type_of "$file")
    printf '.Lpath%d: .asciz "%s"\n.Ltype%d: .asciz "%s"\n.Letag%d: .asciz "W/\\"%s\\""\n' \
        "$row" "$path" "$row" "$type" "$row" "$etag"
    put "plain$row" "$file" && ranges=$range
    put "brotli$row" "$file.br" && ranges+=", $range"
    put "gzip$row" "$file.gz" && ranges+=", $range"
    rows+=".quad .Lpath$row, .Ltype$row, 0, .Letag$row, $ranges, $immutable"$'\n'
    row=$((row + 1))
}

put_redirection() {
    printf '.Lpath%d: .asciz "%s"\n' "$row" "$1"
    rows+=".quad .Lpath$row, 0, .Lplace, 0, 0, 0, 0, 0, 0, 0, 0"$'\n'
    row=$((row + 1))
}

printf '.section .rodata\n.Lplace: .asciz "/%s"\n.Limmutable: .asciz "immutable"\n' "$name"
for file in "$site"/*; do
    [[ $file == *.br || $file == *.gz ]] || put_file "$file"
done
put_redirection /
put_redirection "/$name/"
printf '.section .data.rel.ro, "aw"\n.balign 8\n.globl %s_files\n%s_files:\n%s' "$name" "$name" "$rows"
printf '.quad 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0\n.section .note.GNU-stack, "", %%progbits\n'
