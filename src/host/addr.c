#include "host/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool lw_addr_equal(const lw_addr *a, const lw_addr *b)
{
    return a->port == b->port && a->scope == b->scope && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool lw_addr_is_v4(const lw_addr *a)
{
    return memcmp(a->ip, v4_mapped, sizeof v4_mapped) == 0;
}

bool lw_addr_is_loopback(const lw_addr *a)
{
    return lw_addr_is_v4(a) ? a->ip[12] == 127
                            : memcmp(a->ip, &in6addr_loopback, sizeof a->ip) == 0;
}

bool lw_addr_is_any(const lw_addr *a)
{
    static const uint8_t zero[16];
    return lw_addr_is_v4(a) ? memcmp(a->ip + 12, zero, 4) == 0
                            : memcmp(a->ip, zero, sizeof a->ip) == 0;
}

static lw_err parse_port(const char *text, uint16_t *out)
{
    char *end;
    unsigned long v = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0') {
        return LW_EFORMAT;
    }
    *out = (uint16_t)v;
    return v <= UINT16_MAX ? LW_OK : LW_ERANGE;
}

static lw_err parse_ip(char *text, lw_addr *out)
{
    char *zone = strchr(text, '%');
    if (zone != NULL) {
        *zone++ = '\0';
        out->scope = if_nametoindex(zone);
        if (out->scope == 0) {
            return LW_EFORMAT;
        }
    }
    if (inet_pton(AF_INET6, text, out->ip) == 1) {
        return LW_OK;
    }
    memcpy(out->ip, v4_mapped, sizeof v4_mapped);
    return inet_pton(AF_INET, text, out->ip + sizeof v4_mapped) == 1 ? LW_OK : LW_EFORMAT;
}

lw_err lw_addr_parse(const char *text, uint16_t default_port, lw_addr *out_addr)
{
    char host[LW_ADDR_TEXT_MAX];
    const char *port = NULL;
    size_t len = strlen(text);
    if (len >= sizeof host) {
        return LW_EFORMAT;
    }
    memcpy(host, text, len + 1);
    char *ip = host;
    if (host[0] == '[') {
        char *close = strchr(host, ']');
        if (close == NULL || (close[1] != '\0' && close[1] != ':')) {
            return LW_EFORMAT;
        }
        ip = host + 1;
        port = close[1] == ':' ? close + 2 : NULL;
        *close = '\0';
    } else {
        char *colon = strchr(host, ':');
        if (colon != NULL && strchr(colon + 1, ':') == NULL) { /* two colons: a bare IPv6 address */
            *colon = '\0';
            port = colon + 1;
        }
    }
    lw_addr out = {.port = default_port};
    lw_err err = port != NULL ? parse_port(port, &out.port) : LW_OK;
    if (err == LW_OK) {
        err = parse_ip(ip, &out);
    }
    if (err == LW_OK) {
        *out_addr = out;
    }
    return err;
}

const char *lw_addr_format(const lw_addr *a, char out[LW_ADDR_TEXT_MAX])
{
    char ip[INET6_ADDRSTRLEN];
    if (lw_addr_is_v4(a)) {
        inet_ntop(AF_INET, a->ip + sizeof v4_mapped, ip, sizeof ip);
        snprintf(out, LW_ADDR_TEXT_MAX, "%s:%u", ip, (unsigned)a->port);
        return out;
    }
    inet_ntop(AF_INET6, a->ip, ip, sizeof ip);
    if (a->scope != 0) {
        snprintf(out, LW_ADDR_TEXT_MAX, "[%s%%%u]:%u", ip, (unsigned)a->scope, (unsigned)a->port);
    } else {
        snprintf(out, LW_ADDR_TEXT_MAX, "[%s]:%u", ip, (unsigned)a->port);
    }
    return out;
}

socklen_t lw_addr_to_sockaddr(const lw_addr *a, int family, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (family == AF_INET6) {
        struct sockaddr_in6 sin6 = {
            .sin6_family = AF_INET6, .sin6_port = htons(a->port), .sin6_scope_id = a->scope};
        memcpy(&sin6.sin6_addr, a->ip, sizeof a->ip);
        memcpy(out, &sin6, sizeof sin6);
        return sizeof sin6;
    }
    if (!lw_addr_is_v4(a)) {
        return 0;
    }
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(a->port)};
    memcpy(&sin.sin_addr, a->ip + sizeof v4_mapped, sizeof sin.sin_addr);
    memcpy(out, &sin, sizeof sin);
    return sizeof sin;
}

bool lw_addr_from_sockaddr(const struct sockaddr *sa, lw_addr *out_addr)
{
    *out_addr = (lw_addr){0};
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 sin6;
        memcpy(&sin6, sa, sizeof sin6);
        memcpy(out_addr->ip, &sin6.sin6_addr, sizeof out_addr->ip);
        out_addr->port = ntohs(sin6.sin6_port);
        out_addr->scope = sin6.sin6_scope_id;
        return true;
    }
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in sin;
        memcpy(&sin, sa, sizeof sin);
        memcpy(out_addr->ip, v4_mapped, sizeof v4_mapped);
        memcpy(out_addr->ip + sizeof v4_mapped, &sin.sin_addr, sizeof sin.sin_addr);
        out_addr->port = ntohs(sin.sin_port);
        return true;
    }
    return false;
}
