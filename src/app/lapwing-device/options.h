/* The command line of lapwing-device. */
#ifndef LW_APP_DEVICE_OPTIONS_H
#define LW_APP_DEVICE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_SERVERS_MAX    4
#define OPTIONS_CREDENTIAL_MAX 4096

/* Octets of a credential, from hexadecimal text or from a file. */
typedef struct credential {
    uint8_t octets[OPTIONS_CREDENTIAL_MAX];
    uint16_t len;
} credential;

#define LIFETIME_DEFAULT 300u /* s */

typedef struct options {
    const char *uris[OPTIONS_SERVERS_MAX + 1]; /* -u, in order; with -b the first is the
                                                  Bootstrap-Server */
    unsigned uri_count;
    const char *endpoint;
    bool bootstrap;
    bool queue;
    bool json;
    bool prompt;
    uint32_t lifetime; /* s; 0: of the configuration, or LIFETIME_DEFAULT */
    uint8_t version;   /* 10, 11, 12 */
    uint8_t security;  /* lw_security_mode, from the credentials given */
    int log_level;
    const char *state_dir; /* NULL: nothing is kept */
    const char *factory;   /* file of paths and values; NULL: none */
    const char *config;    /* "C.1" …; NULL: the machine's own data */
    int cid;               /* octets of a connection id; -1: none asked for */
    credential identity;   /* 0/x/3: PSK identity, certificate or public key */
    credential secret;     /* 0/x/5: key */
    credential server_key; /* 0/x/4: what the server shows */
    char name[128];        /* storage of a default endpoint */
} options;

typedef enum options_result {
    OPTIONS_RUN,
    OPTIONS_DONE, /* --help or -V: printed */
    OPTIONS_WRONG /* said why on stderr: exit status 2 */
} options_result;

options_result options_parse(options *o, int argc, char **argv);

#endif
