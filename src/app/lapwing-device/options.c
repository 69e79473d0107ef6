#include "app/lapwing-device/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/lapwing-device/configs.h"
#include "app/shared/flags.h"
#include "app/shared/level.h"
#include "base/base64.h"
#include "base/num.h"
#include "base/utf8.h"
#include "lw/client.h"
#include "lw/posix.h"
#include "proto/endpoint.h"

enum {
    OPT_QUEUE = 256,
    OPT_VERSION,
    OPT_CERT,
    OPT_RPK,
    OPT_KEY,
    OPT_TRUST,
    OPT_CID,
    OPT_STATE_DIR,
    OPT_FACTORY,
    OPT_CONFIG,
    OPT_PROMPT,
    OPT_JSON,
    OPT_LOG
};

static const flag rows[] = {
    {.help = "Where to, and as whom"},
    {"uri", 'u', "URI", "server, coap://host[:port]; again for further servers", 'u'},
    {"bootstrap", 'b', NULL, "the first URI is a Bootstrap-Server", 'b'},
    {"name", 'n', "NAME", "endpoint client name (lapwing-HOSTNAME)", 'n'},
    {"lifetime", 'l', "SECONDS", "lifetime of registrations (300, or of --config)", 'l'},
    {"queue", 0, NULL, "queue mode: sleeps between exchanges", OPT_QUEUE},
    {"version", 0, "1.0|1.1|1.2", "newest LwM2M version to announce (1.1)", OPT_VERSION},
    {.help = "Credentials, for coaps://"},
    {"identity", 'i', "ID", "identity of the pre-shared key", 'i'},
    {"psk", 'p', "HEX", "pre-shared key", 'p'},
    {"cert", 0, "FILE", "own certificate, PEM or DER", OPT_CERT},
    {"rpk", 0, "FILE", "own raw public key, PEM or DER", OPT_RPK},
    {"key", 0, "FILE", "private key of either, PEM or DER", OPT_KEY},
    {"trust", 0, "FILE", "certificate or public key that the server must show", OPT_TRUST},
    {"cid", 0, "[=OCTETS]", "ask for DTLS connection ids, ours of this length (0)", OPT_CID},
    {.help = "What it is"},
    {"state-dir", 0, "DIR", "keep accounts, attributes and firmware here over restarts",
     OPT_STATE_DIR},
    {"factory", 0, "FILE", "further factory data: a path and a value a line", OPT_FACTORY},
    {"config", 0, "C.n", "values of that configuration of the enabler test specification",
     OPT_CONFIG},
    {.help = "How it talks"},
    {"prompt", 0, NULL, "read commands from stdin (by itself on a terminal)", OPT_PROMPT},
    {"json", 0, NULL, "one JSON object a line", OPT_JSON},
    {"log", 0, "LEVEL", "error, warning (default), info or detail", OPT_LOG},
    {"help", 'h', NULL, "this page", 'h'},
    {NULL, 'V', NULL, "version of this program", 'V'},
};

#define wrong(...) complain("lapwing-device", __VA_ARGS__)

/* ---- One option -------------------------------------------------------------------------------
 */

static bool take_uri(options *o, const char *text)
{
    if (o->uri_count > OPTIONS_SERVERS_MAX) {
        return wrong("-u: at most %d servers and a Bootstrap-Server", OPTIONS_SERVERS_MAX);
    }
    o->uris[o->uri_count++] = text;
    return true;
}

static bool take_lifetime(options *o, const char *text)
{
    uint64_t v;
    if (lw_num_parse_uint64(lw_bytes_str(text), &v) != LW_OK || v == 0 || v > UINT32_MAX) {
        return wrong("-l %s: the lifetime is a number of seconds, 1 to 4294967295", text);
    }
    o->lifetime = (uint32_t)v;
    return true;
}

static bool take_version(options *o, const char *text)
{
    static const char *const versions[] = {"1.0", "1.1", "1.2"};
    for (uint8_t i = 0; i < 3; i++) {
        if (strcmp(text, versions[i]) == 0) {
            o->version = (uint8_t)(10 + i);
            return true;
        }
    }
    return wrong("--version %s: LwM2M has 1.0, 1.1 and 1.2 (-V prints this program's version)",
                 text);
}

static bool take_level(options *o, const char *text)
{
    o->log_level = level_parse(text);
    if (o->log_level >= 0) {
        return true;
    }
    return wrong("--log %s: the levels are error, warning, info and detail", text);
}

static bool take_name(options *o, const char *text)
{
    if (text[0] == '\0' || strlen(text) > LW_ENDPOINT_MAX) {
        return wrong("-n: the endpoint name has 1 to 252 octets (more do not fit into a Register)");
    }
    if (!lw_utf8_is_valid(lw_bytes_str(text))) {
        return wrong("-n: the endpoint name is text in UTF-8");
    }
    o->endpoint = text;
    return true;
}

static bool take_hex(credential *c, const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len % 2 != 0 || len / 2 > sizeof c->octets) {
        return wrong("-p: a key is an even number of hexadecimal digits");
    }
    for (size_t i = 0; i < len / 2; i++) {
        int high = lw_num_hex_digit((uint8_t)text[2 * i]);
        int low = lw_num_hex_digit((uint8_t)text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return wrong("-p: a key is written in hexadecimal digits, not '%c'",
                         text[2 * i + (high >= 0 ? 1 : 0)]);
        }
        c->octets[i] = (uint8_t)(high << 4 | low);
    }
    c->len = (uint16_t)(len / 2);
    return true;
}

static bool take_identity(options *o, const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len > 128) {
        return wrong("-i: the identity has 1 to 128 octets");
    }
    memcpy(o->identity.octets, text, len);
    o->identity.len = (uint16_t)len;
    return true;
}

/* The octets between the BEGIN and END lines of the first PEM block; anything else is DER. */
static bool unwrap_pem(credential *c)
{
    char *text = (char *)c->octets;
    char *begin = strstr(text, "-----BEGIN ");
    char *from = begin != NULL ? strchr(begin, '\n') : NULL;
    char *to = from != NULL ? strstr(from, "-----END ") : NULL;
    if (begin == NULL) {
        return true;
    }
    if (to == NULL) {
        return false;
    }
    size_t len = 0;
    for (char *p = from; p < to; p++) {
        if (*p > ' ') {
            text[len++] = *p;
        }
    }
    size_t der = 0;
    lw_err err = lw_base64_decode(lw_bytes_of(text, len), c->octets, sizeof c->octets, &der);
    c->len = (uint16_t)der;
    return err == LW_OK;
}

static bool take_file(credential *c, const char *name, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, c->octets, sizeof c->octets) : -1;
    int why = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (n < 0) {
        return wrong("%s %s: %s", name, path, strerror(why));
    }
    if (n == 0 || n == (ssize_t)sizeof c->octets) {
        return wrong("%s %s: the file is %s", name, path, n == 0 ? "empty" : "too large");
    }
    c->octets[n] = '\0';
    c->len = (uint16_t)n;
    return unwrap_pem(c) || wrong("%s %s: a PEM block that cannot be read", name, path);
}

static bool take_cid(options *o, const char *text)
{
    uint64_t v = 0;
    if (text != NULL && (lw_num_parse_uint64(lw_bytes_str(text), &v) != LW_OK || v > 32)) {
        return wrong("--cid=%s: a connection id has 0 to 32 octets", text);
    }
    o->cid = (int)v;
    return true;
}

static bool take_config(options *o, const char *text)
{
    const char *missing = NULL;
    if (!config_is_known(text, &missing)) {
        return wrong("--config %s: the configurations are C.1 to C.26", text);
    }
    if (missing != NULL) {
        return wrong("--config %s: not possible with this build, which lacks %s", text, missing);
    }
    o->config = text;
    return true;
}

static bool take(options *o, int option, const char *text)
{
    switch (option) {
    case 'u':
        return take_uri(o, text);
    case 'b':
        o->bootstrap = true;
        return true;
    case 'n':
        return take_name(o, text);
    case 'l':
        return take_lifetime(o, text);
    case 'i':
        o->security = LW_SECURITY_PSK;
        return take_identity(o, text);
    case 'p':
        o->security = LW_SECURITY_PSK;
        return take_hex(&o->secret, text);
    case OPT_QUEUE:
        o->queue = true;
        return true;
    case OPT_VERSION:
        return take_version(o, text);
    case OPT_CERT:
        o->security = LW_SECURITY_X509;
        return take_file(&o->identity, "--cert", text);
    case OPT_RPK:
        o->security = LW_SECURITY_RPK;
        return take_file(&o->identity, "--rpk", text);
    case OPT_KEY:
        return take_file(&o->secret, "--key", text);
    case OPT_TRUST:
        return take_file(&o->server_key, "--trust", text);
    case OPT_CID:
        return take_cid(o, text);
    case OPT_STATE_DIR:
        o->state_dir = text;
        return true;
    case OPT_FACTORY:
        o->factory = text;
        return true;
    case OPT_CONFIG:
        return take_config(o, text);
    case OPT_PROMPT:
        o->prompt = true;
        return true;
    case OPT_JSON:
        o->json = true;
        return true;
    default:
        return take_level(o, text);
    }
}

/* ---- All of them together ---------------------------------------------------------------------
 */

static bool check_uri(const options *o, const char *uri)
{
    lw_err err = lw_posix_check_uri(uri, o->security);
    if (err == LW_EFORMAT) {
        return wrong("-u %s: not a URI of the form coap://host[:port]", uri);
    }
    if (err == LW_ENOTSUP && strncmp(uri, "coap://", 7) == 0) {
        return wrong("-u %s: credentials are for coaps://, nothing would be secured here", uri);
    }
    if (err != LW_OK) {
        return wrong("-u %s: this build speaks coap:// over UDP alone; it has no DTLS, TCP or TLS",
                     uri);
    }
    return true;
}

static bool check_credentials(const options *o)
{
    bool has_psk = o->security == LW_SECURITY_PSK;
    bool is_keyed = has_psk || o->security == LW_SECURITY_X509 || o->security == LW_SECURITY_RPK;
    if (has_psk && (o->identity.len == 0 || o->secret.len == 0)) {
        return wrong("a pre-shared key needs both -i and -p");
    }
    if (is_keyed && o->secret.len == 0) {
        return wrong("--cert and --rpk need --key");
    }
    if (!is_keyed && (o->secret.len != 0 || o->server_key.len != 0 || o->cid >= 0)) {
        return wrong("--key, --trust and --cid need --cert, --rpk or -i and -p");
    }
    return true;
}

static bool check(const options *o)
{
    unsigned wanted = o->config != NULL ? config_servers(o->config, o->bootstrap) : 0;
    if (o->uri_count == 0 && o->factory == NULL) {
        return wrong("-u URI is missing: which server?");
    }
    if (o->bootstrap && o->uri_count == 0) {
        return wrong("-b needs -u URI, the Bootstrap-Server");
    }
    if (!o->bootstrap && o->uri_count > OPTIONS_SERVERS_MAX) {
        return wrong("-u: at most %d servers", OPTIONS_SERVERS_MAX);
    }
    if (o->config != NULL && config_needs_bootstrap(o->config) && !o->bootstrap) {
        return wrong("--config %s has a Bootstrap-Server: give -b and its URI first", o->config);
    }
    if (wanted > o->uri_count) {
        return wrong("--config %s needs %u URIs, -u gave %u", o->config, wanted, o->uri_count);
    }
    for (unsigned i = 0; i < o->uri_count; i++) {
        if (!check_uri(o, o->uris[i])) {
            return false;
        }
    }
    return check_credentials(o);
}

static void set_defaults(options *o)
{
    char host[64] = "device";
    *o = (options){.version = 11, .security = LW_SECURITY_NOSEC, .log_level = 1, .cid = -1};
    gethostname(host, sizeof host - 1);
    snprintf(o->name, sizeof o->name, "lapwing-%s", host);
    o->endpoint = o->name;
}

options_result options_parse(options *o, int argc, char **argv)
{
    flags f = {.program = "lapwing-device",
               .usage = "-u URI [options]\nAn LwM2M device that shows this machine to a server.\n",
               .rows = rows,
               .count = sizeof rows / sizeof rows[0],
               .argc = argc,
               .argv = argv};
    flags_step step;
    set_defaults(o);
    for (step = flags_next(&f); step == FLAGS_FLAG; step = flags_next(&f)) {
        if (f.row->id == 'h') {
            flags_help(&f, stdout);
            return OPTIONS_DONE;
        }
        if (f.row->id == 'V') {
            puts("lapwing-device " LAPWING_VERSION);
            return OPTIONS_DONE;
        }
        if (!take(o, f.row->id, f.value)) {
            return OPTIONS_WRONG;
        }
    }
    if (step == FLAGS_WORD) {
        wrong("%s: what is this? Options start with a dash", f.value);
    }
    if (step != FLAGS_END) {
        return OPTIONS_WRONG;
    }
    o->prompt = o->prompt || (isatty(STDIN_FILENO) && !o->json);
    return check(o) ? OPTIONS_RUN : OPTIONS_WRONG;
}
