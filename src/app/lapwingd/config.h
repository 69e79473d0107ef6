/* The configuration of lapwingd: every key with its default, its limits and its sentence stands in
 * one table (config.c), and can be given in four places. The first that names a key decides:
 *
 *   flag          --coap-port 5683
 *   environment   LAPWING_COAP_PORT=5683
 *   file          coap-port: 5683          (YAML; --config FILE or LAPWING_CONFIG)
 *   default
 */
#ifndef LW_APP_LAPWINGD_CONFIG_H
#define LW_APP_LAPWINGD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/shared/flags.h"
#include "lw/bytes.h"

#define CONFIG_TEXT_MAX   512
#define CONFIG_LISTEN_MAX 8
#define CONFIG_WHY_MAX    1024
#define CONFIG_KEYS_MAX   64

/* Numbers are all as wide, so that the table can set them without knowing them. */
typedef struct config {
    /* Addresses */
    char listen[CONFIG_LISTEN_MAX][64];
    uint64_t listen_count;
    uint64_t coap_port, coaps_port, bs_coap_port, bs_coaps_port;
    char http[CONFIG_TEXT_MAX];
    bool open;

    /* What is kept */
    char data_dir[CONFIG_TEXT_MAX];
    uint64_t store; /* config_store */
    bool record;
    uint64_t record_age_s;  /* 0: for ever */
    uint64_t record_size;   /* octets; 0: without limit */
    uint64_t request_age_s; /* of requests that ended; 0: for ever */

    /* How devices are treated */
    bool strict, accept_moved;
    uint64_t lifetime_default_s, expiry_grace_s, awake_s, response_s, queue_s;

    /* Ceilings */
    uint64_t max_devices, max_peers, max_links, max_requests, max_wishes, max_body, max_bodies;

    /* The program itself */
    uint64_t http_threads;
    uint64_t shards; /* 0: one a core */
    uint64_t drain_s;
    uint64_t log; /* level */
} config;

typedef enum config_store { CONFIG_STORE_SQLITE, CONFIG_STORE_MEMORY } config_store;

typedef struct config_key {
    const char *name;  /* of flag and file; LAPWING_ and it in capitals in the environment */
    const char *value; /* what the value is called */
    const char *help;
    const char *fallback; /* the default, as text */
    uint8_t kind;
    size_t offset; /* in config */
    uint64_t min, max;
    bool reloads; /* taken over by SIGHUP; others need a restart */
} config_key;

extern const config_key config_keys[]; /* rows without a name are headings */
extern const size_t config_key_count;

/* All functions below write a sentence to why, CONFIG_WHY_MAX octets, when they return false. */

/* Defaults, then file (NULL: none), then environment. */
bool config_load(config *c, const char *file, char *const *environ, char *why);

/* One key from text; `origin` begins the sentence. `is_first`: replaces what a list has. */
bool config_set(config *c, const config_key *key, const char *text, bool is_first,
                const char *origin, char *why);

/* The keys of a YAML text. file is its name in messages. */
bool config_read_yaml(config *c, lw_bytes text, const char *file, char *why);

/* What only can be judged as a whole. */
bool config_check(const config *c, char *why);

/* "LAPWING_COAP_PORT" of a key; returns out. */
#define CONFIG_ENV_MAX 64
const char *config_env_name(const config_key *key, char out[CONFIG_ENV_MAX]);

const config_key *config_find(const char *name);

/* Whether the key has the same value in both. */
bool config_equal(const config_key *key, const config *a, const config *b);

#endif
