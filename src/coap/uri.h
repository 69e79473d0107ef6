/* CoAP URIs (RFC 7252 section 6, RFC 8323 section 8) and their way into options and back.
 *
 * A parsed URI is a view into its text, checked once: what iterates over it later cannot meet a
 * wrong character or escape. Options hold decoded octets, texts hold percent-encoded ones.
 */
#ifndef LW_COAP_URI_H
#define LW_COAP_URI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/writer.h"
#include "coap/msg.h"
#include "lw/bytes.h"
#include "lw/err.h"

/* As long as a Proxy-Uri may be (RFC 7252 Table 4). */
#define LW_URI_TEXT_MAX 1034u

typedef enum lw_uri_scheme {
    LW_URI_COAP,
    LW_URI_COAPS,
    LW_URI_COAP_TCP, /* RFC 8323, as all below */
    LW_URI_COAPS_TCP,
    LW_URI_COAP_WS,
    LW_URI_COAPS_WS
} lw_uri_scheme;

/* "coaps+tcp", 5684, true; the name is a static string. */
const char *lw_uri_scheme_name(lw_uri_scheme scheme);
uint16_t lw_uri_scheme_port(lw_uri_scheme scheme);
bool lw_uri_scheme_is_secure(lw_uri_scheme scheme);

typedef enum lw_uri_host {
    LW_URI_HOST_NAME, /* still percent-encoded, in the case it was written in */
    LW_URI_HOST_IPV4,
    LW_URI_HOST_IPV6 /* without the brackets */
} lw_uri_host;

typedef struct lw_uri {
    lw_uri_scheme scheme;
    lw_uri_host host_kind;
    uint16_t port;  /* the scheme's when the text has none */
    lw_bytes host;  /* not empty */
    lw_bytes path;  /* "/a/b", empty when there is none */
    lw_bytes query; /* "x=1&y=2"; ptr NULL when there is no '?' */
} lw_uri;

/* LW_EFORMAT for what is not an absolute URI of the form scheme://host[:port][/path][?query]: a
 * fragment, user information, a zone id or an empty host are errors too (RFC 7252 section 6.4);
 * LW_ENOTSUP for another scheme, LW_ERANGE for a port that is 0 or above 65535, LW_ETOOBIG for more
 * than LW_URI_TEXT_MAX octets. */
LW_MUST_CHECK lw_err lw_uri_parse(lw_bytes text, lw_uri *out_uri);

/* Segments of a path, arguments of a query: still encoded, in order. A path that is empty or "/"
 * has no segments; dot segments are resolved away (RFC 3986 section 5.2.4). */
typedef struct lw_uri_iter {
    lw_bytes rest; /* ptr NULL at the end */
    char separator;
    bool has_given; /* a segment */
} lw_uri_iter;

lw_uri_iter lw_uri_segments(lw_bytes path);
lw_uri_iter lw_uri_arguments(lw_bytes query);
bool lw_uri_next(lw_uri_iter *it, lw_bytes *out_part);

/* Writes a part with its escapes resolved. */
void lw_uri_decode(lw_writer *w, lw_bytes part);

/* RFC 7252 section 6.4, Decomposing URIs into Options, in the order the options stand in. Host:
 * Uri-Host for a name, Uri-Port when the request goes to another port. A segment or argument of
 * more than 255 octets is LW_ETOOBIG in the writer. */
void lw_uri_put_host(lw_coap_out *out, const lw_uri *uri, uint16_t destination_port);
void lw_uri_put_path(lw_coap_out *out, const lw_uri *uri);
void lw_uri_put_query(lw_coap_out *out, const lw_uri *uri);

/* Splits a plain path ("/rd/5a3f", no escapes) into Uri-Path options; "" and "/" give none. */
void lw_coap_put_path(lw_coap_out *out, lw_bytes path);

/* RFC 7252 section 6.5, Composing URIs from Options: all options of that number (Uri-Path or
 * Location-Path; Uri-Query or Location-Query) as text. A path is "/" without any, a query "". */
void lw_uri_write_path(lw_writer *w, lw_bytes options, uint32_t number);
void lw_uri_write_query(lw_writer *w, lw_bytes options, uint32_t number); /* with its '?' */

#endif
