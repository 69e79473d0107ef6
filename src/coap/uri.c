#include "coap/uri.h"

#include <string.h>

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

/* unreserved and sub-delims of RFC 3986 section 2: what a host may hold unescaped. */
static bool is_plain(uint8_t c)
{
    static const char marks[] = "-._~!$&'()*+,;=";
    return lw_num_is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') ||
           memchr(marks, c, sizeof marks - 1) != NULL;
}

/* Plain characters, those of `more` (a path has ":@/", a query ":@/?") and valid escapes only. */
static bool is_made_of(lw_bytes text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        bool is_escape =
            c == '%' && text.len - i > 2 && is_hex(text.ptr[i + 1]) && is_hex(text.ptr[i + 2]);
        if (!is_escape && !is_plain(c) && memchr(more, c, strlen(more)) == NULL) {
            return false;
        }
    }
    return true;
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

/* Splits at the first octet that is one of `stops`: returns what is before it and leaves the rest,
 * the stop included, in *text. */
static lw_bytes take_until(lw_bytes *text, const char *stops)
{
    size_t n = 0;
    while (n < text->len && memchr(stops, text->ptr[n], strlen(stops)) == NULL) {
        n++;
    }
    lw_bytes head = lw_bytes_of(text->ptr, n);
    *text = lw_bytes_from(*text, n);
    return head;
}

static bool starts_with(lw_bytes text, uint8_t c)
{
    return text.len > 0 && text.ptr[0] == c;
}

static bool equals_ignoring_case(lw_bytes text, const char *lower)
{
    size_t i = 0;
    while (i < text.len && lower[i] != '\0' && to_lower(text.ptr[i]) == (uint8_t)lower[i]) {
        i++;
    }
    return i == text.len && lower[i] == '\0';
}

static lw_err parse_scheme(lw_bytes *text, lw_uri_scheme *out_scheme)
{
    lw_bytes name = take_until(text, ":");
    if (text->len < 3 || memcmp(text->ptr, "://", 3) != 0) {
        return LW_EFORMAT;
    }
    *text = lw_bytes_from(*text, 3);
    for (unsigned i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (equals_ignoring_case(name, schemes[i].name)) {
            *out_scheme = (lw_uri_scheme)i;
            return LW_OK;
        }
    }
    return LW_ENOTSUP;
}

/* A decimal number up to max. Takes its digits off, when it is too large at least one too many. */
static bool take_decimal(lw_bytes *text, unsigned max, uint32_t *out_value)
{
    uint32_t v = 0;
    size_t n = 0;
    while (n < text->len && lw_num_is_digit(text->ptr[n]) && v <= max) {
        v = v * 10 + (text->ptr[n] - (uint32_t)'0');
        n++;
    }
    *text = lw_bytes_from(*text, n);
    *out_value = v;
    return n > 0 && v <= max;
}

/* RFC 3986 section 3.2.2: four dec-octets, 0..255 without leading zeros. */
static bool is_ipv4(lw_bytes text)
{
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0) {
            if (!starts_with(text, '.')) {
                return false;
            }
            text = lw_bytes_from(text, 1);
        }
        bool has_leading_zero =
            starts_with(text, '0') && text.len > 1 && lw_num_is_digit(text.ptr[1]);
        uint32_t octet;
        if (has_leading_zero || !take_decimal(&text, 255, &octet)) {
            return false;
        }
    }
    return text.len == 0;
}

/* 1..4 hexadecimal digits. Takes them off. */
static bool take_group(lw_bytes *text)
{
    size_t n = 0;
    while (n < text->len && is_hex(text->ptr[n])) {
        n++;
    }
    *text = lw_bytes_from(*text, n);
    return n >= 1 && n <= 4;
}

/* RFC 3986 section 3.2.2: eight groups, of which one run may be written "::" and the last two as an
 * IPv4 address. */
static bool is_ipv6(lw_bytes text)
{
    unsigned groups = 0;
    bool has_gap = false;
    if (starts_with(text, ':')) {
        text = lw_bytes_from(text, 1);
        if (!starts_with(text, ':')) {
            return false; /* only a gap starts with a colon */
        }
    }
    while (text.len > 0) {
        if (starts_with(text, ':') && !has_gap) {
            has_gap = true;
            text = lw_bytes_from(text, 1);
            continue;
        }
        if (is_ipv4(text)) {
            groups += 2;
            break;
        }
        if (!take_group(&text)) {
            return false;
        }
        groups++;
        if (text.len == 1 || (text.len > 1 && text.ptr[0] != ':')) {
            return false; /* a separator has something behind it */
        }
        text = lw_bytes_from(text, 1);
    }
    return has_gap ? groups < 8 : groups == 8;
}

static lw_err parse_port(lw_bytes text, uint16_t *port)
{
    if (text.len == 0) {
        return LW_OK;
    }
    uint32_t value;
    bool is_small = take_decimal(&text, UINT16_MAX, &value);
    while (text.len > 0 && lw_num_is_digit(text.ptr[0])) {
        text = lw_bytes_from(text, 1);
    }
    if (text.len > 0) {
        return LW_EFORMAT;
    }
    if (!is_small || value == 0) {
        return LW_ERANGE;
    }
    *port = (uint16_t)value;
    return LW_OK;
}

static lw_err parse_authority(lw_bytes text, lw_uri *uri)
{
    bool is_literal = starts_with(text, '[');
    if (is_literal) {
        text = lw_bytes_from(text, 1);
        uri->host = take_until(&text, "]");
        if (text.len == 0 || !is_ipv6(uri->host)) {
            return LW_EFORMAT;
        }
        text = lw_bytes_from(text, 1);
        uri->host_kind = LW_URI_HOST_IPV6;
    } else {
        uri->host = take_until(&text, ":");
        if (uri->host.len == 0 || !is_made_of(uri->host, "")) {
            return LW_EFORMAT;
        }
        uri->host_kind = is_ipv4(uri->host) ? LW_URI_HOST_IPV4 : LW_URI_HOST_NAME;
    }
    uri->port = schemes[uri->scheme].port;
    if (text.len > 0 && text.ptr[0] != ':') {
        return LW_EFORMAT;
    }
    return parse_port(lw_bytes_from(text, 1), &uri->port);
}

lw_err lw_uri_parse(lw_bytes text, lw_uri *out_uri)
{
    *out_uri = (lw_uri){0};
    if (text.len > LW_URI_TEXT_MAX) {
        return LW_ETOOBIG;
    }
    lw_err err = parse_scheme(&text, &out_uri->scheme);
    if (err != LW_OK) {
        return err;
    }
    err = parse_authority(take_until(&text, "/?#"), out_uri);
    if (err != LW_OK) {
        return err;
    }
    out_uri->path = take_until(&text, "?");
    if (text.len > 0) {
        out_uri->query = lw_bytes_of(text.ptr + 1, text.len - 1);
    }
    if (!is_made_of(out_uri->path, ":@/") || !is_made_of(out_uri->query, ":@/?")) {
        return LW_EFORMAT;
    }
    return LW_OK;
}

/* Takes the part before the separator off; *rest has ptr NULL when it was the last. */
static lw_bytes take_part(lw_bytes *rest, char separator)
{
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] != (uint8_t)separator) {
        n++;
    }
    lw_bytes part = lw_bytes_of(rest->ptr, n);
    *rest = n < rest->len ? lw_bytes_of(part.ptr + n + 1, rest->len - n - 1) : lw_bytes_of(NULL, 0);
    return part;
}

lw_uri_iter lw_uri_segments(lw_bytes path)
{
    take_part(&path, '/'); /* nothing stands before the first slash */
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
        unsigned dots = count_dots(take_part(&rest, '/'));
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
        lw_bytes part = take_part(&it->rest, '/');
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
    *out_part = take_part(&it->rest, it->separator);
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
    lw_bytes rest = starts_with(path, '/') ? lw_bytes_from(path, 1) : path;
    if (rest.len == 0) {
        return;
    }
    while (rest.ptr != NULL) {
        lw_coap_put(out, LW_COAP_OPT_URI_PATH, take_part(&rest, '/'));
    }
}

/* Percent-encodes all but plain characters and those of `more`; '&' when it separates. */
static void write_escaped(lw_writer *w, lw_bytes value, const char *more, bool escape_ampersand)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i];
        bool is_kept = is_plain(c) || memchr(more, c, strlen(more)) != NULL;
        if (is_kept && !(c == '&' && escape_ampersand)) {
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
        write_escaped(w, value, ":@", false);
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
        write_escaped(w, value, ":@/?", true);
        separator = '&';
    }
}
