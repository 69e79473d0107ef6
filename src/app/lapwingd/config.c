#include "app/lapwingd/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/shared/level.h"
#include "base/num.h"
#include "host/addr.h"

#define FILE_MAX (1u << 20)

typedef enum kind {
    KIND_TEXT,
    KIND_LISTEN,
    KIND_HTTP,
    KIND_STORE,
    KIND_LEVEL,
    KIND_SWITCH,
    KIND_NUMBER,
    KIND_SECONDS, /* 30s 5m 2h 7d */
    KIND_OCTETS   /* 64k 10M 2G 1T */
} kind;

#define DAY       86400u
#define GIGA      ((uint64_t)1 << 30)
#define AT(field) offsetof(config, field)

/* clang-format off */
const config_key config_keys[] = {
    {.help = "Addresses"},
    {"listen", "ADDRESS", "address for CoAP; again for further ones (:: is all of v4 and v6)",
     "::", KIND_LISTEN, AT(listen), 0, 0, false},
    {"coap-port", "PORT", "CoAP over UDP; 0 takes a free port",
     "5683", KIND_NUMBER, AT(coap_port), 0, 65535, false},
    {"coaps-port", "PORT", "CoAP over DTLS: not served by this build",
     "5684", KIND_NUMBER, AT(coaps_port), 0, 65535, false},
    {"bs-coap-port", "PORT", "bootstrap over CoAP: not served by this build",
     "5783", KIND_NUMBER, AT(bs_coap_port), 0, 65535, false},
    {"bs-coaps-port", "PORT", "bootstrap over DTLS: not served by this build",
     "5784", KIND_NUMBER, AT(bs_coaps_port), 0, 65535, false},
    {"http", "ADDRESS:PORT", "REST API; port 0 takes a free one",
     "127.0.0.1:8080", KIND_HTTP, AT(http), 0, 0, false},
    {"open", "yes|no", "the API asks for no token; on loopback addresses only",
     "no", KIND_SWITCH, AT(open), 0, 0, false},

    {.help = "What is kept"},
    {"data-dir", "DIR", "everything that is kept lies here; one lapwingd may use it",
     "./lapwing-data", KIND_TEXT, AT(data_dir), 0, 0, false},
    {"store", "sqlite|memory", "memory forgets everything at the end",
     "sqlite", KIND_STORE, AT(store), 0, 0, false},
    {"record", "yes|no", "keep values of notifications and Sends",
     "yes", KIND_SWITCH, AT(record), 0, 0, false},
    {"record-age", "TIME", "recorded values older than this are deleted; 0: never",
     "90d", KIND_SECONDS, AT(record_age_s), 0, 36500u * (uint64_t)DAY, false},
    {"record-size", "OCTETS", "the oldest recorded values are deleted above this; 0: never",
     "10G", KIND_OCTETS, AT(record_size), 0, GIGA << 20, false},
    {"request-age", "TIME", "requests that ended are deleted after this; 0: never",
     "30d", KIND_SECONDS, AT(request_age_s), 0, 36500u * (uint64_t)DAY, false},

    {.help = "How devices are treated"},
    {"strict", "yes|no", "refuse what the field sends and the specification does not allow",
     "no", KIND_SWITCH, AT(strict), 0, 0, false},
    {"accept-moved", "yes|no", "a notification from a new address moves its device there",
     "no", KIND_SWITCH, AT(accept_moved), 0, 0, false},
    {"lifetime-default", "TIME", "lifetime of a Register that names none",
     "86400s", KIND_SECONDS, AT(lifetime_default_s), 1, UINT32_MAX, false},
    {"expiry-grace", "TIME", "a registration ends so long after its lifetime",
     "247s", KIND_SECONDS, AT(expiry_grace_s), 1, DAY, false},
    {"awake", "TIME", "queue mode: reachable for so long after a message of the device",
     "93s", KIND_SECONDS, AT(awake_s), 1, DAY, false},
    {"response", "TIME", "how long an answer may take that the device announced",
     "60s", KIND_SECONDS, AT(response_s), 1, DAY, false},
    {"queue-age", "TIME", "a queued request waits at most",
     "7d", KIND_SECONDS, AT(queue_s), 1, 3650 * DAY, false},

    {.help = "Ceilings"},
    {"max-devices", "N", "devices that are known",
     "2000000", KIND_NUMBER, AT(max_devices), 1, 16000000, false},
    {"max-peers", "N", "addresses that are no registered device's",
     "65536", KIND_NUMBER, AT(max_peers), 16, 16000000, false},
    {"max-links", "N", "objects and instances in the list of a device",
     "1024", KIND_NUMBER, AT(max_links), 8, UINT16_MAX, false},
    {"max-requests", "N", "requests of a device that wait",
     "64", KIND_NUMBER, AT(max_requests), 1, UINT16_MAX, false},
    {"max-wishes", "N", "observations of a device",
     "64", KIND_NUMBER, AT(max_wishes), 1, UINT16_MAX, false},
    {"max-body", "OCTETS", "a body that comes or goes in blocks",
     "1M", KIND_OCTETS, AT(max_body), 1024, GIGA, false},
    {"max-bodies", "N", "of them at the same time",
     "1024", KIND_NUMBER, AT(max_bodies), 1, UINT16_MAX, false},

    {.help = "The program"},
    {"http-threads", "N", "threads for the API",
     "4", KIND_NUMBER, AT(http_threads), 1, 64, false},
    {"shards", "N", "threads for devices; 0: one a core. This build runs one",
     "0", KIND_NUMBER, AT(shards), 0, 255, false},
    {"drain", "TIME", "how long SIGTERM waits for what is in flight",
     "5s", KIND_SECONDS, AT(drain_s), 0, 3600, true},
    {"log", "LEVEL", "error, warning, info or detail",
     "info", KIND_LEVEL, AT(log), 0, 0, true},
};
/* clang-format on */

const size_t config_key_count = sizeof config_keys / sizeof config_keys[0];
_Static_assert(sizeof config_keys / sizeof config_keys[0] <= CONFIG_KEYS_MAX, "raise it");

__attribute__((format(printf, 2, 3))) static bool refuse(char *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, CONFIG_WHY_MAX, format, args);
    va_end(args);
    return false;
}

/* ---- Values from text -------------------------------------------------------------------------
 */

typedef struct unit {
    char letter;
    uint64_t factor;
} unit;

static const unit time_units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY}, {0, 0}};
static const unit octet_units[] = {
    {'k', 1u << 10}, {'M', 1u << 20}, {'G', GIGA}, {'T', GIGA << 10}, {0, 0}};

static bool parse_number(const char *text, const unit *units, uint64_t *out_number)
{
    size_t len = strlen(text);
    uint64_t factor = 1, number;
    for (; units != NULL && units->letter != 0; units++) {
        if (len > 1 && text[len - 1] == units->letter) {
            factor = units->factor;
            len--;
            break;
        }
    }
    if (lw_num_parse_uint64(lw_bytes_of(text, len), &number) != LW_OK ||
        number > UINT64_MAX / factor) {
        return false;
    }
    *out_number = number * factor;
    return true;
}

static bool parse_switch(const char *text, bool *out_value)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out_value = i % 2 == 1;
            return true;
        }
    }
    return false;
}

/* A list of addresses with commas or blanks between them. */
static bool add_listen(config *c, const char *text)
{
    lw_addr addr;
    while (*(text += strspn(text, ", ")) != '\0') {
        size_t len = strcspn(text, ", ");
        char *into = c->listen[c->listen_count];
        if (c->listen_count == CONFIG_LISTEN_MAX || len >= sizeof c->listen[0]) {
            return false;
        }
        memcpy(into, text, len);
        into[len] = '\0';
        if (lw_addr_parse(into, 0, &addr) != LW_OK || addr.port != 0) {
            return false;
        }
        c->listen_count++;
        text += len;
    }
    return c->listen_count > 0;
}

/* Returns what is expected, or NULL: it was taken. */
static const char *take(config *c, const config_key *key, const char *text)
{
    void *into = (char *)c + key->offset;
    uint64_t *number = into;
    lw_addr addr;
    int level;
    switch ((kind)key->kind) {
    case KIND_TEXT:
        if (text[0] == '\0' || strlen(text) >= CONFIG_TEXT_MAX) {
            return "a path";
        }
        memcpy(into, text, strlen(text) + 1);
        return NULL;
    case KIND_LISTEN:
        return add_listen(c, text) ? NULL : "1 to 8 IP addresses, without ports";
    case KIND_HTTP:
        if (lw_addr_parse(text, 0, &addr) != LW_OK || strlen(text) >= CONFIG_TEXT_MAX ||
            strrchr(text, ':') == NULL) {
            return "an IP address and port, as 127.0.0.1:8080 or [::1]:8080";
        }
        memcpy(into, text, strlen(text) + 1);
        return NULL;
    case KIND_STORE:
        *number = strcmp(text, "memory") == 0 ? CONFIG_STORE_MEMORY : CONFIG_STORE_SQLITE;
        return *number == CONFIG_STORE_MEMORY || strcmp(text, "sqlite") == 0 ? NULL
                                                                             : "sqlite or memory";
    case KIND_LEVEL:
        level = level_parse(text);
        *number = level >= 0 ? (uint64_t)level : 0;
        return level >= 0 ? NULL : "error, warning, info or detail";
    case KIND_SWITCH:
        return parse_switch(text, into) ? NULL : "yes or no";
    case KIND_NUMBER:
        return parse_number(text, NULL, number) ? NULL : "a number";
    case KIND_SECONDS:
        return parse_number(text, time_units, number) ? NULL : "a time, as 30s, 5m, 2h or 7d";
    default:
        return parse_number(text, octet_units, number) ? NULL : "octets, as 4096, 64k, 10M or 2G";
    }
}

bool config_set(config *c, const config_key *key, const char *text, bool is_first,
                const char *origin, char *why)
{
    if (is_first && key->kind == KIND_LISTEN) {
        c->listen_count = 0;
    }
    const char *expected = take(c, key, text);
    if (expected != NULL) {
        return refuse(why, "%s: '%s' is not %s", origin, text, expected);
    }
    if (key->max == 0) {
        return true;
    }
    uint64_t number;
    memcpy(&number, (char *)c + key->offset, sizeof number);
    if (number < key->min || number > key->max) {
        return refuse(why, "%s: %s is not between %llu and %llu", origin, text,
                      (unsigned long long)key->min, (unsigned long long)key->max);
    }
    return true;
}

/* ---- The table --------------------------------------------------------------------------------
 */

const config_key *config_find(const char *name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].name != NULL && strcmp(config_keys[i].name, name) == 0) {
            return &config_keys[i];
        }
    }
    return NULL;
}

const char *config_env_name(const config_key *key, char out[CONFIG_ENV_MAX])
{
    int len = snprintf(out, CONFIG_ENV_MAX, "LAPWING_%s", key->name);
    for (int i = 0; i < len; i++) {
        if (out[i] == '-') {
            out[i] = '_';
        } else if (out[i] >= 'a' && out[i] <= 'z') {
            out[i] = (char)(out[i] - 'a' + 'A');
        }
    }
    return out;
}

static size_t size_of(const config_key *key)
{
    switch ((kind)key->kind) {
    case KIND_TEXT:
    case KIND_HTTP:
        return CONFIG_TEXT_MAX;
    case KIND_SWITCH:
        return sizeof(bool);
    case KIND_LISTEN:
        return sizeof((config *)NULL)->listen;
    default:
        return sizeof(uint64_t);
    }
}

bool config_equal(const config_key *key, const config *a, const config *b)
{
    const char *in_a = (const char *)a + key->offset, *in_b = (const char *)b + key->offset;
    if (key->kind == KIND_LISTEN && a->listen_count != b->listen_count) {
        return false;
    }
    return key->kind == KIND_TEXT || key->kind == KIND_HTTP ? strcmp(in_a, in_b) == 0
                                                            : memcmp(in_a, in_b, size_of(key)) == 0;
}

/* ---- Sources ----------------------------------------------------------------------------------
 */

static void set_defaults(config *c)
{
    char why[CONFIG_WHY_MAX];
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < config_key_count; i++) {
        const config_key *key = &config_keys[i];
        if (key->name != NULL && !config_set(c, key, key->fallback, true, key->name, why)) {
            fprintf(stderr, "the default of %s\n", why);
            abort(); /* the table above is wrong: config_test sees it */
        }
    }
}

static bool read_file(config *c, const char *path, char *why)
{
    FILE *in = fopen(path, "re");
    char *text = malloc(FILE_MAX);
    bool done = false;
    if (in == NULL || text == NULL) {
        refuse(why, "%s: %s", path, strerror(errno));
    } else {
        size_t len = fread(text, 1, FILE_MAX, in);
        if (ferror(in)) {
            refuse(why, "%s: %s", path, strerror(errno));
        } else if (len == FILE_MAX) {
            refuse(why, "%s: the file is too large", path);
        } else {
            done = config_read_yaml(c, lw_bytes_of(text, len), path, why);
        }
    }
    if (in != NULL) {
        fclose(in);
    }
    free(text);
    return done;
}

static const char *find_env(char *const *environ, const char *name)
{
    size_t len = strlen(name);
    for (; *environ != NULL; environ++) {
        if (strncmp(*environ, name, len) == 0 && (*environ)[len] == '=') {
            return *environ + len + 1;
        }
    }
    return NULL;
}

static bool read_env(config *c, char *const *environ, char *why)
{
    for (size_t i = 0; i < config_key_count; i++) {
        char name[CONFIG_ENV_MAX];
        const config_key *key = &config_keys[i];
        const char *text = key->name != NULL ? find_env(environ, config_env_name(key, name)) : NULL;
        if (text != NULL && !config_set(c, key, text, true, name, why)) {
            return false;
        }
    }
    return true;
}

bool config_load(config *c, const char *file, char *const *environ, char *why)
{
    set_defaults(c);
    return (file == NULL || read_file(c, file, why)) && read_env(c, environ, why);
}

bool config_check(const config *c, char *why)
{
    lw_addr http;
    if (lw_addr_parse(c->http, 0, &http) != LW_OK) {
        return refuse(why, "http: '%s' is not an address", c->http);
    }
    if (c->open && !lw_addr_is_loopback(&http)) {
        return refuse(why, "open: without tokens the API must listen on a loopback address, not %s",
                      c->http);
    }
    return true;
}
