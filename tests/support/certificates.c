/* certificates.c - makes certificates with openssl. */
#include "certificates.h"

#include <stdio.h>

static const char script[] =
    "set -e\n"
    "key() { openssl ecparam -name prime256v1 -genkey -noout -out \"$1.key\"; }\n"
    "authority() {\n"
    "    key \"$1\"\n"
    "    openssl req -x509 -new -key \"$1.key\" -subj \"/CN=$2\" -days 30 -out \"$1.pem\"\n"
    "    mkdir \"$1\" && : >\"$1/index\" && echo 1000 >\"$1/serial\"\n"
    "    printf '%s\\n' '[ca]' 'default_ca = it' '[it]' \"dir = $1\" 'database = $dir/index' \\\n"
    "        'new_certs_dir = $dir' 'serial = $dir/serial' 'default_md = sha256' \\\n"
    "        'policy = any' 'unique_subject = no' 'copy_extensions = copy' '[any]' \\\n"
    "        'commonName = supplied' >\"$1/settings\"\n"
    "}\n"
    /* certificate AUTHORITY FILE NAME FROM TO; the key is there */
    "certificate() {\n"
    "    openssl req -new -key \"$2.key\" -subj \"/CN=$3\" \\\n"
    "        -addext 'subjectAltName=DNS:localhost,DNS:mail.localhost,IP:127.0.0.1' -out \"$2.csr\"\n"
    "    openssl ca -batch -notext -config \"$1/settings\" -cert \"$1.pem\" -keyfile \"$1.key\" \\\n"
    "        -startdate \"$4\" -enddate \"$5\" -in \"$2.csr\" -out \"$2.pem\"\n"
    "}\n"
    "day() { date -u -d \"$1\" +%Y%m%d%H%M%SZ; }\n"
    "authority ca 'the authority'\n"
    "authority other 'another authority'\n"
    "from=$(day '-2 days') to=$(day '+30 days')\n"
    "key server && certificate ca server server \"$from\" \"$to\"\n"
    "key renewed && certificate ca renewed renewed \"$from\" \"$to\"\n"
    "key client && certificate ca client ada \"$from\" \"$to\"\n"
    "key expired && certificate ca expired expired \"$from\" \"$(day '-1 day')\"\n"
    "key stranger && certificate other stranger stranger \"$from\" \"$to\"\n"
    "openssl genrsa -out rsa.key 2048\n"
    "certificate ca rsa server \"$from\" \"$to\"\n"
    "chmod 600 *.key";

void certificates_make(struct certificates *ret, const char *name)
{
    shell_open(&ret->shell, name);
    shell_expect(&ret->shell, script);
}

const char *certificates_path(const struct certificates *certificates, const char *file)
{
    enum { KEPT = 8 };
    static char paths[KEPT][400];
    static unsigned next;
    char *path = paths[next++ % KEPT];
    (void)snprintf(path, sizeof paths[0], "%s/%s", certificates->shell.directory, file);
    return path;
}

void certificates_replace(const struct certificates *certificates, const char *file,
                          const char *with)
{
    char command[200];
    (void)snprintf(command, sizeof command, "cp -p '%s' '%s.new' && mv '%s.new' '%s'", with, file,
                   file, file);
    shell_expect(&certificates->shell, command);
}
