#include "coap/uri.h"

#include <string.h>

#include "base/apart.h"
#include "base/num.h"

#define PART_LEN_MAX 255u /* Uri-Host, Uri-Path, Uri-Query (RFC 7252 Table 4) */

/* RFC 7252 sections 6.1 and 6.2, RFC 8323 sections 8.1 to 8.4. Indexed by lw_uri_scheme. */
static const struct {
    char name[10];
    uint16_t port;
    bool is_secure;
} schemes[] = {
    {"coap", 5683, false},     {"coaps", 5684, true},  {"coap+tcp", 5683, false},
    {"coaps+tcp", 5684, true}, {"coap+ws", 80, false}, {"coaps+ws", 443, true},
};

#define SCHEMES (sizeof schemes / sizeof schemes[0])

const char *lw_uri_scheme_name(lw_uri_scheme scheme)
{
    return schemes[scheme].name;
}

uint16_t lw_uri_scheme_port(lw_uri_scheme scheme)
{
    return schemes[scheme].port;
}

bool lw_uri_scheme_is_secure(lw_uri_scheme scheme)
{
    return schemes[scheme].is_secure;
}

static uint8_t to_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool is_hex(uint8_t c)
{
    return lw_num_hex_digit(c) >= 0;
}

/* What may stand unescaped (RFC 3986 section 3): everywhere unreserved and sub-delims, then more
 * and more. Each is the number of marks besides letters and digits. */
typedef enum place { IN_HOST = 15, IN_SEGMENT = 17, IN_PATH = 18, IN_QUERY = 19 } place;

static bool is_plain(uint8_t c, place of)
{
    static const char marks[] = "-._~!$&'()*+,;=:@/?";
    return lw_num_is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
           memchr(marks, c, of) != NULL;
}

/* Takes the octet at the front off, resolving an escape. */
static uint8_t take_octet(lw_bytes *part)
{
    const uint8_t *p = part->ptr;
    bool is_escape = p[0] == '%' && part->len > 2;
    *part = lw_bytes_from(*part, is_escape ? 3 : 1);
    if (!is_escape) {
        return p[0];
    }
    return (uint8_t)(lw_num_hex_digit(p[1]) << 4 | lw_num_hex_digit(p[2]));
}

static size_t decoded_len(lw_bytes part)
{
    size_t len = 0;
    while (part.len > 0) {
        take_octet(&part);
        len++;
    }
    return len;
}

void lw_uri_decode(lw_writer *w, lw_bytes part)
{
    while (part.len > 0) {
        lw_write_u8(w, take_octet(&part));
    }
}

/* ---- Reading one ------------------------------------------------------------------------------
 *
 * From left to right: each function skips what may stand at `p`, and says where that ends.
 */

static bool is_at(const uint8_t *p, const uint8_t *end, char c)
{
    return p < end && *p == (uint8_t)c;
}

/* What may stand there, and valid escapes. */
static const uint8_t *skip_text(const uint8_t *p, const uint8_t *end, place of)
{
    while (p < end &&
           (is_plain(*p, of) || (*p == '%' && end - p > 2 && is_hex(p[1]) && is_hex(p[2])))) {
        p++;
    }
    return p;
}

/* Digits, the number of which is out_value; or any above 65535 when it is. */
LW_APART static const uint8_t *skip_decimal(const uint8_t *p, const uint8_t *end,
                                            uint32_t *out_value)
{
    uint32_t v = 0;
    for (; p < end && lw_num_is_digit(*p); p++) {
        v = v <= UINT16_MAX ? v * 10 + (*p - (uint32_t)'0') : v;
    }
    *out_value = v;
    return p;
}

/* RFC 3986 section 3.2.2: four dec-octets, 0..255 without leading zeros. */
static bool is_ipv4(const uint8_t *p, const uint8_t *end)
{
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0 && !is_at(p++, end, '.')) {
            return false;
        }
        const uint8_t *start = p;
        uint32_t octet;
        p = skip_decimal(p, end, &octet);
        if (p == start || octet > 255 || (p > start + 1 && *start == '0')) {
            return false;
        }
    }
    return p == end;
}

/* RFC 3986 section 3.2.2: eight groups, of which one run may be written "::" and the last two as an
 * IPv4 address. */
static bool is_ipv6(const uint8_t *p, const uint8_t *end)
{
    unsigned groups = 0;
    bool has_gap = false;
    if (is_at(p, end, ':') && !is_at(++p, end, ':')) {
        return false; /* only a gap starts with a colon */
    }
    while (p < end) {
        if (*p == ':' && !has_gap) {
            has_gap = true;
            p++;
            continue;
        }
        if (is_ipv4(p, end)) {
            groups += 2;
            break;
        }
        const uint8_t *start = p;
        while (p < end && is_hex(*p)) {
            p++;
        }
        if (p == start || p > start + 4) {
            return false;
        }
        groups++;
        if (p < end && (*p++ != ':' || p == end)) {
            return false; /* a separator has something behind it */
        }
    }
    return has_gap ? groups < 8 : groups == 8;
}

/* NULL: no host is there. */
static const uint8_t *skip_host(const uint8_t *p, const uint8_t *end, lw_uri *uri)
{
    const uint8_t *start = p;
    if (is_at(p, end, '[')) {
        start++;
        while (p < end && *p != ']') {
            p++;
        }
        uri->host = lw_bytes_of(start, (size_t)(p - start));
        uri->host_kind = LW_URI_HOST_IPV6;
        return p < end && is_ipv6(start, p) ? p + 1 : NULL;
    }
    p = skip_text(p, end, IN_HOST);
    uri->host = lw_bytes_of(start, (size_t)(p - start));
    uri->host_kind = is_ipv4(start, p) ? LW_URI_HOST_IPV4 : LW_URI_HOST_NAME;
    return p > start ? p : NULL;
}

/* "coap" for "coap://": the name is what stands before the first colon. */
static bool has_name(const uint8_t *text, size_t len, const char *lower)
{
    size_t i = 0;
    while (i < len && lower[i] != '\0' && to_lower(text[i]) == (uint8_t)lower[i]) {
        i++;
    }
    return i == len && lower[i] == '\0';
}

/* NULL: none that is followed by "//". */
static const uint8_t *skip_scheme(lw_bytes text, unsigned *out_scheme)
{
    const uint8_t *colon = text.len > 0 ? memchr(text.ptr, ':', text.len) : NULL;
    if (colon == NULL || text.ptr + text.len - colon < 3 || memcmp(colon, "://", 3) != 0) {
        return NULL;
    }
    unsigned i = 0;
    while (i < SCHEMES && !has_name(text.ptr, (size_t)(colon - text.ptr), schemes[i].name)) {
        i++;
    }
    *out_scheme = i;
    return colon + 3;
}

lw_err lw_uri_parse(lw_bytes text, lw_uri *out_uri)
{
    const uint8_t *end = text.ptr + text.len;
    unsigned scheme;
    *out_uri = (lw_uri){.scheme = LW_URI_COAP};
    if (text.len > LW_URI_TEXT_MAX) {
        return LW_ETOOBIG;
    }
    const uint8_t *p = skip_scheme(text, &scheme);
    if (p == NULL) {
        return LW_EFORMAT;
    }
    if (scheme == SCHEMES) {
        return LW_ENOTSUP;
    }
    p = skip_host(p, end, out_uri);
    if (p == NULL) {
        return LW_EFORMAT;
    }
    uint32_t port = schemes[scheme].port;
    if (is_at(p, end, ':') && ++p < end && lw_num_is_digit(*p)) {
        p = skip_decimal(p, end, &port);
    }
    const uint8_t *path = p;
    p = is_at(p, end, '/') ? skip_text(p, end, IN_PATH) : p;
    out_uri->path = lw_bytes_of(path, (size_t)(p - path));
    if (is_at(p, end, '?')) {
        const uint8_t *query = p + 1;
        p = skip_text(query, end, IN_QUERY);
        out_uri->query = lw_bytes_of(query, (size_t)(p - query));
    }
    out_uri->scheme = (lw_uri_scheme)scheme;
    out_uri->port = (uint16_t)port;
    if (p != end) {
        return LW_EFORMAT;
    }
    return port == 0 || port > UINT16_MAX ? LW_ERANGE : LW_OK;
}

/* ---- Its parts ------------------------------------------------------------------------------ */

lw_uri_iter lw_uri_segments(lw_bytes path)
{
    lw_bytes_cut(&path, '/'); /* nothing stands before the first slash */
    return (lw_uri_iter){.rest = path, .separator = '/'};
}

lw_uri_iter lw_uri_arguments(lw_bytes query)
{
    return (lw_uri_iter){.rest = query, .separator = '&'};
}

/* 1 for ".", 2 for "..", written plain or escaped; 0 for any other segment. */
static unsigned count_dots(lw_bytes segment)
{
    unsigned dots = 0;
    while (segment.len > 0) {
        dots++;
        if (take_octet(&segment) != '.' || dots > 2) {
            return 0;
        }
    }
    return dots;
}

/* Does a ".." among the segments that follow take back the one before them? */
static bool is_taken_back(lw_bytes rest)
{
    unsigned depth = 0;
    while (rest.ptr != NULL) {
        unsigned dots = count_dots(lw_bytes_cut(&rest, '/'));
        if (dots == 2 && depth == 0) {
            return true;
        }
        depth = dots == 0 ? depth + 1 : dots == 2 ? depth - 1 : depth;
    }
    return false;
}

/* A segment is given when it is no dot segment and no later one takes it back; that looks ahead
 * over at most LW_URI_TEXT_MAX octets and needs no copy of the path. A last segment that is empty
 * or made of dots stands for the slash at the end, and for nothing in a path that is "/". */
static bool next_segment(lw_uri_iter *it, lw_bytes *out_part)
{
    while (it->rest.ptr != NULL) {
        lw_bytes part = lw_bytes_cut(&it->rest, '/');
        unsigned dots = count_dots(part);
        if (it->rest.ptr == NULL && (part.len == 0 || dots > 0)) {
            *out_part = lw_bytes_of(NULL, 0);
            return it->has_given;
        }
        if (dots == 0 && !is_taken_back(it->rest)) {
            *out_part = part;
            it->has_given = true;
            return true;
        }
    }
    return false;
}

bool lw_uri_next(lw_uri_iter *it, lw_bytes *out_part)
{
    if (it->separator == '/') {
        return next_segment(it, out_part);
    }
    if (it->rest.ptr == NULL) {
        return false;
    }
    *out_part = lw_bytes_cut(&it->rest, it->separator);
    return true;
}

static void put_part(lw_coap_out *out, uint32_t number, lw_bytes part)
{
    size_t len = decoded_len(part);
    if (len > PART_LEN_MAX) {
        lw_writer_fail(out->w, LW_ETOOBIG);
        return;
    }
    lw_coap_put_head(out, number, len);
    lw_uri_decode(out->w, part);
}

static void put_parts(lw_coap_out *out, uint32_t number, lw_uri_iter it)
{
    lw_bytes part;
    while (lw_uri_next(&it, &part)) {
        put_part(out, number, part);
    }
}

/* Steps 5 and 6 of RFC 7252 section 6.4; a name is put in lower case. */
void lw_uri_put_host(lw_coap_out *out, const lw_uri *uri, uint16_t destination_port)
{
    if (uri->host_kind == LW_URI_HOST_NAME) {
        size_t len = decoded_len(uri->host);
        if (len > PART_LEN_MAX) {
            lw_writer_fail(out->w, LW_ETOOBIG);
            return;
        }
        lw_coap_put_head(out, LW_COAP_OPT_URI_HOST, len);
        for (lw_bytes rest = uri->host; rest.len > 0;) {
            lw_write_u8(out->w, to_lower(take_octet(&rest)));
        }
    }
    if (uri->port != destination_port) {
        lw_coap_put_uint(out, LW_COAP_OPT_URI_PORT, uri->port);
    }
}

/* Step 8. */
void lw_uri_put_path(lw_coap_out *out, const lw_uri *uri)
{
    put_parts(out, LW_COAP_OPT_URI_PATH, lw_uri_segments(uri->path));
}

/* Step 9. */
void lw_uri_put_query(lw_coap_out *out, const lw_uri *uri)
{
    put_parts(out, LW_COAP_OPT_URI_QUERY, lw_uri_arguments(uri->query));
}

void lw_coap_put_path(lw_coap_out *out, lw_bytes path)
{
    lw_bytes rest = path.len > 0 && path.ptr[0] == '/' ? lw_bytes_from(path, 1) : path;
    if (rest.len == 0) {
        return;
    }
    while (rest.ptr != NULL) {
        lw_coap_put(out, LW_COAP_OPT_URI_PATH, lw_bytes_cut(&rest, '/'));
    }
}

/* Percent-encodes all but what may stand there; in a query '&' too, which separates. */
static void write_escaped(lw_writer *w, lw_bytes value, place of)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i];
        if (is_plain(c, of) && !(c == '&' && of == IN_QUERY)) {
            lw_write_u8(w, c);
            continue;
        }
        lw_write_u8(w, '%');
        lw_write_u8(w, (uint8_t)digits[c >> 4]);
        lw_write_u8(w, (uint8_t)digits[c & 15u]);
    }
}

void lw_uri_write_path(lw_writer *w, lw_bytes options, uint32_t number)
{
    lw_coap_opt_iter it = lw_coap_opts(options);
    lw_bytes value;
    bool is_empty = true;
    while (lw_coap_opt_next_of(&it, number, &value)) {
        lw_write_u8(w, '/');
        write_escaped(w, value, IN_SEGMENT);
        is_empty = false;
    }
    if (is_empty) {
        lw_write_u8(w, '/');
    }
}

void lw_uri_write_query(lw_writer *w, lw_bytes options, uint32_t number)
{
    lw_coap_opt_iter it = lw_coap_opts(options);
    lw_bytes value;
    uint8_t separator = '?';
    while (lw_coap_opt_next_of(&it, number, &value)) {
        lw_write_u8(w, separator);
        write_escaped(w, value, IN_QUERY);
        separator = '&';
    }
}
